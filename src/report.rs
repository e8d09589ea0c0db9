//! The JSON contract: what a run returns. Keys may be added; those that are here stay.
//!
//! `null` stands for "could not tell", with the reason beside it. Groups are in the order of their names, partitions in
//! that of topic and number, so that two reports can be compared line by line.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::age::{Age, Source};
use crate::ages::Ages;
use crate::config::Detail;
use crate::judged::Judged;
use crate::lag::{self, Committed};
use crate::snapshot::{Claim, Group, Problem, Snapshot};
use crate::verdict::{Finding, Judgement, Verdict};

/// What a run returns.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The worst group's status: `OK`, `WARN`, `ERR`, `UNKNOWN`, `NOTFOUND`.
    pub status: &'static str,
    #[serde(skip)]
    verdict: Verdict,
    /// Whether everything that was asked for could be read.
    pub complete: bool,
    /// The minute that the run was scheduled for, RFC 3339.
    pub scheduled: String,
    /// Milliseconds that the run took.
    pub duration_ms: u64,
    /// What the run asked of Kafka.
    pub kafka: Traffic,
    /// Every broker of the cluster.
    pub brokers: Vec<BrokerEntry<'a>>,
    /// The groups.
    pub groups: Vec<GroupEntry<'a>>,
    /// Groups of kinds that are not covered yet.
    pub not_covered: Vec<Uncovered<'a>>,
    /// Groups that are no consumer groups, counted by protocol type.
    pub left_out: &'a BTreeMap<String, usize>,
    /// What the size limit cut away; `null` when nothing.
    pub cut: Option<Cut>,
    /// What became of the history.
    pub history: &'a HistoryEntry,
    /// What became of the metrics.
    pub metrics: &'a MetricsEntry,
    /// What could not be read and belongs to no single group or partition.
    pub problems: Vec<ProblemEntry<'a>>,
}

/// What became of the history in one run.
#[derive(Debug, Default, Serialize)]
pub struct HistoryEntry {
    /// `false`: nothing was read or written.
    pub enabled: bool,
    /// State metrics of the selected groups.
    pub metrics: usize,
    /// State metrics whose window was read.
    pub windows_read: usize,
    /// Datums that were written.
    pub datums_written: usize,
    /// What could not be read or written.
    pub problems: Vec<String>,
}

/// What became of the metrics in one run.
#[derive(Debug, Default, Serialize)]
pub struct MetricsEntry {
    /// `false`: nothing was published.
    pub enabled: bool,
    /// Metrics that were published.
    pub published: usize,
    /// US dollars a month for these metrics and the history together, on this schedule; an estimate.
    pub dollars_a_month: Option<f64>,
    /// Of when the prices are.
    pub prices_of: &'static str,
    /// What was left out to stay within the limit.
    pub refused: Option<String>,
    /// What could not be published.
    pub problems: Vec<String>,
}

/// What went over the wire to and from Kafka.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Traffic {
    /// Requests, `ApiVersions` and SASL included.
    pub requests: u64,
    /// Bytes written, TLS not counted.
    pub bytes_written: u64,
    /// Bytes read, TLS not counted.
    pub bytes_read: u64,
}

/// A group of a kind that is not covered yet; it has no part in the status.
#[derive(Debug, Serialize)]
pub struct Uncovered<'a> {
    group: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// One broker.
#[derive(Debug, Serialize)]
pub struct BrokerEntry<'a> {
    id: i32,
    address: &'a str,
    reachable: bool,
    versions: Option<BTreeMap<&'static str, i16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
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
    max_lag: Option<u64>,
    lag_seconds: Option<f64>,
    partition_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    warming_up_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    partitions: Vec<PartitionEntry<'a>>,
    #[serde(skip)]
    severity: u8,
}

/// One partition of a group.
#[derive(Debug, Serialize)]
pub struct PartitionEntry<'a> {
    topic: &'a str,
    partition: i32,
    status: &'static str,
    committed: Option<i64>,
    log_start: Option<i64>,
    log_end: Option<i64>,
    last_stable: Option<i64>,
    lag: Option<u64>,
    lag_seconds: Option<f64>,
    lag_seconds_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_seconds_reason: Option<String>,
    findings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    past_end_by: Option<u64>,
    member: Option<&'a str>,
    reason: &'a str,
    #[serde(skip)]
    severity: u8,
}

/// What the size limit cut away: the worst stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// Groups that are not listed.
    pub groups: usize,
    /// Partitions that are not listed.
    pub partitions: usize,
    /// The limit, in bytes.
    pub limit: usize,
}

/// What could not be read.
#[derive(Debug, Serialize)]
pub struct ProblemEntry<'a> {
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
    /// Milliseconds that the run took.
    pub duration_ms: u64,
    /// What the run asked of Kafka.
    pub kafka: Traffic,
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
        snapshot: &'a Snapshot,
        judged: &'a Judged,
        ages: &Ages,
        problems: &'a [Problem],
    ) -> Self {
        let groups: Vec<GroupEntry<'a>> = snapshot
            .groups
            .iter()
            .zip(&judged.0)
            .enumerate()
            .map(|(g, (group, judged))| {
                let claims = group.claims.as_deref().unwrap_or_default();
                let seconds = (0..claims.len()).filter_map(|c| ages.of(snapshot, (g, c))?.seconds());
                let judgements = claims.iter().zip(&judged.partitions).enumerate();
                let listed = judgements.filter(|(_, (_, judgement))| match frame.detail {
                    Detail::Groups => false,
                    Detail::Problems => judgement.verdict != Verdict::Ok || !judgement.findings.is_empty(),
                    Detail::All => true,
                });
                GroupEntry {
                    group: &group.name,
                    kind: group.kind.name(),
                    state: group.state.as_deref().ok(),
                    members: group.members.as_ref().ok().map(Vec::len),
                    status: judged.verdict.word(),
                    reason: &judged.reason,
                    total_lag: judged.total_lag,
                    max_lag: judged.max_lag,
                    lag_seconds: seconds.max_by(f64::total_cmp),
                    partition_count: claims.len(),
                    warming_up_seconds: judged.warming_up_s,
                    gaps: group.gaps.iter().map(ToString::to_string).collect(),
                    partitions: listed
                        .map(|(c, (claim, judgement))| {
                            PartitionEntry::new(snapshot, group, claim, judgement, ages.of(snapshot, (g, c)))
                        })
                        .collect(),
                    severity: judged.verdict.severity(),
                }
            })
            .collect();
        let problems: Vec<_> = snapshot.problems.iter().chain(problems).map(ProblemEntry::new).collect();
        let brokers: Vec<_> = snapshot.brokers.iter().map(BrokerEntry::new).collect();
        let worst = judged.0.iter().map(|group| group.verdict).max_by_key(|verdict| verdict.severity());
        let unread = problems.len() + brokers.iter().filter(|broker| !broker.reachable).count();
        let status = match worst.unwrap_or(Verdict::Ok) {
            Verdict::Ok if unread > 0 => Verdict::Unknown,
            worst => worst,
        };
        let judgements = || judged.0.iter().flat_map(|group| &group.partitions);
        let complete = unread == 0
            && judged.0.iter().all(|group| group.verdict != Verdict::Unknown)
            && judgements().all(|judgement| judgement.verdict != Verdict::Unknown);
        let mut report = Self {
            cluster: frame.cluster,
            status: status.word(),
            verdict: status,
            complete,
            scheduled: rfc3339(frame.scheduled),
            duration_ms: frame.duration_ms,
            kafka: frame.kafka,
            brokers,
            groups,
            not_covered: snapshot
                .uncovered
                .iter()
                .map(|(group, kind)| Uncovered { group, kind: kind.name() })
                .collect(),
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
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Cuts groups, then partitions, until the report fits: the worst stay, and what went is counted.
    fn fit(&mut self, limit: usize) {
        if size(self) <= limit {
            return;
        }
        let partitions: Vec<Vec<PartitionEntry<'a>>> =
            self.groups.iter_mut().map(|group| std::mem::take(&mut group.partitions)).collect();
        let groups: Vec<GroupEntry<'a>> = std::mem::take(&mut self.groups);
        self.cut = Some(Cut { groups: groups.len(), partitions: partitions.iter().map(Vec::len).sum(), limit });
        let mut left = limit.saturating_sub(size(self));

        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse((groups[*index].severity, groups[*index].max_lag)));
        let mut kept = vec![false; groups.len()];
        for index in order {
            let needed = size(&groups[index]) + COMMA;
            if needed > left {
                break;
            }
            left -= needed;
            kept[index] = true;
        }
        let mut order: Vec<(usize, usize)> = (0..groups.len())
            .filter(|group| kept[*group])
            .flat_map(|group| (0..partitions[group].len()).map(move |partition| (group, partition)))
            .collect();
        order.sort_by_key(|(group, partition)| {
            let entry = &partitions[*group][*partition];
            std::cmp::Reverse((entry.severity, entry.lag))
        });
        let mut kept_partitions: Vec<Vec<bool>> = partitions.iter().map(|entries| vec![false; entries.len()]).collect();
        for (group, partition) in order {
            let needed = size(&partitions[group][partition]) + COMMA;
            if needed > left {
                break;
            }
            left -= needed;
            kept_partitions[group][partition] = true;
        }
        for ((mut group, entries), (kept, kept_partitions)) in
            groups.into_iter().zip(partitions).zip(kept.into_iter().zip(kept_partitions))
        {
            if kept {
                let kept = entries.into_iter().zip(kept_partitions).filter(|(_, kept)| *kept);
                group.partitions = kept.map(|(entry, _)| entry).collect();
                if let Some(cut) = &mut self.cut {
                    cut.groups -= 1;
                    cut.partitions -= group.partitions.len();
                }
                self.groups.push(group);
            }
        }
    }
}

impl<'a> PartitionEntry<'a> {
    fn new(
        snapshot: &'a Snapshot,
        group: &'a Group,
        claim: &'a Claim,
        judgement: &'a Judgement,
        age: Option<Age>,
    ) -> Self {
        let log = snapshot.log(claim).ok();
        let committed = claim.committed.as_ref().ok();
        let (mut lost, mut past_end_by) = (None, None);
        let findings = judgement.findings.iter().map(|finding| {
            match finding {
                Finding::DataLoss { lost: offsets } => lost = Some(*offsets),
                Finding::PastEnd { by } => past_end_by = Some(*by),
                _ => {}
            }
            word(*finding)
        });
        Self {
            topic: &snapshot.topics[claim.topic].name,
            partition: claim.partition,
            status: judgement.verdict.word(),
            committed: committed.and_then(|committed| match committed {
                Committed::At(offset) => Some(*offset),
                Committed::Never => None,
            }),
            log_start: log.map(|log| log.start),
            log_end: log.map(|log| log.end),
            last_stable: log.and_then(|log| log.last_stable),
            lag: committed.zip(log).and_then(|(committed, log)| lag::lag(*committed, log).unread()),
            lag_seconds: age.as_ref().and_then(Age::seconds),
            lag_seconds_source: age.as_ref().and_then(Age::source).map(Source::word),
            lag_seconds_reason: match age {
                Some(Age::Unknown(why)) => Some(why.to_string()),
                _ => None,
            },
            findings: findings.collect(),
            lost,
            past_end_by,
            member: claim.member.and_then(|member| {
                let members = group.members.as_ref().ok()?;
                Some(&*members.get(usize::try_from(member).ok()?)?.client_id)
            }),
            reason: &judgement.reason,
            severity: judgement.verdict.severity(),
        }
    }
}

impl<'a> BrokerEntry<'a> {
    fn new(broker: &'a crate::snapshot::Broker) -> Self {
        Self {
            id: broker.id,
            address: &broker.address,
            reachable: broker.versions.is_ok(),
            versions: broker.versions.as_ref().ok().map(|versions| versions.iter().copied().collect()),
            reason: broker.versions.as_ref().err().map(ToString::to_string),
        }
    }
}

impl<'a> ProblemEntry<'a> {
    fn new(problem: &'a Problem) -> Self {
        Self { place: &problem.place, what: problem.what.to_string() }
    }
}

/// The closed list of findings; what they mean is said at [`Finding`].
fn word(finding: Finding) -> &'static str {
    match finding {
        Finding::NoCommit => "no_commit",
        Finding::Uncommitted => "uncommitted",
        Finding::DataLoss { .. } => "data_loss",
        Finding::PastEnd { .. } => "past_end",
        Finding::Blocked => "blocked",
        Finding::Unassigned => "unassigned",
        Finding::Recreated => "recreated",
    }
}

/// Seconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{unix_seconds} s after 1970"))
}

/// Bytes of a value as JSON.
fn size(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither the counter nor these values can fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// What joins two entries.
const COMMA: usize = 1;
