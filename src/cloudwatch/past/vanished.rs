//! Partitions that an earlier run knew, and this one does not, although their groups are there and could be read.
//!
//! Nothing names them any more: a slot has a fingerprint alone. But a roster tells which topics there were, so that every partition that
//! could have been in such a place can be held against it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use crate::cloudwatch::pages::binding::Place;
use crate::cloudwatch::pages::entry::Entry;
use crate::cloudwatch::pages::key::{Key, Mark, OfGroup, OfName, OfTopic};
use crate::cloudwatch::pages::roster::ReadTopic;
use crate::cloudwatch::pages::sheets::{KeptLook, Stretch};
use crate::model::part::Part;
use crate::model::snapshot::{Group, Snapshot, Topic};

/// A partition that vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ghost {
    /// Index into the snapshot's groups.
    pub group: usize,
    /// Which topic it was of.
    pub mark: Mark,
    /// What that was called.
    pub name: OfName,
    /// Its number.
    pub partition: i32,
    /// How many runs ago it was read last.
    pub looks: u16,
    /// Its key.
    pub(super) key: Key,
    /// The page that it was found on.
    pub(super) place: Place,
}

impl Ghost {
    /// Whether a topic has the name of the ghost's, and is another one.
    pub(crate) fn is_created_anew_as(&self, topic: &Topic) -> bool {
        self.name == OfName::new(&topic.name) && self.mark != Mark::of(&topic.name, topic.id)
    }
}

/// A group of now, as stretches are held against it.
struct Candidate {
    at: usize,
    of_group: OfGroup,
    /// Whether its partitions are known, so that one that is missing has vanished.
    is_read: bool,
}

/// Where a slot is: its stretch, and its place there.
type Slot = (usize, usize);

/// Names the slots of these stretches; `since` is how many runs ago their look was.
pub(super) fn named(snapshot: &Snapshot, part: Part, look: &KeptLook, stretches: &[Stretch], since: u16) -> Vec<Ghost> {
    let groups = snapshot.groups.iter().enumerate().filter(|(_, group)| part.contains(&group.name));
    let mut candidates: BTreeMap<u32, Vec<Candidate>> = BTreeMap::new();
    for (at, group) in groups {
        let of_group = OfGroup::new(&group.name);
        let is_read = is_read(snapshot, group);
        candidates.entry(of_group.short()).or_default().push(Candidate { at, of_group, is_read });
    }
    let topics = look.roster.topics.iter();
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
                    let fingerprint = key.fingerprint(look.minute);
                    let found = slots.iter().enumerate().filter(|(_, (other, _))| *other == fingerprint);
                    may_be.entry((*at, *mark)).or_default().extend(found.map(|(slot, (_, entry))| {
                        let before = if let Entry::Unread { looks } = entry { *looks } else { 0 };
                        let looks = since.saturating_add(before);
                        let ghost =
                            Ghost { group: *at, mark: *mark, name: *name, partition, looks, key, place: *place };
                        ((number, slot), ghost)
                    }));
                }
            }
        }
    }
    most_likely(may_be)
}

/// Of several that a slot may be, the one of which most slots are: a chance meeting is one of one.
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
    group.untold().is_none() && snapshot.rows_of(group).iter().all(|row| snapshot.topic(row).partitions.is_ok())
}

/// The groups, by [`OfGroup::short`], whose keys may lie between these anchors.
fn shorts(anchors: &RangeInclusive<u64>) -> RangeInclusive<u32> {
    let short = |anchor: &u64| Key::short_of_anchor(*anchor);
    short(anchors.start())..=short(anchors.end())
}
