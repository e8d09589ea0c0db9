//! Earlier looks as far as they have been read, and what became of a partition in one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::binding::{self, Place};
use super::entry::Entry;
use super::key::Key;
use super::merge::{Met, merge};
use super::page::Page;
use super::roster::Roster;
use super::seconds::Unusable;
use crate::cloudwatch::address::Minute;

/// A look that there was, by its roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptLook {
    /// The minute that it was kept for.
    pub minute: Minute,
    /// What it tells of itself.
    pub roster: Roster,
}

/// Why nothing can be told of a part of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Missing {
    /// The page is there, and cannot be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// Nothing of the page is visible, although there was such a look.
    #[error("nothing of it is visible")]
    Invisible,
    /// The store did not answer.
    #[error("it could not be read")]
    Unread,
}

/// What became of a partition of now in an earlier look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It was there, in a look taken then (milliseconds since the epoch).
    Kept(i64, Entry),
    /// The same, if another look bears it out.
    Perhaps(i64, Entry),
    /// It has no slot.
    Absent,
    /// It may be one of several slots.
    Unclear,
    /// Its slot would stand where nothing can be told.
    Missing(Missing),
    /// This page has to be read first.
    Ask(Place),
}

/// Pages of earlier looks, beside the keys of now.
#[derive(Debug)]
pub(crate) struct Sheets {
    keys: Vec<Key>,
    /// Whether the keys are those of a few groups only, so that pages cannot be counted off.
    few: bool,
    looks: Vec<KeptLook>,
    /// Parallel to `looks`: by bucket, then by page.
    pages: Vec<BTreeMap<u32, BTreeMap<u32, Sheet>>>,
    /// By the number of buckets: the page within its bucket that each key stands on now.
    pages_of_now: BTreeMap<u32, Vec<u32>>,
    /// By key: the page of another look that it would stand on.
    hints: Vec<Option<Place>>,
}

/// Slots of one page in a row, of partitions that are not there now.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// Where their page stands.
    pub place: Place,
    /// Between which anchors their keys lie.
    pub anchors: std::ops::RangeInclusive<u64>,
    /// Fingerprints and what was kept, in the order of keys.
    pub slots: Vec<(u16, Entry)>,
}

#[derive(Clone, Debug)]
enum Sheet {
    Missing(Missing),
    /// With the first key within its span, and what became of it and those after it.
    Read(Page, usize, Vec<Met>),
}

impl Sheet {
    /// What became of a key with this anchor, where it stands within the page's span.
    fn tells(&self, anchor: u64, key: usize) -> Option<Became> {
        let Self::Read(page, first, met) = self else { return None };
        (page.span.0..=page.span.1).contains(&anchor).then(|| match met.get(key - first) {
            Some(Met::At(place)) => Became::Kept(page.taken, page.partitions[*place].1),
            Some(Met::Perhaps(place)) => Became::Perhaps(page.taken, page.partitions[*place].1),
            Some(Met::Unclear) => Became::Unclear,
            Some(Met::Absent) | None => Became::Absent,
        })
    }
}

impl Sheets {
    /// Nothing has been read. The keys are in order, the looks newest first; `few` says that the keys are not all there are.
    pub(crate) fn new(keys: Vec<Key>, few: bool, looks: Vec<KeptLook>) -> Self {
        let hints = vec![None; keys.len()];
        let mut sheets = Self { keys, few, looks: Vec::new(), pages: Vec::new(), pages_of_now: BTreeMap::new(), hints };
        sheets.add_looks(looks);
        sheets
    }

    /// There were these looks too, newest first, all of them older than those that are known.
    pub(crate) fn add_looks(&mut self, looks: Vec<KeptLook>) {
        for look in looks.iter().filter(|_| !self.few) {
            let bits = look.roster.bits;
            self.pages_of_now.entry(bits).or_insert_with(|| {
                let leaves = binding::bind(&self.keys, bits).into_iter();
                leaves.flat_map(|leaf| leaf.keys.map(move |_| leaf.place.page)).collect()
            });
        }
        self.pages.extend(looks.iter().map(|_| BTreeMap::new()));
        self.looks.extend(looks);
    }

    /// The same partitions in more looks: what was read of one of them stays, and where partitions stand is likely to be the same.
    pub(crate) fn of(&self, looks: Vec<KeptLook>) -> Self {
        let mut all = Self { hints: self.hints.clone(), ..Self::new(self.keys.clone(), self.few, looks) };
        for (look, pages) in all.looks.iter().zip(&mut all.pages) {
            if let Some(read) = self.looks.iter().position(|known| known == look) {
                pages.clone_from(&self.pages[read]);
            }
        }
        all
    }

    /// The looks that there were, newest first.
    pub(crate) fn looks(&self) -> &[KeptLook] {
        &self.looks
    }

    /// The keys of now, in order.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Takes in a page of a look, or why there is none.
    pub(crate) fn add(&mut self, look: usize, place: Place, page: Result<Page, Missing>) {
        let sheet = match page {
            Err(missing) => Sheet::Missing(missing),
            Ok(page) => {
                let first = self.keys.partition_point(|key| key.anchor() < page.span.0);
                let end = self.keys.partition_point(|key| key.anchor() <= page.span.1);
                self.hints[first..end].fill(Some(place));
                let met = merge(&self.keys[first..end], &page, self.looks[look].minute);
                Sheet::Read(page, first, met)
            }
        };
        self.pages[look].entry(place.bucket).or_default().insert(place.page, sheet);
    }

    /// Whether a page of a look has been asked for.
    pub(crate) fn has(&self, look: usize, place: Place) -> bool {
        self.pages[look].get(&place.bucket).is_some_and(|pages| pages.contains_key(&place.page))
    }

    /// Every page that could not be used or seen where one should be, as (look, why).
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&KeptLook, Missing)> {
        let looks = self.looks.iter().zip(&self.pages);
        looks.flat_map(|(look, buckets)| {
            buckets.values().flat_map(move |pages| {
                let known = pages.values().find_map(|sheet| match sheet {
                    Sheet::Read(page, ..) => Some(page.pages),
                    Sheet::Missing(_) => None,
                });
                pages.iter().filter_map(move |(number, sheet)| match sheet {
                    // A page more than there were was asked for in vain.
                    Sheet::Missing(Missing::Invisible) if known.is_some_and(|pages| *number >= pages) => None,
                    Sheet::Missing(why) => Some((look, *why)),
                    Sheet::Read(..) => None,
                })
            })
        })
    }

    /// Pages of a look that have not been asked for, as far as they are known to be there.
    pub(crate) fn rest(&self, look: usize) -> BTreeSet<(usize, Place)> {
        let bits = self.looks[look].roster.bits;
        let filled = (0..).zip(&self.looks[look].roster.filled).filter(|(_, filled)| **filled);
        let pages = filled.flat_map(|(bucket, _)| {
            let read = self.pages[look].get(&bucket);
            // The first one tells how many there are.
            let depth = if read.is_some() { self.depth(look, bucket) } else { 1 };
            (0..depth).map(move |page| (look, Place { bits, bucket, page }))
        });
        pages.filter(|(look, place)| !self.has(*look, *place)).collect()
    }

    /// Whether a page of a look has a slot that may be this key's; no where it was not read.
    pub(crate) fn may_hold(&self, look: usize, place: Place, key: Key) -> bool {
        let sheet = self.pages[look].get(&place.bucket).and_then(|pages| pages.get(&place.page));
        let Some(Sheet::Read(page, ..)) = sheet.filter(|_| place.bits == self.looks[look].roster.bits) else {
            return false;
        };
        let fingerprint = key.fingerprint(self.looks[look].minute);
        let within = (page.span.0..=page.span.1).contains(&key.anchor());
        within && page.partitions.iter().any(|(other, _)| *other == fingerprint)
    }

    /// The stretches of a look's pages without a partner among the keys of now, none of them in doubt.
    pub(crate) fn stretches(&self, look: usize) -> Vec<Stretch> {
        let bits = self.looks[look].roster.bits;
        let sheets = self.pages[look].iter().flat_map(|(bucket, pages)| {
            pages.iter().map(move |(page, sheet)| (Place { bits, bucket: *bucket, page: *page }, sheet))
        });
        let mut stretches = Vec::new();
        for (at, sheet) in sheets {
            let Sheet::Read(page, first, met) = sheet else { continue };
            let mut before = (0, page.span.0, false);
            let end = [(page.partitions.len(), page.span.1, Met::Absent)];
            let placed = met.iter().zip(*first..).map(|(met, key)| {
                let place = if let Met::At(place) | Met::Perhaps(place) = met { *place } else { usize::MAX };
                (place, self.keys[key].anchor(), *met)
            });
            for (place, anchor, met) in placed.chain(end) {
                match met {
                    Met::Unclear => before.2 = true,
                    Met::Absent if place == usize::MAX => {}
                    _ => {
                        let (start, from, doubtful) = before;
                        if start < place && !doubtful {
                            let slots = page.partitions[start..place].to_vec();
                            stretches.push(Stretch { place: at, anchors: from..=anchor, slots });
                        }
                        before = (place + 1, anchor, false);
                    }
                }
            }
        }
        stretches
    }

    /// The places of a look where a key is looked for first.
    pub(crate) fn guesses(&self, look: usize, key: usize) -> impl Iterator<Item = Place> {
        let bits = self.looks[look].roster.bits;
        let bucket = self.keys[key].bucket(bits);
        let pages = match (self.page_of_now(bits, key), self.depth(look, bucket)) {
            _ if !self.is_filled(look, bucket) => 0..0,
            (Some(page), _) => page..page + 1,
            (None, depth) if depth <= PAGES_FOR_FEW => 0..depth,
            (None, _) => 0..0,
        };
        pages.map(move |page| Place { bits, bucket, page })
    }

    /// The page within its bucket where a key would stand if nothing had changed, as far as that can be told.
    fn page_of_now(&self, bits: u32, key: usize) -> Option<u32> {
        if self.few {
            return self.hints[key].filter(|place| place.bits == bits).map(|place| place.page);
        }
        self.pages_of_now.get(&bits)?.get(key).copied()
    }

    /// How many pages a bucket of a look had, or no less.
    fn depth(&self, look: usize, bucket: u32) -> u32 {
        let told = self.pages[look].get(&bucket).and_then(|pages| {
            pages.values().find_map(|sheet| if let Sheet::Read(page, ..) = sheet { Some(page.pages) } else { None })
        });
        let deepest = self.looks[look].roster.deepest;
        told.unwrap_or(if deepest == 0 { PAGES_FOR_FEW } else { deepest })
    }

    /// What became of a key in a look, as far as its pages have been read.
    pub(crate) fn became(&self, look: usize, key: usize) -> Became {
        let bits = self.looks[look].roster.bits;
        let bucket = self.keys[key].bucket(bits);
        if !self.is_filled(look, bucket) {
            return Became::Absent;
        }
        let empty = BTreeMap::new();
        let pages = self.pages[look].get(&bucket).unwrap_or(&empty);
        let anchor = self.keys[key].anchor();
        let now = self.page_of_now(bits, key);
        // Most stand where they stood.
        if let Some(became) = now.and_then(|now| pages.get(&now)?.tells(anchor, key)) {
            return became;
        }
        let (mut below, mut above, mut end) = (None, None, None);
        for (number, sheet) in pages {
            if let Some(became) = sheet.tells(anchor, key) {
                return became;
            }
            let Sheet::Read(page, ..) = sheet else { continue };
            if anchor < page.span.0 {
                above = Some(*number);
                break;
            }
            (below, end) = (Some(*number), Some(page.pages));
        }
        // It would stand on a page between these two.
        let between = match (below, above.or(end)) {
            (None, None) => match now {
                Some(now) => now.saturating_sub(1)..now + 2,
                None => 0..self.depth(look, bucket),
            },
            (below, above) => below.map_or(0, |below| below + 1)..above.unwrap_or_default(),
        };
        // Among many that cannot be counted off each page that is read halves what is left; the first one tells how many there are.
        let halved = if below.is_some() { between.start.midpoint(between.end) } else { 0 };
        let guess = now.unwrap_or(halved);
        // The nearest to the guess first.
        let unread = between.clone().filter(|page| !pages.contains_key(page)).min_by_key(|page| page.abs_diff(guess));
        if let Some(page) = unread {
            return Became::Ask(Place { bits, bucket, page });
        }
        let why = between.filter_map(|page| match pages.get(&page) {
            Some(Sheet::Missing(why)) => Some(*why),
            _ => None,
        });
        why.max().map_or(Became::Absent, Became::Missing)
    }

    fn is_filled(&self, look: usize, bucket: u32) -> bool {
        let bucket = usize::try_from(bucket).unwrap_or(usize::MAX);
        self.looks[look].roster.filled.get(bucket).copied().unwrap_or(false)
    }
}

/// Pages of a bucket that are read at once for a few groups, which is eight metrics with the roster.
///
/// Only a bucket with a large group has more. There a page is looked for by halving: a group of up to 58 partitions is found in as many reads
/// among 31 pages, 1,798 partitions, and in one more for each doubling. A group that fills more pages itself needs all of them.
pub(crate) const PAGES_FOR_FEW: u32 = 7;
