//! The result of a search for one record's age, and how far it can be relied on.

use crate::model::unknown::Unknown;

/// How old the next record to read is, in milliseconds before the search's `now_ms`.
///
/// Stamps are the producer's (`CreateTime`) or the broker's (`LogAppendTime`), and only those that no earlier record
/// exceeds can be found. So [`Age::Exact`] holds in any log, and every other age states its assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Age {
    /// There is nothing left to read.
    CaughtUp,
    /// A broker answered the record itself.
    Exact {
        /// The age by the record's own stamp.
        ms: u64,
    },
    /// The bracket closed without an answer of the record itself: no record before it is stamped later than `ms` ago,
    /// and none from it to the next one that could be found is.
    ///
    /// It shares its neighbour's stamp (a batch stamped at once, `LogAppendTime`): then `ms` is exact. Or an earlier
    /// record is stamped later than it (`CreateTime` out of order): then `ms` is too small. Or it was compacted away:
    /// then `ms` is too great, by one gap between surviving records at most. `ListOffsets` cannot show which.
    Tied {
        /// The age of the newest stamp before the record, exact for a log in order without holes.
        ms: u64,
        /// The record is at least this old, in any log.
        at_least_ms: u64,
    },
    /// The search was stopped, or the bracket is within the tolerance: in a log in order, the record is at most this
    /// old.
    AtMost {
        /// The older bound.
        ms: u64,
        /// The record is at least this old, in any log.
        at_least_ms: u64,
    },
    /// The record is at least this old, in any log.
    ///
    /// Nothing more can be known if no later record has a greater stamp, if records without a stamp may come first, or
    /// if the record is stamped in the future (then 0).
    AtLeast {
        /// The younger bound.
        ms: u64,
    },
    /// Not searched for: interpolated between two snapshots, as the time at which the log end passed the commit.
    Interpolated {
        /// The estimate.
        ms: u64,
    },
    /// The age is not known.
    Unknown(Unknown),
}

/// Where an age comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The record's own stamp.
    Log,
    /// One side of the bracket; [`Age`] says which.
    Bound,
    /// Interpolation between snapshots.
    History,
}

/// On which side of the number that is shown an age may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It is at least this old.
    AtLeast,
    /// It is at most this old.
    AtMost,
}

impl Bound {
    /// The bound of an age that lies between two figures, the greater one of which is shown; `None` if a second does
    /// not matter.
    pub(crate) fn between(at_least_ms: u64, at_most_ms: u64) -> Option<Self> {
        (at_most_ms.abs_diff(at_least_ms) >= 1_000).then_some(Self::AtMost)
    }

    /// The word in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }

    /// The sign before the number.
    pub(crate) const fn sign(bound: Option<Self>) -> &'static str {
        match bound {
            Some(Self::AtLeast) => "≥ ",
            Some(Self::AtMost) => "≤ ",
            None => "",
        }
    }

    /// The reverse, for the word in a report.
    pub(crate) fn of_word(word: Option<&str>) -> Option<Self> {
        [Self::AtLeast, Self::AtMost].into_iter().find(|bound| Some(bound.word()) == word)
    }
}

impl Age {
    /// Whether the number that is shown is a bound.
    pub(crate) fn bound(&self) -> Option<Bound> {
        self.figure()?.2
    }

    /// The one number to show and to publish, in milliseconds; `None` if the age is not known.
    #[must_use]
    pub fn ms(&self) -> Option<u64> {
        Some(self.figure()?.0)
    }

    /// The source of [`Age::ms`]; `None` if there is no such number.
    #[must_use]
    pub fn source(&self) -> Option<Basis> {
        Some(self.figure()?.1)
    }

    /// The number that is shown, its source, and whether it is a bound; `None` if the age is not known.
    fn figure(&self) -> Option<(u64, Basis, Option<Bound>)> {
        Some(match *self {
            Self::CaughtUp => (0, Basis::Log, None),
            Self::Exact { ms } => (ms, Basis::Log, None),
            Self::Tied { ms, at_least_ms } | Self::AtMost { ms, at_least_ms } => {
                (ms, Basis::Bound, Bound::between(at_least_ms, ms))
            }
            Self::AtLeast { ms } => (ms, Basis::Bound, Some(Bound::AtLeast)),
            Self::Interpolated { ms } => (ms, Basis::History, None),
            Self::Unknown(_) => return None,
        })
    }

    /// [`Age::ms`] in seconds.
    pub(crate) fn seconds(&self) -> Option<f64> {
        // Milliseconds below 2^53 are exact; that is 285,000 years.
        #[expect(clippy::cast_precision_loss, reason = "no record is older")]
        self.ms().map(|ms| ms as f64 / 1_000.0)
    }
}

impl Basis {
    /// The word in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Bound => "bound",
            Self::History => "history",
        }
    }
}

pub(crate) fn unknown(reason: &str) -> Age {
    Age::Unknown(Unknown::because(reason))
}
