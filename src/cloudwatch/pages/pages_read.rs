//! Earlier snapshots as far as they have been read, and what became of a partition in one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::binding::{self, PageAddress};
use super::entry::Entry;
use super::key::Key;
use super::merge::{Match, merge};
use super::page::Page;
use super::roster::Roster;
use super::seconds::Unusable;
use crate::cloudwatch::address::Minute;

/// A snapshot in the store, known by its roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSnapshot {
    /// The minute that it was stored for.
    pub minute: Minute,
    /// Its roster.
    pub roster: Roster,
}

/// Why a part of a snapshot is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Missing {
    /// The page exists, and cannot be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// Nothing of the page is visible, although the snapshot exists.
    #[error("nothing of it is visible")]
    Invisible,
    /// The store did not answer.
    #[error("it could not be read")]
    Unread,
}

/// What became of a present partition in an earlier snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It has an entry, in a snapshot taken then (milliseconds since the epoch).
    Kept(i64, Entry),
    /// The same, if another snapshot confirms it.
    Perhaps(i64, Entry),
    /// It has no slot.
    Absent,
    /// It may be one of several slots.
    Unclear,
    /// Its slot would be on a page that is not known.
    Missing(Missing),
    /// This page has to be read first.
    Ask(PageAddress),
}

/// Pages of earlier snapshots, compared with the present keys.
#[derive(Debug)]
pub(crate) struct PagesRead {
    keys: Vec<Key>,
    /// Whether the keys are those of a few groups only, so that a key's page cannot be computed from its position.
    few: bool,
    snapshots: Vec<StoredSnapshot>,
    /// Parallel to `snapshots`: by bucket, then by page.
    pages: Vec<BTreeMap<u32, BTreeMap<u32, ReadPage>>>,
    /// By the number of buckets: the page within its bucket on which each key would be now.
    pages_of_now: BTreeMap<u32, Vec<u32>>,
    /// By key: its page in another snapshot.
    hints: Vec<Option<PageAddress>>,
}

/// Consecutive slots of one page, of partitions that do not exist now.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The address of their page.
    pub place: PageAddress,
    /// The anchors between which their keys lie.
    pub anchors: std::ops::RangeInclusive<u64>,
    /// Fingerprints and entries, in the order of keys.
    pub slots: Vec<(u16, Entry)>,
}

#[derive(Clone, Debug)]
enum ReadPage {
    Missing(Missing),
    /// With the first key within its span, and what became of it and of those after it.
    Read(Page, usize, Vec<Match>),
}

impl ReadPage {
    /// What became of a key with this anchor, if the page's span includes it.
    fn of_key(&self, anchor: u64, key: usize) -> Option<Became> {
        let Self::Read(page, first, matched) = self else { return None };
        (page.span.0..=page.span.1).contains(&anchor).then(|| match matched.get(key - first) {
            Some(Match::At(place)) => Became::Kept(page.taken, page.partitions[*place].1),
            Some(Match::Perhaps(place)) => Became::Perhaps(page.taken, page.partitions[*place].1),
            Some(Match::Unclear) => Became::Unclear,
            Some(Match::Absent) | None => Became::Absent,
        })
    }
}

impl PagesRead {
    /// Nothing has been read. The keys are in order, the snapshots newest first; `few` means that there are other keys
    /// too.
    pub(crate) fn new(keys: Vec<Key>, few: bool, snapshots: Vec<StoredSnapshot>) -> Self {
        let hints = vec![None; keys.len()];
        let mut pages_read =
            Self { keys, few, snapshots: Vec::new(), pages: Vec::new(), pages_of_now: BTreeMap::new(), hints };
        pages_read.add_snapshots(snapshots);
        pages_read
    }

    /// Adds snapshots, newest first, all of them older than the known ones.
    pub(crate) fn add_snapshots(&mut self, snapshots: Vec<StoredSnapshot>) {
        for snapshot in snapshots.iter().filter(|_| !self.few) {
            let bits = snapshot.roster.bits;
            self.pages_of_now.entry(bits).or_insert_with(|| {
                let ranges = binding::bind(&self.keys, bits).into_iter();
                ranges.flat_map(|range| range.keys.map(move |_| range.place.page)).collect()
            });
        }
        self.pages.extend(snapshots.iter().map(|_| BTreeMap::new()));
        self.snapshots.extend(snapshots);
    }

    /// The same partitions in more snapshots: pages that were read stay, and partitions are probably on the same
    /// pages.
    pub(crate) fn of(&self, snapshots: Vec<StoredSnapshot>) -> Self {
        let mut all = Self { hints: self.hints.clone(), ..Self::new(self.keys.clone(), self.few, snapshots) };
        for (snapshot, pages) in all.snapshots.iter().zip(&mut all.pages) {
            if let Some(read) = self.snapshots.iter().position(|known| known == snapshot) {
                pages.clone_from(&self.pages[read]);
            }
        }
        all
    }

    /// The known snapshots, newest first.
    pub(crate) fn snapshots(&self) -> &[StoredSnapshot] {
        &self.snapshots
    }

    /// The present keys, in order.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Adds a page of a snapshot, or why it is missing.
    pub(crate) fn add(&mut self, snapshot: usize, place: PageAddress, page: Result<Page, Missing>) {
        let sheet = match page {
            Err(missing) => ReadPage::Missing(missing),
            Ok(page) => {
                let first = self.keys.partition_point(|key| key.anchor() < page.span.0);
                let end = self.keys.partition_point(|key| key.anchor() <= page.span.1);
                self.hints[first..end].fill(Some(place));
                let matched = merge(&self.keys[first..end], &page, self.snapshots[snapshot].minute);
                ReadPage::Read(page, first, matched)
            }
        };
        self.pages[snapshot].entry(place.bucket).or_default().insert(place.page, sheet);
    }

    /// Whether a page of a snapshot has been requested.
    pub(crate) fn has(&self, snapshot: usize, place: PageAddress) -> bool {
        self.pages[snapshot].get(&place.bucket).is_some_and(|pages| pages.contains_key(&place.page))
    }

    /// Every page that could not be used or is not visible although it should exist, as (snapshot, why).
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&StoredSnapshot, Missing)> {
        let snapshots = self.snapshots.iter().zip(&self.pages);
        snapshots.flat_map(|(snapshot, buckets)| {
            buckets.values().flat_map(move |pages| {
                let known = depth_of(pages);
                pages.iter().filter_map(move |(number, sheet)| match sheet {
                    // One page more than there were was requested.
                    ReadPage::Missing(Missing::Invisible) if known.is_some_and(|pages| *number >= pages) => None,
                    ReadPage::Missing(why) => Some((snapshot, *why)),
                    ReadPage::Read(..) => None,
                })
            })
        })
    }

    /// Pages of a snapshot that have not been requested, as far as they are known to exist.
    pub(crate) fn rest(&self, snapshot: usize) -> BTreeSet<(usize, PageAddress)> {
        let bits = self.snapshots[snapshot].roster.bits;
        let filled = (0..).zip(&self.snapshots[snapshot].roster.filled).filter(|(_, filled)| **filled);
        let pages = filled.flat_map(|(bucket, _)| {
            let read = self.pages[snapshot].get(&bucket);
            // The first one shows how many there are.
            let depth = if read.is_some() { self.depth(snapshot, bucket) } else { 1 };
            (0..depth).map(move |page| (snapshot, PageAddress { bits, bucket, page }))
        });
        pages.filter(|(snapshot, place)| !self.has(*snapshot, *place)).collect()
    }

    /// Whether a page of a snapshot has a slot that may be this key's; false if it was not read.
    pub(crate) fn may_hold(&self, snapshot: usize, place: PageAddress, key: Key) -> bool {
        let sheet = self.pages[snapshot].get(&place.bucket).and_then(|pages| pages.get(&place.page));
        let Some(ReadPage::Read(page, ..)) = sheet.filter(|_| place.bits == self.snapshots[snapshot].roster.bits)
        else {
            return false;
        };
        let fingerprint = key.fingerprint(self.snapshots[snapshot].minute);
        let within = (page.span.0..=page.span.1).contains(&key.anchor());
        within && page.partitions.iter().any(|(other, _)| *other == fingerprint)
    }

    /// The stretches of a snapshot's pages without a match among the present keys, none of them in doubt.
    pub(crate) fn stretches(&self, snapshot: usize) -> Vec<Stretch> {
        let bits = self.snapshots[snapshot].roster.bits;
        let pages_read = self.pages[snapshot].iter().flat_map(|(bucket, pages)| {
            pages.iter().map(move |(page, sheet)| (PageAddress { bits, bucket: *bucket, page: *page }, sheet))
        });
        let mut stretches = Vec::new();
        for (at, sheet) in pages_read {
            let ReadPage::Read(page, first, matched) = sheet else { continue };
            let mut before = (0, page.span.0, false);
            let end = [(page.partitions.len(), page.span.1, Match::Absent)];
            let placed = matched.iter().zip(*first..).map(|(matched, key)| {
                let place = if let Match::At(place) | Match::Perhaps(place) = matched { *place } else { usize::MAX };
                (place, self.keys[key].anchor(), *matched)
            });
            for (place, anchor, matched) in placed.chain(end) {
                match matched {
                    Match::Unclear => before.2 = true,
                    Match::Absent if place == usize::MAX => {}
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

    /// The pages of a snapshot where a key is searched first.
    pub(crate) fn guesses(&self, snapshot: usize, key: usize) -> impl Iterator<Item = PageAddress> {
        let bits = self.snapshots[snapshot].roster.bits;
        let bucket = self.keys[key].bucket(bits);
        let pages = match (self.page_of_now(bits, key), self.depth(snapshot, bucket)) {
            _ if !self.is_filled(snapshot, bucket) => 0..0,
            (Some(page), _) => page..page + 1,
            (None, depth) if depth <= PAGES_FOR_FEW => 0..depth,
            (None, _) => 0..0,
        };
        pages.map(move |page| PageAddress { bits, bucket, page })
    }

    /// The page within its bucket on which a key would be if nothing had changed, if that is known.
    fn page_of_now(&self, bits: u32, key: usize) -> Option<u32> {
        if self.few {
            return self.hints[key].filter(|place| place.bits == bits).map(|place| place.page);
        }
        self.pages_of_now.get(&bits)?.get(key).copied()
    }

    /// How many pages a bucket of a snapshot had, or at least.
    fn depth(&self, snapshot: usize, bucket: u32) -> u32 {
        let known = self.pages[snapshot].get(&bucket).and_then(depth_of);
        let deepest = self.snapshots[snapshot].roster.deepest;
        known.unwrap_or(if deepest == 0 { PAGES_FOR_FEW } else { deepest })
    }

    /// What became of a key in a snapshot, as far as its pages have been read.
    pub(crate) fn became(&self, snapshot: usize, key: usize) -> Became {
        let bits = self.snapshots[snapshot].roster.bits;
        let bucket = self.keys[key].bucket(bits);
        if !self.is_filled(snapshot, bucket) {
            return Became::Absent;
        }
        let empty = BTreeMap::new();
        let pages = self.pages[snapshot].get(&bucket).unwrap_or(&empty);
        let anchor = self.keys[key].anchor();
        let now = self.page_of_now(bits, key);
        // Most are where they were.
        if let Some(became) = now.and_then(|now| pages.get(&now)?.of_key(anchor, key)) {
            return became;
        }
        let (mut below, mut above, mut end) = (None, None, None);
        for (number, sheet) in pages {
            if let Some(became) = sheet.of_key(anchor, key) {
                return became;
            }
            let ReadPage::Read(page, ..) = sheet else { continue };
            if anchor < page.span.0 {
                above = Some(*number);
                break;
            }
            (below, end) = (Some(*number), Some(page.pages));
        }
        // It would be on a page between these two.
        let between = match (below, above.or(end)) {
            (None, None) => match now {
                Some(now) => now.saturating_sub(1)..now + 2,
                None => 0..self.depth(snapshot, bucket),
            },
            (below, above) => below.map_or(0, |below| below + 1)..above.unwrap_or_default(),
        };
        // If pages cannot be computed, each page that is read halves the rest; the first one shows how many there are.
        let halved = if below.is_some() { between.start.midpoint(between.end) } else { 0 };
        let guess = now.unwrap_or(halved);
        // The nearest to the guess first.
        let unread = between.clone().filter(|page| !pages.contains_key(page)).min_by_key(|page| page.abs_diff(guess));
        if let Some(page) = unread {
            return Became::Ask(PageAddress { bits, bucket, page });
        }
        let why = between.filter_map(|page| match pages.get(&page) {
            Some(ReadPage::Missing(why)) => Some(*why),
            _ => None,
        });
        why.max().map_or(Became::Absent, Became::Missing)
    }

    fn is_filled(&self, snapshot: usize, bucket: u32) -> bool {
        let bucket = usize::try_from(bucket).unwrap_or(usize::MAX);
        self.snapshots[snapshot].roster.filled.get(bucket).copied().unwrap_or(false)
    }
}

/// How many pages a bucket had, by those of them that were read.
fn depth_of(pages: &BTreeMap<u32, ReadPage>) -> Option<u32> {
    pages.values().find_map(|sheet| if let ReadPage::Read(page, ..) = sheet { Some(page.pages) } else { None })
}

/// Pages of a bucket that are read at once for a few groups, which is eight metrics with the roster.
///
/// Only a bucket with a large group has more. There a page is searched by halving: a group of up to 58 partitions is
/// found in as many reads among 31 pages, 1,798 partitions, and in one more for each doubling. A group that fills more
/// pages itself needs all of them.
pub(crate) const PAGES_FOR_FEW: u32 = 7;
