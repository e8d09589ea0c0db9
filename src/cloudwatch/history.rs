//! Reads earlier looks back.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as SdkMetric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::address::{Minute, Schedule};
use super::error::{Error, Tried};
use super::layout::{Metric, Shard};
use super::looks::Looks;
use super::pace::{POINTS_PER_CALL, Pace};
use super::slots::{self, Point};

/// The metrics of one account and Region, read and written on one schedule.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) client: Client,
    pub(super) schedule: Schedule,
    /// Where looks are kept.
    pub(super) state: String,
    /// Where results for people go.
    pub(super) results: String,
    pace: Arc<Pace>,
}

impl Store {
    /// A store that keeps looks in the namespace `state` and publishes into `results`
    /// (by default [`super::names::STATE_NAMESPACE`] and [`super::names::NAMESPACE`]).
    pub fn new(client: Client, schedule: Schedule, state: impl Into<String>, results: impl Into<String>) -> Self {
        Self { client, schedule, state: state.into(), results: results.into(), pace: Arc::default() }
    }

    /// The schedule it reads and writes on.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// The look of `minute` itself, if something was written there already, and the last few before it; in the order of `shards`.
    ///
    /// Distant looks are asked for one at a time: further back only for shards where the nearer ones hold nothing intact.
    /// A shard that could not be read has the reason in its place.
    pub async fn newest(&self, minute: Minute, shards: &[Shard], until: Instant) -> Vec<Result<Looks, Arc<Error>>> {
        let minute = self.schedule.align(minute);
        let near = u32::try_from((NEAR_MINUTES / self.schedule.period()).max(1)).unwrap_or(1);
        let mut points = self.points(minute, 0..=near, shards, until).await;
        let mut found = self.looks(&points, shards);
        let bare = |looks: &Result<Looks, _>| looks.as_ref().is_ok_and(|looks| looks.before(minute).is_none());
        let again: Vec<_> = found.iter().enumerate().filter(|(_, looks)| bare(looks)).map(|(index, _)| index).collect();
        if near < LOOKS_BACK && !again.is_empty() {
            let wanted: Vec<_> = again.iter().map(|&index| shards[index].clone()).collect();
            let further = self.points(minute, near + 1..=LOOKS_BACK, &wanted, until).await;
            for (&index, further) in again.iter().zip(further) {
                append(&mut points[index], further);
            }
            found = self.looks(&points, shards);
        }
        found
    }

    /// So many looks before `minute`, and what was written for `minute` itself; in the order of `shards`.
    ///
    /// No more than [`Schedule::most_looks_back`].
    pub async fn window(
        &self,
        minute: Minute,
        looks: u32,
        shards: &[Shard],
        until: Instant,
    ) -> Vec<Result<Looks, Arc<Error>>> {
        let points = self.points(self.schedule.align(minute), 0..=looks, shards, until).await;
        self.looks(&points, shards)
    }

    fn looks(&self, points: &[Result<Vec<Point>, Arc<Error>>], shards: &[Shard]) -> Vec<Result<Looks, Arc<Error>>> {
        let looks = |points: &Vec<Point>, shard: &Shard| Looks::new(slots::read(self.schedule, shard.size, points));
        let read = |(points, shard): (&Result<_, Arc<Error>>, _)| {
            points.as_ref().map(|points| looks(points, shard)).map_err(Arc::clone)
        };
        points.iter().zip(shards).map(read).collect()
    }

    pub(super) async fn points(
        &self,
        minute: Minute,
        looks: RangeInclusive<u32>,
        shards: &[Shard],
        until: Instant,
    ) -> Vec<Result<Vec<Point>, Arc<Error>>> {
        let mut found: Vec<Result<Vec<Point>, Arc<Error>>> = shards.iter().map(|_| Ok(Vec::new())).collect();
        let permits = Arc::new(Semaphore::new(CALLS_AT_ONCE));
        let mut calls = JoinSet::new();
        let fitting = shards_per_call(shards);
        for seconds in self.schedule.ranges(minute, looks) {
            let points = STATISTICS_COUNT * (seconds.end - seconds.start) / self.schedule.width();
            let together = usize::try_from(POINTS_PER_CALL / points).unwrap_or(1).clamp(1, fitting);
            for (number, chunk) in shards.chunks(together).enumerate() {
                let call = Call {
                    client: self.client.clone(),
                    namespace: self.state.clone(),
                    width: self.schedule.width(),
                    seconds: seconds.clone(),
                    metrics: chunk.iter().map(|shard| Arc::clone(&shard.metric)).collect(),
                    pace: Arc::clone(&self.pace),
                };
                let permits = Arc::clone(&permits);
                calls.spawn(async move {
                    let metrics = call.metrics.len();
                    let answer = timeout_at(until, async {
                        // The semaphore is never closed; a call without a permit would only be one too many.
                        let _permit = permits.acquire().await;
                        call.run().await
                    });
                    let answer = answer.await.unwrap_or(Err(Error::OutOfTime { tried: Tried::ReadHistory }));
                    (number * together, metrics, answer)
                });
            }
        }
        while let Some(call) = calls.join_next().await {
            let (first, metrics, answer) = match call {
                Ok(call) => call,
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            };
            let places = &mut found[first..first + metrics];
            match answer {
                Ok(answers) => {
                    for (place, answer) in places.iter_mut().zip(answers) {
                        append(place, answer.map_err(Arc::new));
                    }
                }
                Err(error) => places.fill(Err(Arc::new(error))),
            }
        }
        found
    }
}

/// A shard is known only if every part of it was read.
fn append(place: &mut Result<Vec<Point>, Arc<Error>>, more: Result<Vec<Point>, Arc<Error>>) {
    match (place.as_mut(), more) {
        (Ok(points), Ok(more)) => points.extend(more),
        (Ok(_), Err(error)) => *place = Err(error),
        (Err(_), _) => {}
    }
}

fn shards_per_call(shards: &[Shard]) -> usize {
    let size = |shard: &Shard| STATISTICS.len() * (shard.metric.wire_size() + BYTES_PER_QUERY);
    let largest = shards.iter().map(size).max().unwrap_or(1);
    (BYTES_PER_CALL / largest).clamp(1, QUERIES_PER_CALL / STATISTICS.len())
}

/// One question: three statistics of some metrics over one range of seconds.
struct Call {
    client: Client,
    namespace: String,
    width: i64,
    seconds: Range<i64>,
    metrics: Vec<Arc<Metric>>,
    pace: Arc<Pace>,
}

/// What has come in for one metric.
#[derive(Default)]
struct Answer {
    points: BTreeMap<i64, Point>,
    /// By statistic.
    complete: [bool; STATISTICS.len()],
    /// What was said last of one that is not complete.
    status: Option<String>,
}

impl Call {
    /// In the order of its metrics.
    async fn run(self) -> Result<Vec<Result<Vec<Point>, Error>>, Error> {
        let mut queries = Vec::new();
        let mut owners = HashMap::new();
        for (index, metric) in self.metrics.iter().enumerate() {
            for (statistic, name) in STATISTICS.iter().enumerate() {
                let id = format!("m{index}{name}");
                queries.push(self.query(&id, metric, name));
                owners.insert(id, (index, statistic));
            }
        }
        let points = STATISTICS_COUNT * (self.seconds.end - self.seconds.start) / self.width;
        let points = points * i64::try_from(self.metrics.len()).unwrap_or(i64::MAX);
        let mut answers: Vec<Answer> = self.metrics.iter().map(|_| Answer::default()).collect();
        let mut token = None;
        loop {
            sleep_until(self.pace.reserve(points)).await;
            let page = self
                .client
                .get_metric_data()
                .start_time(DateTime::from_secs(self.seconds.start))
                .end_time(DateTime::from_secs(self.seconds.end))
                .set_metric_data_queries(Some(queries.clone()))
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| Tried::ReadHistory.failed(error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                let owner = result.id.as_ref().and_then(|id| owners.get(id));
                if let Some(&(index, statistic)) = owner {
                    answers[index].add(statistic, &result);
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(answers.into_iter().map(Answer::finish).collect());
            }
        }
    }

    fn query(&self, id: &str, metric: &Metric, statistic: &str) -> MetricDataQuery {
        let dimensions =
            metric.dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(value).build());
        let named = SdkMetric::builder()
            .namespace(&self.namespace)
            .metric_name(metric.name)
            .set_dimensions(Some(dimensions.collect()))
            .build();
        let period = i32::try_from(self.width).unwrap_or(60);
        let asked = MetricStat::builder().metric(named).period(period).stat(statistic).build();
        MetricDataQuery::builder().id(id).metric_stat(asked).build()
    }
}

impl Answer {
    fn add(&mut self, statistic: usize, result: &MetricDataResult) {
        for (time, value) in result.timestamps().iter().zip(result.values()) {
            let time = time.secs();
            let point = self.points.entry(time).or_insert_with(|| Point { time, ..Point::default() });
            let place = match statistic {
                SAMPLE_COUNT => &mut point.samples,
                MINIMUM => &mut point.minimum,
                _ => &mut point.maximum,
            };
            *place = Some(*value);
        }
        match result.status_code() {
            Some(StatusCode::Complete) => self.complete[statistic] = true,
            // More of it is on the next page, if there is one.
            other => self.status = other.map(|status| status.as_str().to_owned()),
        }
    }

    fn finish(self) -> Result<Vec<Point>, Error> {
        if self.complete == [true; STATISTICS.len()] {
            return Ok(self.points.into_values().collect());
        }
        Err(Error::Incomplete { status: self.status.unwrap_or_else(|| "it was left out".to_owned()) })
    }
}

/// The service's names; the maximum is the third.
const STATISTICS: [&str; 3] = ["SampleCount", "Minimum", "Maximum"];
const SAMPLE_COUNT: usize = 0;
const MINIMUM: usize = 1;
const STATISTICS_COUNT: i64 = 3;
/// `GetMetricData`, API reference; a query asks for one statistic.
const QUERIES_PER_CALL: usize = 500;
/// Of the 614,400 bytes that the service's own error message allows (it is not in the API reference).
const BYTES_PER_CALL: usize = 550_000;
/// Names, types and lengths around the metric of a query on the wire, generously.
const BYTES_PER_QUERY: usize = 200;
const CALLS_AT_ONCE: usize = 8;
/// Looks no older than this many minutes are read for every shard.
const NEAR_MINUTES: i64 = 4;
/// The previous look is one of this many.
const LOOKS_BACK: u32 = 4;
