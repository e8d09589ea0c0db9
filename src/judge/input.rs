//! One snapshot beside the stored ones before it: the input of every judgement.

use std::collections::BTreeMap;

use crate::model::lags::Lags;
use crate::model::memory::{Away, Sample, Thresholds};
use crate::model::snapshot::Snapshot;
use crate::model::unknown::{Known, Unknown};

/// Every row of one snapshot and its past, in columns.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Groups, rows and logs.
    pub snapshot: &'a Snapshot,
    /// The lag of each row.
    pub lags: &'a Lags,
    /// The stored past of each row.
    pub before: &'a Before,
    /// Thresholds of lag; parallel to [`Snapshot::groups`].
    pub thresholds: &'a [Thresholds],
    /// When the logs had been read, in milliseconds since 1970.
    pub time_ms: i64,
}

/// The stored past of a row: its newest earlier sample, `None` if there is none.
pub(crate) type Previous = Known<Option<Sample>>;

/// The stored past of each row, or why nothing is known of any; and those rows that runs since their samples could not
/// read.
#[derive(Debug)]
pub struct Before(pub Known<Vec<Previous>>, pub BTreeMap<usize, Away>);

impl Before {
    /// A row's newest earlier sample.
    pub(crate) fn of(&self, row: usize) -> Result<Option<&Sample>, &Unknown> {
        Ok(self.0.as_ref()?[row].as_ref()?.as_ref())
    }

    /// Set if runs between a row's sample and this one could not read it.
    pub(crate) fn away(&self, row: usize) -> Option<Away> {
        self.1.get(&row).copied()
    }
}
