//! Combines the answers to different requests: commits, members and logs become groups.

use std::sync::Arc;

use crate::kafka::protocol::versions::{Api, Versions};
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::commits::{Commits, as_number};
use crate::kafka::survey::listed::{Listed, Presence};
use crate::kafka::survey::members::Described;
use crate::model::lag::Committed;
use crate::model::snapshot::{Broker, Group, Logs, Row, Topic, Unacknowledged};
use crate::model::unknown::{Cause, Known, Unknown};
use crate::model::watched::Wanted;

/// A group for which everything but its logs has been read, with its topics by number.
pub(crate) struct GroupPart {
    listed: Listed,
    described: Known<Described>,
    commits: Known<Commits>,
}

impl GroupPart {
    /// `rank` maps the topics' numbers of `described` and `commits` to their index in the snapshot.
    pub(crate) fn new(
        listed: Listed,
        mut described: Known<Described>,
        mut commits: Known<Commits>,
        rank: &[usize],
    ) -> Self {
        let negative =
            |described: &Described| described.assigned.iter().map(|(_, partition, _)| *partition).find(|at| *at < 0);
        if let Some(partition) = described.as_ref().ok().and_then(negative) {
            described = Err(Unknown::because(format!("the coordinator returns partition {partition} as assigned")));
        }
        if let Ok(described) = &mut described {
            described.assigned.iter_mut().for_each(|(topic, ..)| *topic = rank[*topic]);
            described.assigned.sort_unstable();
            for topics in described.subscribed.iter_mut().chain([&mut described.internal]) {
                *topics = topics.drain().map(|topic| rank[topic]).collect();
            }
        }
        if let Ok(commits) = &mut commits {
            commits.put_in_order(rank);
        }
        Self { listed, described, commits }
    }

    /// The broker that answers for the group.
    pub(crate) fn coordinator(&self) -> Known<i32> {
        self.listed.coordinator.clone()
    }

    /// Whether no broker lists it, so that it was asked for by name.
    pub(crate) fn is_unlisted(&self) -> bool {
        !matches!(self.listed.seen, Presence::Yes)
    }

    /// The minimum number of its rows.
    pub(crate) fn len(&self) -> usize {
        self.commits.as_ref().map_or(0, Commits::len)
    }

    /// Whether the group may have commits to topics that are named nowhere else: its members' subscriptions are not
    /// known.
    ///
    /// `OffsetFetch` for all topics silently leaves out those that the user may not describe.
    pub(crate) fn may_read_unseen(&self) -> bool {
        self.commits.is_ok() && !self.described.as_ref().is_ok_and(Described::has_known_subscriptions)
    }

    /// The group, with missing permissions from the topics' metadata; its rows follow those of the groups before it.
    ///
    /// `hides` is why there may be topics that this user may not see.
    pub(crate) fn into_group(
        self,
        topics: &[Topic],
        hides: Option<&Unknown>,
        all: &mut Vec<Row>,
        unacknowledged: &mut Unacknowledged,
    ) -> Group {
        let unseen = hides.filter(|_| self.may_read_unseen());
        let Self { listed, described, commits } = self;
        let mut gaps = Vec::new();
        let mut missing_topics = Vec::new();
        let rows = commits.map(|mut commits| {
            let first = all.len();
            gaps.extend(commits.doubt.take());
            append(all, &commits, described.as_ref().ok());
            if let Ok(described) = &described {
                read_whole_topics(all, first, described, topics);
                gaps.extend(not_described(&all[first..], described, topics));
            }
            missing_topics = forget_made_up(all, first, described.as_ref().ok(), topics);
            for run in all[first..].chunk_by_mut(|a, b| a.topic == b.topic) {
                // `OffsetFetch` for all topics leaves out those that the user may not describe, so "never committed"
                // is not certain there.
                let Err(cause) = &topics[run[0].topic as usize].partitions else { continue };
                for row in run.iter_mut().filter(|row| row.committed == Ok(Committed::Never)) {
                    row.committed = Err(cause.clone());
                }
            }
            for (counted, left) in commits.unacknowledged {
                if let Ok(at) = all[first..].binary_search_by_key(&counted, place) {
                    unacknowledged.set(first + at, left);
                }
            }
            first..all.len()
        });
        let (state, members, epoch) = match described {
            Ok(Described { state, members, epoch, hindrance, assigned, .. }) => {
                if rows.is_err() && !assigned.is_empty() {
                    gaps.push(Unknown::because(format!("{} assigned partitions are not listed", assigned.len())));
                }
                gaps.splice(0..0, hindrance);
                (state, members, epoch)
            }
            Err(cause) => {
                // If there are no commits either, they have the cause.
                if rows.is_ok() {
                    gaps.push(Unknown::because(format!("its members are unknown: {cause}")));
                }
                (listed.state.or(Err(cause.clone())), Err(cause), None)
            }
        };
        gaps.extend(unseen.map(|why| match why.cause() {
            Cause::Denied(_) => Unknown::of(Cause::Hidden, UNSEEN),
            _ => why.within("whether it reads topics that this user may not describe is unknown"),
        }));
        let vanished = Vec::new();
        Group { name: listed.name, kind: listed.kind, state, members, epoch, rows, gaps, missing_topics, vanished }
    }
}

/// The reason for a group that may have such commits.
const UNSEEN: &str = "this user may not describe every topic, and commits to topics that it may not describe are not shown: grant it DESCRIBE on all topics, or name those that matter in MEERKAT_TOPICS";

/// Commits and assignments of one group, one row per partition, in order: both are sorted, so one pass over them is
/// enough.
fn append(all: &mut Vec<Row>, commits: &Commits, described: Option<&Described>) {
    let mut assigned = described.map_or(&[][..], |described| &described.assigned);
    let never = |(topic, partition, member)| {
        let mut row = row(topic, partition, Ok(Committed::Never));
        row.internal = described.is_some_and(|described| described.internal.contains(&topic));
        row.assign(member);
        row
    };
    let mut of_topic = None;
    for (topic, partition, committed) in commits.iter() {
        let topic = topic as usize;
        while let Some((next, rest)) = assigned.split_first().filter(|(next, _)| (next.0, next.1) < (topic, partition))
        {
            all.push(never(*next));
            assigned = rest;
        }
        // A topic's error is an error of all its partitions.
        let (subscribed, internal) = match of_topic {
            Some((known, said)) if known == topic => said,
            _ => {
                let subscribed = described.and_then(|described| Some(described.subscribed.as_ref()?.contains(&topic)));
                (subscribed, described.is_some_and(|described| described.internal.contains(&topic)))
            }
        };
        of_topic = Some((topic, (subscribed, internal)));
        let mut row = row(topic, partition, committed);
        (row.subscribed, row.internal) = (subscribed, internal);
        // If several members of a share group read it, the first.
        while let Some((next, rest)) = assigned.split_first().filter(|(next, _)| (next.0, next.1) == (topic, partition))
        {
            if !row.has_member() {
                row.assign(next.2);
            }
            assigned = rest;
        }
        all.push(row);
    }
    for run in assigned.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        all.push(never(run[0]));
    }
}

/// Adds partitions that the group reads and that have no row yet: they were added to the topic, and the group has not
/// rebalanced since. A group without members may read only single partitions.
fn read_whole_topics(all: &mut Vec<Row>, first: usize, described: &Described, topics: &[Topic]) {
    let mut read: Vec<usize> = match &described.subscribed {
        Some(topics) => topics.iter().copied().collect(),
        // A regular expression that only the broker evaluates: its matches are in the assignment.
        None => described.assigned.iter().map(|(topic, ..)| *topic).collect(),
    };
    read.sort_unstable();
    read.dedup();
    let known = all.len();
    for topic in read {
        let Ok(logs) = &topics[topic].partitions else { continue };
        for partition in (0..).take(logs.len()) {
            let mut added = row(topic, partition, Ok(Committed::Never));
            (added.subscribed, added.internal) = (Some(true), described.internal.contains(&topic));
            if all[first..known].binary_search_by_key(&place(&added), place).is_err() {
                all.push(added);
            }
        }
    }
    if all.len() > known {
        all[first..].sort_by_key(place);
    }
}

/// Why nothing is known of topics that the group subscribes to and has no row of.
fn not_described(rows: &[Row], described: &Described, topics: &[Topic]) -> Vec<Unknown> {
    let known = |topic: &usize| rows.binary_search_by_key(topic, |row| row.topic as usize).is_ok();
    let mut unseen: Vec<usize> = described.subscribed.iter().flatten().copied().filter(|topic| !known(topic)).collect();
    unseen.sort_unstable();
    let why = |topic: usize| {
        let cause = topics[topic].partitions.as_ref().err().filter(|_| !topics[topic].is_missing())?;
        Some(Unknown::because(format!("subscribed topic {}: {cause}", topics[topic].name)))
    };
    unseen.into_iter().filter_map(why).collect()
}

/// Leaves out rows of topics that do not exist, and rows without a commit of partitions that their topic does not
/// have; returns those topics, and those that members only subscribe to.
///
/// A member keeps its assignment to a deleted topic until the next rebalance, and a task of Streams has a number in
/// each topic of its subtopology, also in one with fewer partitions.
fn forget_made_up(all: &mut Vec<Row>, first: usize, described: Option<&Described>, topics: &[Topic]) -> Vec<Arc<str>> {
    let subscribed = described.into_iter().flat_map(|described| &described.subscribed).flatten();
    let mut missing: Vec<usize> = subscribed.copied().collect();
    let is_there = |row: &Row| {
        let topic = &topics[row.topic as usize];
        let partitions = topic.partitions.as_ref().map_or(usize::MAX, Logs::len);
        match &row.committed {
            // A commit that is refused for another cause contradicts the metadata.
            Err(why) if why.cause() != Cause::NoTopic => true,
            Ok(Committed::Never) => {
                usize::try_from(row.partition).is_ok_and(|at| at < partitions) && !topic.is_missing()
            }
            _ => !topic.is_missing(),
        }
    };
    if !all[first..].iter().all(is_there) {
        let (there, gone): (Vec<Row>, Vec<Row>) = all.split_off(first).into_iter().partition(is_there);
        all.extend(there);
        missing.extend(gone.iter().map(|row| row.topic as usize));
    }
    missing.retain(|topic| topics[*topic].is_missing());
    missing.sort_unstable();
    missing.dedup();
    missing.into_iter().map(|topic| Arc::clone(&topics[topic].name)).collect()
}

fn row(topic: usize, partition: i32, committed: Known<Committed>) -> Row {
    Row::new(as_number(topic), partition, committed)
}

fn place(row: &Row) -> (u32, i32) {
    (row.topic, row.partition)
}

/// The partitions of each topic that some group reads, in order, as far as the topics have them.
pub(crate) fn highest(parts: &[GroupPart], topics: usize) -> Vec<i32> {
    let mut highest = vec![-1; topics];
    for GroupPart { described, commits, .. } in parts {
        let assigned = described.iter().flat_map(|described| &described.assigned).map(|(topic, at, _)| (*topic, *at));
        let committed = commits.iter().flat_map(Commits::highest).map(|(topic, at)| (topic as usize, at));
        for (topic, partition) in assigned.chain(committed) {
            highest[topic] = highest[topic].max(partition);
        }
    }
    highest
}

/// The partitions of each topic that some group has to do with, or that is watched, in order, as far as the topics have them.
pub(crate) fn wanted(rows: &[Row], watched: &[(usize, Wanted)], topics: &[Topic]) -> Vec<Vec<i32>> {
    let sizes = topics.iter().map(|topic| topic.partitions.as_ref().map_or(0, Logs::len));
    let mut read: Vec<Vec<bool>> = sizes.map(|size| vec![false; size]).collect();
    for (topic, _) in watched {
        read[*topic].fill(true);
    }
    for run in rows.chunk_by(|a, b| a.topic == b.topic) {
        let read = &mut read[run[0].topic as usize];
        for row in run {
            let partition = usize::try_from(row.partition).ok();
            if let Some(read) = partition.and_then(|partition| read.get_mut(partition)) {
                *read = true;
            }
        }
    }
    let wanted = read.iter().map(|read| (0..).zip(read).filter(|(_, read)| **read).map(|(partition, _)| partition));
    wanted.map(Iterator::collect).collect()
}

/// Every broker with the versions chosen for it.
pub(crate) fn brokers(cluster: &Cluster<'_>) -> Vec<Broker> {
    cluster
        .describe()
        .into_iter()
        .map(|(id, endpoint, versions)| {
            let offer = versions.as_ref().ok().map(Versions::offer);
            let versions = versions
                .map(|versions| Api::all().filter_map(|api| Some((api.name(), versions.choose(api).ok()?))).collect());
            Broker { id, address: endpoint.to_string(), versions, offer, held_back_ms: cluster.held_back(id) }
        })
        .collect()
}
