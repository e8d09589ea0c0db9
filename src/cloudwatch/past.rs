//! The past of a snapshot: what earlier looks saw of its rows, and this look beside them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::address::Minute;
use super::error::Error;
use super::history::Store;
use super::pages::binding::{self, Place};
use super::pages::entry::{Entry, LARGEST_OFFSET, Seen};
use super::pages::key::{Key, OfGroup, OfTopic};
use super::pages::page::{self, Page};
use super::pages::recall::{Recall, Recalled};
use super::pages::roster::{Restless, Roster};
use super::pages::rosters::{Own, Rosters, way_out};
use super::pages::seconds::{self, Slots, Unusable};
use super::pages::sheets::{Missing, Sheets};
use super::pages::shelf::Shelf;
use super::publish::Written;
use crate::causes::told;
use crate::judged::{Before, Memories, Previous};
use crate::lag::{Committed, Known, Unknown};
use crate::memory::{Memory, Sample};
use crate::moment::rfc3339;
use crate::part::Part;
use crate::snapshot::{Row, Snapshot};

mod windows;

pub use windows::Windows;

/// Who asks for the past, and of what.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Where the pages are.
    pub shelf: Shelf,
    /// The scheduled minute.
    pub minute: Minute,
    /// Which groups are there.
    pub part: Part,
    /// What the run looks at, as a hash; `None` where it looks at a few groups only, and never writes.
    pub writer: Option<u64>,
}

/// What the store holds about the rows of a snapshot, or why nothing is known of it; by part, of which a run that writes has one.
pub struct Past(Known<Vec<Found>>);

/// What the store holds about the rows of a part.
struct Found {
    asker: Asker,
    rosters: Known<Rosters>,
    /// The rows that have a place in the history, in the order of their keys.
    order: Vec<usize>,
    /// The other way round, by row; `None` where the topic's metadata is unknown.
    places: Vec<Option<usize>>,
    sheets: Sheets,
    /// Parallel to `order`.
    recalled: Vec<Recalled>,
    windows: Windows,
    reads: Reads,
}

/// What reading came to besides data.
#[derive(Debug, Default)]
struct Reads {
    /// Metrics asked for.
    metrics: usize,
    /// Why some could not be read, each reason once.
    failures: Vec<Unknown>,
}

/// What a run leaves behind besides its rows.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// When the logs had been read, in milliseconds since the epoch.
    pub taken: i64,
    /// How many groups there are.
    pub groups: u32,
    /// Whether every group could be read.
    pub whole: bool,
    /// The groups whose metrics are to be published for some more looks.
    pub restless: Restless,
}

impl Past {
    /// Nothing is read, for this reason.
    #[must_use]
    pub fn unread(why: Unknown) -> Self {
        Self(Err(why))
    }

    /// Reads what the newest looks before the askers' minute saw of these rows, each of its part's.
    ///
    /// It needs the topics' ids, not their logs, so it can run while those are being read.
    pub async fn read(store: &Store, askers: Vec<Asker>, snapshot: &Snapshot, until: Instant) -> Self {
        Self(Ok(join_all(askers.into_iter().map(|asker| Found::read(store, asker, snapshot, until))).await))
    }

    /// Takes in what [`Past::open_windows`] read.
    pub fn add(&mut self, windows: Vec<Windows>) {
        for (found, windows) in self.0.iter_mut().flatten().zip(windows) {
            found.windows = windows;
        }
    }

    /// The newest earlier sample of each row.
    #[must_use]
    pub fn before(&self, snapshot: &Snapshot) -> Before {
        Before(self.0.as_ref().map_err(Clone::clone).map(|all| {
            let strangers: Vec<bool> = all.iter().map(Found::is_stranger).collect();
            let rows = snapshot.rows.iter().enumerate().map(|(at, row)| {
                let mut known = all.iter().zip(&strangers);
                let found = known.find_map(|(found, stranger)| Some((found, found.places[at]?, *stranger)));
                let (found, place, stranger) = found.ok_or_else(|| Unknown::because(NO_PLACE))?;
                found.previous(place, row, snapshot, stranger)
            });
            rows.collect()
        }))
    }

    /// The samples of a row in its window, oldest first.
    ///
    /// # Errors
    /// Why the history could not be read.
    pub fn earlier(&self, row: usize) -> Known<Vec<Sample>> {
        let all = self.0.as_ref().map_err(Clone::clone)?;
        let found = all.iter().find(|found| found.places[row].is_some());
        found.ok_or_else(|| Unknown::because(NO_PLACE))?.windows.of(row)
    }

    /// What the newest earlier look told of all groups of the run's part; `None` where there was none.
    ///
    /// # Errors
    /// Why the history could not be read.
    pub fn roster(&self) -> Known<Option<&Roster>> {
        let Some(found) = self.0.as_ref().map_err(Clone::clone)?.first() else { return Ok(None) };
        let rosters = found.rosters.as_ref().map_err(Clone::clone)?;
        Ok(rosters.looks.first().map(|look| &look.roster))
    }

    /// Writes this look, page by page, where the minute is still empty and the history could be read: a memory that was
    /// folded from nothing must not take the place of one that is only out of sight.
    pub async fn write(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        memories: &Memories,
        leaving: Leaving,
        until: Instant,
    ) -> Written {
        let Some([found]) = self.0.as_deref().ok() else { return Written::default() };
        let Found { asker, rosters: Ok(rosters), .. } = found else { return Written::default() };
        let (Some(writer), Own::Empty) = (asker.writer, rosters.own) else { return Written::default() };
        let (schedule, minute) = (store.schedule(), asker.minute);
        let mut whole = leaving.whole && found.order.len() == snapshot.rows.len();
        let mut entries = Vec::with_capacity(found.order.len());
        for (place, row) in found.order.iter().enumerate() {
            match found.entry(place, *row, snapshot, memories, minute, schedule.period()) {
                Ok(entry) => entries.extend(entry.map(|entry| (found.sheets.keys()[place], entry))),
                Err(OutOfSight) => whole = false,
            }
        }
        let keys: Vec<Key> = entries.iter().map(|(key, _)| *key).collect();
        let before = rosters.looks.first().map(|look| look.roster.bits);
        let bits = binding::bits(keys.len(), before);
        let mut filled = vec![false; 1 << bits];
        let mut pages = Vec::new();
        let mut deepest = 0;
        for leaf in binding::bind(&keys, bits) {
            deepest = deepest.max(leaf.pages);
            if let Some(filled) = filled.get_mut(leaf.place.bucket as usize) {
                *filled = true;
            }
            let slots = page::slots(minute, &entries[leaf.keys], leaf.pages);
            let page = slots.and_then(|slots| seconds::write(schedule, minute, &Slots { taken: leaving.taken, slots }));
            pages.push((asker.shelf.page(leaf.place), page));
        }
        let Leaving { taken, groups, restless, .. } = leaving;
        let looks = rosters.counted();
        let roster = Roster { groups, looks, writer, bits, whole, filled, deepest, restless };
        let slots = Slots { taken, slots: roster.slots() };
        pages.push((asker.shelf.roster(), seconds::write(schedule, minute, &slots)));
        let mut written = store.write(&pages, until).await;
        written.metrics = pages.len();
        written
    }

    /// What is in the run's own minute already; nothing where that is not known.
    #[must_use]
    pub fn own(&self) -> Option<Own> {
        Some(self.0.as_ref().ok()?.first()?.rosters.as_ref().ok()?.own)
    }

    /// How many state metrics were read.
    #[must_use]
    pub fn metrics_read(&self) -> usize {
        self.0.iter().flatten().map(|found| found.reads.metrics + found.windows.reads.metrics).sum()
    }

    /// How many of them for windows.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.0.iter().flatten().map(|found| found.windows.reads.metrics).sum()
    }

    /// What is missing of the history, or not as it should be, each once and with the way out; that it is turned off is no problem.
    #[must_use]
    pub fn problems(&self, snapshot: &Snapshot) -> Vec<Unknown> {
        let mut problems: Vec<Unknown> = Vec::new();
        for problem in self.0.iter().flatten().flat_map(Found::problems) {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if self.0.is_err() {
            return problems;
        }
        let large: Vec<&Row> = snapshot.rows.iter().filter(|row| is_too_large(snapshot, row)).collect();
        if let Some(first) = large.first() {
            let place = format!("{}/{}", snapshot.topic(first).name, first.partition);
            let more = if large.len() > 1 { format!(" and {} more", large.len() - 1) } else { String::new() };
            problems.push(Unknown::because(format!(
                "the offsets of {place}{more} are too large to be kept, {LARGEST_OFFSET} being the largest: leave the topic out (MEERKAT_TOPICS), or create it anew"
            )));
        }
        problems
    }
}

/// A partition whose past is out of sight: it is left out, so that what is kept of it stays the newest.
struct OutOfSight;

impl Found {
    async fn read(store: &Store, mut asker: Asker, snapshot: &Snapshot, until: Instant) -> Self {
        asker.minute = store.schedule().align(asker.minute);
        let mut reads = Reads::default();
        let rosters = read_rosters(store, &asker, &mut reads, until).await;
        let (keys, order, places) = ordered(snapshot, asker.part);
        let looks = rosters.as_ref().map(|rosters| rosters.looks.clone()).unwrap_or_default();
        let mut recall = Recall::new(store.schedule(), Sheets::new(keys, asker.writer.is_none(), looks));
        loop {
            let questions = recall.questions();
            if questions.is_empty() {
                break;
            }
            reads.pages(store, &asker.shelf, &mut recall.sheets, &questions, until).await;
        }
        let (recalled, sheets) = recall.pasts();
        Self { asker, rosters, order, places, sheets, recalled, windows: Windows::default(), reads }
    }

    fn is_stranger(&self) -> bool {
        self.asker.writer.is_some() && self.rosters.as_ref().is_ok_and(Rosters::is_stranger)
    }

    fn problems(&self) -> Vec<Unknown> {
        let mut problems: Vec<Unknown> =
            self.reads.failures.iter().chain(&self.windows.reads.failures).cloned().collect();
        let rosters = self.rosters.as_ref().map(Rosters::problems).unwrap_or_default();
        problems.extend(rosters.into_iter().map(Unknown::because));
        let mut missing: BTreeMap<(Minute, Missing), usize> = BTreeMap::new();
        for (look, why) in self.sheets.missing().filter(|(_, why)| *why != Missing::Unread) {
            *missing.entry((look.minute, why)).or_default() += 1;
        }
        problems.extend(missing.into_iter().rev().map(|((minute, why), pages)| {
            let pages = if pages == 1 { String::from("a page") } else { format!("{pages} pages") };
            let todo = match why {
                Missing::Unusable(why) => way_out(why),
                Missing::Invisible | Missing::Unread => {
                    "older looks stand in for it; data may take two minutes to show"
                }
            };
            Unknown::because(format!("{pages} of the look of {}: {why}; {todo}", rfc3339(minute.seconds())))
        }));
        problems
    }

    fn previous(&self, place: usize, row: &Row, snapshot: &Snapshot, stranger: bool) -> Previous {
        self.rosters.as_ref().map_err(Clone::clone)?;
        if is_too_large(snapshot, row) {
            return Err(Unknown::because("its offsets are too large to be kept"));
        }
        match self.recalled[place] {
            Recalled::Kept { taken, seen, .. } => Ok(sample(taken, seen)),
            Recalled::New if stranger => {
                Err(Unknown::because("the history is kept by a run that looks at other groups"))
            }
            Recalled::New => Ok(None),
            Recalled::Lost(Missing::Unread) => {
                let why = self.reads.failures.first().cloned();
                Err(why.unwrap_or_else(|| Unknown::because("the history could not be read")))
            }
            Recalled::Lost(why) => Err(Unknown::because(format!("its page in the history is of no use: {why}"))),
        }
    }

    /// What is to be kept of a row; nothing where there is nothing to keep.
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
        if let (Ok(committed), Ok(log), Some(memory)) = (&row.committed, snapshot.ahead(row), memories.of(at)) {
            return Ok(Seen::new(*committed, log.end, memory.pack()).map(Entry::Seen));
        }
        let Recalled::Kept { look, .. } = recalled else { return Ok(None) };
        let minutes = (minute.seconds() - self.sheets.looks()[look].minute.seconds()) / 60;
        Ok(u16::try_from(minutes / period).ok().map(|looks| Entry::Unread { looks }))
    }
}

impl Reads {
    /// Reads pages of looks into their sheets.
    async fn pages(
        &mut self,
        store: &Store,
        kept: &Shelf,
        sheets: &mut Sheets,
        questions: &BTreeSet<(usize, Place)>,
        until: Instant,
    ) {
        let mut looks_of: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (look, place) in questions {
            looks_of.entry(*place).or_default().push(*look);
        }
        let ranges = |looks: &Vec<usize>| {
            let minutes: Vec<Minute> = looks.iter().map(|look| sheets.looks()[*look].minute).collect();
            store.schedule().ranges(&minutes)
        };
        let wanted: Vec<_> = looks_of.iter().map(|(place, looks)| (kept.page(*place), ranges(looks))).collect();
        self.metrics += wanted.iter().map(|(_, ranges)| ranges.len()).sum::<usize>();
        let answers = store.points(&wanted, until).await;
        for ((place, looks), points) in looks_of.into_iter().zip(answers) {
            let points = points.map_err(|error| self.fail(&error));
            let mut found: HashMap<Minute, Result<Slots, Unusable>> = match &points {
                Ok(points) => seconds::read(store.schedule(), points).into_iter().collect(),
                Err(()) => HashMap::new(),
            };
            for look in looks {
                let page = match (&points, found.remove(&sheets.looks()[look].minute)) {
                    (Err(()), _) => Err(Missing::Unread),
                    (Ok(_), None) => Err(Missing::Invisible),
                    (Ok(_), Some(slots)) => slots
                        .and_then(|slots| Page::of(slots.taken, &slots.slots).ok_or(Unusable::Mixed))
                        .map_err(Missing::from),
                };
                sheets.add(look, place, page);
            }
        }
    }

    fn fail(&mut self, error: &Arc<Error>) {
        let why = Unknown::because(told(&**error));
        if !self.failures.contains(&why) {
            self.failures.push(why);
        }
    }
}

/// The rosters of the last few looks, and of all that are kept where the last one is not there.
async fn read_rosters(store: &Store, asker: &Asker, reads: &mut Reads, until: Instant) -> Known<Rosters> {
    let schedule = store.schedule();
    let near = u32::try_from(NEAR_MINUTES / schedule.period()).unwrap_or(1).max(1);
    let mut rosters = Err(Unknown::because("the history was not read"));
    for looks in [near, schedule.looks_kept()] {
        let range = schedule.from(schedule.back(asker.minute, looks), asker.minute);
        reads.metrics += 1;
        let answer = store.points(&[(asker.shelf.roster(), vec![range])], until).await.pop();
        rosters = match answer {
            Some(Ok(points)) => {
                let read = seconds::read(schedule, &points);
                Ok(Rosters::new(schedule, asker.minute, asker.writer, read))
            }
            Some(Err(error)) => {
                reads.fail(&error);
                Err(Unknown::because(told(&*error)))
            }
            None => rosters,
        };
        if rosters.as_ref().is_ok_and(Rosters::is_next) {
            break;
        }
    }
    rosters
}

/// The keys of a part's rows in order, the row of each, and the place of each row; groups and topics are hashed once.
fn ordered(snapshot: &Snapshot, part: Part) -> (Vec<Key>, Vec<usize>, Vec<Option<usize>>) {
    let topics = snapshot.topics.iter().map(|topic| {
        let described = topic.partitions.is_ok();
        described.then(|| OfTopic::new(&topic.name, topic.id))
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

/// How many partitions of a snapshot would be kept, and on how many pages.
#[must_use]
pub fn pages_of(snapshot: &Snapshot) -> (usize, usize) {
    let (keys, ..) = ordered(snapshot, Part::WHOLE);
    (keys.len(), binding::bind(&keys, binding::bits(keys.len(), None)).len())
}

fn sample(taken: i64, seen: Seen) -> Option<Sample> {
    let memory = Memory::unpack(seen.memory())?;
    Some(Sample { time_ms: taken, committed: seen.committed(), end: seen.log_end(), memory })
}

fn is_too_large(snapshot: &Snapshot, row: &Row) -> bool {
    let committed = matches!(row.committed, Ok(Committed::At(offset)) if offset > LARGEST_OFFSET);
    committed || snapshot.log(row).is_ok_and(|log| log.end > LARGEST_OFFSET)
}

const NO_PLACE: &str = "the partition has no place in the history: its topic's metadata is unknown";
/// Rosters no older than this many minutes are read always, and in one request with that of the run's own minute.
const NEAR_MINUTES: i64 = 10;
