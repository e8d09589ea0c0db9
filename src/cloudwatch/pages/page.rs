//! One page: an anchor, then the partitions between its two keys.

use super::PARTITIONS_PER_PAGE;
use super::entry::Entry;
use super::key::Key;
use super::seconds::{APART, FEWEST_SAMPLES, Slot};
use crate::cloudwatch::address::Minute;

/// A page of one snapshot, as it was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// When the snapshot was taken, in milliseconds since the epoch.
    pub taken: i64,
    /// The anchors of its first and its last partition.
    pub span: (u64, u64),
    /// How many pages its bucket had.
    pub pages: u32,
    /// Fingerprints and entries, in the order of keys.
    pub partitions: Vec<(u16, Entry)>,
}

/// The slots of a page of this minute with these partitions, of a bucket with this many pages; `None` for no
/// partitions, and for more than a page holds.
pub(crate) fn slots(minute: Minute, partitions: &[(Key, Entry)], pages: u32) -> Option<Vec<Slot>> {
    let ((first, _), (last, _)) = (partitions.first()?, partitions.last()?);
    let pages = i64::from(pages);
    if partitions.len() > PARTITIONS_PER_PAGE || pages > MOST_PAGES {
        return None;
    }
    let number = |anchor: u64| i64::try_from(anchor).unwrap_or_default();
    let anchor =
        Slot { low: number(first.anchor()), high: APART + number(last.anchor()), samples: FEWEST_SAMPLES + pages };
    let slots = partitions.iter().map(|(key, entry)| entry.slot(key.fingerprint(minute)));
    Some(std::iter::once(anchor).chain(slots).collect())
}

impl Page {
    /// The page of these slots; `None` if [`slots`] does not make such slots.
    pub(crate) fn of(taken: i64, slots: &[Slot]) -> Option<Self> {
        let (anchor, slots) = slots.split_first()?;
        let number = |low: i64| u64::try_from(low).ok();
        let span = (number(anchor.low)?, number(anchor.high - APART)?);
        let pages = u32::try_from(anchor.samples - FEWEST_SAMPLES).ok()?;
        let partitions: Vec<_> = slots.iter().map(|slot| Entry::of(*slot)).collect::<Option<_>>()?;
        (span.0 <= span.1 && !partitions.is_empty()).then_some(Self { taken, span, pages, partitions })
    }
}

/// Most pages of one bucket that an anchor can count; far more than any function could read.
const MOST_PAGES: i64 = 1 << 20;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::entry::Sighting;
    use super::*;
    use crate::model::lag::Committed;

    const NOON: Minute = Minute::holding(1_800_014_400);

    fn partitions(count: u64) -> Vec<(Key, Entry)> {
        let entry = |number| Entry::Seen(Sighting::new(Committed::Never, 7, number).unwrap());
        (0..count).map(|number| (Key::of_number(u64::MAX - (count - 1 - number) * 0x10_0001), entry(number))).collect()
    }

    #[test]
    fn a_page_comes_back_with_its_anchor() {
        for count in [1, 2, 58] {
            let partitions = partitions(count);
            let page = Page::of(1, &slots(NOON, &partitions, 5).unwrap()).unwrap();
            assert_eq!((page.taken, page.pages), (1, 5));
            assert_eq!(page.span, (partitions[0].0.anchor(), (1 << 52) - 1));
            let written: Vec<_> = partitions.iter().map(|(key, entry)| (key.fingerprint(NOON), *entry)).collect();
            assert_eq!(page.partitions, written);
        }
    }

    #[test]
    fn nothing_and_too_much_is_no_page() {
        assert_eq!(slots(NOON, &[], 1), None);
        assert_eq!(slots(NOON, &partitions(59), 1), None);
        assert_eq!(Page::of(1, &[]), None);
    }
}
