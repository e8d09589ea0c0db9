//! Carries the questions of a [`Search`] to the partitions' leaders, one pipelined request per leader and layer.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, timeout_at};

use super::cluster::Cluster;
use super::failure;
use super::logs::DescribedTopic;
use super::messages::{CONSUMER, READ_UNCOMMITTED};
use super::versions::Api;
use crate::age::{Answer, Search, TimeQuestion};
use crate::unknown::Unknown;

/// Asks round after round until nothing is left to ask; at `until` what is known stays known.
pub(super) async fn search(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    topics: &[DescribedTopic],
    search: &mut Search,
    until: Instant,
) {
    let numbers: BTreeMap<&str, u32> = names.iter().map(|name| &**name).zip(0..).collect();
    while Instant::now() < until {
        let Some(layers) = search.round() else { return };
        let requests = layers.iter().flat_map(|layer| by_leader(topics, layer));
        let asked = requests.map(|(leader, questions)| async move {
            let request = request(names, &questions);
            let answer = cluster.call(leader, Api::ListOffsets, &request, until).await;
            (questions, answer)
        });
        let Ok(answers) = timeout_at(until, join_all(asked)).await else { return };
        for (questions, answer) in answers {
            let timestamps: BTreeMap<(u32, i32), i64> = questions
                .iter()
                .map(|(question, _)| ((question.topic, question.partition), question.timestamp))
                .collect();
            match answer {
                Ok(answer) => {
                    for topic in &answer.topics {
                        let Some(number) = numbers.get(topic.name.as_str()).copied() else { continue };
                        for partition in &topic.partitions {
                            let index = partition.partition_index;
                            let Some(timestamp) = timestamps.get(&(number, index)).copied() else { continue };
                            let question = TimeQuestion { topic: number, partition: index, timestamp };
                            let answer = match (partition.error_code, partition.offset) {
                                (0, NO_OFFSET) => Answer::NoRecord,
                                (0, offset) => Answer::Record { offset, timestamp: partition.timestamp },
                                (code, _) => Answer::Refused(failure::unknown(code)),
                            };
                            search.answer(question, &answer);
                        }
                    }
                }
                Err(error) => {
                    let refused = Answer::Refused(Unknown::from(error));
                    for (question, _) in &questions {
                        search.answer(*question, &refused);
                    }
                }
            }
        }
    }
}

/// The greatest timestamp can be asked for from `ListOffsets` 7 on (KIP-734).
pub(super) fn knows_max_timestamp(cluster: &Cluster<'_>, leader: i32) -> bool {
    cluster.version(leader, Api::ListOffsets).is_some_and(|version| version >= WITH_MAX_TIMESTAMP)
}

/// One layer's questions by leader, each with the leader's epoch.
fn by_leader(topics: &[DescribedTopic], layer: &[TimeQuestion]) -> BTreeMap<i32, Vec<(TimeQuestion, i32)>> {
    let mut by_leader: BTreeMap<i32, Vec<(TimeQuestion, i32)>> = BTreeMap::new();
    for question in layer {
        let topic = usize::try_from(question.topic).ok().and_then(|topic| topics.get(topic));
        if let Some((leader, epoch)) = topic.and_then(|topic| topic.leader(question.partition)) {
            by_leader.entry(leader).or_default().push((*question, epoch));
        }
    }
    by_leader
}

fn request(names: &[Box<str>], questions: &[(TimeQuestion, i32)]) -> ListOffsetsRequest {
    let mut by_topic: BTreeMap<u32, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for (question, epoch) in questions {
        by_topic.entry(question.topic).or_default().push(
            ListOffsetsPartition::default()
                .with_partition_index(question.partition)
                .with_current_leader_epoch(*epoch)
                .with_timestamp(question.timestamp),
        );
    }
    let topics = by_topic.into_iter().filter_map(|(number, partitions)| {
        let name = names.get(usize::try_from(number).ok()?)?;
        let name = TopicName(StrBytes::from_string(name.to_string()));
        Some(ListOffsetsTopic::default().with_name(name).with_partitions(partitions))
    });
    ListOffsetsRequest::default()
        .with_replica_id(CONSUMER)
        .with_isolation_level(READ_UNCOMMITTED)
        .with_topics(topics.collect())
}

/// The first version that takes [`MAX_TIMESTAMP`](crate::age::MAX_TIMESTAMP).
const WITH_MAX_TIMESTAMP: i16 = 7;

/// What `ListOffsets` answers where no record is stamped so late.
const NO_OFFSET: i64 = -1;
