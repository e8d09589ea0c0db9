//! Several snapshots in one process: the memory between them stays in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::judge::flow::Flow;
use crate::judge::input::Before;
use crate::judge::memories::Memories;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::memory::Sample;
use crate::model::snapshot::{Group, Row, Snapshot};
use crate::report::WatchEntry;

/// The memory of one process that takes several snapshots.
#[derive(Debug)]
pub struct Watch {
    every_ms: i64,
    snapshots: Cell<u32>,
    /// Samples of each partition of a group, oldest first.
    kept: RefCell<HashMap<Place, Vec<Sample>>>,
    cluster: RefCell<Option<ClusterMemory>>,
}

/// A partition of a group. A topic that was recreated is another one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    group: Arc<str>,
    topic: Arc<str>,
    id: Option<u128>,
    partition: i32,
}

impl Place {
    fn of(snapshot: &Snapshot, group: &Group, row: &Row) -> Self {
        let topic = snapshot.topic(row);
        Self { group: Arc::clone(&group.name), topic: Arc::clone(&topic.name), id: topic.id, partition: row.partition }
    }
}

impl Watch {
    /// Nothing is stored yet; the next snapshots come at this interval.
    #[must_use]
    pub fn every(every: std::time::Duration) -> Self {
        let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
        Self { every_ms, snapshots: Cell::new(0), kept: RefCell::default(), cluster: RefCell::default() }
    }

    pub(super) fn period_ms(&self) -> i64 {
        self.every_ms
    }

    /// The newest earlier sample of each row.
    pub(super) fn before(&self, snapshot: &Snapshot) -> Before {
        let kept = self.kept.borrow();
        let of = |(group, row)| kept.get(&Place::of(snapshot, group, row))?.last().copied();
        Before(Ok(by_row(snapshot).map(|at| Ok(at.and_then(of))).collect()), BTreeMap::new())
    }

    /// The samples of each row, oldest first.
    pub(super) fn earlier(&self, snapshot: &Snapshot) -> Vec<Vec<Sample>> {
        let kept = self.kept.borrow();
        let of = |(group, row)| kept.get(&Place::of(snapshot, group, row)).cloned().unwrap_or_default();
        by_row(snapshot).map(|at| at.map(of).unwrap_or_default()).collect()
    }

    /// What flowed through each group lately.
    pub(super) fn flows(&self, snapshot: &Snapshot, time_ms: i64) -> Vec<Flow> {
        let kept = self.kept.borrow();
        let of = |group: &Group| {
            Flow::of(snapshot, group, time_ms, |at, row| {
                let end = snapshot.ahead(at).ok()?.end;
                let samples = kept.get(&Place::of(snapshot, group, row))?;
                samples.iter().find(|sample| sample.time_ms >= time_ms - RATE_MS && sample.end <= end).copied()
            })
        };
        snapshot.groups.iter().map(of).collect()
    }

    /// Stores this snapshot.
    pub(super) fn keep(&self, snapshot: &Snapshot, memories: &Memories, cluster: &ClusterMemory, time_ms: i64) {
        self.cluster.replace(Some(cluster.clone()));
        let mut kept = self.kept.borrow_mut();
        let most = (MOST_SAMPLES / snapshot.rows.len().max(1)).clamp(LEAST_A_ROW, MOST_A_ROW);
        for group in &snapshot.groups {
            for at in group.range() {
                let row = &snapshot.rows[at];
                let (Ok(committed), Ok(log), Some(memory)) = (&row.committed, snapshot.ahead(at), memories.of(at))
                else {
                    continue;
                };
                let samples = kept.entry(Place::of(snapshot, group, row)).or_default();
                if samples.len() >= most {
                    samples.remove(0);
                }
                samples.push(Sample { time_ms, committed: *committed, end: log.end, memory });
            }
        }
        self.snapshots.set(self.snapshots.get() + 1);
    }

    /// What is remembered of the cluster besides its partitions; `None` before the first snapshot.
    pub(super) fn cluster(&self) -> Option<ClusterMemory> {
        self.cluster.borrow().clone()
    }

    pub(super) fn entry(&self) -> WatchEntry {
        WatchEntry {
            snapshots: self.snapshots.get(),
            every_s: u64::try_from(self.every_ms / 1_000).unwrap_or_default(),
        }
    }
}

/// Each row with its group, in order; empty for a row without a group.
fn by_row(snapshot: &Snapshot) -> impl Iterator<Item = Option<(&Group, &Row)>> {
    let mut groups: Vec<Option<&Group>> = vec![None; snapshot.rows.len()];
    for group in &snapshot.groups {
        for at in group.range() {
            groups[at] = Some(group);
        }
    }
    groups.into_iter().zip(&snapshot.rows).map(|(group, row)| Some((group?, row)))
}

/// A rate covers at most this much time.
const RATE_MS: i64 = 5 * 60_000;
/// Samples of all partitions together, of about a hundred bytes each, as long as each has some.
const MOST_SAMPLES: usize = 1_000_000;
/// A trend needs this many.
const LEAST_A_ROW: usize = 12;
/// More make no better trend.
const MOST_A_ROW: usize = 240;
