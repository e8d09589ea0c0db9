//! Members and tasks of streams groups (KIP-1071).

use std::collections::HashMap;

use kafka_protocol::protocol::StrBytes;

use super::{Described, DescribesGroup};
use crate::kafka::protocol::messages::StreamsGroup;
use crate::kafka::survey::names::Names;
use crate::model::snapshot::GroupState;
use crate::model::unknown::Unknown;

impl DescribesGroup for StreamsGroup {
    fn described(&self, names: &Names<'_>) -> (&str, i16, Described) {
        let members = self.members.iter().map(|one| [&one.member_id, &one.client_id, &one.host]);
        let mut described = Described::new(self.state.as_str().into(), members);
        described.epoch = Some(self.epoch);
        described.hindrance = (described.state == Ok(GroupState::NOT_READY)).then(|| Unknown::because(HINDRANCE));
        let Some(subtopologies) = &self.subtopologies else { return (&self.name, self.error_code, described) };
        let numbers = |topics: &[StrBytes]| topics.iter().filter_map(|name| names.number(name)).collect::<Vec<usize>>();
        let mut read: HashMap<&str, Vec<usize>> = HashMap::new();
        for part in subtopologies {
            let repartitions = numbers(&part.repartitions);
            described.internal.extend(&repartitions);
            read.insert(&part.id, [numbers(&part.sources), repartitions].concat());
        }
        for (index, member) in (0..).zip(&self.members) {
            for (part, partitions) in &member.active {
                for topic in read.get(&**part).into_iter().flatten() {
                    described.assign(Some(*topic), partitions, index);
                }
            }
        }
        described.subscribed = (!self.members.is_empty()).then(|| read.into_values().flatten().collect());
        (&self.name, self.error_code, described)
    }
}

/// What an incomplete topology means, as far as the coordinator reports; missing topics are reported separately.
const HINDRANCE: &str = "the application cannot run: a topic that it reads is missing, or its topics' numbers of partitions do not fit together (NotReady)";
