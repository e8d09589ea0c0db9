//! The stored history of one group, as mode history prints it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The stored history of one group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PastOfGroup<'a> {
    pub(crate) cluster: Cow<'a, str>,
    pub(crate) group: Cow<'a, str>,
    pub(crate) period_minutes: i64,
    pub(crate) problems: Vec<String>,
    pub(crate) partitions: Vec<PastOfPartition<'a>>,
}

/// One partition, newest snapshot first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PastOfPartition<'a> {
    pub(crate) topic: Cow<'a, str>,
    pub(crate) partition: i32,
    /// Why its past is not known.
    pub(crate) problem: Option<String>,
    pub(crate) looks: Vec<PastSnapshot>,
}

/// One snapshot of a partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PastSnapshot {
    /// When, RFC 3339.
    pub(crate) taken: String,
    pub(crate) committed: Option<i64>,
    pub(crate) log_end: i64,
    /// The memory at that time.
    pub(crate) memory: serde_json::Value,
}

impl PastOfGroup<'_> {
    /// Parses the output of mode history.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The same as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Names are UTF-8 and map keys are strings, so nothing here can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl PastSnapshot {
    /// `None` if nothing was committed.
    pub(crate) fn lag(&self) -> Option<u64> {
        Some(u64::try_from(self.log_end - self.committed?).unwrap_or(0))
    }
}
