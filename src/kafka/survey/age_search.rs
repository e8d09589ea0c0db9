//! Sends the questions of a [`Search`] to the partitions' leaders, one pipelined request per leader and layer; no
//! leader waits for another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::future::join_all;
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};
use tokio::time::{Instant, timeout_at};

use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::messages::{READ_UNCOMMITTED, list_offsets};
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::ask::AskError;
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::topic::DescribedTopic;
use crate::model::age::{Answer, Search, TimeQuestion};
use crate::model::unknown::Unknown;

/// Asks every leader, round after round, until nothing is left to ask; at `until` it stops with what is known.
pub(crate) async fn search(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    topics: &[DescribedTopic],
    search: &mut Search,
    until: Instant,
) {
    let numbers: BTreeMap<&str, u32> = names.iter().map(|name| &**name).zip(0..).collect();
    let (numbers, search) = (&numbers, RefCell::new(search));
    // A leader that is slow or hangs must not use up the rounds of the others.
    let each = cluster.ids().into_iter().map(async |leader| {
        let here = |topic, partition| place(topics, topic, partition).is_some_and(|(id, _)| id == leader);
        while Instant::now() < until {
            let Some(layers) = search.borrow_mut().round(here) else { return };
            let asked = layers.iter().map(|layer| {
                let request = request(names, topics, layer);
                async move { cluster.call(leader, &request, until).await }
            });
            let Ok(answers) = timeout_at(until, join_all(asked)).await else { return };
            for (layer, answer) in layers.iter().zip(answers) {
                take(&mut search.borrow_mut(), layer, answer, numbers);
            }
        }
    });
    join_all(each).await;
}

/// Adds a leader's answers to the questions of one layer.
fn take(
    search: &mut Search,
    layer: &[TimeQuestion],
    answer: Result<ListOffsetsResponse, AskError>,
    numbers: &BTreeMap<&str, u32>,
) {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let refused = Answer::Refused(Unknown::from(error));
            return layer.iter().for_each(|question| search.answer(*question, &refused));
        }
    };
    let timestamps: BTreeMap<(u32, i32), i64> =
        layer.iter().map(|question| ((question.topic, question.partition), question.timestamp)).collect();
    for topic in &answer.topics {
        let Some(number) = numbers.get(topic.name.as_str()).copied() else { continue };
        for partition in &topic.partitions {
            let index = partition.partition_index;
            let Some(timestamp) = timestamps.get(&(number, index)).copied() else { continue };
            let question = TimeQuestion { topic: number, partition: index, timestamp };
            let answer = match (partition.error_code, partition.offset) {
                (0, NO_OFFSET) => Answer::NoRecord,
                (0, offset) => Answer::Record { offset, timestamp: partition.timestamp },
                (code, _) => Answer::Refused(error_codes::unknown(code)),
            };
            search.answer(question, &answer);
        }
    }
}

/// The greatest timestamp can be asked for from `ListOffsets` 7 on (KIP-734).
pub(crate) fn knows_max_timestamp(cluster: &Cluster<'_>, leader: i32) -> bool {
    cluster.version(leader, Api::ListOffsets).is_some_and(|version| version >= WITH_MAX_TIMESTAMP)
}

/// The leader of a partition and its epoch.
fn place(topics: &[DescribedTopic], topic: u32, partition: i32) -> Option<(i32, i32)> {
    topics.get(usize::try_from(topic).ok()?)?.leader(partition)
}

fn request(names: &[Box<str>], topics: &[DescribedTopic], layer: &[TimeQuestion]) -> ListOffsetsRequest {
    let mut by_topic: BTreeMap<&str, Vec<(i32, i32, i64)>> = BTreeMap::new();
    for TimeQuestion { topic, partition, timestamp } in layer {
        let Some((_, epoch)) = place(topics, *topic, *partition) else { continue };
        by_topic.entry(&names[*topic as usize]).or_default().push((*partition, epoch, *timestamp));
    }
    list_offsets(READ_UNCOMMITTED, by_topic)
}

/// The first version that accepts [`MAX_TIMESTAMP`](crate::model::age::MAX_TIMESTAMP).
const WITH_MAX_TIMESTAMP: i16 = 7;

/// The offset in an answer of `ListOffsets` if no record has such a late stamp.
const NO_OFFSET: i64 = -1;
