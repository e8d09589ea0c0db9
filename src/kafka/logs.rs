//! Where logs start and end: `Metadata` for the leaders, then three pipelined `ListOffsets` to each of them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{Cluster, NO_LEADER};
use super::failure;
use super::offsets::{CONSUMER, EARLIEST, LATEST, READ_COMMITTED, READ_UNCOMMITTED};
use super::pauses;
use super::versions::Api;
use crate::lag::{Known, LogRange, Unknown};
use crate::snapshot::{Logs, Topic};

/// The three questions to each leader.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    HighWatermark,
    LastStable,
}

/// One partition while its three answers come in.
#[derive(Clone, Default)]
struct Reading {
    edges: [Option<i64>; 3],
    failed: Option<(i16, Unknown)>,
}

/// Where a partition's log is to be asked for.
struct Leader {
    id: BrokerId,
    epoch: i32,
}

/// Reads the logs of `wanted[topic]`'s partitions, topics as numbers into `names`.
///
/// It must begin when the commits are in: then a log end can only be later than the commit, and lag never negative.
pub(super) async fn read(
    cluster: &Cluster,
    names: &[Box<str>],
    topics: &mut [Described],
    wanted: &[Vec<i32>],
) -> Vec<Topic> {
    let mut asked: Vec<Vec<i32>> = wanted.to_vec();
    let mut readings: Vec<BTreeMap<i32, Reading>> = names.iter().map(|_| BTreeMap::new()).collect();
    ask(cluster, names, topics, &asked, &mut readings).await;
    // A leader that moved between the metadata and now: both are asked once more.
    let moved = |reading: &Reading| matches!(reading.failed, Some((code, _)) if failure::leader_moved(code));
    for (asked, readings) in asked.iter_mut().zip(&readings) {
        asked.retain(|partition| readings.get(partition).is_some_and(moved));
    }
    let again: Vec<usize> = (0..names.len()).filter(|topic| !asked[*topic].is_empty()).collect();
    if !again.is_empty() && pauses::pauses(cluster.deadline()).next().await {
        let stale: Vec<Box<str>> = again.iter().map(|topic| names[*topic].clone()).collect();
        for (topic, fresh) in again.iter().zip(describe(cluster, &stale).await) {
            topics[*topic] = fresh;
            readings[*topic].retain(|partition, _| asked[*topic].binary_search(partition).is_err());
        }
        ask(cluster, names, topics, &asked, &mut readings).await;
    }
    let described = names.iter().zip(topics.iter()).zip(readings);
    described.map(|((name, topic), readings)| topic.to_topic(name, readings)).collect()
}

/// A topic as the metadata tells it.
pub(super) struct Described {
    /// This user may not describe it.
    hidden: bool,
    id: Option<u128>,
    leaders: Known<Vec<Known<Leader>>>,
}

/// Ids and leaders of topics, in the order of `names`, and, where that is doubted, whether there may be topics that this
/// user is not shown: a broker tells a user who may describe every topic that one does not exist, and others nothing of it.
pub(super) async fn describe_all(cluster: &Cluster, names: &[Box<str>], doubtful: bool) -> (Vec<Described>, bool) {
    if !doubtful {
        return (describe(cluster, names).await, false);
    }
    let asked: Vec<_> = names.iter().cloned().chain([ANY_TOPIC.into()]).collect();
    let mut described = describe(cluster, &asked).await;
    let hides_topics = described.pop().is_some_and(|any| any.hidden);
    (described, hides_topics)
}

/// Ids and leaders of topics, in the order of `names`.
pub(super) async fn describe(cluster: &Cluster, names: &[Box<str>]) -> Vec<Described> {
    if names.is_empty() {
        return Vec::new();
    }
    let asked: Vec<StrBytes> = names.iter().map(|name| StrBytes::from_string(name.to_string())).collect();
    let unknown = |cause: &Unknown| Described { hidden: false, id: None, leaders: Err(cause.clone()) };
    let answer = match cluster.metadata(&asked).await {
        Ok(answer) => answer,
        Err(cause) => return names.iter().map(|_| unknown(&cause)).collect(),
    };
    let mut by_name: BTreeMap<&str, &MetadataResponseTopic> =
        answer.topics.iter().filter_map(|topic| Some((topic.name.as_ref()?.as_str(), topic))).collect();
    let left_out = Unknown::because("the metadata leaves the topic out");
    let described = names.iter().map(|name| by_name.remove(&**name).map_or_else(|| unknown(&left_out), Described::new));
    described.collect()
}

impl Described {
    fn new(topic: &MetadataResponseTopic) -> Self {
        let id = Some(topic.topic_id.as_u128()).filter(|id| *id != 0);
        let leaders = match topic.error_code {
            0 => Ok(leaders(topic)),
            code => Err(Unknown::because(failure::sentence(code))),
        };
        Self { hidden: topic.error_code == failure::TOPIC_AUTHORIZATION_FAILED, id, leaders }
    }

    /// The leader of a partition and its epoch.
    pub(super) fn leader(&self, partition: i32) -> Option<(i32, i32)> {
        let leader = self.leaders.as_ref().ok()?.get(usize::try_from(partition).ok()?)?.as_ref().ok()?;
        Some((leader.id.0, leader.epoch))
    }

    /// The topic before its logs are read.
    pub(super) fn outline(&self, name: &str) -> Topic {
        let partitions = self.leaders.as_ref().map(|leaders| Logs::unread(leaders.len())).map_err(Clone::clone);
        Topic { name: name.into(), id: self.id, partitions }
    }

    fn to_topic(&self, name: &str, mut readings: BTreeMap<i32, Reading>) -> Topic {
        let partitions = self.leaders.as_ref().map_err(Clone::clone).map(|leaders| {
            let ranges = (0..).zip(leaders).map(|(partition, leader)| match leader {
                Ok(_) => readings.remove(&partition).unwrap_or_default().range(),
                Err(cause) => Err(cause.clone()),
            });
            ranges.collect()
        });
        Topic { name: name.into(), id: self.id, partitions }
    }
}

/// The leader of each partition in order; brokers answer partitions in any order.
fn leaders(topic: &MetadataResponseTopic) -> Vec<Known<Leader>> {
    let missing = Unknown::because("the metadata leaves the partition out");
    let mut leaders: Vec<Known<Leader>> = topic.partitions.iter().map(|_| Err(missing.clone())).collect();
    for partition in &topic.partitions {
        let place = usize::try_from(partition.partition_index).ok().and_then(|index| leaders.get_mut(index));
        if let Some(place) = place {
            *place = match (partition.error_code, partition.leader_id) {
                (_, NO_LEADER) => Err(Unknown::because("the partition has no leader")),
                (_, id) => Ok(Leader { id, epoch: partition.leader_epoch }),
            };
        }
    }
    leaders
}

async fn ask(
    cluster: &Cluster,
    names: &[Box<str>],
    topics: &[Described],
    wanted: &[Vec<i32>],
    readings: &mut [BTreeMap<i32, Reading>],
) {
    let mut by_leader: BTreeMap<i32, BTreeMap<usize, Vec<(i32, i32)>>> = BTreeMap::new();
    for (number, (topic, partitions)) in topics.iter().zip(wanted).enumerate() {
        for partition in partitions {
            if let Some((leader, epoch)) = topic.leader(*partition) {
                by_leader.entry(leader).or_default().entry(number).or_default().push((*partition, epoch));
            }
        }
    }
    let questions = by_leader.iter().flat_map(|(leader, partitions)| {
        [Edge::Start, Edge::HighWatermark, Edge::LastStable].map(|edge| async move {
            let request = edge.request(names, partitions);
            (edge, partitions, cluster.call(*leader, Api::ListOffsets, &request).await)
        })
    });
    let answers = join_all(questions).await;
    let numbers: BTreeMap<&str, usize> = names.iter().map(|name| &**name).zip(0..).collect();
    for (edge, asked, answer) in answers {
        match answer {
            Ok(answer) => {
                for topic in &answer.topics {
                    let Some(number) = numbers.get(topic.name.as_str()) else { continue };
                    for partition in &topic.partitions {
                        let reading = readings[*number].entry(partition.partition_index).or_default();
                        reading.take(edge, partition.error_code, partition.offset);
                    }
                }
            }
            Err(error) => {
                let cause = Unknown::from(error);
                for (number, partitions) in asked {
                    for (partition, _) in partitions {
                        readings[*number].entry(*partition).or_default().fail(NO_CODE, cause.clone());
                    }
                }
            }
        }
    }
}

impl Edge {
    /// The question for all partitions of one leader. The epoch makes a leader that is out of date refuse (KIP-320).
    fn request(self, names: &[Box<str>], partitions: &BTreeMap<usize, Vec<(i32, i32)>>) -> ListOffsetsRequest {
        let (timestamp, isolation) = match self {
            Self::Start => (EARLIEST, READ_UNCOMMITTED),
            Self::HighWatermark => (LATEST, READ_UNCOMMITTED),
            Self::LastStable => (LATEST, READ_COMMITTED),
        };
        let topics = partitions.iter().map(|(number, partitions)| {
            let partitions = partitions.iter().map(|(partition, epoch)| {
                ListOffsetsPartition::default()
                    .with_partition_index(*partition)
                    .with_current_leader_epoch(*epoch)
                    .with_timestamp(timestamp)
            });
            ListOffsetsTopic::default()
                .with_name(TopicName(StrBytes::from_string(names[*number].to_string())))
                .with_partitions(partitions.collect())
        });
        ListOffsetsRequest::default()
            .with_replica_id(CONSUMER)
            .with_isolation_level(isolation)
            .with_topics(topics.collect())
    }
}

impl Reading {
    fn take(&mut self, edge: Edge, error_code: i16, offset: i64) {
        match (error_code, offset) {
            (0, 0..) => self.edges[edge as usize] = Some(offset),
            (0, _) => self.fail(NO_CODE, Unknown::because(format!("the leader answers the offset {offset}"))),
            (code, _) => self.fail(code, Unknown::because(failure::sentence(code))),
        }
    }

    fn fail(&mut self, code: i16, cause: Unknown) {
        self.failed.get_or_insert((code, cause));
    }

    fn range(self) -> Known<LogRange> {
        match (self.failed, self.edges) {
            (Some((_, cause)), _) => Err(cause),
            (None, [Some(start), Some(end), last_stable @ Some(_)]) => Ok(LogRange { start, end, last_stable }),
            (None, _) => Err(Unknown::because("the leader's answer leaves the partition out")),
        }
    }
}

/// A failure that is not an error code of Kafka's.
const NO_CODE: i16 = 0;

/// A topic that does not exist, asked for to learn whether this user may describe every topic.
pub(super) const ANY_TOPIC: &str = "meerkat.any-topic-that-does-not-exist";
