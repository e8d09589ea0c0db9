//! The schemas that events and reports are promised to keep, in infra/report.schema.json and events/event.schema.json.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The report's schema, grown strict: a key that it does not name is an error too, so that each key is named in one place.
static REPORT: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = json("infra/report.schema.json");
    close(&mut schema);
    jsonschema::validator_for(&schema).expect("infra/report.schema.json is a schema")
});

static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::validator_for(&json("events/event.schema.json")).expect("events/event.schema.json is a schema")
});

/// The release whose promises are frozen in tests/support/released, until the next one freezes its own.
pub(crate) const RELEASED: &str = "0.1.0";

/// The last release's own schema, as it was published: more keys are no breach of it.
static RELEASED_REPORT: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&released("report")).expect("the released schema is one"));

/// The last release's schema of a `report` or an `event`.
pub(crate) fn released(what: &str) -> Value {
    json(&format!("tests/support/released/{what}-{RELEASED}.schema.json"))
}

/// What a report has that its schema, or the last release's, does not allow; empty if it keeps both.
pub(crate) fn broken_by_report(report: &Value) -> Vec<String> {
    let mut broken = errors(&REPORT, report);
    broken.extend(errors(&RELEASED_REPORT, report).into_iter().map(|error| format!("{RELEASED}: {error}")));
    broken
}

/// Checks a report against both schemas; other modes print something else.
#[track_caller]
pub(crate) fn keeps_promises(reported: &Value) {
    if reported.get("late_s").is_some() {
        assert_eq!(broken_by_report(reported), [""; 0], "{reported:#}");
    }
}

/// What an event has that the schema of events does not allow.
pub(crate) fn broken_by_event(event: &Value) -> Vec<String> {
    errors(&EVENT, event)
}

/// The content of a JSON file, by its path from the top level.
pub(crate) fn json(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Allows no other keys than those that are named, wherever keys are named.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if keys.contains_key("properties") && !keys.contains_key("additionalProperties") {
                keys.insert("additionalProperties".into(), false.into());
            }
            keys.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
