//! infra/questions.md says what the code and the schema say: each kind of diagnosis, when it holds, and what to do next.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use meerkat::judge::diagnosis::RULES;

use crate::support::contract::json;

#[test]
fn the_documents_and_the_schema_name_each_kind_of_diagnosis_as_the_code_does() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/questions.md")).unwrap();
    let table = document.split("| kind | when | next |\n|---|---|---|\n").nth(1).unwrap();
    let expected: Vec<String> =
        RULES.iter().map(|rule| format!("| `{}` | {} | {} |", rule.word, rule.when, rule.next)).collect();
    assert_eq!(table.lines().collect::<Vec<_>>(), expected);
    let schema = json("infra/report.schema.json");
    let words: Vec<&str> = RULES.iter().map(|rule| rule.word).collect();
    assert_eq!(schema["$defs"]["diagnosis"]["properties"]["kind"]["enum"], serde_json::json!(words));
}
