//! The command line of a run: where the event comes from, how much is reported, the exit code.

use serde_json::json;

use super::{Run, check, hand, show};
use crate::support::kafka::Cluster;

/// A group that is caught up in one partition and 4 behind in another.
fn uneven(name: &str) {
    hand(&format!("create-topic {name} 2"));
    hand(&format!("produce {name} 1 4"));
    hand(&format!("commit {name} {name} 0 0"));
    hand(&format!("commit {name} {name} 1 0"));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn the_event_comes_from_standard_input_or_a_file() {
    uneven("event");
    let event = json!({ "groups": ["event"], "detail": "groups" }).to_string();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("an-event.json");
    std::fs::write(&path, &event).expect("a file");
    let run = || Run::on(Cluster::shared());
    let path = path.to_str().expect("a path in UTF-8");
    for run in [run().event(&event), run().argument("-").event(&event), run().argument(path)] {
        let report = run.report();
        assert_eq!(report.groups(), ["event"]);
        assert_eq!(show(report.group("event"), "partitions partition_count"), "partitions=[] partition_count=2");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_empty_event_is_a_plain_check() {
    uneven("plain-check");
    for nothing in ["", " \n", "null", "{}"] {
        let report = Run::on(Cluster::shared()).with("MEERKAT_GROUPS", "plain-check").event(nothing).report();
        assert_eq!(report.groups(), ["plain-check"], "{nothing:?}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn detail_selects_which_partitions_are_listed() {
    uneven("detail");
    let listed = |detail: &str| {
        let event = json!({ "groups": ["detail"], "detail": detail }).to_string();
        Run::on(Cluster::shared()).event(&event).report().lags("detail")
    };
    assert_eq!(listed("groups"), "");
    assert_eq!(listed("problems"), "detail/1 4");
    assert_eq!(listed("all"), "detail/0 0, detail/1 4");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_report_stays_within_its_limit_and_keeps_the_worst() {
    hand("create-topic limit 120");
    hand("produce limit 77 9");
    hand("fill-commits limit- 1 limit 120 0");
    let run = || Run::on(Cluster::shared()).with("MEERKAT_REPORT_LIMIT", "8000").event(r#"{"groups":["limit-0"]}"#);
    let report = run().report();
    let size = report.0.to_string().len();
    assert!(size <= 8_000, "{size} bytes");
    let listed = report.group("limit-0")["partitions"].as_array().expect("partitions").len();
    assert_eq!(
        report.at("cut").to_string(),
        json!({ "groups": 0, "limit": 8_000, "members": 0, "partitions": 120 - listed }).to_string()
    );
    assert!(listed > 0, "{report:?}");
    assert_eq!(show(report.partition("limit-0", "limit", 77), "lag"), "lag=9");
    assert_eq!(show(report.group("limit-0"), "total_lag"), "total_lag=9");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn the_exit_code_is_that_of_ok_or_unknown() {
    uneven("exit-code");
    hand("commit exit-code-ok exit-code 0 0");
    let run = |group: &str| Run::on(Cluster::shared()).groups(&[group]).make();
    let ran = run("exit-code-ok");
    assert_eq!((ran.code, ran.report.at("status").as_str()), (0, Some("OK")), "{ran:?}");
    let ran = run("exit-code"); // without a history it is unknown whether 4 records are much
    assert_eq!((ran.code, ran.report.at("status").as_str()), (3, Some("UNKNOWN")), "{ran:?}");
    let ran = run("exit-code-of-nobody");
    assert_eq!((ran.code, ran.report.at("status").as_str()), (3, Some("NOTFOUND")), "{ran:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_event_that_is_not_understood_is_reported_and_exits_as_failed() {
    let run = || Run::on(Cluster::shared());
    let failed = |run: Run, what: &str| {
        let ran = run.make();
        assert_eq!((ran.code, ran.report.0.is_null()), (4, true), "{ran:?}");
        assert!(ran.said.contains(what), "{}", ran.said);
    };
    failed(run().event("{"), "the event is not understood");
    failed(run().event(r#"{"gruops":[]}"#), "unknown field `gruops`");
    failed(run().argument("/nowhere/event.json"), "/nowhere/event.json cannot be read");
    failed(run().with("KAFKA_BOOTSTRAP_SERVERS", ""), "no broker is named");
    failed(run().with("MEERKAT_TIMEOUT", "soon"), "MEERKAT_TIMEOUT must be a whole number");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn plaintext_is_used_only_when_configured() {
    hand("create-topic plain 1");
    hand("commit plain plain 0 0");
    let plaintext = Cluster::shared().plaintext();
    let run = || Run::on(Cluster::shared()).with("KAFKA_BOOTSTRAP_SERVERS", &plaintext).groups(&["plain"]);
    let ran = run().make();
    assert_eq!((ran.code, ran.report.0.is_null()), (4, true), "{ran:?}");
    assert!(ran.said.contains("TLS"), "{}", ran.said);
    let report = run().with("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT").report();
    assert_eq!(report.lags("plain"), "plain/0 0");
    let ran = run()
        .with("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
        .with("KAFKA_BOOTSTRAP_SERVERS", &Cluster::shared().ssl())
        .make();
    assert_eq!((ran.code, ran.report.0.is_null()), (4, true), "{ran:?}");
    assert!(ran.said.contains("TLS"), "{}", ran.said);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn the_report_has_the_brokers_and_their_requests() {
    hand("create-topic listed 1");
    hand("commit listed listed 0 0");
    let report = check(&["listed"]);
    let broker = &report.0["brokers"][0];
    assert_eq!(show(broker, "id reachable reason"), "id=1 reachable=true reason=absent");
    assert!(broker["address"].as_str().expect("an address").starts_with("localhost:"), "{broker}");
    assert!(report.at("kafka/requests").as_u64() > Some(5), "{report:?}");
    assert!(report.complete(), "{report:?}");
}
