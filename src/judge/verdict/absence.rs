//! Members that left, and how long a silence is normal.

use super::Thresholds;
use super::rules::{PATIENCE_PERIODS, Seen};
use crate::model::lag::{Assigned, Committed};
use crate::model::memory::{Abandoned, MINUTE_MS, Members, Memory, Reading};

impl Seen<'_> {
    /// Whether the group had members, has none, and they are overdue by what is usual.
    pub(crate) fn has_lost_its_reader(&self) -> bool {
        let Self { memory, thresholds, .. } = *self;
        let silent_ms = memory.silent_ms(thresholds);
        let overdue = match memory.usual_gap_ms(thresholds) {
            Some(gap_ms) if memory.comes_and_goes() => silent_ms * 2 > gap_ms * 3,
            Some(_) => true,
            None => silent_ms > PATIENCE_AT_FIRST_MS,
        };
        memory.has_lost_its_reader() && overdue && silent_ms >= of_minutes(ABSENT_MINUTES, thresholds)
    }

    /// The age in seconds of the oldest unread record of a group without members, if that alone is proof.
    ///
    /// A record may be stamped with when it was made, or by a slow clock: none waits longer than it exists.
    pub(crate) fn was_left_s(&self) -> Option<u64> {
        let Self { reading, memory, thresholds, .. } = *self;
        let gap_ms = memory.usual_gap_ms(thresholds).filter(|_| !memory.comes_and_goes() && memory.had_members())?;
        // A gap is known only to some periods: only a longer one shows how rarely it commits.
        let seldom_ms = if gap_ms > PATIENCE_PERIODS * thresholds.period_ms { gap_ms } else { 0 };
        // Records that arrived while no run could read are old too.
        let age_ms = self.waited_ms().filter(|_| reading.away.is_none())?;
        let old = age_ms > u64::try_from(seldom_ms.max(LEFT_MS)).unwrap_or(u64::MAX);
        (reading.members == Members::Absent && old).then_some(age_ms / 1_000)
    }

    /// How long the oldest unread record has waited at least: by its time stamp, and by what the snapshots show of the
    /// time since the last commit. `None` if its time stamp is known not to be its arrival.
    fn waited_ms(&self) -> Option<u64> {
        let Self { reading, memory, thresholds, previous, .. } = *self;
        let previous = previous?;
        let passed_ms = u64::try_from(reading.time_ms - previous.time_ms).unwrap_or(0);
        let silent_ms = u64::try_from(memory.silent_ms(thresholds) + thresholds.period_ms).unwrap_or(0);
        let stamped_ms = self.age?.at_least_ms;
        let arrived_since = matches!(reading.committed, Committed::At(offset) if offset >= previous.end);
        (!arrived_since || stamped_ms <= passed_ms).then(|| stamped_ms.min(silent_ms))
    }

    /// Whether a member that commits in every period has committed nothing for two, and the oldest record waits longer
    /// than that explains.
    pub(crate) fn is_stuck_by_age(&self) -> bool {
        let Self { reading, memory, thresholds, previous, .. } = *self;
        let period_ms = thresholds.period_ms;
        let each_period = memory.usual_gap_ms(thresholds).is_some_and(|gap_ms| gap_ms <= period_ms);
        let was_there =
            previous.is_some_and(|sample| matches!(reading.committed, Committed::At(offset) if offset < sample.end));
        let needed_ms = u64::try_from(STUCK_MS.max(2 * period_ms)).unwrap_or(u64::MAX);
        memory.assigned() == Assigned::Yes
            && each_period
            && !memory.comes_and_goes()
            && was_there
            && memory.silent_ms(thresholds) >= 2 * period_ms
            && self.waited_ms().is_some_and(|waited_ms| waited_ms > needed_ms)
    }

    /// Whether the oldest unread record has waited since long before the first snapshot, and the commit has not moved since.
    pub(crate) fn was_stuck_before(&self) -> bool {
        let Self { reading, memory, thresholds, previous, .. } = *self;
        let silent = memory.silent_ms(thresholds) >= STUCK_PERIODS * thresholds.period_ms;
        let grows = previous.is_some_and(|sample| reading.log.end > sample.end);
        let by_rate = || {
            let sample = previous?;
            let (arrived, took_ms) = (reading.log.end - sample.end, reading.time_ms - sample.time_ms);
            let unread = i128::from(reading.unread());
            u64::try_from((arrived >= RECORDS_FOR_A_RATE).then(|| unread * i128::from(took_ms) / i128::from(arrived))?)
                .ok()
        };
        let waited_ms = self.age.map_or_else(by_rate, |age| Some(age.at_least_ms));
        let long = waited_ms.is_some_and(|ms| ms > u64::try_from(PATIENCE_AT_FIRST_MS).unwrap_or(u64::MAX));
        !memory.supports_ok() && memory.assigned() == Assigned::Yes && silent && grows && long
    }

    /// How long a silence is normal, in milliseconds: several usual gaps, or a fixed time if no gap is known yet.
    pub(crate) fn patience_ms(&self) -> i64 {
        let Self { memory, thresholds, .. } = *self;
        let shortest = (PATIENCE_PERIODS * thresholds.period_ms).max(of_minutes(PATIENCE_PERIODS, thresholds));
        match memory.usual_gap_ms(thresholds) {
            Some(gap_ms) if memory.comes_and_goes() => shortest.max(gap_ms * 3 / 2),
            Some(gap_ms) => shortest.max(PATIENCE_GAPS * (gap_ms - thresholds.period_ms)),
            None if is_untouched(self.reading, memory) => abandoned_ms(thresholds),
            None => shortest.max(PATIENCE_AT_FIRST_MS),
        }
    }
}

/// This many minutes in milliseconds if snapshots come more often than each minute, else 0: counted periods would be
/// too short.
fn of_minutes(minutes: i64, thresholds: &Thresholds) -> i64 {
    if thresholds.is_close_up() { minutes * MINUTE_MS } else { 0 }
}

/// Whether nobody has read or committed since the first snapshot, for longer than a first patience.
pub(crate) fn is_abandoned(reading: &Reading, memory: Memory, thresholds: &Thresholds) -> bool {
    let long = memory.silent_ms(thresholds) > abandoned_ms(thresholds);
    long && is_untouched(reading, memory) && reading.committed != Committed::Never && !reading.is_caught_up(thresholds)
}

/// Whether nobody has read or committed since the first snapshot.
fn is_untouched(reading: &Reading, memory: Memory) -> bool {
    !memory.had_members() && !memory.supports_ok() && reading.members == Members::Absent
}

/// How long such a group is waited for, in milliseconds: an expected group is not assumed to be an hourly job.
fn abandoned_ms(thresholds: &Thresholds) -> i64 {
    let patience_ms = if thresholds.abandoned == Abandoned::Err { PATIENCE_AT_FIRST_MS } else { ABANDONED_MS };
    patience_ms.max(PATIENCE_PERIODS * thresholds.period_ms)
}

/// Whether there are members, records wait, no member had a settled assignment for ten minutes, and it shows: in a
/// cooperative rebalance (KIP-429, KIP-848) members keep reading.
pub(crate) fn is_unstable(reading: &Reading, memory: Memory, thresholds: &Thresholds) -> bool {
    let unstable_ms = memory.unstable_ms(thresholds);
    let long = unstable_ms >= UNSTABLE_MS && unstable_ms > thresholds.period_ms;
    let has_members = reading.members == Members::Present && reading.assigned == Assigned::Unknown;
    let reads_on = memory.silent_ms(thresholds) < 2 * thresholds.period_ms && !memory.may_be_slow();
    long && !reads_on && has_members && reading.committed != Committed::Never && !reading.is_caught_up(thresholds)
}

/// Minutes without a reader after which it counts as lost, however close the snapshots are.
const ABSENT_MINUTES: i64 = 3;
/// Usual gaps of silence that are normal.
const PATIENCE_GAPS: i64 = 4;
/// Milliseconds of silence that are no news while the usual gap is not known.
const PATIENCE_AT_FIRST_MS: i64 = 30 * 60_000;
/// Milliseconds after which a group is abandoned that nobody expects: a job that runs by the hour has been seen by then.
const ABANDONED_MS: i64 = 65 * 60_000;
/// How old the oldest unread record is, in milliseconds, when a group without its members has stopped.
const LEFT_MS: i64 = 3 * 60_000;
/// Periods without a commit after which a record that waited for long before them is evidence.
const STUCK_PERIODS: i64 = 10;
/// How old the oldest record is, in milliseconds, before a member counts as stuck after two silent periods.
const STUCK_MS: i64 = 10 * 60_000;
/// Records between two snapshots below which they give no rate.
const RECORDS_FOR_A_RATE: i64 = 30;
/// Milliseconds of rebalancing after which it is no rebalance any more.
const UNSTABLE_MS: i64 = 10 * 60_000;
