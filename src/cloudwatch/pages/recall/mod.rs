//! The newest earlier sight of every partition of now, as questions and answers.
//!
//! All pages are read of the newest look that there was. Only what is bare there is asked for further back, in growing steps, up to the last
//! look that the store still has. The looks of the last minutes are known first; the older ones are asked for where those leave anything
//! open, as they do after looks that could not read everything.

use std::collections::BTreeSet;

use super::binding::Place;
use super::entry::{Entry, Sighting};
use super::sheets::{Became, KeptLook, Missing, Sheets};
use crate::cloudwatch::address::{Minute, Schedule};

/// What is known of a partition's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recalled {
    /// The newest look that read it.
    Kept {
        /// Index of the look, 0 being the newest.
        look: usize,
        /// When that look was taken, in milliseconds since the epoch.
        taken: i64,
        /// What it saw.
        seen: Sighting,
        /// Whether a later look was there and could not read it.
        away: bool,
    },
    /// It was not there.
    New,
    /// It should have been there, and what is kept of it cannot be read: the first reason met.
    Lost(Missing),
}

/// A search that is under way.
#[derive(Debug)]
pub(crate) struct Recall {
    schedule: Schedule,
    /// What has been read.
    pub sheets: Sheets,
    /// Whether the sheets know every look that the store still has.
    are_all: bool,
    /// By key.
    searches: Vec<Lookup>,
    /// By key: what came of it, once that is told.
    found: Vec<Option<Recalled>>,
}

/// Where the search for a key stands.
#[derive(Clone, Debug)]
struct Lookup {
    /// The look to ask next.
    look: usize,
    /// Whether a look told where to go on.
    told: bool,
    /// Whether a look that was asked could not read it.
    away: bool,
    /// Looks after this minute are passed over, where a look said so.
    from: Option<Minute>,
    /// What a look said that has to be borne out by another: what was found there, and the look to go on with where it was not read.
    perhaps: Option<Box<Finding>>,
    /// What stood in the way first.
    missing: Option<Missing>,
}

/// What was found in a look, and the look to go on with where it was not read there, by index and by minute.
type Finding = (Option<Recalled>, usize, Option<Minute>);

impl Recall {
    /// Nothing has been asked. `are_all` says that the sheets know every look that the store still has.
    pub(crate) fn new(schedule: Schedule, sheets: Sheets, are_all: bool) -> Self {
        let search = Lookup { look: 0, told: false, away: false, from: None, perhaps: None, missing: None };
        let keys = sheets.keys().len();
        Self { schedule, sheets, are_all, searches: vec![search; keys], found: vec![None; keys] }
    }

    /// The pages to read next, each with the index of its look; nothing when all is told. Each has to be added to the sheets, whatever
    /// came of it.
    pub(crate) fn questions(&mut self) -> BTreeSet<(usize, Place)> {
        let looks = self.sheets.looks().len();
        let mut questions = Vec::new();
        // Neighbours ask for the same page.
        let mut put = |question| {
            if questions.last() != Some(&question) {
                questions.push(question);
            }
        };
        for key in 0..self.searches.len() {
            let Some(place) = self.advance(key) else { continue };
            let Lookup { look, told, .. } = self.searches[key];
            put((look, place));
            // As many looks again as were in vain, so that the way back takes few rounds.
            let further = if told { look + 1 } else { (look + look.max(1)).min(looks) };
            for look in look..further {
                self.sheets.guesses(look, key).for_each(|place| put((look, place)));
            }
        }
        questions.into_iter().filter(|(look, place)| !self.sheets.has(*look, *place)).collect()
    }

    /// Whether none of the looks that are known could read every group, and there are older ones.
    pub(crate) fn wants_a_whole_one(&self) -> bool {
        !self.are_all && !self.sheets.looks().iter().any(|look| look.roster.whole)
    }

    /// Whether some searches end where looks begin that are not known yet; asked when there are no questions left.
    pub(crate) fn wants_older(&self) -> bool {
        !self.are_all && self.found.contains(&None)
    }

    /// Goes on with these looks, newest first, all of them older than those that were known; there are no others.
    pub(crate) fn go_on(&mut self, older: Vec<KeptLook>) {
        self.sheets.add_looks(older);
        self.are_all = true;
    }

    /// Which older looks there are cannot be read, so what was to be found in them is not known.
    pub(crate) fn give_up(&mut self) {
        self.found.iter_mut().for_each(|found| *found = found.or(Some(Recalled::Lost(Missing::Unread))));
        self.are_all = true;
    }

    /// What came of it, by key. What has not been told by now is not known.
    pub(crate) fn pasts(mut self) -> (Vec<Recalled>, Sheets) {
        for key in 0..self.searches.len() {
            self.advance(key);
        }
        let pasts = self.found.into_iter().map(|found| found.unwrap_or(Recalled::Lost(Missing::Invisible)));
        (pasts.collect(), self.sheets)
    }

    /// Goes on with a key as far as what has been read tells; the page that is missing, if there is one.
    fn advance(&mut self, key: usize) -> Option<Place> {
        let Self { schedule, sheets, are_all, searches, found: pasts } = self;
        let (search, past, looks) = (&mut searches[key], &mut pasts[key], sheets.looks());
        while past.is_none() {
            if let Some(from) = search.from {
                search.look += looks[search.look.min(looks.len())..].partition_point(|look| look.minute > from);
            }
            let Some(look) = looks.get(search.look) else {
                if !*are_all {
                    return None;
                }
                // Too few looks for all of their pages to be visible are no loss: a new metric may take two minutes.
                let lost = search.missing.filter(|_| looks.len() >= LOOKS_TO_MISS_A_PAGE);
                *past = Some(lost.map_or(Recalled::New, Recalled::Lost));
                break;
            };
            let next = search.look + 1;
            let became = sheets.became(search.look, key);
            match became {
                Became::Ask(place) => return Some(place),
                Became::Kept(taken, entry) | Became::Perhaps(taken, entry) => {
                    search.away |= matches!(entry, Entry::Unread { .. });
                    let found = match entry {
                        Entry::Seen(seen) => {
                            (Some(Recalled::Kept { look: search.look, taken, seen, away: search.away }), next, None)
                        }
                        Entry::Unread { looks: back } => (None, next, Some(schedule.back(look.minute, back.into()))),
                    };
                    // A second look bears out the first, which is the newer one; so does one that told where to go on.
                    let borne_out = search.perhaps.take();
                    if borne_out.is_none() && !search.told && matches!(became, Became::Perhaps(..)) {
                        search.perhaps = Some(Box::new(found));
                        search.look = next;
                        continue;
                    }
                    (*past, search.look, search.from) = borne_out.map_or(found, |borne_out| *borne_out);
                    search.told = true;
                    continue;
                }
                Became::Absent if look.roster.whole => *past = Some(Recalled::New),
                Became::Missing(Missing::Unread) => *past = Some(Recalled::Lost(Missing::Unread)),
                Became::Absent => (search.perhaps, search.away) = (None, true),
                Became::Unclear => {}
                Became::Missing(why) => search.missing = search.missing.or(Some(why)),
            }
            search.look = next;
        }
        None
    }
}

/// Looks from which on a page that is missing is a loss, not a beginning.
const LOOKS_TO_MISS_A_PAGE: usize = 3;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
