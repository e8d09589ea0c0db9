//! The schemas that events and reports are promised to keep, in infra/report.schema.json and events/event.schema.json.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The report's schema, grown strict: a key that it does not name is an error too, so that each key is named in one place.
static REPORT: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = schema("infra/report.schema.json");
    close(&mut schema);
    jsonschema::validator_for(&schema).expect("infra/report.schema.json is a schema")
});

static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::validator_for(&schema("events/event.schema.json")).expect("events/event.schema.json is a schema")
});

/// What a report says that its schema does not; nothing where it keeps its promise.
pub(crate) fn broken_by_report(report: &Value) -> Vec<String> {
    errors(&REPORT, report)
}

/// What an event says that the schema of events does not.
pub(crate) fn broken_by_event(event: &Value) -> Vec<String> {
    errors(&EVENT, event)
}

pub(crate) fn schema(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Allows no keys besides those that are named, wherever keys are named.
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
