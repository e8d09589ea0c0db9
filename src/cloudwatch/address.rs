//! Time is the address: which second of which minute holds which part of a snapshot.
//!
//! The run scheduled for minute *m* writes into the slots that end where *m* begins. Up to [`FINE_UP_TO`] a slot is one second
//! wide and the slots fill one minute; `CloudWatch` keeps that for three hours. Slower schedules use slots one minute wide, kept
//! for 15 days, which fill an hour. So a page always has as many slots ([`super::pages`]), and a longer period never costs more.

use std::ops::Range;

use crate::model::window::{FINE_UP_TO, minutes_kept};

/// A whole minute, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i64);

/// How often runs are scheduled, which determines where snapshots are written.
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

    /// The minute that begins nearest to this second: a scheduled time may arrive a moment early or late.
    pub(crate) const fn nearest(second: i64) -> Self {
        Self::holding(second.saturating_add(30))
    }

    /// Its first second since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0 * 60
    }
}

impl Schedule {
    /// A run every minute.
    pub const MINUTELY: Self = Self { period: 1 };

    /// A run every this many minutes; `None` outside 1 minute to 1 day ([`SLOWEST`]).
    #[must_use]
    pub fn every(minutes: u32) -> Option<Self> {
        let period = i64::from(minutes);
        (1..=SLOWEST).contains(&period).then_some(Self { period })
    }

    /// Minutes between two runs.
    #[must_use]
    pub const fn period(self) -> i64 {
        self.period
    }

    /// Seconds per slot, which are the storage resolution and the period to read with.
    pub(crate) const fn width(self) -> i64 {
        if self.period <= FINE_UP_TO { 1 } else { 60 }
    }

    /// The scheduled minute that a run at `minute` belongs to: the last one not after it.
    pub(crate) const fn align(self, minute: Minute) -> Minute {
        Minute(minute.0 - minute.0.rem_euclid(self.period))
    }

    /// The scheduled minute this many runs before `minute`.
    pub(crate) fn back(self, minute: Minute, snapshots: u32) -> Minute {
        Minute(self.align(minute).0 - self.period * i64::from(snapshots))
    }

    /// The scheduled minute after the one that `minute` belongs to.
    pub(crate) const fn next(self, minute: Minute) -> Minute {
        Minute(self.align(minute).0 + self.period)
    }

    /// The seconds that hold the snapshot of `minute`, the end excluded; both are whole minutes.
    #[must_use]
    pub fn span(self, minute: Minute) -> Range<i64> {
        let end = self.align(minute).seconds();
        end - self.span_seconds()..end
    }

    /// The first second of a slot.
    pub(crate) fn time(self, minute: Minute, slot: usize) -> i64 {
        let offset = i64::try_from(slot).unwrap_or(i64::MAX).saturating_mul(self.width());
        self.span(minute).start.saturating_add(offset)
    }

    /// The snapshot and the slot that a second belongs to; `None` for seconds between two snapshots.
    pub(crate) fn slot_at(self, second: i64) -> Option<(Minute, usize)> {
        let minute = Minute((second.div_euclid(self.period * 60) + 1) * self.period);
        let offset = second - self.span(minute).start;
        Some((minute, usize::try_from(offset.div_euclid(self.width())).ok()?))
    }

    /// Whether a snapshot that was scheduled for this second and taken at this millisecond since the epoch is stored.
    ///
    /// `EventBridge` Scheduler calls anywhere within the minute, and a cold start may add to it.
    pub(crate) const fn is_in_time(self, scheduled: i64, taken: i64) -> bool {
        let late = taken - scheduled * 1_000;
        -60_000 <= late && late <= (self.period * 60 + 60) * 1_000
    }

    /// The ranges of seconds to request for the snapshots of these minutes, which are in order, newest first.
    ///
    /// One range where snapshots lie close together, since each range of a metric costs money; else one for each
    /// snapshot: the service's quota counts seconds, empty ones too. If the quota is `scarce`, only snapshots without
    /// a pause between them share a range.
    pub(crate) fn ranges(self, minutes: &[Minute], scarce: bool) -> Vec<Range<i64>> {
        let contiguous = if scarce { 1 } else { CONTIGUOUS_UP_TO };
        match minutes {
            [newest, .., oldest] if self.period <= contiguous => vec![self.from(*oldest, *newest)],
            minutes => minutes.iter().map(|minute| self.span(*minute)).collect(),
        }
    }

    /// What one metric over these ranges of seconds counts in the quota: possible points of each of its three
    /// statistics.
    pub(crate) fn estimated_points(self, ranges: &[Range<i64>]) -> i64 {
        let seconds: i64 = ranges.iter().map(|range| range.end - range.start).sum();
        STATISTICS * seconds / self.width()
    }

    /// The seconds of the snapshots from one minute to another, which are one range.
    pub(crate) fn from(self, oldest: Minute, newest: Minute) -> Range<i64> {
        self.span(oldest).start..self.span(newest).end
    }

    /// How many earlier snapshots every run requests, in one query with its own minute.
    pub(crate) fn snapshots_near(self) -> u32 {
        u32::try_from(NEAR / self.period).unwrap_or(1).max(FEWEST_NEAR)
    }

    /// How many snapshots before that of `minute` the service still has at this second since the epoch: a run may be
    /// late, and one without a scheduled minute is up to a period past the minute that it belongs to.
    pub(crate) fn snapshots_kept(self, minute: Minute, now: i64) -> u32 {
        // A snapshot lies in the minutes before its own.
        let kept = minutes_kept(self.period) + 2;
        let oldest = now.max(self.align(minute).seconds()) - kept * 60;
        let minutes = (self.span(minute).start - oldest).div_euclid(60);
        u32::try_from(minutes / self.period).unwrap_or_default()
    }

    const fn span_seconds(self) -> i64 {
        SLOTS * self.width()
    }
}

/// The longest period, in minutes: ten snapshots must fit into the 15 days that one-minute data is kept.
pub(crate) const SLOWEST: i64 = 24 * 60;
/// Up to this period, in minutes, several snapshots are read as one range.
const CONTIGUOUS_UP_TO: i64 = 5;
/// Smallest and largest value, and the number of samples.
const STATISTICS: i64 = 3;
const SLOTS: i64 = super::pages::SECONDS_PER_PAGE.cast_signed() as i64;
/// And at least this many snapshots: a match in one may need confirmation by the one before it.
const FEWEST_NEAR: u32 = 2;
/// Rosters no older than this many minutes are read by every run: those of a short window.
const NEAR: i64 = 12;

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
    fn slots_are_a_second_wide_below_an_hour() {
        assert_eq!([1, 15, 59, 60, 1_440].map(|minutes| every(minutes).width()), [1, 1, 1, 60, 60]);
        let kept = |minutes, late| every(minutes).snapshots_kept(Minute::holding(0), late);
        assert_eq!([1, 15, 59, 60, 1_440].map(|minutes| kept(minutes, 3)), [175, 11, 2, 311, 12]);
    }

    #[test]
    fn the_oldest_requested_snapshot_is_stored_however_late_the_run() {
        for period in [1, 5, 15, 59, 60] {
            let (schedule, minute) = (every(period), Minute::holding(86_400 * 10 * 59));
            let kept = if schedule.width() == 1 { 3 * 3_600 } else { 15 * 86_400 };
            for late in (-60..=i64::from(period) * 60 + 60).step_by(7) {
                let now = minute.seconds() + late;
                let snapshots = schedule.snapshots_kept(schedule.align(minute), now);
                let start = schedule.span(schedule.back(minute, snapshots)).start;
                assert!(start >= now - kept + 120, "{period} minutes, {late} s late");
                assert!(snapshots > 0);
            }
        }
    }

    #[test]
    fn a_snapshot_is_stored_up_to_a_period_and_a_minute_after_its_minute() {
        let kept = |period, late: i64| every(period).is_in_time(600, 600_000 + late * 1_000);
        assert_eq!(
            [-61, -60, 0, 59, 61, 119, 120, 121].map(|late| kept(1, late)),
            [false, true, true, true, true, true, true, false]
        );
        assert_eq!([359, 360, 361].map(|late| kept(5, late)), [true, true, false]);
    }

    #[test]
    fn a_minute_is_written_into_the_minute_before_it() {
        assert_eq!(every(1).span(Minute::holding(600)), 540..600);
        assert_eq!(every(1).slot_at(559), Some((Minute::holding(600), 19)));
        assert_eq!(every(60).span(Minute::holding(7200 + 59)), 3600..7200);
        assert_eq!(every(1).align(Minute::holding(-1)), Minute::holding(-60));
    }

    #[test]
    fn close_snapshots_are_one_range_and_distant_ones_are_not() {
        let check = |period, snapshots: &[u32], expected: &[(i64, i64)]| {
            let minutes: Vec<_> =
                snapshots.iter().map(|snapshot| every(period).back(Minute::holding(36_000), *snapshot)).collect();
            let ranges = every(period).ranges(&minutes, false);
            let before = |range: &Range<i64>| (36_000 - range.start, 36_000 - range.end);
            assert_eq!(ranges.iter().map(before).collect::<Vec<_>>(), expected);
        };
        check(1, &[0, 1, 4], &[(300, 0)]);
        check(5, &[1, 2], &[(660, 300)]);
        check(10, &[0, 1], &[(60, 0), (660, 600)]);
        check(1, &[7], &[(480, 420)]);
        check(1, &[], &[]);
    }

    #[test]
    fn where_the_quota_is_scarce_pauses_are_not_asked_for() {
        let ranges = |period, scarce| {
            let minutes = [1, 2, 3].map(|snapshot| every(period).back(Minute::holding(36_000), snapshot));
            every(period).ranges(&minutes, scarce).len()
        };
        assert_eq!([1, 5, 10].map(|period| (ranges(period, false), ranges(period, true))), [(1, 1), (1, 3), (3, 3)]);
    }

    proptest! {
        #[test]
        fn every_slot_has_a_second_of_its_own(period in 1u32..=1440, minute in 0i64..40_000_000, slot in 0usize..60) {
            let schedule = every(period);
            let minute = schedule.align(Minute(minute));
            let time = schedule.time(minute, slot);
            prop_assert!(schedule.span(minute).contains(&time));
            prop_assert_eq!(schedule.slot_at(time), Some((minute, slot)));
            prop_assert!(schedule.span(minute).start >= schedule.span(schedule.back(minute, 1)).end);
        }
    }
}
