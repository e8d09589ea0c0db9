//! What flows: how fast records come and are read, and when those are deleted that nobody has read.

use crate::judge::input::Sight;
use crate::model::lag::{Committed, LogRange};
use crate::model::memory::Sample;
use crate::model::snapshot::{Group, Kind, Row, Snapshot};

/// How many records came to the partitions of a group, and how many it read, within some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub(crate) arrived: i64,
    /// Negative where the group was set back.
    pub(crate) read: i64,
    /// How many are left.
    pub(crate) left: i64,
    pub(crate) took_ms: i64,
}

impl Flow {
    /// Of the partitions of a group of which an earlier sample is known; no time has passed where there is none.
    pub(crate) fn of(
        snapshot: &Snapshot,
        group: &Group,
        time_ms: i64,
        earlier: impl Fn(usize, &Row) -> Option<Sample>,
    ) -> Self {
        let mut flow = Self::default();
        for at in group.range() {
            let row = &snapshot.rows[at];
            let (Ok(Committed::At(committed)), Ok(log)) = (&row.committed, snapshot.ahead(at)) else { continue };
            let before = earlier(at, row).filter(|sample| sample.end <= log.end);
            let Some(Sample { committed: Committed::At(before), end, time_ms: then_ms, .. }) = before else { continue };
            flow.arrived = flow.arrived.saturating_add(log.end - end);
            flow.read = flow.read.saturating_add(committed - before);
            flow.left = flow.left.saturating_add((log.end - (*committed).max(log.start)).max(0));
            flow.took_ms = flow.took_ms.max(time_ms - then_ms);
        }
        flow
    }

    /// Of a group since its newest earlier sample.
    pub(crate) fn since_before(sight: Sight<'_>, group: &Group) -> Self {
        if sight.before.0.is_err() {
            return Self::default();
        }
        let earlier = |at: usize, _: &Row| sight.before.of(at).ok().flatten().copied();
        Self::of(sight.snapshot, group, sight.time_ms, earlier)
    }
}

/// In how many seconds records of a row will be deleted that its group has not read; see [`seconds_ahead`].
pub(crate) fn loss_ahead_s(sight: Sight<'_>, group: &Group, at: usize, allowed_lag: u64) -> Option<u64> {
    let row = &sight.snapshot.rows[at];
    let Ok(Committed::At(committed)) = row.committed else { return None };
    // How far a share group has read is no offset.
    if group.kind == Kind::Share {
        return None;
    }
    let log = sight.snapshot.log(row).ok().filter(|log| log.start > 0)?;
    let before = sight.before.of(at).ok()??;
    let Committed::At(committed_before) = before.committed else { return None };
    let took_ms = sight.time_ms - before.time_ms;
    seconds_ahead((committed_before, before.end), (committed, log), took_ms, allowed_lag)
}

/// In how many seconds the log start reaches a commit, at the pace of the last run.
///
/// Retention deletes in jumps of whole segments, but on the whole the start of a log moves as fast as its end, once it moves at all: by size at
/// once, by age as soon as records have come at the same pace for that age. So what is between commit and log start is used up as fast
/// as records come, less what the group reads. `None` where nothing waits, nothing was ever deleted, or the group reads as fast as records
/// come.
fn seconds_ahead(
    (committed_before, end_before): (i64, i64),
    (committed, log): (i64, LogRange),
    took_ms: i64,
    allowed_lag: u64,
) -> Option<u64> {
    let unread = u64::try_from(log.end - committed.max(log.start)).ok()?;
    let (arrived, read) = (log.end - end_before, committed - committed_before);
    if unread <= allowed_lag || log.start <= 0 || took_ms <= 0 || arrived < 0 || read < 0 || arrived <= read {
        return None;
    }
    let (left, closing) = (i128::from((committed - log.start).max(0)), i128::from(arrived - read));
    u64::try_from(left * i128::from(took_ms) / closing / 1_000).ok()
}

/// What is further ahead than a day is no news.
pub(crate) const LOSS_SHOWN_S: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    /// A log from 1,000 to 2,000; a minute before it ended at 1,940.
    fn ahead(committed_before: i64, committed: i64) -> Option<u64> {
        let log = LogRange { start: 1_000, end: 2_000, last_stable: None };
        seconds_ahead((committed_before, 1_940), (committed, log), 60_000, 0)
    }

    #[test]
    fn who_stands_still_loses_records_when_the_log_start_has_come_so_far() {
        assert_eq!(ahead(1_500, 1_500), Some(500));
        assert_eq!(ahead(1_000, 1_000), Some(0));
        assert_eq!(ahead(900, 900), Some(0), "it loses some now");
    }

    #[test]
    fn who_reads_loses_later_and_who_reads_as_fast_as_records_come_loses_nothing() {
        assert_eq!(ahead(1_470, 1_500), Some(1_000));
        assert_eq!(ahead(1_440, 1_500), None);
        assert_eq!(ahead(1_400, 1_500), None);
    }

    #[test]
    fn nothing_is_ahead_where_nothing_is_known_or_nothing_waits() {
        let log = |start| LogRange { start, end: 2_000, last_stable: None };
        assert_eq!(ahead(2_000, 2_000), None);
        assert_eq!(ahead(1_600, 1_500), None, "it was set back");
        assert_eq!(seconds_ahead((500, 1_940), (500, log(0)), 60_000, 0), None, "nothing was ever deleted");
        assert_eq!(seconds_ahead((1_500, 2_000), (1_500, log(1_000)), 60_000, 0), None, "nothing came");
        assert_eq!(seconds_ahead((1_500, 2_100), (1_500, log(1_000)), 60_000, 0), None, "another log");
        assert_eq!(seconds_ahead((1_500, 1_940), (1_500, log(1_000)), 0, 0), None);
        assert_eq!(seconds_ahead((1_500, 1_940), (1_500, log(1_000)), 60_000, 500), None, "so much is allowed");
    }

    #[test]
    fn offsets_of_any_size_have_a_number_or_none() {
        let log = LogRange { start: 1, end: i64::MAX, last_stable: None };
        assert!(seconds_ahead((i64::MAX - 2, i64::MAX - 1), (i64::MAX - 2, log), i64::MAX, 0).is_none());
    }
}
