//! Members and tasks of streams groups (KIP-1071).

use std::collections::HashMap;

use kafka_protocol::protocol::StrBytes;

use super::{Described, DescribesGroup, named};
use crate::kafka::messages::StreamsGroup;
use crate::kafka::names::Names;
use crate::lag::Unknown;

impl DescribesGroup for StreamsGroup {
    fn name(&self) -> &str {
        &self.name
    }

    fn error_code(&self) -> i16 {
        self.error_code
    }

    fn described(&self, names: &Names<'_>) -> Described {
        let members = self.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.host));
        let mut described = Described::new(&self.state, members.collect());
        described.hindrance = (&*self.state == NOT_READY).then(|| Unknown::because(HINDRANCE));
        let Some(subtopologies) = &self.subtopologies else { return described };
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
                    described.assigned.extend(partitions.iter().map(|partition| (*topic, *partition, index)));
                }
            }
        }
        described.subscribed = (!self.members.is_empty()).then(|| read.into_values().flatten().collect());
        described
    }
}

/// The state of a group whose topology is not complete.
const NOT_READY: &str = "NotReady";

/// What that means, as far as the coordinator tells; topics that are missing are told beside it.
const HINDRANCE: &str = "the application cannot run: a topic that it reads is missing, or its topics' numbers of partitions do not fit together (NotReady)";
