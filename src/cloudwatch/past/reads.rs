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
use crate::cloudwatch::pages::binding::Place;
use crate::cloudwatch::pages::page::Page;
use crate::cloudwatch::pages::rosters::Rosters;
use crate::cloudwatch::pages::seconds::{self, Slots, Unusable};
use crate::cloudwatch::pages::sheets::{Missing, Sheets};
use crate::cloudwatch::pages::shelf::Shelf;
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
        kept: &Shelf,
        sheets: &mut Sheets,
        (questions, scarce): (&BTreeSet<(usize, Place)>, bool),
        until: Instant,
    ) {
        let mut looks_of: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (look, place) in questions {
            looks_of.entry(*place).or_default().push(*look);
        }
        let ranges = |looks: &Vec<usize>| {
            let minutes: Vec<Minute> = looks.iter().map(|look| sheets.looks()[*look].minute).collect();
            store.schedule().ranges(&minutes, scarce)
        };
        let wanted: Vec<_> = looks_of.iter().map(|(place, looks)| (kept.page(*place), ranges(looks))).collect();
        let answers = self.points(store, &wanted, until).await;
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
        match self.points(store, &[(asker.shelf.roster(), vec![range])], until).await.pop() {
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

    fn fail(&mut self, error: &Arc<StoreError>) {
        let why = Unknown::because(sentence(&**error));
        if !self.failures.contains(&why) {
            self.failures.push(why);
        }
    }
}
