//! Committed offsets: one `OffsetFetch` for many groups at once where the broker can (KIP-709), one each below; of share groups
//! their start offsets.

use std::collections::HashMap;

use futures_util::future::join_all;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{GroupId, OffsetFetchRequest};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::cluster::Cluster;
use super::coordinator;
use super::failure;
use super::groups::Listed;
use super::names::Names;
use super::settle::{Outcome, Outcomes, failed};
use super::shares;
use super::versions::Api;
use crate::lag::{Committed, Known, Unknown};
use crate::snapshot::Kind;

/// What a group committed.
#[derive(Default)]
pub(super) struct Commits {
    /// (topic by number, partition, offset)
    pub(super) offsets: Vec<(usize, i32, Known<Committed>)>,
    /// Offsets from the start of a share partition on that are not acknowledged, where the coordinator tells it (KIP-1226).
    pub(super) unacknowledged: HashMap<(usize, i32), u64>,
}

/// Fetches the commits of all groups from their coordinators, for every topic that they ever committed to.
pub(super) async fn fetch(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    names: &Names<'_>,
    until: Instant,
) -> Vec<Known<Commits>> {
    coordinator::ask(cluster, groups, PIECE, until, async |broker, indexes| {
        let (share, others): (Vec<usize>, Vec<usize>) =
            indexes.into_iter().partition(|index| groups[*index].kind == Kind::Share);
        let (mut outcomes, share) = tokio::join!(
            fetch_all(cluster, broker, groups, others, names, until),
            shares::fetch(cluster, broker, groups, share, names, until),
        );
        outcomes.extend(share);
        outcomes
    })
    .await
}

async fn fetch_all(
    cluster: &Cluster<'_>,
    broker: i32,
    groups: &[Listed],
    indexes: Vec<usize>,
    names: &Names<'_>,
    until: Instant,
) -> Outcomes<Commits> {
    if indexes.is_empty() {
        return Vec::new();
    }
    let batched = match cluster.ready(broker, until).await {
        Ok(()) => cluster.version(broker, Api::OffsetFetch).is_some_and(|version| version >= BATCHED),
        Err(error) => return failed(&indexes, error),
    };
    if batched {
        return fetch_together(cluster, broker, groups, indexes, names, until).await;
    }
    let each = indexes.iter().map(|index| fetch_one(cluster, broker, &groups[*index], names, until));
    let outcomes = join_all(each).await;
    indexes.into_iter().zip(outcomes).collect()
}

async fn fetch_together(
    cluster: &Cluster<'_>,
    broker: i32,
    groups: &[Listed],
    indexes: Vec<usize>,
    names: &Names<'_>,
    until: Instant,
) -> Outcomes<Commits> {
    let all_topics =
        |index: &usize| OffsetFetchRequestGroup::default().with_group_id(id(&groups[*index])).with_topics(None);
    let request = OffsetFetchRequest::default().with_groups(indexes.iter().map(all_topics).collect());
    let answer = match cluster.call(broker, Api::OffsetFetch, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    let by_name: HashMap<&str, usize> = indexes.iter().map(|index| (&*groups[*index].name, *index)).collect();
    let known = answer.groups.iter().filter_map(|group| Some((*by_name.get(&**group.group_id)?, group)));
    let outcome = known.map(|(index, group)| {
        let topics = group.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|p| (topic.name.as_str(), p.partition_index, p.committed_offset, p.error_code))
        });
        (index, commits(group.error_code, topics, names))
    });
    outcome.collect()
}

async fn fetch_one(
    cluster: &Cluster<'_>,
    broker: i32,
    group: &Listed,
    names: &Names<'_>,
    until: Instant,
) -> Outcome<Commits> {
    let request = OffsetFetchRequest::default().with_group_id(id(group)).with_topics(None);
    match cluster.call(broker, Api::OffsetFetch, &request, until).await {
        Ok(answer) => {
            let topics = answer.topics.iter().flat_map(|topic| {
                let name = topic.name.as_str();
                topic.partitions.iter().map(move |p| (name, p.partition_index, p.committed_offset, p.error_code))
            });
            commits(answer.error_code, topics, names)
        }
        Err(error) => Outcome::from_error(error),
    }
}

fn id(group: &Listed) -> GroupId {
    GroupId(StrBytes::from_string(group.name.to_string()))
}

fn commits<'a>(
    error_code: i16,
    partitions: impl Iterator<Item = (&'a str, i32, i64, i16)>,
    names: &Names<'_>,
) -> Outcome<Commits> {
    if let Some(failed) = Outcome::from_code(error_code) {
        return failed;
    }
    let mut offsets = Vec::with_capacity(partitions.size_hint().0);
    for (topic, partition, offset, error_code) in partitions {
        if failure::coordinator_moved(error_code) {
            return Outcome::from_cause(failure::unknown(error_code));
        }
        let Some(topic) = names.number(topic) else { continue };
        let committed = match (error_code, offset) {
            (0, offset @ 0..) => Ok(Committed::At(offset)),
            (0, NEVER) => Ok(Committed::Never),
            (0, offset) => Err(Unknown::because(format!("the coordinator answers the committed offset {offset}"))),
            (code, _) => Err(failure::unknown(code)),
        };
        offsets.push((topic, partition, committed));
    }
    Outcome::Done(Commits { offsets, unacknowledged: HashMap::new() })
}

/// `OffsetFetch` takes several groups from here on.
const BATCHED: i16 = 8;

/// Groups in one request: several requests in flight cost nothing, and this bounds the size of an answer.
const PIECE: usize = 50;

/// What `OffsetFetch` answers where there is no commit.
const NEVER: i64 = -1;
