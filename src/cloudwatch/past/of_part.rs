//! The stored past of the rows of one part, and what is missing of it.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::reads::Reads;
use super::vanished::{self, Ghost};
use super::{Asker, Windows};
use crate::base::moment::rfc3339;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::history::Store;
use crate::cloudwatch::pages::binding;
use crate::cloudwatch::pages::entry::{LARGEST_OFFSET, Sighting};
use crate::cloudwatch::pages::key::{Key, Mark, OfGroup, OfTopic};
use crate::cloudwatch::pages::notes;
use crate::cloudwatch::pages::pages_read::{Missing, PagesRead};
use crate::cloudwatch::pages::recall::{Recall, Recalled};
use crate::cloudwatch::pages::rosters::{Rosters, way_out};
use crate::judge::input::Previous;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::lag::Committed;
use crate::model::memory::{Away, Memory, Sample};
use crate::model::part::Part;
use crate::model::snapshot::{Group, Row, Snapshot};
use crate::model::unknown::{Known, Unknown};

/// What the store has about the rows of a part.
pub(super) struct PartPast {
    pub(super) asker: Asker,
    pub(super) rosters: Known<Rosters>,
    /// For how many snapshots before this one they show whether it exists.
    pub(super) listed: u32,
    /// The rows that have a place in the history, in the order of their keys.
    pub(super) order: Vec<usize>,
    /// The reverse, by row; `None` if the topic's metadata is unknown.
    pub(super) places: Vec<Option<usize>>,
    pub(super) pages_read: PagesRead,
    /// Parallel to `order`.
    pub(super) recalled: Vec<Recalled>,
    pub(super) windows: Windows,
    /// Partitions that vanished, in the order of their keys.
    pub(super) ghosts: Vec<Ghost>,
    /// The notes of the newest snapshot; `None` if they are not known.
    pub(super) notes: Option<ClusterMemory>,
    pub(super) reads: Reads,
}

impl PartPast {
    pub(super) async fn read(store: &Store, mut asker: Asker, snapshot: &Snapshot, until: Instant) -> Self {
        asker.minute = store.schedule().align(asker.minute);
        let (mut reads, mut of_notes) = (Reads::default(), Reads::default());
        let near = store.schedule().snapshots_near();
        let kept = store.schedule().snapshots_kept(asker.minute, asker.now);
        let mut listed = near;
        let members = |group: &Group| group.members.as_ref().map_or(usize::MAX, Vec::len);
        let groups = snapshot.groups.iter().map(members);
        let pages = notes::expected(snapshot.brokers.len(), snapshot.watched.len(), groups);
        let (mut rosters, notes) =
            tokio::join!(reads.rosters(store, &asker, (0, near), until), of_notes.notes(store, &asker, pages, until));
        reads.add(of_notes);
        if !rosters.as_ref().is_ok_and(Rosters::is_next) {
            rosters = reads.rosters(store, &asker, (0, kept), until).await;
            listed = kept;
        }
        let (keys, order, places) = ordered(snapshot, asker.part);
        let snapshots = rosters.as_ref().map(|rosters| rosters.snapshots.clone()).unwrap_or_default();
        let pages_read = PagesRead::new(keys, asker.few, snapshots);
        let mut recall = Recall::new(store.schedule(), pages_read, listed >= kept);
        loop {
            let questions = recall.questions();
            if !questions.is_empty() {
                reads.pages(store, &asker.addresses, &mut recall.pages_read, (&questions, false), until).await;
            } else if let (true, Ok(rosters)) = (recall.wants_older() || recall.wants_a_whole_one(), &mut rosters) {
                match reads.rosters(store, &asker, (near + 1, kept), until).await {
                    Ok(before) => {
                        listed = kept;
                        recall.go_on(before.snapshots.clone());
                        rosters.add_older(before);
                    }
                    Err(_) => recall.give_up(),
                }
            } else {
                break;
            }
        }
        let (recalled, pages_read) = recall.pasts();
        let mut past = Self {
            asker,
            rosters,
            listed,
            order,
            places,
            pages_read,
            recalled,
            windows: Windows::default(),
            ghosts: Vec::new(),
            notes,
            reads,
        };
        past.search_ghosts(store, snapshot, until).await;
        past
    }

    /// Searches for partitions of the newest whole snapshot that no longer exist.
    ///
    /// If there are fewer groups than then, unmatched slots most likely belong to missing groups; the same if not
    /// every group is listed.
    async fn search_ghosts(&mut self, store: &Store, snapshot: &Snapshot, until: Instant) {
        let snapshots = self.pages_read.snapshots();
        let Some(at) = snapshots.iter().position(|stored| stored.roster.whole) else { return };
        let groups = usize::try_from(snapshots[at].roster.groups).unwrap_or(usize::MAX);
        if self.asker.writer.is_none() || snapshot.listed.is_err() || snapshot.present() < groups {
            return;
        }
        let stored = snapshots[at].clone();
        // First the pages that show how many there are.
        for _ in 0..2 {
            let rest = self.pages_read.rest(at);
            if !rest.is_empty() {
                self.reads.pages(store, &self.asker.addresses, &mut self.pages_read, (&rest, false), until).await;
            }
        }
        let minutes = self.asker.minute.seconds() - stored.minute.seconds();
        let since = u16::try_from(minutes / 60 / store.schedule().period()).unwrap_or(u16::MAX);
        let mut ghosts = vanished::named(snapshot, self.asker.part, &stored, &self.pages_read.stretches(at), since);
        // A slot that resembles another partition by chance does so in one snapshot, not in the one before it too,
        // which has other fingerprints.
        let before = at + 1;
        if ghosts.is_empty() || before >= self.pages_read.snapshots().len() {
            return;
        }
        let places = ghosts.iter().map(|ghost| (before, ghost.place));
        let questions = places.filter(|(stored, place)| !self.pages_read.has(*stored, *place)).collect();
        self.reads.pages(store, &self.asker.addresses, &mut self.pages_read, (&questions, false), until).await;
        ghosts.retain(|ghost| self.pages_read.may_hold(before, ghost.place, ghost.key));
        self.ghosts = ghosts;
    }

    pub(super) fn is_stranger(&self) -> bool {
        self.asker.writer.is_some() && self.rosters.as_ref().is_ok_and(Rosters::is_stranger)
    }

    pub(super) fn problems(&self) -> Vec<Unknown> {
        let mut problems: Vec<Unknown> =
            self.reads.failures.iter().chain(&self.windows.reads.failures).cloned().collect();
        let rosters = self.rosters.as_ref().map(Rosters::problems).unwrap_or_default();
        problems.extend(rosters.into_iter().map(Unknown::because));
        let mut missing: BTreeMap<(Minute, Missing), usize> = BTreeMap::new();
        for (stored, why) in self.pages_read.missing().filter(|(_, why)| *why != Missing::Unread) {
            *missing.entry((stored.minute, why)).or_default() += 1;
        }
        problems.extend(missing.into_iter().rev().map(|((minute, why), pages)| {
            let pages = if pages == 1 { String::from("a page") } else { format!("{pages} pages") };
            let todo = match why {
                Missing::Unusable(why) => way_out(why),
                Missing::Invisible | Missing::Unread => {
                    "older snapshots are used for it; new data may need two minutes to become visible"
                }
            };
            Unknown::because(format!("{pages} of the snapshot of {}: {why}; {todo}", rfc3339(minute.seconds())))
        }));
        problems
    }

    /// The rows that runs since their samples could not read.
    pub(super) fn away(&self) -> Vec<(usize, Away)> {
        let Ok(rosters) = &self.rosters else { return Vec::new() };
        let announced = rosters.announced();
        let hole = rosters.follows_a_hole();
        let mut away = Vec::new();
        for (place, recalled) in self.recalled.iter().enumerate() {
            if matches!(recalled, Recalled::Kept { away, .. } if *away || hole) {
                let alarmed =
                    announced.is_some_and(|announced| announced.was_error(self.pages_read.keys()[place].group()));
                away.push((self.order[place], Away { alarmed }));
            }
        }
        away
    }

    pub(super) fn previous(&self, place: usize, row: &Row, snapshot: &Snapshot, stranger: bool) -> Previous {
        self.rosters.as_ref().map_err(|why| match &*self.reads.failures {
            [] => why.clone(),
            // The whole sentence once is enough.
            _ => Unknown::because("history could not be read (see problems)"),
        })?;
        if is_too_large(snapshot, row) {
            return Err(Unknown::because("its offsets are too large to store"));
        }
        match self.recalled[place] {
            Recalled::Kept { taken, seen, .. } => Ok(sample(taken, seen)),
            Recalled::New if stranger => {
                Err(Unknown::because("the history is written by a run that selects other groups"))
            }
            Recalled::New => Ok(None),
            Recalled::Lost(Missing::Unread) => {
                let why = self.reads.failures.first().cloned();
                Err(why.unwrap_or_else(|| Unknown::because("the history could not be read")))
            }
            Recalled::Lost(why) => Err(Unknown::because(format!("its page in the history is of no use: {why}"))),
        }
    }
}

/// The keys of a part's rows in order, the row of each, and the position of each row; groups and topics are hashed
/// once.
fn ordered(snapshot: &Snapshot, part: Part) -> (Vec<Key>, Vec<usize>, Vec<Option<usize>>) {
    let topics = snapshot.topics.iter().map(|topic| {
        let described = topic.partitions.is_ok();
        described.then(|| OfTopic::new(Mark::of(&topic.name, topic.id)))
    });
    let topics: Vec<Option<OfTopic>> = topics.collect();
    let mut keyed = Vec::with_capacity(snapshot.rows.len());
    for group in snapshot.groups.iter().filter(|group| part.contains(&group.name)) {
        let of_group = OfGroup::new(&group.name);
        keyed.extend(group.range().filter_map(|at| {
            let row = &snapshot.rows[at];
            Some((Key::new(of_group, topics[row.topic as usize]?, row.partition), at))
        }));
    }
    keyed.sort_unstable();
    let mut places = vec![None; snapshot.rows.len()];
    for (place, (_, row)) in keyed.iter().enumerate() {
        places[*row] = Some(place);
    }
    let (keys, order) = keyed.into_iter().unzip();
    (keys, order, places)
}

/// How many partitions of a snapshot would be stored, and on how many pages.
pub(crate) fn pages_of(snapshot: &Snapshot) -> (usize, usize) {
    let (keys, ..) = ordered(snapshot, Part::WHOLE);
    (keys.len(), binding::bind(&keys, binding::bits(keys.len(), None)).len())
}

pub(super) fn sample(taken: i64, seen: Sighting) -> Option<Sample> {
    let memory = Memory::unpack(seen.memory())?;
    Some(Sample { time_ms: taken, committed: seen.committed(), end: seen.log_end(), memory })
}

pub(super) fn is_too_large(snapshot: &Snapshot, row: &Row) -> bool {
    let committed = matches!(row.committed, Ok(Committed::At(offset)) if offset > LARGEST_OFFSET);
    committed || snapshot.log(row).is_ok_and(|log| log.end > LARGEST_OFFSET)
}
