//! What a script may rely on: the schemas of events and reports, and that no release takes back what the last one promised.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::contract::{broken_by_event, broken_by_report, schema};

#[test]
fn each_example_event_keeps_the_schema_of_events() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".schema.json") && path.extension().is_some_and(|kind| kind == "json") {
            let event = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(broken_by_event(&event), [""; 0], "{name}");
            read += 1;
        }
    }
    assert!(read > 10, "{read} events");
}

#[test]
fn an_event_with_an_unknown_key_breaks_the_schema_of_events() {
    for event in [json!({ "gruops": [] }), json!({ "mode": "chekc" }), json!({ "minutes": -1 }), json!([])] {
        assert_ne!(broken_by_event(&event), [""; 0], "{event}");
    }
}

#[test]
fn a_report_with_a_key_that_is_named_nowhere_breaks_the_schema() {
    let broken = broken_by_report(&json!({ "surprise": 1 }));
    assert!(broken.iter().any(|error| error.contains("surprise")), "{broken:?}");
    assert!(broken.iter().any(|error| error.contains("\"cluster\" is a required property")), "{broken:?}");
}

/// Every key that release 0.1.0 promised in a report, by where it stands.
const PROMISED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "cluster",
            "status",
            "complete",
            "scheduled",
            "duration_ms",
            "kafka",
            "brokers",
            "groups",
            "left_out",
            "cut",
            "history",
            "metrics",
            "problems",
        ],
    ),
    (
        "/$defs/group",
        &[
            "group",
            "type",
            "state",
            "members",
            "status",
            "reason",
            "total_lag",
            "max_lag",
            "lag_seconds",
            "partition_count",
            "partitions",
        ],
    ),
    (
        "/$defs/partition",
        &[
            "topic",
            "partition",
            "status",
            "committed",
            "log_start",
            "log_end",
            "last_stable",
            "lag",
            "lag_seconds",
            "lag_seconds_source",
            "findings",
            "member",
            "reason",
        ],
    ),
    ("/properties/problems/items", &["where", "what"]),
];

#[test]
fn what_the_last_release_promised_is_still_promised() {
    let now = schema("infra/report.schema.json");
    for (place, keys) in PROMISED {
        let required = now.pointer(&format!("{place}/required")).and_then(Value::as_array).unwrap();
        for key in *keys {
            assert!(required.iter().any(|required| required == key), "{place}/{key} is not promised any more");
        }
    }
}
