//! State, members and tasks of streams groups (KIP-1071).

use std::collections::HashMap;

use kafka_protocol::messages::GroupId;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::{Described, by_name, dead, ids, named};
use crate::kafka::cluster::Cluster;
use crate::kafka::failure;
use crate::kafka::groups::Listed;
use crate::kafka::messages::{StreamsDescribeRequest, StreamsGroup};
use crate::kafka::names::Names;
use crate::kafka::settle::{Outcome, Outcomes, failed};
use crate::kafka::versions::Api;
use crate::lag::Unknown;

/// Describes groups of one coordinator by `StreamsGroupDescribe`: the other describes say that there are none of them.
pub(super) async fn describe(
    cluster: &Cluster<'_>,
    broker: i32,
    groups: &[Listed],
    indexes: Vec<usize>,
    names: &Names<'_>,
    until: Instant,
) -> Outcomes<Described> {
    if indexes.is_empty() {
        return Vec::new();
    }
    let request = StreamsDescribeRequest { groups: ids(groups, &indexes).into_iter().map(|id| id.0).collect() };
    let answer = match cluster.call(broker, Api::StreamsGroupDescribe, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    by_name(groups, &indexes, answer, |group: StreamsGroup| {
        let outcome = match group.error_code {
            // Deleted between the listing and now.
            failure::GROUP_ID_NOT_FOUND => Outcome::Done(dead()),
            code => Outcome::from_code(code).unwrap_or_else(|| Outcome::Done(streams(&group, names))),
        };
        (GroupId(group.name), outcome)
    })
}

fn streams(group: &StreamsGroup, names: &Names<'_>) -> Described {
    let members = group.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.host));
    let mut described = Described::new(&group.state, members.collect());
    described.hindrance = (&*group.state == NOT_READY).then(|| Unknown::because(HINDRANCE));
    let Some(subtopologies) = &group.subtopologies else { return described };
    let numbers = |topics: &[StrBytes]| topics.iter().filter_map(|name| names.number(name)).collect::<Vec<usize>>();
    let mut read: HashMap<&str, Vec<usize>> = HashMap::new();
    for part in subtopologies {
        let repartitions = numbers(&part.repartitions);
        described.internal.extend(&repartitions);
        read.insert(&part.id, [numbers(&part.sources), repartitions].concat());
    }
    for (index, member) in (0..).zip(&group.members) {
        for (part, partitions) in &member.active {
            for topic in read.get(&**part).into_iter().flatten() {
                described.assigned.extend(partitions.iter().map(|partition| (*topic, *partition, index)));
            }
        }
    }
    described.subscribed = (!group.members.is_empty()).then(|| read.into_values().flatten().collect());
    described
}

/// The state of a group whose topology is not complete.
const NOT_READY: &str = "NotReady";

/// What that means, as far as the coordinator tells; topics that are missing are told beside it.
const HINDRANCE: &str = "the application cannot run: a topic that it reads is missing, or its topics' numbers of partitions do not fit together (NotReady)";
