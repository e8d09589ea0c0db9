//! Who answers for a group, and what it committed.

use std::collections::BTreeMap;

use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::offset_fetch_response as fetched;
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, GroupId, OffsetFetchRequest, OffsetFetchResponse,
    TopicName,
};

use super::{Asked, COORDINATOR_NOT_AVAILABLE, INVALID_REQUEST, groups, text};
use crate::support::broker::group::Group;

/// A group that does not exist has a coordinator all the same; here it is the first broker.
pub(super) fn find_coordinator(asked: &Asked<'_>, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let find = |key: &str| {
        let group = asked.scene.groups.iter().find(|group| group.name == key);
        let node = group.map_or(1, |group| group.coordinator);
        let missing = if asked.scene.offsets_topic { 0 } else { COORDINATOR_NOT_AVAILABLE };
        match asked.code(missing) {
            0 => (0, node, i32::from(asked.ports[usize::try_from(node - 1).expect("a node")])),
            code => (code, -1, -1),
        }
    };
    if asked.version < 4 {
        let (code, node, port) = find(&request.key);
        return FindCoordinatorResponse::default()
            .with_error_code(code)
            .with_node_id(BrokerId(node))
            .with_host(text("127.0.0.1"))
            .with_port(port);
    }
    let coordinators = request.coordinator_keys.iter().map(|key| {
        let (code, node, port) = find(key);
        Coordinator::default()
            .with_key(key.clone())
            .with_error_code(code)
            .with_node_id(BrokerId(node))
            .with_host(text("127.0.0.1"))
            .with_port(port)
    });
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

/// The question for all topics of a group tells its commits; one for topics by name tells what transactions hold, if it asks so.
pub(super) fn fetch(asked: &Asked<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let stable = request.require_stable;
    let told = |name: &GroupId, every_topic: bool| match found(asked, name) {
        _ if !every_topic && !stable => Err(INVALID_REQUEST),
        Ok(group) if every_topic => Ok(by_topic(asked, group).collect()),
        Ok(group) => Ok(held(group).collect::<Vec<_>>()),
        Err(code) => Err(code),
    };
    if asked.version < 8 {
        let answer = OffsetFetchResponse::default();
        return match told(&request.group_id, request.topics.is_none()) {
            Err(code) => answer.with_error_code(code),
            Ok(topics) => answer.with_topics(topics.into_iter().map(topic_alone).collect()),
        };
    }
    let group = |name: GroupId, every_topic: bool| {
        let answer = fetched::OffsetFetchResponseGroup::default().with_group_id(name.clone());
        match told(&name, every_topic) {
            Err(code) => answer.with_error_code(code),
            Ok(topics) => answer.with_topics(topics.into_iter().map(topic_of_group).collect()),
        }
    };
    let answers = request.groups.into_iter().map(|asked| group(asked.group_id, asked.topics.is_none()));
    OffsetFetchResponse::default().with_groups(answers.collect())
}

/// (partition, offset, error code) of each topic that a transaction holds a first commit to.
fn held(group: Option<&Group>) -> impl Iterator<Item = (&str, Vec<(i32, i64, i16)>)> {
    let held = group.into_iter().flat_map(|group| &group.held);
    held.map(|(topic, partition)| (topic.as_str(), vec![(*partition, -1, UNSTABLE_OFFSET_COMMIT)]))
}

/// Share groups have no commits, and no error says so.
fn found<'a>(asked: &Asked<'a>, name: &str) -> Result<Option<&'a Group>, i16> {
    Ok(groups::find(asked, name)?.filter(|group| group.kind != "share"))
}

/// (partition, offset, error code) of each topic that the user may describe.
pub(super) fn by_topic<'a>(
    asked: &Asked<'a>,
    group: Option<&'a Group>,
) -> impl Iterator<Item = (&'a str, Vec<(i32, i64, i16)>)> + use<'a> {
    let hidden = |name: &str| asked.scene.topics.iter().any(|topic| topic.hidden && topic.name == name);
    let mut topics: BTreeMap<&str, Vec<(i32, i64, i16)>> = BTreeMap::new();
    for (topic, partition, offset, code) in group.into_iter().flat_map(|group| &group.commits) {
        if !hidden(topic) {
            topics.entry(topic).or_default().push((*partition, *offset, *code));
        }
    }
    topics.into_iter()
}

fn topic_alone((name, partitions): (&str, Vec<(i32, i64, i16)>)) -> fetched::OffsetFetchResponseTopic {
    let partitions = partitions.into_iter().map(|(partition, offset, code)| {
        fetched::OffsetFetchResponsePartition::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_metadata(Some(text("")))
            .with_error_code(code)
    });
    fetched::OffsetFetchResponseTopic::default().with_name(TopicName(text(name))).with_partitions(partitions.collect())
}

fn topic_of_group((name, partitions): (&str, Vec<(i32, i64, i16)>)) -> fetched::OffsetFetchResponseTopics {
    let partitions = partitions.into_iter().map(|(partition, offset, code)| {
        fetched::OffsetFetchResponsePartitions::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_metadata(Some(text("")))
            .with_error_code(code)
    });
    fetched::OffsetFetchResponseTopics::default().with_name(TopicName(text(name))).with_partitions(partitions.collect())
}

const UNSTABLE_OFFSET_COMMIT: i16 = 88;
