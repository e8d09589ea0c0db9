//! What the metrics cost a month, estimated from the public price list.

use super::address::Schedule;
use super::bodies::DATUMS_PER_REQUEST;

pub mod table;

/// What the account pays for after one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// Distinct metrics written, state and results together.
    pub(crate) metrics: usize,
    /// `PutMetricData` requests.
    pub(crate) writes: usize,
    /// Metrics requested with `GetMetricData`; several statistics of one metric count once.
    pub(crate) reads: usize,
}

/// How much one run stores and publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Volume {
    /// Partitions that are stored.
    pub(crate) partitions: usize,
    /// Their pages; 0 without history.
    pub(crate) pages: usize,
    /// Metrics for people.
    pub(crate) published: usize,
    /// Metrics read besides each page and the roster once.
    pub(crate) windows: usize,
}

impl Volume {
    /// State metrics: one per page, and the roster.
    pub(crate) fn state(self) -> usize {
        if self.pages == 0 { 0 } else { self.pages + 1 }
    }

    /// What the account pays for it.
    pub(crate) fn used(self) -> Use {
        let kept = if self.pages == 0 { 0 } else { self.partitions + 2 * self.pages + ROSTER_SLOTS };
        Use {
            metrics: self.state() + self.published,
            writes: kept.div_ceil(DATUMS_OF_PAGES) + self.published.div_ceil(DATUMS_PER_REQUEST),
            reads: self.state() + self.windows,
        }
    }
}

impl Use {
    /// US dollars a month, if every run is like this one and nothing else in the account uses up the cheaper tiers.
    pub(crate) fn dollars_a_month(self, schedule: Schedule) -> f64 {
        let period = f64::from(u16::try_from(schedule.period()).unwrap_or(u16::MAX));
        let snapshots = HOURS_A_MONTH * 60.0 / period;
        // A metric is charged by the hour, and only for hours in which it was written.
        let hours = (60.0 / period).min(1.0);
        let (first, rest) = (float(self.metrics).min(FIRST_TIER), (float(self.metrics) - FIRST_TIER).max(0.0));
        let metrics = (first * METRIC + rest * METRIC_BEYOND_FIRST_TIER) * hours;
        metrics + snapshots * (float(self.writes) * PUT_REQUEST + float(self.reads) * METRIC_READ)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of metrics, for an estimate")]
fn float(number: usize) -> f64 {
    number as f64
}

/// Sixteen whole pages.
const DATUMS_OF_PAGES: usize = 960;
/// Approximate datums of the roster.
const ROSTER_SLOTS: usize = 3;
/// When these prices were looked up: us-east-1, <https://aws.amazon.com/cloudwatch/pricing/>.
pub(crate) const PRICES_OF: &str = "2026-11";
/// US dollars for one metric in a month.
const METRIC: f64 = 0.30;
/// The same past [`FIRST_TIER`].
const METRIC_BEYOND_FIRST_TIER: f64 = 0.10;
const FIRST_TIER: f64 = 10_000.0;
/// US dollars for one `PutMetricData` request.
const PUT_REQUEST: f64 = 0.01 / 1_000.0;
/// US dollars for one metric requested with `GetMetricData`.
const METRIC_READ: f64 = 0.01 / 1_000.0;
const HOURS_A_MONTH: f64 = 730.0;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn dollars(period: u32, metrics: usize, writes: usize, reads: usize) -> String {
        let used = Use { metrics, writes, reads };
        format!("{:.2}", used.dollars_a_month(Schedule::every(period).unwrap()))
    }

    #[test]
    fn every_longer_period_costs_less() {
        for (partitions, pages, published) in [(60, 2, 20), (2_400, 45, 608), (20_000, 400, 9), (100_000, 1_900, 9)] {
            let used = Volume { partitions, pages, published, windows: 0 }.used();
            let dollars: Vec<_> =
                (1..=1_440).filter_map(Schedule::every).map(|schedule| used.dollars_a_month(schedule)).collect();
            assert_eq!(dollars.len(), 1_440);
            assert!(dollars.windows(2).all(|pair| pair[1] < pair[0]), "{partitions}");
        }
    }

    #[test]
    fn nothing_kept_and_nothing_published_costs_nothing() {
        assert_eq!(Volume::default().used(), Use::default());
    }

    #[test]
    fn a_metric_written_once_a_day_is_paid_for_one_hour_a_day() {
        assert_eq!(dollars(60, 240, 0, 0), "72.00");
        assert_eq!(dollars(1_440, 240, 0, 0), "3.00");
    }
}
