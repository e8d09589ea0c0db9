//! What the lag of a partition means: Burrow's five questions, and our rules over a memory and a window of snapshots.

use crate::lag::{self, Assigned, Committed, Lag};
use crate::memory::{Look, Memory, Sample};

mod figures;
mod questions;
mod reason;
mod rules;
mod trend;

pub use crate::memory::Thresholds;
pub use figures::grouped;
pub use questions::{burrow, lag_never_falls, recently_caught_up, rewound, stalled, stopped};
pub(crate) use reason::early;
pub use reason::{Reason, Silence};
pub use rules::{judge, judge_without_history};
pub use trend::Growth;

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
    /// Why, with figures.
    pub reason: Reason,
    /// Whether the verdict rests on anything: an OK for a group that lags and was never seen to move rests on nothing yet.
    pub supported: bool,
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
        /// How many of them since the last look, as far as it can be told: none while the same commit still stands, or where no look was before.
        new: u64,
    },
    /// Little is left between the commit and the log start, and the group gains no ground: records will be lost before they are read.
    LossAhead,
    /// Nobody has read or committed since the first look.
    Abandoned,
    /// Members are there, and the group is never stable.
    Unstable,
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

fn findings(previous: Option<&Sample>, look: &Look, memory: Memory, thresholds: &Thresholds) -> Vec<Finding> {
    let lag = lag::lag(look.committed, look.log);
    let uncommitted = lag == Lag::NoCommit && memory.assigned() == Assigned::Yes && !look.log.is_empty();
    let at_last_stable = look.log.last_stable.is_some_and(|stable| look.committed == Committed::At(stable));
    let behind = lag.unread().is_some_and(|lag| lag > thresholds.allowed_lag);
    [
        (lag == Lag::NoCommit).then_some(Finding::NoCommit),
        uncommitted.then_some(Finding::Uncommitted),
        if let Lag::Lost { lost, .. } = lag {
            Some(Finding::DataLoss { lost, new: if memory.loss_is_new() { lost } else { 0 } })
        } else {
            None
        },
        (matches!(lag, Lag::Offsets(_)) && behind && loses_soon(previous, look)).then_some(Finding::LossAhead),
        if let Lag::PastEnd(by) = lag { Some(Finding::PastEnd { by }) } else { None },
        (at_last_stable && lag.unread().is_some_and(|lag| lag > 0)).then_some(Finding::Blocked),
        look.is_unassigned().then_some(Finding::Unassigned),
        previous.is_some_and(|sample| look.is_another_log(sample)).then_some(Finding::Recreated),
        rules::is_abandoned(look, memory, thresholds).then_some(Finding::Abandoned),
        rules::is_unstable(look, memory, thresholds).then_some(Finding::Unstable),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether nine tenths of what a log still holds are unread, some of it was deleted already, and nothing was gained since the last look: who
/// begins at the log start and gains ground loses nothing.
fn loses_soon(previous: Option<&Sample>, look: &Look) -> bool {
    let nearly = look.log.start > 0 && look.unread().saturating_mul(10) >= look.log.len().saturating_mul(9);
    let gains = |sample: &Sample| match sample.committed {
        Committed::At(offset) => sample.end.abs_diff(offset) > look.unread(),
        Committed::Never => true,
    };
    nearly && previous.is_some_and(|sample| !look.is_another_log(sample) && !gains(sample))
}

#[cfg(test)]
mod tests;
