//! A report for people: the table that a terminal shows.
//!
//! It is drawn from the report ([`crate::report`]) only, so it shows nothing that the JSON does not have.

mod groups;
mod history;
mod members;
mod partitions;
mod text;
mod trouble;

use crate::base::figures::grouped;
use crate::judge::verdict::Verdict;
use crate::report::Report;
pub use history::history;
pub use members::names;
pub(crate) use text::wrapped;
use text::{Cell, Text};

/// The screen that a table has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its columns.
    pub width: usize,
    /// Whether it shows colours.
    pub colour: bool,
}

/// The content of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// One line per group.
    #[default]
    Groups,
    /// A table of partitions for each group.
    Partitions,
    /// The members of each group.
    Members,
    /// Only names, with the state if it was asked for.
    Names {
        /// Whether to print the state.
        state: bool,
    },
}

/// What is shown of each group, what could not be read, and closing sentences.
#[must_use]
pub fn table(report: &Report<'_>, screen: Screen, shown: Shown) -> String {
    let mut text = Text::new(screen);
    let (cluster, comes_first) = report.cluster_lines();
    if comes_first && !matches!(shown, Shown::Names { .. }) {
        trouble::cluster(&cluster, &mut text);
        if !matches!(shown, Shown::Partitions) {
            text.gap();
        }
    }
    match shown {
        Shown::Partitions => partitions::draw(report, &mut text),
        Shown::Members => members::draw(report, &mut text),
        Shown::Groups => groups::draw(report, &mut text),
        Shown::Names { state } => return names(report, state),
    }
    if !comes_first {
        trouble::cluster(&cluster, &mut text);
    }
    trouble::watched(report, &mut text);
    trouble::draw(report, &mut text);
    text.finish()
}

/// As much of a table as fits a screen of this many lines, its closing lines included.
#[must_use]
pub fn cut(table: &str, height: usize) -> String {
    let lines: Vec<&str> = table.lines().collect();
    if lines.len() < height {
        return table.to_owned();
    }
    let (last, room) = (lines.last().copied().unwrap_or_default(), height.saturating_sub(3));
    let shown = lines[..room.min(lines.len())].join("\n");
    format!("{shown}\n… and {} more lines; {last}\n", grouped((lines.len() - room) as u64))
}

/// The colour of a verdict, as an SGR parameter (ECMA-48, 8.3.117).
fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "32",
        Verdict::Warn => "33",
        Verdict::Err | Verdict::Stop | Verdict::Stall | Verdict::Rewind => "1;31",
        Verdict::Unknown | Verdict::NotFound => "35",
    }
}

/// A number with thousands separators, or a dash if it is not known.
fn count(number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), |number| grouped(number).to_string())
}

/// An offset without separators: people paste it into other tools.
fn offset(offset: Option<i64>) -> Cell {
    Cell::right(&offset.map_or_else(|| UNKNOWN.to_owned(), |at| at.to_string()))
}

/// The sign for an unknown value.
const UNKNOWN: &str = "-";
/// Fainter than the rest.
const FAINT: &str = "2";
const BOLD: &str = "1";
