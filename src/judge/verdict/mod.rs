//! What the lag of a partition means: our rules over a memory, a window of snapshots and an age.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod absence;
mod findings;
mod objective;
mod pace;
mod reason;
mod rules;
mod trend;

use crate::model::memory::Thresholds;
pub use findings::{Finding, Findings};
pub use pace::Pace;
pub(crate) use pace::{Tempo, per_s};
pub(crate) use reason::{Reason, Silence, early};
pub(crate) use rules::judge_at_sight;
pub use rules::{judge, judge_without_history};

/// The verdict on a partition or a group: Burrow's words and a few more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// There is no such group; of groups only.
    NotFound,
    /// It keeps up, as far as is known.
    Ok,
    /// It reads, and falls behind; or it will soon be in trouble.
    Warn,
    /// The oldest unread record of a partition is older than the objective for errors, or no member has a settled
    /// assignment; or one of a group's partitions is so, stopped, stalled or rewound.
    Err,
    /// No member reads it any more.
    Stop,
    /// A member is assigned and makes no progress.
    Stall,
    /// The commit went backwards and has not recovered.
    Rewind,
    /// Unknown; Burrow has no word for it.
    Unknown,
}

/// A verdict on one partition, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, with figures.
    pub(crate) reason: Reason,
    /// Whether the verdict has evidence: an OK for a group with lag that was never seen to move has none yet.
    pub(crate) supported: bool,
    /// Whether records wait and nothing is committed for longer than is usual, whatever else is said.
    pub(crate) stands: bool,
    /// Looks until there are enough for a verdict; 0 when there are, or when none is needed.
    pub(crate) snapshots_missing: u8,
    /// What else is worth knowing.
    pub(crate) findings: Findings,
}

impl Judgement {
    /// The verdict of a snapshot alone, without findings; an unknown one has no evidence.
    #[inline]
    pub(crate) fn plain(verdict: Verdict, reason: Reason) -> Self {
        Self {
            verdict,
            reason,
            supported: verdict != Verdict::Unknown,
            stands: false,
            snapshots_missing: 0,
            findings: Findings::default(),
        }
    }
}

/// The status of a group: its worst partition's, where a stopped, stalled or rewound one makes an error.
pub(crate) fn group(partitions: impl IntoIterator<Item = Verdict>) -> Verdict {
    match partitions.into_iter().max_by_key(|verdict| verdict.severity()) {
        None => Verdict::Ok,
        Some(Verdict::Stop | Verdict::Stall | Verdict::Rewind) => Verdict::Err,
        Some(verdict) => verdict,
    }
}

impl Verdict {
    /// Every one that a group can have.
    pub(crate) const OF_GROUPS: [Self; 5] = [Self::Ok, Self::Warn, Self::Err, Self::Unknown, Self::NotFound];

    /// The number that Burrow uses, and that metrics carry; unknown shares 0 with not found.
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

    /// A worse verdict is greater: unknown is worse than OK, and better than a known problem.
    pub(crate) fn severity(self) -> u8 {
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

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// A word that this build does not know means unknown.
impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        let mut all = Self::OF_GROUPS.into_iter().chain([Self::Stop, Self::Stall, Self::Rewind]);
        Ok(all.find(|verdict| verdict.word() == word).unwrap_or(Self::Unknown))
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One snapshot cannot judge a lag, but what it found explains it.
        if let (true, Some(finding)) = (self.reason.is_unjudged(), self.findings.iter().next()) {
            write!(f, "{finding}; ")?;
        }
        self.reason.fmt(f)?;
        self.findings.pace().map_or(Ok(()), |pace| write!(f, ", {pace}"))
    }
}

#[cfg(test)]
mod tests;
