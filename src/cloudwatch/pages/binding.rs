//! Which partitions are on which page.

use std::ops::Range;

use super::PARTITIONS_PER_PAGE;
use super::key::Key;
use crate::base::figures::grouped;

/// The address of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageAddress {
    /// The number of buckets is 2 to this power.
    pub bits: u32,
    /// From 0.
    pub bucket: u32,
    /// From 0, within the bucket.
    pub page: u32,
}

/// A page, and the range of keys on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRange {
    /// Its address.
    pub place: PageAddress,
    /// How many pages its bucket has.
    pub pages: u32,
    /// Indexes into the keys, in their order.
    pub keys: Range<usize>,
}

/// The power of 2 over which this many partitions are spread, given that of the previous snapshot.
///
/// Buckets are small, so that a run about one group needs few pages; and they are as large as possible, since the last
/// page of each is half empty. A number that varies around a limit does not move partitions back and forth.
pub(crate) fn bits(partitions: usize, before: Option<u32>) -> u32 {
    let fits = |bits: &u32| partitions <= MOST_PER_BUCKET << bits;
    let fresh = (0..MOST_BITS).find(fits).unwrap_or(MOST_BITS);
    match before {
        Some(before) if before >= fresh && (before == 0 || partitions >> before >= LEAST_PER_BUCKET) => before,
        _ => fresh,
    }
}

/// The pages of these keys, which are in order.
pub(crate) fn bind(keys: &[Key], bits: u32) -> Vec<PageRange> {
    let mut ranges = Vec::with_capacity(keys.len() / PARTITIONS_PER_PAGE + 1);
    let mut first = 0;
    for keys in keys.chunk_by(|one, other| one.bucket(bits) == other.bucket(bits)) {
        let bucket = keys.first().map_or(0, |key| key.bucket(bits));
        let pages = u32::try_from(keys.len().div_ceil(PARTITIONS_PER_PAGE)).unwrap_or(u32::MAX);
        for page in 0..pages {
            let end = first + keys.len().min((page as usize + 1) * PARTITIONS_PER_PAGE);
            let place = PageAddress { bits, bucket, page };
            ranges.push(PageRange { place, pages, keys: first + page as usize * PARTITIONS_PER_PAGE..end });
        }
        first += keys.len();
    }
    ranges
}

/// Five and a half pages: with a roster, and with the variation of the hash, at most eight.
const MOST_PER_BUCKET: usize = 320;
/// Below this, half of the buckets are enough; well below half of [`MOST_PER_BUCKET`], so that a split does not cause
/// a merge.
const LEAST_PER_BUCKET: usize = 130;
/// As many buckets as a roster has room for.
pub(crate) const MOST_BITS: u32 = 11;
/// Partitions of a run up to which buckets stay small, 655,360. With more of them everything is stored as well, and a
/// run about one group reads more.
const MOST_LAID_OUT: usize = MOST_PER_BUCKET << MOST_BITS;

/// The effect of more partitions than [`MOST_LAID_OUT`], and what to do about it.
pub(crate) fn beyond_layout(partitions: usize) -> Option<String> {
    let beyond = || {
        format!(
            "{} partitions are more than the {} that one run is made for: each run reads and writes all of their pages, and one about a single group reads more than eight; divide the groups into parts (MEERKAT_PART)",
            grouped(partitions as u64),
            grouped(MOST_LAID_OUT as u64)
        )
    };
    (partitions > MOST_LAID_OUT).then(beyond)
}

#[cfg(test)]
mod tests {
    use super::super::key::{Mark, OfGroup, OfTopic};
    use super::*;

    #[test]
    fn buckets_are_small_and_stay_where_a_number_wavers() {
        let fresh = |partitions| bits(partitions, None);
        assert_eq!([0, 320, 321, 640, 641, 2_400, 100_000].map(fresh), [0, 0, 1, 1, 2, 3, 9]);
        assert_eq!([641, 640, 300, 260, 259].map(|partitions| bits(partitions, Some(1))), [2, 1, 1, 1, 0]);
        assert_eq!(bits(1_280, Some(1)), 2);
        assert_eq!(bits(5, Some(0)), 0);
    }

    #[test]
    fn what_is_beyond_the_largest_number_of_buckets_is_reported() {
        assert_eq!([655_360, 655_361, 2_000_000].map(|partitions| bits(partitions, None)), [11; 3]);
        assert_eq!(beyond_layout(655_360), None);
        let known = beyond_layout(655_361).unwrap_or_default();
        assert!(
            known.starts_with("655,361 partitions are more than the 655,360 that one run is made for: "),
            "{known}"
        );
        assert!(known.ends_with("divide the groups into parts (MEERKAT_PART)"), "{known}");
    }

    #[test]
    fn a_group_of_twenty_thousand_partitions_fills_pages_of_one_bucket() {
        let ranges = bind(&keys(1, 20_000), bits(20_000, None));
        assert_eq!((ranges.len(), ranges[0].pages, ranges[344].place.page), (345, 345, 344));
        assert!(ranges.iter().all(|range| range.place.bucket == ranges[0].place.bucket));
    }

    fn keys(groups: usize, partitions: i32) -> Vec<Key> {
        let mut keys: Vec<_> = (0..groups)
            .flat_map(|group| {
                let group = OfGroup::new(&format!("group-{group:04}"));
                (0..partitions).map(move |partition| Key::new(group, OfTopic::new(Mark(7)), partition))
            })
            .collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn metrics_go_with_partitions_whatever_the_number_of_groups() {
        for (groups, partitions) in
            [(500, 1), (5, 100), (200, 12), (100, 10), (20, 50), (1_000, 6), (100, 100), (20, 1_000), (10_000, 1)]
        {
            let keys = keys(groups, partitions);
            let metrics = bind(&keys, bits(keys.len(), None)).len() + 1;
            let most = keys.len() * 125 / 100 / PARTITIONS_PER_PAGE + 2;
            assert!(metrics <= most, "{groups} x {partitions}: {metrics} metrics, {most} are allowed");
        }
    }

    #[test]
    fn every_key_is_on_one_page_and_a_bucket_is_small() {
        let keys = keys(300, 20);
        let ranges = bind(&keys, bits(keys.len(), None));
        assert_eq!(ranges.iter().map(|range| range.keys.len()).sum::<usize>(), keys.len());
        assert!(ranges.windows(2).all(|pair| pair[0].keys.end == pair[1].keys.start));
        for range in &ranges {
            assert!(
                range.keys.len() <= PARTITIONS_PER_PAGE && range.place.page < range.pages && range.pages <= 7,
                "{range:?}"
            );
            assert!(keys[range.keys.clone()].iter().all(|key| key.bucket(range.place.bits) == range.place.bucket));
        }
        assert_eq!(bind(&[], 0), []);
    }
}
