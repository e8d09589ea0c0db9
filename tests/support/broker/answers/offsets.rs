//! Which broker answers for a group, and what the group committed.

use std::collections::BTreeMap;

use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response as fetched;
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, GroupId, OffsetFetchRequest, OffsetFetchResponse,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::{Asked, COORDINATOR_NOT_AVAILABLE, INVALID_REQUEST, groups, text};
use crate::support::broker::group::Group;

/// A group that does not exist has a coordinator all the same; here it is the first broker.
pub(super) fn find_coordinator(asked: &Asked<'_>, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let find = |key: &str| {
        let group = asked.scene.groups.iter().find(|group| group.name == key);
        let node = group.map_or(1, |group| group.coordinator);
        let missing =
            if asked.scene.offsets_topic || asked.scene.keeps_elsewhere { 0 } else { COORDINATOR_NOT_AVAILABLE };
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

/// A request for all topics of a group returns its commits only; a request for named partitions returns each of them,
/// and pending commits of transactions if it asks for them.
pub(super) fn fetch(asked: &Asked<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let stable = request.require_stable;
    let reported = |name: &GroupId, only: Option<Vec<(TopicName, Vec<i32>)>>| match (found(asked, name), only) {
        (Err(code), _) => Err(code),
        (_, Some(_)) if !stable => Err(INVALID_REQUEST),
        (Ok(group), None) => Ok(by_topic(asked, group).map(|(topic, reported)| (text(topic), reported)).collect()),
        (Ok(group), Some(only)) => {
            let reported = |(topic, partitions): (TopicName, Vec<i32>)| {
                let reported = partitions.into_iter().map(|partition| by_name(group, &topic, partition)).collect();
                (topic.0.clone(), reported)
            };
            Ok(only.into_iter().map(reported).collect::<Vec<_>>())
        }
    };
    if asked.version < 8 {
        let answer = OffsetFetchResponse::default();
        let only = |topics: Vec<OffsetFetchRequestTopic>| {
            topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect()
        };
        return match reported(&request.group_id, request.topics.map(only)) {
            Err(code) => answer.with_error_code(code),
            Ok(topics) => answer.with_topics(topics.into_iter().map(topic_alone).collect()),
        };
    }
    let group = |group: OffsetFetchRequestGroup| {
        let answer = fetched::OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone());
        let only = |topics: Vec<OffsetFetchRequestTopics>| {
            topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect()
        };
        match reported(&group.group_id, group.topics.map(only)) {
            Err(code) => answer.with_error_code(code),
            Ok(topics) => answer.with_topics(topics.into_iter().map(topic_of_group).collect()),
        }
    };
    OffsetFetchResponse::default().with_groups(request.groups.into_iter().map(group).collect())
}

/// (partition, offset, error code) of one partition that is asked for by name.
fn by_name(group: Option<&Group>, topic: &str, partition: i32) -> (i32, i64, i16) {
    let is_it = |of: &str, at: i32| (of, at) == (topic, partition);
    let held = group.is_some_and(|group| group.held.iter().any(|(of, at)| is_it(of, *at)));
    let committed = group.and_then(|group| group.commits.iter().find(|(of, at, ..)| is_it(of, *at)));
    match committed {
        _ if held => (partition, -1, UNSTABLE_OFFSET_COMMIT),
        Some((_, _, offset, code)) => (partition, *offset, *code),
        None => (partition, -1, 0),
    }
}

/// Share groups have no commits, which is not an error.
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

fn topic_alone((name, partitions): (StrBytes, Vec<(i32, i64, i16)>)) -> fetched::OffsetFetchResponseTopic {
    let partitions = partitions.into_iter().map(|(partition, offset, code)| {
        fetched::OffsetFetchResponsePartition::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_metadata(Some(text("")))
            .with_error_code(code)
    });
    fetched::OffsetFetchResponseTopic::default().with_name(TopicName(name)).with_partitions(partitions.collect())
}

fn topic_of_group((name, partitions): (StrBytes, Vec<(i32, i64, i16)>)) -> fetched::OffsetFetchResponseTopics {
    let partitions = partitions.into_iter().map(|(partition, offset, code)| {
        fetched::OffsetFetchResponsePartitions::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_metadata(Some(text("")))
            .with_error_code(code)
    });
    fetched::OffsetFetchResponseTopics::default().with_name(TopicName(name)).with_partitions(partitions.collect())
}

const UNSTABLE_OFFSET_COMMIT: i16 = 88;
