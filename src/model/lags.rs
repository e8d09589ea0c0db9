//! The lag of each row, computed once for the verdicts, the ages and the totals of a snapshot.

use std::ops::Range;

use crate::model::lag::Lag;
use crate::model::snapshot::Snapshot;

/// The unread offsets of every row; parallel to [`Snapshot::rows`].
#[derive(Debug, Default)]
pub struct Lags {
    left: Vec<Left>,
    /// The rows that lost records, in order.
    lost: Vec<usize>,
}

/// The unread offsets of one row, in 8 bytes: there are as many as rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left(u64);

/// Larger than any lag, since offsets are below 2⁶³.
const NO_COMMIT: Left = Left(u64::MAX);
const UNREAD: Left = Left(u64::MAX - 1);

impl Left {
    /// Offsets still to read, see [`Lag::unread`](crate::model::lag::Lag::unread); `None` if there is no commit to
    /// measure from, or if it or the log could not be read.
    pub(crate) fn offsets(self) -> Option<u64> {
        (self.0 < UNREAD.0).then_some(self.0)
    }

    /// Whether the commit or the log could not be read.
    pub(crate) fn is_unread(self) -> bool {
        self == UNREAD
    }
}

impl Lags {
    /// Measures every row.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut lost = Vec::new();
        let left = (0..snapshot.rows.len()).map(|at| match snapshot.lag(at) {
            Ok(Lag::Offsets(offsets)) => Left(offsets),
            Ok(lag) => {
                if matches!(lag, Lag::Lost { .. }) {
                    lost.push(at);
                }
                lag.unread().map_or(NO_COMMIT, Left)
            }
            Err(_) => UNREAD,
        });
        Self { left: left.collect(), lost }
    }

    /// Those of these rows that lost records: retention passed their commits.
    pub(crate) fn lost_in(&self, rows: &Range<usize>) -> &[usize] {
        let place = |row| self.lost.partition_point(|lost| *lost < row);
        &self.lost[place(rows.start)..place(rows.end)]
    }

    /// The unread offsets of a row.
    pub(crate) fn of(&self, row: usize) -> Left {
        self.left[row]
    }

    /// The unread offsets of these rows.
    pub(crate) fn of_rows(&self, rows: Range<usize>) -> &[Left] {
        &self.left[rows]
    }

    /// Whether every commit and log could be read.
    pub(crate) fn are_whole(&self) -> bool {
        !self.left.contains(&UNREAD)
    }
}
