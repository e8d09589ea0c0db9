//! How far each row is behind: worked out once, and asked for by everything that is made of a snapshot.

use std::ops::Range;

use crate::snapshot::{Row, Snapshot};

/// What is left to read of every row; parallel to [`Snapshot::rows`].
#[derive(Debug, Default)]
pub struct Lags(Vec<Left>);

/// What is left to read of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// So many offsets; see [`Lag::unread`](crate::lag::Lag::unread).
    Offsets(u64),
    /// There is no commit to measure from.
    NoCommit,
    /// The commit or the log could not be read.
    Unread,
}

impl Left {
    /// Offsets still to read; `None` where they are not known.
    #[must_use]
    pub fn offsets(self) -> Option<u64> {
        if let Self::Offsets(offsets) = self { Some(offsets) } else { None }
    }
}

impl Lags {
    /// Measures every row.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        let left = |row: &Row| match snapshot.lag(row) {
            Ok(lag) => lag.unread().map_or(Left::NoCommit, Left::Offsets),
            Err(_) => Left::Unread,
        };
        Self(snapshot.rows.iter().map(left).collect())
    }

    /// What is left of a row.
    #[must_use]
    pub fn of(&self, row: usize) -> Left {
        self.0[row]
    }

    /// What is left of a run of rows.
    #[must_use]
    pub fn of_run(&self, rows: Range<usize>) -> &[Left] {
        &self.0[rows]
    }

    /// Whether every commit and log could be read.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        !self.0.contains(&Left::Unread)
    }
}
