//! Recorded answers of real brokers, byte for byte, and the report made from them.
//!
//! `cargo test --test it recorded -- --ignored` makes the recordings again: it starts each release, sets the scene of
//! [`stage`], and does one run through a port that records the bytes.

use serde_json::json;

use crate::real_kafka::show;
use crate::support::check::{Check, Report};
use crate::support::kafka::{Cluster, Options};
use crate::support::tape::{Player, Tape};

const RELEASES: [&str; 6] = ["2.8.2", "3.9.1", "4.1.1", "4.2.0", "4.3.1", "4.4.0"];

/// Those of them with share groups (KIP-932).
const SHARE: [&str; 4] = ["4.1.1", "4.2.0", "4.3.1", "4.4.0"];

/// Those of them with streams groups (KIP-1071).
const STREAMS: [&str; 3] = ["4.2.0", "4.3.1", "4.4.0"];

fn path(release: &str) -> String {
    format!("{}/tests/support/recorded/{release}.txt", env!("CARGO_MANIFEST_DIR"))
}

/// The report that a recording of a release gives.
fn replayed(release: &str) -> Report {
    let text = std::fs::read_to_string(path(release)).expect("a recording");
    let player = Player::play(Tape::parse(&text));
    Check::at(&player.address().to_string()).answer().expect("a report")
}

#[test]
fn lag_equals_that_of_kafkas_own_tool_where_that_makes_sense() {
    for release in RELEASES {
        let report = replayed(release);
        assert_eq!(report.lags("lagging"), "orders/0 40, orders/1 30", "{release}");
        assert_eq!(report.lags("past"), "payments/0 0", "{release}");
        assert_eq!(report.lags("waiting"), "deals/0 3", "{release}");
        assert_eq!(report.group("classic")["total_lag"], 0, "{release}");
        assert_eq!(report.problems(), Vec::<String>::new(), "{release}");
    }
}

#[test]
fn findings_come_out_of_real_answers() {
    for release in RELEASES {
        let report = replayed(release);
        let findings = |group, topic, partition| report.partition(group, topic, partition)["findings"].to_string();
        assert!(findings("lagging", "orders", 1).contains("data_loss"), "{release}");
        assert_eq!(report.partition("lagging", "orders", 1)["lost"], 15, "{release}");
        assert!(findings("past", "payments", 0).contains("past_end"), "{release}");
        assert_eq!(report.partition("past", "payments", 0)["past_end_by"], 15, "{release}");
        assert!(findings("waiting", "deals", 0).contains("blocked"), "{release}");
        let deal = report.partition("waiting", "deals", 0);
        assert_eq!((&deal["last_stable"], &deal["log_end"]), (&json!(4), &json!(7)), "{release}");
    }
}

#[test]
fn members_and_states_come_out_of_real_answers() {
    for release in RELEASES {
        let report = replayed(release);
        let group = |name| (&report.group(name)["state"], &report.group(name)["members"], &report.group(name)["type"]);
        assert_eq!(group("classic"), (&json!("Stable"), &json!(1), &json!("classic")), "{release}");
        assert_eq!(group("lagging"), (&json!("Empty"), &json!(0), &json!("classic")), "{release}");
        assert!(report.partition("classic", "orders", 0)["member"].is_string(), "{release}");
        if release != "2.8.2" {
            assert_eq!(group("new"), (&json!("Stable"), &json!(1), &json!("consumer")), "{release}");
            assert_eq!(report.group("new")["total_lag"], 0, "{release}");
            assert!(report.partition("new", "orders", 0)["member"].is_string(), "{release}");
        }
    }
}

#[test]
fn the_versions_are_those_that_the_release_is_known_for() {
    let chosen = |release: &str| {
        let report = replayed(release);
        ["ListOffsets", "Metadata", "OffsetFetch", "ListGroups", "DescribeGroups", "ConsumerGroupDescribe"]
            .map(|api| report.at(&format!("brokers/0/versions/{api}")).as_i64().unwrap_or(-1))
    };
    assert_eq!(chosen("2.8.2"), [6, 11, 7, 4, 5, -1]);
    assert_eq!(chosen("3.9.1"), [9, 12, 9, 5, 5, 0]);
    assert_eq!(chosen("4.4.0"), [10, 13, 9, 5, 6, 1]);
}

#[test]
fn share_groups_have_start_offsets_and_lag() {
    for release in SHARE {
        let report = replayed(release);
        assert_eq!(
            show(report.group("sharing"), "type state members"),
            "type=share state=Stable members=1",
            "{release}"
        );
        let partition = |group, number| {
            let mut shown =
                show(report.partition(group, "jobs", number), "start log_end lag lag_source member").replace('"', "");
            shown.retain(|letter| letter != ',');
            shown
        };
        let reported = release != "4.1.1"; // KIP-1226 came with 4.2
        let source = if reported { "coordinator" } else { "bound" };
        let rest = |lag| format!("log_end=100 lag={lag} lag_source={source} member=null");
        assert_eq!(partition("sharing", 0), format!("start=0 {}", rest(if reported { 1 } else { 100 })), "{release}");
        assert!(report.partition("sharing", "jobs", 0)["committed"].is_null(), "{release}");
        assert_eq!(report.group("shared")["state"], "Empty", "{release}");
        if reported {
            // What 4.2 and 4.3 know of the lag is gone when an administrator sets the group back, until it reads again.
            assert!(partition("shared", 0).starts_with("start=40 log_end=100 lag=60 "), "{release}");
        }
    }
}

#[test]
fn streams_groups_have_members_tasks_and_the_reason_why_they_are_not_ready() {
    for release in STREAMS {
        let report = replayed(release);
        let group = |name| show(report.group(name), "type state members");
        assert_eq!(group("app"), "type=streams state=Stable members=1", "{release}");
        let partition = |topic, number| show(report.partition("app", topic, number), "lag member");
        let member = "member=app-StreamThread-1-consumer";
        assert_eq!(partition("words", 0), format!("lag=0 {member}"), "{release}");
        assert_eq!(partition("words", 1), format!("lag=null {member}"), "{release}");
        let repartition = [0, 1].map(|number| partition("app-by-size-repartition", number));
        assert!(repartition.contains(&format!("lag=0 {member}")), "{release}: {repartition:?}");
        assert!(!report.lags("app").contains("changelog"), "{release}: {}", report.lags("app"));
        assert_eq!(group("unready"), "type=streams state=NotReady members=1", "{release}");
        let gaps = report.group("unready")["gaps"].to_string();
        assert!(gaps.contains("(NotReady)"), "{release}: {gaps}");
        assert_eq!(report.group("unready")["missing_topics"], serde_json::json!(["absent"]), "{release}");
    }
}

/// One topic with a trimmed log, one with an open transaction; commits within, below and past their logs; readers.
fn stage(cluster: &Cluster) {
    for command in [
        "create-topic orders 3",
        "produce orders 0 100",
        "produce orders 1 50",
        "delete-records orders 1 20",
        "create-topic payments 1",
        "produce payments 0 10",
        "create-topic deals 1",
        "produce deals 0 4",
        "begin-transaction open deals 0 3",
        "commit lagging orders 0 60",
        "commit lagging orders 1 5",
        "commit past payments 0 25",
        "commit waiting deals 0 4",
        "join one classic classic orders",
        "wait-caught-up classic",
    ] {
        cluster.hand(command);
    }
    if cluster.is_at_least(3, 9) {
        cluster.hand("join two consumer new orders");
        cluster.hand("wait-caught-up new");
    }
    if cluster.is_at_least(4, 1) {
        for command in [
            "create-topic jobs 1",
            "produce jobs 0 100",
            // The record at 10 is delivered, and held longer than this scene lasts.
            "join sharer share sharing jobs release=10 hold=60000",
            if cluster.is_at_least(4, 2) {
                "wait-share sharing jobs 0 lag=1"
            } else {
                "wait-share sharing jobs 0 start=0"
            },
            "join other share shared jobs",
            "leave other",
            "wait-share-state shared Empty",
            "reset-share shared jobs 0 40",
        ] {
            cluster.hand(command);
        }
    }
    if cluster.is_at_least(4, 2) {
        for command in [
            "create-topic words 2",
            "produce words 0 10",
            "join app streams app words counting",
            "wait-caught-up app commits=2",
            "join unready streams unready absent not-ready",
            "wait-streams-state unready NotReady",
        ] {
            cluster.hand(command);
        }
    }
}

#[test]
#[ignore = "starts a real broker of each release, to write its recording anew"]
fn record() {
    for release in RELEASES {
        let cluster = Cluster::start(&Options { version: release.to_owned(), ..Options::default() });
        stage(&cluster);
        let player = Player::record(cluster.plaintext().parse().expect("one address"));
        Check::at(&player.address().to_string()).answer().expect("a report");
        let about = format!(
            "Apache Kafka {release}, recorded by `cargo test --test it recorded -- --ignored`: API key, version, request and answer \
             from after the correlation id on."
        );
        std::fs::write(path(release), player.tape().to_text(&about)).expect("a file");
    }
}
