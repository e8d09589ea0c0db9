//! Keeps reads under the quota that counts estimated points: metrics × statistics × requested seconds, with or without
//! data.
//!
//! The quota belongs to the account, and the parts of a cluster run in the same minute, each as its own process: each
//! has its share.

use std::sync::Mutex;

use tokio::time::{Duration, Instant};

/// A schedule on which calls start no closer than their cost allows.
#[derive(Debug)]
pub(super) struct Spacing {
    free: Mutex<Option<Instant>>,
    /// Runs of a minute that share the quota, at least one.
    sharers: u64,
}

impl Spacing {
    /// For one of this many runs that share the quota.
    pub(super) fn shared_by(sharers: u32) -> Self {
        Self { free: Mutex::new(None), sharers: u64::from(sharers.max(1)) }
    }

    /// The most estimated points of one call.
    pub(super) fn points_per_call(&self) -> i64 {
        POINTS_PER_CALL / self.sharers.cast_signed()
    }

    /// How many estimated points can be requested from now on until then.
    pub(super) fn points_until(&self, until: Instant) -> i64 {
        let free = *self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        let left = until.saturating_duration_since(free.map_or(now, |free| free.max(now)));
        let points = left.as_micros() * u128::from(POINTS_PER_SECOND) / u128::from(self.sharers) / 1_000_000;
        i64::try_from(points).unwrap_or(i64::MAX)
    }

    /// When a call of this many estimated points may start; the call occupies that time on the schedule.
    pub(super) fn reserve(&self, points: i64) -> Instant {
        let points = u64::try_from(points).unwrap_or(0).max(POINTS_PER_SECOND / CALLS_PER_SECOND);
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let start = free.map_or(now, |free| free.max(now));
        *free = Some(start + Duration::from_micros(points * 1_000_000 * self.sharers / POINTS_PER_SECOND));
        start
    }
}

/// The most estimated points of one call; a call that starts late in a second may carry them into the next one.
const POINTS_PER_CALL: i64 = 31_000;
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
        for (points, sharers) in
            [(1, 1), (3_000, 1), (25_000, 1), (POINTS_PER_CALL, 1), (1, 8), (180, 8), (3_000, 8), (900, 32)]
        {
            let begin = Instant::now();
            let of_one = || {
                let pace = Spacing::shared_by(sharers);
                assert!(points <= pace.points_per_call());
                (0..500).map(|_| pace.reserve(points)).collect::<Vec<_>>()
            };
            let mut starts: Vec<_> = (0..sharers).flat_map(|_| of_one()).collect();
            starts.sort_unstable();
            assert_eq!(starts.first(), Some(&begin), "the first call starts at once");
            for (index, start) in starts.iter().enumerate().step_by(7) {
                let calls =
                    starts[index..].iter().take_while(|other| **other < *start + Duration::from_secs(1)).count();
                let calls = i64::try_from(calls).unwrap_or(i64::MAX);
                let calls_allowed = 50 + i64::from(sharers);
                assert!(
                    calls <= calls_allowed && calls * points <= 90_000,
                    "{calls} calls of {points} points in a second, {sharers} runs"
                );
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_still_be_asked_for_is_what_the_pace_allows_until_then() {
        let pace = Spacing::shared_by(2);
        let until = Instant::now() + Duration::from_secs(3);
        assert_eq!(pace.points_until(until), 87_000);
        pace.reserve(29_000);
        assert_eq!(pace.points_until(until), 58_000);
        assert_eq!(pace.points_until(Instant::now()), 0);
    }
}
