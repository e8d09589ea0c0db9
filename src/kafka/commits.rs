//! Committed offsets: one `OffsetFetch` for many groups at once where the broker can (KIP-709), one each below.

use std::collections::HashMap;

use futures_util::stream::{FuturesUnordered, StreamExt};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{GroupId, OffsetFetchRequest};
use kafka_protocol::protocol::StrBytes;

use super::cluster::{AskError, Cluster};
use super::coordinator::{self, Outcome};
use super::failure;
use super::groups::Listed;
use super::names::Names;
use super::versions::Api;
use crate::lag::{Committed, Known, Unknown};

/// What a group committed: (topic by number, partition, offset).
pub(super) type Commits = Vec<(usize, i32, Known<Committed>)>;

/// Fetches the commits of all groups from their coordinators, for every topic that they ever committed to.
pub(super) async fn fetch(cluster: &Cluster, groups: &[Listed], names: &Names<'_>) -> Vec<Known<Commits>> {
    coordinator::ask(cluster, groups, async |broker, indexes| {
        let batched = cluster.version(broker, Api::OffsetFetch).is_some_and(|version| version >= BATCHED);
        let piece = if batched { PIECE } else { 1 };
        let ask = |indexes: Vec<usize>| fetch_piece(cluster, broker, groups, indexes, batched, names);
        let mut running: FuturesUnordered<_> = indexes.chunks(piece).map(|piece| ask(piece.to_vec())).collect();
        let mut outcomes = Vec::with_capacity(indexes.len());
        while let Some(fetched) = running.next().await {
            match fetched {
                Ok(fetched) => outcomes.extend(fetched),
                Err((AskError::TooLarge(..), mut indexes)) if indexes.len() > 1 => {
                    let rest = indexes.split_off(indexes.len() / 2);
                    running.extend([ask(indexes), ask(rest)]);
                }
                Err((error, indexes)) => {
                    let cause = Unknown::from(error);
                    outcomes.extend(indexes.into_iter().map(|index| (index, Outcome::Failed(cause.clone()))));
                }
            }
        }
        outcomes
    })
    .await
}

/// One request for these groups; a failure gives them back.
async fn fetch_piece(
    cluster: &Cluster,
    broker: i32,
    groups: &[Listed],
    indexes: Vec<usize>,
    batched: bool,
    names: &Names<'_>,
) -> Result<Vec<(usize, Outcome<Commits>)>, (AskError, Vec<usize>)> {
    let id = |index: &usize| GroupId(StrBytes::from_string(groups[*index].name.to_string()));
    let mut request = OffsetFetchRequest::default();
    if batched {
        let all_topics = |index| OffsetFetchRequestGroup::default().with_group_id(id(index)).with_topics(None);
        request.groups = indexes.iter().map(all_topics).collect();
    } else if let [index] = indexes[..] {
        request = request.with_group_id(id(&index)).with_topics(None);
    }
    let answer = match cluster.call(broker, Api::OffsetFetch, &request).await {
        Ok(answer) => answer,
        Err(error) => return Err((error, indexes)),
    };
    if let ([index], false) = (&indexes[..], batched) {
        let topics = answer.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|p| (topic.name.as_str(), p.partition_index, p.committed_offset, p.error_code))
        });
        return Ok(vec![(*index, commits(answer.error_code, topics, names))]);
    }
    let by_name: HashMap<&str, usize> = indexes.iter().map(|index| (&*groups[*index].name, *index)).collect();
    let known = answer.groups.iter().filter_map(|group| Some((*by_name.get(&**group.group_id)?, group)));
    let outcome = known.map(|(index, group)| {
        let topics = group.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|p| (topic.name.as_str(), p.partition_index, p.committed_offset, p.error_code))
        });
        (index, commits(group.error_code, topics, names))
    });
    Ok(outcome.collect())
}

fn commits<'a>(
    error_code: i16,
    partitions: impl Iterator<Item = (&'a str, i32, i64, i16)>,
    names: &Names<'_>,
) -> Outcome<Commits> {
    if let Some(failed) = Outcome::from_error(error_code) {
        return failed;
    }
    let mut commits = Vec::with_capacity(partitions.size_hint().0);
    for (topic, partition, offset, error_code) in partitions {
        if failure::coordinator_moved(error_code) {
            return Outcome::Moved(error_code);
        }
        let Some(topic) = names.number(topic) else { continue };
        let committed = match (error_code, offset) {
            (0, offset @ 0..) => Ok(Committed::At(offset)),
            (0, NEVER) => Ok(Committed::Never),
            (0, offset) => Err(Unknown::because(format!("the coordinator answers the committed offset {offset}"))),
            (code, _) => Err(Unknown::because(failure::sentence(code))),
        };
        commits.push((topic, partition, committed));
    }
    Outcome::Done(commits)
}

/// `OffsetFetch` takes several groups from here on.
const BATCHED: i16 = 8;

/// Groups in one request: several requests in flight cost nothing, and this bounds the size of an answer.
const PIECE: usize = 50;

/// What `OffsetFetch` answers where there is no commit.
const NEVER: i64 = -1;
