//! How fast records come and are read, where an earlier snapshot is known.

use serde::{Deserialize, Serialize};

use crate::base::figures::{grouped, span};
use crate::judge::flow::Flow;

/// How fast records of a group's partitions arrive and are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RateEntry {
    /// Records that arrived, per second.
    in_per_s: f64,
    /// Records that were read, per second; negative if the group was set back.
    out_per_s: f64,
    /// Seconds until nothing will be unread; absent if the lag does not shrink.
    #[serde(skip_serializing_if = "Option::is_none")]
    caught_up_in_s: Option<u64>,
    /// The same for people.
    pub(crate) trend: String,
}

/// One process takes several snapshots.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WatchEntry {
    /// How many so far, this one included.
    pub(crate) snapshots: u32,
    /// Seconds from one to the next.
    pub(crate) every_s: u64,
}

impl RateEntry {
    /// Of what flowed since an earlier snapshot; `None` where no time passed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate has no more than a few digits, and `as` saturates"
    )]
    pub(crate) fn new(Flow { arrived, read, left, took_ms }: Flow) -> Option<Self> {
        if took_ms <= 0 {
            return None;
        }
        let a_second = |records: i64| records as f64 * 1_000.0 / took_ms as f64;
        let (in_per_s, out_per_s) = (a_second(arrived), a_second(read));
        let gained = out_per_s - in_per_s;
        let matters = gained.abs() >= in_per_s.max(out_per_s) / SHARE_THAT_MATTERS;
        let end = (gained > 0.0 && matters && left > 0).then(|| (left as f64 / gained).ceil());
        let trend = match end {
            Some(seconds) => format!("catches up in {}", span(seconds)),
            None if left == 0 => "caught up".to_owned(),
            None if gained < 0.0 && matters => format!("falls behind by {} records/s", figure(-gained)),
            None if arrived == 0 && read == 0 => "nothing moves".to_owned(),
            None => "keeps its distance".to_owned(),
        };
        Some(Self {
            in_per_s: tenth(in_per_s),
            out_per_s: tenth(out_per_s),
            caught_up_in_s: end.map(|s| s as u64),
            trend,
        })
    }

    /// Both rates for people.
    pub(crate) fn rates(&self) -> [String; 2] {
        [self.in_per_s, self.out_per_s].map(figure)
    }
}

fn tenth(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

/// Whole records from ten on, else with one decimal.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the sign is taken off before"
)]
fn figure(rate: f64) -> String {
    let sign = if rate < 0.0 { "-" } else { "" };
    match rate.abs() {
        few @ ..10.0 if tenth(few) > 0.0 => format!("{sign}{:.1}", tenth(few)),
        rate => format!("{sign}{}", grouped(rate.round() as u64)),
    }
}

/// A difference of less than one in this many counts as none: commits and snapshots are not synchronized.
const SHARE_THAT_MATTERS: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(arrived: i64, read: i64, left: i64) -> Option<String> {
        RateEntry::new(Flow { arrived, read, left, took_ms: 10_000 }).map(|rate| rate.trend)
    }

    #[test]
    fn a_trend_is_an_end_or_a_speed() {
        assert_eq!(trend(1_000, 1_500, 12_000).as_deref(), Some("catches up in 4 min"));
        assert_eq!(trend(1_120, 1_000, 500).as_deref(), Some("falls behind by 12 records/s"));
        assert_eq!(trend(1_000, 990, 500).as_deref(), Some("keeps its distance"));
        assert_eq!(trend(0, 0, 500).as_deref(), Some("nothing moves"));
        assert_eq!(trend(1_000, 1_000, 0).as_deref(), Some("caught up"));
        assert_eq!(RateEntry::new(Flow { arrived: 1, read: 1, left: 1, took_ms: 0 }).map(|rate| rate.trend), None);
    }

    #[test]
    fn rates_have_a_tenth_only_where_it_matters() {
        let rates =
            |arrived, read| RateEntry::new(Flow { arrived, read, left: 1, took_ms: 10_000 }).map(|rate| rate.rates());
        assert_eq!(rates(123_456, 5), Some(["12,346".to_owned(), "0.5".to_owned()]));
        assert_eq!(rates(0, -20), Some(["0".to_owned(), "-2.0".to_owned()]));
    }
}
