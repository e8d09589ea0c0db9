//! What a judged snapshot publishes for people.

use std::cmp::Reverse;
use std::sync::Arc;

use super::metrics::{GroupResult, PartitionResult, Results};
use crate::age::Age;
use crate::ages::Ages;
use crate::judged::{Judged, JudgedGroup};
use crate::lag::Lag;
use crate::snapshot::{Group, Snapshot};
use crate::verdict::Verdict;

/// The results of one run. `vanished` groups, which were there at the last look, count as unknown.
#[must_use]
pub fn results(
    cluster: &str,
    snapshot: &Snapshot,
    judged: &Judged,
    ages: &Ages,
    vanished: usize,
    duration_ms: u64,
) -> Results {
    let mut order: Vec<usize> = (0..snapshot.groups.len()).collect();
    order.sort_by_key(|index| Reverse((judged.groups[*index].verdict.severity(), judged.groups[*index].max_lag)));
    let number = |verdict| small(judged.groups.iter().filter(|group| group.verdict == verdict).count());
    let groups = order.into_iter().map(|index| group(&snapshot.groups[index], &judged.groups[index], snapshot, ages));
    Results {
        cluster: cluster.to_owned(),
        groups: groups.collect(),
        by_status: STATUSES.iter().map(|verdict| (verdict.word(), number(*verdict))).collect(),
        unknown_groups: number(Verdict::Unknown) + number(Verdict::NotFound) + small(vanished),
        duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
    }
}

fn group(group: &Group, judged: &JudgedGroup, snapshot: &Snapshot, ages: &Ages) -> GroupResult {
    let partitions = group.range().map(|at| {
        let row = &snapshot.rows[at];
        PartitionResult {
            topic: Arc::clone(&snapshot.topic(row).name),
            partition: row.partition,
            lag: snapshot.lag(row).ok().and_then(Lag::unread),
            lag_seconds: ages.of(at).and_then(Age::seconds),
        }
    });
    GroupResult { group: group.name.to_string(), status: judged.published_status(), partitions: partitions.collect() }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Every status that a group can have.
const STATUSES: [Verdict; 5] = [Verdict::Ok, Verdict::Warn, Verdict::Err, Verdict::Unknown, Verdict::NotFound];
