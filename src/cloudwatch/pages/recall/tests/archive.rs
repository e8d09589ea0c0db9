//! A store that keeps what the service keeps of looks.

use std::collections::BTreeMap;

use super::super::*;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::pages::binding::{bind, bits};
use crate::cloudwatch::pages::key::{Key, OfGroup, OfTopic};
use crate::cloudwatch::pages::page::{self, Page};
use crate::cloudwatch::pages::roster::{Restless, Roster, Told};
use crate::cloudwatch::pages::sheets::KeptLook;
use crate::model::lag::Committed;

/// A group, a topic, the topic's id and a partition.
pub(super) type Name = (u32, u32, u32, i32);

#[derive(Default)]
pub(super) struct Archive {
    /// Newest first.
    pub(super) looks: Vec<(KeptLook, BTreeMap<Place, Page>)>,
    /// Pages read so far.
    pub(super) reads: usize,
}

pub(super) fn key((group, topic, id, partition): Name) -> Key {
    let topic = OfTopic::new(&format!("topic-{topic}"), Some(id.into()));
    Key::new(OfGroup::new(&format!("group-{group}")), topic, partition)
}

impl Archive {
    /// What is known of these partitions before a look at this minute.
    pub(super) fn recall(&mut self, minute: i64, names: &[Name]) -> BTreeMap<Name, Recalled> {
        self.recall_some(minute, names, false)
    }

    /// The same, where these partitions may be all there are, or a few.
    pub(super) fn recall_some(&mut self, minute: i64, names: &[Name], few: bool) -> BTreeMap<Name, Recalled> {
        let mut keys: Vec<(Key, Name)> = names.iter().map(|name| (key(*name), *name)).collect();
        keys.sort_unstable();
        let known: Vec<KeptLook> = self.looks.iter().map(|(known, _)| known.clone()).collect();
        assert!(known.iter().all(|look| look.minute < Minute::holding(minute * 60)));
        let sheets = Sheets::new(keys.iter().map(|(key, _)| *key).collect(), few, known);
        let mut recall = Recall::new(Schedule::MINUTELY, sheets);
        loop {
            let questions = recall.questions();
            if questions.is_empty() {
                break;
            }
            self.reads += questions.len();
            for (look, place) in questions {
                recall.sheets.add(look, place, self.looks[look].1.get(&place).cloned().ok_or(Missing::Invisible));
            }
        }
        keys.into_iter().map(|(_, name)| name).zip(recall.pasts().0).collect()
    }

    pub(super) fn write(&mut self, minute: i64, whole: bool, entries: &BTreeMap<Name, Entry>) {
        let mut entries: Vec<(Key, Entry)> = entries.iter().map(|(name, entry)| (key(*name), *entry)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let keys: Vec<Key> = entries.iter().map(|(key, _)| *key).collect();
        let bits = bits(keys.len(), self.looks.first().map(|(known, _)| known.roster.bits));
        let leaves = bind(&keys, bits);
        let mut filled = vec![false; 1 << bits];
        let mut pages = BTreeMap::new();
        for leaf in leaves {
            filled[leaf.place.bucket as usize] = true;
            let slots = page::slots(Minute::holding(minute * 60), &entries[leaf.keys], leaf.pages).unwrap();
            pages.insert(leaf.place, Page::of(minute * 60_000, &slots).unwrap());
        }
        let restless = Restless::Groups(Vec::new());
        let deepest = pages.keys().map(|place| place.page + 1).max().unwrap_or_default();
        let roster = Roster { groups: 1, writer: 1, bits, whole, filled, deepest, restless, told: Told::default() };
        self.looks.insert(0, (KeptLook { minute: Minute::holding(minute * 60), roster }, pages));
        self.looks.truncate(170);
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
