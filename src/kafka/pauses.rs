//! Waiting for what mends itself.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Waits before the next try of something that mends itself, longer each time.
pub(super) struct Pauses {
    pause: Duration,
    deadline: Instant,
}

pub(super) fn pauses(deadline: Instant) -> Pauses {
    Pauses { pause: FIRST_PAUSE, deadline }
}

impl Pauses {
    /// Waits; false, at once, where the deadline leaves no time for another try.
    pub(super) async fn next(&mut self) -> bool {
        if Instant::now() + self.pause >= self.deadline {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// A loading coordinator needs a moment; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
