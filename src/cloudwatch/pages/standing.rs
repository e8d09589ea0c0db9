//! Statuses that are still valid: which groups were last published as WARN or ERR, by name.
//!
//! A roster knows groups by a hash. A run that cannot list the groups needs their names to publish their statuses
//! again. The names are bytes in pages of their own, beside the roster of the same minute, and only while there are
//! such groups.

use super::bytes::{self, BYTES_PER_PAGE, short, take};
use super::seconds::Slot;
use crate::judge::outcome::LastKnown;

/// The groups whose last published status is not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The worst first, then by name.
    pub groups: Vec<StandingGroup>,
    /// How many more there are, for which [`MOST_PAGES`] pages have no room.
    pub left_out: usize,
    /// Whether statuses that were published before the history began still have to be read.
    pub asks: bool,
}

/// A group with the status that was published last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandingGroup {
    pub name: Box<str>,
    pub last: LastKnown,
}

impl Standing {
    /// In order, as many as there is room for. A name that does not fit is left out, and later shorter ones are still
    /// stored.
    pub(crate) fn new(mut groups: Vec<StandingGroup>, left_out: usize, asks: bool) -> Self {
        groups.sort_by(|one, other| (other.last.status, &one.name).cmp(&(one.last.status, &other.name)));
        let mut room = MOST_PAGES * BYTES_PER_PAGE - HEAD;
        let all = groups.len();
        groups.retain(|group| {
            let needed = BESIDE_A_NAME + group.name.len();
            let fits = needed <= room;
            room -= if fits { needed } else { 0 };
            fits
        });
        Self { left_out: left_out + all - groups.len(), groups, asks }
    }

    /// Whether there is nothing to store.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty() && !self.asks && self.left_out == 0
    }

    /// The slots of each page; `now` is the second at which the run's minute begins.
    pub(crate) fn pages(&self, now: i64) -> Vec<Vec<Slot>> {
        let mut written = vec![0, u8::from(self.asks)];
        written.extend(short(self.left_out));
        written.extend(short(self.groups.len()));
        for StandingGroup { name, last } in &self.groups {
            let minutes = usize::try_from((now - last.at_s) / 60).unwrap_or_default();
            written.push(last.status % RECALLED + if last.recalled { RECALLED } else { 0 });
            written.extend(short(minutes));
            written.extend(short(name.len()));
            written.extend(name.as_bytes());
        }
        written[0] = u8::try_from(written.len().div_ceil(BYTES_PER_PAGE)).unwrap_or(u8::MAX);
        bytes::pages(&written)
    }

    /// How many pages there are, according to the first one.
    pub(crate) fn count(first: &[Slot]) -> usize {
        bytes::of(first).first().map_or(0, |pages| usize::from(*pages))
    }

    /// The names in these slots, one page after the other; `None` if they are not complete.
    pub(crate) fn of(slots: &[Slot], now: i64) -> Option<Self> {
        let written = bytes::of(slots);
        let mut rest = &*written;
        let [_, asks] = take(&mut rest)?;
        let left_out = u16::from_be_bytes(take(&mut rest)?).into();
        let count = u16::from_be_bytes(take(&mut rest)?);
        let mut groups = Vec::with_capacity(count.into());
        for _ in 0..count {
            let [status] = take(&mut rest)?;
            let minutes = i64::from(u16::from_be_bytes(take(&mut rest)?));
            let length = u16::from_be_bytes(take(&mut rest)?);
            let (name, more) = rest.split_at_checked(length.into())?;
            rest = more;
            let last = LastKnown { status: status % RECALLED, at_s: now - minutes * 60, recalled: status >= RECALLED };
            groups.push(StandingGroup { name: std::str::from_utf8(name).ok()?.into(), last });
        }
        Some(Self { groups, left_out, asks: asks == 1 })
    }
}

/// State metrics that standing statuses may take: about a hundred groups with usual names.
pub(crate) const MOST_PAGES: usize = 4;
/// Pages, flags, groups left out, groups.
const HEAD: usize = 6;
/// Status, minutes, length.
const BESIDE_A_NAME: usize = 5;
/// Beside a status below it: the status was read from the metric `Status`.
const RECALLED: u8 = 4;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::cloudwatch::pages::PARTITIONS_PER_PAGE;
    use crate::cloudwatch::pages::seconds::{APART, FEWEST_SAMPLES};
    use proptest::prelude::*;

    const NOW: i64 = 1_800_014_400;

    fn stands(name: &str, status: u8) -> StandingGroup {
        StandingGroup { name: name.into(), last: LastKnown { status, at_s: NOW, recalled: false } }
    }

    fn names(standing: &Standing) -> Vec<&str> {
        standing.groups.iter().map(|group| &*group.name).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_stands_comes_back(
            groups in prop::collection::vec(("\\PC{0,60}", 2..=3_u8, 0..=i64::from(u16::MAX), any::<bool>()), 0..200),
            left_out in 0..=1_000_usize,
            asks: bool,
        ) {
            let groups = groups.into_iter().map(|(name, status, minutes, recalled)| {
                let last = LastKnown { status, at_s: NOW - minutes * 60, recalled };
                StandingGroup { name: name.into(), last }
            });
            let standing = Standing::new(groups.collect(), left_out, asks);
            let pages = standing.pages(NOW);
            prop_assert!(pages.len() <= MOST_PAGES && pages.iter().all(|page| page.len() <= PARTITIONS_PER_PAGE));
            prop_assert_eq!(Standing::count(&pages[0]), pages.len());
            prop_assert_eq!(Standing::of(&pages.concat(), NOW), Some(standing));
        }
    }

    #[test]
    fn the_worst_have_room_first_and_the_rest_is_counted() {
        let long = "x".repeat(400);
        let mut groups: Vec<_> = (0..10).map(|number| stands(&format!("{long}{number}"), 2)).collect();
        groups.push(stands("z-err", 3));
        groups.push(stands("a-warn", 2));
        let standing = Standing::new(groups, 1, false);
        assert_eq!((names(&standing)[0], names(&standing)[1]), ("z-err", "a-warn"));
        assert_eq!((standing.groups.len(), standing.left_out), (10, 3));
    }

    #[test]
    fn pages_of_something_else_are_nothing_that_stands() {
        assert_eq!(Standing::of(&[], NOW), None);
        let pages =
            Standing::new((0..60).map(|number| stands(&format!("orders-service-{number:03}"), 3)).collect(), 0, false);
        assert_eq!(pages.pages(NOW).len(), 2);
        assert_eq!(Standing::of(&pages.pages(NOW)[0], NOW), None, "half of it is not whole");
    }

    /// The layout of bytes that an earlier version wrote.
    #[test]
    fn a_page_of_names_means_what_it_always_meant() {
        let last = LastKnown { status: 3, at_s: NOW - 7 * 60, recalled: true };
        let standing = Standing::new(vec![StandingGroup { name: "ab".into(), last }], 2, true);
        let slot = Slot { low: 0x0101_0002_0001, high: APART + 0x0700_0700_0261, samples: FEWEST_SAMPLES + 0x62_00_00 };
        assert_eq!(standing.pages(NOW), [[slot]]);
        assert_eq!(Standing::of(&[slot], NOW).unwrap(), standing);
    }
}
