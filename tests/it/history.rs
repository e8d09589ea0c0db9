//! The history with a `CloudWatch` that follows the service's rules: what is written is read back, or is known to be
//! missing.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use meerkat::cloudwatch::history::Points;
use meerkat::cloudwatch::metric::Metric;
use meerkat::cloudwatch::pages::addresses::Addresses;
use meerkat::cloudwatch::pages::binding::PageAddress;
use meerkat::cloudwatch::pages::seconds::{self, Slot, Slots, Unusable};
use meerkat::cloudwatch::publish::Written;
use meerkat::cloudwatch::{Minute, Schedule, Store, StoreError, StoreTrouble, names};
use meerkat::model::part::Part;
use tokio::time::Instant;

use crate::support::cloudwatch::{Calls, Fault, How, Stand};

mod canary;
mod cost;
mod trouble;
mod volume;

/// A midnight, so that it is a scheduled minute of every period that divides a day.
const MIDNIGHT: i64 = 20_000 * 86_400;

/// A stand-in, and the store of a program that uses it.
struct World {
    stand: Stand,
    store: Store,
    metrics: Vec<Arc<Metric>>,
}

/// One page of one snapshot: its slots, or why it cannot be used.
type Found = Option<Result<Slots, Unusable>>;

impl World {
    /// This many pages, written every this many minutes; it is midnight.
    fn new(period: u32, pages: u32) -> Self {
        let stand = Stand::start();
        stand.set_now(MIDNIGHT);
        let schedule = Schedule::every(period).unwrap();
        let store = Store::new(client(&stand.url()), schedule, names::STATE_NAMESPACE, names::NAMESPACE);
        let metrics = metrics("prod", schedule, pages);
        Self { stand, store, metrics }
    }

    /// The scheduled minute of this run, counted from midnight.
    fn minute(&self, runs: i64) -> Minute {
        Minute::holding(MIDNIGHT + runs * self.store.schedule().period() * 60)
    }

    /// Sets the clock three seconds after a scheduled minute.
    fn at(&self, runs: i64) -> Minute {
        let minute = self.minute(runs);
        self.stand.set_now(minute.seconds() + 3);
        minute
    }

    /// The slots of one page of a snapshot that is taken now.
    fn slots(&self, first: i64) -> Slots {
        let slot = |number| Slot { low: first + number, high: 1 << 52, samples: 7 };
        Slots { taken: self.stand.now() * 1_000 + 250, slots: (0..59).map(slot).collect() }
    }

    async fn try_write(&self, minute: Minute, slots: &Slots) -> Written {
        let page = || seconds::write(self.store.schedule(), minute, slots);
        let pages: Vec<_> = self.metrics.iter().map(|metric| (Arc::clone(metric), page())).collect();
        self.store.write(&pages, soon()).await
    }

    /// A run on schedule, whose pages are all the same.
    async fn write(&self, runs: i64, first: i64) -> Slots {
        let minute = self.at(runs);
        let slots = self.slots(first);
        let written = self.try_write(minute, &slots).await;
        assert!(written.failures.is_empty(), "{written:?}");
        slots
    }

    async fn points(&self, minute: Minute) -> Vec<Points> {
        let span = self.store.schedule().span(minute);
        let wanted: Vec<_> = self.metrics.iter().map(|metric| (Arc::clone(metric), vec![span.clone()])).collect();
        self.store.points(&wanted, soon()).await
    }

    /// What is read of every page of one snapshot.
    async fn read(&self, minute: Minute) -> Vec<Found> {
        let pages = self.points(minute).await.into_iter().map(|points| {
            let mut pages = seconds::read(self.store.schedule(), &points.unwrap());
            assert!(pages.len() <= 1);
            pages.pop().map(|(_, page)| page)
        });
        pages.collect()
    }

    fn gets(&self) -> Calls {
        self.stand.calls("GetMetricData")
    }

    fn puts(&self) -> Calls {
        self.stand.calls("PutMetricData")
    }
}

fn metrics(cluster: &str, schedule: Schedule, pages: u32) -> Vec<Arc<Metric>> {
    let addresses = Addresses::new(cluster, Part::WHOLE, schedule);
    (0..pages).map(|page| addresses.page(PageAddress { bits: 0, bucket: 0, page })).collect()
}

/// Long enough for every test, and no test waits for it.
fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// Two attempts a call.
fn client(url: &str) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(30)).build();
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
fn failure(written: &Written) -> &StoreError {
    let [failure] = written.failures.as_slice() else { panic!("{written:?}") };
    failure
}
