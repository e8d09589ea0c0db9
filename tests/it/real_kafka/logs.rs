//! Commits and logs: what is lag, and what is not.

use super::wire::Wire;
use super::{Run, check, hand, show};
use crate::support::kafka::{Cluster, Options};

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_commit_past_the_end_is_no_negative_lag() {
    hand("create-topic past-end 2");
    hand("produce past-end 0 10");
    hand("produce past-end 1 10");
    hand("commit past-end past-end 0 15");
    hand("commit past-end past-end 1 7");
    let report = check(&["past-end"]);
    let seen = show(report.partition("past-end", "past-end", 0), "committed log_end lag past_end_by findings");
    assert_eq!(seen, r#"committed=15 log_end=10 lag=0 past_end_by=5 findings=["past_end"]"#);
    assert_eq!(show(report.group("past-end"), "total_lag max_lag"), "total_lag=3 max_lag=3");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn records_that_retention_took_are_lost_and_no_lag() {
    hand("create-topic retention 1");
    hand("produce retention 0 10");
    hand("commit retention retention 0 2");
    hand("delete-records retention 0 6");
    let report = check(&["retention"]);
    let seen = show(report.partition("retention", "retention", 0), "committed log_start log_end lag lost findings");
    assert_eq!(seen, r#"committed=2 log_start=6 log_end=10 lag=4 lost=4 findings=["data_loss"]"#);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_drained_partition_is_caught_up_wherever_its_commit_stands() {
    hand("create-topic drained 1");
    hand("produce drained 0 8");
    hand("commit drained-behind drained 0 3");
    hand("commit drained-ahead drained 0 8");
    hand("delete-records drained 0 8");
    let report = check(&["drained-behind", "drained-ahead"]);
    let behind =
        show(report.partition("drained-behind", "drained", 0), "lag lost lag_seconds status log_start log_end");
    // Nothing is left to read, and still the group did not catch up: only a history shows whether it stopped.
    assert_eq!(behind, "lag=0 lost=5 lag_seconds=0.0 status=UNKNOWN log_start=8 log_end=8");
    let ahead = show(report.partition("drained-ahead", "drained", 0), "lag lost lag_seconds status");
    assert_eq!(ahead, "lag=0 lost=absent lag_seconds=0.0 status=OK");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_partition_that_was_never_committed_is_in_no_sum() {
    hand("create-topic newcomer 2");
    hand("produce newcomer 0 5");
    hand("produce newcomer 1 100");
    hand("commit newcomer newcomer 0 3");
    hand("join newcomer-a classic newcomer newcomer commit-every=never assigned=2");
    let report = check(&["newcomer"]);
    let seen = show(report.partition("newcomer", "newcomer", 1), "committed lag lag_seconds findings member");
    let expected = r#"committed=null lag=null lag_seconds=null findings=["no_commit","uncommitted"] member=newcomer-a"#;
    assert_eq!(seen, expected);
    assert_eq!(show(report.group("newcomer"), "total_lag max_lag"), "total_lag=2 max_lag=2");
    hand("leave newcomer-a");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_open_transaction_blocks_and_a_closed_one_leaves_its_marker() {
    hand("create-topic transaction 1");
    hand("produce transaction 0 3");
    hand("begin-transaction held transaction 0 4");
    hand("commit transaction transaction 0 3");
    let keys = "committed last_stable log_end lag findings";
    let report = check(&["transaction"]);
    let open = show(report.partition("transaction", "transaction", 0), keys);
    assert_eq!(open, r#"committed=3 last_stable=3 log_end=7 lag=4 findings=["blocked"]"#);
    hand("end-transaction held abort");
    let report = check(&["transaction"]);
    let closed = show(report.partition("transaction", "transaction", 0), keys);
    assert_eq!(closed, "committed=3 last_stable=8 log_end=8 lag=5 findings=[]");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_deleted_topic_leaves_the_rest_of_the_group_as_it_was() {
    for topic in ["doomed", "spared"] {
        hand(&format!("create-topic {topic} 1"));
        hand(&format!("produce {topic} 0 5"));
        hand(&format!("commit bereft {topic} 0 1"));
    }
    hand("delete-topic doomed");
    let report = check(&["bereft"]);
    let lags = report.lags("bereft");
    assert_eq!(lags, "spared/0 4");
    assert_eq!(show(report.group("bereft"), "total_lag"), "total_lag=4");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn asking_for_a_topic_that_is_not_there_does_not_create_it() {
    let cluster = Cluster::shared();
    hand("create-topic haunted 1");
    hand("commit haunted-house haunted 0 0"); // after this there is an offsets topic to join on
    let mut member = Wire::to(cluster);
    member.consume("haunted", "ghost");
    let ran = Run::on(cluster).groups(&["haunted"]).make();
    let report = ran.report;
    let reported = show(report.group("haunted"), "state status members missing_topics");
    assert_eq!(reported, "state=Stable status=OK members=1 missing_topics=[\"ghost\"]");
    assert_eq!((ran.code, report.complete()), (0, true));
    let topics = member.topics();
    assert!(topics.iter().any(|topic| topic == "haunted"), "{topics:?}");
    assert!(!topics.iter().any(|topic| topic == "ghost"), "the run created it: {topics:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_cluster_that_never_had_a_group_stays_without_an_offsets_topic() {
    let cluster = Cluster::start(&Options::default());
    let ran = Run::on(&cluster).groups(&["nobody"]).make();
    assert_eq!((ran.code, show(ran.report.group("nobody"), "status")), (3, "status=NOTFOUND".into()));
    let ran = Run::on(&cluster).make();
    assert_eq!((ran.code, ran.report.groups().len(), ran.report.complete()), (0, 0, true), "{:?}", ran.report);
    assert_eq!(Wire::to(&cluster).topics(), [""; 0]);
}
