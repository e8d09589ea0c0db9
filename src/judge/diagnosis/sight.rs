//! What one snapshot shows of a group besides its lag.

use super::facts::who;
use super::{Diagnosis, Evidence, Kind, MOST_NAMED, Place};
use crate::judge::verdict::{Finding, Judgement};
use crate::model::lags::Left;
use crate::model::snapshot::{self, Group, Snapshot};
use crate::model::turnover::Storm;

/// The finding that explains most among rows that count, or what the group's state explains; `None` where there is neither.
pub(crate) fn at_sight(
    snapshot: &Snapshot,
    group: &Group,
    judgements: &[Judgement],
    lags: &[Left],
    counts: impl Fn(&Judgement) -> bool,
) -> Option<Diagnosis> {
    let mut worst: Option<Found> = None;
    let found =
        judgements.iter().enumerate().filter(|(_, judgement)| !judgement.findings.is_empty() && counts(judgement));
    for (at, judgement) in found {
        for finding in judgement.findings.iter() {
            // A share group has no commits of its own: its reason says that it has not begun to read.
            let share = group.kind == snapshot::Kind::Share && finding == Finding::Uncommitted;
            let Some((rank, kind, offsets)) = weighed(finding).filter(|_| !share) else { continue };
            match &mut worst {
                Some(found) if found.rank == rank => {
                    found.offsets = found.offsets.saturating_add(offsets);
                    found.count += 1;
                }
                Some(found) if found.rank < rank => {}
                _ => worst = Some(Found { rank, kind, at, offsets, count: 1 }),
            }
        }
    }
    if let Some(Found { kind, at, offsets, count, .. }) = worst {
        let row = &snapshot.rows_of(group)[at];
        let place = Place::of(snapshot, row, lags[at].offsets());
        let offsets = Some(offsets).filter(|offsets| *offsets > 0);
        let evidence =
            Evidence { partitions: vec![place], partition_count: Some(count), offsets, ..Evidence::default() };
        return Some(Diagnosis { kind, evidence });
    }
    let lags = lags.iter().any(|left| left.offsets() > Some(0));
    let members = group.members.as_ref().ok().map(Vec::len);
    match rebalancing(group) {
        _ if !lags => None,
        Some(state) => {
            let evidence = Evidence { state: Some(state.to_owned()), ..Evidence::default() };
            Some(Diagnosis { kind: Kind::Rebalancing, evidence })
        }
        None if members == Some(0) => Some(Diagnosis { kind: Kind::NobodyThere, evidence: Evidence::default() }),
        None => None,
    }
}

/// That a group rebalances again and again.
pub(crate) fn storming(Storm { rebalances, minutes, at_least, runs }: Storm, group: &Group) -> Diagnosis {
    let members = group.members.as_ref().ok();
    let evidence = Evidence {
        rebalances: Some(rebalances),
        rebalances_at_least: at_least,
        minutes: Some(minutes),
        changed_in_runs: runs,
        member_count: members.map(Vec::len),
        members: members.into_iter().flatten().take(MOST_NAMED).map(who).collect(),
        ..Evidence::default()
    };
    Diagnosis { kind: Kind::Rebalancing, evidence }
}

/// The state of a group whose members wait for their partitions; `None` in any other.
fn rebalancing(group: &Group) -> Option<&str> {
    group.state.as_deref().ok().filter(|state| REBALANCING.contains(state))
}

/// The same finding on one or more partitions.
struct Found {
    rank: u8,
    kind: Kind,
    /// The first of them.
    at: usize,
    /// Their figures together.
    offsets: u64,
    count: usize,
}

/// What explains more is less; with the kind and the figure of the finding. What only history knows is in the verdict already.
fn weighed(finding: Finding) -> Option<(u8, Kind, u64)> {
    Some(match finding {
        Finding::PastEnd { by } => (0, Kind::TopicRecreated, by),
        Finding::DataLoss { lost, .. } => (1, Kind::RecordsLost, lost),
        Finding::Blocked => (2, Kind::OpenTransaction, 0),
        Finding::Uncommitted => (3, Kind::NeverCommits, 0),
        Finding::Unassigned => (4, Kind::NobodyThere, 0),
        Finding::NoCommit
        | Finding::LossAhead
        | Finding::Backlog { .. }
        | Finding::Abandoned
        | Finding::Unstable
        | Finding::Recreated => return None,
    })
}

/// States in which members wait for their partitions (KIP-848 has its own two).
const REBALANCING: [&str; 4] = ["Assigning", "CompletingRebalance", "PreparingRebalance", "Reconciling"];
