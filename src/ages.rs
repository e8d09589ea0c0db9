//! Whose next record's age is wanted, and what is known of it.

use crate::age::{Age, Limits, Search, Target};
use crate::judged::Before;
use crate::lag::{Committed, LogRange};
use crate::snapshot::{Row, Snapshot};

/// The age of each row's next record; `None` where nothing is known to measure from.
#[derive(Debug, Default)]
pub struct Ages(Vec<Option<Age>>);

/// The rows that lag, and the search for the ages of their next records.
pub struct Wanted {
    rows: Vec<usize>,
    /// To be driven until it has no more questions.
    pub search: Search,
}

impl Wanted {
    /// Every row with unread records; `max_timestamp` tells whether a topic's partition can be asked for the greatest
    /// timestamp. Of more than `partitions`, those that lag most are searched.
    pub fn new(
        snapshot: &Snapshot,
        partitions: usize,
        now_ms: i64,
        max_timestamp: impl Fn(usize, i32) -> bool,
    ) -> Self {
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        for (at, row) in snapshot.rows.iter().enumerate() {
            let Some((committed, log)) = unread(snapshot, row) else { continue };
            rows.push(at);
            let Row { topic, partition, .. } = *row;
            let max_timestamp = max_timestamp(topic as usize, partition);
            targets.push(Target { topic, partition, committed, log, max_timestamp });
        }
        let search = Search::new(targets, Limits { partitions, ..Limits::default() }, now_ms);
        Self { rows, search }
    }

    /// Whether no partition lags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the search came to; where it found nothing, the history is interpolated.
    #[must_use]
    pub fn ages(self, snapshot: &Snapshot, now_ms: i64, before: &Before) -> Ages {
        let mut ages: Vec<Option<Age>> = snapshot.rows.iter().map(|row| caught_up(snapshot, row)).collect();
        for (row, age) in self.rows.into_iter().zip(self.search.finish()) {
            ages[row] = Some(match age {
                Age::Unknown(_) => interpolated(snapshot, row, now_ms, before).unwrap_or(age),
                known => known,
            });
        }
        Ages(ages)
    }
}

impl Ages {
    /// The age of a row's next record; `None` where there is nothing to measure from.
    #[must_use]
    pub fn of(&self, row: usize) -> Option<&Age> {
        self.0.get(row)?.as_ref()
    }
}

fn caught_up(snapshot: &Snapshot, row: &Row) -> Option<Age> {
    (snapshot.lag(row).ok()?.unread() == Some(0)).then_some(Age::CaughtUp)
}

/// A commit with unread records after it, and its log.
fn unread(snapshot: &Snapshot, row: &Row) -> Option<(i64, LogRange)> {
    let Ok(Committed::At(offset)) = row.committed else { return None };
    (snapshot.lag(row).ok()?.unread()? > 0).then_some((offset, snapshot.log(row).ok()?))
}

/// When the log end passed the commit, if that was between the previous look and this one; records are taken to have come
/// evenly.
fn interpolated(snapshot: &Snapshot, row: usize, now_ms: i64, before: &Before) -> Option<Age> {
    // Of a share group the store keeps no log end, but what was left.
    if snapshot.rows[row].unacknowledged.is_some() {
        return None;
    }
    let (committed, log) = unread(snapshot, &snapshot.rows[row])?;
    let before = before.of(row).ok()??;
    let (grown, unread) = (i128::from(log.end - before.end), i128::from(log.end - committed.max(log.start)));
    let elapsed = i128::from(now_ms - before.time_ms);
    // The commit stood at or past the log end of the previous look, so its next record came since.
    let within = before.end <= committed && grown > 0 && elapsed > 0;
    let ms = within.then(|| elapsed * unread / grown)?;
    Some(Age::Interpolated { ms: u64::try_from(ms).ok()? })
}
