//! Time is the address: which second of which minute holds what.
//!
//! The run scheduled for minute *m* writes into the slots that end where *m* begins. Up to [`FINE_UP_TO`] a slot is one second
//! wide and the slots fill one minute; `CloudWatch` keeps that for three hours. Slower schedules use slots one minute wide, kept
//! for 15 days, as many as the period has minutes and never more than an hour of them, so that two looks never overlap.
//! Slot 0 is a header, every other slot one partition ([`super::slots`]).

use std::ops::{Range, RangeInclusive};

/// A whole minute, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i64);

/// How often looks are taken, which settles where they are written.
///
/// Scheduled minutes are the multiples of the period, counted from 1970-01-01T00:00Z. A period that doesn't divide a day drifts
/// against a cron expression; choose one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    period: i64,
}

impl Minute {
    /// The minute that holds this second since the epoch.
    #[must_use]
    pub const fn holding(second: i64) -> Self {
        Self(second.div_euclid(60))
    }

    /// The minute that begins nearest to this second: a schedule's time may be told a moment early or late.
    #[must_use]
    pub const fn nearest(second: i64) -> Self {
        Self::holding(second.saturating_add(30))
    }

    /// Its first second since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0 * 60
    }
}

impl Schedule {
    /// A look every minute.
    pub const MINUTELY: Self = Self { period: 1 };

    /// A look every so many minutes; `None` outside 1 minute to 1 day ([`SLOWEST`]).
    #[must_use]
    pub fn every(minutes: u32) -> Option<Self> {
        let period = i64::from(minutes);
        (1..=SLOWEST).contains(&period).then_some(Self { period })
    }

    /// Minutes between two looks.
    #[must_use]
    pub const fn period(self) -> i64 {
        self.period
    }

    /// Seconds per slot, which are the storage resolution and the period to read with.
    #[must_use]
    pub const fn width(self) -> i64 {
        if self.period <= FINE_UP_TO { 1 } else { 60 }
    }

    /// Slots per look, the header included.
    #[must_use]
    pub fn slots(self) -> usize {
        let slots = if self.width() == 1 { MOST_SLOTS } else { self.period.min(MOST_SLOTS) };
        usize::try_from(slots).unwrap_or_default()
    }

    /// Partitions that fit beside a header.
    #[must_use]
    pub fn partitions_per_shard(self) -> usize {
        self.slots() - 1
    }

    /// The scheduled minute that a run at `minute` belongs to: the last one not after it.
    #[must_use]
    pub const fn align(self, minute: Minute) -> Minute {
        Minute(minute.0 - minute.0.rem_euclid(self.period))
    }

    /// The scheduled minute so many looks before `minute`.
    #[must_use]
    pub fn back(self, minute: Minute, looks: u32) -> Minute {
        Minute(self.align(minute).0 - self.period * i64::from(looks))
    }

    /// The seconds that hold the look of `minute`, the end excluded; both are whole minutes.
    #[must_use]
    pub fn span(self, minute: Minute) -> Range<i64> {
        let end = self.align(minute).seconds();
        end - self.span_seconds()..end
    }

    /// The first second of a slot.
    #[must_use]
    pub fn time(self, minute: Minute, slot: usize) -> i64 {
        let offset = i64::try_from(slot).unwrap_or(i64::MAX).saturating_mul(self.width());
        self.span(minute).start.saturating_add(offset)
    }

    /// The look and the slot that a second belongs to; `None` for seconds between two looks.
    #[must_use]
    pub fn slot_at(self, second: i64) -> Option<(Minute, usize)> {
        let minute = Minute((second.div_euclid(self.period * 60) + 1) * self.period);
        let offset = second - self.span(minute).start;
        Some((minute, usize::try_from(offset.div_euclid(self.width())).ok()?))
    }

    /// When a look for `minute` may have been taken, in seconds since the epoch: from its slots' start to the next scheduled minute.
    ///
    /// A run later than that belongs to another minute, and its look would stand in the wrong order.
    #[must_use]
    pub fn taken_within(self, minute: Minute) -> Range<i64> {
        self.span(minute).start..self.align(minute).seconds() + self.period * 60
    }

    /// The seconds to ask for so as to read these looks, counted back from `minute`: 0 is the look of `minute` itself.
    ///
    /// One range where looks lie close together, else one for each look: the service's quota counts seconds, empty ones too.
    #[must_use]
    pub fn ranges(self, minute: Minute, looks: RangeInclusive<u32>) -> Vec<Range<i64>> {
        let looks = *looks.start()..=(*looks.end()).min(self.most_looks_back());
        if looks.is_empty() {
            return Vec::new();
        }
        if self.period <= CONTIGUOUS_UP_TO {
            let (oldest, newest) = (self.back(minute, *looks.end()), self.back(minute, *looks.start()));
            return std::iter::once(self.span(oldest).start..self.span(newest).end).collect();
        }
        looks.map(|look| self.span(self.back(minute, look))).collect()
    }

    /// How many earlier looks can be had: as many as the service keeps, and as a run has time to ask for.
    #[must_use]
    pub fn most_looks_back(self) -> u32 {
        let kept = if self.width() == 1 { FINE_KEPT } else { COARSE_KEPT };
        let most =
            if self.period <= CONTIGUOUS_UP_TO { kept / self.period } else { (kept / self.period).min(MOST_RANGES) };
        u32::try_from(most).unwrap_or_default()
    }

    fn span_seconds(self) -> i64 {
        i64::try_from(self.slots()).unwrap_or_default() * self.width()
    }
}

/// The longest period, in minutes: ten looks must fit into the 15 days that one-minute data is kept.
pub const SLOWEST: i64 = 24 * 60;
/// The longest period, in minutes, with slots one second wide: ten looks and some spare fit into the three hours they are kept.
pub const FINE_UP_TO: i64 = 15;
/// Up to this period, in minutes, several looks are read as one range.
const CONTIGUOUS_UP_TO: i64 = 5;
const MOST_SLOTS: i64 = 60;
/// Minutes of one-second data to rely on. A request that starts more than three hours ago gets nothing at all, and a run may be late.
const FINE_KEPT: i64 = 170;
/// Minutes of one-minute data to rely on, of 15 days.
const COARSE_KEPT: i64 = 14 * 24 * 60;
const MOST_RANGES: i64 = 40;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every(minutes: u32) -> Schedule {
        Schedule::every(minutes).unwrap()
    }

    #[test]
    fn a_scheduled_time_is_rounded_to_the_minute_it_means() {
        let minute = Minute::holding(600);
        assert_eq!([570, 600, 629].map(Minute::nearest), [minute; 3]);
        assert_eq!([569, 630].map(|second| Minute::nearest(second) == minute), [false; 2]);
    }

    #[test]
    fn a_period_is_a_minute_to_a_day() {
        assert_eq!([0, 1, 1440, 1441].map(|minutes| Schedule::every(minutes).is_some()), [false, true, true, false]);
    }

    #[test]
    fn slots_widen_where_ten_looks_no_longer_fit_into_three_hours() {
        let shape = |minutes| (every(minutes).width(), every(minutes).slots());
        assert_eq!([1, 15, 16, 59, 60, 1440].map(shape), [(1, 60), (1, 60), (60, 16), (60, 59), (60, 60), (60, 60)]);
        assert!((1..=1440).all(|minutes| every(minutes).most_looks_back() >= 10));
    }

    #[test]
    fn a_minute_is_written_into_the_minute_before_it() {
        assert_eq!(every(1).span(Minute::holding(600)), 540..600);
        assert_eq!(every(1).slot_at(559), Some((Minute::holding(600), 19)));
        assert_eq!(every(60).span(Minute::holding(7200 + 59)), 3600..7200);
        assert_eq!(every(1).align(Minute::holding(-1)), Minute::holding(-60));
    }

    #[test]
    fn close_looks_are_one_range_and_distant_ones_are_not() {
        let check = |period, looks, expected: &[(i64, i64)]| {
            let ranges = every(period).ranges(Minute::holding(36_000), looks);
            let before = |range: &Range<i64>| (36_000 - range.start, 36_000 - range.end);
            assert_eq!(ranges.iter().map(before).collect::<Vec<_>>(), expected);
        };
        check(1, 0..=4, &[(300, 0)]);
        check(5, 1..=2, &[(660, 300)]);
        check(10, 0..=1, &[(60, 0), (660, 600)]);
        check(1, 0..=9_999, &[(171 * 60, 0)]);
        check(1, 171..=200, &[]);
    }

    proptest! {
        #[test]
        fn every_slot_has_a_second_of_its_own(period in 1u32..=1440, minute in 0i64..40_000_000, slot in 0usize..60) {
            let schedule = every(period);
            let minute = schedule.align(Minute(minute));
            prop_assume!(slot < schedule.slots());
            let time = schedule.time(minute, slot);
            prop_assert!(schedule.span(minute).contains(&time));
            prop_assert_eq!(schedule.slot_at(time), Some((minute, slot)));
            prop_assert!(schedule.span(minute).start >= schedule.span(schedule.back(minute, 1)).end);
        }
    }
}
