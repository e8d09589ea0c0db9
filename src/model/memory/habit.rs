//! What is usual for one partition: how long its silence lasts, and whether its readers come and go.

use super::coarse::{Coarse, periods_on_the_clock};
use super::{Memory, ONE_PERIOD, Reading, Thresholds};

/// A silence that a commit ended.
#[derive(Clone, Copy)]
pub(crate) struct AfterACommit {
    /// Its length in periods.
    pub(crate) silence: u32,
    /// Whether no reader was present during it.
    pub(crate) ends_absence: bool,
    /// Whether readers come and go.
    pub(crate) comes_and_goes: bool,
    /// Whether the member that made the commit is gone.
    pub(crate) was_left: bool,
}

impl Memory {
    /// The gap jumps to a longer silence at once, and comes down by an eighth of the difference per commit.
    ///
    /// A few short silences are no habit yet: a job's first run has them too. So the first known gap is not a short
    /// one, and what a member left behind when it went is not counted. A commit that is first seen after missing
    /// snapshots counts as made just after the last one, or each gap in the history would lengthen the habit. Where
    /// readers come and go, only what ends an absence is evidence for the next one, and an absence that began before
    /// the first snapshot only if what was seen of it is long.
    pub(crate) fn gap_after_a_commit(self, after: AfterACommit, period_ms: i64) -> Coarse {
        let AfterACommit { silence, ends_absence, comes_and_goes, was_left } = after;
        let seen = self.gap.value();
        let is_long = i64::from(silence) * period_ms >= FIRST_ABSENCE_MS;
        // One outage is no habit of outages: an absence of more than some hours counts if an equally long one came
        // before.
        let most = if ends_absence && seen >= LONG_GAP { u32::MAX } else { LONG_GAP };
        let silence = Coarse::ceil((Coarse::floor(silence).value() * ONE_PERIOD).clamp(ONE_PERIOD, most));
        match seen {
            _ if ends_absence && !self.supported && !is_long => self.gap,
            _ if ends_absence && (seen < ONE_PERIOD || !self.comes_and_goes()) => silence.max(self.gap),
            0..ONE_PERIOD if was_left => self.gap,
            0..ONE_PERIOD if seen + 1 < u32::from(COMMITS_TO_KNOW) => Coarse::floor(seen + 1),
            0..ONE_PERIOD if comes_and_goes => self.gap,
            0..ONE_PERIOD => silence.max(Coarse::floor(FIRST_GAP)),
            _ if silence >= self.gap => silence,
            _ if comes_and_goes && !ends_absence => self.gap,
            _ => Coarse::floor(seen - (seen - silence.value()).div_ceil(DECAY)).max(silence),
        }
    }

    /// An absence that ended makes a habit; two stretches of the clock without one, each as long as some usual
    /// absences, end it.
    pub(crate) fn habit_after(
        self,
        ends_absence: bool,
        from_ms: i64,
        reading: &Reading,
        thresholds: &Thresholds,
    ) -> u8 {
        let stretch_ms = HABIT_GAPS * self.usual_gap_ms(thresholds).unwrap_or(thresholds.period_ms);
        let over = self.absent == 0 && periods_on_the_clock(from_ms, reading.time_ms, stretch_ms) > 0;
        if ends_absence {
            if self.absent == 1 { 1.max(self.habit) } else { FRESH }
        } else {
            self.habit.saturating_sub(u8::from(over))
        }
    }
}

/// An absence ended in the stretch of the clock that began last.
const FRESH: u8 = 2;
/// An absence that began before the first snapshot counts as evidence from this length on.
const FIRST_ABSENCE_MS: i64 = 30 * 60_000;
/// Usual absences in a stretch after which a habit may be over.
const HABIT_GAPS: i64 = 12;
/// Inferred commits from which on the usual gap is known.
pub(crate) const COMMITS_TO_KNOW: u8 = 3;
/// The minimum of the gap when it is first known, in quarters of a period.
pub(crate) const FIRST_GAP: u32 = 3 * ONE_PERIOD;
/// The longest gap that a single silence makes, in quarters of a period: 240 periods.
const LONG_GAP: u32 = 240 * ONE_PERIOD;
/// The part of the difference by which the gap comes down.
const DECAY: u32 = 8;
