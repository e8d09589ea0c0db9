//! State and members of groups: `DescribeGroups` for classic groups, a request of its own for each other kind.

use std::collections::{HashMap, HashSet};

use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, GroupId, ShareGroupDescribeRequest,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::messages::{Question, StreamsDescribeRequest};
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::coordinator::{self, Batch};
use crate::kafka::survey::listed::{Listed, Presence};
use crate::kafka::survey::names::Names;
use crate::kafka::survey::retry::{AskOutcome, Outcomes};
use crate::model::snapshot::{GroupState, Kind, Member};
use crate::model::unknown::{Known, Unknown};

pub(crate) mod classic;
mod consumer;
mod share;
mod streams;

/// The coordinator's description of one group.
pub(crate) struct Described {
    pub(crate) state: Known<GroupState>,
    pub(crate) members: Known<Vec<Member>>,
    /// The group's epoch; `None` of classic groups.
    pub(crate) epoch: Option<i32>,
    /// (topic, partition, index of the member), topics by number.
    pub(crate) assigned: Vec<(usize, i32, u32)>,
    /// The topics that members subscribe to; `None` if a regular expression decides on the broker, or nothing is
    /// known.
    pub(crate) subscribed: Option<HashSet<usize>>,
    /// The internal topics of a Streams application.
    pub(crate) internal: HashSet<usize>,
    /// Why the group cannot read, though it has members.
    pub(crate) hindrance: Option<Unknown>,
}

/// A group as its coordinator describes it, by the request for its kind.
trait DescribesGroup {
    /// Its name, an error code, and, if that is 0, the description.
    fn described(&self, names: &Names<'_>) -> (&str, i16, Described);
}

/// Describes all groups, each kind by its own request: `DescribeGroups` answers for a KIP-848 group that it is dead.
pub(crate) async fn describe(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    names: &Names<'_>,
    until: Instant,
) -> Vec<Known<Described>> {
    coordinator::ask(cluster, groups, "reading the members of", usize::MAX, until, async |batch| {
        let classic = |ids| DescribeGroupsRequest::default().with_groups(ids);
        let consumer = |ids| ConsumerGroupDescribeRequest::default().with_group_ids(ids);
        let share = |ids| ShareGroupDescribeRequest::default().with_group_ids(ids);
        let streams = |ids: Vec<GroupId>| StreamsDescribeRequest { groups: ids.into_iter().map(|id| id.0).collect() };
        let batch = &batch;
        let (mut outcomes, consumer, share, streams) = tokio::join!(
            about(batch, Kind::Classic, names, classic, |answer| answer.groups),
            about(batch, Kind::Consumer, names, consumer, |answer| answer.groups),
            about(batch, Kind::Share, names, share, |answer| answer.groups),
            about(batch, Kind::Streams, names, streams, |answer| answer),
        );
        outcomes.extend(consumer);
        outcomes.extend(share);
        outcomes.extend(streams);
        outcomes
    })
    .await
}

/// One request for all of those groups that are of a kind; none where there are none.
async fn about<Q: Question, G: DescribesGroup>(
    batch: &Batch<'_, '_>,
    kind: Kind,
    names: &Names<'_>,
    question: impl FnOnce(Vec<GroupId>) -> Q,
    described: impl FnOnce(Q::Answer) -> Vec<G>,
) -> Outcomes<Described> {
    let question = |groups: Vec<&Listed>| question(groups.iter().map(|group| GroupId(group.id.clone())).collect());
    let outcomes = |answer, by_name: &HashMap<&str, usize>| {
        let outcomes = described(answer).into_iter().filter_map(|group| {
            let (name, code, described) = group.described(names);
            let index = *by_name.get(name)?;
            let outcome = match code {
                // Deleted between the listing and now; for a classic group the state reports it before version 6
                // (KIP-1043).
                error_codes::GROUP_ID_NOT_FOUND => AskOutcome::Done(Described::new(GroupState::DEAD, [])),
                code => AskOutcome::from_code(code).unwrap_or(AskOutcome::Done(described)),
            };
            Some((index, outcome.map(|described| described.unless_listed(&batch.groups[index]))))
        });
        outcomes.collect()
    };
    batch.of(|of| of == kind).ask(question, outcomes).await
}

impl Described {
    /// Members by their id, client id and host.
    fn new<'m>(state: GroupState, members: impl IntoIterator<Item = [&'m StrBytes; 3]>) -> Self {
        let member = |texts: [&StrBytes; 3]| {
            let [id, client_id, host] = texts.map(|text| text.as_str().into());
            Member { id, client_id, host }
        };
        Self {
            state: Ok(state),
            members: Ok(members.into_iter().map(member).collect()),
            epoch: None,
            assigned: Vec::new(),
            subscribed: None,
            internal: HashSet::new(),
            hindrance: None,
        }
    }

    /// Assigns partitions of a topic to a member; does nothing if the topic is left out.
    fn assign(&mut self, topic: Option<usize>, partitions: &[i32], member: u32) {
        let Some(topic) = topic else { return };
        self.assigned.extend(partitions.iter().map(|partition| (topic, *partition, member)));
    }

    /// Whether the subscriptions of its members are known, or the group no longer exists.
    pub(crate) fn has_known_subscriptions(&self) -> bool {
        let has_members = self.members.as_ref().is_ok_and(|members| !members.is_empty());
        (has_members && self.subscribed.is_some()) || self.state == Ok(GroupState::DEAD)
    }

    /// Of a group that no broker lists the kind is unknown too, and `DescribeGroups` reports groups of other kinds as
    /// dead.
    fn unless_listed(mut self, listed: &Listed) -> Self {
        match &listed.seen {
            Presence::No if self.state == Ok(GroupState::DEAD) => {
                self.members = Err(Unknown::because("no broker lists the group, and it is no classic one"));
            }
            Presence::Perhaps(why) if self.state == Ok(GroupState::DEAD) => {
                (self.state, self.members) = (Err(why.clone()), Err(why.clone()));
                self.hindrance = Some(why.within("whether there is such a group is unknown"));
            }
            _ => {}
        }
        self
    }
}
