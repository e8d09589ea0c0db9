//! Share groups (KIP-932) and streams groups (KIP-1071), compared with the output of Kafka's own tools.

use std::process::Command;

use super::{Run, hand, show};
use crate::support::kafka::Cluster;

mod members;
mod permissions;

/// What one of Kafka's tools prints: rows of cells, those of its header first.
fn tool(cluster: &Cluster, arguments: &str) -> Vec<Vec<String>> {
    let jars = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/jars.py");
    let script = format!("import jars; print(jars.tools({:?}))", cluster.version());
    let folder =
        Command::new("python3").args(["-c", &script]).env("PYTHONPATH", jars.trim_end_matches("jars.py")).output();
    let folder = String::from_utf8(folder.expect("the jars of the tools").stdout).expect("a path");
    let mut command = Command::new("java");
    command.args([
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-cp",
    ]);
    command.arg(format!("{}/*", folder.trim())).args(arguments.split(' '));
    let output = command.args(["--bootstrap-server", &cluster.plaintext()]).output().expect("the tool runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("a table");
    let rows = text.lines().filter(|line| !line.trim().is_empty());
    rows.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// A tool's output about a group's members or state.
fn described(cluster: &Cluster, class: &str, group: &str, what: &str) -> Vec<Vec<String>> {
    tool(cluster, &format!("{class} --describe --{what} --group {group}"))
}

/// The last row's cell below a title.
fn cell(rows: &[Vec<String>], title: &str) -> String {
    let found = rows[0].iter().position(|cell| cell == title).unwrap_or_else(|| panic!("no {title}: {rows:?}"));
    rows.last().expect("a row")[found].clone()
}

const SHARE: &str = "org.apache.kafka.tools.consumer.group.ShareGroupCommand";
const STREAMS: &str = "org.apache.kafka.tools.streams.StreamsGroupCommand";

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_share_group_is_reported_as_kafkas_own_tool_shows_it() {
    let cluster = Cluster::shared();
    if !cluster.is_at_least(4, 1) {
        return older(cluster);
    }
    hand("create-topic kinds-jobs 2");
    hand("produce kinds-jobs 0 100");
    hand("produce kinds-jobs 1 7");
    hand("join kinds-sharer share kinds-share kinds-jobs");
    let counts = cluster.is_at_least(4, 2);
    for partition in [0, 1] {
        hand(&format!("wait-share kinds-share kinds-jobs {partition} {}", if counts { "lag=0" } else { "start=0" }));
    }
    let report = Run::on(cluster).groups(&["kinds-share"]).report();
    assert_eq!(show(report.group("kinds-share"), "type state members"), "type=share state=Stable members=1");
    let (members, state) =
        (described(cluster, SHARE, "kinds-share", "members"), described(cluster, SHARE, "kinds-share", "state"));
    assert_eq!((members.len(), &*cell(&members, "CLIENT-ID")), (2, "kinds-sharer"), "{members:?}");
    assert_eq!((&*cell(&state, "STATE"), &*cell(&state, "#MEMBERS")), ("Stable", "1"), "{state:?}");
    assert!(report.partition("kinds-share", "kinds-jobs", 0)["member"].is_null(), "many members share it");
    hand("leave kinds-sharer");
    hand("wait-share-state kinds-share Empty");
    hand("produce kinds-jobs 0 11");
    let report = Run::on(cluster).with("MEERKAT_GROUPS", "kinds-share").report();
    let reported = tool(cluster, &format!("{SHARE} --describe --offsets --group kinds-share"));
    assert_eq!(reported[0][..3], ["GROUP", "TOPIC", "PARTITION"], "{reported:?}");
    for row in &reported[1..] {
        let number: i32 = row[2].parse().expect("a partition");
        let partition = report.partition("kinds-share", &row[1], number);
        assert_eq!(partition["start"].to_string(), row[3], "{partition} {row:?}");
        if counts {
            assert_eq!(show(partition, "lag lag_source"), format!("lag={} lag_source=coordinator", row[4]), "{row:?}");
        } else {
            // Kafka 4.1 returns no lag; its own tool leaves out the column.
            assert_eq!((partition["lag_source"].as_str(), row.len()), (Some("bound"), 4), "{partition} {row:?}");
            let end: u64 = if number == 0 { 111 } else { 7 };
            assert_eq!(partition["lag"].as_u64(), row[3].parse().ok().map(|start: u64| end - start), "{partition}");
        }
    }
    assert_eq!(reported.len(), 3, "{reported:?}");
    assert!(report.complete(), "{report:?}");
}

/// Nothing before Kafka 4.1 has share groups.
fn older(cluster: &Cluster) {
    assert!(cluster.try_hand("join sharer share none none").is_err());
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_streams_group_is_reported_as_kafkas_own_tool_shows_it() {
    let cluster = Cluster::shared();
    if !cluster.is_at_least(4, 2) {
        assert!(cluster.try_hand("join app streams none none").is_err());
        return;
    }
    hand("create-topic kinds-words 3");
    for partition in 0..3 {
        hand(&format!("produce kinds-words {partition} 10"));
    }
    hand("join kinds-app streams kinds-streams kinds-words counting");
    hand("wait-caught-up kinds-streams commits=4");
    let report = Run::on(cluster).groups(&["kinds-streams"]).report();
    assert_eq!(show(report.group("kinds-streams"), "type state members"), "type=streams state=Stable members=1");
    let repartition = "kinds-streams-by-size-repartition";
    for (topic, internal) in [("kinds-words", "absent"), (repartition, "true")] {
        for number in 0..3 {
            let shown = show(report.partition("kinds-streams", topic, number), "internal member");
            assert_eq!(
                shown,
                format!("internal={internal} member=kinds-app-StreamThread-1-consumer"),
                "{topic}/{number}"
            );
        }
    }
    let (members, state) = (
        described(cluster, STREAMS, "kinds-streams", "members"),
        described(cluster, STREAMS, "kinds-streams", "state"),
    );
    assert_eq!((members.len(), &*cell(&members, "CLIENT-ID")), (2, "kinds-app-StreamThread-1-consumer"), "{members:?}");
    assert_eq!((&*cell(&state, "STATE"), &*cell(&state, "#MEMBERS")), ("Stable", "1"), "{state:?}");
    // For a group without members the tool prints nothing.
    let reported = tool(cluster, &format!("{STREAMS} --describe --offsets --verbose --group kinds-streams"));
    let column =
        |name: &str| reported[0].iter().position(|cell| cell == name).unwrap_or_else(|| panic!("{reported:?}"));
    let (topic, partition, current, lag) =
        (column("TOPIC"), column("PARTITION"), column("CURRENT-OFFSET"), column("OFFSET-LAG"));
    let mut compared = 0;
    for row in reported[1..].iter().filter(|row| row[current] != "-") {
        let number: i32 = row[partition].parse().expect("a partition");
        let shown = show(report.partition("kinds-streams", &row[topic], number), "committed lag");
        assert_eq!(shown, format!("committed={} lag={}", row[current], row[lag]), "{row:?}");
        compared += 1;
    }
    // The tool of 4.2 leaves out commits on repartition topics.
    assert!(compared >= if cluster.is_at_least(4, 3) { 4 } else { 3 }, "{reported:?}");
    let repartitioned = (0..3).map(|number| report.partition("kinds-streams", repartition, number));
    assert!(repartitioned.into_iter().any(|partition| partition["committed"] == 30), "{report:?}");
    assert!(!report.group("kinds-streams").to_string().contains("changelog"), "to be behind there is no lag");
    hand("leave kinds-app");
    hand("wait-streams-state kinds-streams Empty");
    hand("produce kinds-words 1 5");
    let report = Run::on(cluster).groups(&["kinds-streams"]).report();
    assert_eq!(show(report.partition("kinds-streams", "kinds-words", 1), "committed lag"), "committed=10 lag=5");
}
