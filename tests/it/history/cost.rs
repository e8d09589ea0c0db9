//! The cost and the weight in the documents are those that the program computes.

use std::path::Path;

use meerkat::otlp::bytes_a_month;

#[path = "../../support/weights.rs"]
mod weights;

#[test]
fn the_table_of_costs_is_the_one_that_the_formula_makes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    let pages = ["README.md", "infra/README.md"].map(read).concat();
    let table = meerkat::cloudwatch::cost::table::markdown();
    assert!(pages.contains(&table), "neither README.md nor infra/README.md has this table (make cost):\n{table}");
}

#[test]
fn the_document_has_the_table_of_weights() {
    let table = weights::markdown();
    assert!(include_str!("../../../infra/metrics.md").contains(&table), "{table}");
}

#[test]
fn a_longer_period_weighs_less() {
    assert_eq!((bytes_a_month(1_000, 1), bytes_a_month(1_000, 60)), (43_800_000, 730_000));
}
