//! What the lag of a partition means: Burrow's five questions, and our rules over a memory and a window of snapshots.

use std::borrow::Cow;

use crate::lag::{self, Assigned, Committed, Known, Lag, Unknown};
use crate::memory::{Look, Memory, Sample};
use crate::window::{self, Commit};

mod questions;
mod reason;

pub use crate::memory::Thresholds;
use questions::lags;
pub use questions::{burrow, lag_never_falls, recently_caught_up, rewound, stalled, stopped};
pub(crate) use reason::grouped;
use reason::{grew, silence, stepped_back};

/// What is said of a partition or a group, in Burrow's words and one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// There is no such group, or it has no such partition.
    NotFound,
    /// It keeps up, as far as anybody can tell.
    Ok,
    /// It reads, and falls behind; or it will soon be in trouble.
    Warn,
    /// A partition of the group is stopped, stalled or rewound; of groups only.
    Err,
    /// Nobody reads any more.
    Stop,
    /// A reader is there and gets nowhere.
    Stall,
    /// The commit went backwards and has not come back.
    Rewind,
    /// It could not be told; Burrow has no word for it.
    Unknown,
}

/// A verdict on one partition, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What is said.
    pub verdict: Verdict,
    /// Why, with figures, as one sentence without a full stop.
    pub reason: Cow<'static, str>,
    /// Seconds until there are enough snapshots for a verdict; `None` when there are, or when none is needed.
    pub warming_up_s: Option<i64>,
    /// What else is worth knowing, alarming or not.
    pub findings: Vec<Finding>,
}

/// Something about a partition that Burrow has no status for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The group never committed here, or its commit expired.
    NoCommit,
    /// A member reads records here and never committed.
    Uncommitted,
    /// Retention deleted so many offsets before they were read.
    DataLoss {
        /// Offsets between the commit and the log start.
        lost: u64,
    },
    /// The commit stands past the log end.
    PastEnd {
        /// Offsets between the log end and the commit.
        by: u64,
    },
    /// The commit has reached the last stable offset: an open transaction holds the group up, which is not slow.
    Blocked,
    /// The group has members, and none of them reads this partition.
    Unassigned,
    /// The log end went backwards since the last look: the topic was recreated or truncated, and the memory starts afresh.
    Recreated,
}

/// The verdict on one partition.
///
/// `memory` is what [`Memory::fold`] made of `previous` and `look`. `earlier` is asked only where
/// [`Memory::is_suspicious`], and holds the samples of the last [`window::reach_ms`], `previous` included.
#[must_use]
pub fn judge(
    previous: Option<&Sample>,
    look: &Look,
    memory: Memory,
    earlier: Known<&[Sample]>,
    thresholds: &Thresholds,
) -> Judgement {
    let findings = findings(previous, look, memory);
    let has = |finding| findings.contains(&finding);
    let lag = lag::lag(look.committed, look.log).unread();
    let patience_ms = patience_ms(memory, thresholds);

    let caught_up = lag.is_some_and(|lag| lag <= thresholds.allowed_lag);
    let warming_up = memory.snapshots_missing() > 0;
    let long_behind = memory.behind_ms(thresholds) > PATIENCE_PERIODS * thresholds.period_ms;
    let silent = long_behind && memory.silent_ms(thresholds) > patience_ms;
    let waived = has(Finding::Unassigned) && !thresholds.unassigned_alarms;
    let has_reader = memory.assigned() == Assigned::Yes;
    let (commits, unread_window) = match earlier {
        _ if !memory.is_suspicious() => (Vec::new(), None),
        Ok(earlier) => (window::commits(earlier, look), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let late = late_run(&commits, thresholds.allowed_lag);
    let silence = || silence(look, memory, thresholds);
    let behind = || format!("{} records behind", grouped(look.unread()));

    let (verdict, reason): (Verdict, Cow<'static, str>) = if lag.is_none() {
        let alarms = thresholds.uncommitted_alarms && long_behind && has(Finding::Uncommitted);
        let reader = if has(Finding::Uncommitted) { ", though a member is assigned" } else { "" };
        (if alarms { Verdict::Warn } else { Verdict::Ok }, format!("no commit{reader}").into())
    } else if let Lag::PastEnd(by) = lag::lag(look.committed, look.log) {
        (
            Verdict::Ok,
            format!("committed {} offsets past the log end: the topic was truncated or recreated", grouped(by)).into(),
        )
    } else if look.unread() == 0 {
        (Verdict::Ok, "caught up".into())
    } else if caught_up {
        (Verdict::Ok, format!("{}, which is allowed", behind()).into())
    } else if warming_up {
        (Verdict::Ok, format!("warming up, {}", behind()).into())
    } else if memory.has_lost_its_reader() {
        (Verdict::Stop, silence().into())
    } else if silent && waived {
        (Verdict::Ok, silence().into())
    } else if silent && has(Finding::Blocked) {
        (Verdict::Warn, format!("held up by an open transaction, {}", silence()).into())
    } else if silent {
        (if has_reader { Verdict::Stall } else { Verdict::Stop }, silence().into())
    } else if let Some(why) = unread_window {
        (Verdict::Unknown, why.to_string().into())
    } else if rewound(&commits) {
        (Verdict::Rewind, stepped_back(&commits).into())
    } else if memory.may_be_slow() && is_slow(late) {
        (Verdict::Warn, grew(late).into())
    } else if memory.silent_ms(thresholds) > thresholds.period_ms {
        (Verdict::Ok, silence().into())
    } else {
        (Verdict::Ok, format!("{}, commits keep coming", behind()).into())
    };
    let warming_up_s = (warming_up && !caught_up && (lag.is_some() || thresholds.uncommitted_alarms))
        .then(|| i64::from(memory.snapshots_missing()) * thresholds.period_ms / 1_000);
    Judgement { verdict, reason, warming_up_s, findings }
}

/// The verdict where the history could not be read: a partition that is caught up needs none, of others nothing is known.
#[must_use]
pub fn judge_without_history(look: &Look, why: &Unknown, thresholds: &Thresholds) -> Judgement {
    let memory = Memory::fold(None, look, thresholds);
    let judgement = judge(None, look, memory, Ok(&[]), thresholds);
    if judgement.warming_up_s.is_none() {
        return judgement;
    }
    let reason = why.to_string().into();
    Judgement { verdict: Verdict::Unknown, reason, warming_up_s: None, ..judgement }
}

/// The status of a group: its worst partition's, where a stopped, stalled or rewound one makes an error.
#[must_use]
pub fn group(partitions: impl IntoIterator<Item = Verdict>) -> Verdict {
    match partitions.into_iter().max_by_key(|verdict| verdict.severity()) {
        None => Verdict::Ok,
        Some(Verdict::Stop | Verdict::Stall | Verdict::Rewind) => Verdict::Err,
        Some(verdict) => verdict,
    }
}

impl Verdict {
    /// The number that Burrow gives it, and that metrics carry; what could not be told shares 0 with what is not there.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::NotFound | Self::Unknown => 0,
            Self::Ok => 1,
            Self::Warn => 2,
            Self::Err => 3,
            Self::Stop => 4,
            Self::Stall => 5,
            Self::Rewind => 6,
        }
    }

    /// The word for it in a report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "NOTFOUND",
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Err => "ERR",
            Self::Stop => "STOP",
            Self::Stall => "STALL",
            Self::Rewind => "REWIND",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// What is worse is greater: what could not be told is worse than what is fine, and better than what is known to be bad.
    #[must_use]
    pub fn severity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::NotFound => 2,
            Self::Warn => 3,
            Self::Rewind | Self::Stall | Self::Stop => 4,
            Self::Err => 5,
        }
    }
}

fn findings(previous: Option<&Sample>, look: &Look, memory: Memory) -> Vec<Finding> {
    let lag = lag::lag(look.committed, look.log);
    let uncommitted = lag == Lag::NoCommit && memory.assigned() == Assigned::Yes && !look.log.is_empty();
    let at_last_stable = look.log.last_stable.is_some_and(|stable| look.committed == Committed::At(stable));
    let blocked = at_last_stable && lag.unread().is_some_and(|lag| lag > 0);
    [
        (lag == Lag::NoCommit).then_some(Finding::NoCommit),
        uncommitted.then_some(Finding::Uncommitted),
        if let Lag::Lost { lost, .. } = lag { Some(Finding::DataLoss { lost }) } else { None },
        if let Lag::PastEnd(by) = lag { Some(Finding::PastEnd { by }) } else { None },
        blocked.then_some(Finding::Blocked),
        look.is_unassigned().then_some(Finding::Unassigned),
        previous.is_some_and(|sample| look.is_another_log(sample)).then_some(Finding::Recreated),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How long a silence is no news, in milliseconds: several usual gaps, or a while where none is known yet.
fn patience_ms(memory: Memory, thresholds: &Thresholds) -> i64 {
    let shortest = PATIENCE_PERIODS * thresholds.period_ms;
    match memory.usual_gap_ms(thresholds) {
        Some(gap_ms) => shortest.max(PATIENCE_GAPS * (gap_ms - thresholds.period_ms)),
        None if memory.assigned() == Assigned::Yes => shortest.max(PATIENCE_AT_FIRST_MS),
        None => shortest,
    }
}

/// The commits from the last one on that was not behind.
fn late_run(commits: &[Commit], allowed_lag: u64) -> &[Commit] {
    let on_time = commits.iter().rposition(|commit| commit.lag.is_none_or(|lag| lag <= allowed_lag));
    &commits[on_time.map_or(0, |at| at + 1)..]
}

/// Whether the group loses ground from late commit to late commit: by a share that counts, or, in a whole window, at each.
fn is_slow(late: &[Commit]) -> bool {
    let (Some(first), Some(last)) = (late.first(), late.last()) else {
        return false;
    };
    let grew = last.lag.unwrap_or(0).saturating_sub(first.lag.unwrap_or(0));
    let arrived = grew.saturating_add(first.offset.abs_diff(last.offset));
    let matters = grew > 0 && grew.saturating_mul(SHARE_THAT_COUNTS) >= arrived;
    let enough = late.len() >= COMMITS_FOR_A_TREND;
    let whole_window = late.len() >= window::COMMITS_KEPT;
    (enough && matters && rises(late)) || (whole_window && grew > 0 && lag_never_falls(late))
}

/// Kendall's S, the pairs of lags that rise less those that fall, is at least half of all pairs.
fn rises(commits: &[Commit]) -> bool {
    let lags: Vec<_> = lags(commits).collect();
    let (mut pairs, mut balance) = (0_i64, 0_i64);
    for (at, earlier) in lags.iter().enumerate() {
        for later in &lags[at + 1..] {
            pairs += 1;
            balance += later.cmp(earlier) as i64;
        }
    }
    balance * 2 >= pairs
}

/// Periods of silence that are never news.
const PATIENCE_PERIODS: i64 = 3;
/// Usual gaps of silence that are no news.
const PATIENCE_GAPS: i64 = 4;
/// Milliseconds of silence that are no news while a reader's usual gap is not known.
const PATIENCE_AT_FIRST_MS: i64 = 30 * 60_000;
/// A group that reads less than all but one in so many of what arrives is slow.
const SHARE_THAT_COUNTS: u64 = 20;
/// Commits below which lags make no trend.
const COMMITS_FOR_A_TREND: usize = 5;

#[cfg(test)]
mod tests;
