//! Puts together what came from different questions: commits, members and logs become groups.

use std::collections::HashSet;

use super::cluster::Cluster;
use super::commits::Commits;
use super::groups::Listed;
use super::members::Described;
use super::versions::Api;
use crate::lag::{Cause, Committed, Known, Unknown};
use crate::snapshot::{Broker, Group, Kind, Logs, Row, Topic};

/// A group for which everything but its logs has been read.
pub(super) struct Part {
    listed: Listed,
    described: Known<Described>,
    rows: Known<Vec<Row>>,
}

impl Part {
    /// `rank` maps the topics' numbers of `described` and `commits` to their places in the snapshot.
    pub(super) fn new(listed: Listed, described: Known<Described>, commits: Known<Commits>, rank: &[usize]) -> Self {
        let described = described.map(|mut described| {
            described.assigned.iter_mut().for_each(|(topic, ..)| *topic = rank[*topic]);
            described.assigned.sort_unstable();
            described.subscribed =
                described.subscribed.map(|topics| topics.into_iter().map(|topic| rank[topic]).collect());
            described.internal = described.internal.into_iter().map(|topic| rank[topic]).collect();
            described
        });
        let rows = commits.map(|commits| rows(commits, described.as_ref().ok(), rank));
        Self { listed, described, rows }
    }

    /// Whether the group may have commits to topics that nothing else names: what its members subscribe to is not known.
    ///
    /// `OffsetFetch` for all topics leaves those out that the user may not describe, without a word.
    pub(super) fn may_read_unseen(&self) -> bool {
        let subscribed = |described: &Described| {
            described.subscribed.is_some() && described.members.as_ref().is_ok_and(|members| !members.is_empty())
        };
        let dead = |described: &Described| described.state.as_deref() == Ok(DEAD);
        self.rows.is_ok() && self.described.as_ref().map_or(true, |known| !subscribed(known) && !dead(known))
    }

    /// Adds the partitions of topics that the group reads and has nothing to do with yet: they were added to the topic, and the
    /// group has not rebalanced since. A group without members may have been told its partitions one by one.
    pub(super) fn read_whole_topics(&mut self, topics: &[Topic]) {
        let (Ok(rows), Ok(described)) = (&mut self.rows, &self.described) else { return };
        let mut read: Vec<usize> = match &described.subscribed {
            Some(topics) => topics.iter().copied().collect(),
            // A regular expression that the broker knows: what it matches is assigned.
            None => described.assigned.iter().map(|(topic, ..)| *topic).collect(),
        };
        read.sort_unstable();
        read.dedup();
        let known = rows.len();
        for topic in read {
            let Ok(logs) = &topics[topic].partitions else { continue };
            for partition in (0..).take(logs.len()) {
                let added = Row {
                    internal: described.internal.contains(&topic),
                    ..row(topic, partition, Ok(Committed::Never), None, Some(true))
                };
                if rows[..known].binary_search_by_key(&place(&added), place).is_err() {
                    rows.push(added);
                }
            }
        }
        rows.sort_by_key(place);
    }

    /// Completes the group with what the topics' metadata says of permissions; its rows follow those of the groups before it.
    ///
    /// `hides` tells why there may be topics that this user is not shown.
    pub(super) fn into_group(self, topics: &[Topic], hides: Option<&Unknown>, all: &mut Vec<Row>) -> Group {
        let unseen = hides.filter(|_| self.may_read_unseen());
        let Self { listed, described, mut rows } = self;
        let mut gaps = Vec::new();
        let (state, members, assigned, subscribed) = match described {
            Ok(Described { state, members, assigned, subscribed, hindrance, .. }) => {
                gaps.extend(hindrance);
                (state, members, assigned, subscribed)
            }
            Err(cause) => {
                // Where there are no commits either, they tell why.
                if rows.is_ok() {
                    gaps.push(Unknown::because(format!("its members are unknown: {cause}")));
                }
                (listed.state.or(Err(cause.clone())), Err(cause), Vec::new(), None)
            }
        };
        if let Ok(rows) = &mut rows {
            // A task has a number in each topic of its subtopology, also in one with fewer partitions.
            let made_up = |row: &Row| {
                let partitions = topics[row.topic as usize].partitions.as_ref().map_or(usize::MAX, Logs::len);
                row.committed == Ok(Committed::Never) && usize::try_from(row.partition).is_ok_and(|at| at >= partitions)
            };
            rows.retain(|row| listed.kind != Kind::Streams || !made_up(row));
            let mut read = HashSet::new();
            for row in &mut *rows {
                read.insert(row.topic as usize);
                // `OffsetFetch` for all topics leaves those out that the user may not describe, so "never" is not known there.
                if let (Ok(Committed::Never), Err(cause)) = (&row.committed, &topics[row.topic as usize].partitions) {
                    row.committed = Err(cause.clone());
                }
            }
            let mut unseen: Vec<usize> =
                subscribed.into_iter().flatten().filter(|topic| !read.contains(topic)).collect();
            unseen.sort_unstable();
            for topic in unseen {
                if let Err(cause) = &topics[topic].partitions {
                    gaps.push(Unknown::because(format!("subscribed topic {}: {cause}", topics[topic].name)));
                }
            }
        } else if !assigned.is_empty() {
            gaps.push(Unknown::because(format!("{} assigned partitions are not listed", assigned.len())));
        }
        gaps.extend(unseen.map(|why| match why.cause() {
            Cause::Denied(_) => Unknown::of(Cause::Hidden, UNSEEN),
            _ => why.within("whether it reads topics that this user may not describe is unknown"),
        }));
        let rows = rows.map(|rows| {
            let first = all.len();
            all.extend(rows);
            first..all.len()
        });
        Group { name: listed.name, kind: listed.kind, state, members, rows, gaps }
    }
}

/// The state of a group that does not exist.
const DEAD: &str = "Dead";

/// What is said of a group that may have such commits.
const UNSEEN: &str = "this user may not describe every topic, and commits to topics that it may not describe are not shown: grant it DESCRIBE on all topics, or name those that matter in MEERKAT_TOPICS";

/// Commits and assignments of one group, one row a partition, in order.
fn rows(commits: Commits, described: Option<&Described>, rank: &[usize]) -> Vec<Row> {
    let subscribed = |topic| described?.subscribed.as_ref().map(|topics| topics.contains(&topic));
    let row = |topic, partition, committed, member, subscribed| Row {
        internal: described.is_some_and(|described| described.internal.contains(&topic)),
        ..row(topic, partition, committed, member, subscribed)
    };
    let Commits { offsets, unacknowledged } = commits;
    let committed = offsets.into_iter().map(|(number, partition, committed)| {
        let topic = rank[number];
        let row = row(topic, partition, committed, None, subscribed(topic));
        Row { unacknowledged: unacknowledged.get(&(number, partition)).copied(), ..row }
    });
    let mut rows: Vec<Row> = committed.collect();
    rows.sort_unstable_by_key(place);
    rows.dedup_by_key(|row| place(row));
    let mut uncommitted = Vec::new();
    for (topic, partition, member) in described.into_iter().flat_map(|described| described.assigned.iter().copied()) {
        let assigned = row(topic, partition, Ok(Committed::Never), Some(member), Some(true));
        match rows.binary_search_by_key(&place(&assigned), place) {
            Ok(index) => {
                rows[index].member = Some(member);
                rows[index].subscribed = Some(true);
            }
            Err(_) => uncommitted.push(assigned),
        }
    }
    if !uncommitted.is_empty() {
        rows.extend(uncommitted);
        rows.sort_by_key(place);
        rows.dedup_by_key(|row| place(row));
    }
    rows
}

fn row(
    topic: usize,
    partition: i32,
    committed: Known<Committed>,
    member: Option<u32>,
    subscribed: Option<bool>,
) -> Row {
    // There are no more topics than a frame has bytes.
    let topic = u32::try_from(topic).unwrap_or(u32::MAX);
    Row { topic, partition, committed, unacknowledged: None, member, subscribed, internal: false }
}

fn place(row: &Row) -> (u32, i32) {
    (row.topic, row.partition)
}

/// The partitions of each topic that some group has to do with, in order.
pub(super) fn wanted(parts: &[Part], topics: usize) -> Vec<Vec<i32>> {
    let mut wanted: Vec<Vec<i32>> = vec![Vec::new(); topics];
    for row in parts.iter().filter_map(|part| part.rows.as_ref().ok()).flatten() {
        wanted[row.topic as usize].push(row.partition);
    }
    for partitions in &mut wanted {
        partitions.sort_unstable();
        partitions.dedup();
    }
    wanted
}

/// Every broker with the versions chosen for it.
pub(super) fn brokers(cluster: &Cluster<'_>) -> Vec<Broker> {
    cluster
        .describe()
        .into_iter()
        .map(|(id, endpoint, versions)| {
            let versions = versions.map(|versions| {
                Api::ALL.into_iter().filter_map(|api| Some((api.name(), versions.choose(api).ok()?))).collect()
            });
            Broker { id, address: endpoint.to_string(), versions, held_back_ms: cluster.held_back(id) }
        })
        .collect()
}
