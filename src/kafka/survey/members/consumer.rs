//! Members of KIP-848 groups, including those of the classic protocol.

use std::collections::HashSet;

use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup as ConsumerGroup;
use kafka_protocol::protocol::StrBytes;

use super::{Described, DescribesGroup};
use crate::kafka::survey::names::Names;

impl DescribesGroup for ConsumerGroup {
    fn described(&self, names: &Names<'_>) -> (&str, i16, Described) {
        let by_regex = |regex: &Option<StrBytes>| regex.as_ref().is_some_and(|regex| !regex.is_empty());
        let by_name = !self.members.iter().any(|member| by_regex(&member.subscribed_topic_regex));
        let members = self.members.iter().map(|one| [&one.member_id, &one.client_id, &one.client_host]);
        let mut described = Described::new(self.group_state.as_str().into(), members);
        described.epoch = Some(self.group_epoch);
        described.subscribed = by_name.then(HashSet::new);
        for (index, member) in (0..).zip(&self.members) {
            for topic in &member.assignment.topic_partitions {
                described.assign(names.number(&topic.topic_name), &topic.partitions, index);
            }
            if let Some(topics) = &mut described.subscribed {
                topics.extend(member.subscribed_topic_names.iter().filter_map(|topic| names.number(topic)));
            }
        }
        (&self.group_id, self.error_code, described)
    }
}
