//! The newest stored entry of every present partition, as requests and answers.
//!
//! All pages of the newest snapshot are read. Partitions without an entry there are searched further back, in growing
//! steps, to the oldest snapshot that the store still has. The snapshots of the last minutes are known first; older
//! ones are requested if those leave anything open, for example after runs that could not read everything.

use std::collections::BTreeSet;

use super::binding::PageAddress;
use super::entry::{Entry, Sighting};
use super::pages_read::{Became, Missing, PagesRead, StoredSnapshot};
use crate::cloudwatch::address::{Minute, Schedule};

/// What is known of a partition's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recalled {
    /// The newest snapshot that read it.
    Kept {
        /// Index of the snapshot, 0 being the newest.
        snapshot: usize,
        /// When that snapshot was taken, in milliseconds since the epoch.
        taken: i64,
        /// Its entry.
        seen: Sighting,
        /// Whether a later snapshot exists and could not read it.
        away: bool,
    },
    /// It did not exist then.
    New,
    /// It should have an entry, and the entry cannot be read: the first reason found.
    Lost(Missing),
}

/// A search that is under way.
#[derive(Debug)]
pub(crate) struct Recall {
    schedule: Schedule,
    /// What has been read.
    pub pages_read: PagesRead,
    /// Whether every snapshot that the store still has is known.
    are_all: bool,
    /// By key.
    searches: Vec<Search>,
    /// By key: the result, once it is known.
    found: Vec<Option<Recalled>>,
}

/// The state of the search for one key.
#[derive(Clone, Debug)]
struct Search {
    /// The snapshot to read next.
    snapshot: usize,
    /// Whether a snapshot showed where to go on.
    known: bool,
    /// Whether a snapshot was read that could not read it.
    away: bool,
    /// Snapshots after this minute are skipped, if a snapshot showed that.
    from: Option<Minute>,
    /// An uncertain match, waiting for a second snapshot to confirm it: the match, and where to continue.
    perhaps: Option<Box<Finding>>,
    /// The first reason why an entry is missing.
    missing: Option<Missing>,
}

/// A match in a snapshot, and the snapshot to go on with if the partition was not read there, by index and by minute.
type Finding = (Option<Recalled>, usize, Option<Minute>);

impl Recall {
    /// Nothing has been requested. `are_all` means that every snapshot that the store still has is known.
    pub(crate) fn new(schedule: Schedule, pages_read: PagesRead, are_all: bool) -> Self {
        let search = Search { snapshot: 0, known: false, away: false, from: None, perhaps: None, missing: None };
        let keys = pages_read.keys().len();
        Self { schedule, pages_read, are_all, searches: vec![search; keys], found: vec![None; keys] }
    }

    /// The pages to read next, each with the index of its snapshot; empty when everything is known. Each has to be
    /// added, whatever was read.
    pub(crate) fn questions(&mut self) -> BTreeSet<(usize, PageAddress)> {
        let snapshots = self.pages_read.snapshots().len();
        let mut questions = Vec::new();
        // Neighbours need the same page.
        let mut put = |question| {
            if questions.last() != Some(&question) {
                questions.push(question);
            }
        };
        for key in 0..self.searches.len() {
            let Some(place) = self.advance(key) else { continue };
            let Search { snapshot, known, .. } = self.searches[key];
            put((snapshot, place));
            // As many snapshots again as were read without a match, so that the way back needs few rounds.
            let further = if known { snapshot + 1 } else { (snapshot + snapshot.max(1)).min(snapshots) };
            for snapshot in snapshot..further {
                self.pages_read.guesses(snapshot, key).for_each(|place| put((snapshot, place)));
            }
        }
        questions.into_iter().filter(|(snapshot, place)| !self.pages_read.has(*snapshot, *place)).collect()
    }

    /// Whether none of the known snapshots could read every group, and there are older ones.
    pub(crate) fn wants_a_whole_one(&self) -> bool {
        !self.are_all && !self.pages_read.snapshots().iter().any(|snapshot| snapshot.roster.whole)
    }

    /// Whether some searches have reached the oldest known snapshot; asked when there are no requests left.
    pub(crate) fn wants_older(&self) -> bool {
        !self.are_all && self.found.contains(&None)
    }

    /// Continues with these snapshots, newest first, all of them older than the known ones; there are no others.
    pub(crate) fn go_on(&mut self, older: Vec<StoredSnapshot>) {
        self.pages_read.add_snapshots(older);
        self.are_all = true;
    }

    /// The older snapshots cannot be read, so an entry in them is not known.
    pub(crate) fn give_up(&mut self) {
        self.found.iter_mut().for_each(|found| *found = found.or(Some(Recalled::Lost(Missing::Unread))));
        self.are_all = true;
    }

    /// The results, by key. What has no result by now is not known.
    pub(crate) fn pasts(mut self) -> (Vec<Recalled>, PagesRead) {
        for key in 0..self.searches.len() {
            self.advance(key);
        }
        let pasts = self.found.into_iter().map(|found| found.unwrap_or(Recalled::Lost(Missing::Invisible)));
        (pasts.collect(), self.pages_read)
    }

    /// Continues the search of a key as far as the pages that were read allow; returns the page that is missing, if
    /// there is one.
    fn advance(&mut self, key: usize) -> Option<PageAddress> {
        let Self { schedule, pages_read, are_all, searches, found: pasts } = self;
        let (search, past, snapshots) = (&mut searches[key], &mut pasts[key], pages_read.snapshots());
        while past.is_none() {
            if let Some(from) = search.from {
                search.snapshot += snapshots[search.snapshot.min(snapshots.len())..]
                    .partition_point(|snapshot| snapshot.minute > from);
            }
            let Some(snapshot) = snapshots.get(search.snapshot) else {
                if !*are_all {
                    return None;
                }
                // With few snapshots an invisible page is no loss: a new metric may need two minutes to become
                // visible.
                let lost = search.missing.filter(|_| snapshots.len() >= SNAPSHOTS_TO_MISS_A_PAGE);
                *past = Some(lost.map_or(Recalled::New, Recalled::Lost));
                break;
            };
            let next = search.snapshot + 1;
            let became = pages_read.became(search.snapshot, key);
            match became {
                Became::Ask(place) => return Some(place),
                Became::Kept(taken, entry) | Became::Perhaps(taken, entry) => {
                    search.away |= matches!(entry, Entry::Unread { .. });
                    let found = match entry {
                        Entry::Seen(seen) => (
                            Some(Recalled::Kept { snapshot: search.snapshot, taken, seen, away: search.away }),
                            next,
                            None,
                        ),
                        Entry::Unread { snapshots: back } => {
                            (None, next, Some(schedule.back(snapshot.minute, back.into())))
                        }
                    };
                    // A second snapshot confirms the first, which is the newer one; so does one that showed where to
                    // go on.
                    let borne_out = search.perhaps.take();
                    if borne_out.is_none() && !search.known && matches!(became, Became::Perhaps(..)) {
                        search.perhaps = Some(Box::new(found));
                        search.snapshot = next;
                        continue;
                    }
                    (*past, search.snapshot, search.from) = borne_out.map_or(found, |borne_out| *borne_out);
                    search.known = true;
                    continue;
                }
                Became::Absent if snapshot.roster.whole => *past = Some(Recalled::New),
                Became::Missing(Missing::Unread) => *past = Some(Recalled::Lost(Missing::Unread)),
                Became::Absent => (search.perhaps, search.away) = (None, true),
                Became::Unclear => {}
                Became::Missing(why) => search.missing = search.missing.or(Some(why)),
            }
            search.snapshot = next;
        }
        None
    }
}

/// From this many snapshots on a missing page is a loss, not a beginning.
const SNAPSHOTS_TO_MISS_A_PAGE: usize = 3;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
