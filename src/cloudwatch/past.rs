//! The past of a snapshot: which shards its groups have, what earlier looks saw there, and this look beside them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::address::Minute;
use super::error::Error;
use super::history::Store;
use super::layout::{Layout, Shard, Topic};
use super::looks::{Looks, Seen};
use super::publish::Written;
use super::roster::Roster;
use super::slots::{Entry, Look};
use crate::causes::told;
use crate::judged::{Before, Memories};
use crate::lag::{Known, Unknown};
use crate::memory::{Memory, Sample, Thresholds};
use crate::snapshot::{Group, Snapshot};
use crate::window;

/// What the store holds about the groups of a snapshot, or why nothing is known of it.
pub struct Past(Known<Found>);

/// What the store holds about the groups of a snapshot.
struct Found {
    minute: Minute,
    /// The shard and the slot of each row; `None` where its topic's metadata is unknown.
    slots: Vec<Option<(usize, usize)>>,
    shards: Vec<Shard>,
    /// Parallel to `shards`.
    newest: Vec<Result<Looks, Arc<Error>>>,
    windows: Windows,
    roster: Result<Looks, Arc<Error>>,
    roster_shard: Shard,
}

/// Longer reaches into the past, by index of the shard; only of those that were asked for.
#[derive(Default)]
pub struct Windows(HashMap<usize, Result<Looks, Arc<Error>>>);

impl Past {
    /// Nothing is read, for this reason.
    #[must_use]
    pub fn unread(why: Unknown) -> Self {
        Self(Err(why))
    }

    /// Reads what the newest looks before `minute` saw of these groups.
    ///
    /// It needs the topics' ids and numbers of partitions, not their logs, so it can run while those are being read.
    pub async fn read(store: &Store, cluster: &str, minute: Minute, snapshot: &Snapshot, until: Instant) -> Self {
        let minute = store.schedule().align(minute);
        let mut shards = Vec::new();
        let mut slots = Vec::with_capacity(snapshot.rows.len());
        for group in &snapshot.groups {
            let layout = layout(store, snapshot, group);
            let first = shards.len();
            slots.extend(snapshot.rows_of(group).iter().map(|row| {
                let (shard, slot) = layout.shard_of(layout.position(&snapshot.topic(row).name, row.partition)?);
                Some((first + shard, slot))
            }));
            shards.extend(layout.shards(cluster, &group.name));
        }
        let roster_shard = Roster::shard(store.schedule(), cluster);
        shards.push(roster_shard.clone());
        let mut newest = store.newest(minute, &shards, until).await;
        shards.pop();
        let roster = newest.pop().unwrap_or_else(|| Ok(Looks::default()));
        Self(Ok(Found { minute, slots, shards, newest, windows: Windows::default(), roster, roster_shard }))
    }

    /// Reads the windows of partitions that their memory makes suspicious, each as far back as its memory asks for.
    pub async fn open_windows(
        &self,
        store: Option<&Store>,
        snapshot: &Snapshot,
        memories: &Memories,
        thresholds: impl Fn(&Group) -> Thresholds,
        until: Instant,
    ) -> Windows {
        let (Ok(found), Some(store)) = (&self.0, store) else { return Windows::default() };
        let most = store.schedule().most_looks_back();
        let mut reach: BTreeMap<usize, i64> = BTreeMap::new();
        let mut suspicious = memories.suspicious().peekable();
        for group in snapshot.groups.iter().filter(|group| group.rows.is_ok()) {
            while let Some(row) = suspicious.next_if(|row| group.range().contains(row)) {
                let (Some((shard, _)), Some(memory)) = (found.slots[row], memories.of(row)) else { continue };
                let far = window::reach_ms(memory, &thresholds(group));
                reach.entry(shard).and_modify(|most| *most = far.max(*most)).or_insert(far);
            }
        }
        // Shards that reach about equally far back are read together.
        let mut together: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (shard, far) in reach {
            let looks = u32::try_from(far / (store.schedule().period() * 60_000)).unwrap_or(u32::MAX).min(most);
            together.entry(looks.next_power_of_two().min(most)).or_default().push(shard);
        }
        let mut windows = Windows::default();
        for (looks, indexes) in together {
            let shards: Vec<Shard> = indexes.iter().map(|index| found.shards[*index].clone()).collect();
            let read = store.window(found.minute, looks, &shards, until).await;
            windows.0.extend(indexes.into_iter().zip(read));
        }
        windows
    }

    /// Takes in what [`Past::open_windows`] read.
    pub fn add(&mut self, windows: Windows) {
        if let Ok(found) = &mut self.0 {
            found.windows = windows;
        }
    }

    /// The newest earlier sample of each row.
    #[must_use]
    pub fn before(&self) -> Before {
        Before(self.0.as_ref().map_err(Clone::clone).map(|found| {
            let slots = found.slots.iter().map(|slot| {
                let (shard, slot) = slot.ok_or_else(|| Unknown::because(NO_PLACE))?;
                let looks = found.newest[shard].as_ref().map_err(unread)?;
                Ok(looks.last_seen(slot, found.minute).and_then(|seen| sample(&seen)))
            });
            slots.collect()
        }))
    }

    /// The samples of a row in its window, oldest first.
    ///
    /// # Errors
    /// Why the history could not be read.
    pub fn earlier(&self, row: usize) -> Known<Vec<Sample>> {
        let found = self.0.as_ref().map_err(Clone::clone)?;
        let Some((looks, slot)) = found.slots[row].and_then(|(shard, slot)| Some((found.windows.0.get(&shard)?, slot)))
        else {
            return Err(Unknown::because("its window was not asked for"));
        };
        let looks = looks.as_ref().map_err(unread)?;
        let seen = looks.seen(slot).filter(|seen| seen.minute < found.minute);
        let mut samples: Vec<Sample> = seen.filter_map(|seen| sample(&seen)).collect();
        samples.reverse();
        Ok(samples)
    }

    /// What the cluster's groups were at the newest earlier look; `None` where there was none.
    ///
    /// # Errors
    /// Why the history could not be read.
    pub fn roster(&self) -> Known<Option<Roster>> {
        let found = self.0.as_ref().map_err(Clone::clone)?;
        let looks = found.roster.as_ref().map_err(unread)?;
        Ok(looks.last_seen(0, found.minute).and_then(|seen| Roster::from_entry(seen.entry)))
    }

    /// Writes this look, shard by shard, where the minute is still empty and the history could be read: a memory that was
    /// folded from nothing must not take the place of one that is only out of sight.
    pub async fn write(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        memories: &Memories,
        taken: i64,
        roster: Option<Roster>,
        until: Instant,
    ) -> Written {
        let Ok(found) = &self.0 else { return Written::default() };
        let writable = |looks: &Result<Looks, _>| looks.as_ref().is_ok_and(|looks| looks.is_empty_at(found.minute));
        let shards = found.shards.iter().zip(&found.newest);
        let empty = |shard: &Shard| (shard.clone(), Look { taken, entries: vec![None; shard.size] });
        let mut looks: Vec<Option<(Shard, Look)>> =
            shards.map(|(shard, newest)| writable(newest).then(|| empty(shard))).collect();
        for (at, (row, slot)) in snapshot.rows.iter().zip(&found.slots).enumerate() {
            let (Some((shard, slot)), Some(memory)) = (*slot, memories.of(at)) else { continue };
            let (Ok(committed), Ok(log)) = (&row.committed, snapshot.ahead(row)) else { continue };
            if let Some((_, look)) = &mut looks[shard] {
                look.entries[slot] = Entry::new(*committed, log.end, memory.pack());
            }
        }
        let mut looks: Vec<(Shard, Look)> = looks.into_iter().flatten().collect();
        if writable(&found.roster) {
            looks.extend(roster.and_then(|roster| roster.look(taken)).map(|look| (found.roster_shard.clone(), look)));
        }
        store.write(found.minute, &looks, until).await
    }

    /// How many state metrics these groups have, the roster's included.
    #[must_use]
    pub fn metrics(&self) -> usize {
        self.0.as_ref().map_or(0, |found| found.shards.len() + 1)
    }

    /// How many shards' windows were read.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.0.as_ref().map_or(0, |found| found.windows.0.len())
    }

    /// Why parts of the history could not be read, each reason once; a history that is turned off is no such reason.
    #[must_use]
    pub fn unreadable(&self) -> Vec<Unknown> {
        let Ok(found) = &self.0 else { return Vec::new() };
        let failures = found.newest.iter().chain(found.windows.0.values()).chain([&found.roster]);
        let mut reasons: Vec<Unknown> = Vec::new();
        for reason in failures.filter_map(|looks| looks.as_ref().err()).map(unread) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

/// The layout of a group: every topic that it has to do with and that could be described.
#[must_use]
pub fn layout(store: &Store, snapshot: &Snapshot, group: &Group) -> Layout {
    let topics: BTreeSet<usize> = snapshot.rows_of(group).iter().map(|row| row.topic as usize).collect();
    let described = topics.into_iter().filter_map(|topic| {
        let topic = &snapshot.topics[topic];
        let partitions = topic.partitions.as_ref().ok()?.len();
        Some(Topic { name: Arc::clone(&topic.name), id: topic.id, partitions })
    });
    Layout::new(store.schedule(), described)
}

fn sample(seen: &Seen) -> Option<Sample> {
    Some(Sample {
        time_ms: seen.taken,
        committed: seen.entry.committed(),
        end: seen.entry.log_end(),
        memory: Memory::unpack(seen.entry.memory())?,
    })
}

fn unread(error: &Arc<Error>) -> Unknown {
    Unknown::because(told(&**error))
}

const NO_PLACE: &str = "the partition has no place in the history: its topic's metadata is unknown";
