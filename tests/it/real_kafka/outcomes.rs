//! What becomes of a run when `CloudWatch` is not wanted, not there, or refuses; and of groups that were expected.

use serde_json::json;

use super::verdicts::Schedule;
use super::{hand, show};
use crate::support::cloudwatch::{Fault, How};
use crate::support::kafka::Cluster;

/// A group that is 4 records behind.
fn behind(name: &str) {
    hand(&format!("create-topic {name} 1"));
    hand(&format!("produce {name} 0 4"));
    hand(&format!("commit {name} {name} 0 0"));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_expected_group_that_is_not_there_is_not_found() {
    behind("expected-and-there");
    let mut schedule = Schedule::new(Cluster::shared(), "expecting");
    let event = schedule.next(json!({}));
    let run = schedule.run().with("MEERKAT_GROUPS", "expected-*").with("MEERKAT_EXPECT", "expected-*,missed-*");
    let ran = run.event(&event).make();
    assert_eq!(ran.report.groups(), ["expected-and-there", "missed-*"]);
    let missed = show(ran.report.group("missed-*"), "status reason");
    assert_eq!((ran.code, missed.as_str()), (3, "status=NOTFOUND reason=there is no such group"));
    assert_eq!(schedule.values("Status", "missed-*"), "-");
    assert_eq!(schedule.values("UnknownGroups", ""), "1");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn what_is_turned_off_is_neither_read_nor_written() {
    behind("switches");
    for (history, publish, namespace) in
        [(false, false, None), (true, false, Some("Meerkat/State")), (false, true, Some("Meerkat"))]
    {
        let mut schedule = Schedule::new(Cluster::shared(), "switching");
        let event = schedule.next(json!({ "history": history, "publish": publish }));
        let ran = schedule.run().with("MEERKAT_GROUPS", "switches").event(&event).make();
        let seen = (show(&ran.report.0["history"], "enabled"), show(&ran.report.0["metrics"], "enabled"));
        assert_eq!(seen, (format!("enabled={history}"), format!("enabled={publish}")));
        assert_eq!(schedule.stand.calls("GetMetricData").received > 0, history);
        let mut namespaces: Vec<_> =
            schedule.stand.metrics().into_iter().map(|stored| stored.metric.namespace).collect();
        namespaces.dedup();
        assert_eq!(namespaces, Vec::from_iter(namespace));
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn lag_is_reported_where_cloudwatch_is_out_of_reach() {
    behind("out-of-reach");
    let mut schedule = Schedule::new(Cluster::shared(), "unreachable");
    let event = schedule.next(json!({}));
    // Nothing listens on port 1.
    let run = schedule.run().with("MEERKAT_GROUPS", "out-of-reach");
    let run = run.with("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:1");
    let ran = run.event(&event).make();
    assert_eq!(ran.code, 4, "{ran:?}");
    let group = ran.report.group("out-of-reach");
    assert_eq!(show(group, "status total_lag"), "status=UNKNOWN total_lag=4");
    let reason = group["reason"].as_str().expect("a reason");
    assert!(reason.contains("history could not be read (see problems)"), "{reason}");
    assert!(!ran.report.complete());
    let reported = |problem: &String| problem.starts_with("history: ") && problem.contains("did not reach CloudWatch");
    assert!(ran.report.problems().iter().any(reported), "{:?}", ran.report.problems());
    assert!(!ran.report.0["metrics"]["problems"].as_array().expect("problems").is_empty(), "{:?}", ran.report);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_history_that_may_not_be_read_spoils_neither_lag_nor_metrics() {
    behind("unreadable");
    let mut schedule = Schedule::new(Cluster::shared(), "unreadable");
    schedule.stand.fail(Fault::new("GetMetricData", How::Deny).always());
    let event = schedule.next(json!({}));
    let ran = schedule.run().with("MEERKAT_GROUPS", "unreadable").event(&event).make();
    assert_eq!(
        (ran.code, show(ran.report.group("unreadable"), "status total_lag")),
        (3, "status=UNKNOWN total_lag=4".into())
    );
    assert!(ran.report.problems().concat().contains("AccessDenied"), "{:?}", ran.report.problems());
    assert_eq!(schedule.values("Lag", "unreadable"), "4");
    assert_eq!(schedule.values("Status", "unreadable"), "-");
    let state = schedule.stand.metrics().into_iter().filter(|stored| stored.metric.namespace == "Meerkat/State");
    assert_eq!(state.count(), 0, "a memory that is out of sight must not be replaced");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_run_whose_metrics_are_refused_reports_and_fails() {
    behind("refused");
    let mut schedule = Schedule::new(Cluster::shared(), "refusing");
    schedule.stand.fail(Fault::new("PutMetricData", How::Deny).always());
    let event = schedule.next(json!({}));
    let ran = schedule.run().with("MEERKAT_GROUPS", "refused").event(&event).make();
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(show(ran.report.group("refused"), "status total_lag"), "status=OK total_lag=4");
    for part in ["history", "metrics"] {
        let problems = ran.report.0[part]["problems"].to_string();
        assert!(problems.contains("AccessDenied"), "{part}: {problems}");
    }
    assert!(ran.said.contains("AccessDenied"), "{}", ran.said);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_partition_that_is_read_and_never_committed_warns_where_that_is_asked_for() {
    hand("create-topic warned 1");
    hand("produce warned 0 4");
    hand("join warned-1 classic warned warned commit-every=never");
    let mut schedule = Schedule::new(Cluster::shared(), "warning");
    let mut codes = Vec::new();
    for _ in 0..5 {
        let event = schedule.next(json!({}));
        let run = schedule.run().with("MEERKAT_GROUPS", "warned").with("MEERKAT_UNCOMMITTED_ALARMS", "on");
        let ran = run.event(&event).make();
        codes.push((ran.code, show(ran.report.group("warned"), "status")));
    }
    let [.., fourth, fifth] = codes.as_slice() else { unreachable!() };
    assert_eq!((fourth.1.as_str(), fourth.0), ("status=WARN", 1));
    assert_eq!((fifth.1.as_str(), fifth.0), ("status=WARN", 1));
    assert_eq!(schedule.values("Status", "warned"), "- - - 2 2");
    hand("leave warned-1");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn metrics_go_into_detail_as_far_as_the_limit_allows() {
    hand("create-topic detailed 3");
    hand("produce detailed 1 5");
    hand("fill-commits detailed- 1 detailed 3 0");
    let published = |limit: &str| {
        let mut schedule = Schedule::new(Cluster::shared(), "detailed");
        let event = schedule.next(json!({ "history": false }));
        let run = schedule
            .run()
            .with("MEERKAT_GROUPS", "detailed-0")
            .with("MEERKAT_METRICS_DETAIL", "partition")
            .with("MEERKAT_METRICS_LIMIT", limit);
        let report = run.event(&event).report();
        let lags = ["detailed-0", "detailed-0/1/detailed", "detailed-0/detailed"].map(|of| schedule.values("Lag", of));
        (lags, report.at("metrics/refused").is_null())
    };
    assert_eq!(published("500"), (["5", "5", "5"].map(String::from), true));
    assert_eq!(published("14"), (["5", "-", "5"].map(String::from), false));
}
