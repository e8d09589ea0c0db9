//! A store that keeps the snapshots that the service keeps.

use std::collections::BTreeMap;

use super::super::*;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::pages::binding::{bind, bits};
use crate::cloudwatch::pages::key::{Key, Mark, OfGroup, OfTopic};
use crate::cloudwatch::pages::page::{self, Page};
use crate::cloudwatch::pages::pages_read::StoredSnapshot;
use crate::cloudwatch::pages::roster::{Announced, Restless, Roster};
use crate::model::lag::Committed;

/// A group, a topic, the topic's id and a partition.
pub(super) type Name = (u32, u32, u32, i32);

pub(super) struct Archive {
    pub(super) schedule: Schedule,
    /// Newest first.
    pub(super) snapshots: Vec<(StoredSnapshot, BTreeMap<PageAddress, Page>)>,
    /// Pages read so far.
    pub(super) reads: usize,
    /// Requests for rosters so far.
    pub(super) rosters: usize,
}

pub(super) fn key((group, topic, id, partition): Name) -> Key {
    let topic = OfTopic::new(Mark(u128::from(topic) << 64 | u128::from(id)));
    Key::new(OfGroup::new(&format!("group-{group}")), topic, partition)
}

impl Default for Archive {
    fn default() -> Self {
        Self::every(1)
    }
}

impl Archive {
    /// With a snapshot every this many minutes.
    pub(super) fn every(minutes: u32) -> Self {
        Self { schedule: Schedule::every(minutes).unwrap(), snapshots: Vec::new(), reads: 0, rosters: 0 }
    }

    /// What is known of these partitions before a snapshot at this minute.
    pub(super) fn recall(&mut self, minute: i64, names: &[Name]) -> BTreeMap<Name, Recalled> {
        self.recall_some(minute, names, false)
    }

    /// The same, where these partitions may be all there are, or a few.
    pub(super) fn recall_some(&mut self, minute: i64, names: &[Name], few: bool) -> BTreeMap<Name, Recalled> {
        let mut keys: Vec<(Key, Name)> = names.iter().map(|name| (key(*name), *name)).collect();
        keys.sort_unstable();
        let now = Minute::holding(minute * 60);
        assert!(self.snapshots.iter().all(|(snapshot, _)| snapshot.minute < now));
        let (near, kept) = (self.schedule.snapshots_near(), self.schedule.snapshots_kept(Minute::holding(0), 0));
        let since = |snapshots| self.schedule.back(now, snapshots);
        let within = |newest: u32, oldest: u32| {
            let range = since(oldest)..=since(newest);
            let snapshots =
                self.snapshots.iter().map(|(snapshot, _)| snapshot).filter(|snapshot| range.contains(&snapshot.minute));
            snapshots.cloned().collect::<Vec<StoredSnapshot>>()
        };
        self.rosters += 1;
        let mut known = within(1, near);
        let is_next = known.first().is_some_and(|snapshot| snapshot.minute == since(1));
        if !is_next {
            self.rosters += 1;
            known = within(1, kept);
        }
        let older = within(near + 1, kept);
        let pages_read = PagesRead::new(keys.iter().map(|(key, _)| *key).collect(), few, known);
        let mut recall = Recall::new(self.schedule, pages_read, !is_next);
        loop {
            let questions = recall.questions();
            self.reads += questions.len();
            if questions.is_empty() && recall.wants_older() {
                self.rosters += 1;
                recall.go_on(older.clone());
            } else if questions.is_empty() {
                break;
            }
            for (snapshot, place) in questions {
                let minute = recall.pages_read.snapshots()[snapshot].minute;
                let (_, pages) = self.snapshots.iter().find(|(known, _)| known.minute == minute).unwrap();
                let page = pages.get(&place).cloned().ok_or(Missing::Invisible);
                recall.pages_read.add(snapshot, place, page);
            }
        }
        keys.into_iter().map(|(_, name)| name).zip(recall.pasts().0).collect()
    }

    pub(super) fn write(&mut self, minute: i64, whole: bool, entries: &BTreeMap<Name, Entry>) {
        let mut entries: Vec<(Key, Entry)> = entries.iter().map(|(name, entry)| (key(*name), *entry)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let keys: Vec<Key> = entries.iter().map(|(key, _)| *key).collect();
        let bits = bits(keys.len(), self.snapshots.first().map(|(known, _)| known.roster.bits));
        let ranges = bind(&keys, bits);
        let mut filled = vec![false; 1 << bits];
        let mut pages = BTreeMap::new();
        for page in ranges {
            filled[page.place.bucket as usize] = true;
            let slots = page::slots(Minute::holding(minute * 60), &entries[page.keys], page.pages).unwrap();
            pages.insert(page.place, Page::of(minute * 60_000, &slots).unwrap());
        }
        let restless = Restless::Groups(Vec::new());
        let deepest = pages.keys().map(|place| place.page + 1).max().unwrap_or_default();
        let roster = Roster {
            groups: 1,
            writer: 1,
            bits,
            whole,
            filled,
            deepest,
            restless,
            announced: Announced::default(),
            topics: Vec::new(),
        };
        self.snapshots.insert(0, (StoredSnapshot { minute: Minute::holding(minute * 60), roster }, pages));
        let oldest =
            self.schedule.back(Minute::holding(minute * 60), self.schedule.snapshots_kept(Minute::holding(0), 0));
        self.snapshots.retain(|(snapshot, _)| snapshot.minute >= oldest);
    }
}

pub(super) fn seen(memory: u64) -> Entry {
    Entry::Seen(Sighting::new(Committed::At(1), 2, memory).unwrap())
}

pub(super) fn memory(past: Recalled) -> Option<u64> {
    match past {
        Recalled::Kept { seen, .. } => Some(seen.memory()),
        Recalled::New | Recalled::Lost(_) => None,
    }
}
