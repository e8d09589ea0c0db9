//! One partition in a report.

use std::borrow::Cow;
use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::base::moment::rfc3339;
use crate::judge::flow;
use crate::judge::input::Sight;
use crate::judge::verdict::{Finding, Judgement, Pace, Verdict};
use crate::model::age::{Age, Basis};
use crate::model::lag::Committed;
use crate::model::snapshot::{Group, Kind};

/// One partition of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartitionEntry<'a> {
    pub(crate) topic: Cow<'a, str>,
    pub(crate) partition: i32,
    pub(crate) status: Verdict,
    committed: Option<i64>,
    /// A share group's start offset, which it has instead of a commit: everything below is acknowledged (KIP-932);
    /// `null` if the group has not begun to read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[expect(
        clippy::option_option,
        reason = "a key that is not there, one that is null, and an offset are three things"
    )]
    start: Option<Option<i64>>,
    log_start: Option<i64>,
    pub(crate) log_end: Option<i64>,
    last_stable: Option<i64>,
    pub(crate) lag: Option<u64>,
    /// Of share groups: whether the coordinator reports the lag, or it is an upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_source: Option<Cow<'a, str>>,
    pub(crate) lag_seconds: Option<f64>,
    lag_seconds_source: Option<Cow<'a, str>>,
    /// `at_most` or `at_least`, if the age is a bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_seconds_bound: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_seconds_reason: Option<String>,
    #[serde(default)]
    pub(crate) findings: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newly_lost: Option<u64>,
    /// Seconds until records are deleted that are not read, at the pace of the last run; absent where none will be, or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_ahead_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    past_end_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind_since: Option<String>,
    #[serde(flatten)]
    pace: PaceEntry,
    pub(crate) member: Option<Cow<'a, str>>,
    pub(crate) member_id: Option<Cow<'a, str>>,
    pub(crate) member_host: Option<Cow<'a, str>>,
    /// Whether the topic is internal to a Streams application.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    internal: bool,
    pub(crate) reason: String,
}

/// The direction of a lag.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PaceEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    catches_up_in_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    falls_behind: Option<FallsBehind>,
}

/// How fast.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

impl<'a> PartitionEntry<'a> {
    pub(super) fn new(
        sight: Sight<'a>,
        (group, allowed_lag): (&'a Group, u64),
        at: usize,
        judgement: &'a Judgement,
        age: Option<&Age>,
    ) -> Self {
        let Sight { snapshot, lags, .. } = sight;
        let row = &snapshot.rows[at];
        let log = snapshot.log(row).ok();
        let share = group.kind == Kind::Share;
        // A partition that several members read has no owner.
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
            Cow::Borrowed(word(finding))
        });
        Self {
            topic: Cow::Borrowed(&snapshot.topic(row).name),
            partition: row.partition,
            status: judgement.verdict,
            committed: offset.filter(|_| !share),
            start: share.then_some(offset),
            log_start: log.map(|log| log.start),
            log_end: log.map(|log| log.end),
            last_stable: log.and_then(|log| log.last_stable),
            lag,
            lag_source: lag
                .filter(|_| share)
                .map(|_| if snapshot.unacknowledged.of(at).is_some() { COUNTED } else { BOUND }.into()),
            lag_seconds: age.and_then(Age::seconds),
            lag_seconds_source: age.and_then(Age::source).map(|basis| Cow::Borrowed(Basis::word(basis))),
            lag_seconds_bound: age.and_then(Age::bound).map(|bound| bound.word().into()),
            lag_seconds_reason: match age {
                Some(Age::Unknown(why)) => Some(why.to_string()),
                _ => None,
            },
            findings: findings.collect(),
            lost,
            newly_lost,
            loss_ahead_seconds: flow::loss_ahead_s(sight, group, at, allowed_lag),
            past_end_by,
            behind_since,
            pace: PaceEntry::of(judgement.findings.pace()),
            member: member.map(|member| Cow::Borrowed(&*member.client_id)),
            member_id: member.map(|member| Cow::Borrowed(&*member.id)),
            member_host: member.map(|member| Cow::Borrowed(&*member.host)),
            internal: row.internal,
            reason: judgement.to_string(),
        }
    }

    /// A worse one is smaller.
    pub(crate) fn rank(&self) -> (Reverse<(u8, Option<u64>)>, &str, i32) {
        (Reverse((self.status.severity(), self.lag)), &self.topic, self.partition)
    }

    /// The commit of its group, or its position.
    pub(crate) fn position(&self) -> Option<i64> {
        self.committed.or(self.start.flatten())
    }

    /// The age of its next record for people.
    pub(crate) fn behind(&self) -> Option<String> {
        super::behind(self.lag_seconds, self.lag_seconds_bound.as_deref())
    }

    /// The sign before its lag.
    pub(crate) fn bound(&self) -> &'static str {
        if self.lag > Some(0) && self.lag_source.as_deref() == Some(BOUND) { "≤ " } else { "" }
    }
}

/// The coordinator counts the unacknowledged records (KIP-1226).
const COUNTED: &str = "coordinator";
/// It does not, and everything from the start on counts.
const BOUND: &str = "bound";

/// The closed list of findings; [`Finding`] has their meaning.
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
