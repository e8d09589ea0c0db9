//! What a run wrote: the history for the next one, and the metrics for people.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The history in one run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryEntry {
    /// `false`: nothing was read or written.
    pub(crate) enabled: bool,
    /// State metrics that were written.
    pub(crate) metrics: usize,
    /// State metrics that were read, windows included.
    pub(crate) metrics_read: usize,
    /// Estimated points that were requested, as the quota counts them, windows included.
    pub(crate) points_asked: u64,
    /// State metrics that were read for windows.
    pub(crate) windows_read: usize,
    /// Estimated points that were requested for windows.
    pub(crate) windows_points: u64,
    /// Estimated points that there was time for; 0 if no window was wanted.
    pub(crate) windows_budget: u64,
    /// Partitions of whose windows only the newest snapshots were read.
    pub(crate) windows_short: usize,
    /// Partitions whose window was wanted and not read: their verdict is kept.
    pub(crate) windows_left_out: usize,
    pub(crate) datums_written: usize,
    /// What to set if lags cannot be judged, because nothing is stored and no objective is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<Cow<'static, str>>,
    /// What could not be read or written.
    pub(crate) problems: Vec<String>,
}

/// The metrics in one run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsEntry {
    /// `false`: nothing was published.
    pub(crate) enabled: bool,
    pub(crate) published: usize,
    /// US dollars a month for these metrics and the history together, on this schedule; an estimate.
    pub(crate) dollars_a_month: Option<f64>,
    /// The date of the prices.
    pub(crate) prices_of: Cow<'static, str>,
    /// What was left out to stay within the limit.
    pub(crate) refused: Option<String>,
    /// The metrics at a receiver of OTLP; absent if none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp: Option<OtlpEntry>,
    /// What could not be published.
    pub(crate) problems: Vec<String>,
}

/// The metrics at a receiver of OTLP.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OtlpEntry {
    /// Data points that it accepted.
    pub(crate) points: usize,
    /// Bytes of this run's requests before compression.
    pub(crate) bytes: usize,
    /// Bytes that `CloudWatch` bills for a month of runs on this schedule: each point with its metric's name and the sender's attributes.
    pub(crate) bytes_a_month: u64,
    /// What it did not accept, and why.
    pub(crate) problems: Vec<String>,
}
