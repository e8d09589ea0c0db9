//! One run against a scripted cluster, as a user starts it: variables and an event in, the report out.

use std::fmt::Write as _;
use std::time::Duration;

use kafka_protocol::messages::{ApiKey, MetadataRequest};
use meerkat::Clock;
use meerkat::config::Config;
use meerkat::event::{Ask, Request};
use serde_json::Value;
use tokio::time::Instant;

use super::broker::{STREAMS_GROUP_DESCRIBE, Seen, Stage};
use super::contract::broken_by_report;

/// A run to be made: in plaintext, over all groups, every partition in the report, with as much time as it needs.
pub(crate) struct Check {
    variables: Vec<(String, String)>,
    groups: Vec<String>,
    time: Duration,
}

/// So little time that a test can wait until it is up, and so much that a busy machine reads what does not hang.
pub(crate) const BRIEF: Duration = Duration::from_secs(6);

/// What a run reported.
#[derive(Debug)]
pub(crate) struct Report(pub(crate) Value);

/// One of five attempts gives what is wanted: a machine that stops for a quarter of a second makes a run open one more connection, but
/// not each time.
#[track_caller]
pub(crate) fn some_attempt_gives<T: PartialEq + std::fmt::Debug>(wanted: &T, mut attempt: impl FnMut() -> T) {
    let mut found = Vec::new();
    while found.last() != Some(wanted) {
        assert!(found.len() < 5, "no attempt gave {wanted:?}: {found:?}");
        found.push(attempt());
    }
}

/// Checks all groups, and asserts what every run promises.
pub(crate) fn check(stage: &Stage) -> Report {
    Check::at(&stage.bootstrap()).report(stage)
}

/// The message of a run that fails, as a user sees it.
pub(crate) fn refusal(stage: &Stage) -> String {
    Check::at(&stage.bootstrap()).answer().expect_err("a run that fails")
}

impl Check {
    pub(crate) fn at(bootstrap: &str) -> Self {
        let check = Self { variables: Vec::new(), groups: Vec::new(), time: Duration::from_mins(1) };
        check
            .with("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
            .with("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
            .with("MEERKAT_DETAIL", "all")
            .with("MEERKAT_HISTORY", "off")
            .with("MEERKAT_PUBLISH", "off")
            .with("MEERKAT_LAG_SECONDS", "0")
    }

    /// Over TLS, trusting this authority alone.
    pub(crate) fn trusting(self, ca: &str) -> Self {
        self.with("KAFKA_SECURITY_PROTOCOL", "SSL").with("KAFKA_SSL_TRUSTSTORE", ca)
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.into(), value.into()));
        self
    }

    /// Over these groups alone.
    pub(crate) fn named(mut self, groups: &[&str]) -> Self {
        self.groups = groups.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// With [`BRIEF`] time.
    pub(crate) fn briefly(self) -> Self {
        self.within(BRIEF)
    }

    /// With this much time.
    pub(crate) fn within(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Makes the run: a report, or the message that a user sees.
    pub(crate) fn answer(self) -> Result<Report, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(self.answer_warm(&meerkat::Warm::new()))
    }

    /// Makes the run twice in one process, with something that happens in between.
    pub(crate) fn twice(self, between: impl FnOnce()) -> [Report; 2] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let warm = meerkat::Warm::new();
            let first = self.answer_warm(&warm).await.expect("a report");
            between();
            [first, self.answer_warm(&warm).await.expect("a report")]
        })
    }

    async fn answer_warm(&self, warm: &meerkat::Warm) -> Result<Report, String> {
        let config = Config::parse(self.variables.clone()).map_err(|error| error.to_string())?;
        let request = Request { ask: Ask::about(self.groups.clone()), ..Request::default() };
        let started = Instant::now();
        let clock = Clock { unix_ms: 1_800_000_000_000, started, deadline: started + self.time };
        let outcome = meerkat::answer(&config, &request, clock, warm).await.map_err(|error| error.to_string())?;
        let report = serde_json::from_str(&outcome.json).expect("a report in JSON");
        assert_eq!(broken_by_report(&report), [""; 0], "{report:#}");
        for problem in report["problems"].as_array().into_iter().flatten() {
            let [place, what] = ["where", "what"].map(|key| problem[key].as_str().expect("a text"));
            assert!(!what.starts_with(place), "the place is named twice: {problem}");
        }
        Ok(Report(report))
    }

    /// Makes the run, and asserts what every run promises.
    pub(crate) fn report(self, stage: &Stage) -> Report {
        let before = stage.seen().len();
        let report = self.answer().unwrap_or_else(|error| panic!("no report: {error}"));
        keeps_its_promises(&stage.seen()[before..]);
        report
    }
}

/// Only requests that were offered, none that could change the cluster, and every commit before any log end.
fn keeps_its_promises(seen: &[Seen]) {
    for request in seen {
        assert!(!request.unoffered, "{:?} v{} was not offered", request.api, request.version);
        let harmless = request.api == STREAMS_GROUP_DESCRIBE || HARMLESS.iter().any(|api| request.api == *api);
        assert!(harmless, "{:?} may change the cluster", request.api);
        assert_eq!(request.client_id, "meerkat");
    }
    // The log of the offsets topic is asked for to see whether the topic exists; it is no log of a group.
    let is_internal = |seen: &Seen| seen.body.windows(18).any(|name| name == b"__consumer_offsets");
    let of =
        |api| seen.iter().filter(move |seen| seen.api == api && !(api == ApiKey::ListOffsets && is_internal(seen)));
    assert!(of(ApiKey::Metadata).all(|seen| !seen.request::<MetadataRequest>().allow_auto_topic_creation));
    // Where records seem to be lost, commits are asked for again: after the log ends, not among them.
    let first_end = of(ApiKey::ListOffsets).map(|seen| seen.asked).min();
    let last_end = of(ApiKey::ListOffsets).filter_map(|seen| seen.answered).max();
    let among = |seen: &Seen| seen.answered > first_end && Some(seen.asked) < last_end;
    assert!(first_end.is_none() || !of(ApiKey::OffsetFetch).any(among), "a log end before a commit");
}

impl Report {
    /// The value at a path, such as `groups/0/state`; null where there is none.
    pub(crate) fn at(&self, path: &str) -> &Value {
        self.0.pointer(&format!("/{path}")).unwrap_or(&Value::Null)
    }

    /// The group of this name.
    pub(crate) fn group(&self, name: &str) -> &Value {
        let groups = self.0["groups"].as_array().expect("groups");
        groups.iter().find(|group| group["group"] == name).unwrap_or_else(|| panic!("no group {name}: {}", self.0))
    }

    /// A partition of a group.
    pub(crate) fn partition(&self, group: &str, topic: &str, partition: i32) -> &Value {
        let partitions = self.group(group)["partitions"].as_array().expect("partitions");
        let here = |entry: &&Value| entry["topic"] == topic && entry["partition"] == partition;
        partitions.iter().find(here).unwrap_or_else(|| panic!("no partition {topic}/{partition}: {}", self.0))
    }

    /// The group's lags in one line, such as `orders/0 5, orders/1 ?`; a question mark means null.
    pub(crate) fn lags(&self, group: &str) -> String {
        let mut line = String::new();
        for entry in self.group(group)["partitions"].as_array().expect("partitions") {
            let lag = entry["lag"].as_u64().map_or_else(|| "?".into(), |lag| lag.to_string());
            let comma = if line.is_empty() { "" } else { ", " };
            let topic = entry["topic"].as_str().expect("a topic");
            write!(line, "{comma}{topic}/{} {lag}", entry["partition"]).expect("a line");
        }
        line
    }

    /// The names of the groups, in order; the report has the worst first.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let groups = self.0["groups"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = groups.filter_map(|group| group["group"].as_str()).collect();
        names.sort_unstable();
        names
    }

    /// What could not be read, each as `where: what`.
    pub(crate) fn problems(&self) -> Vec<String> {
        let line = |problem: &Value| {
            let text = |key: &str| problem[key].as_str().expect("a text").to_owned();
            format!("{}: {}", text("where"), text("what"))
        };
        self.0["problems"].as_array().into_iter().flatten().map(line).collect()
    }

    pub(crate) fn complete(&self) -> bool {
        self.0["complete"] == true
    }
}

/// The requests that only read.
const HARMLESS: [ApiKey; 12] = [
    ApiKey::ApiVersions,
    ApiKey::SaslHandshake,
    ApiKey::SaslAuthenticate,
    ApiKey::Metadata,
    ApiKey::ListGroups,
    ApiKey::FindCoordinator,
    ApiKey::DescribeGroups,
    ApiKey::ConsumerGroupDescribe,
    ApiKey::ShareGroupDescribe,
    ApiKey::DescribeShareGroupOffsets,
    ApiKey::OffsetFetch,
    ApiKey::ListOffsets,
];
