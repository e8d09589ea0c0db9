//! One partition in a report.

use serde::Serialize;

use crate::base::moment::rfc3339;
use crate::judge::input::Sight;
use crate::judge::verdict::{Finding, Judgement, Pace};
use crate::model::age::{Age, Basis};
use crate::model::lag::Committed;
use crate::model::snapshot::{Group, Kind};

/// One partition of a group.
#[derive(Debug, Serialize)]
pub struct PartitionEntry<'a> {
    topic: &'a str,
    partition: i32,
    status: &'static str,
    committed: Option<i64>,
    #[serde(flatten)]
    start: Option<Start>,
    log_start: Option<i64>,
    log_end: Option<i64>,
    last_stable: Option<i64>,
    pub(super) lag: Option<u64>,
    /// Of share groups: whether the coordinator tells the lag, or it is an upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_source: Option<&'static str>,
    lag_seconds: Option<f64>,
    lag_seconds_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_seconds_reason: Option<String>,
    findings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newly_lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    past_end_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind_since: Option<String>,
    #[serde(flatten)]
    pace: PaceEntry,
    member: Option<&'a str>,
    member_id: Option<&'a str>,
    member_host: Option<&'a str>,
    /// Whether the topic is one that a Streams application keeps between parts of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    internal: bool,
    reason: String,
    #[serde(skip)]
    pub(super) severity: u8,
}

/// Where a lag is going.
#[derive(Debug, Serialize)]
pub(super) struct PaceEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    catches_up_in_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    falls_behind: Option<FallsBehind>,
}

/// How fast.
#[derive(Debug, Serialize)]
struct FallsBehind {
    records_per_minute: u64,
    seconds_per_minute: f64,
}

impl PaceEntry {
    pub(super) fn of(pace: Option<Pace>) -> Self {
        let (mut catches_up_in_s, mut falls_behind) = (None, None);
        match pace {
            Some(Pace::CatchesUp { in_s }) => catches_up_in_s = Some(in_s),
            Some(Pace::FallsBehind { records, ms }) => {
                #[expect(clippy::cast_precision_loss, reason = "milliseconds a minute, far below 2^53")]
                let seconds_per_minute = ms as f64 / 1_000.0;
                falls_behind = Some(FallsBehind { records_per_minute: records, seconds_per_minute });
            }
            None => {}
        }
        Self { catches_up_in_s, falls_behind }
    }
}

/// What a share group has in the place of a commit.
#[derive(Debug, Serialize)]
struct Start {
    /// Everything below is acknowledged (KIP-932); `null` where the group has not begun to read.
    start: Option<i64>,
}

impl<'a> PartitionEntry<'a> {
    pub(super) fn new(
        Sight { snapshot, lags, .. }: Sight<'a>,
        group: &'a Group,
        at: usize,
        judgement: &'a Judgement,
        age: Option<&Age>,
    ) -> Self {
        let row = &snapshot.rows[at];
        let log = snapshot.log(row).ok();
        let share = group.kind == Kind::Share;
        // Nobody owns a partition that several members read.
        let member = group.member_of(row).filter(|_| !share);
        let lag = lags.of(at).offsets();
        let offset = match row.committed {
            Ok(Committed::At(offset)) => Some(offset),
            _ => None,
        };
        let (mut lost, mut newly_lost, mut past_end_by, mut behind_since) = (None, None, None, None);
        let findings = judgement.findings.iter().map(|finding| {
            match finding {
                Finding::DataLoss { lost: offsets, new } => {
                    (lost, newly_lost) = (Some(offsets), Some(new).filter(|new| *new > 0));
                }
                Finding::PastEnd { by } => past_end_by = Some(by),
                Finding::Backlog { since_ms } => behind_since = Some(rfc3339(since_ms.div_euclid(1_000))),
                _ => {}
            }
            word(finding)
        });
        Self {
            topic: &snapshot.topic(row).name,
            partition: row.partition,
            status: judgement.verdict.word(),
            committed: offset.filter(|_| !share),
            start: share.then_some(Start { start: offset }),
            log_start: log.map(|log| log.start),
            log_end: log.map(|log| log.end),
            last_stable: log.and_then(|log| log.last_stable),
            lag,
            lag_source: lag.filter(|_| share).map(|_| if row.unacknowledged().is_some() { TOLD } else { BOUND }),
            lag_seconds: age.and_then(Age::seconds),
            lag_seconds_source: age.and_then(Age::source).map(Basis::word),
            lag_seconds_reason: match age {
                Some(Age::Unknown(why)) => Some(why.to_string()),
                _ => None,
            },
            findings: findings.collect(),
            lost,
            newly_lost,
            past_end_by,
            behind_since,
            pace: PaceEntry::of(judgement.findings.pace()),
            member: member.map(|member| &*member.client_id),
            member_id: member.map(|member| &*member.id),
            member_host: member.map(|member| &*member.host),
            internal: row.internal,
            reason: judgement.to_string(),
            severity: judgement.verdict.severity(),
        }
    }
}

/// The coordinator counts what is not acknowledged (KIP-1226).
const TOLD: &str = "coordinator";
/// It does not, and everything from the start on counts.
const BOUND: &str = "bound";

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
        Finding::LossAhead => "loss_ahead",
        Finding::Backlog { .. } => "backlog",
        Finding::Abandoned => "abandoned",
        Finding::Unstable => "unstable",
    }
}
