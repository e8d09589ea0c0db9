//! What is wrong with the cluster itself, in a report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Report;
use crate::base::moment::rfc3339;
use crate::judge::cluster::ClusterProblem;
use crate::judge::verdict::Verdict;

/// Something that is wrong with the cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClusterProblemEntry<'a> {
    /// `leaderless`, `broker_away`, `replica_offline`, `under_replicated`, `versions_changed` or `versions_differ`.
    kind: Cow<'a, str>,
    /// The same as one sentence.
    pub(crate) what: String,
    brokers: Cow<'a, [i32]>,
    /// The first of them.
    partitions: Vec<PlaceEntry<'a>>,
    partition_count: usize,
    /// The first of those that cannot read because of it.
    groups: Vec<Cow<'a, str>>,
    group_count: usize,
    /// When it was first seen, RFC 3339; `null` where it was there before anything was remembered.
    since: Option<String>,
    /// The status that `MEERKAT_CLUSTER_ALARMS` makes of it; `null` where it makes none.
    alarm: Option<Verdict>,
}

/// A partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PlaceEntry<'a> {
    topic: Cow<'a, str>,
    partition: i32,
}

impl<'a> ClusterProblemEntry<'a> {
    pub(super) fn new(problem: &'a ClusterProblem) -> Self {
        let place = |(topic, partition): &'a (std::sync::Arc<str>, i32)| PlaceEntry {
            topic: Cow::Borrowed(topic),
            partition: *partition,
        };
        Self {
            kind: problem.kind.word().into(),
            what: problem.to_string(),
            brokers: Cow::Borrowed(&problem.brokers),
            partitions: problem.partitions.iter().map(place).collect(),
            partition_count: problem.partition_count,
            groups: problem.groups.iter().map(|group| Cow::Borrowed(&**group)).collect(),
            group_count: problem.group_count,
            since: problem.since_s.map(rfc3339),
            alarm: problem.alarm(),
        }
    }
}

impl Report<'_> {
    /// What is wrong with the cluster, in sentences, and whether it comes first: groups suffer, or it has lasted.
    pub(crate) fn cluster_lines(&self) -> (Vec<&str>, bool) {
        let suffers =
            self.by_status().into_iter().any(|(status, _)| !matches!(status, Verdict::Ok | Verdict::NotFound));
        let comes_first = suffers || self.cluster_problems.iter().any(|problem| problem.alarm.is_some());
        (self.cluster_problems.iter().map(|problem| &*problem.what).collect(), comes_first)
    }
}
