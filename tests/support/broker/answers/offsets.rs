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

/// Only the question for all topics of a group is answered.
pub(super) fn fetch(asked: &Asked<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if asked.version < 8 {
        let answer = OffsetFetchResponse::default();
        if request.topics.is_some() {
            return answer.with_error_code(INVALID_REQUEST);
        }
        return match found(asked, &request.group_id) {
            Err(code) => answer.with_error_code(code),
            Ok(group) => answer.with_topics(by_topic(asked, group).map(topic_alone).collect()),
        };
    }
    let group = |name: GroupId, every_topic: bool| {
        let answer = fetched::OffsetFetchResponseGroup::default().with_group_id(name.clone());
        match found(asked, &name) {
            _ if !every_topic => answer.with_error_code(INVALID_REQUEST),
            Err(code) => answer.with_error_code(code),
            Ok(group) => answer.with_topics(by_topic(asked, group).map(topic_of_group).collect()),
        }
    };
    let answers = request.groups.into_iter().map(|asked| group(asked.group_id, asked.topics.is_none()));
    OffsetFetchResponse::default().with_groups(answers.collect())
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
