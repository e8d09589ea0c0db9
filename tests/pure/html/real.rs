//! The program's own report, drawn; and the examples beside it.

use std::collections::{BTreeMap, BTreeSet};

use meerkat::config::Detail;
use meerkat::judge::ages::Ages;
use meerkat::judge::input::{Before, Sight};
use meerkat::judge::memories::Memories;
use meerkat::judge::outcome::Judged;
use meerkat::model::lag::{Committed, LogRange};
use meerkat::model::lags::Lags;
use meerkat::model::memory::Thresholds;
use meerkat::model::pattern::Rules;
use meerkat::model::snapshot::{Broker, Group, Kind, Member, Placement, Problem, Row, Snapshot, Topic, Unacknowledged};
use meerkat::model::unknown::Unknown;
use meerkat::report::{self, Frame};
use serde_json::Value;

use super::{Asked, Context, EXAMPLES, Report, drawn, html, overview};

/// What a run returns about one group that reads one partition and is behind, and about one that could not be read.
fn real_report() -> String {
    let log = LogRange { start: 0, end: 4_321, last_stable: Some(4_321) };
    let mut row = Row::new(0, 0, Ok(Committed::At(1_400)));
    row.assign(0);
    let group = |name: &str, rows| Group {
        name: name.into(),
        kind: Kind::Consumer,
        state: Ok("Stable".into()),
        members: Ok(vec![Member { id: "orders-1-0".into(), client_id: "orders-1".into(), host: "/10.0.0.1".into() }]),
        epoch: None,
        rows,
        gaps: Vec::new(),
        vanished: Vec::new(),
        missing_topics: Vec::new(),
    };
    let silent = || Unknown::because("no answer within 10 s");
    let broker =
        |id, versions| Broker { id, address: format!("b-{id}.example:9092"), versions, offer: None, held_back_ms: 0 };
    let snapshot = Snapshot {
        brokers: vec![broker(1, Ok(vec![("ListOffsets", 10)])), broker(2, Err(silent()))],
        cluster_id: None,
        topics: vec![Topic {
            name: "orders".into(),
            id: None,
            partitions: Ok([Ok(log)].into_iter().collect()),
            placement: Placement::default(),
        }],
        groups: vec![group("lost", Err(silent())), group("orders", Ok(0..1))],
        rows: vec![row],
        unacknowledged: Unacknowledged::default(),
        watched: Vec::new(),
        listed: Ok(vec!["lost".into(), "orders".into()]),
        left_out: BTreeMap::from([("connect".to_owned(), 2)]),
        problems: vec![Problem { place: "groups".into(), what: silent() }],
        shown: 0,
        blind: None,
    };
    let thresholds = vec![Thresholds::DEFAULT; snapshot.groups.len()];
    let before = Before(Ok(vec![Ok(None)]), BTreeMap::new());
    let lags = Lags::new(&snapshot);
    let sight = Sight { snapshot: &snapshot, lags: &lags, before: &before, thresholds: &thresholds, time_ms: 0 };
    let (mut memories, ages) = (Memories::fold(sight), Ages::unsearched(&lags));
    let judged = Judged::new(sight, &mut memories, &ages, |_| Ok(Vec::new()));
    let (history, metrics) = (report::HistoryEntry::default(), report::MetricsEntry::default());
    let frame = Frame {
        cluster: "prod",
        checked_at_ms: 1_795_395_902_345,
        scheduled: 1_795_395_900,
        duration_ms: 83,
        kafka: report::TrafficEntry::default(),
        history,
        metrics,
        watch: None,
        rates: Vec::new(),
        detail: Detail::All,
        owners: &Rules::new(None),
        cluster_problems: (&[], false),
        watched: &[],
        limit: None,
    };
    report::Report::new(frame, sight, &judged, &ages, &[]).to_json()
}

#[test]
fn a_real_report_is_drawn() {
    let report = Report::parse(&real_report()).expect("it is a report");
    for html in [html::page(&report), overview(&report)] {
        for shown in [
            "prod",
            "<bdi>orders</bdi>",
            "2,921",
            "snapshot of 2026-11-23 01:05 UTC, taken in 83 ms",
            "broker 2 (b-2.example:9092)",
        ] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert_eq!(html.matches("no answer within 10 s").count(), 3, "broker, problem and group: {html}");
    }
    let partitions = drawn(&report, Asked::Partitions("orders".to_owned()), Context::default());
    for shown in ["4,321", "1,400", "<bdi>orders-1</bdi>", "consumer", "Stable"] {
        assert!(partitions.contains(shown), "{shown}: {partitions}");
    }
}

#[test]
fn the_examples_have_the_keys_of_a_real_report() {
    let keys = |report: &Value, place: &str| -> BTreeSet<String> {
        let object = report.pointer(place).and_then(Value::as_object).expect(place);
        object.keys().cloned().collect()
    };
    let real: Value = serde_json::from_str(&real_report()).expect("it is JSON");
    let example: Value = serde_json::from_str(EXAMPLES[0]).expect("it is JSON");
    // What one of the two has more is there only where there is something to say.
    let at_times =
        ["lost", "gaps", "warming_up_seconds", "lag_seconds_reason", "reason", "by_member", "by_host", "diagnosis"]
            .map(str::to_owned);
    for place in ["", "/groups/1", "/groups/1/partitions/0", "/brokers/1", "/history", "/metrics"] {
        let differing: Vec<String> = keys(&real, place).symmetric_difference(&keys(&example, place)).cloned().collect();
        assert!(differing.iter().all(|key| at_times.contains(key)), "{place}: {differing:?}");
    }
}
