//! Sums over everything that was read, whatever the size limit left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GroupEntry;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::snapshot::Snapshot;

/// Sums that do not depend on what is listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals<'a> {
    /// Groups that were read.
    pub groups: usize,
    /// How many of them have each status; every status is there, with 0 where no group has it.
    pub(crate) by_status: BTreeMap<Cow<'a, str>, usize>,
    /// Partitions of all groups.
    pub(crate) partitions: usize,
    /// Unread offsets of the groups whose lag is known; `null` if no lag is known.
    pub(crate) lag: Option<u64>,
    /// Groups whose lag is unknown and not in `lag`.
    pub(crate) lag_unknown: usize,
}

impl Totals<'_> {
    pub(super) fn new(snapshot: &Snapshot, judged: &Judged) -> Self {
        let by_status = counted(judged.groups.iter().map(|group| group.verdict));
        let known = || judged.groups.iter().filter_map(|group| group.total_lag);
        Self {
            groups: snapshot.groups.len(),
            by_status,
            partitions: snapshot.rows.len(),
            lag: known().reduce(u64::saturating_add),
            lag_unknown: judged.groups.len() - known().count(),
        }
    }

    /// The same of groups that are listed, for a report without sums.
    pub(super) fn of_entries(groups: &[GroupEntry<'_>]) -> Self {
        let known = || groups.iter().filter_map(|group| group.total_lag);
        Self {
            groups: groups.len(),
            by_status: counted(groups.iter().map(|group| group.status)),
            partitions: groups.iter().map(|group| group.partition_count).sum(),
            lag: known().reduce(u64::saturating_add),
            lag_unknown: groups.len() - known().count(),
        }
    }
}

fn counted(statuses: impl Iterator<Item = Verdict>) -> BTreeMap<Cow<'static, str>, usize> {
    let mut counts: BTreeMap<_, _> = Verdict::OF_GROUPS.map(|status| (Cow::Borrowed(status.word()), 0)).into();
    for status in statuses {
        *counts.entry(Cow::Borrowed(status.word())).or_default() += 1;
    }
    counts
}
