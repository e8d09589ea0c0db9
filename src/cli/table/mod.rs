//! A report for people: the table that a terminal shows.
//!
//! It is drawn from the report's JSON ([`crate::report`]), so that it can say nothing that the JSON does not.

mod groups;
mod history;
mod partitions;
mod text;
mod trouble;

use crate::base::figures::grouped;
use crate::judge::verdict::Verdict;
use crate::report::Report;
pub use history::history;
use text::{Cell, Text};

/// The screen that a table has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its columns.
    pub width: usize,
    /// Whether it shows colours.
    pub colour: bool,
}

/// The groups, the worst first, what could not be read, and one closing sentence; with `partitions` a table for each group
/// instead, in the columns of `kafka-consumer-groups.sh --describe`.
#[must_use]
pub fn table(report: &Report<'_>, screen: Screen, partitions: bool) -> String {
    let mut text = Text::new(screen);
    if partitions {
        partitions::draw(report, &mut text);
    } else {
        groups::draw(report, &mut text);
    }
    trouble::draw(report, &mut text);
    text.finish()
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

/// A number with its thousands apart, or that it is not known.
fn count(number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), |number| grouped(number).to_string())
}

/// An offset without groups of digits: people paste it into other tools.
fn offset(offset: Option<i64>) -> Cell {
    Cell::right(&offset.map_or_else(|| UNKNOWN.to_owned(), |at| at.to_string()))
}

/// What stands for "could not be told".
const UNKNOWN: &str = "-";
/// What is fainter than the rest.
const FAINT: &str = "2";
const BOLD: &str = "1";
