//! The table of names in infra/metrics.md is the one in code.

use meerkat::judge::measures::MEASURES;

#[test]
fn the_documents_name_each_measure_as_the_code_does() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/metrics.md")).unwrap();
    let rows: Vec<&str> = document.lines().filter(|line| line.ends_with('|')).skip(2).take(MEASURES.len()).collect();
    let name = |prefix: &str, name: Option<&str>| name.map_or_else(String::new, |name| format!("`{prefix}{name}`"));
    let cell = |text: String| if text.is_empty() { String::from("  ") } else { format!(" {text} ") };
    for (measure, row) in MEASURES.iter().zip(rows) {
        let [otlp, cloudwatch] = [measure.otlp, measure.cloudwatch].map(|of| cell(name("", of)));
        let openmetrics = cell(name("meerkat_", measure.openmetrics));
        let meaning = measure.meaning.trim_end_matches('.');
        assert_eq!(row, format!("|{otlp}|{cloudwatch}|{openmetrics}| `{}` | {meaning} |", measure.unit));
    }
}

#[test]
fn no_two_measures_have_a_name_in_common() {
    for names in [
        MEASURES.iter().filter_map(|measure| measure.cloudwatch).collect::<Vec<_>>(),
        MEASURES.iter().filter_map(|measure| measure.otlp).collect(),
        MEASURES.iter().filter_map(|measure| measure.openmetrics).collect(),
    ] {
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{names:?}");
    }
}
