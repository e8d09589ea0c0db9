//! Members and assignments of share groups (KIP-932).

use std::collections::HashSet;

use kafka_protocol::messages::share_group_describe_response::DescribedGroup as ShareGroup;

use super::{Described, DescribesGroup};
use crate::kafka::survey::names::Names;

/// Several members may be assigned to one partition; then the first one is used.
impl DescribesGroup for ShareGroup {
    fn described(&self, names: &Names<'_>) -> (&str, i16, Described) {
        let members = self.members.iter().map(|one| [&one.member_id, &one.client_id, &one.client_host]);
        let mut described = Described::new(self.group_state.as_str().into(), members);
        let mut subscribed = HashSet::new();
        let mut seen = HashSet::new();
        for (index, member) in (0..).zip(&self.members) {
            subscribed.extend(member.subscribed_topic_names.iter().filter_map(|topic| names.number(topic)));
            for topic in &member.assignment.topic_partitions {
                let Some(number) = names.number(&topic.topic_name) else { continue };
                let unseen = topic.partitions.iter().filter(|partition| seen.insert((number, **partition)));
                described.assigned.extend(unseen.map(|partition| (number, *partition, index)));
            }
        }
        described.epoch = Some(self.group_epoch);
        described.subscribed = Some(subscribed);
        (&self.group_id, self.error_code, described)
    }
}
