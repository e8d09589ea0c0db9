//! The basic types: a metric, and its data.

use std::collections::BTreeMap;

use serde::Serialize;

/// What makes a metric another metric: namespace, name and dimensions, in whatever order they came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct MetricId {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: BTreeMap<String, String>,
}

/// How a metric's data is stored (`StorageResolution`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resolution {
    /// High: to the second.
    Second,
    /// Standard: to the minute.
    Minute,
}

impl Resolution {
    /// What a timestamp is rounded down to, in seconds.
    pub(crate) const fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
        }
    }
}

/// A statistic set, as sent at once or merged from several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) count: f64,
    pub(crate) sum: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// Each value with its count. `None` when only the set is known, which leaves percentiles unknown too.
    pub(crate) values: Option<Vec<(f64, f64)>>,
}

impl Sample {
    /// `None` for no value at all.
    pub(crate) fn from_values(values: Vec<(f64, f64)>) -> Option<Self> {
        let (first, _) = *values.first()?;
        let fold = |pick: fn(f64, f64) -> f64| values.iter().fold(first, |found, &(value, _)| pick(found, value));
        Some(Self {
            count: values.iter().map(|&(_, count)| count).sum(),
            sum: values.iter().map(|&(value, count)| value * count).sum(),
            minimum: fold(f64::min),
            maximum: fold(f64::max),
            values: Some(values),
        })
    }

    /// Data for one timestamp becomes one set, in whatever order it came.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.values = match (self.values.take(), &other.values) {
            (Some(mut values), Some(more)) => {
                values.extend(more);
                Some(values)
            }
            _ => None,
        };
    }
}

/// One datum that kept the rules.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) metric: MetricId,
    pub(crate) unit: String,
    pub(crate) resolution: Resolution,
    /// Seconds since 1970, rounded down to the resolution.
    pub(crate) second: i64,
    pub(crate) sample: Sample,
}

/// Data under another unit is another stream of the same metric (`StandardUnit`).
pub(crate) const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
