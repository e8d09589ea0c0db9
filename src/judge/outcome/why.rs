//! What one snapshot shows of a group besides its lag, in one sentence.

use crate::base::figures::grouped;
use crate::judge::verdict::{Finding, Judgement};
use crate::model::lags::Left;
use crate::model::snapshot::{Group, Kind, Snapshot};

/// The finding that explains most; `None` where there is none.
pub(super) fn why(snapshot: &Snapshot, group: &Group, judgements: &[Judgement], lags: &[Left]) -> Option<String> {
    let rows = snapshot.rows_of(group);
    let place = |at: usize| format!("{}/{}", snapshot.topic(&rows[at]).name, rows[at].partition);
    let mut worst: Option<Found> = None;
    for (at, judgement) in judgements.iter().enumerate().filter(|(_, judgement)| !judgement.findings.is_empty()) {
        for finding in judgement.findings.iter() {
            // A share group has no commits of its own: its reason states that it has not begun to read.
            let share = group.kind == Kind::Share && finding == Finding::Uncommitted;
            let Some((rank, count)) = weighed(finding).filter(|_| !share) else { continue };
            match &mut worst {
                Some(found) if found.rank == rank => {
                    found.count = found.count.saturating_add(count);
                    found.more += 1;
                }
                Some(found) if found.rank < rank => {}
                _ => worst = Some(Found { rank, finding, at, count, more: 0 }),
            }
        }
    }
    if let Some(Found { finding, at, count, more, .. }) = worst {
        let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
        return Some(format!("{} ({}{more})", sentence(finding, count), place(at)));
    }
    let lags = lags.iter().any(|left| left.offsets() > Some(0));
    let state = group.state.as_deref().ok().filter(|state| REBALANCING.contains(state));
    match (&group.members, state) {
        _ if !lags => None,
        (_, Some(state)) => Some(format!("the group is rebalancing ({state})")),
        (Ok(members), None) if members.is_empty() => Some("the group has no member".to_owned()),
        _ => None,
    }
}

/// The same finding on one or more partitions.
struct Found {
    rank: u8,
    finding: Finding,
    /// The first of them.
    at: usize,
    /// Their figures together.
    count: u64,
    more: u64,
}

/// A finding that explains more has a smaller number; with the figure of the finding. What only history shows is in
/// the verdict already.
fn weighed(finding: Finding) -> Option<(u8, u64)> {
    Some(match finding {
        Finding::PastEnd { by } => (0, by),
        Finding::DataLoss { lost, .. } => (1, lost),
        Finding::Blocked => (2, 0),
        Finding::Uncommitted => (3, 0),
        Finding::Unassigned => (4, 0),
        Finding::NoCommit
        | Finding::LossAhead
        | Finding::Backlog { .. }
        | Finding::Abandoned
        | Finding::Unstable
        | Finding::Recreated => return None,
    })
}

fn sentence(finding: Finding, count: u64) -> String {
    let figured = match finding {
        Finding::PastEnd { .. } => Finding::PastEnd { by: count },
        Finding::DataLoss { new, .. } => Finding::DataLoss { lost: count, new },
        other => other,
    };
    figured.to_string()
}

/// States in which members wait for their partitions (KIP-848 has its own two).
const REBALANCING: [&str; 4] = ["Assigning", "CompletingRebalance", "PreparingRebalance", "Reconciling"];
