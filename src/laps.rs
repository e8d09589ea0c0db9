//! How long each phase of a run took, for its line in the log.

use tokio::time::Instant;

/// A watch that is read at the end of each phase.
pub(crate) struct Laps(Instant);

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
