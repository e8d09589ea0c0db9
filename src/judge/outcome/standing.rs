//! An alarm ends only when a run has read that it is over: what is known of a group beyond what this run could read.

use super::Judged;
use crate::base::moment::time_of_day;
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::verdict::{Finding, Verdict};
use crate::model::memory::{Memory, Thresholds};
use crate::model::snapshot::Group;

/// A status that was published earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastKnown {
    /// 2 WARN, 3 ERR; no other status stays.
    pub status: u8,
    /// The scheduled minute of the last run that could read the group, in seconds since 1970.
    pub at_s: i64,
    /// Whether the memory of the group was lost since: then only a commit, or a lag of 0, ends the status.
    pub recalled: bool,
}

/// Why a run cannot end a group's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Still {
    /// Not everything of the group could be read.
    Unread,
    /// Everything was read, and a partition with lag was not seen to move since its memory began.
    Unmoved,
}

impl LastKnown {
    /// The status as a verdict.
    pub(crate) fn verdict(self) -> Verdict {
        if self.status > Verdict::Warn.code() { Verdict::Err } else { Verdict::Warn }
    }
}

impl Judged {
    /// Why this run cannot end a worse status; `None` if it can.
    pub(crate) fn still(
        &self,
        at: usize,
        group: &Group,
        sight: Sight<'_>,
        memories: &Memories,
        thresholds: &Thresholds,
    ) -> Option<Still> {
        let verdict = self.groups[at].verdict;
        if group.is_missing() || verdict.code() >= Verdict::Err.code() && verdict != Verdict::Unknown {
            return None;
        }
        let unread = |row| sight.lags.of(row).is_unread() || memories.of(row).is_none();
        if verdict == Verdict::Unknown || group.incomplete().is_some() || group.range().any(unread) {
            return Some(Still::Unread);
        }
        let has_committed = || group.range().any(|row| memories.of(row).is_some_and(Memory::has_committed));
        let is_unmoved = |row: usize| {
            let (judgement, memory) = (&self.rows[row], memories.of(row));
            let lags = sight.lags.of(row).offsets().is_some_and(|lag| lag > thresholds.allowed_lag);
            let waived = judgement.findings.has(Finding::Unassigned) && !thresholds.unassigned_alarms;
            let seen = judgement.verdict == Verdict::Ok && judgement.supported;
            let moved = memory.is_some_and(Memory::supports_ok);
            let retired = judgement.findings.has(Finding::Abandoned) && has_committed();
            lags && !waived && !seen && !moved && !retired
        };
        group.range().any(is_unmoved).then_some(Still::Unmoved)
    }

    /// Keeps a status that this run did not see end. A group that could not be read at all stays UNKNOWN, and its last
    /// status is published; one that was read has that status again.
    pub(crate) fn keep(&mut self, at: usize, last: LastKnown) {
        let group = &mut self.groups[at];
        let known = last.verdict();
        if group.verdict == Verdict::Unknown {
            let (read, known) = (time_of_day(last.at_s), known.word());
            group.reason = format!("{}; not read since {read}, last known {known}", group.reason);
        } else if known.severity() > group.verdict.severity() {
            group.reason = format!("stays {} until a commit moves or the lag is gone: {}", known.word(), group.reason);
            group.verdict = known;
        }
        group.last_known = Some(last);
    }
}
