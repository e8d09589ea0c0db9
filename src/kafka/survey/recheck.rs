//! Commits that are in doubt, and asked for once more: where a transaction may hold the first one (KIP-98, KIP-447), and where
//! records seem to be lost.
//!
//! Until its transaction ends a commit is none, and `OffsetFetch` for all topics tells of partitions with a commit alone: what is
//! held is told of partitions that are asked for by name.

use std::rc::Rc;
use std::sync::Arc;

use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::commits::{self, Commits, STABLE, as_number};
use crate::kafka::survey::coordinator;
use crate::kafka::survey::listed::{Listed, SomePartitions};
use crate::kafka::survey::members::Described;
use crate::kafka::survey::names::{Names, Sorted};
use crate::model::lag::Committed;
use crate::model::lags::Lags;
use crate::model::pattern::Patterns;
use crate::model::snapshot::{Kind, Row, Snapshot};
use crate::model::unknown::{Known, Unknown};

/// Adds what transactions hold of groups that have no commit, and of which nothing tells what they read: every partition of the
/// cluster is asked for. Such groups are rare: coordinators drop an empty one within minutes.
pub(crate) async fn of_bare_groups(
    cluster: &Cluster<'_>,
    (groups, members): (&[Listed], &[Known<Described>]),
    commits: &mut [Known<Commits>],
    names: &Names<'_>,
    until: Instant,
) {
    let is_bare = |at: &usize| {
        let none = commits[*at].as_ref().is_ok_and(|commits| commits.offsets.is_empty());
        none && tells(cluster, &groups[*at]) && !members[*at].as_ref().is_ok_and(Described::tells_what_it_reads)
    };
    let bare: Vec<usize> = (0..groups.len()).filter(is_bare).collect();
    if bare.is_empty() {
        return;
    }
    let found = match every_topic(cluster, until).await {
        Err(why) => vec![Err(why); bare.len()],
        Ok(topics) => {
            let partitions: usize = topics.iter().map(|topic| topic.partitions.len()).sum();
            let most = (MOST_PARTITIONS / partitions.max(1)).max(1);
            let again = |at: &usize| {
                let Listed { name, kind, coordinator, .. } = &groups[*at];
                Listed { only: Some(Rc::clone(&topics)), ..Listed::named(name, *kind, coordinator.clone()) }
            };
            let asked: Vec<Listed> = bare.iter().take(most).map(again).collect();
            let mut found = ask(cluster, &asked, names.selected(), until).await;
            let what = format!("a run asks for that of {most} groups without commits on a cluster of this size");
            found.resize(bare.len(), Err(Unknown::because(what)));
            found
        }
    };
    for (at, found) in bare.into_iter().zip(found) {
        let Ok(commits) = &mut commits[at] else { continue };
        match found {
            Err(why) => commits.doubt = Some(why.within(IN_DOUBT)),
            Ok(told) => commits.offsets.extend(told.into_iter().filter_map(|(topic, partition, committed, _)| {
                Some((as_number(names.number(&topic)?), partition, committed))
            })),
        }
    }
}

/// Tells what transactions hold of partitions that a group reads without a commit; each group with its coordinator.
pub(crate) async fn of_partitions(
    cluster: &Cluster<'_>,
    coordinators: Vec<Known<i32>>,
    snapshot: &mut Snapshot,
    until: Instant,
) {
    let (mut places, mut asked) = (Vec::new(), Vec::new());
    for (at, (group, coordinator)) in snapshot.groups.iter().zip(coordinators).enumerate() {
        let never: Vec<&Row> = snapshot.rows_of(group).iter().filter(|row| is_never(row)).collect();
        if never.is_empty() {
            continue;
        }
        let mut again = Listed::named(&group.name, group.kind, coordinator);
        if !tells(cluster, &again) {
            continue;
        }
        let topics = never.chunk_by(|a, b| a.topic == b.topic).map(|run| {
            let name = StrBytes::from_string(snapshot.topic(run[0]).name.to_string());
            SomePartitions { topic: TopicName(name), partitions: run.iter().map(|row| row.partition).collect() }
        });
        again.only = Some(topics.collect());
        places.push(at);
        asked.push(again);
    }
    if asked.is_empty() {
        return;
    }
    for (at, found) in places.into_iter().zip(ask(cluster, &asked, &Patterns::default(), until).await) {
        match found {
            Ok(told) => told.into_iter().for_each(|told| snapshot.replace(at, told)),
            Err(why) => {
                let (why, range) = (why.within(IN_DOUBT), snapshot.groups[at].range());
                for row in snapshot.rows[range].iter_mut().filter(|row| is_never(row)) {
                    row.committed = Err(why.clone());
                }
            }
        }
    }
}

/// Takes over what groups have committed by now that seem to have lost records: a topic that was trimmed up to a commit (Kafka
/// Streams does that behind its own) may have been trimmed between the commit and the log start that were read. Where nobody tells
/// it again, the loss is in doubt.
///
/// Whether there were any.
pub(crate) async fn of_losses(cluster: &Cluster<'_>, snapshot: &mut Snapshot, lags: &Lags, until: Instant) -> bool {
    let groups = snapshot.groups.iter().enumerate();
    let lost = groups.filter(|(_, group)| !lags.lost_in(&group.range()).is_empty());
    let lost: Vec<usize> = lost.map(|(at, _)| at).collect();
    if lost.is_empty() {
        return false;
    }
    let groups = lost.iter().map(|at| &snapshot.groups[*at]);
    let names: Vec<&str> = groups.clone().map(|group| &*group.name).collect();
    let found = coordinator::find(cluster, &names, until).await;
    let asked = groups.zip(found).map(|(group, coordinator)| Listed::named(&group.name, group.kind, coordinator));
    let asked: Vec<Listed> = asked.collect();
    for (at, told) in lost.into_iter().zip(ask(cluster, &asked, &Patterns::default(), until).await) {
        let left_out = || Unknown::because("the coordinator does not return that commit any more");
        let why = told.as_ref().err().cloned().unwrap_or_else(left_out).within(LOSS_IN_DOUBT);
        for row in lags.lost_in(&snapshot.groups[at].range()) {
            snapshot.rows[*row].committed = Err(why.clone());
        }
        let told = told.unwrap_or_default().into_iter().filter(|(_, _, committed, _)| committed.is_ok());
        told.for_each(|told| snapshot.replace(at, told));
    }
    true
}

/// What these groups committed, or are about to, as the coordinator tells it now: the topic's name, the partition, the commit, and
/// of share groups what is not acknowledged behind it.
///
/// With numbers of its own for topics: those of the look would have every topic that is asked about here described.
pub(crate) async fn ask(
    cluster: &Cluster<'_>,
    groups: &[Listed],
    selected: &Patterns,
    until: Instant,
) -> Vec<Known<Vec<(Arc<str>, i32, Known<Committed>, Option<u64>)>>> {
    let names = Names::new(selected);
    let commits = commits::fetch(cluster, groups, &names, until).await;
    let Sorted { names, rank } = names.sorted();
    let names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
    let told = |Commits { offsets, unacknowledged, .. }: Commits| {
        let there = offsets.into_iter().filter(|(.., committed)| *committed != Ok(Committed::Never));
        let told = there.map(|(topic, at, committed)| {
            let left = unacknowledged.get(&(topic as usize, at)).copied();
            (Arc::clone(&names[rank[topic as usize]]), at, committed, left)
        });
        told.collect()
    };
    commits.into_iter().map(|commits| commits.map(told)).collect()
}

/// Every topic that this user may describe.
async fn every_topic(cluster: &Cluster<'_>, until: Instant) -> Known<Rc<[SomePartitions]>> {
    let topics = cluster.metadata(None, until).await?.topics.into_iter().filter(|topic| !topic.is_internal);
    let partitions = topics.filter_map(|topic| {
        let partitions = topic.partitions.iter().map(|at| at.partition_index).collect();
        Some(SomePartitions { topic: topic.name?, partitions })
    });
    Ok(partitions.collect())
}

/// Whether the group's coordinator tells what a transaction holds; share groups commit in none.
fn tells(cluster: &Cluster<'_>, group: &Listed) -> bool {
    let version = group.coordinator.as_ref().ok().and_then(|id| cluster.version(*id, Api::OffsetFetch));
    group.kind != Kind::Share && version.is_some_and(|version| version >= STABLE)
}

fn is_never(row: &Row) -> bool {
    row.committed == Ok(Committed::Never)
}

/// What is not known where nobody answers.
const IN_DOUBT: &str = "whether an open transaction holds the group's first commit is unknown";

/// The same of records that may be lost.
const LOSS_IN_DOUBT: &str = "whether records were deleted unread is unknown";

/// Partitions that groups without commits are asked about, all together: each of them about all of the cluster, and one in any case.
const MOST_PARTITIONS: usize = 200_000;
