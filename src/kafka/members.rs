//! State and members of groups: `DescribeGroups` for classic groups, a request of its own for each other kind.

use std::collections::{HashMap, HashSet};

use bytes::{Buf, Bytes};
use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup as ConsumerGroup;
use kafka_protocol::messages::describe_groups_response::DescribedGroup as ClassicGroup;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, ConsumerProtocolSubscription, DescribeGroupsRequest,
    GroupId,
};
use kafka_protocol::protocol::{Decodable, Message, StrBytes};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::coordinator;
use super::failure;
use super::groups::Listed;
use super::messages::Unreadable;
use super::names::Names;
use super::settle::{Outcome, Outcomes, failed};
use super::shape::{self, Shape};
use super::versions::Api;
use crate::lag::{Known, Unknown};
use crate::snapshot::{Kind, Member};

mod share;
mod streams;

/// What the coordinator says of one group.
pub(super) struct Described {
    pub(super) state: Known<Box<str>>,
    pub(super) members: Known<Vec<Member>>,
    /// (topic, partition, index of the member), topics by number.
    pub(super) assigned: Vec<(usize, i32, u32)>,
    /// The topics that members subscribe to; `None` where a regular expression decides on the broker, or nothing is known.
    pub(super) subscribed: Option<HashSet<usize>>,
    /// The topics that a Streams application keeps between parts of its own.
    pub(super) internal: HashSet<usize>,
    /// Why the group cannot read, though it has members.
    pub(super) hindrance: Option<Unknown>,
}

impl Described {
    fn new(state: &str, members: Vec<Member>) -> Self {
        Self {
            state: Ok(state.into()),
            members: Ok(members),
            assigned: Vec::new(),
            subscribed: None,
            internal: HashSet::new(),
            hindrance: None,
        }
    }
}

/// Describes all groups, each kind by its own request: `DescribeGroups` answers for a KIP-848 group that it is dead.
pub(super) async fn describe(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    names: &Names<'_>,
    until: Instant,
) -> Vec<Known<Described>> {
    coordinator::ask(cluster, groups, "reading the members of", usize::MAX, until, async |broker, indexes| {
        let of_kind = |kind| indexes.iter().copied().filter(move |index| groups[*index].kind == kind).collect();
        let (mut outcomes, consumer, share, streams) = tokio::join!(
            describe_classic(cluster, broker, groups, of_kind(Kind::Classic), names, until),
            describe_consumer(cluster, broker, groups, of_kind(Kind::Consumer), names, until),
            share::describe(cluster, broker, groups, of_kind(Kind::Share), names, until),
            streams::describe(cluster, broker, groups, of_kind(Kind::Streams), names, until),
        );
        outcomes.extend(consumer);
        outcomes.extend(share);
        outcomes.extend(streams);
        outcomes
    })
    .await
}

async fn describe_classic(
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
    let request = DescribeGroupsRequest::default().with_groups(ids(groups, &indexes));
    let answer = match cluster.call(broker, Api::DescribeGroups, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    by_name(groups, &indexes, answer.groups, |group: ClassicGroup| {
        let outcome = match group.error_code {
            // Version 6 says in so many words what the ones before called dead (KIP-1043).
            failure::GROUP_ID_NOT_FOUND => Outcome::Done(dead()),
            code => Outcome::from_code(code).unwrap_or_else(|| Outcome::Done(classic(&group, names))),
        };
        (group.group_id, outcome)
    })
    .into_iter()
    .map(|(index, outcome)| (index, outcome.map(|described| described.unless_listed(&groups[index]))))
    .collect()
}

async fn describe_consumer(
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
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids(groups, &indexes));
    let answer = match cluster.call(broker, Api::ConsumerGroupDescribe, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    by_name(groups, &indexes, answer.groups, |group: ConsumerGroup| {
        let outcome = match group.error_code {
            // Deleted between the listing and now.
            failure::GROUP_ID_NOT_FOUND => Outcome::Done(dead()),
            code => Outcome::from_code(code).unwrap_or_else(|| Outcome::Done(consumer(&group, names))),
        };
        (group.group_id, outcome)
    })
}

fn ids(groups: &[Listed], indexes: &[usize]) -> Vec<GroupId> {
    indexes.iter().map(|index| GroupId(StrBytes::from_string(groups[*index].name.to_string()))).collect()
}

/// The outcome of each answer, by the group that it is about.
fn by_name<A>(
    groups: &[Listed],
    indexes: &[usize],
    answers: Vec<A>,
    outcome: impl Fn(A) -> (GroupId, Outcome<Described>),
) -> Outcomes<Described> {
    let by_name: HashMap<&str, usize> = indexes.iter().map(|index| (&*groups[*index].name, *index)).collect();
    let outcomes = answers.into_iter().filter_map(|answer| {
        let (id, outcome) = outcome(answer);
        Some((*by_name.get(&**id)?, outcome))
    });
    outcomes.collect()
}

/// A classic group's members carry their assignment in the consumer's own format, which the broker does not look into.
fn classic(group: &ClassicGroup, names: &Names<'_>) -> Described {
    let members = group.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.client_host));
    let mut described = Described::new(&group.group_state, members.collect());
    described.subscribed = Some(HashSet::new());
    for (index, member) in (0..).zip(&group.members) {
        // A coordinator tells subscriptions and assignments of stable groups alone.
        match (
            embedded::<ConsumerProtocolSubscription>(&member.member_metadata, &shape::SUBSCRIPTION),
            &mut described.subscribed,
        ) {
            (Ok(subscription), Some(topics)) => {
                topics.extend(subscription.topics.iter().filter_map(|topic| names.number(topic)));
            }
            _ => described.subscribed = None,
        }
        // A member that is still joining has none.
        if member.member_assignment.is_empty() {
            continue;
        }
        match embedded::<ConsumerProtocolAssignment>(&member.member_assignment, &shape::ASSIGNMENT) {
            Ok(assignment) => {
                for topic in &assignment.assigned_partitions {
                    let Some(number) = names.number(&topic.topic) else { continue };
                    described.assigned.extend(topic.partitions.iter().map(|partition| (number, *partition, index)));
                }
            }
            Err(what) => {
                let reason = format!("the assignment of member {} cannot be read: {what}", &*member.member_id);
                described.members = Err(Unknown::because(reason));
                break;
            }
        }
    }
    described
}

fn consumer(group: &ConsumerGroup, names: &Names<'_>) -> Described {
    let by_regex = |regex: &Option<StrBytes>| regex.as_ref().is_some_and(|regex| !regex.is_empty());
    let by_name = !group.members.iter().any(|member| by_regex(&member.subscribed_topic_regex));
    let members = group.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.client_host));
    let mut described = Described::new(&group.group_state, members.collect());
    described.subscribed = by_name.then(HashSet::new);
    for (index, member) in (0..).zip(&group.members) {
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

impl Described {
    /// Of a group that no broker lists not even the kind is known, and groups of other kinds are dead to `DescribeGroups`.
    fn unless_listed(mut self, listed: &Listed) -> Self {
        if !listed.shown && self.state.as_deref() == Ok("Dead") {
            self.members = Err(Unknown::because("no broker lists the group, and it is no classic one"));
        }
        self
    }
}

fn dead() -> Described {
    Described::new("Dead", Vec::new())
}

fn named(id: &str, client_id: &str, host: &str) -> Member {
    Member { id: id.into(), client_id: client_id.into(), host: host.into() }
}

/// Reads a structure of the consumer protocol: its version, then its body; fields of versions newer than ours are left over.
fn embedded<T: Decodable + Message>(bytes: &Bytes, shape: &Shape) -> Result<T, Unreadable> {
    let mut bytes = bytes.clone();
    let version = bytes.try_get_i16().map_err(|error| Unreadable::Codec(error.into()))?;
    let version = version.min(T::VERSIONS.max);
    let weight = shape.weigh(&bytes, version)?;
    if weight > LARGEST_MEMBER {
        return Err(Unreadable::Heavy(weight));
    }
    T::decode(&mut bytes, version).map_err(|error| Unreadable::Codec(error.into()))
}

/// Bytes of memory that what one member subscribes to or was assigned may take: that of 500,000 topics.
const LARGEST_MEMBER: usize = 16 * 1024 * 1024;
