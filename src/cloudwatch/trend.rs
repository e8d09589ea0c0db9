//! Recent published values, for pictures: a line that cannot be read is not drawn.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_sdk_cloudwatch::primitives::DateTime;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::bodies::Queries;
use super::history::Store;
use super::metric::{Metric, encode};
use super::names;

impl Store {
    /// The greatest lag of these groups over a range of seconds, as (second, offsets), one value each `step` seconds.
    ///
    /// Groups without a value are left out; all groups are, if `CloudWatch` does not answer by `until`.
    pub(crate) async fn lag_trend(
        &self,
        cluster: &str,
        groups: &[&str],
        seconds: Range<i64>,
        step: i64,
        until: Instant,
    ) -> BTreeMap<String, Vec<(i64, f64)>> {
        let mut trend: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        for groups in groups.chunks(GROUPS_PER_CALL) {
            let mut queries = Queries::new(&self.results, step.max(MINUTE));
            for group in groups {
                let dimensions = vec![(names::CLUSTER, encode(cluster)), (names::GROUP, encode(group))];
                queries.add(&Metric { name: names::LAG, dimensions }, &["Maximum"]);
            }
            let points = (seconds.end - seconds.start) / step.max(MINUTE) * i64::try_from(groups.len()).unwrap_or(0);
            let start = self.pace.reserve(points);
            let answer = self.client.get_metric_data().customize().interceptor(queries.body(&seconds, None)).send();
            let answer = match timeout_at(until, async { (sleep_until(start).await, answer.await).1 }).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    tracing::warn!("no trend can be drawn: {error}");
                    return trend;
                }
                Err(_) => return trend,
            };
            for result in answer.metric_data_results() {
                let number = result.id().and_then(Queries::number);
                let Some(group) = number.and_then(|number| groups.get(number)) else { continue };
                let points = result.timestamps().iter().map(DateTime::secs).zip(result.values().iter().copied());
                trend.entry((*group).to_owned()).or_default().extend(points);
            }
        }
        trend
    }
}

/// One query a group; names of the greatest length still fit into a request.
const GROUPS_PER_CALL: usize = 200;

/// Results have a resolution of one minute.
const MINUTE: i64 = 60;
