//! Groups of every kind, and what is reported of their members.

use super::wire::Wire;
use super::{Run, check, hand, show};
use crate::support::kafka::Cluster;

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn members_of_each_protocol_are_listed_with_what_they_read() {
    let cluster = Cluster::shared();
    // KIP-848: a preview in 3.9.
    let protocols = if cluster.is_at_least(3, 9) { &["classic", "consumer"][..] } else { &["classic"] };
    for protocol in protocols {
        let name = format!("members-{protocol}");
        hand(&format!("create-topic {name} 2"));
        hand(&format!("produce {name} 0 3"));
        hand(&format!("join {name}-a {protocol} {name} {name} assigned=2"));
        hand(&format!("wait-caught-up {name} commits=2"));
        hand(&format!("pause {name}-a"));
        hand(&format!("produce {name} 0 4"));
        let report = check(&[&name]);
        let group = report.group(&name);
        let seen = show(group, "type state members total_lag max_lag partition_count");
        assert_eq!(seen, format!("type={protocol} state=Stable members=1 total_lag=4 max_lag=4 partition_count=2"));
        let first = report.partition(&name, &name, 0);
        assert_eq!(
            show(first, "committed log_start log_end last_stable lag member findings"),
            format!("committed=3 log_start=0 log_end=7 last_stable=7 lag=4 member={name}-a findings=[]")
        );
        assert_eq!(show(report.partition(&name, &name, 1), "lag member"), format!("lag=0 member={name}-a"));
        hand(&format!("leave {name}-a"));
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn partitions_are_listed_with_the_member_that_has_them() {
    hand("create-topic shared-work 2");
    hand("join one classic shared-work shared-work");
    hand("join two classic shared-work shared-work");
    // When the second one joins, the first loses a partition.
    hand("wait-state shared-work Stable");
    let report = check(&["shared-work"]);
    let mut members: Vec<_> =
        [0, 1].map(|partition| show(report.partition("shared-work", "shared-work", partition), "member")).into();
    members.sort();
    assert_eq!(members, ["member=one", "member=two"]);
    hand("leave one");
    hand("leave two");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_without_members_is_read_like_any_other() {
    hand("create-topic left 1");
    hand("produce left 0 5");
    hand("join leaver classic left left");
    hand("wait-caught-up left");
    hand("leave leaver");
    hand("wait-state left Empty");
    hand("produce left 0 2");
    let report = check(&["left"]);
    assert_eq!(
        show(report.group("left"), "type state members total_lag"),
        "type=classic state=Empty members=0 total_lag=2"
    );
    assert_eq!(show(report.partition("left", "left", 0), "member lag"), "member=null lag=2");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_reader_that_assigns_itself_its_partitions_is_seen_by_its_commits() {
    hand("create-topic assigned 2");
    hand("produce assigned 1 6");
    hand("assign alone assigned assigned");
    hand("wait-caught-up assigned commits=2");
    hand("pause alone");
    hand("produce assigned 1 1");
    let report = check(&["assigned"]);
    let group = report.group("assigned");
    assert_eq!(show(group, "type state members total_lag"), "type=classic state=Empty members=0 total_lag=1");
    hand("leave alone");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn groups_that_are_no_consumers_are_counted_by_protocol_and_left_out() {
    let cluster = Cluster::shared();
    hand("create-topic foreign 1");
    hand("commit foreign-consumers foreign 0 0"); // after this there is an offsets topic to join on
    let mut worker = Wire::to(cluster);
    worker.join("foreign-connect", "connect", "any".into(), "any".into());
    let report = Run::on(cluster).with("MEERKAT_GROUPS", "foreign-*").report();
    assert_eq!(report.groups(), ["foreign-consumers"]);
    assert_eq!(report.at("left_out").to_string(), r#"{"connect":1}"#);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn several_groups_on_one_topic_are_not_mixed_up() {
    hand("create-topic crowd 2");
    hand("produce crowd 0 10");
    hand("produce crowd 1 20");
    for (group, offset) in [("crowd-a", 1), ("crowd-b", 5), ("crowd-c", 10)] {
        hand(&format!("commit {group} crowd 0 {offset}"));
    }
    hand("commit crowd-b crowd 1 20");
    let report = check(&["crowd-a", "crowd-b", "crowd-c"]);
    let lags = ["crowd-a", "crowd-b", "crowd-c"].map(|group| report.lags(group));
    assert_eq!(lags, ["crowd/0 9", "crowd/0 5, crowd/1 0", "crowd/0 0"]);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_may_have_any_name() {
    hand("create-topic any-name 1");
    hand("produce any-name 0 9");
    let names = ["team/orders", "grüße-世界-🦡", "with blank, comma and \"quotes\"", "%2F"];
    for (offset, name) in names.iter().enumerate() {
        let word = percent_encoding::percent_encode(name.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string();
        hand(&format!("commit {word} any-name 0 {offset}"));
    }
    let report = check(&names);
    let lags = names.map(|name| report.lags(name));
    assert_eq!(lags, ["any-name/0 9", "any-name/0 8", "any-name/0 7", "any-name/0 6"]);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn groups_are_chosen_by_pattern() {
    hand("create-topic chosen 1");
    for group in ["chosen-a", "chosen-b", "chosen-test"] {
        hand(&format!("commit {group} chosen 0 0"));
    }
    let report = Run::on(Cluster::shared()).with("MEERKAT_GROUPS", "chosen-*,!*-test").report();
    assert_eq!(report.groups(), ["chosen-a", "chosen-b"]);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn topics_are_chosen_by_pattern() {
    for topic in ["picked", "passed-over"] {
        hand(&format!("create-topic {topic} 1"));
        hand(&format!("commit picky {topic} 0 0"));
    }
    let report = Run::on(Cluster::shared()).with("MEERKAT_TOPICS", "pick*").groups(&["picky"]).report();
    assert_eq!(report.lags("picky"), "picked/0 0");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_first_commit_that_a_transaction_holds_is_named_until_it_ends() {
    let cluster = Cluster::shared();
    hand("create-topic held-commit 2");
    hand("begin-transaction held-commit held-commit 0 3");
    hand("commit-in-transaction held-commit held-commit held-commit 0 2");
    let report = check(&["held-commit"]);
    let (status, why) = if cluster.is_at_least(2, 5) {
        ("UNKNOWN", "an open transaction holds the group's first commit")
    } else {
        // Older brokers do not return what a transaction holds.
        ("OK", "the group reads nothing")
    };
    let group = report.group("held-commit");
    assert_eq!(group["status"], status);
    assert!(group["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{group}");
    hand("end-transaction held-commit commit");
    let report = check(&["held-commit"]);
    assert_eq!(show(report.partition("held-commit", "held-commit", 0), "committed lag"), "committed=2 lag=2");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn what_a_transaction_holds_of_a_group_with_members_is_named_beside_its_commits() {
    let cluster = Cluster::shared();
    // The preview of KIP-848 refuses a commit in a transaction by anybody but a member.
    let protocols = if cluster.is_at_least(4, 0) { &["classic", "consumer"][..] } else { &["classic"] };
    for protocol in protocols {
        let name = format!("held-live-{protocol}");
        hand(&format!("create-topic {name} 3"));
        hand(&format!("produce {name} 0 5"));
        hand(&format!("commit {name} {name} 0 5"));
        hand(&format!("join {name}-a {protocol} {name} {name} commit-every=never assigned=3"));
        hand(&format!("begin-transaction {name} {name} 1 3"));
        hand(&format!("commit-in-transaction {name} {name} {name} 1 2"));
        let report = check(&[&name]);
        assert_eq!(report.lags(&name), format!("{name}/0 0, {name}/1 ?, {name}/2 ?"));
        assert_eq!(show(report.group(&name), "state members"), "state=Stable members=1");
        let held = show(report.partition(&name, &name, 1), "status committed findings reason");
        let expected = if cluster.is_at_least(2, 5) {
            "status=UNKNOWN committed=null findings=[] reason=an open transaction holds the group's first commit"
        } else {
            r#"status=OK committed=null findings=["no_commit","uncommitted"]"#
        };
        assert!(held.starts_with(expected), "{held}");
        assert_eq!(show(report.partition(&name, &name, 2), "findings"), r#"findings=["no_commit"]"#);
        hand(&format!("end-transaction {name} commit"));
        let report = check(&[&name]);
        assert_eq!(show(report.partition(&name, &name, 1), "committed lag"), "committed=2 lag=2");
        hand(&format!("leave {name}-a"));
    }
}
