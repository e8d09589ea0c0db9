//! Brokers and leaders, and where logs start and end.

use std::hash::{DefaultHasher, Hash, Hasher};

use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse, TopicName,
};

use super::{
    Asked, FENCED_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_LEADER_EPOCH,
    UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, text,
};
use crate::support::broker::group::{Log, Topic};
use crate::support::broker::scene::{NO_LISTENER, Node};

pub(super) fn metadata(asked: &Asked<'_>, request: MetadataRequest) -> MetadataResponse {
    let reported = |(node, _): &(&Node, &u16)| !asked.scene.concealed.contains(&node.id);
    let brokers = asked.scene.nodes.iter().zip(asked.ports).filter(reported).map(|(node, port)| {
        let host = node.advertised.clone().unwrap_or_else(|| node.bind.to_string());
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(node.id))
            .with_host(text(&host))
            .with_port(i32::from(*port))
    });
    let by_id = |id: kafka_protocol::messages::metadata_request::MetadataRequestTopic| {
        let known = asked.scene.topics.iter().find(|topic| id_of(topic) == format!("{:032x}", id.topic_id.as_u128()));
        let answer = known.map(|known| topic(asked, &known.name)).unwrap_or_default();
        // Who may not see its name may learn that it is there.
        let named = answer.clone().with_name(answer.name.filter(|_| answer.error_code == 0)).with_topic_id(id.topic_id);
        if known.is_some() { named } else { named.with_name(None).with_error_code(UNKNOWN_TOPIC_ID) }
    };
    let (ids, names): (Vec<_>, Vec<_>) =
        request.topics.iter().flatten().cloned().partition(|topic| topic.name.is_none());
    let by_id: Vec<_> = ids.into_iter().map(by_id).collect();
    let names: Vec<String> = match request.topics.map(|_| names) {
        None => asked.scene.topics.iter().filter(|topic| !topic.hidden).map(|topic| topic.name.clone()).collect(),
        Some(topics) => topics.into_iter().filter_map(|topic| Some(topic.name?.to_string())).collect(),
    };
    let mut answer = MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_cluster_id(Some(text("scripted")))
        .with_controller_id(BrokerId(1))
        .with_topics(names.iter().map(|name| topic(asked, name)).chain(by_id).collect());
    if asked.version >= 13 {
        answer.error_code = asked.code(0);
    }
    if request.include_cluster_authorized_operations
        && let Some(may) = asked.scene.describes_cluster
    {
        answer.cluster_authorized_operations = i32::from(may) << DESCRIBE;
    }
    answer
}

fn topic(asked: &Asked<'_>, name: &str) -> MetadataResponseTopic {
    let answer = MetadataResponseTopic::default().with_name(Some(TopicName(text(name))));
    let internal = asked.scene.internal(name);
    let known = asked.scene.topics.iter().find(|topic| topic.name == name).or(internal.as_ref());
    let code = match known {
        Some(topic) if topic.hidden => TOPIC_AUTHORIZATION_FAILED,
        None => UNKNOWN_TOPIC_OR_PARTITION,
        Some(_) => 0,
    };
    let code = asked.code(code);
    let Some(topic) = known.filter(|_| code == 0) else {
        return answer.with_error_code(code);
    };
    // Brokers answer partitions in any order.
    let mut partitions: Vec<_> = (0..).zip(&topic.logs).map(|(index, log)| partition(asked, index, log)).collect();
    partitions.reverse();
    let mut answer = answer.with_partitions(partitions);
    if asked.version >= 10 {
        answer.topic_id = id_of(topic).parse().expect("sixteen bytes");
    }
    answer
}

/// A different id each time that it is created again.
fn id_of(topic: &Topic) -> String {
    let mut hasher = DefaultHasher::new();
    (&*topic.name, topic.generation).hash(&mut hasher);
    format!("{0:016x}{0:016x}", hasher.finish())
}

fn partition(asked: &Asked<'_>, index: i32, log: &Log) -> MetadataResponsePartition {
    let missing = log.leader < 0;
    let every = || asked.scene.nodes.iter().map(|node| node.id).collect();
    let replicas = if log.replicas.is_empty() { every() } else { log.replicas.clone() };
    let is_in_sync = |id: &i32| !asked.scene.concealed.contains(id) && !log.behind.contains(id);
    let in_sync: Vec<BrokerId> = replicas.iter().copied().filter(is_in_sync).map(BrokerId).collect();
    let mut answer = MetadataResponsePartition::default()
        .with_partition_index(index)
        .with_leader_id(BrokerId(log.leader.max(-1)))
        .with_error_code(match log.leader {
            NO_LISTENER => LISTENER_NOT_FOUND,
            _ if missing => LEADER_NOT_AVAILABLE,
            _ => 0,
        })
        .with_isr_nodes(in_sync)
        .with_replica_nodes(replicas.into_iter().map(BrokerId).collect());
    if asked.version >= 5 {
        answer.offline_replicas = log.offline.iter().copied().map(BrokerId).collect();
    }
    if asked.version >= 7 {
        answer.leader_epoch = log.epoch;
    }
    answer
}

pub(super) fn list_offsets(asked: &Asked<'_>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let internal = asked.scene.internal(&topic.name);
        let known = asked.scene.topics.iter().find(|known| known.name == topic.name.as_str()).or(internal.as_ref());
        let partitions =
            topic.partitions.iter().map(|partition| offset(asked, known, partition, request.isolation_level));
        ListOffsetsTopicResponse::default().with_partitions(partitions.collect()).with_name(topic.name)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn offset(
    asked: &Asked<'_>,
    topic: Option<&Topic>,
    partition: &ListOffsetsPartition,
    isolation: i8,
) -> ListOffsetsPartitionResponse {
    let answer = ListOffsetsPartitionResponse::default().with_partition_index(partition.partition_index);
    let log = topic.and_then(|topic| topic.logs.get(usize::try_from(partition.partition_index).ok()?));
    let epoch = partition.current_leader_epoch;
    let code = match (topic, log) {
        (Some(topic), _) if topic.hidden => TOPIC_AUTHORIZATION_FAILED,
        (_, None) => UNKNOWN_TOPIC_OR_PARTITION,
        (_, Some(log)) if log.leader != asked.node.id => NOT_LEADER_OR_FOLLOWER,
        (_, Some(log)) if asked.version >= 4 && (0..log.epoch).contains(&epoch) => FENCED_LEADER_EPOCH,
        (_, Some(log)) if asked.version >= 4 && epoch > log.epoch => UNKNOWN_LEADER_EPOCH,
        _ => 0,
    };
    let code = asked.code(code);
    let Some(log) = log.filter(|_| code == 0) else {
        return answer.with_error_code(code).with_offset(-1);
    };
    let end = if isolation == 1 { log.last_stable } else { log.end };
    let offset = match partition.timestamp {
        -1 => end,
        -2 => log.start,
        -3 if end > log.start => end - 1,
        // The record at an offset was written as many milliseconds after 1970.
        time => Some(time.max(log.start)).filter(|offset| *offset < end).unwrap_or(-1),
    };
    let stamped = offset >= 0 && !matches!(partition.timestamp, -2 | -1);
    let mut answer = answer.with_offset(offset).with_timestamp(if stamped { offset } else { -1 });
    if asked.version >= 4 {
        answer.leader_epoch = log.epoch;
    }
    answer
}

/// `AclOperation.DESCRIBE`.
const DESCRIBE: i32 = 8;
const LEADER_NOT_AVAILABLE: i16 = 5;
const LISTENER_NOT_FOUND: i16 = 72;
