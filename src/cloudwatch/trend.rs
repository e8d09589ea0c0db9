//! The recent past of what was published, for pictures: a line that cannot be read is simply not drawn.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use tokio::time::{Instant, timeout_at};

use super::history::Store;
use super::metric::encode;
use super::names;

impl Store {
    /// The greatest lag of these groups over a range of seconds, as (second, offsets), one value each `step` seconds.
    ///
    /// Groups without a value are left out, and all of them where `CloudWatch` does not answer by `until`.
    pub async fn lag_trend(
        &self,
        cluster: &str,
        groups: &[&str],
        seconds: Range<i64>,
        step: i64,
        until: Instant,
    ) -> BTreeMap<String, Vec<(i64, f64)>> {
        let mut trend: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        for groups in groups.chunks(GROUPS_PER_CALL) {
            let queries = groups.iter().enumerate().map(|(number, group)| self.lag_query(number, cluster, group, step));
            let answer = self
                .client
                .get_metric_data()
                .start_time(DateTime::from_secs(seconds.start))
                .end_time(DateTime::from_secs(seconds.end))
                .set_metric_data_queries(Some(queries.collect()))
                .send();
            let answer = match timeout_at(until, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    tracing::warn!("no trend can be drawn: {error}");
                    return trend;
                }
                Err(_) => return trend,
            };
            for result in answer.metric_data_results() {
                let number = result.id().and_then(|id| id.strip_prefix('g')).and_then(|number| number.parse().ok());
                let Some(group) = number.and_then(|number: usize| groups.get(number)) else { continue };
                let points = result.timestamps().iter().map(DateTime::secs).zip(result.values().iter().copied());
                trend.entry((*group).to_owned()).or_default().extend(points);
            }
        }
        trend
    }

    fn lag_query(&self, number: usize, cluster: &str, group: &str, step: i64) -> MetricDataQuery {
        let dimension = |name, value| Dimension::builder().name(name).value(encode(value)).build();
        let metric = Metric::builder()
            .namespace(&self.results)
            .metric_name(names::LAG)
            .dimensions(dimension(names::CLUSTER, cluster))
            .dimensions(dimension(names::GROUP, group))
            .build();
        let step = i32::try_from(step).unwrap_or(MINUTE).max(MINUTE);
        let stat = MetricStat::builder().metric(metric).period(step).stat("Maximum").build();
        MetricDataQuery::builder().id(format!("g{number}")).metric_stat(stat).build()
    }
}

/// One query a group; names of the greatest length still fit into a request.
const GROUPS_PER_CALL: usize = 200;

/// Results are kept by the minute.
const MINUTE: i32 = 60;
