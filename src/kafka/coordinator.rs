//! Asking groups' coordinators, and asking again where one is loading or has moved.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{FindCoordinatorRequest, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{CREATES_NOTHING, Cluster};
use super::failure;
use super::groups::Listed;
use super::internal::{Internal, OFFSETS_TOPIC};
use super::offsets::{CONSUMER, LATEST};
use super::pauses;
use super::transport;
use super::versions::Api;
use crate::lag::{Known, Unknown};

/// What one question about one group came to.
pub(super) enum Outcome<T> {
    Done(T),
    /// The coordinator is loading or has moved, with Kafka's error code.
    Moved(i16),
    Failed(Unknown),
}

impl<T> Outcome<T> {
    /// The same, made of another answer.
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(answer) => Outcome::Done(make(answer)),
            Self::Moved(code) => Outcome::Moved(code),
            Self::Failed(why) => Outcome::Failed(why),
        }
    }

    /// Sorts an error code: `None` where there is none.
    pub(super) fn from_error(code: i16) -> Option<Self> {
        match code {
            0 => None,
            code if failure::coordinator_moved(code) => Some(Self::Moved(code)),
            code => Some(Self::Failed(Unknown::because(failure::sentence(code)))),
        }
    }
}

/// Puts a question to the coordinators of all `groups`, side by side, until each has an answer or the deadline is near.
///
/// `ask` gets a broker and the groups to ask it about, as indexes into `groups`, and must say an outcome for each.
pub(super) async fn ask<T>(
    cluster: &Cluster,
    groups: &[Listed],
    ask: impl AsyncFn(i32, Vec<usize>) -> Vec<(usize, Outcome<T>)>,
) -> Vec<Known<T>> {
    let mut answers: Vec<Option<Known<T>>> = groups.iter().map(|_| None).collect();
    let mut coordinators: Vec<Known<i32>> = groups.iter().map(|group| group.coordinator.clone()).collect();
    let mut pending: Vec<usize> = (0..groups.len()).collect();
    let mut pauses = pauses::pauses(cluster.deadline());
    while !pending.is_empty() {
        let mut by_broker: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for index in pending.drain(..) {
            match &coordinators[index] {
                Ok(broker) => by_broker.entry(*broker).or_default().push(index),
                Err(cause) => answers[index] = Some(Err(cause.clone())),
            }
        }
        let outcomes = join_all(by_broker.into_iter().map(|(broker, indexes)| ask(broker, indexes))).await;
        for (index, outcome) in outcomes.into_iter().flatten() {
            answers[index] = Some(match outcome {
                Outcome::Done(answer) => Ok(answer),
                Outcome::Failed(cause) => Err(cause),
                Outcome::Moved(code) => {
                    pending.push(index);
                    Err(Unknown::because(failure::sentence(code)))
                }
            });
        }
        if pending.is_empty() || !pauses.next().await {
            break;
        }
        let names: Vec<&str> = pending.iter().map(|index| &*groups[*index].name).collect();
        for (index, found) in pending.iter().zip(find(cluster, &names).await) {
            // Where nobody knows, the broker of before is asked once more.
            if found.is_ok() {
                coordinators[*index] = found;
            }
        }
    }
    let left_out = || Err(Unknown::because("the coordinator's answer leaves the group out"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(left_out)).collect()
}

/// The coordinator of each named group, from the first broker that answers: in one request from version 4 on (KIP-699),
/// in one each below, pipelined.
pub(super) async fn find(cluster: &Cluster, names: &[&str]) -> Vec<Known<i32>> {
    let able = cluster.ids().filter_map(|id| Some((id, cluster.version(id, Api::FindCoordinator)?)));
    let found = transport::race(able, |(id, version)| async move {
        if version >= BATCHED {
            find_together(cluster, id, names).await
        } else {
            Ok(join_all(names.iter().map(|name| find_one(cluster, id, name))).await)
        }
    });
    found.await.unwrap_or_else(|mut causes| {
        let nobody = || Unknown::because("no broker answers for the group's coordinator");
        vec![Err(causes.pop().unwrap_or_else(nobody)); names.len()]
    })
}

async fn find_together(cluster: &Cluster, id: i32, names: &[&str]) -> Known<Vec<Known<i32>>> {
    let keys = names.iter().map(|name| StrBytes::from_string((*name).into())).collect();
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys);
    let answer = cluster.call(id, Api::FindCoordinator, &request).await?;
    let mut found: HashMap<&str, Known<i32>> = HashMap::new();
    for coordinator in &answer.coordinators {
        found.insert(&coordinator.key, told(coordinator.error_code, coordinator.node_id.0));
    }
    let left_out = || Err(Unknown::because("the answer to FindCoordinator leaves the group out"));
    Ok(names.iter().map(|name| found.remove(name).unwrap_or_else(left_out)).collect())
}

async fn find_one(cluster: &Cluster, id: i32, name: &str) -> Known<i32> {
    let request = FindCoordinatorRequest::default().with_key(StrBytes::from_string(name.into()));
    let answer = cluster.call(id, Api::FindCoordinator, &request).await?;
    told(answer.error_code, answer.node_id.0)
}

fn told(error_code: i16, node: i32) -> Known<i32> {
    match error_code {
        0 => Ok(node),
        code => Err(Unknown::because(failure::sentence(code))),
    }
}

/// The offsets topic, where the metadata told of it; of old brokers it is asked only where it is known to exist, since groups are
/// shown: before 2.8 they create an internal topic when they are asked for its metadata, whatever the request allows.
pub(super) async fn offsets_topic(cluster: &Cluster, groups_are_shown: bool) -> Internal {
    match cluster.offsets() {
        Internal::Unseen(_) if groups_are_shown && creates(cluster) => {
            let name = StrBytes::from_static_str(OFFSETS_TOPIC);
            match cluster.metadata(&[name]).await {
                Ok(answer) => Internal::read(&answer, OFFSETS_TOPIC),
                Err(why) => Internal::Unseen(why),
            }
        }
        told => told.clone(),
    }
}

fn creates(cluster: &Cluster) -> bool {
    cluster.ids().any(|id| cluster.version(id, Api::Metadata).is_some_and(|version| version < CREATES_NOTHING))
}

/// Whether the offsets topic exists, as far as this user may know; where it is hidden, it is taken to exist.
///
/// Brokers before 2.8 create an internal topic when they are asked for its metadata, whatever the request allows. They
/// are asked where its first log ends instead: where nobody knows that log, there is no such topic.
pub(super) async fn exists(cluster: &Cluster, offsets: &Internal, groups_are_shown: bool) -> Known<bool> {
    match offsets {
        Internal::Told(_) => return Ok(true),
        _ if groups_are_shown => return Ok(true),
        Internal::Absent => return Ok(false),
        Internal::Unseen(_) if !creates(cluster) => return Ok(true),
        Internal::Unseen(_) => {}
    }
    let name = TopicName(StrBytes::from_static_str(OFFSETS_TOPIC));
    let partition = ListOffsetsPartition::default().with_timestamp(LATEST);
    let topic = ListOffsetsTopic::default().with_name(name).with_partitions(vec![partition]);
    let request = &ListOffsetsRequest::default().with_replica_id(CONSUMER).with_topics(vec![topic]);
    let answers = join_all(cluster.ids().map(|id| cluster.call(id, Api::ListOffsets, request))).await;
    let mut silent = None;
    for answer in answers {
        match answer {
            Ok(answer) => {
                let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
                if partitions.any(|partition| partition.error_code != failure::UNKNOWN_TOPIC) {
                    return Ok(true);
                }
            }
            Err(error) => silent = Some(Unknown::from(error)),
        }
    }
    silent.map_or(Ok(false), |why| Err(why.within("whether anything was ever committed is unknown")))
}

/// `FindCoordinator` takes several groups from here on.
const BATCHED: i16 = 4;
