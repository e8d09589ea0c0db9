//! The sentences behind a verdict: kept as data until somebody reads them.

use std::fmt;

use super::trend::Growth;
use crate::base::figures::{duration, grouped, records_of, seconds, span};
use crate::model::age::Bound;
use crate::model::lag::Assigned;
use crate::model::memory::{Aged, Memory, Thresholds};
use crate::model::unknown::Unknown;

/// Why a verdict was given; its `Display` is one sentence without a full stop.
///
/// There are as many of them as rows, so what is large and rare is boxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The partition or its history could not be read.
    Unread(Unknown),
    /// This many records are unread, and neither an earlier run nor an objective shows what that means.
    Unjudged(u64),
    /// Nothing was ever committed; whether a member reads anyway.
    NoCommit {
        /// Whether a member is assigned.
        read: bool,
    },
    /// The commit is this many offsets past the log end.
    PastEnd {
        by: u64,
        /// Whether records arrived since, and the commit did not move.
        stands: bool,
    },
    /// Nothing is left to read.
    CaughtUp,
    /// This many records are unread, which is allowed.
    Allowed(u64),
    /// This many offsets are left as after each commit, which are no records.
    AtRest {
        left: u64,
        /// Whether more are left than that, which may be a transaction that was aborted.
        aborted: bool,
    },
    /// This many records are unread, and it is too early for a verdict.
    WarmingUp {
        unread: u64,
        /// Snapshots that are still missing.
        missing: u8,
    },
    /// This many records are unread, and commits keep coming.
    Behind(u64),
    /// This many records are unread, commits keep coming, and the group was never caught up for this many seconds.
    Backlog { unread: u64, s: u32 },
    /// This many records are unread, none of them older than the objective, in seconds.
    InTime { unread: u64, objective_s: u32 },
    /// The oldest unread record is older than the objective, in seconds.
    Late { age_ms: u64, bound: Option<Bound>, objective_s: u32 },
    /// Nobody commits.
    Silent(Box<Silence>),
    /// Nobody commits, and an open transaction is why.
    Blocked(Box<Silence>),
    /// It did not move before runs that could not read it, and has not moved since.
    Held { unread: u64 },
    /// The last member is gone, and records of this age, in seconds, wait.
    Left { age_s: u32, unread: u64 },
    /// Nobody has read or committed since the first snapshot.
    Abandoned { unread: u64 },
    /// There are members, and for this many milliseconds none had a settled assignment.
    Unstable { ms: i64 },
    /// The commit went back and has not recovered.
    SteppedBack(Box<StepBack>),
    /// It falls behind.
    Grew(Box<Growth>),
    /// It fell behind before, and has not clearly gained ground since.
    StillBehind(u64),
    /// The earlier verdict is kept, because its earlier snapshots were not read.
    Kept(Box<Kept>),
    /// The reason for a share group (KIP-932), which acknowledges instead of committing.
    Share {
        reason: Box<Self>,
        /// Whether its start offset stands while records behind it are acknowledged.
        held: bool,
        /// Whether fewer may be left than stated, since the coordinator does not report it.
        at_most: bool,
    },
    /// Records were deleted before they were read, at this snapshot or recently.
    Lost {
        /// How many offsets are between the commit and the log start now.
        lost: u64,
    },
}

/// A verdict that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) unread: u64,
    /// Why it could not be judged again.
    pub(crate) why: Unknown,
}

/// A commit that went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepBack {
    from: i64,
    to: i64,
}

impl StepBack {
    /// How far it went back.
    pub(crate) fn offsets(self) -> u64 {
        self.from.abs_diff(self.to)
    }
}

/// A silence in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    ms: i64,
    is_at_its_limit: bool,
    usual_ms: Option<i64>,
    unread: u64,
    lost: u64,
    assigned: Assigned,
    /// How long a silence must be for a verdict, if snapshots are so close that this one is shorter.
    needs_ms: Option<i64>,
}

impl Silence {
    /// The same, which is not long enough yet.
    pub(crate) fn too_short(self, needs_ms: i64) -> Self {
        Self { needs_ms: Some(needs_ms), ..self }
    }

    pub(crate) fn of(memory: Memory, assigned: Assigned, (unread, lost): (u64, u64), thresholds: &Thresholds) -> Self {
        Self {
            needs_ms: None,
            ms: memory.silent_ms(thresholds),
            is_at_its_limit: memory.silence_is_at_its_limit(),
            usual_ms: memory.usual_gap_ms(thresholds).filter(|_| memory.usual_gap_is_seen()),
            unread,
            lost,
            assigned,
        }
    }
}

/// The words for a group.
#[derive(Clone, Copy)]
struct Words {
    /// The sign of life that it gives: commits or acknowledgements.
    commit: &'static str,
    /// The words if it never read.
    position: &'static str,
    stands: &'static str,
    /// The words before a number of records that is an upper bound.
    at_most: &'static str,
    /// Whether it is a share group, whose position counts acknowledged records and is no offset.
    shares: bool,
}

const SHARES: Words = Words {
    commit: "acknowledgement",
    position: "start offset: nothing was read yet",
    stands: "its start offset stands",
    at_most: "",
    shares: true,
};
const COMMITS: Words = Words { commit: "commit", position: "commit", stands: "committed", at_most: "", shares: false };

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(COMMITS, f)
    }
}

impl Reason {
    /// The age as the report shows it beside, with its bound.
    pub(crate) fn late(age: Aged, objective_s: u32) -> Self {
        let (age_ms, bound) = age.shown();
        Self::Late { age_ms, bound, objective_s }
    }

    pub(crate) fn stepped_back(from: i64, to: i64) -> Self {
        Self::SteppedBack(Box::new(StepBack { from, to }))
    }

    /// Without the addition for share groups.
    pub(crate) fn plain(&self) -> &Self {
        if let Self::Share { reason, .. } = self { reason.plain() } else { self }
    }

    /// Whether neither earlier snapshots nor an objective show what a lag means.
    pub(crate) fn is_unjudged(&self) -> bool {
        matches!(self.plain(), Self::Unjudged(_))
    }

    fn write(&self, words: Words, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { commit, position, stands: place, at_most, shares } = words;
        let behind = |records: &u64| {
            let records = records_of(*records);
            fmt::from_fn(move |f| write!(f, "{at_most}{records} behind"))
        };
        match self {
            Self::Unread(why) => write!(f, "{why}"),
            Self::Unjudged(unread) => {
                write!(f, "{at_most}{} unread; no earlier run to compare with", records_of(*unread))
            }
            Self::NoCommit { read: true } => write!(f, "no {position}, though a member is assigned"),
            Self::NoCommit { read: false } => write!(f, "no {position}"),
            Self::PastEnd { by, stands } => {
                let by = grouped(*by);
                write!(f, "{place} {by} offsets past the log end: the topic was truncated or recreated")?;
                f.write_str(if *stands { ", and records written since are not read" } else { "" })
            }
            Self::CaughtUp => f.write_str("caught up"),
            Self::Allowed(unread) => write!(f, "{}, which is allowed", behind(unread)),
            Self::AtRest { left, aborted } => {
                let s = if *left == 1 { "" } else { "s" };
                write!(f, "caught up but for {left} offset{s}, ")?;
                f.write_str(match aborted {
                    false => "which each commit leaves: markers of transactions are no records",
                    true => "no more than the marker that each commit leaves and a transaction that was aborted",
                })
            }
            Self::WarmingUp { unread, missing } => write!(f, "{}, {}", early(*missing), behind(unread)),
            Self::Behind(unread) => write!(f, "{}, {commit}s keep coming", behind(unread)),
            Self::Backlog { unread, s } => {
                let time = seconds((*s).into());
                write!(f, "{}, {commit}s keep coming, never caught up for at least {time}", behind(unread))
            }
            Self::InTime { unread, objective_s } => {
                write!(f, "{}, none older than the objective of {}", behind(unread), seconds((*objective_s).into()))
            }
            Self::Late { age_ms, bound, objective_s } => {
                #[expect(clippy::cast_precision_loss, reason = "no record is older than 2^53 milliseconds")]
                let age = span(*age_ms as f64 / 1_000.0);
                let (sign, objective) = (Bound::sign(*bound), seconds((*objective_s).into()));
                write!(f, "late: its oldest unread record is {sign}{age} old, objective {objective}")
            }
            Self::Silent(silence) => silence.write(words, f),
            Self::Blocked(silence) => {
                f.write_str("held up by an open transaction, ")?;
                silence.write(words, f)
            }
            Self::Held { unread } => write!(
                f,
                "it stood still before the runs that could not read it, and no {commit} came since, {}",
                behind(unread)
            ),
            Self::Left { age_s, unread } => {
                write!(f, "its members left, {}, the oldest record is {} old", behind(unread), seconds((*age_s).into()))
            }
            Self::Abandoned { unread } => {
                write!(f, "abandoned: no member and no {commit} since it is watched, {}", behind(unread))
            }
            Self::Unstable { ms } => write!(f, "rebalances without end, for at least {}", duration(*ms)),
            Self::SteppedBack(step) => {
                let StepBack { from, to } = &**step;
                let back = grouped(step.offsets());
                if shares {
                    return write!(f, "the start offset was set {back} records back, and has not come up again");
                }
                write!(f, "the commit went {back} records back, from {from} to {to}, and has not come up again")
            }
            Self::Grew(growth) => {
                let Growth { from, to, commits, took_ms } = &**growth;
                let (from, to, took) = (grouped(*from), grouped(*to), duration(*took_ms));
                write!(f, "falls behind, from {from} to {to} records within {commits} {commit}s and {took}")
            }
            Self::StillBehind(unread) => {
                write!(f, "fell behind and has not clearly gained ground since, {}", behind(unread))
            }
            Self::Kept(kept) => {
                let Kept { unread, why } = &**kept;
                write!(f, "{}, the verdict of an earlier run is kept: {why}", behind(unread))
            }
            Self::Share { reason, held, at_most } => {
                if *held {
                    f.write_str("the start offset stands, records behind it are being delivered: ")?;
                }
                reason.write(if *at_most { Words { at_most: "at most ", ..SHARES } } else { SHARES }, f)
            }
            Self::Lost { lost: 0 } => f.write_str("records were deleted before it read them, within the last ten runs"),
            Self::Lost { lost } => write!(f, "{} deleted before it read them", records_of(*lost)),
        }
    }
}

impl Silence {
    fn write(&self, words: Words, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { commit, at_most, .. } = words;
        if let Some(needs_ms) = self.needs_ms {
            #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
            let silent = span(self.ms as f64 / 1_000.0);
            return write!(
                f,
                "silent for {silent}; a verdict needs {}; {at_most}{} unread",
                duration(needs_ms),
                records_of(self.unread)
            );
        }
        let over = if self.is_at_its_limit { "over " } else { "" };
        write!(f, "no {commit} for {over}{} ", duration(self.ms))?;
        match self.usual_ms {
            Some(gap_ms) => write!(f, "(usually within {})", duration(gap_ms))?,
            None => f.write_str("(usual interval not known yet)")?,
        }
        write!(f, ", {at_most}{} behind", records_of(self.unread))?;
        if self.lost > 0 {
            write!(f, ", {} deleted unread", grouped(self.lost))?;
        }
        f.write_str(match self.assigned {
            Assigned::Yes => ", a member is assigned",
            Assigned::No => ", no member assigned",
            Assigned::Unknown => ", not known whether a member is assigned",
        })
    }
}

/// Which snapshot it is of those that a verdict needs, so that people see when there will be one.
pub(crate) fn early(missing: u8) -> &'static str {
    if missing > 1 { "first snapshot of three" } else { "second snapshot of three" }
}
