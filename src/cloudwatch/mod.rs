//! The only door to `CloudWatch`: where snapshots are stored, how they are read back, and what is published.
//!
//! [`address`], [`pages`], [`metric`], [`metrics`], [`changes`], [`cost`] and [`names`] are pure; [`history`] reads,
//! [`publish`] writes, and [`past`] matches a snapshot's rows with the stored ones. Types of the SDK stay inside,
//! except the client that [`connect`] creates and a [`Store`] needs.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

pub(crate) mod address;
mod attempts;
mod bodies;
pub mod canary;
pub(crate) mod changes;
pub mod cost;
pub(crate) mod decoded;
pub mod error;
pub mod history;
pub mod metric;
pub mod metrics;
pub mod names;
mod pace;
pub mod pages;
pub(crate) mod past;
pub mod publish;
mod published;
pub(crate) mod restless;
mod trend;

pub use aws_config::ConfigLoader as Settings;
pub use aws_sdk_cloudwatch::Client;

pub use address::{Minute, Schedule};
pub use error::{StoreError, StoreTrouble};
pub use history::Store;
pub use pace::POINTS_PER_SECOND;

use crate::aws::http;

/// A client with the Region, endpoint and credentials of these settings; what they leave out, or all of it, the environment gives the SDK.
///
/// Nothing is sent to `CloudWatch` yet. Its connections are shared by reads and writes, and by all runs.
pub(crate) async fn connect(settings: Option<Settings>) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECTION)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build();
    let config = settings
        .unwrap_or_else(aws_config::from_env)
        .http_client(http::client(LONGEST_ANSWER, None))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await;
    let config = aws_sdk_cloudwatch::config::Builder::from(&config).interceptor(attempts::Spoken).build();
    Client::from_conf(config)
}

/// A client whose every request fails with what is missing.
pub(crate) fn without_settings() -> Client {
    Client::from_conf(aws_sdk_cloudwatch::Config::builder().behavior_version(BehaviorVersion::latest()).build())
}

/// How long to wait for a connection, TLS included; a run's deadline may be earlier.
const CONNECTION: Duration = Duration::from_secs(3);
/// The same for the answer to one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The same for the answer to a call, all attempts together.
const CALL: Duration = Duration::from_secs(15);
/// Attempts per call, the first included.
const ATTEMPTS: u32 = 4;
/// Largest answer in bytes: many times the size of a page of 100,800 points.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
