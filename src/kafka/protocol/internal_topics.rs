//! The topics in which Kafka itself stores groups, and the partition of them that a group belongs to.

use std::fmt::Write as _;
use std::ops::Range;

use bytes::Bytes;
use kafka_protocol::protocol::StrBytes;

/// The topic with groups and their commits.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic with the state of share groups (KIP-932).
pub(crate) const SHARE_TOPIC: &str = "__share_group_state";

/// The names to ask `Metadata` for.
pub(crate) fn names() -> Vec<StrBytes> {
    [OFFSETS_TOPIC, SHARE_TOPIC].map(StrBytes::from_static_str).into()
}

/// The partition, of this number of partitions, that a group belongs to; `None` if there are none.
pub(crate) fn partition_of(group: &str, partitions: usize) -> Option<usize> {
    usize::try_from(java_hash(group)).ok()?.checked_rem(partitions)
}

/// For each of this number of partitions the name of a group that belongs to it and does not exist, found with as few
/// attempts as possible; an empty name if none was found. All names share one piece of memory.
pub(crate) fn made_up_groups(partitions: usize) -> Vec<StrBytes> {
    let (mut text, mut places) = (String::new(), vec![Range::default(); partitions]);
    let mut left = partitions;
    for number in 0..partitions.saturating_mul(TRIES) {
        let begin = text.len();
        let _ = write!(text, "meerkat.loaded-{number}");
        let place = partition_of(&text[begin..], partitions).and_then(|at| places.get_mut(at));
        match place.filter(|place| place.start == place.end) {
            Some(place) => *place = begin..text.len(),
            None => text.truncate(begin),
        }
        left -= usize::from(text.len() > begin);
        if left == 0 {
            break;
        }
    }
    let text = Bytes::from(text);
    places.into_iter().map(|place| StrBytes::from_utf8(text.slice(place)).unwrap_or_default()).collect()
}

/// Names that are tried for each partition: the last of 50 is found after some 5, of 10,000 after some 10.
const TRIES: usize = 64;

/// The default number of partitions of the offsets topic (`offsets.topic.num.partitions`).
pub(crate) const USUAL_PARTITIONS: usize = 50;

/// `Utils.abs(group.hashCode())`, by which Kafka finds a group's partition: over UTF-16, and 0 for the one number that has no
/// positive counterpart.
fn java_hash(text: &str) -> i32 {
    let hash = text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_a_made_up_group() {
        for partitions in [0, 1, 3, 50, 1_000] {
            let names = made_up_groups(partitions);
            assert_eq!(names.len(), partitions);
            assert!((0..).zip(&names).all(|(at, name)| partition_of(name, partitions) == Some(at)));
        }
    }

    #[test]
    fn a_name_is_hashed_as_java_does() {
        // Expected values from `jshell`.
        assert_eq!(java_hash(""), 0);
        assert_eq!(java_hash("orders"), 1_008_770_331);
        assert_eq!(java_hash("bills"), 93_740_364);
        assert_eq!(java_hash("größe 😀"), 175_604_178);
        // "polygenelubricants".hashCode() is the smallest number.
        assert_eq!(java_hash("polygenelubricants"), 0);
    }
}
