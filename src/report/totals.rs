//! Sums over everything that was looked at, whatever the size limit cut away afterwards.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::snapshot::Snapshot;

/// Sums that do not depend on what is listed.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// Groups that were looked at.
    pub groups: usize,
    /// How many of them have each status; every status is there, with 0 where no group has it.
    pub(crate) by_status: BTreeMap<&'static str, usize>,
    /// Partitions of all groups.
    pub(crate) partitions: usize,
    /// Unread offsets of the groups whose lag is known; `null` where it is known of none.
    pub(crate) lag: Option<u64>,
    /// Groups whose lag could not be told and is not in `lag`.
    pub(crate) lag_unknown: usize,
}

impl Totals {
    pub(super) fn new(snapshot: &Snapshot, judged: &Judged) -> Self {
        let mut by_status: BTreeMap<_, _> = Verdict::OF_GROUPS.map(|status| (status.word(), 0)).into();
        for group in &judged.groups {
            *by_status.entry(group.verdict.word()).or_default() += 1;
        }
        let known = || judged.groups.iter().filter_map(|group| group.total_lag);
        Self {
            groups: snapshot.groups.len(),
            by_status,
            partitions: snapshot.rows.len(),
            lag: known().reduce(u64::saturating_add),
            lag_unknown: judged.groups.len() - known().count(),
        }
    }
}
