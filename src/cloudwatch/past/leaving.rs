//! What a run stores of its snapshot.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::Past;
use super::of_part::PartPast;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::history::Store;
use crate::cloudwatch::names;
use crate::cloudwatch::pages::binding;
use crate::cloudwatch::pages::entry::{Entry, Sighting};
use crate::cloudwatch::pages::key::{Key, Mark, OfName};
use crate::cloudwatch::pages::notes;
use crate::cloudwatch::pages::page;
use crate::cloudwatch::pages::pages_read::Missing;
use crate::cloudwatch::pages::recall::Recalled;
use crate::cloudwatch::pages::roster::{Announced, ReadTopic, Restless, Roster};
use crate::cloudwatch::pages::rosters::Own;
use crate::cloudwatch::pages::seconds::{self, Slots};
use crate::cloudwatch::pages::standing::Standing;
use crate::cloudwatch::publish::Written;
use crate::judge::memories::Memories;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::snapshot::Snapshot;

/// What a run stores besides its rows.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    /// When the logs had been read, in milliseconds since the epoch.
    pub taken: i64,
    /// How many of the selected groups exist.
    pub groups: u32,
    /// Whether every group could be read.
    pub whole: bool,
    /// The groups whose metrics are to be published for some more runs.
    pub restless: Restless,
    /// The groups that have been announced as not OK.
    pub announced: Announced,
    /// The groups whose published status is still valid.
    pub standing: Standing,
    /// What is remembered of the cluster besides its partitions.
    pub cluster: ClusterMemory,
}

impl Past {
    /// Writes this snapshot, page by page, if the minute is still empty and the history could be read: a memory that
    /// begins from nothing must not replace one that could only not be read.
    pub(crate) async fn write(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        memories: &Memories,
        leaving: Leaving,
        until: Instant,
    ) -> Written {
        let Some([found]) = self.0.as_deref().ok() else { return Written::default() };
        let PartPast { asker, rosters: Ok(rosters), .. } = found else { return Written::default() };
        let (Some(writer), Own::Empty) = (asker.writer, rosters.own) else { return Written::default() };
        let (schedule, minute) = (store.schedule(), asker.minute);
        let Leaving { taken, groups, restless, announced, standing, cluster, whole } = leaving;
        let page_of = |slots| seconds::write(schedule, minute, &Slots { taken, slots });
        let mut whole = whole && found.order.len() == snapshot.rows.len();
        let mut entries = Vec::with_capacity(found.order.len());
        for (place, row) in found.order.iter().enumerate() {
            match found.entry(place, *row, snapshot, memories, minute, schedule.period()) {
                Ok(entry) => entries.extend(entry.map(|entry| (found.pages_read.keys()[place], entry))),
                Err(OutOfSight) => whole = false,
            }
        }
        // A vanished partition keeps its slot, so that it is found again.
        entries.extend(found.ghosts.iter().map(|ghost| (ghost.key, Entry::Unread { snapshots: ghost.snapshots })));
        entries.sort_unstable_by_key(|(key, _)| *key);
        let keys: Vec<Key> = entries.iter().map(|(key, _)| *key).collect();
        let before = rosters.snapshots.first().map(|stored| stored.roster.bits);
        let bits = binding::bits(keys.len(), before);
        let mut filled = vec![false; 1 << bits];
        let mut pages = Vec::new();
        let mut deepest = 0;
        for range in binding::bind(&keys, bits) {
            deepest = deepest.max(range.pages);
            if let Some(filled) = filled.get_mut(range.place.bucket as usize) {
                *filled = true;
            }
            let slots = page::slots(minute, &entries[range.keys], range.pages);
            pages.push((asker.addresses.page(range.place), slots.and_then(page_of)));
        }
        let notes = notes::pages(&cluster, minute.seconds());
        let standing = if standing.is_empty() { Vec::new() } else { standing.pages(minute.seconds()) };
        for (name, of_bytes) in [(names::NOTES, notes), (names::STANDING, standing)] {
            let of_bytes = of_bytes.into_iter().enumerate();
            pages.extend(of_bytes.map(|(page, slots)| (asker.addresses.of_bytes(name, page), page_of(slots))));
        }
        let topics = found.topics(snapshot);
        let roster = Roster { groups, writer, bits, whole, filled, deepest, restless, announced, topics };
        pages.push((asker.addresses.roster(), page_of(roster.slots())));
        store.write(&pages, until).await
    }
}

/// A partition whose past could not be read is left out, so that the stored one stays the newest.
struct OutOfSight;

impl PartPast {
    /// The topics of all partitions that are stored.
    fn topics(&self, snapshot: &Snapshot) -> Vec<ReadTopic> {
        let of_rows = snapshot.topics.iter().filter_map(|topic| {
            let partitions = u32::try_from(topic.partitions.as_ref().ok()?.len()).unwrap_or(u32::MAX);
            Some(ReadTopic { mark: Mark::of(&topic.name, topic.id), name: OfName::new(&topic.name), partitions })
        });
        let of_ghosts = self.ghosts.iter().map(|ghost| ReadTopic {
            mark: ghost.mark,
            name: ghost.name,
            partitions: ghost.partition.unsigned_abs() + 1,
        });
        let mut by_mark: BTreeMap<Mark, ReadTopic> = BTreeMap::new();
        for topic in of_rows.chain(of_ghosts) {
            let most = &mut by_mark.entry(topic.mark).or_insert(topic).partitions;
            *most = topic.partitions.max(*most);
        }
        by_mark.into_values().collect()
    }

    /// The entry to store for a row; `None` if there is nothing to store.
    fn entry(
        &self,
        place: usize,
        at: usize,
        snapshot: &Snapshot,
        memories: &Memories,
        minute: Minute,
        period: i64,
    ) -> Result<Option<Entry>, OutOfSight> {
        let recalled = self.recalled[place];
        if recalled == Recalled::Lost(Missing::Unread) {
            return Err(OutOfSight);
        }
        let row = &snapshot.rows[at];
        if let (Ok(committed), Ok(log), Some(memory)) = (&row.committed, snapshot.ahead(at), memories.of(at)) {
            return Ok(Sighting::new(*committed, log.end, memory.pack()).map(Entry::Seen));
        }
        let Recalled::Kept { snapshot: stored, .. } = recalled else { return Ok(None) };
        let minutes = (minute.seconds() - self.pages_read.snapshots()[stored].minute.seconds()) / 60;
        Ok(u16::try_from(minutes / period).ok().map(|snapshots| Entry::Unread { snapshots }))
    }
}
