//! Whose next record's age is wanted, and what is known of it.

use std::collections::HashMap;

use crate::age::{Age, Limits, Search, Target};
use crate::judged::{Position, Previous};
use crate::lag::{Committed, LogRange, lag};
use crate::snapshot::{Claim, Snapshot};

/// The ages of the next records, by position; a partition that is not in here is caught up, or nothing is known of it.
#[derive(Debug, Default)]
pub struct Ages(HashMap<Position, Age>);

/// The positions that lag, and the search for the ages of their next records.
pub struct Wanted {
    positions: Vec<Position>,
    /// To be driven until it has no more questions.
    pub search: Search,
}

impl Wanted {
    /// Every partition with unread records; `max_timestamp` tells whether a topic's partition can be asked for the
    /// greatest timestamp. Of more than `partitions`, those that lag most are searched.
    pub fn new(
        snapshot: &Snapshot,
        partitions: usize,
        now_ms: i64,
        max_timestamp: impl Fn(usize, i32) -> bool,
    ) -> Self {
        let mut positions = Vec::new();
        let mut targets = Vec::new();
        for (g, group) in snapshot.groups.iter().enumerate() {
            for (c, claim) in group.claims.iter().flatten().enumerate() {
                let Some((committed, log)) = unread(snapshot, claim) else { continue };
                let Ok(topic) = u32::try_from(claim.topic) else { continue };
                positions.push((g, c));
                let max_timestamp = max_timestamp(claim.topic, claim.partition);
                targets.push(Target { topic, partition: claim.partition, committed, log, max_timestamp });
            }
        }
        let search = Search::new(targets, Limits { partitions, ..Limits::default() }, now_ms);
        Self { positions, search }
    }

    /// Whether no partition lags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// What the search came to; where it found nothing, the history is interpolated.
    pub fn ages(self, snapshot: &Snapshot, now_ms: i64, previous: impl Fn(Position) -> Previous) -> Ages {
        let found = self.positions.into_iter().zip(self.search.finish()).map(|(position, age)| {
            let age = match age {
                Age::Unknown(_) => interpolated(snapshot, position, now_ms, &previous).unwrap_or(age),
                known => known,
            };
            (position, age)
        });
        Ages(found.collect())
    }
}

impl Ages {
    /// The age of a partition's next record; `None` where there is nothing to measure from.
    #[must_use]
    pub fn of(&self, snapshot: &Snapshot, position: Position) -> Option<Age> {
        self.0.get(&position).cloned().or_else(|| {
            let (g, c) = position;
            let claim = snapshot.groups.get(g)?.claims.as_ref().ok()?.get(c)?;
            let lag = lag(*claim.committed.as_ref().ok()?, snapshot.log(claim).ok()?);
            (lag.unread() == Some(0)).then_some(Age::CaughtUp)
        })
    }
}

/// A commit with unread records after it, and its log.
fn unread(snapshot: &Snapshot, claim: &Claim) -> Option<(i64, LogRange)> {
    let Ok(Committed::At(offset)) = claim.committed else { return None };
    let log = snapshot.log(claim).ok()?;
    (lag(Committed::At(offset), log).unread()? > 0).then_some((offset, log))
}

/// When the log end passed the commit, if that was between the previous look and this one; records are taken to have come
/// evenly.
fn interpolated(
    snapshot: &Snapshot,
    (g, c): Position,
    now_ms: i64,
    previous: impl Fn(Position) -> Previous,
) -> Option<Age> {
    let claim = snapshot.groups.get(g)?.claims.as_ref().ok()?.get(c)?;
    let (committed, log) = unread(snapshot, claim)?;
    let before = previous((g, c)).ok()??;
    let (grown, unread) = (i128::from(log.end - before.end), i128::from(log.end - committed.max(log.start)));
    let elapsed = i128::from(now_ms - before.time_ms);
    // The commit stood at or past the log end of the previous look, so its next record came since.
    let within = before.end <= committed && grown > 0 && elapsed > 0;
    let ms = within.then(|| elapsed * unread / grown)?;
    Some(Age::Interpolated { ms: u64::try_from(ms).ok()? })
}
