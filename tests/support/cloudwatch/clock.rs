//! The stand-in's time: the machine's, or one that a test sets.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000)
    }

    /// The wire's form: seconds with a fraction. `None` for what is no time at all (NaN, or outside of the years 0 to 9999).
    pub(crate) fn from_fraction(seconds: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "the guard keeps the product within i64")]
        let milliseconds = || (seconds * 1_000.0).round() as i64;
        (-62_167_219_200.0..=253_402_300_799.0).contains(&seconds).then(|| Self(milliseconds()))
    }

    pub(crate) const fn milliseconds(self) -> i64 {
        self.0
    }

    /// The last whole multiple of `step` seconds, as seconds since 1970.
    pub(crate) const fn floor_to(self, step: i64) -> i64 {
        self.0.div_euclid(step * 1_000) * step
    }

    pub(crate) const fn plus(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1_000)
    }

    pub(crate) const fn minus(self, seconds: i64) -> Self {
        self.plus(-seconds)
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self(self.0 + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 4))
    }
}

/// Where the stand-in's "now" comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The machine's clock.
    Real,
    /// Stands still until a test moves it.
    Fixed(Moment),
    /// Runs as fast as real time, from a moment that a test set.
    Ticking { from: Moment, since: Instant },
}

impl Clock {
    pub(crate) fn ticking(from: Moment) -> Self {
        Self::Ticking { from, since: Instant::now() }
    }

    pub(crate) fn now(self) -> Moment {
        match self {
            Self::Real => Moment(0).after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Self::Fixed(now) => now,
            Self::Ticking { from, since } => from.after(since.elapsed()),
        }
    }

    /// Jumps ahead; a real clock becomes a ticking one.
    pub(crate) fn advance(&mut self, by: Duration) {
        *self = match *self {
            Self::Fixed(now) => Self::Fixed(now.after(by)),
            Self::Real | Self::Ticking { .. } => Self::ticking(self.now().after(by)),
        };
    }
}
