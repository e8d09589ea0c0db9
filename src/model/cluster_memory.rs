//! The memory of a cluster besides its partitions: updated with each snapshot, like the memory of a partition.

use std::collections::BTreeMap;

use crate::model::crew::{self, Crew};
use crate::model::since::{REPORTED_S, Since};
use crate::model::snapshot::{Broker, Group, Offer, Snapshot};
use crate::model::stable_hash::Hash;
use crate::model::turnover::{Slices, Storm, Turnover};
use crate::model::watched::TopicMemory;

/// The memory of a cluster besides its partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterMemory {
    /// When it was made, in seconds since 1970.
    pub(crate) at_s: i64,
    /// By broker.
    pub(crate) brokers: BTreeMap<i32, BrokerMemory>,
    /// The groups, by [`key_of`] their names; two groups with the same key have none.
    pub(crate) groups: BTreeMap<u32, GroupMemory>,
    /// The watched topics, by [`key_of`] their names.
    pub(crate) topics: BTreeMap<u32, TopicMemory>,
    /// Whether partitions without a leader were announced.
    pub(crate) leaderless_announced: bool,
}

/// The memory of one group besides its partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupMemory {
    /// How often it rebalances.
    pub(crate) turnover: Option<Turnover>,
    /// Who its members are.
    pub(crate) crew: Option<Crew>,
}

/// The memory of one broker. Times are in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BrokerMemory {
    /// What it offered at its last answer, and when that was.
    pub(crate) offer: Option<(Offer, i64)>,
    /// Since when partitions lack it.
    pub(crate) lacked: Option<Since>,
    /// The two moments between which its API versions changed.
    pub(crate) change: Option<Change>,
    /// Whether it was announced that partitions lack it.
    pub(crate) announced: bool,
}

/// A broker offers other API versions than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its last answer before the change, in seconds since 1970.
    pub(crate) from_s: i64,
    /// Its first answer after the change.
    pub(crate) to_s: i64,
    pub(crate) direction: Direction,
}

/// The change of a broker's API versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
    /// The APIs that meerkat knows have the same versions as before.
    Other,
}

impl ClusterMemory {
    /// The memory after this snapshot. `previous` is `None` if there is none: what exists then began earlier.
    #[must_use]
    pub fn fold(previous: Option<&Self>, snapshot: &Snapshot, period_ms: i64, now_s: i64) -> Self {
        let mut brokers: BTreeMap<i32, BrokerMemory> = BTreeMap::new();
        let old = previous.iter().flat_map(|memory| &memory.brokers);
        for (id, known) in old.filter(|(_, known)| known.is_worth_keeping(now_s)) {
            let change = known.change.filter(|change| now_s - change.to_s < REPORTED_S);
            brokers.insert(*id, BrokerMemory { lacked: None, change, ..*known });
        }
        for Broker { id, offer, .. } in &snapshot.brokers {
            if let Some(offer) = offer {
                brokers.entry(*id).or_default().see(*offer, now_s);
            }
        }
        let impaired = snapshot.topics.iter().flat_map(|topic| &topic.placement.impaired);
        for (id, _) in impaired.flat_map(|impaired| &impaired.lacks) {
            let since = match previous {
                None => Since::Before,
                Some(memory) => memory.brokers.get(id).and_then(|broker| broker.lacked).unwrap_or(Since::At(now_s)),
            };
            brokers.entry(*id).or_default().lacked = Some(since);
        }
        // A hostile broker may send any number of ids.
        while brokers.len() > MOST_BROKERS {
            brokers.pop_last();
        }
        let groups = fold_groups(previous, &snapshot.groups, Slices::of(period_ms), now_s);
        let topics = fold_topics(previous, snapshot, now_s);
        let leaderless_announced = previous.is_some_and(|memory| memory.leaderless_announced);
        Self { at_s: now_s, brokers, groups, topics, leaderless_announced }
    }

    /// Whether a group rebalances again and again.
    pub(crate) fn storm(&self, group: &Group, period_ms: i64) -> Option<Storm> {
        self.groups.get(&key_of(&group.name))?.turnover?.storm(group, Slices::of(period_ms))
    }

    /// Since when all members of a group are others than before, in seconds since 1970; `None` where they are not, or it is long ago.
    pub(crate) fn replaced_s(&self, group: &Group) -> Option<i64> {
        self.groups.get(&key_of(&group.name))?.crew?.replaced_s(self.at_s)
    }
}

/// A topic that could not be read is remembered as it was.
fn fold_topics(previous: Option<&ClusterMemory>, snapshot: &Snapshot, now_s: i64) -> BTreeMap<u32, TopicMemory> {
    let topics = snapshot.watched.iter().filter_map(|(at, _)| {
        let topic = &snapshot.topics[*at];
        let key = key_of(&topic.name);
        let before = previous.and_then(|memory| memory.topics.get(&key).copied());
        let next = topic.ends().ok().map(|ends| TopicMemory::see(before, ends, now_s).memory);
        Some((key, next.or(before)?))
    });
    topics.collect()
}

fn fold_groups(
    previous: Option<&ClusterMemory>,
    groups: &[Group],
    slices: Slices,
    now_s: i64,
) -> BTreeMap<u32, GroupMemory> {
    let mut folded: BTreeMap<u32, GroupMemory> = BTreeMap::new();
    for group in groups {
        let key = key_of(&group.name);
        let before = previous.and_then(|memory| Some((*memory.groups.get(&key)?, memory.at_s)));
        let then_s = before.map_or(now_s, |(_, at_s)| at_s);
        let before = before.map(|(memory, _)| memory).unwrap_or_default();
        let turnover = Turnover::fold(before.turnover, group, slices, (then_s, now_s));
        let next = GroupMemory { turnover, crew: Crew::fold(before.crew, group, now_s) };
        // What is remembered of two groups with the same key is of neither.
        folded.entry(key).and_modify(|other| *other = GroupMemory::default()).or_insert(next);
    }
    folded.retain(|_, memory| *memory != GroupMemory::default());
    folded
}

/// The key of a name among those of its cluster: 24 bits of its hash.
pub(crate) fn key_of(group: &str) -> u32 {
    u32::try_from(Hash::new().text(group).finish() >> 40).unwrap_or_default()
}

impl GroupMemory {
    /// Whether anything about it changed lately.
    pub(crate) fn is_restless(&self) -> bool {
        let has_changed = self.crew.is_some_and(|crew| crew.change != crew::Change::Settled);
        has_changed || self.turnover.is_some_and(|turnover| turnover.is_restless())
    }
}

impl BrokerMemory {
    fn is_worth_keeping(&self, now_s: i64) -> bool {
        self.offer.is_some_and(|(_, seen_s)| now_s - seen_s < KEPT_S) || self.lacked.is_some() || self.announced
    }

    fn see(&mut self, offer: Offer, now_s: i64) {
        if let Some((before, from_s)) = self.offer.filter(|(before, _)| before.hash != offer.hash) {
            let direction = match offer.height.cmp(&before.height) {
                std::cmp::Ordering::Greater => Direction::Up,
                std::cmp::Ordering::Less => Direction::Down,
                std::cmp::Ordering::Equal => Direction::Other,
            };
            self.change = Some(Change { from_s, to_s: now_s, direction });
        }
        self.offer = Some((offer, now_s));
    }
}

/// How long a broker is remembered that is gone and that no partition needs, in seconds.
const KEPT_S: i64 = 3_600;
/// Brokers that are remembered; the largest known clusters have a few hundred.
pub(crate) const MOST_BROKERS: usize = 500;
