//! The recent past of one partition: how much of it is stored and read, and which commits must have happened between
//! its snapshots.

use crate::model::lag::Committed;
use crate::model::memory::{self, Memory, Reading, Sample, Thresholds};

/// A commit that the difference of two snapshots shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The offset of the next record to read.
    pub(crate) offset: i64,
    /// When it was first seen, in milliseconds since the epoch.
    pub(crate) time_ms: i64,
    /// How far it was behind the log end of half a minute before, in offsets.
    pub(crate) lag: u64,
}

/// A commit and its log end in one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub time_ms: i64,
    pub committed: Committed,
    pub(crate) end: i64,
}

/// What the rules over a window need at one period, and what of it is stored: the reader and the rules both use it.
///
/// A page of an earlier snapshot is stored for three hours if its slots are seconds, and for 15 days if they are
/// minutes, which is the case from a period of an hour on. So a rule may need more than is stored:
///
/// | period, minutes | earlier snapshots | slow: five commits | slightly slow: ten | a long run |
/// |---|---|---|---|---|
/// | 1 | 175 | yes | yes | 40 minutes |
/// | 5 | 35 | yes | yes | 145 minutes |
/// | 15 | 11 | yes | yes | 135 minutes |
/// | 18 to 35 | 9 to 5 | yes | | |
/// | 36 to 59 | 4 to 2 | | | |
/// | 60 | 312 | yes | yes | 30 hours |
/// | 1,440 | 13 | yes | yes | 10 days |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    period_ms: i64,
}

impl Horizon {
    /// What is stored at this period.
    #[must_use]
    pub const fn of(thresholds: &Thresholds) -> Self {
        Self { period_ms: thresholds.period_ms }
    }

    /// Earlier snapshots that are stored.
    pub(crate) const fn kept(self) -> i64 {
        let minutes = self.period_ms / MINUTE_MS;
        minutes_kept(minutes) / minutes
    }

    /// Whether the earlier samples of a partition with this memory are read before its verdict: a rule needs them and
    /// they are stored.
    #[must_use]
    pub fn is_read_for(self, memory: Memory) -> bool {
        memory.has_stepped_back() || (memory.may_be_slow() && self.has_trend())
    }

    /// Whether enough commits for a trend are stored: without them no group is found slow.
    pub(crate) fn has_trend(self) -> bool {
        self.keeps(COMMITS_FOR_A_TREND)
    }

    /// Whether ten commits are stored, which are needed to find a group that loses less than a twentieth.
    pub(crate) fn has_ten_commits(self) -> bool {
        self.keeps(COMMITS_KEPT)
    }

    fn keeps(self, commits: usize) -> bool {
        usize::try_from(self.kept()).is_ok_and(|kept| kept >= commits)
    }

    /// The length of a run of late commits with a best moment in each of its thirds; `None` if too little is stored.
    ///
    /// The oldest snapshots may be missing, so it is never all that is stored.
    pub(crate) fn long_run_ms(self) -> Option<i64> {
        let periods = (self.kept() * 5 / 6).min(PERIODS_OF_A_LONG_RUN);
        self.has_ten_commits().then(|| LONG_RUN_MS.max(periods * self.period_ms))
    }

    /// The time after which a lag without a break is a backlog; `None` if nothing shows it.
    pub(crate) fn backlog_ms(self) -> Option<i64> {
        let least_ms = self.long_run_ms().unwrap_or((self.kept() - 1) * self.period_ms);
        self.has_trend().then(|| BACKLOG_MS.max(least_ms))
    }

    /// Milliseconds before now from which on earlier samples are worth reading.
    ///
    /// Ten usual gaps, and at least a long run, a backlog, and the time after which a step back is forgotten; at most
    /// what is stored.
    #[must_use]
    pub fn reach_ms(self, memory: Memory, thresholds: &Thresholds) -> i64 {
        let commits = i64::try_from(COMMITS_KEPT).unwrap_or(i64::MAX);
        let gap_ms = memory.usual_gap_ms(thresholds).unwrap_or(self.period_ms);
        let rules_ms = self.long_run_ms().max(self.backlog_ms()).unwrap_or(0) + 2 * self.period_ms;
        let least_ms = rules_ms.max((commits + 1) * self.period_ms).max(STEP_BACK_MS);
        let kept_ms = self.kept() * self.period_ms;
        (commits * gap_ms).min(MOST_MS).max(least_ms).min(kept_ms)
    }

    /// Milliseconds before now that are needed to see whether a group loses ground: ten commits, and some that were
    /// missed.
    ///
    /// A step back that has to be recovered from, a long run and a backlog need all of [`Self::reach_ms`].
    #[must_use]
    pub fn growth_reach_ms(self, memory: Memory, thresholds: &Thresholds) -> i64 {
        let gap_ms = memory.usual_gap_ms(thresholds).unwrap_or(self.period_ms).max(self.period_ms);
        (i64::from(COMMITS_FOR_GROWTH) * gap_ms).min(self.reach_ms(memory, thresholds))
    }
}

/// For how many minutes the snapshots of a schedule with this period in minutes can be read back.
pub(crate) const fn minutes_kept(minutes: i64) -> i64 {
    if minutes <= FINE_UP_TO { FINE_KEPT } else { COARSE_KEPT }
}

/// One point of each time, in order, all of the present log; the snapshot is the last one.
///
/// `earlier` may be unsorted, with duplicates and with gaps. Where the log end went backwards another log began, and
/// earlier points are left out.
pub(crate) fn points(earlier: &[Sample], reading: &Reading) -> Vec<Point> {
    let point = |sample: &Sample| Point { time_ms: sample.time_ms, committed: sample.committed, end: sample.end };
    let mut points: Vec<_> = earlier.iter().map(point).filter(|point| point.time_ms < reading.time_ms).collect();
    points.push(Point { time_ms: reading.time_ms, committed: reading.committed, end: reading.log.end });
    points.sort_by_key(|point| point.time_ms);
    points.dedup_by_key(|point| point.time_ms);
    let log_began = points.windows(2).rposition(|pair| pair[1].end < pair[0].end).map_or(0, |last| last + 1);
    points.drain(..log_began);
    points
}

/// Every change of the committed offset.
pub(crate) fn changes(points: &[Point]) -> Vec<Commit> {
    let pairs = points.windows(2).filter_map(|pair| {
        let (before, now) = (pair[0], pair[1]);
        let Committed::At(offset) = now.committed else {
            return None;
        };
        let lag = memory::reference_lag(offset, (before.time_ms, before.end), (now.time_ms, now.end));
        (now.committed != before.committed).then_some(Commit { offset, time_ms: now.time_ms, lag })
    });
    pairs.collect()
}

/// When the log end passed an offset, assuming steady growth between two points; before the first one, at the same
/// rate as since.
pub(crate) fn reached_ms(points: &[Point], offset: i64) -> Option<i64> {
    let (first, last) = (points.first()?, points.last()?);
    let after = points.partition_point(|point| point.end <= offset);
    let (from, to) = match after {
        0 => (first, last),
        after => (&points[after - 1], points.get(after)?),
    };
    let grown = i128::from(to.end - from.end);
    let took = i128::from(to.time_ms - from.time_ms);
    let into = (grown > 0).then(|| i128::from(offset - from.end) * took / grown)?;
    i64::try_from(i128::from(from.time_ms) + into).ok()
}

/// Burrow's default number of intervals.
pub(crate) const COMMITS_KEPT: usize = 10;
/// Commits, or snapshots with one commit each, in which growth shows: [`COMMITS_KEPT`], the one before them, and one
/// that was missed.
pub(crate) const COMMITS_FOR_GROWTH: u32 = 12;
/// With fewer commits than this, lags make no trend.
pub(crate) const COMMITS_FOR_A_TREND: usize = 5;
/// The longest period, in minutes, with slots one second wide: from an hour on there are as many minutes between two snapshots as a page has slots.
pub(crate) const FINE_UP_TO: i64 = 59;
/// Minutes of one-second data to rely on. A request that starts more than three hours ago returns nothing, and a run
/// may be late.
const FINE_KEPT: i64 = 175;
/// Minutes of one-minute data to rely on, of 15 days.
const COARSE_KEPT: i64 = 13 * 24 * 60;
const MINUTE_MS: i64 = 60_000;
/// The thirds of such a run contain a best moment between two bursts.
const LONG_RUN_MS: i64 = 40 * MINUTE_MS;
/// The same in periods, where they are long.
const PERIODS_OF_A_LONG_RUN: i64 = 30;
/// A lag without a break of this length is a backlog.
const BACKLOG_MS: i64 = 60 * MINUTE_MS;
/// The step back is remembered for five quarters of an hour.
const STEP_BACK_MS: i64 = 80 * MINUTE_MS;
/// What is read for a consumer that commits seldom.
const MOST_MS: i64 = 3 * 60 * MINUTE_MS;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::model::lag::{Assigned, LogRange};
    use crate::model::memory::Members;

    const MINUTE: Thresholds = Thresholds::DEFAULT;

    /// `minute:committed/end`; the last one is the snapshot.
    fn check(story: &str, expected: &[(i64, i64, u64)]) {
        let mut samples: Vec<_> = story.split_whitespace().map(sample).collect();
        let last = samples.pop().unwrap();
        let found: Vec<_> = changes(&points(&samples, &reading(last.time_ms, last.committed, last.end)))
            .iter()
            .map(|commit| (commit.time_ms / 60_000, commit.offset, commit.lag))
            .collect();
        assert_eq!(found, expected, "{story}");
    }

    fn sample(text: &str) -> Sample {
        let (minute, point) = text.split_once(':').unwrap();
        let (committed, end) = point.split_once('/').unwrap();
        let committed = committed.parse().map_or(Committed::Never, Committed::At);
        let (time_ms, end) = (minute.parse::<i64>().unwrap() * 60_000, end.parse().unwrap());
        Sample { time_ms, committed, end, memory: Memory::fold(None, &reading(time_ms, committed, end), &MINUTE) }
    }

    fn reading(time_ms: i64, committed: Committed, end: i64) -> Reading {
        let log = LogRange { start: 0, end, last_stable: None };
        Reading::new(time_ms, committed, log, Assigned::Yes, Members::Present)
    }

    #[test]
    fn a_change_is_a_commit() {
        check("0:10/10 1:10/20 2:15/30", &[(2, 15, 10)]);
        check("0:-/10 1:4/20", &[(1, 4, 11)]);
        check("0:10/10 1:-/20 2:5/20", &[(2, 5, 15)]);
        check("0:10/10", &[]);
    }

    #[test]
    fn order_duplicates_and_holes_do_not_matter() {
        check("1:12/20 0:10/10 1:12/20 5:14/60 6:20/70", &[(1, 12, 3), (5, 14, 41), (6, 20, 45)]);
    }

    #[test]
    fn a_sample_from_after_the_snapshot_is_left_out() {
        check("0:10/10 3:90/90 2:20/20", &[(2, 20, 0)]);
    }

    #[test]
    fn another_log_begins_where_the_end_goes_backwards() {
        check("0:1/50 1:9/60 2:1/5 3:2/6", &[(3, 2, 3)]);
    }

    #[test]
    fn what_is_read_is_what_the_rules_need_and_what_is_kept() {
        let memory = sample("0:1/1").memory;
        for minutes in 1..=1_440 {
            let thresholds = Thresholds { period_ms: minutes * 60_000, ..MINUTE };
            let horizon = Horizon::of(&thresholds);
            let read = horizon.reach_ms(memory, &thresholds) / thresholds.period_ms;
            assert!((2..=horizon.kept()).contains(&read), "{read} at {minutes}");
            let least = horizon.long_run_ms().max(horizon.backlog_ms()).map_or(0, |ms| ms / thresholds.period_ms);
            assert!(read > least, "{read} read, {least} needed at {minutes}");
            assert!(!horizon.has_trend() || read >= 5, "{read} at {minutes}");
            assert!(!horizon.has_ten_commits() || read >= 10, "{read} at {minutes}");
        }
    }

    #[test]
    fn a_rule_exists_where_what_it_needs_is_kept() {
        let at = |minutes: i64| Horizon::of(&Thresholds { period_ms: minutes * 60_000, ..MINUTE });
        let exist = |minutes| {
            let horizon = at(minutes);
            (horizon.has_trend(), horizon.has_ten_commits(), horizon.long_run_ms().map(|ms| ms / 60_000))
        };
        assert_eq!(exist(1), (true, true, Some(40)));
        assert_eq!(exist(5), (true, true, Some(145)));
        assert_eq!((exist(17), exist(18)), ((true, true, Some(136)), (true, false, None)));
        assert_eq!((exist(35), exist(36)), ((true, false, None), (false, false, None)));
        assert_eq!((exist(59), exist(60)), ((false, false, None), (true, true, Some(1_800))));
        assert_eq!(exist(1_440), (true, true, Some(14_400)));
    }

    #[test]
    fn the_reach_holds_ten_commits_of_a_slow_schedule_and_three_hours_of_a_fast_one() {
        let memory = sample("0:1/1").memory;
        let reach_ms = |memory, thresholds: &Thresholds| Horizon::of(thresholds).reach_ms(memory, thresholds);
        assert_eq!(reach_ms(memory, &MINUTE), 80 * 60_000);
        assert_eq!(reach_ms(memory, &Thresholds { period_ms: 86_400_000, ..MINUTE }), 12 * 86_400_000);
        let seldom = (0..=90).map(|minute| sample(&format!("{minute}:{}/9", minute / 30))).reduce(|before, next| {
            let reading = reading(next.time_ms, next.committed, next.end);
            Sample { memory: Memory::fold(Some(&before), &reading, &MINUTE), ..next }
        });
        assert_eq!(reach_ms(seldom.unwrap().memory, &MINUTE), 175 * 60_000);
    }
}
