//! The recent past of one partition: which commits must have happened between the snapshots of it.

use crate::model::lag::Committed;
use crate::model::memory::{self, Memory, Reading, Sample, Thresholds};

/// What the difference of two snapshots says about a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The offset of the next record to read.
    pub(crate) offset: i64,
    /// When it was first seen, in milliseconds since the epoch.
    pub(crate) time_ms: i64,
    /// How far it was behind the log half a minute before, in offsets.
    pub(crate) lag: u64,
}

/// Where a commit and its log stood at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub time_ms: i64,
    pub committed: Committed,
    pub(crate) end: i64,
}

/// Milliseconds before now from which on earlier samples are worth reading.
///
/// Ten usual gaps, and never less than somewhat over an hour, by which a step back is forgotten and troughs that rise
/// from burst to burst are told apart; as far as samples of a one-minute schedule are kept, and on slower schedules enough
/// for ten commits.
#[must_use]
pub fn reach_ms(memory: Memory, thresholds: &Thresholds) -> i64 {
    let commits = i64::try_from(COMMITS_KEPT).unwrap_or(i64::MAX);
    let gap_ms = memory.usual_gap_ms(thresholds).unwrap_or(thresholds.period_ms);
    let least = ((commits + 1) * thresholds.period_ms).max(LEAST_MS);
    (commits * gap_ms).clamp(least, least.max(KEPT_MS))
}

/// One point of each time, in order, all of them of the log that is there now; the look is the last one.
///
/// `earlier` may come unsorted, with duplicates and with holes. Where the log end went backwards another log began, and
/// what was before it is left out.
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

/// When the log end passed an offset, taken to grow evenly between two points; before the first one, as fast as since.
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
/// The step back is remembered for five quarters of an hour.
const LEAST_MS: i64 = 80 * 60_000;
/// How long samples of a one-minute schedule can be read back (sub-minute data in `CloudWatch`).
const KEPT_MS: i64 = 3 * 3_600_000;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::model::lag::{Assigned, LogRange};
    use crate::model::memory::Members;

    const MINUTE: Thresholds = Thresholds::DEFAULT;

    /// `minute:committed/end`; the last one is the look.
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
    fn a_sample_from_after_the_look_is_left_out() {
        check("0:10/10 3:90/90 2:20/20", &[(2, 20, 0)]);
    }

    #[test]
    fn another_log_begins_where_the_end_goes_backwards() {
        check("0:1/50 1:9/60 2:1/5 3:2/6", &[(3, 2, 3)]);
    }

    #[test]
    fn the_reach_holds_ten_commits_of_a_slow_schedule_and_three_hours_of_a_fast_one() {
        let memory = sample("0:1/1").memory;
        assert_eq!(reach_ms(memory, &MINUTE), 80 * 60_000);
        assert_eq!(reach_ms(memory, &Thresholds { period_ms: 86_400_000, ..MINUTE }), 11 * 86_400_000);
        let seldom = (0..=90).map(|minute| sample(&format!("{minute}:{}/9", minute / 30))).reduce(|before, next| {
            let reading = reading(next.time_ms, next.committed, next.end);
            Sample { memory: Memory::fold(Some(&before), &reading, &MINUTE), ..next }
        });
        assert_eq!(reach_ms(seldom.unwrap().memory, &MINUTE), KEPT_MS);
    }
}
