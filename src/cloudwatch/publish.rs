//! Writes pages, and the results for people.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::address::Minute;
use super::attempts::Attempts;
use super::bodies::{Datapoint, Puts, RequestBody};
use super::error::{Operation, StoreError, StoreTrouble};
use super::history::Store;
use super::metric::Metric;
use super::metrics::Datum;
use super::pages::seconds::Second;

/// The outcome of a write.
#[derive(Debug, Default)]
pub struct Written {
    /// Requests that the service accepted.
    pub requests: usize,
    /// State metrics in them.
    pub(crate) metrics: usize,
    /// Datums in them.
    pub datums: usize,
    /// Why the rest was not accepted, one error for each failed request or page.
    pub failures: Vec<Arc<StoreError>>,
}

impl Store {
    /// Writes pages, each as the seconds of its metric; `None` is a page that does not fit its minute.
    ///
    /// A page is never split over two requests, so it is written as a whole or not at all.
    pub async fn write(&self, pages: &[(Arc<Metric>, Option<Vec<Second>>)], until: Instant) -> Written {
        let mut written = Written { metrics: pages.len(), ..Written::default() };
        let mut puts = self.puts(&self.state);
        for (metric, seconds) in pages {
            let Some(seconds) = seconds else {
                let error = StoreError::new(Operation::WriteHistory, StoreTrouble::OutOfPlace, None);
                written.failures.push(Arc::new(error));
                continue;
            };
            let points = seconds.iter().map(|second| Datapoint {
                time: second.time,
                values: &second.values,
                counts: &second.counts,
            });
            puts.add(metric, self.schedule.width(), points);
        }
        self.put(Operation::WriteHistory, puts.finish(), until, &mut written).await;
        written
    }

    /// Writes the results for people, at the scheduled minute.
    ///
    /// A request that the client repeats after a lost answer counts its values twice: maxima and percentiles stay
    /// right,
    /// sums of that minute do not.
    pub async fn publish(&self, minute: Minute, datums: &[Datum], until: Instant) -> Written {
        let mut written = Written::default();
        let mut puts = self.puts(&self.results);
        for Datum { metric, values, counts } in datums {
            let point = Datapoint { time: minute.seconds(), values, counts };
            puts.add(metric, RESULTS_RESOLUTION, std::iter::once(point));
        }
        self.put(Operation::PublishMetrics, puts.finish(), until, &mut written).await;
        written
    }

    pub(super) fn puts<'a>(&self, namespace: &'a str) -> Puts<'a> {
        Puts::new(namespace, !self.client.config().disable_request_compression().unwrap_or_default())
    }

    async fn put(&self, tried: Operation, requests: Vec<(usize, RequestBody)>, until: Instant, written: &mut Written) {
        let calls = requests.into_iter().map(|(datums, body)| async move {
            let attempts = Attempts::default();
            let request = self.client.put_metric_data().customize().interceptor(body).interceptor(attempts.clone());
            match timeout_at(until, request.send()).await {
                Ok(Ok(_)) => Ok(datums),
                Ok(Err(error)) => Err(attempts.failed(tried, error)),
                Err(_) => Err(attempts.out_of_time(tried)),
            }
        });
        let mut calls = stream::iter(calls).buffer_unordered(REQUESTS_AT_ONCE);
        while let Some(call) = calls.next().await {
            match call {
                Ok(datums) => {
                    written.requests += 1;
                    written.datums += datums;
                }
                Err(error) => written.failures.push(Arc::new(error)),
            }
        }
    }
}

/// Results have a resolution of one minute.
pub(super) const RESULTS_RESOLUTION: i64 = 60;
const REQUESTS_AT_ONCE: usize = 8;
