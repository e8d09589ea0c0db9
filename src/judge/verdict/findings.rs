//! Facts about a partition besides its verdict.

use std::fmt;

use super::absence;
use super::{Pace, Tempo, Thresholds};
use crate::base::figures::{grouped, records_of};
use crate::model::lag::{Assigned, Committed, Lag};
use crate::model::memory::{Memory, Reading, Sample};

/// A fact about a partition for which Burrow has no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The group never committed here, or its commit expired.
    NoCommit,
    /// A member reads records here and never committed.
    Uncommitted,
    /// Retention deleted this many offsets before they were read.
    DataLoss {
        /// Offsets between the commit and the log start.
        lost: u64,
        /// Of these, lost since the last snapshot; 0 if the commit has not moved or there was no snapshot before.
        new: u64,
    },
    /// Little is left between the commit and the log start, and the group gains no ground: records will be lost before they are read.
    LossAhead,
    /// It reads, and has not been caught up for an hour or longer.
    Backlog {
        /// Since when at least, in milliseconds since 1970.
        since_ms: i64,
    },
    /// Nobody has read or committed since the first snapshot.
    Abandoned,
    /// There are members, and the group is never stable.
    Unstable,
    /// The commit is past the log end.
    PastEnd {
        /// Offsets between the log end and the commit.
        by: u64,
    },
    /// The commit has reached the last stable offset: an open transaction holds the group up, which is not slow.
    Blocked,
    /// The group has members, and none of them reads this partition.
    Unassigned,
    /// The topic has another id than at an earlier run, or its log end went backwards since the last one: it was recreated or truncated, and
    /// the memory starts afresh.
    Recreated,
}

/// The findings of one partition, each at most once, and the direction of its lag; most partitions have neither, so
/// the figures are boxed: there are as many of these as rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// A bit for each of [`KINDS`].
    kinds: u16,
    figures: Option<Box<Figures>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    /// That of [`Finding::DataLoss`], or of [`Finding::PastEnd`]: no commit is on both sides of its log.
    offsets: u64,
    new: u64,
    since_ms: i64,
    pace: Option<Pace>,
    tempo: Option<Tempo>,
}

/// Every finding, in the order of the report; their figures are in [`Findings`].
const KINDS: [Finding; 11] = [
    Finding::NoCommit,
    Finding::Uncommitted,
    Finding::DataLoss { lost: 0, new: 0 },
    Finding::LossAhead,
    Finding::PastEnd { by: 0 },
    Finding::Blocked,
    Finding::Unassigned,
    Finding::Recreated,
    Finding::Abandoned,
    Finding::Unstable,
    Finding::Backlog { since_ms: 0 },
];

impl Findings {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds == 0
    }

    /// Whether there is one of this kind, whatever its figures.
    pub(crate) fn has(&self, finding: Finding) -> bool {
        self.kinds & finding.bit() != 0
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Finding> {
        let Figures { offsets, new, since_ms, .. } = self.figures.as_deref().copied().unwrap_or_default();
        KINDS.into_iter().filter(|kind| self.has(*kind)).map(move |kind| match kind {
            Finding::DataLoss { .. } => Finding::DataLoss { lost: offsets, new },
            Finding::PastEnd { .. } => Finding::PastEnd { by: offsets },
            Finding::Backlog { .. } => Finding::Backlog { since_ms },
            other => other,
        })
    }

    /// How many offsets were lost since the last snapshot; see [`Finding::DataLoss`].
    pub(crate) fn newly_lost(&self) -> u64 {
        self.figures.as_ref().map_or(0, |figures| figures.new)
    }

    /// The direction of the lag; `None` if it has none, or if there are too few commits.
    pub(crate) fn pace(&self) -> Option<Pace> {
        self.figures.as_ref()?.pace
    }

    /// How fast records came and were read before the group fell behind, and since; `None` where it does not, or the snapshots before do not
    /// show it.
    pub(crate) fn tempo(&self) -> Option<Tempo> {
        self.figures.as_ref()?.tempo
    }

    pub(crate) fn run(&mut self, tempo: Tempo) {
        self.figures.get_or_insert_default().tempo = Some(tempo);
    }

    pub(crate) fn go(&mut self, pace: Pace) {
        self.figures.get_or_insert_default().pace = Some(pace);
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.kinds |= finding.bit();
        let figures = &mut self.figures;
        match finding {
            Finding::DataLoss { lost, new } => {
                let figures = figures.get_or_insert_default();
                (figures.offsets, figures.new) = (lost, new);
            }
            Finding::PastEnd { by } => figures.get_or_insert_default().offsets = by,
            Finding::Backlog { since_ms } => figures.get_or_insert_default().since_ms = since_ms,
            _ => {}
        }
    }

    /// Whether a snapshot alone finds nothing.
    #[inline]
    pub(crate) fn are_none(reading: &Reading, lag: Lag) -> bool {
        matches!(lag, Lag::Offsets(_)) && !is_blocked(reading, lag) && !reading.is_unassigned()
    }

    /// The findings of a snapshot alone; `assigned` is the last known answer, while it counts.
    #[inline]
    pub(crate) fn of_look(reading: &Reading, lag: Lag, assigned: Assigned) -> Self {
        let mut found = match lag {
            Lag::Offsets(_) if !is_blocked(reading, lag) => Self::default(),
            _ => Self::of_lag(reading, lag, assigned),
        };
        if reading.is_unassigned() {
            found.add(Finding::Unassigned);
        }
        found
    }

    /// Figures that few rows have.
    #[cold]
    fn of_lag(reading: &Reading, lag: Lag, assigned: Assigned) -> Self {
        let mut found = Self::default();
        match lag {
            Lag::NoCommit => {
                found.add(Finding::NoCommit);
                if assigned == Assigned::Yes && !reading.log.is_empty() {
                    found.add(Finding::Uncommitted);
                }
            }
            Lag::Lost { lost, .. } => found.add(Finding::DataLoss { lost, new: 0 }),
            Lag::PastEnd(by) => found.add(Finding::PastEnd { by }),
            Lag::Offsets(_) => found.add(Finding::Blocked),
        }
        found
    }

    /// All findings.
    pub(crate) fn of(previous: Option<&Sample>, reading: &Reading, memory: Memory, thresholds: &Thresholds) -> Self {
        let lag = reading.lag();
        let mut found = Self::of_look(reading, lag, memory.assigned());
        let mut add = |there: bool, finding| {
            if there {
                found.add(finding);
            }
        };
        match lag {
            Lag::Lost { lost, .. } => add(memory.loss_is_new(), Finding::DataLoss { lost, new: lost }),
            Lag::Offsets(unread) => {
                let counts = unread > thresholds.allowed_lag && !memory.is_at_rest();
                add(counts && loses_soon(previous, reading), Finding::LossAhead);
            }
            Lag::NoCommit | Lag::PastEnd(_) => {}
        }
        add(previous.is_some_and(|sample| reading.is_another_log(sample)), Finding::Recreated);
        add(absence::is_abandoned(reading, memory, thresholds), Finding::Abandoned);
        add(absence::is_unstable(reading, memory, thresholds), Finding::Unstable);
        found
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommit => f.write_str("nothing was committed"),
            Self::Uncommitted => f.write_str("a member reads and never committed"),
            Self::DataLoss { lost, .. } => {
                let were = if *lost == 1 { "was" } else { "were" };
                write!(f, "{} {were} deleted before the group read them", records_of(*lost))
            }
            Self::LossAhead => f.write_str("retention will delete records before the group reads them"),
            Self::Backlog { .. } => f.write_str("never caught up for an hour or longer"),
            Self::Abandoned => f.write_str("no member and no commit for a long time"),
            Self::Unstable => f.write_str("the group rebalances without end"),
            Self::PastEnd { by } => write!(f, "the commit is {} past the log end", grouped(*by)),
            Self::Blocked => f.write_str("held up by an open transaction"),
            Self::Unassigned => f.write_str("no member subscribes to the topic"),
            Self::Recreated => f.write_str("the topic was recreated or truncated"),
        }
    }
}

impl Finding {
    /// Its bit, by its kind alone.
    fn bit(self) -> u16 {
        let place = match self {
            Self::NoCommit => 0,
            Self::Uncommitted => 1,
            Self::DataLoss { .. } => 2,
            Self::LossAhead => 3,
            Self::PastEnd { .. } => 4,
            Self::Blocked => 5,
            Self::Unassigned => 6,
            Self::Recreated => 7,
            Self::Abandoned => 8,
            Self::Unstable => 9,
            Self::Backlog { .. } => 10,
        };
        1 << place
    }
}

/// Whether what is unread is held up by an open transaction.
#[inline]
fn is_blocked(reading: &Reading, lag: Lag) -> bool {
    lag != Lag::Offsets(0) && reading.log.last_stable.map(Committed::At) == Some(reading.committed)
}

/// Whether at least 90 % of what a log still has are unread, some of it was deleted already, and the group did not
/// gain since the last snapshot: a group that begins at the log start and gains ground loses nothing.
fn loses_soon(previous: Option<&Sample>, reading: &Reading) -> bool {
    let nearly = reading.log.start > 0 && reading.unread().saturating_mul(10) >= reading.log.len().saturating_mul(9);
    let gains = |sample: &Sample| match sample.committed {
        Committed::At(offset) => sample.end.abs_diff(offset) > reading.unread(),
        Committed::Never => true,
    };
    nearly && previous.is_some_and(|sample| !reading.is_another_log(sample) && !gains(sample))
}
