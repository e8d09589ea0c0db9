//! Sums over everything that was read, whatever the size limit left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GroupEntry;
use crate::judge::verdict::Verdict;

/// Sums that do not depend on what is listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Groups that were read.
    pub groups: usize,
    /// How many of them have each status; every status is there, with 0 where no group has it.
    pub(crate) by_status: BTreeMap<Cow<'static, str>, usize>,
    /// Partitions of all groups.
    pub(crate) partitions: usize,
    /// Unread offsets of the groups whose lag is known; `null` if no lag is known.
    pub(crate) lag: Option<u64>,
    /// Groups whose lag is unknown and not in `lag`.
    pub(crate) lag_unknown: usize,
}

impl Totals {
    /// Of all groups before any is left out, with this many partitions.
    pub(super) fn new(groups: &[GroupEntry<'_>], partitions: usize) -> Self {
        let known = || groups.iter().filter_map(|group| group.total_lag);
        let mut by_status: BTreeMap<_, _> = Verdict::OF_GROUPS.map(|status| (Cow::Borrowed(status.word()), 0)).into();
        for group in groups {
            *by_status.entry(Cow::Borrowed(group.status.word())).or_default() += 1;
        }
        Self {
            groups: groups.len(),
            by_status,
            partitions,
            lag: known().reduce(u64::saturating_add),
            lag_unknown: groups.len() - known().count(),
        }
    }
}
