//! The cost in the documents is the one that the program computes.

use std::path::Path;

#[test]
fn the_table_of_costs_is_the_one_that_the_formula_makes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    let pages = ["README.md", "infra/README.md"].map(read).concat();
    let table = meerkat::cloudwatch::cost::table::markdown();
    assert!(pages.contains(&table), "neither README.md nor infra/README.md has this table (make cost):\n{table}");
}
