//! The variables that a run knows: one table for `--help` and the check for misspelt names.

use std::sync::LazyLock;

mod spelling;

pub(crate) use spelling::{Stranger, stranger};

/// One environment variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is when absent or empty; `None` means nothing.
    pub default: Option<&'static str>,
    /// What it says, in one sentence.
    pub meaning: &'static str,
}

/// Every variable, in the order in which `--help` tells them.
pub static VARIABLES: LazyLock<Vec<Variable>> = LazyLock::new(|| TABLE.lines().filter_map(Variable::of).collect());

impl Variable {
    fn of(line: &'static str) -> Option<Self> {
        let (name, rest) = line.split_once('\t')?;
        let (default, meaning) = rest.split_once('\t')?;
        Some(Self { name, default: Some(default).filter(|default| *default != "-"), meaning })
    }
}

/// A line a variable: its name, its default or `-`, and what it says.
const TABLE: &str = include_str!("table.tsv");
