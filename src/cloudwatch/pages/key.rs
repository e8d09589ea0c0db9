//! The order of all partitions, by hashes: the partitions of a group next to each other, and within a group by a hash
//! of their own.

use crate::cloudwatch::address::Minute;
use crate::model::stable_hash::Hash;

/// The position of a partition in the order: 24 bits of its group's hash, then 40 of its own.
///
/// Computed from the names of group and topic, the topic's id and the partition's number, so that a topic that was
/// created again has new keys. Two partitions with the same key cannot be distinguished; among 100,000 partitions of
/// one group that is expected once in 200 clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u64);

/// A group's name, hashed once for all of its partitions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfGroup(u64);

/// What distinguishes a topic from all others, its deleted predecessor included: its id, or, at brokers without ids, a
/// hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark(pub u128);

/// A topic's mark, hashed once for all groups that read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfTopic(u64);

/// A hash of a topic's name: a topic with the same name and another [`Mark`] is that topic, created anew.
///
/// Among 5,000 topics one in a million has the name of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OfName(pub u32);

impl OfGroup {
    /// Of a group of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self(Hash::new().text(name).finish())
    }

    /// The part of the hash that distinguishes groups as well as [`LONG_BITS`] bits can.
    pub(crate) fn long(self) -> u64 {
        self.0 >> (64 - LONG_BITS)
    }

    /// The part of the hash that distinguishes groups in a short list; other groups may have the same.
    pub(crate) fn short(self) -> u32 {
        u32::try_from(self.0 >> (64 - SHORT_BITS)).unwrap_or_default()
    }
}

impl Mark {
    /// Of a topic of this name and id; brokers before KIP-516 have no ids.
    pub(crate) fn of(name: &str, id: Option<u128>) -> Self {
        Self(id.unwrap_or_else(|| Hash::new().text(name).finish().into()))
    }

    /// The topic's id; `None` where it has none.
    pub(crate) fn id(self) -> Option<u128> {
        // A random id has bits in its upper half (RFC 9562); a hash has none there.
        (self.0 >> 64 != 0).then_some(self.0)
    }
}

impl OfName {
    /// Of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self(u32::try_from(Hash::new().text(name).finish() >> 32).unwrap_or_default())
    }
}

impl OfTopic {
    /// Of the topic with this mark.
    pub(crate) fn new(Mark(mark): Mark) -> Self {
        let half = |half: u128| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default();
        Self(Hash::new().number(half(mark >> 64)).number(half(mark)).finish())
    }
}

impl Key {
    /// Of one partition.
    pub(crate) fn new(group: OfGroup, topic: OfTopic, partition: i32) -> Self {
        let own = Hash::new().number(group.0).number(topic.0 ^ u64::from(partition.unsigned_abs())).finish();
        Self(group.0 >> OWN_BITS << OWN_BITS | own >> (64 - OWN_BITS))
    }

    /// [`OfGroup::short`] of its group.
    pub(crate) fn group(self) -> u32 {
        u32::try_from(self.0 >> OWN_BITS).unwrap_or_default()
    }

    /// [`OfGroup::short`] of the group that an anchor is of.
    pub(crate) fn short_of_anchor(anchor: u64) -> u32 {
        u32::try_from(anchor >> (ANCHOR_BITS - SHORT_BITS)).unwrap_or_default()
    }

    /// Which of 2^`bits` buckets it is in; buckets are in the order of keys.
    pub(crate) fn bucket(self, bits: u32) -> u32 {
        u32::try_from(self.0.checked_shr(64 - bits).unwrap_or_default()).unwrap_or_default()
    }

    /// The part that an anchor holds: the first [`ANCHOR_BITS`] bits, in the order of keys.
    pub(crate) fn anchor(self) -> u64 {
        self.0 >> (64 - ANCHOR_BITS)
    }

    /// The part that a slot holds: [`FINGERPRINT_BITS`] bits, different ones in each minute, so that two snapshots
    /// show more than one.
    pub(crate) fn fingerprint(self, minute: Minute) -> u16 {
        let hash = Hash::new().number(self.0 ^ minute.seconds().unsigned_abs()).finish();
        u16::try_from(hash >> (64 - FINGERPRINT_BITS)).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn of_number(number: u64) -> Self {
        Self(number)
    }
}

/// This many bits are exact in one of a second's two values.
pub(crate) const ANCHOR_BITS: u32 = 52;
/// The bits that a slot has besides two offsets and a memory.
pub(crate) const FINGERPRINT_BITS: u32 = 14;
/// Bits of [`OfGroup::short`].
pub(crate) const SHORT_BITS: u32 = 24;
/// Bits of [`OfGroup::long`].
pub(crate) const LONG_BITS: u32 = 50;
const OWN_BITS: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn key(group: &str, topic: &str, id: Option<u128>, partition: i32) -> Key {
        Key::new(OfGroup::new(group), OfTopic::new(Mark::of(topic, id)), partition)
    }

    #[test]
    fn each_of_its_parts_makes_another_key() {
        let keys: BTreeSet<_> = [
            key("g", "t", Some(1), 0),
            key("h", "t", Some(1), 0),
            key("g", "u", None, 0),
            key("g", "t", Some(2), 0),
            key("g", "t", Some(1 << 64), 0),
            key("g", "t", None, 0),
            key("g", "t", Some(1), 1),
        ]
        .into();
        assert_eq!(keys.len(), 7);
    }

    #[test]
    fn partitions_of_a_group_stand_together_in_one_bucket() {
        for group in ["orders", "billing", ""] {
            let keys: Vec<_> = (0..100).map(|partition| key(group, "t", Some(7), partition)).collect();
            for bits in [0, 1, 8, 16] {
                let buckets: BTreeSet<_> = keys.iter().map(|key| key.bucket(bits)).collect();
                assert_eq!(buckets, [Key(OfGroup::new(group).0).bucket(bits)].into(), "{group} {bits}");
            }
        }
        assert_eq!(Key(u64::MAX).bucket(0), 0);
        assert_eq!(Key(u64::MAX).bucket(3), 7);
    }

    #[test]
    fn keys_of_a_hundred_thousand_partitions_differ() {
        let keys: BTreeSet<_> = (0..100_000).map(|partition| key("g", "t", Some(7), partition)).collect();
        assert_eq!(keys.len(), 100_000);
    }

    #[test]
    fn the_key_is_the_same_in_every_build() {
        assert_eq!(key("orders-svc", "orders", Some(7), 12).0, ORDERS);
    }

    const ORDERS: u64 = 13_701_919_340_287_895_184;
}
