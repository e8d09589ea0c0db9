//! The variables of a run: one table for `--help` and for the check of misspelt names.

use std::sync::LazyLock;

mod spelling;

pub(crate) use spelling::{Stranger, stranger};

/// One environment variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default; `None` if it has none.
    pub default: Option<&'static str>,
    /// Its meaning, in one sentence.
    pub meaning: &'static str,
}

/// Every variable, in the order of `--help`.
pub static VARIABLES: LazyLock<Vec<Variable>> = LazyLock::new(|| TABLE.lines().filter_map(Variable::of).collect());

impl Variable {
    fn of(line: &'static str) -> Option<Self> {
        let (name, rest) = line.split_once('\t')?;
        let (default, meaning) = rest.split_once('\t')?;
        Some(Self { name, default: Some(default).filter(|default| *default != "-"), meaning })
    }
}

/// One line per variable: its name, its default or `-`, and its meaning.
const TABLE: &str = include_str!("table.tsv");
