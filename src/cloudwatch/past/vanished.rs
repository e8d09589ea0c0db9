//! Partitions that an earlier run knew, and this one does not, although their groups exist and could be read.
//!
//! Their names are not stored: a slot has only a fingerprint. But a roster has the topics of its time, so every
//! partition that could have had such a slot can be compared with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use crate::cloudwatch::pages::binding::PageAddress;
use crate::cloudwatch::pages::entry::Entry;
use crate::cloudwatch::pages::key::{Key, Mark, OfGroup, OfName, OfTopic};
use crate::cloudwatch::pages::pages_read::{StoredSnapshot, Stretch};
use crate::cloudwatch::pages::roster::ReadTopic;
use crate::model::part::Part;
use crate::model::snapshot::{Group, Snapshot, Topic};

/// A partition that vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ghost {
    /// Index into the snapshot's groups.
    pub group: usize,
    /// The topic that it belonged to.
    pub mark: Mark,
    /// Its name.
    pub name: OfName,
    /// Its number.
    pub partition: i32,
    /// How many runs ago it was read last.
    pub snapshots: u16,
    /// Its key.
    pub(super) key: Key,
    /// The page that it was found on.
    pub(super) place: PageAddress,
}

impl Ghost {
    /// Whether another topic has the name of the ghost's topic.
    pub(crate) fn is_created_anew_as(&self, topic: &Topic) -> bool {
        self.name == OfName::new(&topic.name) && self.mark != Mark::of(&topic.name, topic.id)
    }
}

/// A group of now, as it is compared with stretches.
struct Candidate {
    at: usize,
    of_group: OfGroup,
    /// Whether its partitions are known, so that a missing one has vanished.
    is_read: bool,
}

/// Where a slot is: its stretch, and its position there.
type Slot = (usize, usize);

/// Names the slots of these stretches; `since` is how many runs ago their snapshot was taken.
pub(super) fn named(
    snapshot: &Snapshot,
    part: Part,
    stored: &StoredSnapshot,
    stretches: &[Stretch],
    since: u16,
) -> Vec<Ghost> {
    let groups = snapshot.groups.iter().enumerate().filter(|(_, group)| part.contains(&group.name));
    let mut candidates: BTreeMap<u32, Vec<Candidate>> = BTreeMap::new();
    for (at, group) in groups {
        let of_group = OfGroup::new(&group.name);
        let is_read = is_read(snapshot, group);
        candidates.entry(of_group.short()).or_default().push(Candidate { at, of_group, is_read });
    }
    let topics = stored.roster.topics.iter();
    let topics: Vec<(&ReadTopic, OfTopic)> = topics.map(|topic| (topic, OfTopic::new(topic.mark))).collect();
    // By group and topic: the slots that may be theirs.
    let mut may_be: HashMap<(usize, Mark), Vec<(Slot, Ghost)>> = HashMap::new();
    for (number, Stretch { place, anchors, slots }) in stretches.iter().enumerate() {
        let near = candidates.range(shorts(anchors)).flat_map(|(_, candidates)| candidates);
        let near: Vec<&Candidate> = near.collect();
        if near.iter().any(|candidate| !candidate.is_read) {
            continue;
        }
        for Candidate { at, of_group, .. } in near {
            for (ReadTopic { mark, name, partitions }, of_topic) in &topics {
                for partition in 0..i32::try_from(*partitions).unwrap_or(i32::MAX) {
                    let key = Key::new(*of_group, *of_topic, partition);
                    if !anchors.contains(&key.anchor()) {
                        continue;
                    }
                    let fingerprint = key.fingerprint(stored.minute);
                    let found = slots.iter().enumerate().filter(|(_, (other, _))| *other == fingerprint);
                    may_be.entry((*at, *mark)).or_default().extend(found.map(|(slot, (_, entry))| {
                        let before = if let Entry::Unread { snapshots } = entry { *snapshots } else { 0 };
                        let snapshots = since.saturating_add(before);
                        let ghost =
                            Ghost { group: *at, mark: *mark, name: *name, partition, snapshots, key, place: *place };
                        ((number, slot), ghost)
                    }));
                }
            }
        }
    }
    most_likely(may_be)
}

/// Of several partitions that a slot may belong to, the one with the most slots: a chance match is a single one.
fn most_likely(may_be: HashMap<(usize, Mark), Vec<(Slot, Ghost)>>) -> Vec<Ghost> {
    let mut all: Vec<_> = may_be.into_iter().filter(|(_, slots)| !slots.is_empty()).collect();
    all.sort_unstable_by_key(|(of, slots)| (std::cmp::Reverse(slots.len()), *of));
    let mut taken: BTreeSet<Slot> = BTreeSet::new();
    let mut ghosts = Vec::new();
    for (_, slots) in all {
        for (slot, ghost) in slots {
            if taken.insert(slot) {
                ghosts.push(ghost);
            }
        }
    }
    ghosts.sort_unstable_by_key(|ghost| ghost.key);
    ghosts.dedup_by_key(|ghost| ghost.key);
    ghosts
}

/// Whether all of a group's partitions are known, each with its topic.
fn is_read(snapshot: &Snapshot, group: &Group) -> bool {
    group.incomplete().is_none() && snapshot.rows_of(group).iter().all(|row| snapshot.topic(row).partitions.is_ok())
}

/// The groups, by [`OfGroup::short`], whose keys may lie between these anchors.
fn shorts(anchors: &RangeInclusive<u64>) -> RangeInclusive<u32> {
    let short = |anchor: &u64| Key::short_of_anchor(*anchor);
    short(anchors.start())..=short(anchors.end())
}
