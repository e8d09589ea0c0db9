//! Members of KIP-848 groups, those of the old protocol among them.

use std::collections::HashSet;

use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup as ConsumerGroup;
use kafka_protocol::protocol::StrBytes;

use super::{Described, DescribesGroup, named};
use crate::kafka::names::Names;

impl DescribesGroup for ConsumerGroup {
    fn name(&self) -> &str {
        &self.group_id
    }

    fn error_code(&self) -> i16 {
        self.error_code
    }

    fn described(&self, names: &Names<'_>) -> Described {
        let by_regex = |regex: &Option<StrBytes>| regex.as_ref().is_some_and(|regex| !regex.is_empty());
        let by_name = !self.members.iter().any(|member| by_regex(&member.subscribed_topic_regex));
        let members =
            self.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.client_host));
        let mut described = Described::new(&self.group_state, members.collect());
        described.subscribed = by_name.then(HashSet::new);
        for (index, member) in (0..).zip(&self.members) {
            for topic in &member.assignment.topic_partitions {
                let Some(number) = names.number(&topic.topic_name) else { continue };
                described.assigned.extend(topic.partitions.iter().map(|partition| (number, *partition, index)));
            }
            if let Some(topics) = &mut described.subscribed {
                topics.extend(member.subscribed_topic_names.iter().filter_map(|topic| names.number(topic)));
            }
        }
        described
    }
}
