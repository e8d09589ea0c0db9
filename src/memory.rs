//! The small memory of one partition: folded from snapshot to snapshot, and carried from run to run in 33 bits at most.
//!
//! It holds exactly what is packed, so a run that continues from the store behaves as one that never stopped.

use crate::lag::{Assigned, Committed};

mod coarse;
mod look;

use coarse::{Coarse, periods_on_the_clock};
pub(crate) use look::reference_lag;
pub use look::{Look, Members, Sample};

/// What counts as late, and what raises an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Offsets a group may be behind and still count as caught up.
    ///
    /// 0 is Burrow's default; 1 suits topics written with transactions, whose commit markers occupy offsets (KIP-98).
    pub allowed_lag: u64,
    /// Milliseconds from one scheduled run to the next, at least a minute.
    pub period_ms: i64,
    /// Whether a partition that nobody in a living group subscribes to counts as stopped.
    pub unassigned_alarms: bool,
    /// Whether a partition that is read but never committed counts as slow.
    pub uncommitted_alarms: bool,
    /// How old the oldest unread record may be; `None` where no objective is set.
    pub objective: Option<Objective>,
    /// What a group comes to that nobody has read with since the first look.
    pub abandoned: Abandoned,
}

/// How old the oldest unread record may be, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Older than this is at least a warning; younger is never slow, stalled or stopped.
    pub warn_s: u64,
    /// Older than this is an error; `None` where age alone is never one.
    pub err_s: Option<u64>,
}

/// What a group comes to that has neither had a member nor committed since the first look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Abandoned {
    /// Nothing: it was retired, and its commits wait for their expiry.
    Ok,
    /// A warning, since nobody may know of it any more.
    #[default]
    Warn,
    /// An error like any other group that stopped.
    Err,
}

impl Thresholds {
    /// What applies where nothing is configured: a look each minute, and no record of lag allowed.
    pub const DEFAULT: Self = Self {
        allowed_lag: 0,
        period_ms: 60_000,
        unassigned_alarms: false,
        uncommitted_alarms: false,
        objective: None,
        abandoned: Abandoned::Warn,
    };
}

/// What is remembered of one partition; the counters are in periods and stop at their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Since the last inferred commit, or since it was last caught up with a reader that had nothing to commit.
    silent: Coarse,
    /// The usual length of that silence in quarters of a period; below [`ONE_PERIOD`] the number of commits seen.
    gap: Coarse,
    /// Since it was last caught up.
    behind: u8,
    /// Inferred commits in a row that were behind the log of their time (`reference_lag`); at its limit only while the last one was even
    /// behind the log of the look before, which no group does that keeps up.
    bad: u8,
    /// Inferred commits left until a step backwards is forgotten.
    rewound: u8,
    /// Without a reader while there was something to read and nothing was committed.
    absent: u8,
    /// Whether the group ever had a member.
    members_seen: bool,
    /// The last known answer, while it stands.
    assigned: Assigned,
    /// Age of that answer.
    assigned_age: u8,
    /// Looks so far, this one included.
    snapshots: u8,
}

impl Memory {
    /// Each packed memory is below this.
    pub const PACKED_LIMIT: u64 = 1 << 33;

    /// The memory after `look`, given what the newest earlier run left; `None` where there is none that fits.
    #[must_use]
    pub fn fold(previous: Option<&Sample>, look: &Look, thresholds: &Thresholds) -> Self {
        let behind = look.unread() > thresholds.allowed_lag;
        let no_reader = look.has_no_reader(thresholds);
        let Some(previous) = previous.filter(|sample| !look.is_another_log(sample)) else {
            return Self::first(look, behind, no_reader);
        };
        let past = previous.memory;
        let passed = periods(previous.time_ms, look.time_ms, thresholds.period_ms);
        let silence = past.silent.age(passed, previous.time_ms, look.time_ms, thresholds.period_ms);
        let (assigned, assigned_age) = match look.assigned {
            Assigned::Unknown if u32::from(past.assigned_age).saturating_add(passed) <= u32::from(ANSWER_STANDS) => {
                (past.assigned, counted(past.assigned_age, passed, ANSWER_STANDS))
            }
            answer => (answer, 0),
        };
        let committed = look.committed != Committed::Never && look.committed != previous.committed;
        let late = look.reference_lag(previous.time_ms, previous.end) > thresholds.allowed_lag;
        let very_late = matches!(look.committed, Committed::At(offset) if offset < previous.end);
        Self {
            silent: if committed || (!behind && assigned == Assigned::Yes) { Coarse::floor(0) } else { silence },
            gap: if committed { past.gap_after_a_commit(passed.min(1)) } else { past.gap },
            behind: if behind { since_first(past.behind, passed, BEHIND_LIMIT) } else { 0 },
            bad: match (committed, late) {
                (true, true) => counted(past.bad, 1, if very_late { BAD_LIMIT } else { BAD_LIMIT - 1 }),
                (true, false) => 0,
                (false, _) => past.bad,
            },
            rewound: match (previous.committed, look.committed) {
                (Committed::At(before), Committed::At(now)) if now < before => REWIND_REMEMBERED,
                _ => past.rewound.saturating_sub(u8::from(committed)),
            },
            absent: match look.members {
                _ if committed || !behind => 0,
                _ if no_reader => since_first(past.absent, passed, ABSENT_LIMIT),
                Members::Unknown => past.absent,
                Members::Present | Members::Absent => 0,
            },
            members_seen: past.members_seen || look.members == Members::Present,
            assigned,
            assigned_age: if assigned == Assigned::Unknown { 0 } else { assigned_age },
            snapshots: counted(past.snapshots, passed.min(1), SNAPSHOTS_LIMIT),
        }
    }

    fn first(look: &Look, behind: bool, no_reader: bool) -> Self {
        Self {
            silent: Coarse::floor(0),
            gap: Coarse::floor(0),
            behind: u8::from(behind),
            bad: 0,
            rewound: 0,
            absent: u8::from(behind && no_reader),
            members_seen: look.members == Members::Present,
            assigned: look.assigned,
            assigned_age: 0,
            snapshots: 1,
        }
    }

    /// It jumps up to a longer silence at once, and comes down by an eighth of the difference a commit.
    ///
    /// Two short silences are no habit yet, so the first known gap is not a short one. A commit that is first seen after
    /// missing snapshots is taken to have been made just after the last one, or each hole would lengthen the habit.
    fn gap_after_a_commit(self, passed: u32) -> Coarse {
        let seen = self.gap.value();
        let silence = Coarse::floor(self.silent.value() + passed);
        let silence = Coarse::ceil((silence.value() * ONE_PERIOD).max(ONE_PERIOD));
        if seen + 1 < COMMITS_TO_KNOW {
            Coarse::floor(seen + 1)
        } else if seen < ONE_PERIOD {
            silence.max(Coarse::floor(FIRST_GAP))
        } else if silence >= self.gap {
            silence
        } else {
            Coarse::floor(seen - (seen - silence.value()).div_ceil(DECAY)).max(silence)
        }
    }

    /// Whether the window of earlier samples must be read before a verdict.
    #[must_use]
    pub fn is_suspicious(self) -> bool {
        self.rewound > 0 || self.may_be_slow()
    }

    /// Whether enough commits in a row were late to ask for a trend.
    #[must_use]
    pub fn may_be_slow(self) -> bool {
        self.bad >= BAD_LIMIT
    }

    /// Milliseconds since the last inferred commit, or since a reader last had nothing to commit; within an eighth.
    #[must_use]
    pub fn silent_ms(self, thresholds: &Thresholds) -> i64 {
        i64::from(self.silent.value()) * thresholds.period_ms
    }

    /// Whether the silence is as long as can be counted, and may be longer.
    #[must_use]
    pub fn silence_is_at_its_limit(self) -> bool {
        self.silent == Coarse::MAX
    }

    /// Milliseconds that such a silence usually lasts; `None` below two inferred commits.
    #[must_use]
    pub fn usual_gap_ms(self, thresholds: &Thresholds) -> Option<i64> {
        let quarters = self.gap.value();
        (quarters >= ONE_PERIOD).then(|| i64::from(quarters) * thresholds.period_ms / i64::from(ONE_PERIOD))
    }

    /// Milliseconds since the partition was last seen caught up, up to a few periods.
    #[must_use]
    pub fn behind_ms(self, thresholds: &Thresholds) -> i64 {
        i64::from(self.behind) * thresholds.period_ms
    }

    /// Whether the reader that was once there has been missing long enough to say so.
    #[must_use]
    pub fn has_lost_its_reader(self) -> bool {
        self.members_seen && self.absent >= ABSENT_LIMIT
    }

    /// Whether the partition has a reader, by the last known answer while that stands.
    #[must_use]
    pub fn assigned(self) -> Assigned {
        self.assigned
    }

    /// Snapshots that are still missing before there is a verdict; 0 when there can be one.
    #[must_use]
    pub fn snapshots_missing(self) -> u8 {
        SNAPSHOTS_LIMIT - self.snapshots
    }

    /// The share of the snapshots that a verdict needs which are there, up to 1.
    #[must_use]
    pub fn complete(self) -> f32 {
        f32::from(self.snapshots) / f32::from(SNAPSHOTS_LIMIT)
    }

    /// The memory as one number below [`Memory::PACKED_LIMIT`].
    #[must_use]
    pub fn pack(self) -> u64 {
        let assigned = match self.assigned {
            Assigned::Unknown => 0,
            Assigned::No => 1,
            Assigned::Yes => 2,
        };
        let digits = [
            self.silent.level(),
            self.gap.level(),
            self.behind,
            self.bad,
            self.rewound,
            self.absent,
            u8::from(self.members_seen),
            assigned,
            self.assigned_age,
            self.snapshots - 1,
        ];
        digits.iter().zip(RADICES).rev().fold(0, |packed, (digit, radix)| packed * radix + u64::from(*digit))
    }

    /// The memory behind a number from the store; `None` where the number is too great for one.
    #[must_use]
    pub fn unpack(mut packed: u64) -> Option<Self> {
        let mut digits = [0; RADICES.len()];
        for (digit, radix) in digits.iter_mut().zip(RADICES) {
            *digit = u8::try_from(packed % radix).ok()?;
            packed /= radix;
        }
        let [silent, gap, behind, bad, rewound, absent, members_seen, assigned, assigned_age, snapshots] = digits;
        let assigned = match assigned {
            0 => Assigned::Unknown,
            1 => Assigned::No,
            _ => Assigned::Yes,
        };
        (packed == 0).then_some(Self {
            silent: Coarse::of_level(silent),
            gap: Coarse::of_level(gap),
            behind,
            bad,
            rewound,
            absent,
            members_seen: members_seen == 1,
            assigned,
            assigned_age,
            snapshots: snapshots + 1,
        })
    }
}

/// Scheduled periods between two looks: rounded, since runs start seconds late, but none gets lost when looks are closer.
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

/// The first look that shows a condition counts as one, however long nobody looked before it.
fn since_first(count: u8, passed: u32, limit: u8) -> u8 {
    counted(count, if count == 0 { 1 } else { passed }, limit)
}

/// Snapshots below which nothing is said.
const SNAPSHOTS_LIMIT: u8 = 3;
/// Periods without a reader after which it counts as lost.
const ABSENT_LIMIT: u8 = 3;
/// Periods that the last known answer stands for while a group rebalances.
const ANSWER_STANDS: u8 = 3;
/// One more than the rules ask for.
const BEHIND_LIMIT: u8 = 4;
/// Late commits in a row after which a trend is asked for, the last of them very late.
const BAD_LIMIT: u8 = 5;
/// Commits for which a step backwards is remembered: Burrow's ten intervals.
const REWIND_REMEMBERED: u8 = 10;
/// Inferred commits from which on the usual gap is known.
const COMMITS_TO_KNOW: u32 = 2;
/// The least that the gap is taken for when it is first known, in quarters of a period.
const FIRST_GAP: u32 = 3 * ONE_PERIOD;
/// The part of the difference by which the gap comes down.
const DECAY: u32 = 8;
/// A period in the unit of the gap.
const ONE_PERIOD: u32 = 4;
/// How many values each field has, in the order of [`Memory::pack`].
const RADICES: [u64; 10] = [64, 64, 5, 6, 11, 4, 2, 3, 4, 3];

#[cfg(test)]
mod tests;
