//! Writes pages, and the results for people.

use std::sync::Arc;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::address::Minute;
use super::attempts::Attempts;
use super::error::{Error, Tried};
use super::history::Store;
use super::metric::Metric;
use super::metrics::Datum;
use super::pages::seconds::Second;

/// What became of a write.
#[derive(Debug, Default)]
pub struct Written {
    /// Requests that the service took.
    pub requests: usize,
    /// Metrics in them, where that was counted.
    pub metrics: usize,
    /// Datums in them.
    pub datums: usize,
    /// Why the rest was not taken, one for each request or page that failed.
    pub failures: Vec<Arc<Error>>,
}

impl Store {
    /// Writes pages, each as the seconds of its metric; `None` stands for a page that does not fit its minute.
    ///
    /// A page is never split over two requests, so it is written as a whole or not at all.
    pub async fn write(&self, pages: &[(Arc<Metric>, Option<Vec<Second>>)], until: Instant) -> Written {
        let mut written = Written::default();
        let mut blocks = Vec::new();
        for (metric, seconds) in pages {
            let Some(seconds) = seconds else {
                written.failures.push(Arc::new(Error::OutOfPlace));
                continue;
            };
            let size = size_of_datums(metric, seconds.iter().map(|second| second.values.len()));
            blocks.push((
                size,
                seconds.iter().map(|second| state_datum(metric, self.schedule.width(), second)).collect(),
            ));
        }
        self.put(Tried::WriteHistory, &self.state, requests(blocks), until, &mut written).await;
        written
    }

    /// Writes the results for people, as of the scheduled minute.
    ///
    /// A request that the client repeats after a lost answer counts its values twice: maxima and percentiles stay right,
    /// sums of that minute do not.
    pub async fn publish(&self, minute: Minute, datums: &[Datum], until: Instant) -> Written {
        let mut written = Written::default();
        let time = DateTime::from_secs(minute.seconds());
        let block = |datum: &Datum| {
            let size = size_of_datums(&datum.metric, [datum.values.len()]);
            let (values, counts) = (datum.values.clone(), datum.counts.clone());
            (size, vec![sdk_datum(&datum.metric, time, RESULTS_RESOLUTION, values, counts)])
        };
        let requests = requests(datums.iter().map(block));
        self.put(Tried::PublishMetrics, &self.results, requests, until, &mut written).await;
        written
    }

    async fn put(
        &self,
        tried: Tried,
        namespace: &str,
        requests: Vec<Vec<MetricDatum>>,
        until: Instant,
        written: &mut Written,
    ) {
        let permits = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
        let mut calls = JoinSet::new();
        for datums in requests {
            let request = self.client.put_metric_data().namespace(namespace);
            let permits = Arc::clone(&permits);
            calls.spawn(async move {
                let (count, attempts) = (datums.len(), Attempts::default());
                let answer = timeout_at(until, async {
                    // The semaphore is never closed; a call without a permit would only be one too many.
                    let _permit = permits.acquire().await;
                    let request = request.set_metric_data(Some(datums)).customize();
                    request.interceptor(attempts.clone()).send().await
                });
                match answer.await {
                    Ok(Ok(_)) => Ok(count),
                    Ok(Err(error)) => Err(attempts.failed(tried, error)),
                    Err(_) => Err(attempts.out_of_time(tried)),
                }
            });
        }
        while let Some(call) = calls.join_next().await {
            match call {
                Ok(Ok(datums)) => {
                    written.requests += 1;
                    written.datums += datums;
                }
                Ok(Err(error)) => written.failures.push(Arc::new(error)),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
    }
}

/// Packs blocks, each with its size in bytes, into requests; none is split.
fn requests<T>(blocks: impl IntoIterator<Item = (usize, Vec<T>)>) -> Vec<Vec<T>> {
    let mut requests: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for (size, block) in blocks {
        match requests.last_mut() {
            Some(last) if last.len() + block.len() <= DATUMS_PER_REQUEST && size <= room => {
                room -= size;
                last.extend(block);
            }
            _ => {
                room = BYTES_PER_REQUEST.saturating_sub(size);
                requests.push(block);
            }
        }
    }
    requests
}

/// Not less than their size before compression.
fn size_of_datums(metric: &Metric, values: impl IntoIterator<Item = usize>) -> usize {
    values.into_iter().map(|values| metric.wire_size() + BYTES_PER_DATUM + values * BYTES_PER_VALUE).sum()
}

fn state_datum(metric: &Metric, width: i64, second: &Second) -> MetricDatum {
    let resolution = i32::try_from(width).unwrap_or(RESULTS_RESOLUTION);
    sdk_datum(metric, DateTime::from_secs(second.time), resolution, second.values.clone(), second.counts.clone())
}

fn sdk_datum(metric: &Metric, time: DateTime, resolution: i32, values: Vec<f64>, counts: Vec<f64>) -> MetricDatum {
    let dimensions =
        metric.dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(value).build());
    MetricDatum::builder()
        .metric_name(metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .timestamp(time)
        .storage_resolution(resolution)
        .set_values(Some(values))
        .set_counts(Some(counts))
        .build()
}

/// `PutMetricData`, API reference.
const DATUMS_PER_REQUEST: usize = 1_000;
/// Of the 1 MB that a request may have; the size is an estimate, and the rest of the request needs some room.
const BYTES_PER_REQUEST: usize = 900_000;
/// Names, types and lengths around the metric of a datum on the wire, generously.
const BYTES_PER_DATUM: usize = 120;
/// A value and its count, 9 bytes each on the wire.
const BYTES_PER_VALUE: usize = 18;
/// Results are looked at by the minute.
const RESULTS_RESOLUTION: i32 = 60;
const REQUESTS_AT_ONCE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(blocks: &[(usize, usize)]) -> Vec<usize> {
        requests(blocks.iter().map(|&(size, datums)| (size, vec![(); datums]))).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_request_takes_whole_blocks_up_to_its_limits() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[(1, 60); 17]), [960, 60]);
        assert_eq!(sizes(&[(1, 500), (1, 500), (1, 1)]), [1_000, 1]);
        assert_eq!(sizes(&[(BYTES_PER_REQUEST - 1, 1), (1, 1), (1, 1)]), [2, 1]);
    }

    #[test]
    fn the_longest_names_stay_under_a_megabyte() {
        let dimensions = vec![("Cluster", "c".repeat(1_024)), ("Group", "g".repeat(1_024))];
        let metric = Metric { name: "Partitions", dimensions };
        let size = size_of_datums(&metric, [2; 60]);
        assert!((60 * 2_048..BYTES_PER_REQUEST).contains(&size), "{size}");
    }
}
