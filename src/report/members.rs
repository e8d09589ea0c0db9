//! Sums by member and by host of a group.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::judge::ages::Ages;
use crate::judge::input::Sight;
use crate::model::age::Age;
use crate::model::snapshot::{Group, Kind};

/// What one member reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MemberEntry<'a> {
    pub(crate) member: Cow<'a, str>,
    pub(crate) member_id: Cow<'a, str>,
    pub(crate) member_host: Cow<'a, str>,
    #[serde(flatten)]
    pub(crate) sum: MemberSum,
}

/// What the members on one host read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostEntry<'a> {
    pub(crate) member_host: Cow<'a, str>,
    pub(crate) members: usize,
    #[serde(flatten)]
    pub(crate) sum: MemberSum,
}

/// Partitions together. In a share group several members read one partition, so nothing is known of one of them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MemberSum {
    /// `null` in a share group.
    pub(crate) partitions: Option<usize>,
    /// Offsets left to read in those of them that could be read; `null` where there is none.
    pub(crate) lag: Option<u64>,
    /// Whether the lag of some could not be read.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) lag_at_least: bool,
    /// The age of the oldest unread record; `null` where none is known.
    pub(crate) lag_seconds: Option<f64>,
}

impl MemberSum {
    fn add(&mut self, other: Self) {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        self.partitions = self.partitions.zip(other.partitions).map(|(one, other)| one + other);
        self.lag = sum(self.lag, other.lag);
        self.lag_at_least |= other.lag_at_least;
        let ages = self.lag_seconds.into_iter().chain(other.lag_seconds);
        self.lag_seconds = ages.max_by(f64::total_cmp);
    }
}

/// Every member of a group, those without a partition too; whose lag is largest comes first.
pub(crate) fn by_member<'a>(sight: Sight<'_>, group: &'a Group, ages: &Ages<'_>) -> Vec<MemberEntry<'a>> {
    let members = group.members.as_deref().unwrap_or_default();
    let none = MemberSum { partitions: (group.kind != Kind::Share).then_some(0), ..MemberSum::default() };
    let mut sums = vec![none; members.len()];
    for at in group.range().filter(|_| group.kind != Kind::Share) {
        let row = &sight.snapshot.rows[at];
        let member = row.member.and_then(|member| usize::try_from(member.get() - 1).ok());
        let Some(sum) = member.and_then(|member| sums.get_mut(member)) else { continue };
        let left = sight.lags.of(at);
        sum.add(MemberSum {
            partitions: Some(1),
            lag: left.offsets(),
            lag_at_least: left.is_unread(),
            lag_seconds: ages.of(at).and_then(Age::seconds),
        });
    }
    let mut entries: Vec<MemberEntry<'a>> = members
        .iter()
        .zip(sums)
        .map(|(member, sum)| MemberEntry {
            member: Cow::Borrowed(&member.client_id),
            member_id: Cow::Borrowed(&member.id),
            member_host: Cow::Borrowed(&member.host),
            sum,
        })
        .collect();
    entries.sort_by(|one, other| {
        (other.sum.lag, &one.member, &one.member_id).cmp(&(one.sum.lag, &other.member, &other.member_id))
    });
    entries
}

/// The same by host.
pub(crate) fn by_host<'a>(members: &[MemberEntry<'a>]) -> Vec<HostEntry<'a>> {
    let mut hosts: BTreeMap<&str, HostEntry<'a>> = BTreeMap::new();
    for MemberEntry { member_host, sum, .. } in members {
        let host = hosts.entry(member_host).or_insert_with(|| HostEntry {
            member_host: member_host.clone(),
            members: 0,
            sum: MemberSum { partitions: sum.partitions.map(|_| 0), ..MemberSum::default() },
        });
        host.members += 1;
        host.sum.add(*sum);
    }
    let mut entries: Vec<HostEntry<'a>> = hosts.into_values().collect();
    entries.sort_by(|one, other| (other.sum.lag, &one.member_host).cmp(&(one.sum.lag, &other.member_host)));
    entries
}
