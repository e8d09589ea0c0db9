//! State, members and assignments of share groups (KIP-932).

use std::collections::HashSet;

use kafka_protocol::messages::ShareGroupDescribeRequest;
use kafka_protocol::messages::share_group_describe_response::DescribedGroup as ShareGroup;
use tokio::time::Instant;

use super::{Described, by_name, dead, ids, named};
use crate::kafka::cluster::Cluster;
use crate::kafka::failure;
use crate::kafka::groups::Listed;
use crate::kafka::names::Names;
use crate::kafka::settle::{Outcome, Outcomes, failed};
use crate::kafka::versions::Api;

/// Describes groups of one coordinator by `ShareGroupDescribe`.
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
    let request = ShareGroupDescribeRequest::default().with_group_ids(ids(groups, &indexes));
    let answer = match cluster.call(broker, Api::ShareGroupDescribe, &request, until).await {
        Ok(answer) => answer.groups,
        Err(error) => return failed(&indexes, error),
    };
    by_name(groups, &indexes, answer, |group: ShareGroup| {
        let outcome = match group.error_code {
            // Deleted between the listing and now.
            failure::GROUP_ID_NOT_FOUND => Outcome::Done(dead()),
            code => Outcome::from_code(code).unwrap_or_else(|| Outcome::Done(share(&group, names))),
        };
        (group.group_id, outcome)
    })
}

/// Several members may be assigned to one partition; then the first one stands for all of them.
fn share(group: &ShareGroup, names: &Names<'_>) -> Described {
    let members = group.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.client_host));
    let mut described = Described::new(&group.group_state, members.collect());
    let mut subscribed = HashSet::new();
    let mut seen = HashSet::new();
    for (index, member) in (0..).zip(&group.members) {
        subscribed.extend(member.subscribed_topic_names.iter().filter_map(|topic| names.number(topic)));
        for topic in &member.assignment.topic_partitions {
            let Some(number) = names.number(&topic.topic_name) else { continue };
            let unseen = topic.partitions.iter().filter(|partition| seen.insert((number, **partition)));
            described.assigned.extend(unseen.map(|partition| (number, *partition, index)));
        }
    }
    described.subscribed = Some(subscribed);
    described
}
