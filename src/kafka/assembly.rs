//! Puts together what came from different questions: commits, members and logs become groups.

use std::collections::HashSet;

use super::cluster::Cluster;
use super::commits::Commits;
use super::listed::Listed;
use super::members::Described;
use super::versions::Api;
use crate::lag::{Committed, Known, Unknown};
use crate::snapshot::{Broker, Claim, Group, Topic};

/// A group for which everything but its logs has been read.
pub(super) struct Part {
    listed: Listed,
    described: Known<Described>,
    claims: Known<Vec<Claim>>,
}

impl Part {
    /// `rank` maps the topics' numbers of `described` and `commits` to their places in the snapshot.
    pub(super) fn new(listed: Listed, described: Known<Described>, commits: Known<Commits>, rank: &[usize]) -> Self {
        let described = described.map(|mut described| {
            described.assigned.iter_mut().for_each(|(topic, ..)| *topic = rank[*topic]);
            described.assigned.sort_unstable();
            described.subscribed =
                described.subscribed.map(|topics| topics.into_iter().map(|topic| rank[topic]).collect());
            described
        });
        let claims = commits.map(|commits| claims(commits, described.as_ref().ok(), rank));
        Self { listed, described, claims }
    }

    /// Whether the group may have commits to topics that nothing else names: what its members subscribe to is not known.
    ///
    /// `OffsetFetch` for all topics leaves those out that the user may not describe, without a word.
    pub(super) fn may_read_unseen(&self) -> bool {
        let subscribed = |described: &Described| {
            described.subscribed.is_some() && described.members.as_ref().is_ok_and(|members| !members.is_empty())
        };
        let dead = |described: &Described| described.state.as_deref() == Ok(DEAD);
        self.claims.is_ok() && self.described.as_ref().map_or(true, |known| !subscribed(known) && !dead(known))
    }

    /// Completes the group with what the topics' metadata says of permissions.
    pub(super) fn into_group(self, topics: &[Topic], hides_topics: bool) -> Group {
        let unseen = hides_topics && self.may_read_unseen();
        let Self { listed, described, mut claims } = self;
        let mut gaps = Vec::new();
        let (state, members, assigned, subscribed) = match described {
            Ok(Described { state, members, assigned, subscribed }) => (state, members, assigned, subscribed),
            Err(cause) => {
                // Where there are no commits either, they tell why.
                if claims.is_ok() {
                    gaps.push(Unknown::because(format!("its members are unknown: {cause}")));
                }
                (Err(cause.clone()), Err(cause), Vec::new(), None)
            }
        };
        if let Ok(claims) = &mut claims {
            let mut claimed = HashSet::new();
            for claim in &mut *claims {
                claimed.insert(claim.topic);
                // `OffsetFetch` for all topics leaves those out that the user may not describe, so "never" is not known there.
                if let (Ok(Committed::Never), Err(cause)) = (&claim.committed, &topics[claim.topic].partitions) {
                    claim.committed = Err(cause.clone());
                }
            }
            let mut unseen: Vec<usize> =
                subscribed.into_iter().flatten().filter(|topic| !claimed.contains(topic)).collect();
            unseen.sort_unstable();
            for topic in unseen {
                if let Err(cause) = &topics[topic].partitions {
                    gaps.push(Unknown::because(format!("subscribed topic {}: {cause}", topics[topic].name)));
                }
            }
        } else if !assigned.is_empty() {
            gaps.push(Unknown::because(format!("{} assigned partitions are not listed", assigned.len())));
        }
        if unseen {
            gaps.push(Unknown::because(UNSEEN));
        }
        Group { name: listed.name, kind: listed.kind, state, members, claims, gaps }
    }
}

/// The state of a group that does not exist.
const DEAD: &str = "Dead";

/// What is said of a group that may have such commits.
pub(super) const UNSEEN: &str = "this user may not describe every topic, and commits to topics that it may not describe are not shown: grant it DESCRIBE on all topics, or name those that matter in MEERKAT_TOPICS";

/// Commits and assignments of one group, one claim a partition, in order.
fn claims(commits: Commits, described: Option<&Described>, rank: &[usize]) -> Vec<Claim> {
    let subscribed = |topic| described?.subscribed.as_ref().map(|topics| topics.contains(&topic));
    let mut claims: Vec<Claim> = commits
        .into_iter()
        .map(|(number, partition, committed)| {
            let topic = rank[number];
            Claim { topic, partition, committed, member: None, subscribed: subscribed(topic) }
        })
        .collect();
    claims.sort_unstable_by_key(place);
    claims.dedup_by_key(|claim| place(claim));
    let mut uncommitted = Vec::new();
    for (topic, partition, member) in described.into_iter().flat_map(|described| described.assigned.iter().copied()) {
        match claims.binary_search_by_key(&(topic, partition), place) {
            Ok(index) => {
                claims[index].member = Some(member);
                claims[index].subscribed = Some(true);
            }
            Err(_) => uncommitted.push(Claim {
                topic,
                partition,
                committed: Ok(Committed::Never),
                member: Some(member),
                subscribed: Some(true),
            }),
        }
    }
    if !uncommitted.is_empty() {
        claims.extend(uncommitted);
        claims.sort_by_key(place);
        claims.dedup_by_key(|claim| place(claim));
    }
    claims
}

fn place(claim: &Claim) -> (usize, i32) {
    (claim.topic, claim.partition)
}

/// The partitions of each topic that some group has to do with, in order.
pub(super) fn wanted(parts: &[Part], topics: usize) -> Vec<Vec<i32>> {
    let mut wanted: Vec<Vec<i32>> = vec![Vec::new(); topics];
    for claim in parts.iter().filter_map(|part| part.claims.as_ref().ok()).flatten() {
        wanted[claim.topic].push(claim.partition);
    }
    for partitions in &mut wanted {
        partitions.sort_unstable();
        partitions.dedup();
    }
    wanted
}

/// Every broker with the versions chosen for it.
pub(super) fn brokers(cluster: &Cluster) -> Vec<Broker> {
    cluster
        .describe()
        .map(|(id, endpoint, versions)| {
            let versions = versions.map_err(Clone::clone).map(|versions| {
                Api::ALL.into_iter().filter_map(|api| Some((api.name(), versions.choose(api).ok()?))).collect()
            });
            Broker { id, address: endpoint.to_string(), versions }
        })
        .collect()
}
