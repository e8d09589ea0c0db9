//! What a judged snapshot publishes for people.

use std::cmp::Reverse;
use std::sync::Arc;

use super::metrics::{GroupResult, PartitionResult, Results};
use crate::age::Age;
use crate::judged::{Judged, JudgedGroup, Position};
use crate::lag;
use crate::snapshot::{Group, Snapshot};
use crate::verdict::Verdict;

/// The results of one run. `vanished` groups, which were there at the last look, count as unknown.
#[must_use]
pub fn results(
    cluster: &str,
    snapshot: &Snapshot,
    judged: &Judged,
    age: impl Fn(Position) -> Option<Age>,
    vanished: usize,
    duration_ms: u64,
) -> Results {
    let mut order: Vec<usize> = (0..snapshot.groups.len()).collect();
    order.sort_by_key(|index| Reverse((judged.0[*index].verdict.severity(), judged.0[*index].max_lag)));
    let number = |verdict| small(judged.0.iter().filter(|group| group.verdict == verdict).count());
    let groups = order
        .into_iter()
        .map(|index| group(&snapshot.groups[index], &judged.0[index], snapshot, |claim| age((index, claim))));
    Results {
        cluster: cluster.to_owned(),
        groups: groups.collect(),
        by_status: STATUSES.iter().map(|verdict| (verdict.word(), number(*verdict))).collect(),
        unknown_groups: number(Verdict::Unknown) + number(Verdict::NotFound) + small(vanished),
        duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
    }
}

fn group(group: &Group, judged: &JudgedGroup, snapshot: &Snapshot, age: impl Fn(usize) -> Option<Age>) -> GroupResult {
    let partitions = group.claims.iter().flatten().enumerate().map(|(index, claim)| {
        let lag = claim.committed.clone().and_then(|committed| Ok(lag::lag(committed, snapshot.log(claim)?)));
        PartitionResult {
            topic: Arc::clone(&snapshot.topics[claim.topic].name),
            partition: claim.partition,
            lag: lag.ok().and_then(lag::Lag::unread),
            lag_seconds: age(index).and_then(|age| age.seconds()),
        }
    });
    GroupResult { group: group.name.to_string(), status: judged.published_status(), partitions: partitions.collect() }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Every status that a group can have.
const STATUSES: [Verdict; 5] = [Verdict::Ok, Verdict::Warn, Verdict::Err, Verdict::Unknown, Verdict::NotFound];
