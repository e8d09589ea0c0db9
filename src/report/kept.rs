//! What a run left behind: for the next one, and for people.

use serde::Serialize;

/// What became of the history in one run.
#[derive(Debug, Default, Serialize)]
pub struct HistoryEntry {
    /// `false`: nothing was read or written.
    pub enabled: bool,
    /// State metrics that were written.
    pub metrics: usize,
    /// State metrics that were read, windows included.
    pub metrics_read: usize,
    /// State metrics that were read for windows.
    pub windows_read: usize,
    /// Datums that were written.
    pub datums_written: usize,
    /// What to set where lags cannot be judged, because nothing is kept and no objective is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
    /// What could not be read or written.
    pub problems: Vec<String>,
}

/// What became of the metrics in one run.
#[derive(Debug, Default, Serialize)]
pub struct MetricsEntry {
    /// `false`: nothing was published.
    pub enabled: bool,
    /// Metrics that were published.
    pub published: usize,
    /// US dollars a month for these metrics and the history together, on this schedule; an estimate.
    pub dollars_a_month: Option<f64>,
    /// Of when the prices are.
    pub prices_of: &'static str,
    /// What was left out to stay within the limit.
    pub refused: Option<String>,
    /// What could not be published.
    pub problems: Vec<String>,
}
