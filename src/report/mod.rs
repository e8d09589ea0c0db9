//! The JSON contract: what a run returns. Keys may be added; those that are here stay.
//!
//! `null` stands for "could not tell", with the reason beside it. Groups are in the order of their names, partitions in
//! that of topic and number, so that two reports can be compared line by line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::moment::{rfc3339, rfc3339_ms};
use crate::config::Detail;
use crate::judge::ages::Ages;
use crate::judge::input::Sight;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::snapshot::{Group, Problem, Vanished};

pub mod burrow;
mod fit;
pub mod html;
mod kept;
pub mod openmetrics;
mod partition;
mod totals;

pub use fit::Cut;
pub use kept::{HistoryEntry, MetricsEntry};
pub use partition::PartitionEntry;
pub use totals::Totals;

/// What a run returns.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// The version of the program.
    pub(crate) meerkat: &'static str,
    pub(crate) cluster: &'a str,
    /// The worst group's status: `OK`, `WARN`, `ERR`, `UNKNOWN`, `NOTFOUND`.
    pub status: &'static str,
    #[serde(skip)]
    verdict: Verdict,
    /// Whether everything that was asked for could be read.
    pub(crate) complete: bool,
    /// The minute that the run was scheduled for, RFC 3339.
    pub(crate) scheduled: String,
    /// The moment of the look, when the logs had been read: RFC 3339 with milliseconds.
    pub(crate) checked_at: String,
    /// Seconds from the scheduled minute to that moment; negative where the clock was set back or the minute is yet to come.
    pub(crate) late_s: i64,
    /// Milliseconds that the run took.
    pub(crate) duration_ms: u64,
    /// Sums over all groups, whatever is listed.
    pub(crate) totals: Totals,
    /// What the run asked of Kafka.
    pub(crate) kafka: TrafficEntry,
    /// Every broker of the cluster.
    pub(crate) brokers: Vec<BrokerEntry<'a>>,
    /// The groups.
    pub groups: Vec<GroupEntry<'a>>,
    /// Groups that are no consumer groups, counted by protocol type.
    pub(crate) left_out: &'a BTreeMap<String, usize>,
    /// What the size limit cut away; `null` when nothing.
    pub(crate) cut: Option<Cut>,
    /// What became of the history.
    pub(crate) history: &'a HistoryEntry,
    /// What became of the metrics.
    pub(crate) metrics: &'a MetricsEntry,
    /// What could not be read and belongs to no single group or partition, and what could not be written.
    pub(crate) problems: Vec<ProblemEntry<'a>>,
}

/// Partitions of one topic that a group had and has no more.
#[derive(Debug, Serialize)]
pub struct VanishedEntry<'a> {
    /// `null` where nobody tells it any more.
    topic: Option<&'a str>,
    /// In hexadecimal; `null` on brokers that have none.
    topic_id: Option<String>,
    partitions: &'a [i32],
    /// `deleted`, `no_commit`, `hidden` or `unknown`.
    why: &'static str,
}

impl<'a> VanishedEntry<'a> {
    fn new(vanished: &'a Vanished) -> Self {
        Self {
            topic: vanished.topic.as_deref(),
            topic_id: vanished.id.map(|id| format!("{id:032x}")),
            partitions: &vanished.partitions,
            why: vanished.why.word(),
        }
    }
}

/// What went over the wire to and from Kafka.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct TrafficEntry {
    /// Requests, `ApiVersions` and SASL included.
    pub(crate) requests: u64,
    /// Bytes written, TLS not counted.
    pub(crate) bytes_written: u64,
    /// Bytes read, TLS not counted.
    pub(crate) bytes_read: u64,
}

impl TrafficEntry {
    /// What came after `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            bytes_written: self.bytes_written.saturating_sub(before.bytes_written),
            bytes_read: self.bytes_read.saturating_sub(before.bytes_read),
        }
    }
}

/// One broker.
#[derive(Debug, Serialize)]
pub(crate) struct BrokerEntry<'a> {
    id: i32,
    address: &'a str,
    reachable: bool,
    versions: Option<BTreeMap<&'static str, i16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// That a quota held its answers back.
    #[serde(skip_serializing_if = "Option::is_none")]
    throttled: Option<String>,
}

/// One group.
#[derive(Debug, Serialize)]
pub struct GroupEntry<'a> {
    group: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    state: Option<&'a str>,
    members: Option<usize>,
    status: &'static str,
    reason: &'a str,
    total_lag: Option<u64>,
    /// Whether partitions that could not be read are missing in both.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lag_at_least: bool,
    /// Whether less may be left of a share group than both say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lag_at_most: bool,
    max_lag: Option<u64>,
    lag_seconds: Option<f64>,
    #[serde(flatten)]
    pace: partition::PaceEntry,
    partition_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    warming_up_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    /// Partitions that it had within the last ten runs and has no more, by topic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vanished: Vec<VanishedEntry<'a>>,
    partitions: Vec<PartitionEntry<'a>>,
    #[serde(skip)]
    severity: u8,
}

/// What could not be read or written.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemEntry<'a> {
    #[serde(rename = "where")]
    place: &'a str,
    what: String,
}

/// What a report says besides the groups.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The minute that the run was scheduled for, in seconds since 1970.
    pub scheduled: i64,
    /// When the logs had been read, in milliseconds since 1970.
    pub checked_at_ms: i64,
    /// Milliseconds that the run took.
    pub duration_ms: u64,
    /// What the run asked of Kafka.
    pub kafka: TrafficEntry,
    /// What became of the history.
    pub history: &'a HistoryEntry,
    /// What became of the metrics.
    pub metrics: &'a MetricsEntry,
    /// How much of the partitions to list.
    pub detail: Detail,
    /// Bytes that the report may have; `None` for no limit.
    pub limit: Option<usize>,
}

impl<'a> Report<'a> {
    /// Puts the report together; `problems` are told besides those of the snapshot.
    #[must_use]
    pub fn new(
        frame: Frame<'a>,
        sight: Sight<'a>,
        judged: &'a Judged,
        ages: &Ages<'_>,
        problems: &'a [Problem],
    ) -> Self {
        let Sight { snapshot, lags, .. } = sight;
        let groups: Vec<GroupEntry<'a>> = snapshot
            .groups
            .iter()
            .zip(&judged.groups)
            .map(|(group, judged_group)| {
                let listed = group.range().filter(|row| match frame.detail {
                    Detail::Groups => false,
                    Detail::Problems => {
                        judged.rows[*row].verdict != Verdict::Ok || !judged.rows[*row].findings.is_empty()
                    }
                    Detail::All => true,
                });
                GroupEntry {
                    group: &group.name,
                    kind: group.kind.name(),
                    state: group.state.as_deref().ok(),
                    members: group.members.as_ref().ok().map(Vec::len),
                    status: judged_group.verdict.word(),
                    reason: &judged_group.reason,
                    total_lag: judged_group.total_lag,
                    lag_at_least: judged_group.at_least && judged_group.total_lag.is_some(),
                    lag_at_most: judged_group.at_most && !judged_group.at_least,
                    max_lag: judged_group.max_lag,
                    lag_seconds: ages.seconds(group.range()),
                    pace: partition::PaceEntry::of(judged_group.pace),
                    partition_count: group.range().len(),
                    warming_up_seconds: judged_group.warming_up_s,
                    gaps: group.gaps.iter().map(ToString::to_string).collect(),
                    vanished: group.vanished.iter().map(VanishedEntry::new).collect(),
                    partitions: listed
                        .map(|row| PartitionEntry::new(sight, group, row, &judged.rows[row], ages.of(row)))
                        .collect(),
                    severity: judged_group.verdict.severity(),
                }
            })
            .collect();
        let mut problems: Vec<_> = snapshot.problems.iter().chain(problems).map(ProblemEntry::new).collect();
        let brokers: Vec<_> = snapshot.brokers.iter().map(BrokerEntry::new).collect();
        let worst = judged.groups.iter().map(|group| group.verdict).max_by_key(|verdict| verdict.severity());
        let unread = problems.len() + brokers.iter().filter(|broker| !broker.reachable).count();
        let status = match worst.unwrap_or(Verdict::Ok) {
            Verdict::Ok if unread > 0 => Verdict::Unknown,
            worst => worst,
        };
        // What is unknown for want of a history that was never asked for has been read all the same.
        let whole = |group: &Group| group.untold().is_none();
        let complete = unread == 0 && snapshot.groups.iter().all(whole) && lags.are_whole();
        // What could not be written takes nothing from what was read.
        let (history, metrics) = (frame.history, frame.metrics);
        let unkept = history.problems.iter().map(|what| ("history", what));
        let unpublished = metrics.refused.iter().chain(&metrics.problems).map(|what| ("metrics", what));
        problems.extend(unkept.chain(unpublished).map(|(place, what)| ProblemEntry { place, what: what.clone() }));
        let mut report = Self {
            meerkat: env!("CARGO_PKG_VERSION"),
            cluster: frame.cluster,
            status: status.word(),
            verdict: status,
            complete,
            scheduled: rfc3339(frame.scheduled),
            checked_at: rfc3339_ms(frame.checked_at_ms),
            late_s: frame.checked_at_ms.div_euclid(1_000) - frame.scheduled,
            duration_ms: frame.duration_ms,
            totals: Totals::new(snapshot, judged),
            kafka: frame.kafka,
            brokers,
            groups,
            left_out: &snapshot.left_out,
            cut: None,
            history: frame.history,
            metrics: frame.metrics,
            problems,
        };
        if let Some(limit) = frame.limit {
            report.fit(limit);
        }
        report
    }

    /// The report as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Names are UTF-8 and map keys are strings, so nothing here can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The status as a verdict.
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl<'a> BrokerEntry<'a> {
    fn new(broker: &'a crate::model::snapshot::Broker) -> Self {
        Self {
            id: broker.id,
            address: &broker.address,
            reachable: broker.versions.is_ok(),
            versions: broker.versions.as_ref().ok().map(|versions| versions.iter().copied().collect()),
            reason: broker.versions.as_ref().err().map(ToString::to_string),
            throttled: broker.throttled(),
        }
    }
}

impl<'a> ProblemEntry<'a> {
    fn new(problem: &'a Problem) -> Self {
        Self { place: &problem.place, what: problem.what.to_string() }
    }
}
