//! Brokers whose partitions lag in every group that reads them: the one rule that looks at all groups together.

use std::collections::BTreeMap;

use crate::judge::input::Sight;
use crate::judge::verdict::{Judgement, Verdict};
use crate::model::lag::Committed;
use crate::model::snapshot::Group;

/// Brokers that at least two groups suffer from, and nobody keeps up with; each with those groups, by their places in the snapshot.
#[derive(Debug, Default)]
pub(crate) struct Suffering(BTreeMap<i32, Vec<usize>>);

/// The broker that leads every partition of a group that is in trouble, where it has others that are not; `None` where there is no such one.
fn only_broker(sight: Sight<'_>, group: &Group, judgements: &[Judgement]) -> Option<i32> {
    let mut broker = None;
    let mut elsewhere = Vec::new();
    for (row, judgement) in sight.snapshot.rows_of(group).iter().zip(judgements) {
        let leader = sight.snapshot.leader(row)?;
        if judgement.verdict.severity() < Verdict::Warn.severity() {
            elsewhere.push(leader);
        } else if broker.replace(leader).is_some_and(|known| known != leader) {
            return None;
        }
    }
    broker.filter(|broker| elsewhere.iter().any(|leader| leader != broker) && !elsewhere.contains(broker))
}

/// Whether a group read something of a broker's partitions since the snapshot before.
fn keeps_up_on(sight: Sight<'_>, group: &Group, broker: i32) -> bool {
    let reads = |at: usize| {
        let row = &sight.snapshot.rows[at];
        let before = sight.before.of(at).ok().flatten().map(|sample| sample.committed);
        match (before, &row.committed) {
            (Some(Committed::At(before)), Ok(Committed::At(now))) => {
                *now > before && sight.snapshot.leader(row) == Some(broker)
            }
            _ => false,
        }
    };
    group.range().any(reads)
}

impl Suffering {
    /// Without two groups in trouble there is none, and nothing is looked at. `rows` are parallel to those of the snapshot.
    pub(crate) fn new(sight: Sight<'_>, verdict: impl Fn(usize) -> Verdict, rows: &[Judgement]) -> Self {
        let groups = &sight.snapshot.groups;
        let is_ill = |at: &usize| verdict(*at).severity() >= Verdict::Warn.severity();
        let ill: Vec<usize> = (0..groups.len()).filter(is_ill).collect();
        let mut by_broker: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        if ill.len() >= LEAST_GROUPS {
            for at in ill {
                if let Some(broker) = only_broker(sight, &groups[at], &rows[groups[at].range()]) {
                    by_broker.entry(broker).or_default().push(at);
                }
            }
        }
        by_broker.retain(|broker, suffering| {
            let others = groups.iter().enumerate().filter(|(at, _)| !suffering.contains(at));
            suffering.len() >= LEAST_GROUPS && !others.into_iter().any(|(_, group)| keeps_up_on(sight, group, *broker))
        });
        Self(by_broker)
    }

    /// The broker that a group suffers from, and how many groups do; `None` where it is no broker.
    pub(super) fn of(&self, group: usize) -> Option<(i32, usize)> {
        self.0.iter().find(|(_, groups)| groups.contains(&group)).map(|(broker, groups)| (*broker, groups.len()))
    }
}

/// One group that lags is that group's own.
const LEAST_GROUPS: usize = 2;
