//! Reads the seconds of state metrics back.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{MetricDataResult, StatusCode};
use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::address::Schedule;
use super::attempts::Attempts;
use super::bodies::Queries;
use super::error::{Operation, StoreError, StoreTrouble};
use super::metric::Metric;
use super::pace::Spacing;
use super::pages::seconds::Merged;

/// The metrics of one account and Region, read and written on one schedule.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) client: Client,
    pub(super) schedule: Schedule,
    /// The namespace of the snapshots.
    pub(super) state: String,
    /// The namespace of the results for people.
    pub(super) results: String,
    pub(super) pace: Arc<Spacing>,
}

/// The points of one metric, or why they are missing.
pub type Points = Result<Vec<Merged>, Arc<StoreError>>;

impl Store {
    /// A store that keeps snapshots in the namespace `state` and publishes into `results`
    /// (by default [`super::names::STATE_NAMESPACE`] and [`super::names::NAMESPACE`]).
    pub fn new(client: Client, schedule: Schedule, state: impl Into<String>, results: impl Into<String>) -> Self {
        let pace = Arc::new(Spacing::shared_by(1));
        Self { client, schedule, state: state.into(), results: results.into(), pace }
    }

    /// The same for one of this many runs that read in the same minute, and share the quota of points.
    #[must_use]
    pub fn shared_by(self, runs: u32) -> Self {
        Self { pace: Arc::new(Spacing::shared_by(runs)), ..self }
    }

    /// The schedule it reads and writes on.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// The points of these metrics within their ranges of seconds, in the order of the metrics.
    ///
    /// Metrics with the same ranges are requested together. Each range of a metric counts as one metric read.
    pub async fn points(&self, wanted: &[(Arc<Metric>, Vec<Range<i64>>)], until: Instant) -> Vec<Points> {
        let mut together: BTreeMap<Vec<(i64, i64)>, Vec<usize>> = BTreeMap::new();
        for (index, (_, ranges)) in wanted.iter().enumerate() {
            let ranges = ranges.iter().map(|range| (range.start, range.end)).collect();
            together.entry(ranges).or_default().push(index);
        }
        let mut calls = Vec::new();
        for (ranges, indexes) in together {
            let metrics: Vec<Arc<Metric>> = indexes.iter().map(|index| Arc::clone(&wanted[*index].0)).collect();
            let fitting = metrics_per_call(&metrics);
            for (start, end) in ranges {
                let points = self.schedule.estimated_points(std::slice::from_ref(&(start..end)));
                let together =
                    usize::try_from(self.pace.points_per_call() / points.max(1)).unwrap_or(1).clamp(1, fitting);
                for (indexes, metrics) in indexes.chunks(together).zip(metrics.chunks(together)) {
                    calls.push((indexes.to_vec(), start..end, metrics.to_vec()));
                }
            }
        }
        let calls = calls
            .into_iter()
            .map(|(indexes, seconds, metrics)| async move { (indexes, self.fetch(&seconds, &metrics, until).await) });
        let mut calls = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
        let mut found: Vec<Points> = wanted.iter().map(|_| Ok(Vec::new())).collect();
        while let Some((indexes, answer)) = calls.next().await {
            let answers = answer.unwrap_or_else(|error| vec![Err(Arc::new(error)); indexes.len()]);
            for (index, answer) in indexes.into_iter().zip(answers) {
                // A metric is known only if every range of it was read.
                match (&mut found[index], answer) {
                    (Ok(points), Ok(more)) => points.extend(more),
                    (known @ Ok(_), Err(error)) => *known = Err(error),
                    (Err(_), _) => {}
                }
            }
        }
        found
    }
}

fn metrics_per_call(metrics: &[Arc<Metric>]) -> usize {
    let size = |metric: &Arc<Metric>| STATISTICS.len() * (metric.wire_size() + BYTES_PER_QUERY);
    let largest = metrics.iter().map(size).max().unwrap_or(1);
    (BYTES_PER_CALL / largest).clamp(1, QUERIES_PER_CALL / STATISTICS.len())
}

/// What has arrived for one metric.
#[derive(Default)]
struct Received {
    /// Times and values, by statistic.
    values: [Vec<(i64, f64)>; STATISTICS.len()],
    /// By statistic.
    complete: [bool; STATISTICS.len()],
    /// The service's last message about an incomplete metric.
    status: Option<String>,
}

impl Store {
    /// Three statistics of some metrics over one range of seconds, in the order of the metrics.
    async fn fetch(
        &self,
        seconds: &Range<i64>,
        metrics: &[Arc<Metric>],
        until: Instant,
    ) -> Result<Vec<Points>, StoreError> {
        let mut queries = Queries::new(&self.state, self.schedule.width());
        for metric in metrics {
            queries.add(metric, &STATISTICS);
        }
        let points = self.schedule.estimated_points(std::slice::from_ref(seconds));
        let points = points * i64::try_from(metrics.len()).unwrap_or(i64::MAX);
        let mut answers: Vec<Received> = metrics.iter().map(|_| Received::default()).collect();
        let add = |number: usize, result: &MetricDataResult| {
            if let Some(answer) = answers.get_mut(number / STATISTICS.len()) {
                answer.add(number % STATISTICS.len(), result);
            }
        };
        self.ask(&queries, seconds, points, until, add).await?;
        Ok(answers.into_iter().map(Received::finish).collect())
    }

    /// Asks about a range of seconds, page by page; `add` gets each result with the number of its question. A call of this many
    /// estimated points starts when the quota allows it.
    pub(super) async fn ask(
        &self,
        queries: &Queries,
        seconds: &Range<i64>,
        points: i64,
        until: Instant,
        mut add: impl FnMut(usize, &MetricDataResult),
    ) -> Result<(), StoreError> {
        let attempts = Attempts::default();
        let pages = async {
            let mut token = None;
            loop {
                sleep_until(self.pace.reserve(points)).await;
                let request = self.client.get_metric_data().customize();
                let request =
                    request.interceptor(queries.body(seconds, token.as_deref())).interceptor(attempts.clone());
                let page = request.send().await.map_err(|error| attempts.failed(Operation::ReadHistory, error))?;
                for result in page.metric_data_results() {
                    if let Some(number) = result.id().and_then(Queries::number) {
                        add(number, result);
                    }
                }
                token = page.next_token;
                if token.is_none() {
                    return Ok(());
                }
            }
        };
        timeout_at(until, pages).await.unwrap_or_else(|_| Err(attempts.out_of_time(Operation::ReadHistory)))
    }
}

impl Received {
    fn add(&mut self, statistic: usize, result: &MetricDataResult) {
        let values = result.timestamps().iter().zip(result.values());
        self.values[statistic].extend(values.map(|(time, value)| (time.secs(), *value)));
        match result.status_code() {
            Some(StatusCode::Complete) => self.complete[statistic] = true,
            // The next page has more of it, if there is one.
            other => self.status = other.map(|status| status.as_str().to_owned()),
        }
    }

    fn finish(self) -> Points {
        if self.complete != [true; STATISTICS.len()] {
            let status = self.status.unwrap_or_else(|| "it was left out".to_owned());
            return Err(StoreError::new(Operation::ReadHistory, StoreTrouble::Incomplete(status), None).into());
        }
        let mut statistics = self.values.map(|mut values| {
            values.sort_by_key(|(time, _)| *time);
            values.into_iter().peekable()
        });
        let mut points = Vec::new();
        while let Some(time) = statistics.iter_mut().filter_map(|values| Some(values.peek()?.0)).min() {
            // If a time is returned twice, the last value counts.
            let of_time =
                |values: &mut Peekable<_>| std::iter::from_fn(|| values.next_if(|(at, _)| *at == time)).last();
            let [samples, minimum, maximum] = statistics.each_mut().map(of_time).map(|known| Some(known?.1));
            points.push(Merged { time, samples, minimum, maximum });
        }
        Ok(points)
    }
}

/// The service's names.
const STATISTICS: [&str; 3] = ["SampleCount", "Minimum", "Maximum"];
/// `GetMetricData`, API reference; a query asks for one statistic.
const QUERIES_PER_CALL: usize = 500;
/// Of the 614,400 bytes that the service's own error message allows (it is not in the API reference).
const BYTES_PER_CALL: usize = 550_000;
/// Names, types and lengths around the metric of a query on the wire, generously.
const BYTES_PER_QUERY: usize = 200;
const CALLS_AT_ONCE: usize = 8;
