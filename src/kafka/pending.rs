//! Commits that a transaction still holds (KIP-98, KIP-447): until it ends they are no commits, and a group that has nothing else
//! looks as if it read nothing.

use futures_util::future::join_all;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{GroupId, MetadataRequest, OffsetFetchRequest, TopicName};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::commits::{BATCHED, Commits, as_number};
use super::failure;
use super::groups::Listed;
use super::names::Names;
use super::transport;
use super::versions::Api;
use crate::lag::Known;
use crate::snapshot::Kind;

/// Puts an unknown commit wherever a transaction holds the first one of a group without members or commits.
///
/// `OffsetFetch` for all topics tells of partitions with a commit alone, so every partition of the cluster is asked for by name.
/// Such groups are rare: coordinators drop an empty one within minutes. Where it cannot be asked, they read nothing, as before.
pub(super) async fn tell(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    commits: &mut [Known<Commits>],
    names: &Names<'_>,
    until: Instant,
) {
    let bare = groups.iter().zip(commits).filter_map(|(group, commits)| {
        let commits = commits.as_mut().ok().filter(|commits| commits.offsets.is_empty())?;
        let coordinator = *group.coordinator.as_ref().ok()?;
        let version = cluster.version(coordinator, Api::OffsetFetch).filter(|version| *version >= STABLE)?;
        let is_bare = group.kind != Kind::Share && group.state.as_deref() == Ok(EMPTY);
        is_bare.then_some((group, commits, coordinator, version))
    });
    let bare: Vec<_> = bare.take(MOST).collect();
    if bare.is_empty() {
        return;
    }
    let every = MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(false);
    let ask = |id| cluster.call(id, Api::Metadata, &every, until);
    let Ok(metadata) = transport::race(cluster.readiest(), ask).await else { return };
    let topics: Vec<(TopicName, Vec<i32>)> = metadata
        .topics
        .into_iter()
        .filter(|topic| !topic.is_internal)
        .filter_map(|topic| Some((topic.name?, topic.partitions.iter().map(|at| at.partition_index).collect())))
        .collect();
    let fill = bare.into_iter().map(async |(group, commits, coordinator, version)| {
        let request = request(group, &topics, version);
        let Ok(answer) = cluster.call(coordinator, Api::OffsetFetch, &request, until).await else { return };
        let alone = answer.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|at| (topic.name.as_str(), at.partition_index, at.error_code))
        });
        let together = answer.groups.iter().flat_map(|group| &group.topics).flat_map(|topic| {
            topic.partitions.iter().map(|at| (topic.name.as_str(), at.partition_index, at.error_code))
        });
        for (topic, partition, _) in alone.chain(together).filter(|(.., code)| *code == failure::UNSTABLE_OFFSET) {
            if let Some(topic) = names.number(topic).filter(|_| partition >= 0) {
                commits.offsets.push((as_number(topic), partition, Err(failure::unknown(failure::UNSTABLE_OFFSET))));
            }
        }
    });
    join_all(fill).await;
}

/// Asks for what a group committed to these topics, and for what is about to be.
fn request(group: &Listed, topics: &[(TopicName, Vec<i32>)], version: i16) -> OffsetFetchRequest {
    let id = GroupId(group.id.clone());
    let request = OffsetFetchRequest::default().with_require_stable(true);
    if version >= BATCHED {
        let topics = topics.iter().map(|(name, partitions)| {
            OffsetFetchRequestTopics::default().with_name(name.clone()).with_partition_indexes(partitions.clone())
        });
        let group = OffsetFetchRequestGroup::default().with_group_id(id).with_topics(Some(topics.collect()));
        request.with_groups(vec![group])
    } else {
        let topics = topics.iter().map(|(name, partitions)| {
            OffsetFetchRequestTopic::default().with_name(name.clone()).with_partition_indexes(partitions.clone())
        });
        request.with_group_id(id).with_topics(Some(topics.collect()))
    }
}

/// The state of a group without members.
const EMPTY: &str = "Empty";

/// The first version of `OffsetFetch` that tells a pending commit (KIP-447, Kafka 2.5).
const STABLE: i16 = 7;

/// Groups that are asked about: each question names all partitions of the cluster.
const MOST: usize = 20;
