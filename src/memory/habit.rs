//! What is usual for one partition: how long its silence lasts, and whether its readers come and go.

use super::coarse::{Coarse, periods_on_the_clock};
use super::{Look, Memory, ONE_PERIOD, Thresholds};

impl Memory {
    /// It jumps up to a longer silence at once, and comes down by an eighth of the difference a commit.
    ///
    /// A few short silences are no habit yet: a job's first run has them too. So the first known gap is not a short one. A commit that is first seen after
    /// missing snapshots is taken to have been made just after the last one, or each hole would lengthen the habit. Where
    /// readers come and go, only what ends an absence tells of the next one.
    pub(super) fn gap_after_a_commit(self, passed: u32, ends_absence: bool, comes_and_goes: bool) -> Coarse {
        let seen = self.gap.value();
        let silence = Coarse::floor(self.silent.value() + passed);
        let silence = Coarse::ceil((silence.value() * ONE_PERIOD).max(ONE_PERIOD));
        if ends_absence && (seen < ONE_PERIOD || !self.comes_and_goes()) {
            silence.max(self.gap)
        } else if seen + 1 < COMMITS_TO_KNOW {
            Coarse::floor(seen + 1)
        } else if seen < ONE_PERIOD {
            silence.max(Coarse::floor(FIRST_GAP))
        } else if silence >= self.gap {
            silence
        } else if comes_and_goes && !ends_absence {
            self.gap
        } else {
            Coarse::floor(seen - (seen - silence.value()).div_ceil(DECAY)).max(silence)
        }
    }

    /// An absence that ended makes a habit; two stretches of the clock without one, each some usual absences long, end it.
    pub(super) fn habit_after(self, ends_absence: bool, from_ms: i64, look: &Look, thresholds: &Thresholds) -> u8 {
        let stretch_ms = HABIT_GAPS * self.usual_gap_ms(thresholds).unwrap_or(thresholds.period_ms);
        let over = self.absent == 0 && periods_on_the_clock(from_ms, look.time_ms, stretch_ms) > 0;
        if ends_absence { FRESH } else { self.habit.saturating_sub(u8::from(over)) }
    }
}

/// An absence ended in the stretch of the clock that began last.
const FRESH: u8 = 2;
/// Usual absences in a stretch after which a habit may be over.
const HABIT_GAPS: i64 = 12;
/// Inferred commits from which on the usual gap is known.
const COMMITS_TO_KNOW: u32 = 3;
/// The least that the gap is taken for when it is first known, in quarters of a period.
pub(super) const FIRST_GAP: u32 = 3 * ONE_PERIOD;
/// The part of the difference by which the gap comes down.
const DECAY: u32 = 8;
