//! Committed offsets: one `OffsetFetch` for many groups at once if the broker can (KIP-709), else one each; for share
//! groups their start offsets.

use std::collections::HashMap;

use futures_util::future::join_all;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{GroupId, OffsetFetchRequest};
use tokio::time::Instant;

use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::messages::{
    GroupOffsets, GroupOffsetsRequest, PartitionOffset, ShareGroup, ShareOffsetsRequest,
};
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::coordinator::{self, Batch};
use crate::kafka::survey::listed::{Listed, SomePartitions};
use crate::kafka::survey::names::Names;
use crate::kafka::survey::retry::{AskOutcome, Outcomes, failed};
use crate::model::lag::Committed;
use crate::model::snapshot::Kind;
use crate::model::unknown::{Known, Unknown};

/// The commits of a group, with topics by number.
#[derive(Default)]
pub(crate) struct Commits {
    all: Vec<Commit>,
    /// Why a commit could not be read, by topic and partition.
    unread: HashMap<(u32, i32), Unknown>,
    /// Offsets from the start of a share partition on that are not acknowledged, if the coordinator returns it
    /// (KIP-1226).
    pub(crate) unacknowledged: HashMap<(u32, i32), u64>,
    /// Why a transaction may hold more commits.
    pub(crate) doubt: Option<Unknown>,
}

/// One commit, in 16 bytes: there are as many as rows.
#[derive(Clone, Copy)]
struct Commit {
    topic: u32,
    partition: i32,
    /// [`NEVER`] if there is none, [`UNREAD`] if it could not be read.
    offset: i64,
}

impl Commit {
    fn place(&self) -> (u32, i32) {
        (self.topic, self.partition)
    }
}

impl Commits {
    pub(crate) fn add(&mut self, topic: u32, partition: i32, committed: Known<Committed>) {
        let offset = match committed {
            Ok(Committed::At(offset)) => offset,
            Ok(Committed::Never) => NEVER,
            Err(why) => {
                self.unread.insert((topic, partition), why);
                UNREAD
            }
        };
        self.all.push(Commit { topic, partition, offset });
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Topic, partition and offset of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, i32, Known<Committed>)> {
        self.all.iter().map(|commit| {
            let committed = match commit.offset {
                NEVER => Ok(Committed::Never),
                UNREAD => Err(self.unread[&commit.place()].clone()),
                offset => Ok(Committed::At(offset)),
            };
            (commit.topic, commit.partition, committed)
        })
    }

    /// Each topic with its highest partition, once they are in order.
    pub(crate) fn highest(&self) -> impl Iterator<Item = (u32, i32)> {
        self.all.chunk_by(|a, b| a.topic == b.topic).filter_map(|run| run.last().map(Commit::place))
    }

    /// Renumbers topics by `rank`, and sorts by topic and partition, each partition once.
    pub(crate) fn put_in_order(&mut self, rank: &[usize]) {
        let rank = |topic: u32| as_number(rank[topic as usize]);
        let (mut in_order, mut before, mut places) = (true, None, Vec::new());
        for run in self.all.chunk_by_mut(|a, b| a.topic == b.topic) {
            let topic = rank(run[0].topic);
            in_order &= put_in_place(run, &mut places) && before < Some(topic);
            before = Some(topic);
            for commit in run {
                commit.topic = topic;
            }
        }
        if !in_order {
            self.all.sort_by_key(Commit::place);
            self.all.dedup_by_key(|commit| commit.place());
        }
        self.unread = self.unread.drain().map(|((topic, at), why)| ((rank(topic), at), why)).collect();
        self.unacknowledged =
            self.unacknowledged.drain().map(|((topic, at), left)| ((rank(topic), at), left)).collect();
    }
}

/// A topic's number, half as long: there are no more topics than a frame has bytes.
pub(crate) fn as_number(topic: usize) -> u32 {
    u32::try_from(topic).unwrap_or(u32::MAX)
}

/// Brokers return partitions in any order, and usually all of them: then each is put at the index of its number,
/// without sorting. Returns whether that was possible; `places` is memory for it.
fn put_in_place(run: &mut [Commit], places: &mut Vec<Commit>) -> bool {
    let nothing = Commit { topic: 0, partition: -1, offset: NEVER };
    places.clear();
    places.resize(run.len(), nothing);
    for commit in &*run {
        let place = usize::try_from(commit.partition).ok().and_then(|at| places.get_mut(at));
        let Some(place) = place else { return false };
        *place = *commit;
    }
    // A partition that comes twice leaves the place of another one empty.
    let are_all = places.iter().all(|commit| commit.partition >= 0);
    if are_all {
        run.copy_from_slice(places);
    }
    are_all
}

/// Fetches the commits of all groups from their coordinators, for every topic that they ever committed to, or only for
/// the requested partitions.
pub(crate) async fn fetch(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    names: &Names<'_>,
    until: Instant,
) -> Vec<Known<Commits>> {
    coordinator::ask(cluster, groups, "reading the offsets of", PIECE, until, async |batch| {
        let (mut outcomes, share) = tokio::join!(
            fetch_all(batch.of(|kind| kind != Kind::Share), names),
            fetch_starts(batch.of(|kind| kind == Kind::Share), names),
        );
        outcomes.extend(share);
        outcomes
    })
    .await
}

async fn fetch_all(batch: Batch<'_, '_>, names: &Names<'_>) -> Outcomes<Commits> {
    let Batch { cluster, groups, until, broker, ref indexes } = batch;
    if indexes.is_empty() {
        return Vec::new();
    }
    if let Err(error) = cluster.ready(broker, until).await {
        return failed(indexes, error);
    }
    let version = cluster.version(broker, Api::OffsetFetch).unwrap_or_default();
    if version >= BATCHED {
        return fetch_together(&batch, names).await;
    }
    let each = indexes.iter().map(async |index| match &groups[*index] {
        // It cannot return pending commits.
        Listed { only: Some(_), .. } if version < STABLE => AskOutcome::Done(Commits::default()),
        group => fetch_one(cluster, broker, group, names, until).await,
    });
    let outcomes = join_all(each).await;
    batch.indexes.into_iter().zip(outcomes).collect()
}

async fn fetch_together(batch: &Batch<'_, '_>, names: &Names<'_>) -> Outcomes<Commits> {
    let one = |group: &Listed| {
        let topics = group.only.as_ref().map(|only| {
            let topics = only.iter().map(|SomePartitions { topic, partitions }| {
                OffsetFetchRequestTopics::default().with_name(topic.clone()).with_partition_indexes(partitions.clone())
            });
            topics.collect()
        });
        OffsetFetchRequestGroup::default().with_group_id(GroupId(group.id.clone())).with_topics(topics)
    };
    let question = |groups: Vec<&Listed>| {
        let is_stable = groups.iter().any(|group| group.only.is_some());
        let all = groups.into_iter().map(one).collect();
        GroupOffsetsRequest(OffsetFetchRequest::default().with_groups(all).with_require_stable(is_stable))
    };
    let outcomes = |answer: GroupOffsets, by_name: &HashMap<&str, usize>| {
        let known = answer.groups().filter_map(|(name, topics, code)| Some((*by_name.get(name)?, topics, code)));
        let outcomes = known.map(|(index, topics, error_code)| {
            let topics = topics.iter().map(|topic| (topic.0.as_str(), answer.of(topic).iter().copied()));
            (index, commits(error_code, topics, names))
        });
        outcomes.collect()
    };
    batch.ask(question, outcomes).await
}

async fn fetch_one(
    cluster: &Cluster<'_>,
    broker: i32,
    group: &Listed,
    names: &Names<'_>,
    until: Instant,
) -> AskOutcome<Commits> {
    let topics = group.only.as_ref().map(|only| {
        let topics = only.iter().map(|SomePartitions { topic, partitions }| {
            OffsetFetchRequestTopic::default().with_name(topic.clone()).with_partition_indexes(partitions.clone())
        });
        topics.collect()
    });
    let request = OffsetFetchRequest::default().with_require_stable(topics.is_some()).with_topics(topics);
    let request = request.with_group_id(GroupId(group.id.clone()));
    match cluster.call(broker, &request, until).await {
        Ok(answer) => {
            let topics = answer.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter().map(|p| PartitionOffset {
                    partition: p.partition_index,
                    offset: p.committed_offset,
                    error_code: p.error_code,
                });
                (topic.name.as_str(), partitions)
            });
            commits(answer.error_code, topics, names)
        }
        Err(error) => AskOutcome::from_error(error),
    }
}

/// One request for these share groups; start offsets stand in the place of commits.
async fn fetch_starts(batch: Batch<'_, '_>, names: &Names<'_>) -> Outcomes<Commits> {
    let question =
        |groups: Vec<&Listed>| ShareOffsetsRequest { groups: groups.iter().map(|group| group.id.clone()).collect() };
    let outcomes = |answer: Vec<ShareGroup>, by_name: &HashMap<&str, usize>| {
        let known = answer.iter().filter_map(|group| Some((*by_name.get(&*group.name)?, starts(group, names))));
        known.collect()
    };
    batch.ask(question, outcomes).await
}

fn starts(group: &ShareGroup, names: &Names<'_>) -> AskOutcome<Commits> {
    // Deleted between the listing and now: the description reports it.
    if group.error_code == error_codes::GROUP_ID_NOT_FOUND {
        return AskOutcome::Done(Commits::default());
    }
    if let Some(failed) = AskOutcome::from_code(group.error_code) {
        return failed;
    }
    let mut commits = Commits::default();
    for topic in &group.topics {
        let Some(number) = names.number(&topic.name).map(as_number) else { continue };
        for found in &topic.partitions {
            if let Some(why) = useless(&topic.name, found.partition, found.error_code) {
                return AskOutcome::from_cause(why);
            }
            let start = position("start", found.error_code, found.start);
            if let (Ok(Committed::At(_)), Some(lag)) = (&start, found.lag.and_then(|lag| u64::try_from(lag).ok())) {
                commits.unacknowledged.insert((number, found.partition), lag);
            }
            commits.add(number, found.partition, start);
        }
    }
    AskOutcome::Done(commits)
}

fn commits<'a, P>(
    error_code: i16,
    topics: impl Iterator<Item = (&'a str, P)> + Clone,
    names: &Names<'_>,
) -> AskOutcome<Commits>
where
    P: ExactSizeIterator<Item = PartitionOffset>,
{
    // For a group that does not exist Apache Kafka returns no commits; other brokers may return an error.
    if error_code == error_codes::GROUP_ID_NOT_FOUND {
        return AskOutcome::Done(Commits::default());
    }
    if let Some(failed) = AskOutcome::from_code(error_code) {
        return failed;
    }
    let mut commits = Commits::default();
    commits.all.reserve_exact(topics.clone().map(|(_, partitions)| partitions.len()).sum());
    for (name, partitions) in topics {
        let Some(topic) = names.number(name).map(as_number) else { continue };
        for PartitionOffset { partition, offset, error_code } in partitions {
            if let Some(why) = useless(name, partition, error_code) {
                return AskOutcome::from_cause(why);
            }
            commits.add(topic, partition, position("committed", error_code, offset));
        }
    }
    AskOutcome::Done(commits)
}

/// Why a partition of an answer makes it unusable as a whole: it is impossible, or the coordinator has moved.
#[inline]
fn useless(topic: &str, partition: i32, error_code: i16) -> Option<Unknown> {
    if partition >= 0 && error_code == 0 { None } else { spoilt(topic, partition, error_code) }
}

#[cold]
fn spoilt(topic: &str, partition: i32, error_code: i16) -> Option<Unknown> {
    if partition < 0 {
        let what = format!("the coordinator answers for partition {partition} of topic {topic}");
        return Some(Unknown::because(what));
    }
    error_codes::coordinator_moved(error_code).then(|| error_codes::unknown(error_code))
}

/// The position of a group in one partition, by its `what` offset.
#[inline]
fn position(what: &str, error_code: i16, offset: i64) -> Known<Committed> {
    match (error_code, offset) {
        (0, 0..) => Ok(Committed::At(offset)),
        (0, NEVER) => Ok(Committed::Never),
        _ => Err(unread(what, error_code, offset)),
    }
}

#[cold]
fn unread(what: &str, error_code: i16, offset: i64) -> Unknown {
    match error_code {
        0 => Unknown::because(format!("the coordinator answers the {what} offset {offset}")),
        code => error_codes::unknown(code),
    }
}

/// `OffsetFetch` accepts several groups from here on.
pub(crate) const BATCHED: i16 = 8;

/// The first version of `OffsetFetch` with pending commits (KIP-447, Kafka 2.5).
pub(crate) const STABLE: i16 = 7;

/// Groups in one request: several requests in flight cost nothing, and this limits the size of an answer.
const PIECE: usize = 50;

/// The offset if there is no commit, or if a share group has not begun to read (`share.auto.offset.reset`).
const NEVER: i64 = -1;

/// What stands where a commit could not be read. It never leaves this file.
const UNREAD: i64 = -2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits of (topic, partition, offset) in order; topic 0 is named after topic 1.
    fn in_order(given: &[(u32, i32, i64)]) -> Vec<(u32, i32, i64)> {
        let mut commits = Commits::default();
        for (topic, partition, offset) in given {
            let committed = if *offset < 0 { Err(Unknown::because("no")) } else { Ok(Committed::At(*offset)) };
            commits.add(*topic, *partition, committed);
        }
        commits.put_in_order(&[1, 0]);
        let offset = |committed| if let Ok(Committed::At(offset)) = committed { offset } else { -1 };
        commits.iter().map(|(topic, partition, committed)| (topic, partition, offset(committed))).collect()
    }

    #[test]
    fn commits_are_put_in_order_whatever_is_missing_or_comes_twice() {
        assert_eq!(in_order(&[(0, 2, 7), (0, 0, 5), (0, 1, 6)]), [(1, 0, 5), (1, 1, 6), (1, 2, 7)]);
        assert_eq!(in_order(&[(0, 0, 5), (1, 1, 6), (1, 0, -1)]), [(0, 0, -1), (0, 1, 6), (1, 0, 5)]);
        assert_eq!(in_order(&[(0, 3, 7), (0, 1, 5)]), [(1, 1, 5), (1, 3, 7)]);
        assert_eq!(in_order(&[(0, 1, 7), (0, 0, 6), (0, 1, 8)]), [(1, 0, 6), (1, 1, 7)]);
        assert_eq!(in_order(&[(0, 0, 5), (1, 0, 6), (0, 1, 7)]), [(0, 0, 6), (1, 0, 5), (1, 1, 7)]);
    }
}
