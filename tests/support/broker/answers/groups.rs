//! Which groups there are, and who is in them.

use kafka_protocol::messages::consumer_group_describe_response as consumer;
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition;
use kafka_protocol::messages::describe_groups_response as classic;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerProtocolAssignment,
    ConsumerProtocolSubscription, DescribeGroupsRequest, DescribeGroupsResponse, GroupId, ListGroupsRequest,
    ListGroupsResponse, TopicName,
};

use super::{Asked, GROUP_ID_NOT_FOUND, NOT_COORDINATOR, embedded, text};
use crate::support::broker::group::{Group, Member};

pub(super) fn list(asked: &Asked<'_>, _: ListGroupsRequest) -> ListGroupsResponse {
    let listed_here = |group: &&Group| group.listed_by.unwrap_or(group.coordinator) == asked.node.id;
    let code = asked.code(0);
    let is_listed = |group: &&Group| {
        asked.scene.is_loaded(&group.name) && (!asked.scene.keeps_elsewhere || !group.members.is_empty())
    };
    let shown = asked.scene.groups.iter().filter(|group| code == 0 && listed_here(group) && is_listed(group));
    let groups = shown.map(|group| {
        let mut listed =
            ListedGroup::default().with_group_id(GroupId(text(&group.name))).with_protocol_type(text(&group.protocol));
        if asked.version >= 4 {
            listed.group_state = text(&group.state);
        }
        if asked.version >= 5 {
            listed.group_type = text(group.kind);
        }
        listed
    });
    ListGroupsResponse::default().with_error_code(code).with_groups(groups.collect())
}

pub(super) fn describe_classic(asked: &Asked<'_>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let describe = |name: GroupId| {
        let described = classic::DescribedGroup::default().with_group_id(name.clone());
        let group = match find(asked, &name) {
            Ok(group) => group,
            Err(code) => return described.with_error_code(code),
        };
        match group.filter(|group| group.kind == "classic") {
            // Groups of other protocols are dead to this request.
            None if asked.version >= 6 => described.with_error_code(GROUP_ID_NOT_FOUND).with_group_state(text("Dead")),
            None => described.with_group_state(text("Dead")),
            Some(group) => described
                .with_group_state(text(&group.state))
                .with_protocol_type(text(&group.protocol))
                .with_members(group.members.iter().map(|member| classic_member(member, group)).collect()),
        }
    };
    DescribeGroupsResponse::default().with_groups(request.groups.into_iter().map(describe).collect())
}

pub(super) fn describe_consumer(
    asked: &Asked<'_>,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let describe = |name: GroupId| {
        let described = consumer::DescribedGroup::default().with_group_id(name.clone());
        let group = match find(asked, &name) {
            Ok(group) => group,
            Err(code) => return described.with_error_code(code),
        };
        match group.filter(|group| group.kind == "consumer") {
            None => described.with_error_code(GROUP_ID_NOT_FOUND),
            Some(group) => described
                .with_group_state(text(&group.state))
                .with_group_epoch(group.epoch)
                .with_members(group.members.iter().map(consumer_member).collect()),
        }
    };
    ConsumerGroupDescribeResponse::default().with_groups(request.group_ids.into_iter().map(describe).collect())
}

/// The group, if this broker answers for it and may return it.
pub(super) fn find<'a>(asked: &Asked<'a>, name: &str) -> Result<Option<&'a Group>, i16> {
    let group = asked.scene.groups.iter().find(|group| group.name == name);
    // Without the topic that holds groups no broker is the coordinator of any.
    let nowhere = !asked.scene.offsets_topic && !asked.scene.keeps_elsewhere;
    let elsewhere =
        nowhere || !asked.scene.is_loaded(name) || group.is_some_and(|group| group.coordinator != asked.node.id);
    match asked.code(if elsewhere { NOT_COORDINATOR } else { group.map_or(0, |group| group.error) }) {
        0 => Ok(group),
        code => Err(code),
    }
}

/// Subscriptions and assignments are returned for stable groups alone.
fn classic_member(member: &Member, group: &Group) -> classic::DescribedGroupMember {
    let assigned = member.assigned.iter().map(|(topic, partitions)| {
        TopicPartition::default().with_topic(TopicName(text(topic))).with_partitions(partitions.clone())
    });
    let assignment = ConsumerProtocolAssignment::default().with_assigned_partitions(assigned.collect());
    let topics = member.subscribed.iter().map(|topic| text(topic));
    let subscription = ConsumerProtocolSubscription::default().with_topics(topics.collect());
    let named = classic::DescribedGroupMember::default()
        .with_member_id(text(&format!("{}-{:08x}", member.client, 0x0c0f_fee0 + group.epoch)))
        .with_client_id(text(&member.client))
        .with_client_host(text("/127.0.0.1"));
    if group.state != "Stable" {
        return named;
    }
    named.with_member_metadata(embedded(&subscription, 1)).with_member_assignment(embedded(&assignment, 1))
}

fn consumer_member(member: &Member) -> consumer::Member {
    let assigned = member.assigned.iter().map(|(topic, partitions)| {
        consumer::TopicPartitions::default().with_topic_name(TopicName(text(topic))).with_partitions(partitions.clone())
    });
    let assignment = consumer::Assignment::default().with_topic_partitions(assigned.collect());
    consumer::Member::default()
        .with_member_id(text(&format!("{}-0c0ffee0", member.client)))
        .with_client_id(text(&member.client))
        .with_client_host(text("/127.0.0.1"))
        .with_subscribed_topic_names(member.subscribed.iter().map(|topic| TopicName(text(topic))).collect())
        .with_subscribed_topic_regex(member.pattern.as_deref().map(text))
        .with_assignment(assignment.clone())
        .with_target_assignment(assignment)
}
