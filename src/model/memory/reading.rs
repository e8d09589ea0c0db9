//! What is read of a partition, now and earlier.

use super::{Memory, Thresholds};
use crate::model::age::Bound;
use crate::model::lag::{self, Assigned, Committed, Lag, LogRange};

/// One partition in one snapshot, for one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When the log end was read, in milliseconds since the epoch.
    pub time_ms: i64,
    /// The next offset that the group reads.
    pub committed: Committed,
    /// The range of the log, read after the commit.
    pub log: LogRange,
    /// Whether this partition has a reader.
    pub assigned: Assigned,
    /// Whether the group has any.
    pub members: Members,
    /// Set if runs before this one could not read it.
    pub away: Option<Away>,
}

/// What an earlier run stored about one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When the log end was read, in milliseconds since the epoch.
    pub time_ms: i64,
    /// The next offset that the group would have read.
    pub committed: Committed,
    /// The high watermark.
    pub end: i64,
    /// The memory of that run.
    pub memory: Memory,
}

/// The time since the sample before a reading, in which no run could read the partition: most likely its group could
/// not either, so its silence proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// Whether the group was an error when it was last published.
    pub alarmed: bool,
}

/// The bounds of the age of the oldest unread record, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged {
    /// It is at least this old.
    pub at_least_ms: u64,
    /// It is at most this old, in a log in order; `None` if nothing bounds it.
    pub at_most_ms: Option<u64>,
}

impl Aged {
    /// The number to show, in milliseconds, and which bound it is.
    pub(crate) fn shown(&self) -> (u64, Option<Bound>) {
        match self.at_most_ms {
            Some(at_most_ms) => (at_most_ms, Bound::between(self.at_least_ms, at_most_ms)),
            None => (self.at_least_ms, Some(Bound::AtLeast)),
        }
    }
}

/// Whether a group has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Members {
    /// At least one.
    Present,
    /// The group was described, and has none.
    Absent,
    /// The group could not be described.
    Unknown,
}

impl Reading {
    /// What was read at one time; `committed` was read before `log`.
    #[must_use]
    pub fn new(time_ms: i64, committed: Committed, log: LogRange, assigned: Assigned, members: Members) -> Self {
        Self { time_ms, committed, log, assigned, members, away: None }
    }

    /// The same reading, the first one after such a time.
    #[must_use]
    pub fn after(self, away: Option<Away>) -> Self {
        Self { away, ..self }
    }

    /// The same reading with another commit and log end.
    pub(crate) fn moved_to(self, committed: Committed, end: i64) -> Self {
        Self::new(self.time_ms, committed, LogRange { end, ..self.log }, self.assigned, self.members).after(self.away)
    }

    /// The distance between the commit and the end of the log.
    ///
    /// It is faster to compute than to keep: there are many readings, and each is used once.
    #[inline]
    pub(crate) fn lag(&self) -> Lag {
        lag::lag(self.committed, self.log)
    }

    /// Offsets left to read; the whole log if nothing was ever committed.
    pub(crate) fn unread(&self) -> u64 {
        self.lag().unread().unwrap_or(self.log.len())
    }

    /// Whether `earlier` belongs to a log that was since recreated or truncated: the log end went backwards.
    pub(crate) fn is_another_log(&self, earlier: &Sample) -> bool {
        self.log.end < earlier.end
    }

    /// Whether no member of the group reads this partition while the group itself has members.
    pub(crate) fn is_unassigned(&self) -> bool {
        self.members == Members::Present && self.assigned == Assigned::No
    }

    /// Records that were deleted before they were read.
    pub(crate) fn lost(&self) -> u64 {
        if let Lag::Lost { lost, .. } = self.lag() { lost } else { 0 }
    }

    /// Whether the commit stands past the log end.
    pub(crate) fn is_past_end(&self) -> bool {
        matches!(self.lag(), Lag::PastEnd(_))
    }

    /// Whether nothing is left to read beyond the allowed lag.
    ///
    /// A group without a reader is not caught up just because retention deleted the rest.
    pub(crate) fn is_caught_up(&self, thresholds: &Thresholds) -> bool {
        let lost = self.lost() > 0 && self.assigned != Assigned::Yes;
        self.unread() <= thresholds.allowed_lag && !lost && !self.is_past_end()
    }

    pub(crate) fn has_no_reader(&self, thresholds: &Thresholds) -> bool {
        self.members == Members::Absent || (thresholds.unassigned_alarms && self.is_unassigned())
    }

    pub(crate) fn reference_lag(&self, earlier_ms: i64, earlier_end: i64) -> u64 {
        let Committed::At(offset) = self.committed else {
            return 0;
        };
        reference_lag(offset.max(self.log.start), (earlier_ms, earlier_end), (self.time_ms, self.log.end))
    }
}

impl Sample {
    pub(crate) fn was_caught_up(&self, thresholds: &Thresholds) -> bool {
        let Committed::At(offset) = self.committed else { return self.end == 0 };
        self.memory.is_at_rest()
            || u64::try_from(self.end - offset).is_ok_and(|unread| unread <= thresholds.allowed_lag)
    }
}

/// How far `offset` was behind the log end a moment before it was read, so that a commit on its way is no lag.
///
/// Both points are (time in milliseconds, log end); between them the log is assumed to grow steadily.
pub(crate) fn reference_lag(offset: i64, (from_ms, from_end): (i64, i64), (to_ms, to_end): (i64, i64)) -> u64 {
    let part = i128::from(to_ms.saturating_sub(from_ms).saturating_sub(REFERENCE_AGE_MS).max(0));
    let whole = i128::from(to_ms.saturating_sub(from_ms).max(1));
    let end = i128::from(from_end) + (i128::from(to_end) - i128::from(from_end)) * part / whole;
    u64::try_from(end - i128::from(offset)).unwrap_or(0)
}

/// The age of the log end that a commit is compared with, in milliseconds: time for a commit to arrive.
const REFERENCE_AGE_MS: i64 = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_held_against_the_log_end_of_half_a_minute_before() {
        assert_eq!(reference_lag(100, (0, 100), (60_000, 160)), 30);
        assert_eq!(reference_lag(130, (0, 100), (60_000, 160)), 0);
        assert_eq!(reference_lag(90, (0, 100), (120_000, 220)), 100);
        assert_eq!(reference_lag(90, (0, 100), (20_000, 160)), 10); // both snapshots are younger than that
    }
}
