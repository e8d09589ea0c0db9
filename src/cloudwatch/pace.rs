//! Keeps reads under the quota that counts estimated points: metrics × statistics × seconds asked for, there or not.

use std::sync::Mutex;

use tokio::time::{Duration, Instant};

/// A schedule on which calls start no closer than their cost allows.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    free: Mutex<Option<Instant>>,
}

impl Spacing {
    /// When a call of this many estimated points may start; its time is taken from the schedule.
    pub(super) fn reserve(&self, points: i64) -> Instant {
        let points = u64::try_from(points).unwrap_or(0).max(POINTS_PER_SECOND / CALLS_PER_SECOND);
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let start = free.map_or(now, |free| free.max(now));
        *free = Some(start + Duration::from_micros(points * 1_000_000 / POINTS_PER_SECOND));
        start
    }
}

/// The most estimated points that one call should ask for; a call that starts late in a second may carry them into it.
pub(super) const POINTS_PER_CALL: i64 = 31_000;
/// With one call on top this is half of the service's quota of 180,000 points a second (`CloudWatch` service quotas, `GetMetricData`),
/// which is shared by all readers in the account and Region, and cannot be raised.
pub const POINTS_PER_SECOND: u64 = 58_000;
/// Below the service's quota of 50 calls a second and Region.
const CALLS_PER_SECOND: u64 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn any_second_stays_under_the_quotas() {
        for points in [1, 3_000, 25_000, POINTS_PER_CALL] {
            let pace = Spacing::default();
            let begin = Instant::now();
            let starts: Vec<_> = (0..500).map(|_| pace.reserve(points)).collect();
            assert_eq!(starts.first(), Some(&begin), "the first call starts at once");
            for (index, start) in starts.iter().enumerate() {
                let calls =
                    starts[index..].iter().take_while(|other| **other < *start + Duration::from_secs(1)).count();
                let calls = i64::try_from(calls).unwrap_or(i64::MAX);
                assert!(calls <= 50 && calls * points <= 90_000, "{calls} calls of {points} points in a second");
            }
        }
    }
}
