//! The newest earlier sight of every partition of now, as questions and answers.
//!
//! All pages are read of the newest look that there was. Only what is bare there is asked for further back, in growing steps, up to the last
//! look that the store still has.

use std::collections::BTreeSet;

use super::binding::Place;
use super::entry::{Entry, Sighting};
use super::sheets::{Became, Missing, Sheets};
use crate::cloudwatch::address::Schedule;

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
    /// What a look said that has to be borne out by another: what was found there, and the look to go on with where it was not read.
    perhaps: Option<Box<(Option<Recalled>, usize)>>,
    /// What stood in the way first.
    missing: Option<Missing>,
}

impl Recall {
    /// Nothing has been asked.
    pub(crate) fn new(schedule: Schedule, sheets: Sheets) -> Self {
        let search = Lookup { look: 0, told: false, perhaps: None, missing: None };
        let keys = sheets.keys().len();
        Self { schedule, sheets, searches: vec![search; keys], found: vec![None; keys] }
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
        let Self { schedule, sheets, searches, found: pasts } = self;
        let (search, past, looks) = (&mut searches[key], &mut pasts[key], sheets.looks());
        while past.is_none() {
            let Some(look) = looks.get(search.look) else {
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
                    let found = match entry {
                        Entry::Seen(seen) => (Some(Recalled::Kept { look: search.look, taken, seen }), next),
                        Entry::Unread { looks: back } => {
                            let minute = schedule.back(look.minute, back.into());
                            (None, looks.iter().position(|look| look.minute <= minute).unwrap_or(looks.len()))
                        }
                    };
                    // A second look bears out the first, which is the newer one.
                    let borne_out = search.perhaps.take();
                    if borne_out.is_none() && matches!(became, Became::Perhaps(..)) {
                        search.perhaps = Some(Box::new(found));
                        search.look = next;
                        continue;
                    }
                    (*past, search.look) = borne_out.map_or(found, |borne_out| *borne_out);
                    search.told = true;
                    continue;
                }
                Became::Absent if look.roster.whole => *past = Some(Recalled::New),
                Became::Missing(Missing::Unread) => *past = Some(Recalled::Lost(Missing::Unread)),
                Became::Absent => search.perhaps = None,
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
