//! What a judged snapshot publishes for people.

use std::sync::Arc;

use super::metrics::{GroupResult, PartitionResult, Results};
use super::pages::key::OfGroup;
use super::pages::roster::{MOST_LEFT, Restless};
use crate::age::Age;
use crate::ages::Ages;
use crate::judged::{Judged, JudgedGroup};
use crate::lag::Lag;
use crate::part::Part;
use crate::snapshot::{Group, Snapshot};
use crate::verdict::{Finding, Judgement, Verdict};

/// The results of one run. `vanished` groups, which were there at the last look, count as unknown; `published` says of each group whether
/// its metrics are published.
#[must_use]
pub fn results(
    (cluster, part): (&str, Part),
    snapshot: &Snapshot,
    judged: &Judged,
    ages: &Ages,
    published: &[bool],
    vanished: usize,
    duration_ms: u64,
) -> Results {
    let number = |verdict| small(judged.groups.iter().filter(|group| group.verdict == verdict).count());
    let groups = snapshot.groups.iter().zip(&judged.groups).zip(published).filter(|(_, published)| **published);
    Results {
        cluster: cluster.to_owned(),
        part,
        groups: groups.map(|((of, of_group), _)| group(of, of_group, judged.rows_of(of), snapshot, ages)).collect(),
        by_status: STATUSES.iter().map(|verdict| (verdict.word(), number(*verdict))).collect(),
        unknown_groups: number(Verdict::Unknown) + number(Verdict::NotFound) + small(vanished),
        duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
    }
}

/// Which groups' metrics are published where quiet groups are quiet, and which are to be for some looks more.
///
/// A group is restless while it is not OK, has a finding, or lags more than allowed; then for as many looks that its alarms close.
#[must_use]
pub fn restless(
    snapshot: &Snapshot,
    judged: &Judged,
    allowed_lag: impl Fn(&Group) -> u64,
    before: Option<&Restless>,
) -> (Vec<bool>, Restless) {
    let mut next = Vec::new();
    let published = snapshot.groups.iter().zip(&judged.groups).map(|(group, of_group)| {
        let short = OfGroup::new(&group.name).short();
        let lags = of_group.max_lag.is_some_and(|lag| lag > allowed_lag(group));
        let finds = judged.rows_of(group).iter().any(|judgement| !judgement.findings.is_empty());
        let now = of_group.verdict != Verdict::Ok || lags || finds;
        let before = before.map_or(0, |before| before.looks_left(short));
        let left = if now { MOST_LEFT } else { before.saturating_sub(1) };
        if left > 0 {
            next.push((short, left));
        }
        now || before > 0
    });
    (published.collect(), Restless::Groups(next))
}

fn group(
    group: &Group,
    judged: &JudgedGroup,
    judgements: &[Judgement],
    snapshot: &Snapshot,
    ages: &Ages,
) -> GroupResult {
    let partitions = group.range().zip(judgements).map(|(at, judgement)| {
        let row = &snapshot.rows[at];
        let lost = judgement.findings.iter().find_map(|finding| match finding {
            Finding::DataLoss { new, .. } => Some(*new),
            _ => None,
        });
        PartitionResult {
            topic: Arc::clone(&snapshot.topic(row).name),
            partition: row.partition,
            lag: snapshot.lag(row).ok().and_then(Lag::unread),
            lag_seconds: ages.of(at).and_then(Age::seconds),
            lost: lost.unwrap_or(0),
            loss_ahead: judgement.findings.contains(&Finding::LossAhead),
        }
    });
    // What is not known is no number: alarms keep their state, and `UnknownGroups` tells.
    let status = judged.published_status().filter(|code| *code > 0);
    GroupResult { group: group.name.to_string(), status, whole: !judged.at_least, partitions: partitions.collect() }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Every status that a group can have.
const STATUSES: [Verdict; 5] = [Verdict::Ok, Verdict::Warn, Verdict::Err, Verdict::Unknown, Verdict::NotFound];
