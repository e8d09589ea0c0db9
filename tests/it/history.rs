//! The history against a `CloudWatch` that keeps the service's rules: what is written comes back, or is known not to.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use meerkat::cloudwatch::publish::Written;
use meerkat::cloudwatch::{Entry, Error, Layout, Look, Looks, Minute, Schedule, Shard, Store, Topic, names};
use meerkat::lag::Committed;
use tokio::time::Instant;

use crate::support::cloudwatch::{Calls, Fault, How, Stand};

mod canary;
mod runs;
mod trouble;
mod volume;

/// A midnight, so that it is a scheduled minute of every period that divides a day.
const MIDNIGHT: i64 = 20_000 * 86_400;

/// A stand-in, and the store of a program that looks at it.
struct World {
    stand: Stand,
    store: Store,
    shards: Vec<Shard>,
}

impl World {
    /// One group with `partitions` partitions of one topic, looked at every so many minutes; it is midnight.
    fn new(period: u32, partitions: usize) -> Self {
        let stand = Stand::start();
        stand.set_now(MIDNIGHT);
        let schedule = Schedule::every(period).unwrap();
        let store = Store::new(client(&stand.url()), schedule, names::STATE_NAMESPACE, names::NAMESPACE);
        let shards = layout(schedule, partitions).shards("prod", "orders");
        Self { stand, store, shards }
    }

    /// The scheduled minute so many looks after midnight.
    fn minute(&self, looks: i64) -> Minute {
        Minute::holding(MIDNIGHT + looks * self.store.schedule().period() * 60)
    }

    /// Sets the clock three seconds after a scheduled minute.
    fn at(&self, looks: i64) -> Minute {
        let minute = self.minute(looks);
        self.stand.set_now(minute.seconds() + 3);
        minute
    }

    /// A look at every shard, taken now; commits are told by `committed`, log ends are 1,000 further.
    fn look(&self, committed: i64) -> Vec<(Shard, Look)> {
        let taken = self.stand.now() * 1_000 + 250;
        let entries = |shard: &Shard| {
            let entry = |position| Entry::new(Committed::At(committed + position), committed + 1_000, 7);
            (0..).take(shard.size).map(entry).collect()
        };
        self.shards.iter().map(|shard| (shard.clone(), Look { taken, entries: entries(shard) })).collect()
    }

    /// A whole run on schedule, as it is meant to be: read first, then write what is empty.
    async fn run(&self, looks: i64, committed: i64) {
        let minute = self.at(looks);
        let found = self.newest(minute).await;
        let look = self.look(committed).into_iter().zip(found);
        let empty: Vec<_> = look.filter(|(_, found)| found.is_empty_at(minute)).map(|(look, _)| look).collect();
        self.write(minute, &empty).await;
    }

    async fn write(&self, minute: Minute, looks: &[(Shard, Look)]) {
        let written = self.store.write(minute, looks, soon()).await;
        assert!(written.failures.is_empty(), "{written:?}");
    }

    async fn newest(&self, minute: Minute) -> Vec<Looks> {
        self.try_newest(minute).await.into_iter().map(Result::unwrap).collect()
    }

    async fn try_newest(&self, minute: Minute) -> Vec<Result<Looks, Arc<Error>>> {
        self.store.newest(minute, &self.shards, soon()).await
    }

    /// How many looks back the newest intact one before `minute` lies, and its first commit; for the first shard.
    async fn previous(&self, minute: Minute) -> Option<(i64, i64)> {
        let looks = self.newest(minute).await.into_iter().next().unwrap();
        let seen = looks.last_seen(0, minute)?;
        let Committed::At(committed) = seen.entry.committed() else { panic!("{seen:?}") };
        Some(((minute.seconds() - seen.minute.seconds()) / 60 / self.store.schedule().period(), committed))
    }

    fn gets(&self) -> Calls {
        self.stand.calls("GetMetricData")
    }

    fn puts(&self) -> Calls {
        self.stand.calls("PutMetricData")
    }
}

fn layout(schedule: Schedule, partitions: usize) -> Layout {
    Layout::new(schedule, [Topic { name: "orders".into(), id: Some(1), partitions }])
}

/// Long enough for every test, and no test waits for it.
fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// Two attempts a call.
fn client(url: &str) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build();
    let credentials =
        Credentials::builder().access_key_id("any").secret_access_key("any").provider_name("test").build();
    client_with(url, timeouts, credentials)
}

fn client_with(url: &str, timeouts: TimeoutConfig, credentials: Credentials) -> Client {
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1)))
        .timeout_config(timeouts)
        .endpoint_url(url);
    Client::from_conf(config.build())
}

/// The only failure of a write.
fn failure(written: &Written) -> &Error {
    let [failure] = written.failures.as_slice() else { panic!("{written:?}") };
    failure
}
