//! Where groups live: the partitions of the offsets topic, each led by the broker that coordinates its groups.
//!
//! `ListGroups` tells nothing of groups whose coordinator is away: the other brokers answer without a word. Only the
//! leaders of `__consumer_offsets` show that a listing is not whole.

use kafka_protocol::messages::metadata_response::MetadataResponse;
use kafka_protocol::protocol::StrBytes;

use crate::kafka::protocol::error_codes;
use crate::kafka::survey::logs::leaders;
use crate::model::unknown::{Cause, Known, Unknown};

/// The topic that holds groups and their commits.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic that holds how far share groups have come (KIP-932).
pub(crate) const SHARE_TOPIC: &str = "__share_group_state";

/// What the metadata tells of an internal topic.
#[derive(Clone, Debug)]
pub(crate) enum Internal {
    /// The leader of each partition, or why it has none that can be asked.
    Told(Vec<Known<i32>>),
    /// There is no such topic.
    Absent,
    /// This user may not describe it, or nobody told of it.
    Unseen(Unknown),
}

impl Internal {
    /// As this answer tells it.
    pub(crate) fn read(answer: &MetadataResponse, name: &str) -> Self {
        let topic = answer.topics.iter().find(|topic| topic.name.as_ref().is_some_and(|known| **known == *name));
        let Some(topic) = topic else { return Self::Unseen(Unknown::because("nobody was asked")) };
        match topic.error_code {
            0 => {}
            error_codes::UNKNOWN_TOPIC => return Self::Absent,
            code => return Self::Unseen(error_codes::unknown(code)),
        }
        Self::Told(leaders(topic, &answer.brokers).into_iter().map(|leader| leader.map(|leader| leader.id.0)).collect())
    }

    /// What keeps groups from being told of; `None` where every partition has a leader, or nothing is known of them.
    pub(crate) fn damage(&self, name: &str, what: &str) -> Option<Unknown> {
        let Self::Told(leaders) = self else { return None };
        let lost: Vec<&Unknown> = leaders.iter().filter_map(|leader| leader.as_ref().err()).collect();
        let why = lost.first()?;
        let all = leaders.len();
        Some(Unknown::of(Cause::Away, format!("{what} ({} of {all} partitions of {name}: {why})", lost.len())))
    }

    /// Who coordinates a group of this name; `None` where that cannot be told from the topic.
    pub(crate) fn coordinator(&self, group: &str) -> Option<&Known<i32>> {
        let Self::Told(leaders) = self else { return None };
        leaders.get(usize::try_from(java_hash(group)).ok()?.checked_rem(leaders.len())?)
    }
}

/// `Utils.abs(group.hashCode())`, by which Kafka finds a group's partition: over UTF-16, and 0 for the one number that has no
/// positive counterpart.
fn java_hash(text: &str) -> i32 {
    let hash = text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0)
}

/// The names to ask `Metadata` for.
pub(crate) fn names() -> Vec<StrBytes> {
    [OFFSETS_TOPIC, SHARE_TOPIC].map(StrBytes::from_static_str).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hashed_as_java_does() {
        // Each as `jshell` gives it.
        assert_eq!(java_hash(""), 0);
        assert_eq!(java_hash("orders"), 1_008_770_331);
        assert_eq!(java_hash("bills"), 93_740_364);
        assert_eq!(java_hash("größe 😀"), 175_604_178);
        // "polygenelubricants".hashCode() is the smallest number.
        assert_eq!(java_hash("polygenelubricants"), 0);
    }

    #[test]
    fn a_group_belongs_to_the_leader_of_its_partition() {
        let told = Internal::Told((0..50).map(Ok).collect());
        assert_eq!(told.coordinator("orders"), Some(&Ok(1_008_770_331 % 50)));
        assert_eq!(Internal::Told(Vec::new()).coordinator("orders"), None);
        assert_eq!(Internal::Absent.coordinator("orders"), None);
    }
}
