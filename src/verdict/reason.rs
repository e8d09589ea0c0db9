//! The sentences behind a verdict: data until somebody reads them.

use std::fmt;

use super::trend::Growth;
use crate::lag::{Assigned, Unknown};
use crate::memory::{Memory, Thresholds};

/// Why a verdict was given; its `Display` is one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The partition or its history could not be read.
    Unread(Unknown),
    /// Nothing was ever committed; whether somebody reads all the same.
    NoCommit {
        /// Whether a member is assigned.
        read: bool,
    },
    /// The commit stands so many offsets past the log end.
    PastEnd {
        /// Offsets between the two.
        by: u64,
        /// Whether records came since, and the commit stood.
        stands: bool,
    },
    /// Nothing is left to read.
    CaughtUp,
    /// So many records are left, which is allowed.
    Allowed(u64),
    /// So many records are left, and it is too early to say more.
    WarmingUp {
        /// Records left.
        unread: u64,
        /// Looks that are still missing.
        missing: u8,
    },
    /// So many records are left, and commits keep coming.
    Behind(u64),
    /// So many records are left, none of them older than the objective, in seconds.
    InTime {
        /// Records left.
        unread: u64,
        /// The objective.
        objective_s: u64,
    },
    /// The oldest unread record is older than the objective, both in seconds.
    Late {
        /// The record's age, at least.
        age_s: u64,
        /// The objective.
        objective_s: u64,
    },
    /// Nobody commits.
    Silent(Silence),
    /// Nobody commits, and an open transaction is why.
    Blocked(Silence),
    /// The last member is gone, and records of that age, in seconds, wait.
    Left {
        /// The age of the oldest one, at least.
        age_s: u64,
        /// Records left.
        unread: u64,
    },
    /// Nobody has read or committed since the first look.
    Abandoned {
        /// Records left.
        unread: u64,
    },
    /// Members are there, and for so many milliseconds nobody was assigned for good.
    Unstable {
        /// For how long at least.
        ms: i64,
    },
    /// The commit went back and has not come up again.
    SteppedBack {
        /// The highest commit before.
        from: i64,
        /// The commit now.
        to: i64,
    },
    /// It falls behind.
    Grew(Growth),
    /// It fell behind before, and has not clearly gained ground since.
    StillBehind(u64),
    /// The start offset of a share group stands while records behind it are acknowledged; and what else is to be said.
    Held(Box<Self>),
    /// Records were deleted before they were read, at this look or lately.
    Lost {
        /// How many lie between the commit and the log start now.
        lost: u64,
    },
}

/// A silence in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    ms: i64,
    is_at_its_limit: bool,
    usual_ms: Option<i64>,
    unread: u64,
    lost: u64,
    assigned: Assigned,
}

impl Silence {
    pub(super) fn of(memory: Memory, unread: u64, lost: u64, thresholds: &Thresholds) -> Self {
        Self {
            ms: memory.silent_ms(thresholds),
            is_at_its_limit: memory.silence_is_at_its_limit(),
            usual_ms: memory.usual_gap_ms(thresholds),
            unread,
            lost,
            assigned: memory.assigned(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let behind = |records: &u64| format!("{} behind", records_of(*records));
        match self {
            Self::Unread(why) => write!(f, "{why}"),
            Self::NoCommit { read: true } => f.write_str("no commit, though a member is assigned"),
            Self::NoCommit { read: false } => f.write_str("no commit"),
            Self::PastEnd { by, stands } => {
                let by = grouped(*by);
                write!(f, "committed {by} offsets past the log end: the topic was truncated or recreated")?;
                f.write_str(if *stands { ", and what is written since is not read" } else { "" })
            }
            Self::CaughtUp => f.write_str("caught up"),
            Self::Allowed(unread) => write!(f, "{}, which is allowed", behind(unread)),
            Self::WarmingUp { unread, missing } => write!(f, "{}, {}", early(*missing), behind(unread)),
            Self::Behind(unread) => write!(f, "{}, commits keep coming", behind(unread)),
            Self::InTime { unread, objective_s } => {
                write!(f, "{}, none older than the objective of {}", behind(unread), seconds(*objective_s))
            }
            Self::Late { age_s, objective_s } => {
                let (age, objective) = (seconds(*age_s), seconds(*objective_s));
                write!(f, "late: its oldest unread record is {age} old, objective {objective}")
            }
            Self::Silent(silence) => silence.fmt(f),
            Self::Blocked(silence) => write!(f, "held up by an open transaction, {silence}"),
            Self::Left { age_s, unread } => {
                write!(f, "its members left, {}, the oldest record is {} old", behind(unread), seconds(*age_s))
            }
            Self::Abandoned { unread } => {
                write!(f, "abandoned: no member and no commit since it is watched, {}", behind(unread))
            }
            Self::Unstable { ms } => write!(f, "rebalances without end, for at least {}", duration(*ms)),
            Self::SteppedBack { from, to } => {
                let back = grouped(from.abs_diff(*to));
                write!(f, "the commit went {back} records back, from {from} to {to}, and has not come up again")
            }
            Self::Grew(Growth { from, to, commits, took_ms }) => {
                let (from, to, took) = (grouped(*from), grouped(*to), duration(*took_ms));
                write!(f, "falls behind, from {from} to {to} records within {commits} commits and {took}")
            }
            Self::StillBehind(unread) => {
                write!(f, "fell behind and has not clearly gained ground since, {}", behind(unread))
            }
            Self::Held(reason) => write!(f, "the start offset stands, records behind it are being delivered: {reason}"),
            Self::Lost { lost: 0 } => {
                f.write_str("records were deleted before it read them, within the last ten looks")
            }
            Self::Lost { lost } => write!(f, "{} deleted before it read them", records_of(*lost)),
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = if self.is_at_its_limit { "over " } else { "" };
        write!(f, "no commit for {over}{} ", duration(self.ms))?;
        match self.usual_ms {
            Some(gap_ms) => write!(f, "(usually within {})", duration(gap_ms))?,
            None => f.write_str("(usual interval not known yet)")?,
        }
        write!(f, ", {} behind", records_of(self.unread))?;
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

/// Which look it is of those that a verdict takes, so that it is seen when there will be one.
pub(crate) fn early(missing: u8) -> &'static str {
    if missing > 1 { "first look of three" } else { "second look of three" }
}

fn records_of(count: u64) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{} records", grouped(count)) }
}

fn seconds(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
}

/// In the one or two greatest units, rounded to the nearest.
fn duration(ms: i64) -> String {
    let minutes = (ms + 30_000) / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{} s", ms / 1_000),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A number with its thousands apart, as in 12,345.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        let text = |seconds: i64| duration(seconds * 1_000);
        assert_eq!((text(29).as_str(), text(30).as_str(), text(89).as_str()), ("29 s", "1 min", "1 min"));
        assert_eq!((text(3_600).as_str(), text(3_900).as_str()), ("1 h", "1 h 5 min"));
        assert_eq!((text(86_400).as_str(), text(97_500).as_str()), ("1 d", "1 d 3 h"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!((grouped(999).as_str(), grouped(48_210).as_str()), ("999", "48,210"));
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
