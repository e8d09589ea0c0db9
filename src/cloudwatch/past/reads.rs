//! Reads pages and rosters, and counts the reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use tokio::time::Instant;

use super::Asker;
use crate::base::fault::sentence;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::error::StoreError;
use crate::cloudwatch::history::{Points, Store};
use crate::cloudwatch::metric::Metric;
use crate::cloudwatch::names;
use crate::cloudwatch::pages::addresses::Addresses;
use crate::cloudwatch::pages::binding::PageAddress;
use crate::cloudwatch::pages::notes;
use crate::cloudwatch::pages::page::Page;
use crate::cloudwatch::pages::pages_read::{Missing, PagesRead};
use crate::cloudwatch::pages::rosters::Rosters;
use crate::cloudwatch::pages::seconds::{self, Slot, Slots, Unusable};
use crate::model::cluster_memory::ClusterMemory;
use crate::model::unknown::{Known, Unknown};

/// What a read returned besides data.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Metrics requested.
    pub(super) metrics: usize,
    /// Estimated points requested.
    pub(super) points: i64,
    /// Why some could not be read, each reason once.
    pub(super) failures: Vec<Unknown>,
}

impl Reads {
    /// Reads pages of snapshots; `scarce` means that the quota is short, not money.
    pub(super) async fn pages(
        &mut self,
        store: &Store,
        kept: &Addresses,
        pages_read: &mut PagesRead,
        (questions, scarce): (&BTreeSet<(usize, PageAddress)>, bool),
        until: Instant,
    ) {
        let mut snapshots_of: BTreeMap<PageAddress, Vec<usize>> = BTreeMap::new();
        for (stored, place) in questions {
            snapshots_of.entry(*place).or_default().push(*stored);
        }
        let ranges = |snapshots: &Vec<usize>| {
            let minutes: Vec<Minute> = snapshots.iter().map(|stored| pages_read.snapshots()[*stored].minute).collect();
            store.schedule().ranges(&minutes, scarce)
        };
        let wanted: Vec<_> =
            snapshots_of.iter().map(|(place, snapshots)| (kept.page(*place), ranges(snapshots))).collect();
        let answers = self.points(store, &wanted, until).await;
        for ((place, snapshots), points) in snapshots_of.into_iter().zip(answers) {
            let points = points.map_err(|error| self.fail(&error));
            let mut found: HashMap<Minute, Result<Slots, Unusable>> = match &points {
                Ok(points) => seconds::read(store.schedule(), points).into_iter().collect(),
                Err(()) => HashMap::new(),
            };
            for stored in snapshots {
                let page = match (&points, found.remove(&pages_read.snapshots()[stored].minute)) {
                    (Err(()), _) => Err(Missing::Unread),
                    (Ok(_), None) => Err(Missing::Invisible),
                    (Ok(_), Some(slots)) => slots
                        .and_then(|slots| Page::of(slots.taken, &slots.slots).ok_or(Unusable::Mixed))
                        .map_err(Missing::from),
                };
                pages_read.add(stored, place, page);
            }
        }
    }

    /// Counts what is requested, and requests it.
    pub(super) async fn points(
        &mut self,
        store: &Store,
        wanted: &[(Arc<Metric>, Vec<Range<i64>>)],
        until: Instant,
    ) -> Vec<Points> {
        for (_, ranges) in wanted {
            self.metrics += ranges.len();
            self.points += store.schedule().estimated_points(ranges);
        }
        store.points(wanted, until).await
    }

    /// The rosters of snapshots before the asker's minute: from `newest` runs back, 0 being its own minute, to
    /// `oldest` runs back.
    pub(super) async fn rosters(
        &mut self,
        store: &Store,
        asker: &Asker,
        (newest, oldest): (u32, u32),
        until: Instant,
    ) -> Known<Rosters> {
        let schedule = store.schedule();
        let range = schedule.from(schedule.back(asker.minute, oldest), schedule.back(asker.minute, newest));
        match self.points(store, &[(asker.addresses.roster(), vec![range])], until).await.pop() {
            Some(Ok(points)) => {
                let read = seconds::read(schedule, &points);
                Ok(Rosters::new(schedule, asker.minute, asker.writer, read))
            }
            Some(Err(error)) => {
                self.fail(&error);
                Err(Unknown::because(sentence(&*error)))
            }
            None => Err(Unknown::because("the history was not read")),
        }
    }

    /// The notes of the newest of the last few snapshots that stored some; `None` if nothing is known of them. They are asked for together with the
    /// rosters, so how many pages there are is guessed by the caller; if there are more, the rest is asked for then.
    pub(super) async fn notes(
        &mut self,
        store: &Store,
        asker: &Asker,
        expected: usize,
        until: Instant,
    ) -> Option<ClusterMemory> {
        let minutes = last_minutes(store, store.schedule().back(asker.minute, 1));
        let count = |first: &HashMap<Minute, Slots>| {
            let newest = minutes.iter().find_map(|minute| first.get(minute));
            newest.and_then(|first| notes::count(&first.slots)).unwrap_or_default()
        };
        let metric = |page| asker.addresses.of_bytes(names::NOTES, page);
        let pages = self.bytes(store, (metric, expected), &minutes, count, until).await;
        let pages = pages.map_err(|error| self.fail(&error)).ok()?;
        minutes.into_iter().find_map(|minute| notes::of(&joined(&pages, minute, notes::count)?, minute.seconds()))
    }

    /// Pages of bytes of these minutes, one after the other: the `expected` ones, and then those that the first one counts.
    pub(super) async fn bytes(
        &mut self,
        store: &Store,
        (metric, expected): (impl Fn(usize) -> Arc<Metric>, usize),
        minutes: &[Minute],
        count: impl Fn(&HashMap<Minute, Slots>) -> usize,
        until: Instant,
    ) -> Result<Vec<HashMap<Minute, Slots>>, Arc<StoreError>> {
        let ranges = store.schedule().ranges(minutes, false);
        let mut pages: Vec<HashMap<Minute, Slots>> = Vec::new();
        let mut there = expected;
        while pages.len() < there {
            let wanted: Vec<_> = (pages.len()..there).map(|page| (metric(page), ranges.clone())).collect();
            for points in self.points(store, &wanted, until).await {
                let read = seconds::read(store.schedule(), &points?).into_iter();
                pages.push(read.filter_map(|(minute, slots)| Some((minute, slots.ok()?))).collect());
            }
            there = pages.first().map_or(0, &count);
        }
        Ok(pages)
    }

    /// Counts what others read.
    pub(super) fn add(&mut self, others: Self) {
        self.metrics += others.metrics;
        self.points += others.points;
        for why in others.failures {
            if !self.failures.contains(&why) {
                self.failures.push(why);
            }
        }
    }

    fn fail(&mut self, error: &Arc<StoreError>) {
        let why = Unknown::because(sentence(&**error));
        if !self.failures.contains(&why) {
            self.failures.push(why);
        }
    }
}

/// This minute and the two scheduled ones before it: a page of bytes may become visible later than the roster beside it.
pub(super) fn last_minutes(store: &Store, newest: Minute) -> [Minute; 3] {
    [0, 1, 2].map(|snapshots| store.schedule().back(newest, snapshots))
}

/// The slots of all pages of one minute, whose first page counts them; `None` where one is missing, or is of another run.
pub(super) fn joined(
    pages: &[HashMap<Minute, Slots>],
    minute: Minute,
    count: impl Fn(&[Slot]) -> Option<usize>,
) -> Option<Vec<Slot>> {
    let first = pages.first()?.get(&minute)?;
    let mut slots = Vec::new();
    for page in 0..count(&first.slots)? {
        let page = pages.get(page)?.get(&minute).filter(|page| page.taken == first.taken)?;
        slots.extend_from_slice(&page.slots);
    }
    Some(slots)
}
