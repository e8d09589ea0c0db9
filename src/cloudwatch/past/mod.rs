//! The past of a snapshot: what earlier snapshots have of its rows, beside this one.

use futures_util::future::join_all;
use tokio::time::Instant;

use super::address::Minute;
use super::history::Store;
use super::pages::addresses::Addresses;
use super::pages::binding::beyond_layout;
use super::pages::entry::LARGEST_OFFSET;
use super::pages::roster::{Announced, Roster};
use super::pages::rosters::{Own, Rosters};
use crate::judge::input::Before;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::memory::Sample;
use crate::model::part::Part;
use crate::model::snapshot::{Row, Snapshot};
use crate::model::unknown::{Known, Unknown};
use crate::report::HistoryEntry;

mod leaving;
mod of_part;
mod reads;
mod standing;
mod vanished;
mod windows;

pub(crate) use leaving::Leaving;
pub(crate) use of_part::pages_of;
use of_part::{PartPast, is_too_large};
pub(crate) use standing::Stood;
pub(crate) use vanished::Ghost;
pub(crate) use windows::{Wanted, Windows, points_of_short_windows};

/// The run that asks for the past, and its selection.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// Where the pages are.
    pub addresses: Addresses,
    /// The scheduled minute.
    pub minute: Minute,
    /// The present second, since the epoch: how far back the store answers is counted from it.
    pub now: i64,
    /// The part of the groups.
    pub part: Part,
    /// Whether the run selects only a few of them.
    pub few: bool,
    /// The run's selection, as a hash; `None` if it never writes.
    pub writer: Option<u64>,
}

/// What the store has about the rows of a snapshot, or why nothing is known; by part, of which a run that writes has
/// one.
pub(crate) struct Past(Known<Vec<PartPast>>);

impl Past {
    /// Nothing is read, for this reason.
    pub(crate) fn unread(why: Unknown) -> Self {
        Self(Err(why))
    }

    /// Reads what the newest snapshots before the askers' minute have of these rows, each row from its own part.
    ///
    /// It needs the topics' ids, not their logs, so it can run while the logs are being read.
    pub(crate) async fn read(store: &Store, askers: Vec<Asker>, snapshot: &Snapshot, until: Instant) -> Self {
        Self(Ok(join_all(askers.into_iter().map(|asker| PartPast::read(store, asker, snapshot, until))).await))
    }

    /// Adds what [`Past::open_windows`] read.
    pub(crate) fn add(&mut self, windows: Vec<Windows>) {
        for (found, windows) in self.0.iter_mut().flatten().zip(windows) {
            found.windows = windows;
        }
    }

    /// The newest earlier sample of each row.
    pub(crate) fn before(&self, snapshot: &Snapshot) -> Before {
        let away = self.0.iter().flatten().flat_map(PartPast::away).collect();
        let known = self.0.as_ref().map_err(Clone::clone).map(|all| {
            let strangers: Vec<bool> = all.iter().map(PartPast::is_stranger).collect();
            let rows = snapshot.rows.iter().enumerate().map(|(at, row)| {
                let mut known = all.iter().zip(&strangers);
                let found = known.find_map(|(found, stranger)| Some((found, found.places[at]?, *stranger)));
                let (found, place, stranger) = found.ok_or_else(|| Unknown::because(NO_PLACE))?;
                found.previous(place, row, snapshot, stranger)
            });
            rows.collect()
        });
        Before(known, away)
    }

    /// The samples of a row in its window, oldest first.
    ///
    /// # Errors
    /// Why they are not known: [`LeftOut`](crate::model::unknown::Cause::LeftOut) if others came first,
    /// [`Stands`](crate::model::unknown::Cause::Stands) if the group was in error, and only a window could show that
    /// this is over.
    pub(crate) fn earlier(&self, row: usize) -> Known<Vec<Sample>> {
        let all = self.0.as_ref().map_err(Clone::clone)?;
        let found = all.iter().find(|found| found.places[row].is_some());
        found.ok_or_else(|| Unknown::because(NO_PLACE))?.windows.of(row)
    }

    /// The rosters of the run's part.
    fn rosters(&self) -> Option<&Rosters> {
        self.0.as_ref().ok()?.first()?.rosters.as_ref().ok()
    }

    /// The newest of them before this run; `None` if there was none, or it is not known.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        self.rosters()?.snapshots.first().map(|stored| &stored.roster)
    }

    /// Which groups the newest snapshot of this run's own selection has as announced; `None` if no such snapshot is
    /// known.
    pub(crate) fn announced(&self) -> Option<&Announced> {
        self.rosters()?.announced()
    }

    /// What is stored in the run's own minute already; `None` if that is not known.
    pub(crate) fn own(&self) -> Option<Own> {
        self.rosters().map(|rosters| rosters.own)
    }

    /// What is remembered of the cluster besides its partitions; `None` where nothing is, or other parts remember too.
    pub(crate) fn notes(&self) -> Option<&ClusterMemory> {
        match self.0.as_deref() {
            Ok([found]) => found.notes.as_ref(),
            _ => None,
        }
    }

    /// The partitions of groups of now that vanished since an earlier snapshot.
    pub(crate) fn ghosts(&self) -> Vec<Ghost> {
        self.0.iter().flatten().flat_map(|found| found.ghosts.iter().copied()).collect()
    }

    /// Keeps only these.
    pub(crate) fn keep_ghosts(&mut self, keep: impl Fn(&Ghost) -> bool) {
        self.0.iter_mut().flatten().for_each(|found| found.ghosts.retain(&keep));
    }

    /// What was read, windows included.
    pub(crate) fn entry(&self) -> HistoryEntry {
        let mut entry = HistoryEntry { enabled: true, ..HistoryEntry::default() };
        for PartPast { reads, windows, .. } in self.0.iter().flatten() {
            entry.metrics_read += reads.metrics + windows.reads.metrics;
            entry.points_asked += (reads.points + windows.reads.points).unsigned_abs();
            entry.windows_read += windows.reads.metrics;
            entry.windows_points += windows.reads.points.unsigned_abs();
            entry.windows_budget += windows.budget.unsigned_abs();
            entry.windows_short += windows.short;
            entry.windows_left_out += windows.unread();
        }
        entry
    }

    /// Problems of the history, each once and with what to do; that it is turned off is no problem.
    pub(crate) fn problems(&self, snapshot: &Snapshot) -> Vec<Unknown> {
        let mut problems: Vec<Unknown> = Vec::new();
        for problem in self.0.iter().flatten().flat_map(PartPast::problems) {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if self.0.is_err() {
            return problems;
        }
        let kept: usize = self.0.iter().flatten().map(|found| found.order.len()).max().unwrap_or_default();
        problems.extend(beyond_layout(kept).map(Unknown::because));
        let large: Vec<&Row> = snapshot.rows.iter().filter(|row| is_too_large(snapshot, row)).collect();
        if let Some(first) = large.first() {
            let place = format!("{}/{}", snapshot.topic(first).name, first.partition);
            let more = if large.len() > 1 { format!(" and {} more", large.len() - 1) } else { String::new() };
            problems.push(Unknown::because(format!(
                "the offsets of {place}{more} are too large to store (the largest is {LARGEST_OFFSET}): leave the topic out (MEERKAT_TOPICS), or create it again"
            )));
        }
        problems
    }
}

const NO_PLACE: &str = "the partition has no place in the history: its topic's metadata is unknown";
