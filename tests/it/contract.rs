//! What a script may rely on: the schemas of events and reports, and that no release removes what the last one
//! promised.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::contract::{RELEASED, broken_by_event, broken_by_report, json as read, released};

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
fn the_reports_that_pages_and_tables_are_drawn_of_keep_the_schema_of_reports() {
    for name in ["empty", "healthy", "problems"] {
        let report = read(&format!("tests/screenshots/reports/{name}.json"));
        assert_eq!(broken_by_report(&report), [""; 0], "{name}");
    }
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

#[test]
fn a_report_that_readers_of_the_last_release_do_not_expect_breaks_its_schema() {
    let broken = broken_by_report(&json!({ "late_s": "soon" }));
    assert!(broken.iter().any(|error| error.starts_with(RELEASED) && error.contains("soon")), "{broken:?}");
}

#[test]
fn what_the_last_release_promised_is_still_promised() {
    for (now, then) in [("infra/report.schema.json", "report"), ("events/event.schema.json", "event")] {
        assert_eq!(taken_back("", &released(then), &read(now)), [""; 0], "{now}");
    }
    let (then, now) = (json!({ "required": ["a", "b"], "type": "object" }), json!({ "required": ["b"] }));
    assert_eq!(taken_back("", &then, &now), ["/required: \"a\" is gone", "/type is gone"]);
}

/// What `then` requires, names or allows, and `now` does not, by its place.
fn taken_back(place: &str, then: &Value, now: &Value) -> Vec<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            let promises = then.iter().filter(|(key, promise)| !(*key == "description" && promise.is_string()));
            let each = |(key, promise): (&String, &Value)| match now.get(key) {
                Some(kept) => taken_back(&format!("{place}/{key}"), promise, kept),
                None => vec![format!("{place}/{key} is gone")],
            };
            promises.flat_map(each).collect()
        }
        (Value::Array(then), Value::Array(now)) => {
            let gone = then.iter().filter(|promise| !now.iter().any(|kept| taken_back("", promise, kept).is_empty()));
            gone.map(|promise| format!("{place}: {promise} is gone")).collect()
        }
        _ => (then != now).then(|| format!("{place} was {then}, and is {now}")).into_iter().collect(),
    }
}
