//! Longer reaches into the past, of the rows whose memory asks for one.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Past;
use super::of_part::{PartPast, sample};
use super::reads::Reads;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::history::Store;
use crate::cloudwatch::pages::entry::Entry;
use crate::cloudwatch::pages::rosters::Rosters;
use crate::cloudwatch::pages::seconds;
use crate::cloudwatch::pages::sheets::{Became, Sheets};
use crate::judge::input::Sight;
use crate::judge::outcome::Memories;
use crate::model::memory::Sample;
use crate::model::unknown::{Known, Unknown};
use crate::model::window::Horizon;

/// The samples of some rows, oldest first.
#[derive(Default)]
pub(crate) struct Windows {
    samples: HashMap<usize, Known<Vec<Sample>>>,
    pub(super) reads: Reads,
}

/// A row whose window is wanted.
struct Reach {
    row: usize,
    place: usize,
    /// The oldest look that is.
    oldest: Minute,
}

impl Past {
    /// Reads the windows of partitions that their memory makes suspicious, each as far back as its memory asks for.
    pub(crate) async fn open_windows(
        &self,
        store: Option<&Store>,
        sight: Sight<'_>,
        memories: &Memories,
        until: Instant,
    ) -> Vec<Windows> {
        let Some(store) = store else { return Vec::new() };
        let schedule = store.schedule();
        let mut wanted = Vec::new();
        let mut suspicious = memories.suspicious().peekable();
        let groups = sight.snapshot.groups.iter().zip(sight.thresholds);
        for (group, thresholds) in groups.filter(|(group, _)| group.rows.is_ok()) {
            while let Some(row) = suspicious.next_if(|row| group.range().contains(row)) {
                let Some(memory) = memories.of(row) else { continue };
                let far = Horizon::of(thresholds).reach_ms(memory, thresholds);
                let looks = u32::try_from(far / (schedule.period() * 60_000)).unwrap_or(u32::MAX);
                wanted.push((row, looks.min(schedule.looks_kept()).min(MOST_LOOKS)));
            }
        }
        self.windows_of(store, &wanted, until).await
    }

    /// Reads the windows of these rows, each with its number of looks; by part.
    pub(crate) async fn windows_of(&self, store: &Store, wanted: &[(usize, u32)], until: Instant) -> Vec<Windows> {
        join_all(self.0.iter().flatten().map(|found| found.windows(store, wanted, until))).await
    }
}

impl PartPast {
    async fn windows(&self, store: &Store, wanted: &[(usize, u32)], until: Instant) -> Windows {
        let mut windows = Windows::default();
        let wanted: Vec<&(usize, u32)> = wanted.iter().filter(|(row, _)| self.places[*row].is_some()).collect();
        let Some(most) = wanted.iter().map(|(_, looks)| *looks).max() else { return windows };
        let schedule = store.schedule();
        let range = schedule.from(schedule.back(self.asker.minute, most), self.asker.minute);
        windows.reads.metrics += 1;
        let answer = store.points(&[(self.asker.shelf.roster(), vec![range])], until).await.pop();
        let points = match answer {
            Some(Ok(points)) => points,
            Some(Err(error)) => {
                windows.reads.fail(&error);
                return windows;
            }
            None => return windows,
        };
        let read = seconds::read(schedule, &points);
        let looks = Rosters::new(schedule, self.asker.minute, self.asker.writer, read).looks;
        let mut sheets = self.sheets.of(looks);
        let reaches: Vec<Reach> = wanted
            .iter()
            .filter_map(|(row, looks)| {
                let oldest = schedule.back(self.asker.minute, *looks);
                Some(Reach { row: *row, place: self.places[*row]?, oldest })
            })
            .collect();
        // The pages of now, then their neighbours where a page was another then.
        for _ in 0..=NEIGHBOURS {
            let mut questions = BTreeSet::new();
            for reach in &reaches {
                for look in reach.looks(&sheets) {
                    if let Became::Ask(place) = sheets.became(look, reach.place) {
                        questions.insert((look, place));
                    }
                }
            }
            if questions.is_empty() {
                break;
            }
            windows.reads.pages(store, &self.asker.shelf, &mut sheets, &questions, until).await;
        }
        for reach in &reaches {
            windows.samples.insert(
                reach.row,
                windows.reads.failures.first().map_or_else(|| Ok(reach.samples(&sheets)), |why| Err(why.clone())),
            );
        }
        windows
    }
}

impl Reach {
    fn looks(&self, sheets: &Sheets) -> impl DoubleEndedIterator<Item = usize> {
        0..sheets.looks().partition_point(|look| look.minute >= self.oldest)
    }

    fn samples(&self, sheets: &Sheets) -> Vec<Sample> {
        let mut sure = false;
        let seen = self.looks(sheets).rev().filter_map(|look| match sheets.became(look, self.place) {
            Became::Kept(taken, Entry::Seen(seen)) => {
                sure = true;
                sample(taken, seen)
            }
            Became::Perhaps(taken, Entry::Seen(seen)) => sample(taken, seen),
            _ => None,
        });
        let samples: Vec<Sample> = seen.collect();
        // Two looks that may have seen it bear each other out.
        if sure || samples.len() > 1 { samples } else { Vec::new() }
    }
}

impl Windows {
    pub(super) fn of(&self, row: usize) -> Known<Vec<Sample>> {
        let why = || self.reads.failures.first().cloned();
        self.samples
            .get(&row)
            .cloned()
            .unwrap_or_else(|| Err(why().unwrap_or_else(|| Unknown::because("its window was not asked for"))))
    }
}

/// Pages that partitions may have come past in the course of a window, one round of reading each.
const NEIGHBOURS: usize = 2;
/// On slow schedules each look is a range of its own, and paid for.
const MOST_LOOKS: u32 = 175;
