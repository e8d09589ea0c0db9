//! A judged snapshot in numbers: those that are published, and those for Prometheus.

use std::sync::Arc;

use crate::judge::ages::Ages;
use crate::judge::flow;
use crate::judge::input::Sight;
use crate::judge::outcome::{Judged, JudgedGroup};
use crate::judge::verdict::{Finding, Judgement, Verdict};
use crate::model::age::Age;
use crate::model::lag::Committed;
use crate::model::part::Part;
use crate::model::snapshot::{Group, Replicas};

/// The results of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// The cluster's name.
    pub cluster: String,
    /// Which part of its groups this is.
    pub part: Part,
    /// The groups to publish, always in the same order, so that a limit always leaves out the same ones.
    pub groups: Vec<GroupResult>,
    /// How many groups have each status, zeros included.
    pub by_status: Vec<(&'static str, u32)>,
    /// Groups that are unknown.
    pub unknown_groups: u32,
    /// How long the run took.
    pub duration_ms: u32,
    /// Brokers that the cluster's metadata names.
    pub brokers: usize,
    /// The topics that are watched, each with its status: 1 OK, 2 WARN; those that are unknown are not here.
    pub topics: Vec<(Arc<str>, u8)>,
    /// Troubles of the cluster itself that have lasted; `None` where they are not to be published.
    pub cluster_problems: Option<u32>,
}

/// The results for one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupResult {
    /// Its name.
    pub group: String,
    /// 1 OK, 2 WARN, 3 ERR; `None` if it could not be read, and in the first two runs: nothing is published, and an
    /// alarm keeps its state.
    pub status: Option<u8>,
    /// The kind of its diagnosis; `None` where it is OK.
    pub diagnosis: Option<&'static str>,
    /// Its members; `None` where they could not be read.
    pub members: Option<usize>,
    /// Whether every partition could be read: else the sums of its lags are only partial, and are not published as if
    /// they were whole.
    pub whole: bool,
    /// Partitions that were read.
    pub partitions: Vec<PartitionResult>,
}

/// The results for one partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionResult {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Unread offsets; `None` without a commit, or if unknown.
    pub lag: Option<u64>,
    /// Age of the oldest unread record in seconds; `None` if unknown.
    pub lag_seconds: Option<f64>,
    /// Records that were deleted unread since the last run.
    pub lost: u64,
    /// Whether such a loss is ahead.
    pub loss_ahead: bool,
    /// In how many seconds unread records of it will be deleted; `None` where none will within a day, or nobody knows.
    pub loss_ahead_s: Option<u64>,
    /// Its verdict as a number, 1 OK to 6 REWIND; `None` where it is unknown.
    pub status: Option<u8>,
    /// The committed offset; `None` without a commit, or if it could not be read.
    pub committed: Option<i64>,
    /// The first offset of the log and its end; `None` if they could not be read.
    pub log: Option<(i64, i64)>,
    /// Its replicas; `None` where they are not known.
    pub replicas: Option<Replicas>,
}

impl Results {
    /// The results of one run. `vanished` groups, which existed in the last run, count as unknown; `wanted` returns
    /// for each group whether its numbers are published.
    pub(crate) fn new(
        (cluster, part): (&str, Part),
        sight: Sight<'_>,
        judged: &Judged,
        ages: &Ages<'_>,
        wanted: impl Fn(usize) -> bool,
        vanished: usize,
        duration_ms: u64,
    ) -> Self {
        let number = |verdict| small(judged.groups.iter().filter(|group| group.verdict == verdict).count());
        let groups = sight.snapshot.groups.iter().zip(&judged.groups).enumerate().filter(|(at, _)| wanted(*at));
        Self {
            cluster: cluster.to_owned(),
            part,
            groups: groups
                .map(|(at, (of, of_group))| {
                    let allowed_lag = sight.thresholds.get(at).map_or(0, |thresholds| thresholds.allowed_lag);
                    GroupResult::new(of, of_group, judged.rows_of(of), (sight, allowed_lag), ages)
                })
                .collect(),
            by_status: Verdict::OF_GROUPS.map(|verdict| (verdict.word(), number(verdict))).into(),
            unknown_groups: number(Verdict::Unknown) + number(Verdict::NotFound) + small(vanished),
            duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
            brokers: sight.snapshot.brokers.len(),
            topics: Vec::new(),
            cluster_problems: None,
        }
    }
}

impl GroupResult {
    fn new(
        group: &Group,
        judged: &JudgedGroup,
        judgements: &[Judgement],
        (sight, allowed_lag): (Sight<'_>, u64),
        ages: &Ages<'_>,
    ) -> Self {
        let Sight { snapshot, lags, .. } = sight;
        let partitions = group.range().zip(judgements).map(|(at, judgement)| {
            let row = &snapshot.rows[at];
            PartitionResult {
                topic: Arc::clone(&snapshot.topic(row).name),
                partition: row.partition,
                lag: lags.of(at).offsets(),
                lag_seconds: ages.of(at).and_then(Age::seconds),
                lost: judgement.findings.newly_lost(),
                loss_ahead: judgement.findings.has(Finding::LossAhead),
                loss_ahead_s: flow::loss_ahead_s(sight, group, at, allowed_lag).filter(|s| *s <= flow::LOSS_SHOWN_S),
                status: Some(judgement.verdict.code()).filter(|code| *code > 0),
                committed: match row.committed {
                    Ok(Committed::At(offset)) => Some(offset),
                    _ => None,
                },
                log: snapshot.log(row).ok().map(|log| (log.start, log.end)),
                replicas: snapshot.topic(row).placement.of(row.partition),
            }
        });
        // An unknown value is no number: alarms keep their state, and `UnknownGroups` counts it.
        let status = judged.published_status().filter(|code| *code > 0);
        let members = group.members.as_ref().ok().map(Vec::len);
        Self {
            group: group.name.to_string(),
            status,
            diagnosis: judged.diagnosis.as_ref().map(|diagnosis| diagnosis.kind.rule().word),
            members,
            whole: !judged.at_least,
            partitions: partitions.collect(),
        }
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
