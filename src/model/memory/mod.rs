//! The small memory of one partition: folded from snapshot to snapshot, and carried from run to run in 33 bits.
//!
//! It holds exactly what is packed, so a run that continues from the store behaves as one that never stopped.

use crate::model::lag::{Assigned, Committed};

mod answers;
mod coarse;
mod habit;
mod packed;
mod reading;
mod rest;
mod warning;

pub(crate) use coarse::Coarse;
use coarse::periods_on_the_clock;
use habit::{AfterACommit, COMMITS_TO_KNOW};
pub(crate) use reading::reference_lag;
pub use reading::{Aged, Away, Members, Reading, Sample};
use rest::Rest;
pub(crate) use warning::{Shown, Warning};

/// Thresholds of lag, and what raises an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Offsets that a group may be behind and still count as caught up.
    ///
    /// 0 is Burrow's default. Markers of transactions need no allowance: what each commit leaves is learnt.
    pub allowed_lag: u64,
    /// Milliseconds from one snapshot to the next: a minute or more on a schedule, also less if one process takes
    /// several.
    pub period_ms: i64,
    /// Whether a partition that no member of a living group subscribes to counts as stopped.
    pub unassigned_alarms: bool,
    /// Whether a partition that is read but never committed counts as slow.
    pub uncommitted_alarms: bool,
    /// The maximum age of the oldest unread record; `None` if no objective is set.
    pub objective: Option<Objective>,
    /// The status of a group that has had no reader since the first snapshot.
    pub abandoned: Abandoned,
}

/// The maximum age of the oldest unread record, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Older than this is at least a warning; younger is never slow, stalled or stopped.
    pub(crate) warn_s: u64,
    /// Older than this is an error; `None` if age alone is never one.
    pub(crate) err_s: Option<u64>,
}

/// The status of a group that has had neither a member nor a commit since the first snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Abandoned {
    /// OK: it was retired, and its commits wait for their expiry.
    Ok,
    /// A warning, since it may have been forgotten.
    #[default]
    Warn,
    /// An error like any other group that stopped.
    Err,
}

impl Thresholds {
    /// The default configuration: a snapshot each minute, and no allowed lag.
    pub const DEFAULT: Self = Self {
        allowed_lag: 0,
        period_ms: 60_000,
        unassigned_alarms: false,
        uncommitted_alarms: false,
        objective: None,
        abandoned: Abandoned::Warn,
    };

    /// Whether snapshots come more often than each minute, so that rules which count them must check the clock too.
    pub(crate) fn is_close_up(&self) -> bool {
        self.period_ms < MINUTE_MS
    }
}

/// A minute in milliseconds.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// What is remembered of one partition; the counters are in periods and stop at their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; what excludes each other shares digits in packed.rs"
)]
pub struct Memory {
    /// Since the last inferred commit, or since it was last caught up, with or without a reader.
    silent: Coarse,
    /// The usual length of that silence in quarters of a period; below [`ONE_PERIOD`] the number of commits seen.
    gap: Coarse,
    /// How many commits in a row lagged the log end of their time (`reference_lag`). Reaches its limit only if the
    /// last one also lagged the log end of the previous snapshot; a group that keeps up never does.
    bad: u8,
    /// Whether it was found slow, or was recently; during a warning `bad` is at its limit.
    warning: Warning,
    /// Whether its commits leave the same rest each time; while they do `bad` is 0.
    rest: Rest,
    /// Quarters of an hour by the clock until a step backwards is forgotten.
    rewound: u8,
    /// Without a reader while there was something to read and nothing was committed.
    absent: u8,
    /// Whether the group ever had a member.
    members_seen: bool,
    /// Whether readers come and go: 0 no, 1 they did, 2 they did in the stretch of the clock that began last.
    habit: u8,
    /// The last known answer, while it counts.
    assigned: Assigned,
    /// Whether the group was an error before runs that could not read it, and neither committed nor caught up since:
    /// then the reader is not remembered.
    held: bool,
    /// For how long it was not known: while the group rebalances, or could not be described.
    unstable: u8,
    /// Snapshots so far, this one included.
    snapshots: u8,
    /// Whether a commit, or the group being caught up, was seen since the memory began.
    supported: bool,
    /// Whether the oldest unread record was older than its objective at this snapshot.
    late: bool,
    /// Snapshots left for which lost records are a warning; [`LOSS_REPORTED`] while the same commit is still below the
    /// log start.
    loss: u8,
}

impl Memory {
    /// Each packed memory is below this.
    pub const PACKED_LIMIT: u64 = 1 << 33;

    /// The memory after `reading`, given what the newest earlier run stored; `None` if there is none that fits.
    #[must_use]
    pub fn fold(previous: Option<&Sample>, reading: &Reading, thresholds: &Thresholds) -> Self {
        let no_reader = reading.has_no_reader(thresholds);
        let Some(previous) = previous.filter(|sample| !reading.is_another_log(sample)) else {
            return Self::first(reading, reading.is_caught_up(thresholds), no_reader);
        };
        let past = previous.memory;
        let period_ms = thresholds.period_ms;
        let rest = if past.warning.stands() { Rest::No } else { past.rest.after(previous, reading) };
        let caught_up = reading.is_caught_up(thresholds) || rest == Rest::Known;
        let passed = periods(previous.time_ms, reading.time_ms, period_ms);
        let snapshots = counted(past.snapshots, passed.min(1), SNAPSHOTS_LIMIT);
        // The first reading after such a time starts to count again: members may not have come back yet.
        let (from_ms, passed) = match reading.away {
            Some(_) => (reading.time_ms, 0),
            None => (previous.time_ms, passed),
        };
        let silence = if previous.was_caught_up(thresholds) {
            Coarse::floor(passed.min(1))
        } else {
            past.silent.age(passed, from_ms, reading.time_ms, period_ms).min(SILENCE_MAX)
        };
        let unstable =
            if reading.assigned == Assigned::Unknown { since_first(past.unstable, passed, UNSTABLE_LIMIT) } else { 0 };
        let assigned = match reading.assigned {
            Assigned::Unknown if past.assigned == Assigned::Yes && unstable <= ANSWER_STANDS && !no_reader => {
                Assigned::Yes
            }
            answer => answer,
        };
        let committed = reading.committed != Committed::Never && reading.committed != previous.committed;
        let alarmed = reading.away.is_some_and(|away| away.alarmed);
        let stood = past.silent.value() > 0 && !previous.was_caught_up(thresholds);
        let held = !committed && !caught_up && (past.held || alarmed && stood);
        let returns = (reading.members == Members::Present && !no_reader) || (committed && past.members_seen);
        let is_long = period_ms >= LONG_PERIOD_MS;
        let ends_absence = !held && past.absent >= if is_long { 1 } else { ABSENT_FOR_A_HABIT } && returns;
        let habit = past.habit_after(ends_absence, from_ms, reading, thresholds);
        let late = reading.reference_lag(previous.time_ms, previous.end) > thresholds.allowed_lag;
        let very_late = matches!(reading.committed, Committed::At(offset) if offset < previous.end);
        let warning = past.warning.age(from_ms, reading.time_ms, caught_up, period_ms);
        let bad = match (committed, late) {
            _ if warning.stands() => BAD_LIMIT,
            _ if rest != Rest::No => 0,
            (false, _) if reading.is_past_end() && reading.log.end > previous.end => BAD_LIMIT,
            (true, true) => counted(past.bad, 1, if very_late { BAD_LIMIT } else { BAD_LIMIT - 1 }),
            (true, false) => 0,
            (false, _) => past.bad,
        };
        let quarters = periods_on_the_clock(from_ms, reading.time_ms, QUARTER_HOUR_MS.max(period_ms));
        Self {
            silent: if committed || caught_up { Coarse::floor(0) } else { silence },
            gap: if (committed || ends_absence) && (snapshots > past.snapshots || snapshots == SNAPSHOTS_LIMIT) {
                let silence = past.silent.value() + passed.min(1);
                let was_left = reading.members == Members::Absent && past.members_seen;
                past.gap_after_a_commit(
                    AfterACommit { silence, ends_absence, comes_and_goes: habit > 0, was_left },
                    period_ms,
                )
            } else {
                past.gap
            },
            bad,
            warning: if rest == Rest::No { warning } else { Warning::NEVER },
            rest,
            rewound: match (previous.committed, reading.committed) {
                // A group past the end of a log that began again can only go back.
                (Committed::At(before), Committed::At(now)) if now < before && before <= previous.end => {
                    REWIND_REMEMBERED
                }
                _ => past.rewound.saturating_sub(u8::try_from(quarters).unwrap_or(u8::MAX)),
            },
            absent: match reading.members {
                _ if held => 0,
                // A reader that was present for a while of a long period and is gone may be a job.
                _ if committed && !caught_up && no_reader && assigned == Assigned::No && is_long => 1,
                _ if committed || caught_up => 0,
                _ if assigned == Assigned::Unknown && unstable > ANSWER_STANDS => 0,
                _ if assigned == Assigned::Yes => 0,
                _ if no_reader => since_first(past.absent, passed, ABSENT_LIMIT),
                Members::Unknown => past.absent,
                Members::Present | Members::Absent => 0,
            },
            members_seen: held || past.members_seen || reading.members == Members::Present || assigned == Assigned::Yes,
            habit,
            assigned: if held { Assigned::Unknown } else { assigned },
            held,
            unstable: if held { 0 } else { unstable },
            snapshots,
            supported: snapshots > 1
                && (past.supported || committed || caught_up || previous.was_caught_up(thresholds)),
            late: false,
            loss: match (reading.lost() > 0 && rest != Rest::Known, committed) {
                (true, true) => LOSS_REMEMBERED,
                (true, false) if past.loss == 0 => LOSS_REMEMBERED,
                (true, false) if past.loss == LOSS_REPORTED || u32::from(past.loss) <= passed => LOSS_REPORTED,
                (false, _) if past.loss == LOSS_REPORTED => 0,
                _ => past.loss.saturating_sub(u8::try_from(passed).unwrap_or(u8::MAX)),
            },
        }
    }

    fn first(reading: &Reading, caught_up: bool, no_reader: bool) -> Self {
        Self {
            silent: Coarse::floor(0),
            gap: Coarse::floor(0),
            bad: 0,
            warning: Warning::NEVER,
            rest: Rest::No,
            rewound: 0,
            absent: u8::from(!caught_up && no_reader && reading.assigned != Assigned::Yes),
            members_seen: reading.members == Members::Present || reading.assigned == Assigned::Yes,
            habit: 0,
            assigned: reading.assigned,
            held: false,
            unstable: 0,
            snapshots: 1,
            supported: false,
            late: false,
            // When it happened is not known, so it is not new.
            loss: if reading.lost() > 0 { LOSS_REPORTED } else { 0 },
        }
    }
}

/// Scheduled periods between two snapshots: rounded, since runs start seconds late, but none gets lost when snapshots
/// are closer.
fn periods(from_ms: i64, to_ms: i64, period_ms: i64) -> u32 {
    let passed = to_ms.saturating_sub(from_ms);
    let whole = if passed >= period_ms - passed {
        (passed + period_ms / 2) / period_ms
    } else {
        i64::from(periods_on_the_clock(from_ms, to_ms, period_ms))
    };
    u32::try_from(whole.max(0)).unwrap_or(u32::MAX)
}

fn counted(count: u8, more: u32, limit: u8) -> u8 {
    u8::try_from(u32::from(count).saturating_add(more)).map_or(limit, |count| count.min(limit))
}

/// The first snapshot that shows a condition counts as one, however long ago the previous one is.
fn since_first(count: u8, passed: u32, limit: u8) -> u8 {
    counted(count, if count == 0 { 1 } else { passed }, limit)
}

/// The longest silence that is counted, in periods: one and a half days of minutes.
const SILENCE_MAX: Coarse = Coarse::of_level(73);
/// With fewer snapshots there is no verdict.
const SNAPSHOTS_LIMIT: u8 = 3;
/// Periods without a reader after which it counts as lost.
const ABSENT_LIMIT: u8 = 3;
/// Absences of at least this many periods that end with a return mark the readers as a periodic job: the job's run may
/// hide in the snapshot next to a missing one.
const ABSENT_FOR_A_HABIT: u8 = 2;
/// From this period on, in milliseconds, one is enough: a job that runs in every second period is absent in every
/// second snapshot.
const LONG_PERIOD_MS: i64 = 15 * 60_000;
/// Periods for which the last known answer counts while a group rebalances.
const ANSWER_STANDS: u8 = 3;
/// Periods without a known reader that are counted.
const UNSTABLE_LIMIT: u8 = 10;
/// Late commits in a row after which the trend is checked, the last of them very late.
const BAD_LIMIT: u8 = 5;
/// Quarters of an hour for which a step backwards is remembered; the first one is seldom whole.
const REWIND_REMEMBERED: u8 = 5;
const QUARTER_HOUR_MS: i64 = 15 * 60_000;
/// Snapshots for which lost records are a warning, the first one with the loss included.
const LOSS_REMEMBERED: u8 = 10;
/// The loss was reported, and the same commit is still below the log start.
const LOSS_REPORTED: u8 = LOSS_REMEMBERED + 1;
/// A period in the unit of the gap.
const ONE_PERIOD: u32 = 4;

#[cfg(test)]
mod tests;
