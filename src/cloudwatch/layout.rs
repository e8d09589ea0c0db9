//! What a history was written for, and under which names: layouts, shards, dimension values.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::address::Schedule;
use super::names;

/// A metric within a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// One of [`names`].
    pub name: &'static str,
    /// Names and encoded values, in the order they are sent.
    pub dimensions: Vec<(&'static str, String)>,
}

impl Metric {
    /// Not less than its size in a request, in bytes.
    pub(super) fn wire_size(&self) -> usize {
        let dimensions = self.dimensions.iter().map(|(name, value)| name.len() + value.len() + BYTES_PER_DIMENSION);
        self.name.len() + dimensions.sum::<usize>()
    }
}

/// A topic of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, which changes when it is created anew; `None` where the broker has none (before KIP-516).
    pub id: Option<u128>,
    /// How many partitions it has.
    pub partitions: usize,
}

/// The partitions of a group in the order of their slots: by topic name, then by number.
///
/// Its hash names the history. A new partition, a recreated topic or another period gives another hash, so that slots and
/// memories, which count in periods, never mix with those of another meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    hash: u64,
    per_shard: usize,
    /// With the position of its first partition.
    topics: BTreeMap<Arc<str>, (Topic, usize)>,
    len: usize,
}

/// One state metric, and how many partitions its slots hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its address.
    pub metric: Arc<Metric>,
    /// Partitions, from slot 1 on.
    pub size: usize,
}

impl Layout {
    /// The layout of a group that reads these topics; of a topic named twice, the last one counts.
    pub fn new(schedule: Schedule, topics: impl IntoIterator<Item = Topic>) -> Self {
        let mut topics: BTreeMap<_, _> =
            topics.into_iter().map(|topic| (Arc::clone(&topic.name), (topic, 0_usize))).collect();
        let mut hash = Hash::new().number(FORMAT).number(schedule.period().unsigned_abs());
        let mut len = 0_usize;
        for (topic, first) in topics.values_mut() {
            *first = len;
            len += topic.partitions;
            let id = topic.id.unwrap_or_default().to_be_bytes();
            hash = hash.text(&topic.name).bytes(&id).number(topic.partitions as u64);
        }
        Self { hash: hash.finish(), per_shard: schedule.partitions_per_shard(), topics, len }
    }

    /// The layout's name as a dimension value.
    pub(super) fn value(&self) -> String {
        format!("{:016x}", self.hash)
    }

    /// Partitions in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no partition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where a partition stands in the order of slots; `None` if it is not in the layout.
    #[must_use]
    pub fn position(&self, topic: &str, partition: i32) -> Option<usize> {
        let (topic, first) = self.topics.get(topic)?;
        let partition = usize::try_from(partition).ok().filter(|partition| *partition < topic.partitions)?;
        Some(first + partition)
    }

    /// Every partition, in the order of slots.
    pub fn partitions(&self) -> impl Iterator<Item = (&Arc<str>, i32)> {
        self.topics
            .values()
            .flat_map(|(topic, _)| (0..).take(topic.partitions).map(|partition| (&topic.name, partition)))
    }

    /// The shard of a position, and the position within it.
    #[must_use]
    pub fn shard_of(&self, position: usize) -> (usize, usize) {
        (position / self.per_shard, position % self.per_shard)
    }

    /// The state metrics of a group, in the order of slots.
    #[must_use]
    pub fn shards(&self, cluster: &str, group: &str) -> Vec<Shard> {
        let (cluster, group, layout) = (encode(cluster), encode(group), self.value());
        let sizes = (0..self.len).step_by(self.per_shard).map(|first| self.per_shard.min(self.len - first));
        sizes
            .enumerate()
            .map(|(number, size)| {
                let dimensions = vec![
                    (names::CLUSTER, cluster.clone()),
                    (names::GROUP, group.clone()),
                    (names::LAYOUT, layout.clone()),
                    (names::SHARD, number.to_string()),
                ];
                Shard { metric: Arc::new(Metric { name: names::PARTITIONS, dimensions }), size }
            })
            .collect()
    }
}

/// A name as a dimension value: ASCII without spaces, not empty, not starting with a colon, at most [`LONGEST`] characters.
///
/// Reversible by [`decode`], save for names that don't fit: those keep their beginning and end in a hash.
#[must_use]
pub fn encode(name: &str) -> String {
    if name.is_empty() {
        return EMPTY.to_owned();
    }
    let mut value = utf8_percent_encode(name, &ESCAPED).to_string();
    if value.starts_with(':') {
        value.replace_range(..1, "%3A");
    }
    if value.len() > LONGEST {
        let kept = LONGEST - CUT.len() - HASH_DIGITS;
        // An escape is three characters long; none may be cut in two.
        let kept = (kept - 2..=kept).rev().find(|&end| !value[end - 2..end].contains('%')).unwrap_or(kept - 2);
        value.truncate(kept);
        let hash = Hash::new().text(name).finish();
        value.push_str(CUT);
        // Writing into a string cannot fail.
        let _ = write!(value, "{hash:016x}");
    }
    value
}

/// The name behind a dimension value; `None` if it was too long to be kept, or is not one of ours.
#[must_use]
pub fn decode(value: &str) -> Option<String> {
    if value == EMPTY {
        return Some(String::new());
    }
    if value.is_empty() || value.contains(CUT) {
        return None;
    }
    Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
}

/// FNV-1a with 64 bits (draft-eastlake-fnv), with a finisher that spreads the last bytes over all bits.
///
/// It must never change: it names the history. The standard library's hasher may change with each release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)))
    }

    pub(super) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// With its length, so that "ab", "c" is not "a", "bc".
    pub(super) fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    pub(super) const fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

/// The longest dimension value that the service takes, in characters.
pub const LONGEST: usize = 1_024;
/// To be raised whenever slots or the bits of a memory change their meaning: histories of both kinds then stay apart.
const FORMAT: u64 = 1;
/// Names, types and lengths around a dimension on the wire, generously.
const BYTES_PER_DIMENSION: usize = 40;
const ESCAPED: AsciiSet = CONTROLS.add(b' ').add(b'%');
/// A percent sign that starts no escape: neither [`EMPTY`] nor [`CUT`] can be the encoding of a name.
const EMPTY: &str = "%";
const CUT: &str = "%~";
const HASH_DIGITS: usize = 16;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic(name: &str, id: u128, partitions: usize) -> Topic {
        Topic { name: name.into(), id: Some(id), partitions }
    }

    fn hash(period: u32, topics: &[(&str, u128, usize)]) -> u64 {
        let topics = topics.iter().map(|&(name, id, partitions)| topic(name, id, partitions));
        Layout::new(Schedule::every(period).unwrap(), topics).hash
    }

    #[test]
    fn a_layout_changes_with_its_topics_ids_partitions_and_period_but_not_with_their_order() {
        let base = hash(1, &[("a", 1, 3), ("b", 2, 4)]);
        assert_eq!(base, hash(1, &[("b", 2, 4), ("a", 1, 3)]));
        for other in [
            hash(1, &[("a", 1, 3), ("b", 2, 5)]),
            hash(1, &[("a", 9, 3), ("b", 2, 4)]),
            hash(1, &[("a", 1, 3)]),
            hash(2, &[("a", 1, 3), ("b", 2, 4)]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn the_hash_is_the_same_in_every_build() {
        // "foobar" is a test vector of draft-eastlake-fnv.
        assert_eq!(Hash::new().bytes(b"foobar").0, 0x8594_4171_f739_67e8);
        assert_eq!(hash(1, &[("orders", 7, 12)]), 9_484_025_337_714_628_239);
    }

    #[test]
    fn partitions_stand_by_topic_and_number_in_shards_of_what_fits() {
        let layout = Layout::new(Schedule::every(1).unwrap(), [topic("b", 1, 100), topic("a", 1, 2)]);
        assert_eq!((layout.len(), layout.position("a", 1), layout.position("b", 0)), (102, Some(1), Some(2)));
        assert_eq!((layout.position("b", 100), layout.position("c", 0)), (None, None));
        assert_eq!((layout.shard_of(58), layout.shard_of(59)), ((0, 58), (1, 0)));
        assert_eq!(layout.partitions().nth(2).map(|(topic, partition)| (&**topic, partition)), Some(("b", 0)));
        let sizes: Vec<_> = layout.shards("c", "g").iter().map(|shard| shard.size).collect();
        assert_eq!(sizes, [59, 43]);
    }

    #[test]
    fn awkward_names_become_values_that_the_service_takes() {
        let cases = [("orders-svc", "orders-svc"), ("", "%"), (" ", "%20"), (":a:b", "%3Aa:b"), ("100%~", "100%25~")];
        for (name, value) in cases {
            assert_eq!((encode(name).as_str(), decode(value).as_deref()), (value, Some(name)));
        }
        assert_eq!(encode("größe"), "gr%C3%B6%C3%9Fe");
        assert_eq!(decode(""), None);
    }

    #[test]
    fn a_name_that_does_not_fit_keeps_its_beginning_and_differs_from_its_neighbours() {
        for width in 0..3 {
            let long = format!("{}{}", "x".repeat(width), "ö".repeat(600));
            let (one, other) = (encode(&long), encode(&format!("{long}ö")));
            assert!(one.len() <= LONGEST && one.is_ascii() && one != other, "{one}");
            assert!(one.starts_with(&encode(&long)[..900]));
            assert!(
                one.rsplit_once(CUT).unwrap().0.ends_with("%C3%B6") || one.rsplit_once(CUT).unwrap().0.ends_with("%C3")
            );
            assert_eq!(decode(&one), None);
        }
        assert_eq!(encode(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }

    proptest! {
        #[test]
        fn every_name_that_fits_comes_back(name in "\\PC{0,80}|[ -~\\n:%]{0,60}") {
            let value = encode(&name);
            prop_assert!(value.is_ascii() && !value.is_empty() && value.len() <= LONGEST && !value.starts_with(':'));
            prop_assert!(value.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decode(&value), Some(name));
        }
    }
}
