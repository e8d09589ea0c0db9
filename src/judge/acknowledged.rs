//! Acknowledgements of share groups (KIP-932), converted to the commits that a memory and a verdict need.
//!
//! Members of a share group acknowledge records in any order, so it makes progress in two ways: its start offset moves
//! forward, or the start stays and fewer records are left behind it. A sample of it has the start, and as log end the
//! start plus what is left. Here each of the two becomes a step of a position, as a consumer would have committed it,
//! and what is left stays the same.

use crate::base::figures::records_of;
use crate::judge::input::Sight;
use crate::judge::verdict::{Judgement, Reason, Verdict};
use crate::model::lag::{self, Committed};
use crate::model::memory::{Reading, Sample};
use crate::model::unknown::Unknown;

/// Converts the samples of one row to those of a consumer, together with the present reading.
///
/// `earlier` is the window as far as it was read, in any order; `previous` the newest sample.
pub(crate) fn as_commits(earlier: &mut Vec<Sample>, previous: Option<&mut Sample>, reading: &mut Reading) {
    earlier.sort_by_key(|sample| sample.time_ms);
    earlier.dedup_by_key(|sample| sample.time_ms);
    earlier.retain(|sample| sample.time_ms < reading.time_ms);
    let (mut committed, mut end) = (reading.committed, reading.log.end);
    let now = [(&mut committed, &mut end)];
    match previous {
        Some(previous) if earlier.last().is_none_or(|newest| newest.time_ms != previous.time_ms) => {
            walk([point(previous)].into_iter().chain(now));
        }
        previous => {
            walk(earlier.iter_mut().map(point).chain(now));
            if let (Some(previous), Some(newest)) = (previous, earlier.last()) {
                *previous = *newest;
            }
        }
    }
    *reading = reading.moved_to(committed, end);
}

fn point(sample: &mut Sample) -> (&mut Committed, &mut i64) {
    (&mut sample.committed, &mut sample.end)
}

/// Starts and ends become positions and ends; without a start, nothing is known of the time before.
fn walk<'a>(points: impl Iterator<Item = (&'a mut Committed, &'a mut i64)>) {
    let mut before: Option<(i64, i64, i64)> = None;
    for (committed, end) in points {
        let Committed::At(start) = *committed else {
            before = None;
            continue;
        };
        let left = *end - start;
        let position = match before {
            None => start,
            // Only an administrator sets it back.
            Some((start_before, _, position)) if start < start_before => position - (start_before - start),
            Some((start_before, left_before, position)) => {
                position + (start - start_before).max(left_before - left).max(0)
            }
        };
        before = Some((start, left, position));
        *committed = Committed::At(position);
        *end = position + left;
    }
}

/// Whether records arrived while the start did not move, and were left for two minutes; `earlier` are samples as they
/// were taken.
///
/// A coordinator stores a new start with the acknowledgement after the one that moved it, so a group that has
/// acknowledged everything stays below the end until more arrives. An acknowledgement of later records moves it,
/// unless a record holds it: so what counts are records that arrived when there was something behind the start
/// already.
pub(crate) fn left_some(earlier: &[Sample], reading: &Reading) -> bool {
    let Committed::At(start) = reading.committed else { return false };
    let mut earlier: Vec<&Sample> = earlier.iter().filter(|sample| sample.time_ms < reading.time_ms).collect();
    earlier.sort_unstable_by_key(|sample| std::cmp::Reverse(sample.time_ms));
    let standing: Vec<&Sample> =
        earlier.into_iter().take_while(|sample| sample.committed == reading.committed).collect();
    let Some(first) = standing.iter().map(|sample| sample.end).filter(|end| *end > start).min() else { return false };
    standing.iter().any(|sample| sample.end > first && sample.time_ms <= reading.time_ms - PATIENCE_MS)
}

/// Whether more than two samples are needed to know what is left: the coordinator does not return it, and the start
/// does not move.
pub(crate) fn is_doubtful(unacknowledged: Option<u64>, previous: Option<&Sample>, reading: &Reading) -> bool {
    let stands = previous.is_some_and(|sample| sample.committed == reading.committed);
    unacknowledged.is_none() && stands && reading.unread() > 0
}

/// Puts a judgement into the words for share groups.
///
/// If the coordinator does not return what is left (Kafka 4.1), a group counts as stopped or stalled only if records
/// were `certain` to be left: everything behind the start may be acknowledged.
pub(crate) fn of_share_group(
    Sight { snapshot, lags, .. }: Sight<'_>,
    row: usize,
    judgement: Judgement,
    certain: bool,
) -> Judgement {
    let left = lags.of(row).offsets().unwrap_or(0);
    let at_most = snapshot.unacknowledged.of(row).is_none() && left > 0;
    let row = &snapshot.rows[row];
    let (Ok(log), Ok(Committed::At(start))) = (snapshot.log(row), &row.committed) else {
        return in_words(judgement, false, false);
    };
    let stands = matches!(judgement.verdict, Verdict::Stop | Verdict::Stall);
    if at_most && stands && !certain {
        let why = format!(
            "at most {} behind: this broker does not report which of them are acknowledged; Kafka 4.2 and later do",
            records_of(left)
        );
        let reason = Reason::Unread(Unknown::because(why));
        return Judgement { verdict: Verdict::Unknown, reason, supported: false, ..judgement };
    }
    let acknowledged = lag::lag(Committed::At(*start), log).unread().unwrap_or(0).saturating_sub(left);
    let held = judgement.verdict == Verdict::Stall && acknowledged > left;
    in_words(judgement, held, at_most)
}

fn in_words(judgement: Judgement, held: bool, at_most: bool) -> Judgement {
    Judgement { reason: Reason::Share { reason: Box::new(judgement.reason), held, at_most }, ..judgement }
}

/// How long records must be left before that counts: a present member needs less.
const PATIENCE_MS: i64 = 120_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lag::{Assigned, LogRange};
    use crate::model::memory::{Members, Memory, Thresholds};

    /// Snapshots a minute apart, each `start+left`, as `position/end`.
    fn check(story: &str, expected: &str) {
        let readings = (0..).zip(story.split_whitespace()).map(|(minute, text)| {
            let (start, left) = text.split_once('+').unwrap_or((text, "0"));
            let committed = start.parse().map_or(Committed::Never, Committed::At);
            let left: i64 = left.parse().unwrap_or_default();
            let end = start.parse::<i64>().unwrap_or_default() + left;
            let log = LogRange { start: 0, end, last_stable: None };
            Reading::new(minute * 60_000, committed, log, Assigned::Yes, Members::Present)
        });
        let mut readings: Vec<Reading> = readings.collect();
        let Some(mut reading) = readings.pop() else { return };
        let sample = |reading: &Reading| Sample {
            time_ms: reading.time_ms,
            committed: reading.committed,
            end: reading.log.end,
            memory: Memory::fold(None, reading, &Thresholds::DEFAULT),
        };
        let mut earlier: Vec<Sample> = readings.iter().map(sample).collect();
        let mut previous = earlier.last().copied();
        earlier.reverse();
        as_commits(&mut earlier, previous.as_mut(), &mut reading);
        assert_eq!(previous, earlier.last().copied(), "{story}");
        let points =
            earlier.iter().map(|sample| (sample.committed, sample.end)).chain([(reading.committed, reading.log.end)]);
        let positions = points.map(|(committed, end)| match committed {
            Committed::At(position) => format!("{position}/{end}"),
            Committed::Never => String::from("-"),
        });
        assert_eq!(positions.collect::<Vec<_>>().join(" "), expected, "{story}");
    }

    #[test]
    fn a_step_of_the_start_is_a_commit() {
        check("10+5 15+5 30+0", "10/15 15/20 30/30");
    }

    #[test]
    fn less_behind_a_standing_start_is_a_commit_and_more_is_none() {
        check("10+5 10+2 10+9", "10/15 13/15 13/22");
        check("10+5 10+5", "10/15 10/15");
    }

    #[test]
    fn what_is_left_stays_what_it_was_when_the_start_jumps_over_what_was_acknowledged() {
        check("10+100 10+1 110+0", "10/110 109/110 209/209");
    }

    #[test]
    fn a_start_set_back_is_a_step_backwards() {
        check("100+0 40+60", "100/100 40/100");
        check("100+50 100+10 40+110", "100/150 140/150 80/190");
    }

    #[test]
    fn before_the_first_start_nothing_is_known() {
        check("- 10+5 12+3", "- 10/15 12/15");
    }

    #[test]
    fn without_a_window_the_newest_sample_alone_counts() {
        let log = LogRange { start: 0, end: 12, last_stable: None };
        let mut reading = Reading::new(60_000, Committed::At(10), log, Assigned::Yes, Members::Present);
        let memory = Memory::fold(None, &reading, &Thresholds::DEFAULT);
        let mut previous = Sample { time_ms: 0, committed: Committed::At(10), end: 15, memory };
        as_commits(&mut Vec::new(), Some(&mut previous), &mut reading);
        assert_eq!((previous.committed, previous.end), (Committed::At(10), 15));
        assert_eq!((reading.committed, reading.log.end), (Committed::At(13), 15));
    }

    /// Earlier snapshots a minute apart, each `start/end`, the last one a minute before this one.
    fn certain(story: &str) -> bool {
        let readings: Vec<(i64, i64)> = story
            .split_whitespace()
            .filter_map(|text| text.split_once('/'))
            .filter_map(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)))
            .collect();
        let reading = |minute: usize, (start, end): (i64, i64)| {
            Reading::new(
                i64::try_from(minute).unwrap_or_default() * 60_000,
                Committed::At(start),
                LogRange { start: 0, end, last_stable: None },
                Assigned::Yes,
                Members::Present,
            )
        };
        let mut earlier: Vec<Reading> = readings.into_iter().enumerate().map(|(at, pair)| reading(at, pair)).collect();
        let Some(now) = earlier.pop() else { return false };
        let sample = |reading: &Reading| Sample {
            time_ms: reading.time_ms,
            committed: reading.committed,
            end: reading.log.end,
            memory: Memory::fold(None, reading, &Thresholds::DEFAULT),
        };
        left_some(&earlier.iter().map(sample).collect::<Vec<_>>(), &now)
    }

    #[test]
    fn a_start_that_stands_while_nothing_comes_proves_nothing() {
        assert!(!certain("10/15"));
        assert!(!certain("10/15 10/15 10/15 10/15 10/15"));
        // What arrived just now may still be acknowledged.
        assert!(!certain("10/15 10/15 10/15 10/16 10/16"));
        assert!(!certain("9/14 9/20 10/20 10/20 10/20"));
        // The first acknowledgement of all moves nothing.
        assert!(!certain("10/10 10/15 10/15 10/15 10/15"));
    }

    #[test]
    fn records_that_came_while_it_stood_and_were_left_for_a_while_do() {
        assert!(certain("10/15 10/16 10/16 10/16"));
        assert!(certain("9/14 10/15 10/16 10/17 10/18"));
        assert!(certain("10/10 10/15 10/16 10/16 10/16"));
    }
}
