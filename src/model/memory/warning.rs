//! A warning that a group falls behind: when it begins, and when it is over.
//!
//! The first one ends as soon as a snapshot shows that it is over. A group that falls behind again soon afterwards
//! alternates: its next warning lasts until nothing was wrong for a while, or each swing would open and close an
//! alarm.

use super::coarse::periods_on_the_clock;
use super::{Memory, QUARTER_HOUR_MS, Thresholds};

/// Whether a partition was found slow, and what is remembered of the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Warning {
    /// It is not slow; a warning ended this many stretches of the clock ago, counted down from [`Warning::LATELY`].
    None(u8),
    /// It was found slow, and neither caught up nor clearly gained ground since.
    Stands,
    /// The same, soon after the last time; for this many stretches of the clock it has seemed to be over.
    Again(u8),
}

/// What a window shows of a group.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub(crate) struct Shown {
    /// It falls behind.
    pub(crate) slow: bool,
    /// Its last commit is older than any before it.
    pub(crate) worse_than_before: bool,
    /// Its last commit was on time.
    pub(crate) on_time: bool,
    /// It clearly gains ground, or at least loses none.
    pub(crate) gains: bool,
}

impl Warning {
    /// No warning, and none recently.
    pub(crate) const NEVER: Self = Self::None(0);
    /// Stretches of the clock for which the end of a warning is remembered.
    pub(crate) const LATELY: u8 = 2;
    /// Stretches of the clock without trouble that end a warning that came again.
    pub(crate) const CALM: u8 = 2;

    /// Whether it is active.
    pub(crate) fn stands(self) -> bool {
        !matches!(self, Self::None(_))
    }

    /// As time passes from one snapshot to the next.
    pub(crate) fn age(self, from_ms: i64, to_ms: i64, caught_up: bool, period_ms: i64) -> Self {
        let stretches = periods_on_the_clock(from_ms, to_ms, REMEMBERED_MS.max(10 * period_ms));
        match self {
            Self::None(lately) => Self::None(lately.saturating_sub(u8::try_from(stretches).unwrap_or(u8::MAX))),
            Self::Stands | Self::Again(_) if caught_up => Self::None(Self::LATELY),
            standing => standing,
        }
    }

    /// After a verdict on what the window shows.
    pub(crate) fn after(self, shown: Shown, stretch_began: bool) -> Self {
        let Shown { slow, worse_than_before, on_time, gains } = shown;
        match self {
            Self::None(0) if slow => Self::Stands,
            Self::None(_) if slow && worse_than_before => Self::Again(0),
            Self::Stands | Self::Again(_) if on_time => Self::None(Self::LATELY),
            Self::Stands if gains => Self::None(Self::LATELY),
            Self::Again(_) if !gains => Self::Again(0),
            Self::Again(0) => Self::Again(1),
            Self::Again(calm) if stretch_began && calm >= Self::CALM => Self::None(Self::LATELY),
            Self::Again(calm) => Self::Again(calm + u8::from(stretch_began)),
            same => same,
        }
    }
}

impl Memory {
    /// What is remembered of a warning.
    pub(crate) fn warning(self) -> Warning {
        self.warning
    }

    /// The warning after a verdict, see [`Warning::after`]; `passed` is from the time of the last snapshot to that of this one.
    pub(crate) fn warning_after(self, shown: Shown, passed: (i64, i64), thresholds: &Thresholds) -> Warning {
        let stretches = periods_on_the_clock(passed.0, passed.1, QUARTER_HOUR_MS.max(thresholds.period_ms));
        self.warning.after(shown, stretches > 0)
    }

    /// Remembers what the verdict found.
    pub(crate) fn learn(&mut self, warning: Warning, late: bool) {
        self.bad = match (self.warning.stands(), warning.stands()) {
            (_, true) => super::BAD_LIMIT,
            (true, false) => 0,
            (false, false) => self.bad,
        };
        self.warning = warning;
        self.late = late;
    }
}

/// A stretch of the clock for which the end of a warning is remembered, in milliseconds.
const REMEMBERED_MS: i64 = 6 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Shown = Shown { slow: true, worse_than_before: true, on_time: false, gains: false };
    const GAINS: Shown = Shown { slow: false, worse_than_before: false, on_time: false, gains: true };
    const ON_TIME: Shown = Shown { on_time: true, ..GAINS };

    #[test]
    fn the_first_warning_ends_at_once() {
        assert_eq!(Warning::NEVER.after(SLOW, false), Warning::Stands);
        for end in [GAINS, ON_TIME] {
            assert_eq!(Warning::Stands.after(end, false), Warning::None(Warning::LATELY));
        }
        assert_eq!(Warning::Stands.after(Shown::default(), true), Warning::Stands);
    }

    #[test]
    fn a_warning_that_comes_again_needs_more_than_before_and_stands_until_it_was_calm_for_a_while() {
        let lately = Warning::None(1);
        assert_eq!(lately.after(Shown { worse_than_before: false, ..SLOW }, false), lately);
        let again = lately.after(SLOW, false);
        assert_eq!(again.after(ON_TIME, false), Warning::None(Warning::LATELY));
        let calm = again.after(GAINS, true).after(GAINS, false).after(GAINS, true);
        assert!(calm.stands());
        assert_eq!(calm.after(GAINS, true), Warning::None(Warning::LATELY));
        assert_eq!(calm.after(Shown::default(), true), again);
    }

    #[test]
    fn the_end_of_a_warning_is_forgotten_after_some_time() {
        let after = |minutes: i64| Warning::None(Warning::LATELY).age(0, minutes * 60_000, false, 60_000);
        assert_eq!([60, 360, 720].map(after), [Warning::None(2), Warning::None(1), Warning::NEVER]);
        assert_eq!(Warning::Stands.age(0, 60_000, true, 60_000), Warning::None(Warning::LATELY));
    }
}
