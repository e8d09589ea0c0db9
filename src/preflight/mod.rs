//! What works, what works with limits, what fails, and what to do about it: the answer to `{"mode": "preflight"}`.
//!
//! The results come in as plain data ([`found`]); here they become lines. Each line is reported, whatever the others
//! are.

use serde::Serialize;

use crate::base::fault::Fault;
use crate::judge::verdict::Verdict;
use crate::kafka::found::Tried;
use crate::kafka::protocol::releases;

pub mod against;
mod asked;
pub(crate) mod brokers;
pub(crate) mod configuration;
pub mod found;
pub(crate) mod permissions;
pub(crate) mod store;
mod table;
pub(crate) mod versions;

pub use asked::asked;

/// The status of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// As it should.
    #[serde(rename = "works")]
    Works,
    /// A check runs, and reports less than it could.
    #[serde(rename = "works with less")]
    Less,
    /// A check fails, or its result is not reliable.
    #[serde(rename = "does not work")]
    Fails,
    /// It could not be tried.
    #[serde(rename = "unknown")]
    Unknown,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Its subject: `broker 1 (b-1.example:9094)`, `permissions`, …
    pub(crate) section: String,
    pub(crate) subject: String,
    /// How it stands.
    pub status: Status,
    /// What was found, as one sentence without a full stop.
    pub(crate) found: String,
    /// What to do; every line that does not work has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) todo: Option<String>,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Preflight {
    /// The cluster's name, if a broker returned one.
    pub(crate) cluster: Option<String>,
    pub(crate) build: &'static str,
    /// The newest release of Kafka that it was tested with.
    pub(crate) tested_up_to: &'static str,
    /// The worst of the lines.
    pub status: Status,
    /// What was tried, in the order of a check's own steps.
    pub(crate) lines: Vec<Line>,
    /// Every address, step by step.
    pub(crate) brokers: Vec<Tried>,
}

impl Preflight {
    /// Puts the lines together.
    pub(crate) fn new(cluster: Option<String>, brokers: Vec<Tried>, lines: Vec<Line>) -> Self {
        let statuses = lines.iter().map(|line| line.status);
        let status = statuses.max_by_key(|status| status.verdict().severity()).unwrap_or(Status::Unknown);
        let build = env!("CARGO_PKG_VERSION");
        Self { cluster, build, tested_up_to: releases::newest(), status, lines, brokers }
    }

    /// As one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Names are UTF-8 and there are no maps, so nothing here can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As a table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        table::table(self)
    }
}

impl Status {
    /// The verdict of a check with this status.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Works => Verdict::Ok,
            Self::Less => Verdict::Warn,
            Self::Fails => Verdict::Err,
            Self::Unknown => Verdict::Unknown,
        }
    }

    /// The word in the table and in the JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Less => "works with less",
            Self::Fails => "does not work",
            Self::Unknown => "unknown",
        }
    }
}

impl Line {
    pub(crate) fn works(section: &str, subject: &str, found: impl Into<String>) -> Self {
        Self::new(section, subject, Status::Works, found, None)
    }

    pub(crate) fn less(section: &str, subject: &str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::new(section, subject, Status::Less, found, Some(todo.into()))
    }

    pub(crate) fn fails(section: &str, subject: &str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::new(section, subject, Status::Fails, found, Some(todo.into()))
    }

    pub(crate) fn unknown(section: &str, subject: &str, found: impl Into<String>) -> Self {
        Self::new(section, subject, Status::Unknown, found, None)
    }

    /// A line that fails; `otherwise` is the advice if the fault has none.
    pub(crate) fn fails_because(section: &str, subject: &str, why: &Fault, otherwise: &str) -> Self {
        Self::fails(section, subject, &*why.found, why.todo.as_deref().unwrap_or(otherwise))
    }

    fn new(section: &str, subject: &str, status: Status, found: impl Into<String>, todo: Option<String>) -> Self {
        Self { section: section.to_owned(), subject: subject.to_owned(), status, found: found.into(), todo }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(lines: Vec<Line>) -> Status {
        Preflight::new(None, Vec::new(), lines).status
    }

    #[test]
    fn the_worst_line_is_the_status_and_a_known_trouble_is_worse_than_an_unknown() {
        let works = || Line::works("s", "a", "");
        let less = || Line::less("s", "b", "", "do");
        let unknown = || Line::unknown("s", "c", "");
        assert_eq!(status(vec![works(), works()]), Status::Works);
        assert_eq!(status(vec![works(), unknown()]), Status::Unknown);
        assert_eq!(status(vec![unknown(), less()]), Status::Less);
        assert_eq!(status(vec![less(), Line::fails("s", "d", "", "do"), unknown()]), Status::Fails);
        assert_eq!(status(Vec::new()), Status::Unknown);
    }
}
