//! Commits that are in doubt, and requested again: a transaction may hold the first one (KIP-98, KIP-447), or records
//! seem to be lost.
//!
//! Until its transaction ends a commit does not count, and `OffsetFetch` for all topics returns only partitions with a
//! commit: a pending commit is returned only for partitions that are requested by name.

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

/// For groups without a commit and with unknown subscriptions: asks for commits pending in open transactions, for
/// every partition of the cluster. Such groups are rare: coordinators drop an empty one within minutes.
pub(crate) async fn of_bare_groups(
    cluster: &Cluster<'_>,
    (groups, members): (&[Listed], &[Known<Described>]),
    commits: &mut [Known<Commits>],
    names: &Names<'_>,
    until: Instant,
) {
    let is_bare = |at: &usize| {
        let none = commits[*at].as_ref().is_ok_and(Commits::is_empty);
        none && returns_pending(cluster, &groups[*at])
            && !members[*at].as_ref().is_ok_and(Described::has_known_subscriptions)
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
            Ok(pending) => {
                for (topic, partition, committed, _) in pending {
                    if let Some(number) = names.number(&topic) {
                        commits.add(as_number(number), partition, committed);
                    }
                }
            }
        }
    }
}

/// Adds pending commits of partitions that a group reads without a commit; each group with its coordinator.
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
        if !returns_pending(cluster, &again) {
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
            Ok(pending) => pending.into_iter().for_each(|commit| snapshot.replace(at, commit)),
            Err(why) => {
                let (why, range) = (why.within(IN_DOUBT), snapshot.groups[at].range());
                for row in snapshot.rows[range].iter_mut().filter(|row| is_never(row)) {
                    row.committed = Err(why.clone());
                }
            }
        }
    }
}

/// Replaces the commits of groups that seem to have lost records by the present ones: a topic that was trimmed up to a
/// commit (Kafka Streams does that behind its own) may have been trimmed between the reads of commit and log start. If
/// a commit cannot be read again, the loss is in doubt.
///
/// Returns whether there were any.
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
    for (at, reread) in lost.into_iter().zip(ask(cluster, &asked, &Patterns::default(), until).await) {
        let left_out = || Unknown::because("the coordinator does not return that commit any more");
        let why = reread.as_ref().err().cloned().unwrap_or_else(left_out).within(LOSS_IN_DOUBT);
        for row in lags.lost_in(&snapshot.groups[at].range()) {
            snapshot.rows[*row].committed = Err(why.clone());
        }
        let reread = reread.unwrap_or_default().into_iter().filter(|(_, _, committed, _)| committed.is_ok());
        reread.for_each(|commit| snapshot.replace(at, commit));
    }
    true
}

/// The present commits of these groups, pending ones included: the topic's name, the partition, the commit, and for
/// share groups the unacknowledged offsets.
///
/// With its own numbers for topics: with those of the run, every topic requested here would be described.
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
    let by_topic = |commits: Commits| {
        let there = commits.iter().filter(|(.., committed)| *committed != Ok(Committed::Never));
        let there = there.map(|(topic, at, committed)| {
            let left = commits.unacknowledged.get(&(topic, at)).copied();
            (Arc::clone(&names[rank[topic as usize]]), at, committed, left)
        });
        there.collect()
    };
    commits.into_iter().map(|commits| commits.map(by_topic)).collect()
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

/// Whether the group's coordinator returns pending commits; share groups have none.
fn returns_pending(cluster: &Cluster<'_>, group: &Listed) -> bool {
    let version = group.coordinator.as_ref().ok().and_then(|id| cluster.version(*id, Api::OffsetFetch));
    group.kind != Kind::Share && version.is_some_and(|version| version >= STABLE)
}

fn is_never(row: &Row) -> bool {
    row.committed == Ok(Committed::Never)
}

/// The message if no broker answers.
const IN_DOUBT: &str = "whether an open transaction holds the group's first commit is unknown";

/// The same for records that may be lost.
const LOSS_IN_DOUBT: &str = "whether records were deleted unread is unknown";

/// Partitions that are requested for groups without commits, all together: for each group all of the cluster, and for
/// at least one group.
const MOST_PARTITIONS: usize = 200_000;
