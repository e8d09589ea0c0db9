//! When a run began, and how long its phases took.

use tokio::time::Instant;

/// When a run began and when it must be over.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds since 1970 at `started`.
    pub unix_ms: i64,
    /// The same moment on the monotonic clock.
    pub started: Instant,
    /// When the run must have returned.
    pub deadline: Instant,
}

/// A stopwatch that is read at the end of each phase.
pub(crate) struct Laps(Instant);

impl Clock {
    /// Milliseconds since 1970, now.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.unix_ms + i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Milliseconds since the run began.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Laps {
    /// The first phase begins.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds of the phase that ends here, to the microsecond; the next one begins.
    pub(crate) fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let took = now - std::mem::replace(&mut self.0, now);
        (took.as_secs_f64() * 1e6).round() / 1e3
    }
}
