//! For which rows the age of the next record is wanted, and what is known of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::model::age::{Age, Limits, Search, Target, not_searched};
use crate::model::lag::Committed;
use crate::model::lags::Lags;
use crate::model::snapshot::{Logs, Row, Snapshot};

/// The ages of the next records.
#[derive(Debug)]
pub struct Ages<'a> {
    lags: &'a Lags,
    /// By row, the age of those with lag; empty if none was found.
    found: Vec<Option<Age>>,
    /// The reason for the other rows with lag.
    others: Age,
}

/// The rows with the largest lag, and the search for the ages of their next records.
pub(crate) struct Wanted {
    limits: Limits,
    /// By row, the number of its target; empty where nothing is searched.
    targets: Vec<Option<u32>>,
    /// The rows whose next offset is no record.
    at_rest: BTreeSet<usize>,
    /// To be continued until it has no more questions.
    pub(crate) search: Search,
}

impl Wanted {
    /// The rows of the `partitions` with the largest lag; `max_timestamp` returns whether a topic's partition can be
    /// asked for the greatest timestamp.
    ///
    /// They are chosen before anything is allocated for them: on a busy cluster nearly every partition has lag.
    pub(crate) fn new(
        sight: Sight<'_>,
        memories: &Memories,
        partitions: usize,
        max_timestamp: impl Fn(usize, i32) -> bool,
    ) -> Self {
        let Sight { snapshot, lags, time_ms, .. } = sight;
        let limits = Limits { partitions, ..Limits::default() };
        let mut targets = Targets::default();
        let mut by_row = Vec::new();
        let at_rest: BTreeSet<usize> = memories.at_rest().collect();
        if partitions > 0 {
            let mut chosen = choose(snapshot, lags, partitions);
            by_row.reserve_exact(snapshot.rows.len());
            let lags = lags.of_rows(0..snapshot.rows.len());
            by_row.extend(snapshot.rows.iter().zip(lags).enumerate().map(|(at, (row, left))| {
                let (Some(1..), Ok(Committed::At(committed))) = (left.offsets(), &row.committed) else { return None };
                if at_rest.contains(&at) {
                    return None;
                }
                let known = partition_of(&mut chosen, row)?.as_mut()?;
                let log = snapshot.log(row).ok()?;
                let Row { topic, partition, .. } = *row;
                Some(targets.number(known, *committed, || {
                    let max_timestamp = max_timestamp(topic as usize, partition);
                    Target { topic, partition, committed: *committed, log, max_timestamp }
                }))
            }));
        }
        if targets.0.is_empty() {
            by_row = Vec::new();
        }
        Self { limits, targets: by_row, at_rest, search: Search::new(targets.0, limits, time_ms) }
    }

    /// Whether there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The result of the search; where it found nothing, the history is interpolated.
    pub(crate) fn ages(self, sight: Sight<'_>) -> Ages<'_> {
        let Sight { snapshot, lags, before, .. } = sight;
        let others = not_searched(self.limits);
        if self.is_empty() && before.0.is_err() {
            return Ages { lags, found: Vec::new(), others };
        }
        let searched = self.search.finish();
        let found = (0..snapshot.rows.len()).map(|row| {
            let Some(1..) = lags.of(row).offsets() else { return None };
            if self.at_rest.contains(&row) {
                return Some(Age::CaughtUp);
            }
            let target = self.targets.get(row).copied().flatten();
            match target.and_then(|target| searched.get(usize::try_from(target).ok()?)) {
                None => interpolated(sight, row),
                Some(Age::Unknown(why)) => interpolated(sight, row).or_else(|| Some(Age::Unknown(why.clone()))),
                Some(known) => Some(known.clone()),
            }
        });
        Ages { lags, found: found.collect(), others }
    }
}

impl<'a> Ages<'a> {
    /// Nothing was searched for.
    #[must_use]
    pub fn unsearched(lags: &'a Lags) -> Self {
        Self { lags, found: Vec::new(), others: not_searched(Limits { partitions: 0, ..Limits::default() }) }
    }

    /// The age of a row's next record; `None` if there is no commit to measure from.
    pub(crate) fn of(&self, row: usize) -> Option<&Age> {
        match self.lags.of(row).offsets()? {
            0 => Some(&Age::CaughtUp),
            _ => Some(self.found.get(row).and_then(Option::as_ref).unwrap_or(&self.others)),
        }
    }

    /// The greatest age in a range of rows; `None` if none is known.
    pub(crate) fn oldest(&self, rows: Range<usize>) -> Option<&Age> {
        let found = self.found.get(rows.clone()).unwrap_or_default().iter().flatten();
        let caught_up =
            || self.lags.of_rows(rows).iter().any(|left| left.offsets() == Some(0)).then_some(&Age::CaughtUp);
        found.filter(|age| age.ms().is_some()).max_by_key(|age| age.ms()).or_else(caught_up)
    }
}

/// The targets of a search, each commit of each partition once, however many groups have it.
#[derive(Default)]
struct Targets(Vec<Target>);

impl Targets {
    /// The number of the target at this offset; `known` are those of its partition, by offset.
    fn number(&mut self, known: &mut Vec<(i64, u32)>, offset: i64, make: impl FnOnce() -> Target) -> u32 {
        match known.binary_search_by_key(&offset, |(offset, _)| *offset) {
            Ok(at) => known[at].1,
            Err(at) => {
                // There are no more of them than rows, and no more rows than a frame has bytes.
                let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
                known.insert(at, (offset, number));
                self.0.push(make());
                number
            }
        }
    }
}

/// One value per partition, by topic.
type Partitions<T> = Vec<Vec<T>>;

/// For each partition the targets that it will have, if it is among those with the largest lag.
fn choose(snapshot: &Snapshot, lags: &Lags, partitions: usize) -> Partitions<Option<Vec<(i64, u32)>>> {
    let sizes = snapshot.topics.iter().map(|topic| topic.partitions.as_ref().map_or(0, Logs::len));
    let mut most: Partitions<u64> = sizes.map(|size| vec![0; size]).collect();
    for (row, left) in snapshot.rows.iter().zip(lags.of_rows(0..snapshot.rows.len())) {
        if let (Some(most), Some(left)) = (partition_of(&mut most, row), left.offsets()) {
            *most = left.max(*most);
        }
    }
    let lagging = most.iter().enumerate().flat_map(|(topic, column)| {
        let lagging = column.iter().enumerate().filter(|(_, lag)| **lag > 0);
        lagging.map(move |(partition, lag)| (Reverse(*lag), topic, partition))
    });
    let mut lagging: Vec<(Reverse<u64>, usize, usize)> = lagging.collect();
    if lagging.len() > partitions {
        lagging.select_nth_unstable(partitions);
        lagging.truncate(partitions);
    }
    let mut chosen: Partitions<_> = most.iter().map(|column| vec![None; column.len()]).collect();
    for (_, topic, partition) in lagging {
        chosen[topic][partition] = Some(Vec::new());
    }
    chosen
}

fn partition_of<'a, T>(partitions: &'a mut Partitions<T>, row: &Row) -> Option<&'a mut T> {
    partitions.get_mut(row.topic as usize)?.get_mut(usize::try_from(row.partition).ok()?)
}

/// When the log end passed the commit, if that was between the previous snapshot and this one; records are assumed to
/// have arrived evenly.
fn interpolated(Sight { snapshot, before, time_ms, .. }: Sight<'_>, at: usize) -> Option<Age> {
    let row = &snapshot.rows[at];
    let before = before.of(at).ok()??;
    // For a share group the store has no log end, but the number of unread records.
    let counted = snapshot.unacknowledged.of(at);
    let (Ok(Committed::At(committed)), Ok(log), None) = (&row.committed, snapshot.log(row), counted) else {
        return None;
    };
    let (grown, unread) = (i128::from(log.end - before.end), i128::from(log.end - (*committed).max(log.start)));
    let elapsed = i128::from(time_ms - before.time_ms);
    // The commit was at or past the log end of the previous snapshot, so its next record arrived since.
    let within = before.end <= *committed && grown > 0 && elapsed > 0;
    let ms = within.then(|| elapsed * unread / grown)?;
    Some(Age::Interpolated { ms: u64::try_from(ms).ok()? })
}
