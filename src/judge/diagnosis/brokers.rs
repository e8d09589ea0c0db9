//! Brokers whose partitions lag in every group that reads them: the one rule that looks at all groups together.

use std::collections::BTreeMap;

use super::Evidence;
use super::facts::Facts;
use crate::judge::input::Sight;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::lag::Committed;
use crate::model::snapshot::Group;

/// Brokers that at least two groups suffer from, and nobody keeps up with; each with those groups, by their places in the snapshot.
#[derive(Debug, Default)]
pub(super) struct Suffering(BTreeMap<i32, Vec<usize>>);

/// Those brokers. Without two groups in trouble there is none, and nothing is looked at.
pub(super) fn suffering(sight: Sight<'_>, judged: &Judged) -> Suffering {
    let is_ill = |at: &usize| judged.groups[*at].verdict.severity() >= Verdict::Warn.severity();
    let ill: Vec<usize> = (0..judged.groups.len()).filter(is_ill).collect();
    let mut by_broker: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    if ill.len() >= LEAST_GROUPS {
        for at in ill {
            if let Some(broker) = only_broker(sight, judged, at) {
                by_broker.entry(broker).or_default().push(at);
            }
        }
    }
    by_broker.retain(|broker, groups| {
        let others = sight.snapshot.groups.iter().enumerate().filter(|(at, _)| !groups.contains(at));
        groups.len() >= LEAST_GROUPS && !others.into_iter().any(|(_, group)| keeps_up_on(sight, group, *broker))
    });
    Suffering(by_broker)
}

/// The broker that leads every partition of a group that is in trouble, where it has others that are not; `None` where there is no such one.
fn only_broker(sight: Sight<'_>, judged: &Judged, at: usize) -> Option<i32> {
    let group = &sight.snapshot.groups[at];
    let judgements = judged.rows_of(group);
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
    /// What a group suffers from; `None` where it is no broker.
    pub(super) fn evidence(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let (broker, groups) = self.0.iter().find(|(_, groups)| groups.contains(&facts.at))?;
        let about = facts.about(facts.bad(|_| true));
        Some(Evidence { brokers: vec![*broker], group_count: Some(groups.len()), ..about })
    }
}

/// One group that lags is that group's own.
const LEAST_GROUPS: usize = 2;
