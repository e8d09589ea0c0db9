//! The direction of a lag: when it will end, or how fast it grows.

use std::fmt;

use crate::base::figures::{duration, records_of};

/// The direction of a lag, by the last commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At this pace nothing will be unread in this many seconds.
    CatchesUp {
        /// Seconds until then.
        in_s: u64,
    },
    /// The group falls behind.
    FallsBehind {
        /// This many records a minute.
        records: u64,
        /// This many milliseconds a minute, by the age of its commits.
        ms: u64,
    },
}

impl Pace {
    /// The pace of a lag that changed by this many records and milliseconds within some time; `None` if it stayed the
    /// same.
    pub(crate) fn of(records: i64, age_ms: i64, took_ms: i64, unread: u64) -> Option<Self> {
        let took_ms = u64::try_from(took_ms).ok().filter(|took_ms| *took_ms > 0)?;
        let a_minute = |change: i64| change.unsigned_abs().saturating_mul(60_000) / took_ms;
        match records {
            0 => None,
            ..0 => {
                let in_ms = u128::from(unread) * u128::from(took_ms) / u128::from(records.unsigned_abs());
                Some(Self::CatchesUp { in_s: u64::try_from(in_ms.div_ceil(1_000)).unwrap_or(u64::MAX) })
            }
            1.. => Some(Self::FallsBehind { records: a_minute(records).max(1), ms: a_minute(age_ms.max(0)) }),
        }
    }

    /// That of a group: falling behind counts first, summed up; otherwise the one that needs the longest.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::CatchesUp { in_s: one }, Self::CatchesUp { in_s: other }) => {
                Self::CatchesUp { in_s: one.max(other) }
            }
            (Self::FallsBehind { records, ms }, Self::FallsBehind { records: more, ms: other }) => {
                Self::FallsBehind { records: records.saturating_add(more), ms: ms.max(other) }
            }
            (Self::CatchesUp { .. }, falls) | (falls, Self::CatchesUp { .. }) => falls,
        }
    }
}

/// Records that came and were read within some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) arrived: i64,
    pub(crate) read: i64,
    /// Milliseconds.
    pub(crate) took_ms: i64,
}

/// How fast records came and were read before a group fell behind, and since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tempo {
    pub(crate) before: Flow,
    pub(crate) since: Flow,
}

impl Flow {
    /// Records that came, a second.
    pub(crate) fn arrived_per_s(self) -> f64 {
        per_s(self.arrived, self.took_ms)
    }

    /// Records that were read, a second.
    pub(crate) fn read_per_s(self) -> f64 {
        per_s(self.read, self.took_ms)
    }

    /// Both of two partitions together, over the longer time.
    fn with(self, other: Self) -> Self {
        // Records of a shorter time are stretched, so that the pace of each partition stays what it is.
        let took_ms = self.took_ms.max(other.took_ms);
        let stretched = |records: i64, of_ms: i64| {
            let records = i128::from(records) * i128::from(took_ms) / i128::from(of_ms.max(1));
            i64::try_from(records).unwrap_or(i64::MAX)
        };
        let sum =
            |one: i64, other_one: i64| stretched(one, self.took_ms).saturating_add(stretched(other_one, other.took_ms));
        Self { arrived: sum(self.arrived, other.arrived), read: sum(self.read, other.read), took_ms }
    }
}

impl Tempo {
    /// That of two partitions together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { before: self.before.with(other.before), since: self.since.with(other.since) }
    }

    /// Whether records come half as fast again as before or faster, and are read about as fast as before.
    pub(crate) fn is_a_burst(self) -> bool {
        let Self { before, since } = self;
        // Without a division, so that an edge is where it is said to be.
        let at_least = |since_records: i64, before_records: i64, percent: i128| {
            let (now, then) = (i128::from(since_records), i128::from(before_records));
            now * i128::from(before.took_ms) * 100 >= then * i128::from(since.took_ms) * percent
        };
        before.arrived > 0
            && at_least(since.arrived, before.arrived, BURST)
            && at_least(since.read, before.read, AS_FAST)
    }
}

/// So many records a second, with a tenth.
#[expect(clippy::cast_precision_loss, reason = "a rate has no more than a few digits")]
pub(crate) fn per_s(records: i64, took_ms: i64) -> f64 {
    if took_ms <= 0 { 0.0 } else { (records as f64 * 10_000.0 / took_ms as f64).round() / 10.0 }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        match *self {
            Self::CatchesUp { in_s } => write!(f, "caught up in about {}", duration(ms(in_s.saturating_mul(1_000)))),
            Self::FallsBehind { records, ms: age } if age < 1_000 => {
                write!(f, "by {} a minute", records_of(records))?;
                f.write_str(if age > 0 { " and less than a second" } else { "" })
            }
            Self::FallsBehind { records, ms: age } => {
                write!(f, "by {} and {} s a minute", records_of(records), age / 1_000)
            }
        }
    }
}

/// Percent of the pace from before that are a burst of records.
const BURST: i128 = 150;
/// Percent of the pace from before with which a group is as fast as before.
const AS_FAST: i128 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_an_end_or_a_speed() {
        let pace = |records, age_ms| Pace::of(records, age_ms, 300_000, 6_000).map(|pace| pace.to_string());
        assert_eq!(pace(-500, 0).as_deref(), Some("caught up in about 1 h"));
        assert_eq!(pace(500, 30_000).as_deref(), Some("by 100 records and 6 s a minute"));
        assert_eq!(pace(5, 2_000).as_deref(), Some("by 1 record a minute and less than a second"));
        assert_eq!(pace(0, 30_000), None);
    }

    #[test]
    fn of_many_the_slowest_counts() {
        let (soon, late) = (Pace::CatchesUp { in_s: 9 }, Pace::CatchesUp { in_s: 90 });
        let falls = Pace::FallsBehind { records: 5, ms: 700 };
        assert_eq!((soon.with(late), soon.with(falls), falls.with(late)), (late, falls, falls));
        assert_eq!(falls.with(falls), Pace::FallsBehind { records: 10, ms: 700 });
    }
}
