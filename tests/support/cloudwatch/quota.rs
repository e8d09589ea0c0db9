//! The account's quotas in one Region: calls a second, and estimated data points a second.

use std::collections::{BTreeMap, VecDeque};

use super::clock::Moment;

/// What was let through within the last second, by the stand-in's clock.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    passed: BTreeMap<&'static str, VecDeque<(Moment, u64)>>,
}

impl Quotas {
    /// Uses `cost` of a quota of `limit` a second, or refuses and uses nothing.
    pub(crate) fn take(&mut self, quota: &'static str, limit: u64, cost: u64, now: Moment) -> bool {
        let passed = self.passed.entry(quota).or_default();
        passed.retain(|&(at, _)| now < at.plus(1) && at <= now);
        let used: u64 = passed.iter().map(|&(_, cost)| cost).sum();
        let fits = used + cost <= limit;
        if fits {
            passed.push_back((now, cost));
        }
        fits
    }
}

/// Calls a second of an operation (user guide, "`CloudWatch` service quotas").
pub(crate) fn calls_a_second(operation: &str) -> u64 {
    match operation {
        "PutMetricData" => 500,
        "GetMetricData" => 50,
        _ => 25,
    }
}

/// Estimated data points per second, for reads that start within the last three hours.
pub(crate) const RECENT_POINTS: u64 = 180_000;
/// The same for reads that start earlier.
pub(crate) const OLDER_POINTS: u64 = 396_000;
