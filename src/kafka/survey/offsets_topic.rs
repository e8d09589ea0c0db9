//! The partitions of the offsets topic, each led by the broker that coordinates its groups.
//!
//! `ListGroups` has no groups whose coordinator is away: the other brokers answer without an error. Only the leaders
//! of `__consumer_offsets` show that a listing is incomplete.

use kafka_protocol::messages::metadata_response::MetadataResponse;

use crate::kafka::protocol::{error_codes, internal_topics};
use crate::kafka::survey::topic::{Leader, leaders};
use crate::model::unknown::{Cause, Known, Unknown};

/// The metadata of an internal topic.
#[derive(Clone, Debug)]
pub(crate) enum Internal {
    /// The leader of each partition, or why it has none that can be asked.
    Known(Vec<Known<Leader>>),
    /// The topic does not exist.
    Absent,
    /// This user may not describe it, or no broker returned it.
    Unseen(Unknown),
}

impl Internal {
    /// The metadata in this answer.
    pub(crate) fn read(answer: &MetadataResponse, name: &str) -> Self {
        let topic = answer.topics.iter().find(|topic| topic.name.as_ref().is_some_and(|known| **known == *name));
        let Some(topic) = topic else { return Self::Unseen(Unknown::because("no broker was asked")) };
        match topic.error_code {
            0 => {}
            error_codes::UNKNOWN_TOPIC => return Self::Absent,
            code => return Self::Unseen(error_codes::unknown(code)),
        }
        Self::Known(leaders(topic, &answer.brokers))
    }

    /// Why groups may be missing from a listing; `None` if every partition has a leader, or nothing is known of them.
    pub(crate) fn damage(&self, name: &str, what: &str) -> Option<Unknown> {
        let Self::Known(leaders) = self else { return None };
        let lost: Vec<&Unknown> = leaders.iter().filter_map(|leader| leader.as_ref().err()).collect();
        let why = lost.first()?;
        let all = leaders.len();
        Some(Unknown::of(Cause::Away, format!("{what} ({} of {all} partitions of {name}: {why})", lost.len())))
    }

    /// How many partitions there are; 0 if they are not known.
    pub(crate) fn partitions(&self) -> usize {
        if let Self::Known(leaders) = self { leaders.len() } else { 0 }
    }

    /// The partitions that a broker leads.
    pub(crate) fn led_by(&self, id: i32) -> Vec<usize> {
        let Self::Known(leaders) = self else { return Vec::new() };
        let is_led = |leader: &Known<Leader>| leader.as_ref().is_ok_and(|leader| leader.id.0 == id);
        (0..).zip(leaders).filter(|(_, leader)| is_led(leader)).map(|(at, _)| at).collect()
    }

    /// The coordinator of a group of this name; `None` if the topic does not show it.
    pub(crate) fn coordinator(&self, group: &str) -> Option<&Known<Leader>> {
        let Self::Known(leaders) = self else { return None };
        leaders.get(internal_topics::partition_of(group, leaders.len())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::BrokerId;

    #[test]
    fn a_group_belongs_to_the_leader_of_its_partition() {
        let leader = |id| Ok(Leader::new(BrokerId(id), 0));
        let answer = Internal::Known((0..50).map(leader).collect());
        assert_eq!(answer.coordinator("orders"), Some(&leader(1_008_770_331 % 50)));
        assert_eq!(Internal::Known(Vec::new()).coordinator("orders"), None);
        assert_eq!(Internal::Absent.coordinator("orders"), None);
    }
}
