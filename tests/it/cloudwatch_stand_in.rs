//! The `CloudWatch` stand-in, called by the real SDK: each rule on both sides of its edge.

use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::{MetricDataQueryBuilder, MetricDatumBuilder};
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy};
use aws_smithy_http_client::{Builder, tls};

use crate::support::cloudwatch::Stand;

mod against_ministack;
mod limits;
mod quotas;
mod reads;

/// A whole hour of some day, in seconds since 1970: the stand-in's time unless a test sets another.
const NOW: i64 = 494_444 * HOUR;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// An SDK client with this many attempts a call.
fn client(url: &str, attempts: u32) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(
            Credentials::builder().access_key_id("any").secret_access_key("any").provider_name("test").build(),
        )
        .http_client(
            Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https(),
        )
        .retry_config(retries)
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

/// A stand-in whose clock stands still at [`NOW`], and a client that never repeats a call.
fn still() -> (Stand, Client) {
    let stand = Stand::start();
    stand.set_now(NOW);
    let client = client(&stand.url(), 1);
    (stand, client)
}

/// The service's refusal.
#[derive(Debug, PartialEq)]
struct No {
    code: String,
    message: String,
}

impl No {
    fn from(error: &impl ProvideErrorMetadata) -> Self {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self { code: owned(error.code()), message: owned(error.message()) }
    }

    #[track_caller]
    fn says(&self, code: &str, part: &str) {
        assert!(self.code == code && self.message.contains(part), "wanted {code} with {part:?}, found {self:?}");
    }
}

async fn put(client: &Client, datums: impl IntoIterator<Item = MetricDatum>) -> Result<(), No> {
    let datums = datums.into_iter().collect();
    let sent = client.put_metric_data().namespace("Test/State").set_metric_data(Some(datums)).send().await;
    sent.map(|_| ()).map_err(|error| No::from(&error))
}

/// A datum of metric `m` at this second, of high resolution.
fn at(second: i64) -> MetricDatumBuilder {
    MetricDatum::builder().metric_name("m").storage_resolution(1).timestamp(DateTime::from_secs(second))
}

/// A datum of metric `m` at this second, with this value.
fn one(second: i64, value: f64) -> MetricDatum {
    at(second).value(value).build()
}

/// A query of metric `m`.
fn ask(id: &str, stat: &str, period: i64) -> MetricDataQuery {
    ask_metric(id, Metric::builder().namespace("Test/State").metric_name("m").build(), stat, period).build()
}

fn ask_metric(id: &str, metric: Metric, stat: &str, period: i64) -> MetricDataQueryBuilder {
    let period = i32::try_from(period).unwrap();
    MetricDataQuery::builder()
        .id(id)
        .metric_stat(MetricStat::builder().metric(metric).stat(stat).period(period).build())
}

fn dimension(name: impl Into<String>, value: impl Into<String>) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

async fn get(client: &Client, queries: Vec<MetricDataQuery>, start: i64, end: i64) -> Result<GetMetricDataOutput, No> {
    let read = client.get_metric_data().set_metric_data_queries(Some(queries)).scan_by(ScanBy::TimestampAscending);
    let read = read.start_time(DateTime::from_secs(start)).end_time(DateTime::from_secs(end));
    read.send().await.map_err(|error| No::from(&error))
}

/// The points of one result, oldest first, as (second, value).
fn points(answer: &GetMetricDataOutput, result: usize) -> Vec<(i64, f64)> {
    let result = &answer.metric_data_results()[result];
    result.timestamps().iter().map(DateTime::secs).zip(result.values().iter().copied()).collect()
}

/// The points of metric `m` at one statistic and period.
async fn read(client: &Client, statistic: &str, period: i64, start: i64, end: i64) -> Vec<(i64, f64)> {
    points(&get(client, vec![ask("q", statistic, period)], start, end).await.unwrap(), 0)
}
