//! Three brokers, one of them killed or frozen: the rest is told as usual, and nothing is missing without a word.

use std::time::{Duration, Instant};

use super::Run;
use crate::support::kafka::{Cluster, Options};
use crate::support::look::Report;

/// Twelve groups with a commit each, five records behind.
fn twelve(cluster: &Cluster) -> Vec<String> {
    cluster.hand("create-topic spread 3 replicas=3");
    for partition in 0..3 {
        cluster.hand(&format!("produce spread {partition} 9"));
    }
    let groups: Vec<String> = (0..12).map(|number| format!("away-{number}")).collect();
    for group in &groups {
        for partition in 0..3 {
            cluster.hand(&format!("commit {group} spread {partition} 4"));
        }
    }
    groups
}

fn run(cluster: &Cluster) -> Run {
    Run::on(cluster)
        .with("MEERKAT_GROUPS", "away-*")
        .with("MEERKAT_ALLOWED_LAG", "100")
        .with("MEERKAT_LAG_SECONDS", "0")
}

/// Whatever is told of a group is true.
fn is_true(report: &Report, groups: &[String]) {
    for group in groups.iter().filter(|group| report.groups().contains(&group.as_str())) {
        let told = report.group(group);
        assert_ne!(told["status"], "NOTFOUND", "{told}");
        assert!(told["total_lag"].is_null() || told["total_lag"] == 15 || told["status"] == "UNKNOWN", "{told}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn groups_of_a_dead_coordinator_are_never_missing_without_a_word() {
    let settings = vec!["offsets.topic.replication.factor=1".to_owned()];
    let cluster = Cluster::start(&Options { nodes: 3, settings, ..Options::default() });
    let groups = twelve(&cluster);
    let whole = run(&cluster).report();
    assert!(whole.complete(), "{whole:?}");
    assert_eq!(whole.groups().len(), 12);
    cluster.kill(3);
    let deadline = Instant::now() + Duration::from_mins(1);
    // Until it is fenced the others still name it; then its partitions of the offsets topic have no leader.
    let away = loop {
        let report = run(&cluster).with("MEERKAT_TIMEOUT", "10").report();
        assert!(!report.complete() && *report.at("status") == "UNKNOWN", "{report:?}");
        is_true(&report, &groups);
        if report.problems().iter().any(|problem| problem.contains("groups whose coordinator is away may be missing")) {
            break report;
        }
        assert!(Instant::now() < deadline, "it was never fenced: {report:?}");
    };
    assert!(away.groups().len() < 12, "broker 3 coordinates none of them: {away:?}");
    let expected = run(&cluster).with("MEERKAT_EXPECT", &groups.join(",")).with("MEERKAT_TIMEOUT", "10").report();
    is_true(&expected, &groups);
    let told = groups.iter().filter(|group| {
        let reason = expected.group(group)["reason"].as_str().unwrap_or_default();
        reason.contains("its coordinator is away")
    });
    assert_eq!(told.count(), 12 - away.groups().len(), "{expected:?}");
    cluster.revive(3);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !run(&cluster).with("MEERKAT_TIMEOUT", "10").report().complete() {
        assert!(Instant::now() < deadline, "it never came back");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_frozen_broker_takes_its_own_with_it_and_every_run_ends_in_time() {
    let cluster = Cluster::start(&Options { nodes: 3, ..Options::default() });
    let groups = twelve(&cluster);
    assert!(run(&cluster).report().complete());
    cluster.freeze(2);
    for seconds in [3_u64, 10, 30] {
        let began = Instant::now();
        let report = run(&cluster).with("MEERKAT_TIMEOUT", &seconds.to_string()).report();
        let took = began.elapsed();
        assert!(took < Duration::from_secs(seconds + 1), "{seconds} s: {took:?}");
        assert!(!report.complete(), "{seconds} s: {report:?}");
        is_true(&report, &groups);
        // The other two tell what is theirs.
        assert!(report.groups().len() >= 4, "{seconds} s: {report:?}");
        assert!(report.0.to_string().contains("broker 2"), "{report:?}");
    }
    cluster.thaw(2);
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let report = run(&cluster).with("MEERKAT_TIMEOUT", "10").report();
        is_true(&report, &groups);
        if report.complete() && report.groups().len() == 12 {
            break;
        }
        assert!(Instant::now() < deadline, "it never came back: {report:?}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_that_restarts_during_looks_makes_none_of_them_wrong() {
    let cluster = Cluster::start(&Options { nodes: 3, ..Options::default() });
    let groups = twelve(&cluster);
    assert!(run(&cluster).report().complete());
    std::thread::scope(|scope| {
        let restarting = scope.spawn(|| {
            cluster.kill(1);
            cluster.revive(1);
        });
        while !restarting.is_finished() {
            is_true(&run(&cluster).with("MEERKAT_TIMEOUT", "10").report(), &groups);
        }
    });
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let report = run(&cluster).with("MEERKAT_TIMEOUT", "10").report();
        is_true(&report, &groups);
        if report.complete() && report.groups().len() == 12 {
            break;
        }
        assert!(Instant::now() < deadline, "it never came back: {report:?}");
    }
}
