//! The JSON contract: the answer of a run. Keys may be added; existing ones stay.
//!
//! `null` means that a value is not known; the reason is beside it. Groups come worst first ([`GroupEntry::rank`]),
//! partitions in the order of topic and number. Terminal, page and widget draw the same types, and [`Report::parse`]
//! reads them from a saved report.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::figures::{seconds, span};
use crate::base::moment::{rfc3339, rfc3339_ms};
use crate::config::Detail;
use crate::judge::ages::Ages;
use crate::judge::cluster::ClusterProblem;
use crate::judge::flow::LOSS_SHOWN_S;
use crate::judge::input::Sight;
use crate::judge::outcome::{Judged, JudgedGroup};
use crate::judge::verdict::Verdict;
use crate::judge::watched::JudgedTopic;
use crate::model::age::{Age, Bound};
use crate::model::pattern::Rules;
use crate::model::snapshot::{Group, OTHER_TOPICS, Problem, Vanished};
use crate::model::turnover::Storm;

pub mod burrow;
mod cluster;
mod diagnosis;
mod fit;
pub mod history;
pub mod html;
mod kept;
mod members;
pub mod openmetrics;
mod partition;
mod rate;
pub(crate) mod sums;
mod totals;
mod watched;

use cluster::ClusterProblemEntry;
pub use diagnosis::DiagnosisEntry;
pub use fit::Cut;
pub use kept::{HistoryEntry, MetricsEntry, OtlpEntry};
pub(crate) use members::MemberSum;
use members::{HostEntry, MemberEntry};
pub use partition::PartitionEntry;
pub use rate::{RateEntry, WatchEntry};
pub use totals::Totals;
use watched::WatchedEntry;

/// The answer of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report<'a> {
    /// The version of the program.
    #[serde(default)]
    pub(crate) meerkat: Cow<'a, str>,
    pub(crate) cluster: Cow<'a, str>,
    /// The worst group's status: `OK`, `WARN`, `ERR`, `UNKNOWN`, `NOTFOUND`; the cluster's too where `MEERKAT_CLUSTER_ALARMS` says so.
    pub status: Verdict,
    /// Whether everything that was requested could be read.
    pub(crate) complete: bool,
    /// The minute that the run was scheduled for, RFC 3339.
    pub(crate) scheduled: String,
    /// The moment of the snapshot, when the logs had been read: RFC 3339 with milliseconds.
    #[serde(default)]
    pub(crate) checked_at: String,
    /// Seconds from the scheduled minute to that moment; negative if the clock was set back or the minute is in the
    /// future.
    #[serde(default)]
    pub(crate) late_s: i64,
    /// Milliseconds that the run took.
    pub(crate) duration_ms: u64,
    /// Sums over all groups, whether listed or not.
    #[serde(default)]
    pub(crate) totals: Totals,
    /// The run's traffic with Kafka.
    #[serde(default)]
    pub(crate) kafka: TrafficEntry,
    /// Every broker of the cluster.
    #[serde(default)]
    pub(crate) brokers: Vec<BrokerEntry<'a>>,
    /// One process takes several snapshots; absent in a single run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) watch: Option<WatchEntry>,
    /// What is wrong with the cluster itself, the worst first.
    #[serde(default)]
    pub(crate) cluster_problems: Vec<ClusterProblemEntry<'a>>,
    /// The topics that are watched although no group may read them, the worst first; absent where none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) watched: Vec<WatchedEntry<'a>>,
    /// The groups, the worst first.
    pub groups: Vec<GroupEntry<'a>>,
    /// Groups that are left out, counted: those that are no consumer groups by protocol type, those that read no
    /// selected topic as `other topics`.
    #[serde(default)]
    pub(crate) left_out: Cow<'a, BTreeMap<String, usize>>,
    /// What the size limit left out; `null` if nothing.
    pub(crate) cut: Option<Cut>,
    /// The history in this run.
    #[serde(default)]
    pub(crate) history: HistoryEntry,
    /// The metrics in this run.
    #[serde(default)]
    pub(crate) metrics: MetricsEntry,
    /// What could not be read and belongs to no single group or partition, and what could not be written.
    #[serde(default)]
    pub(crate) problems: Vec<ProblemEntry<'a>>,
}

/// The traffic to and from Kafka.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrafficEntry {
    /// Requests, `ApiVersions` and SASL included.
    pub(crate) requests: u64,
    /// Bytes written, TLS not counted.
    pub(crate) bytes_written: u64,
    /// Bytes read, TLS not counted.
    pub(crate) bytes_read: u64,
}

impl TrafficEntry {
    /// The traffic after `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            bytes_written: self.bytes_written.saturating_sub(before.bytes_written),
            bytes_read: self.bytes_read.saturating_sub(before.bytes_read),
        }
    }
}

/// One broker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BrokerEntry<'a> {
    id: i32,
    address: Cow<'a, str>,
    reachable: bool,
    versions: Option<BTreeMap<Cow<'a, str>, i16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// A quota delayed its answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    throttled: Option<String>,
}

/// One group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupEntry<'a> {
    /// Its name.
    pub group: Cow<'a, str>,
    /// What people call it, where a framework made its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) named: Option<String>,
    /// Who owns it, by `MEERKAT_OWNERS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<Cow<'a, str>>,
    #[serde(rename = "type", default)]
    pub(crate) kind: Cow<'a, str>,
    pub(crate) state: Option<Cow<'a, str>>,
    pub(crate) members: Option<usize>,
    /// The verdict.
    pub status: Verdict,
    pub(crate) reason: Cow<'a, str>,
    /// What this snapshot shows besides the lag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finding: Option<Cow<'a, str>>,
    /// Why it is not OK, and what to do next; absent where it is OK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisEntry<'a>>,
    pub(crate) total_lag: Option<u64>,
    /// Whether partitions that could not be read are missing in both.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) lag_at_least: bool,
    /// Whether less may be left of a share group than both state.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) lag_at_most: bool,
    /// The largest lag of its partitions.
    pub max_lag: Option<u64>,
    pub(crate) lag_seconds: Option<f64>,
    /// `at_most` or `at_least`, if the age is a bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lag_seconds_bound: Option<Cow<'a, str>>,
    #[serde(flatten)]
    pub(crate) pace: partition::PaceEntry,
    /// That it rebalances again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rebalances: Option<RebalancesEntry>,
    /// How fast records come and are read, where an earlier snapshot is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<RateEntry>,
    /// Seconds until records are deleted that it has not read, at the pace of the last run; absent where none will be, or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) loss_ahead_seconds: Option<u64>,
    #[serde(default)]
    pub(crate) partition_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warming_up_seconds: Option<i64>,
    /// The status that was published earlier and that this run did not see end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_known: Option<LastKnownEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) gaps: Vec<String>,
    /// Topics that do not exist, so that nothing can be read of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) missing_topics: Vec<Cow<'a, str>>,
    /// Partitions that it had within the last ten runs and no longer has, by topic.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) vanished: Vec<VanishedEntry<'a>>,
    /// What each member reads, where every partition is listed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) by_member: Vec<MemberEntry<'a>>,
    /// The same by host.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) by_host: Vec<HostEntry<'a>>,
    pub(crate) partitions: Vec<PartitionEntry<'a>>,
}

/// That a group rebalances again and again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct RebalancesEntry {
    count: u32,
    /// Within so many minutes.
    minutes: i64,
    /// Whether there may have been more: a classic group's are seen by its members, once between two snapshots.
    at_least: bool,
    /// In how many runs in a row the members had changed, where that is the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_in_runs: Option<u32>,
}

impl RebalancesEntry {
    fn new(Storm { rebalances, minutes, at_least, runs }: Storm) -> Self {
        Self { count: rebalances, minutes, at_least, changed_in_runs: runs }
    }
}

/// Partitions of one topic that a group had and has no more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VanishedEntry<'a> {
    /// `null` if it is no longer known.
    topic: Option<Cow<'a, str>>,
    /// In hexadecimal; `null` at brokers without ids.
    topic_id: Option<String>,
    partitions: Cow<'a, [i32]>,
    /// `deleted`, `recreated`, `no_commit`, `hidden` or `unknown`.
    why: Cow<'a, str>,
}

impl<'a> VanishedEntry<'a> {
    fn new(vanished: &'a Vanished) -> Self {
        Self {
            topic: vanished.topic.as_deref().map(Cow::Borrowed),
            topic_id: vanished.id.map(|id| format!("{id:032x}")),
            partitions: Cow::Borrowed(&vanished.partitions),
            why: Cow::Borrowed(vanished.why.word()),
        }
    }
}

/// A status that was published earlier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LastKnownEntry {
    pub(crate) status: Verdict,
    /// The scheduled minute of the last run that could read the group, RFC 3339.
    pub(crate) at: String,
}

/// What could not be read or written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProblemEntry<'a> {
    #[serde(rename = "where")]
    place: Cow<'a, str>,
    what: String,
}

/// The content of a report besides the groups.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The minute that the run was scheduled for, in seconds since 1970.
    pub scheduled: i64,
    /// When the logs had been read, in milliseconds since 1970.
    pub checked_at_ms: i64,
    /// Milliseconds that the run took.
    pub duration_ms: u64,
    /// The run's traffic with Kafka.
    pub kafka: TrafficEntry,
    /// The history in this run.
    pub history: HistoryEntry,
    /// The metrics in this run.
    pub metrics: MetricsEntry,
    /// One process takes several snapshots.
    pub watch: Option<WatchEntry>,
    /// By group, how fast records arrive and are read; empty if there is only one snapshot.
    pub rates: Vec<Option<RateEntry>>,
    /// Which partitions to list.
    pub detail: Detail,
    /// Who owns a group, by its name.
    pub owners: &'a Rules<Option<Box<str>>>,
    /// What is wrong with the cluster itself, and whether that is an alarm by itself.
    pub cluster_problems: (&'a [ClusterProblem], bool),
    /// The topics that are watched.
    pub watched: &'a [JudgedTopic],
    /// Bytes that the report may have; `None` for no limit.
    pub limit: Option<usize>,
}

impl<'a> Report<'a> {
    /// Builds the report; `problems` are added to those of the snapshot.
    #[must_use]
    pub fn new(
        frame: Frame<'a>,
        sight: Sight<'a>,
        judged: &'a Judged,
        ages: &Ages<'_>,
        problems: &'a [Problem],
    ) -> Self {
        let Sight { snapshot, lags, .. } = sight;
        let mut rates = frame.rates.into_iter();
        let entry = |((group, judged_group), at): ((&'a Group, &'a JudgedGroup), usize)| {
            let allowed_lag = sight.thresholds.get(at).map_or(0, |thresholds| thresholds.allowed_lag);
            let listed = group.range().filter(|row| match frame.detail {
                Detail::Groups => false,
                Detail::Problems => judged.rows[*row].verdict != Verdict::Ok || !judged.rows[*row].findings.is_empty(),
                Detail::All => true,
            });
            let oldest = ages.oldest(group.range());
            let by_member =
                if frame.detail == Detail::All { members::by_member(sight, group, ages) } else { Vec::new() };
            GroupEntry {
                group: Cow::Borrowed(&group.name),
                named: group.named(),
                owner: frame.owners.of(&group.name).as_deref().map(Cow::Borrowed),
                kind: group.kind.name().into(),
                state: group.state.as_deref().ok().map(Cow::Borrowed),
                members: group.members.as_ref().ok().map(Vec::len),
                status: judged_group.verdict,
                reason: Cow::Borrowed(&judged_group.reason),
                finding: judged_group.finding.as_deref().map(Cow::Borrowed),
                diagnosis: judged_group.diagnosis.as_deref().map(|diagnosis| DiagnosisEntry::new(diagnosis, snapshot)),
                total_lag: judged_group.total_lag,
                lag_at_least: judged_group.at_least && judged_group.total_lag.is_some(),
                lag_at_most: judged_group.at_most && !judged_group.at_least,
                max_lag: judged_group.max_lag,
                lag_seconds: oldest.and_then(Age::seconds),
                lag_seconds_bound: oldest.and_then(Age::bound).map(|bound| bound.word().into()),
                pace: partition::PaceEntry::of(judged_group.pace),
                rebalances: judged_group.storm.map(RebalancesEntry::new),
                rate: rates.next().flatten(),
                loss_ahead_seconds: judged_group.loss_ahead_s,
                partition_count: group.range().len(),
                warming_up_seconds: judged_group.warming_up_s,
                last_known: judged_group
                    .last_known
                    .map(|last| LastKnownEntry { status: last.verdict(), at: rfc3339(last.at_s) }),
                gaps: group.gaps.iter().map(ToString::to_string).collect(),
                missing_topics: group.missing_topics.iter().map(|topic| Cow::Borrowed(&**topic)).collect(),
                vanished: group.vanished.iter().map(VanishedEntry::new).collect(),
                by_host: members::by_host(&by_member),
                by_member,
                partitions: listed
                    .map(|row| PartitionEntry::new(sight, (group, allowed_lag), row, &judged.rows[row], ages.of(row)))
                    .collect(),
            }
        };
        let mut groups: Vec<GroupEntry<'a>> = snapshot.groups.iter().zip(&judged.groups).zip(0..).map(entry).collect();
        groups.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let mut problems: Vec<_> = snapshot.problems.iter().chain(problems).map(ProblemEntry::new).collect();
        let brokers: Vec<_> = snapshot.brokers.iter().map(BrokerEntry::new).collect();
        let worst = judged.groups.iter().map(|group| group.verdict).max_by_key(|verdict| verdict.severity());
        let unread = problems.len() + brokers.iter().filter(|broker| !broker.reachable).count();
        let (cluster_problems, alarms) = frame.cluster_problems;
        let alarms = cluster_problems.iter().filter(|_| alarms).filter_map(ClusterProblem::alarm);
        let status = match worst.unwrap_or(Verdict::Ok) {
            Verdict::Ok if unread > 0 => Verdict::Unknown,
            worst => worst,
        };
        let watched = frame.watched.iter().map(|topic| topic.verdict);
        let status = alarms.chain(watched).chain([status]).max_by_key(|verdict| verdict.severity()).unwrap_or(status);
        // What is unknown for want of a history that was never asked for has been read all the same.
        let whole = |group: &Group| group.incomplete().is_none();
        let complete = unread == 0
            && snapshot.groups.iter().all(whole)
            && lags.are_whole()
            && !frame.watched.iter().any(|topic| topic.verdict == Verdict::Unknown);
        // What could not be written does not change what was read.
        let (history, metrics) = (frame.history, frame.metrics);
        let unkept = history.problems.iter().map(|what| ("history", what));
        let unpublished = metrics.refused.iter().chain(&metrics.problems).map(|what| ("metrics", what));
        let unwritten = unkept.chain(unpublished);
        problems.extend(unwritten.map(|(place, what)| ProblemEntry { place: place.into(), what: what.clone() }));
        let mut report = Self {
            meerkat: env!("CARGO_PKG_VERSION").into(),
            cluster: frame.cluster.into(),
            status,
            complete,
            scheduled: rfc3339(frame.scheduled),
            checked_at: rfc3339_ms(frame.checked_at_ms),
            late_s: frame.checked_at_ms.div_euclid(1_000) - frame.scheduled,
            duration_ms: frame.duration_ms,
            totals: Totals::new(&groups, snapshot.rows.len()),
            kafka: frame.kafka,
            brokers,
            watch: frame.watch,
            cluster_problems: cluster_problems.iter().map(ClusterProblemEntry::new).collect(),
            watched: frame.watched.iter().map(WatchedEntry::new).collect(),
            groups,
            left_out: Cow::Borrowed(&snapshot.left_out),
            cut: None,
            history,
            metrics,
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

    /// Parses a report's JSON, of this build or another one.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut report: Self = serde_json::from_str(json)?;
        report.groups.sort_by(|one, other| one.rank().cmp(&other.rank()));
        if report.totals.by_status.is_empty() {
            let partitions = report.groups.iter().map(|group| group.partition_count).sum();
            report.totals = Totals::new(&report.groups, partitions);
        }
        Ok(report)
    }

    /// The same with only some of its groups; its sums stay.
    #[must_use]
    pub fn of_groups(&self, keep: impl Fn(&GroupEntry<'_>) -> bool) -> Report<'_> {
        Report { groups: self.groups.iter().filter(|group| keep(group)).cloned().collect(), ..self.clone() }
    }

    /// Everything that could not be read or written, as (place, what), the most important first.
    pub(crate) fn trouble(&self) -> Vec<(Cow<'_, str>, &str)> {
        let unreachable = self.brokers.iter().filter(|broker| !broker.reachable).map(|broker| {
            let place = format!("broker {} ({})", broker.id, broker.address);
            (place.into(), broker.reason.as_deref().unwrap_or("could not be reached"))
        });
        let problems = self.problems.iter().map(|problem| (Cow::Borrowed(&*problem.place), &*problem.what));
        let mut trouble: Vec<(Cow<'_, str>, &str)> = Vec::new();
        for one in unreachable.chain(problems) {
            if !trouble.contains(&one) {
                trouble.push(one);
            }
        }
        trouble
    }

    /// Why no group is listed.
    pub(crate) fn without_groups(&self) -> &'static str {
        match () {
            () if self.left_out.contains_key(OTHER_TOPICS) => "No selected group reads the selected topics.",
            () if self.complete => "No consumer group was found. A group appears when it has committed once.",
            () => "No group is listed, since the groups could not be read or none was selected: see below.",
        }
    }

    /// How many groups have each status, the worst first; statuses without a group are left out.
    pub(crate) fn by_status(&self) -> Vec<(Verdict, usize)> {
        let count = |status: Verdict| self.totals.by_status.get(status.word()).copied().unwrap_or_default();
        let mut counts: Vec<(Verdict, usize)> = Verdict::OF_GROUPS.map(|status| (status, count(status))).into();
        counts.retain(|(_, groups)| *groups > 0);
        counts.sort_by_key(|(status, _)| Reverse(status.severity()));
        counts
    }
}

impl GroupEntry<'_> {
    /// Whether it is not OK, or one snapshot found something.
    #[must_use]
    pub fn is_a_problem(&self) -> bool {
        self.status != Verdict::Ok || self.finding.is_some()
    }

    /// Whether it is in one of these states, whatever their case.
    #[must_use]
    pub fn is_in(&self, states: &[String]) -> bool {
        states.iter().any(|state| self.state.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(state)))
    }

    /// A worse one is smaller: by status, groups with a finding before those without, then by lag and name.
    pub(crate) fn rank(&self) -> impl Ord {
        (Reverse((self.status.severity(), self.finding.is_some(), self.max_lag)), &self.group)
    }

    /// The age of its oldest unread record for people.
    pub(crate) fn behind(&self) -> Option<String> {
        behind(self.lag_seconds, self.lag_seconds_bound.as_deref())
    }

    /// How fast records come and are read, where the lag is going, and what will be lost; `None` where nothing of it is known.
    pub(crate) fn flow(&self) -> Option<String> {
        let rate = self.rate.as_ref().map(|rate| {
            let [arrive, read] = rate.rates();
            format!("in {arrive}/s, out {read}/s, {}", rate.trend)
        });
        let lost = self.loss_ahead_seconds.filter(|s| *s <= LOSS_SHOWN_S);
        let lost = lost.map(|s| format!("unread records will be deleted in about {}", seconds(s)));
        let parts: Vec<String> = rate.into_iter().chain(lost).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What stands before its lag.
    pub(crate) fn bound(&self) -> &'static str {
        match (self.lag_at_least, self.lag_at_most) {
            (true, _) => "≥ ",
            (_, true) => "≤ ",
            _ => "",
        }
    }

    /// Its diagnosis as one line, where it says more than that nothing is known: without the sentence where the reason is the same.
    pub(crate) fn cause(&self) -> Option<String> {
        self.diagnosis.as_ref().filter(|diagnosis| diagnosis.is_clear()).map(|diagnosis| diagnosis.beside(&self.reason))
    }

    /// Its listed partitions, the worst first.
    pub(crate) fn worst_partitions(&self) -> Vec<&PartitionEntry<'_>> {
        let mut partitions: Vec<&PartitionEntry<'_>> = self.partitions.iter().collect();
        partitions.sort_by(|one, other| one.rank().cmp(&other.rank()));
        partitions
    }
}

impl<'a> BrokerEntry<'a> {
    fn new(broker: &'a crate::model::snapshot::Broker) -> Self {
        let versions =
            |all: &Vec<(&'static str, i16)>| all.iter().map(|(api, at)| (Cow::Borrowed(*api), *at)).collect();
        Self {
            id: broker.id,
            address: Cow::Borrowed(&broker.address),
            reachable: broker.versions.is_ok(),
            versions: broker.versions.as_ref().ok().map(versions),
            reason: broker.versions.as_ref().err().map(ToString::to_string),
            throttled: broker.throttled(),
        }
    }
}

impl<'a> ProblemEntry<'a> {
    fn new(problem: &'a Problem) -> Self {
        Self { place: Cow::Borrowed(&problem.place), what: problem.what.to_string() }
    }
}

/// An age for people, with the sign of its bound.
pub(crate) fn behind(seconds: Option<f64>, bound: Option<&str>) -> Option<String> {
    let seconds = seconds.filter(|seconds| seconds.is_finite())?;
    Some(format!("{}{}", Bound::sign(Bound::of_word(bound)), span(seconds)))
}
