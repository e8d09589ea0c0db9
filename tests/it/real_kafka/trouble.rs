//! A broker that goes down and comes back, and brokers that are not who they should be.

use std::time::{Duration, Instant};

use super::{Run, show};
use crate::support::kafka::{Cluster, Options};
use crate::support::look::Report;

/// A look that takes no lag of these tests for news, so that whatever is unknown could not be read.
fn run(cluster: &Cluster, groups: &[&str]) -> Run {
    Run::on(cluster).with("MEERKAT_ALLOWED_LAG", "100").groups(groups)
}

/// Looks again and again until the report is as wanted; `always` holds for each.
fn until(cluster: &Cluster, groups: &[&str], always: impl Fn(&Report), wanted: impl Fn(&Report) -> bool) -> Report {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let report = run(cluster, groups).with("MEERKAT_TIMEOUT", "10").report();
        always(&report);
        if wanted(&report) {
            return report;
        }
        assert!(Instant::now() < deadline, "it never came about: {report:?}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_that_is_down_takes_its_own_partitions_with_it_and_nothing_else() {
    let cluster = Cluster::start(&Options { nodes: 3, ..Options::default() });
    cluster.hand("create-topic spread 3 replicas=1");
    cluster.hand("create-topic safe 3 replicas=3");
    let groups = ["down-0", "down-1", "down-2"];
    for topic in ["spread", "safe"] {
        for partition in 0..3 {
            cluster.hand(&format!("produce {topic} {partition} 9"));
        }
    }
    for (offset, group) in groups.iter().enumerate() {
        for topic in ["spread", "safe"] {
            for partition in 0..3 {
                cluster.hand(&format!("commit {group} {topic} {partition} {offset}"));
            }
        }
    }
    let whole = run(&cluster, &groups).report();
    assert_eq!(whole.at("brokers").as_array().map(Vec::len), Some(3));
    assert!(whole.complete(), "{whole:?}");
    assert_eq!(whole.lags("down-1"), "safe/0 8, safe/1 8, safe/2 8, spread/0 8, spread/1 8, spread/2 8");

    let lost = (0..3).find(|partition| cluster.hand(&format!("leader spread {partition}")) == "2");
    let lost = lost.expect("each broker leads one partition");
    cluster.kill(2);
    // At first the others still name it and its groups have no coordinator; whatever is told meanwhile is true.
    let never_wrong = |report: &Report| {
        assert!(!report.complete(), "{report:?}");
        for (group, lag) in groups.iter().zip([9, 8, 7]) {
            for entry in report.group(group)["partitions"].as_array().expect("partitions") {
                let told = entry["lag"].as_i64();
                assert!(told.is_none_or(|told| told == lag), "{entry}");
                assert!(told.is_some() || entry["status"] == "UNKNOWN", "{entry}");
            }
        }
    };
    let settled = |report: &Report| {
        let expected: Vec<String> = (0..3)
            .map(|partition| format!("spread/{partition} {}", if partition == lost { "?" } else { "8" }))
            .collect();
        report.lags("down-1") == format!("safe/0 8, safe/1 8, safe/2 8, {}", expected.join(", "))
            && groups.iter().all(|group| report.group(group)["partition_count"] == 6)
            && report.partition("down-1", "spread", lost)["reason"] == "the partition has no leader"
    };
    let report = until(&cluster, &groups, never_wrong, settled);
    assert_eq!(show(report.partition("down-1", "spread", lost), "status committed"), "status=UNKNOWN committed=1");
    assert_eq!(show(report.group("down-1"), "status total_lag"), "status=UNKNOWN total_lag=40");

    cluster.revive(2);
    let back = until(&cluster, &groups, |_| {}, Report::complete);
    assert_eq!(back.lags("down-1"), whole.lags("down-1"));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_whose_certificate_proves_nothing_is_refused_with_its_fault() {
    let refused = |run: Run| {
        let ran = run.make();
        assert_eq!((ran.code, ran.report.0.is_null()), (3, true), "{ran:?}");
        ran.said
    };
    let shared = Cluster::shared();
    for authority in [&shared.pem("other-ca"), ""] {
        let said = refused(Run::on(shared).with("KAFKA_SSL_TRUSTSTORE", authority));
        assert!(said.contains("issued by an unknown CA"), "{said}");
    }
    // The bad certificates are PEM files, which brokers before 3.0 do not read.
    if shared.is_at_least(3, 0) {
        let settings = [
            "listener.name.ssl.ssl.keystore.location=../tls/expired.pem",
            "listener.name.sasl_ssl.ssl.keystore.location=../tls/other-name.pem",
        ];
        let cluster = Cluster::start(&Options { settings: settings.map(String::from).into(), ..Options::default() });
        let said = refused(Run::on(&cluster));
        assert!(said.contains("the certificate expired at 2021-01-01"), "{said}");
        let said = refused(Run::on(&cluster).with("KAFKA_BOOTSTRAP_SERVERS", &cluster.sasl_ssl()));
        assert!(said.contains("the certificate is for another name: it names "), "{said}");
    }
}
