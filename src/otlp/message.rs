//! A run's numbers as messages of OTLP 1.x (`opentelemetry-proto`: `metrics_service.proto`, `metrics.proto`).
//!
//! Only the fields that are written or read are here; a value of which one type is used is an optional field, which has the same bytes
//! as the schema's choice of types. One run has one time: every point has the scheduled minute. An
//! unknown value has no point.

use std::collections::BTreeSet;

use prost::Message;

use crate::config::MetricsDetail;
use crate::judge::measures::{self, Measure};
use crate::judge::numbers::{GroupResult, PartitionResult, Results};
use crate::model::snapshot::Replicas;
use crate::report::sums::Sums;

/// One request's body, with the number of its data points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Protobuf, not compressed.
    pub bytes: Vec<u8>,
    /// Data points in it.
    pub points: usize,
    /// Bytes that `CloudWatch` bills: each point with its metric's name and the sender's attributes ("What counts as ingested data",
    /// Amazon `CloudWatch` User Guide, "`OTel` metrics pricing and storage").
    pub weight: usize,
}

/// What a run publishes, in as few requests as the limits allow. `minute_s` is the scheduled minute in seconds since 1970.
#[must_use]
pub fn requests(results: &Results, detail: MetricsDetail, resource: &[(String, String)], minute_s: i64) -> Vec<Body> {
    let mut draft = Draft { time: nanoseconds(minute_s), cluster: &results.cluster, points: Vec::new() };
    draft.of_cluster(results);
    let mut logs = BTreeSet::new();
    for group in &results.groups {
        draft.of_group(group);
        if detail >= MetricsDetail::Topic {
            draft.of_topics(group);
        }
        if detail == MetricsDetail::Partition {
            for partition in &group.partitions {
                draft.of_partition(group, partition);
                if logs.insert((&*partition.topic, partition.partition)) {
                    draft.of_log(partition);
                }
            }
        }
    }
    draft.requests(resource)
}

/// The metrics of a run that could read nothing from Kafka: that it was blind, and the last known statuses.
#[must_use]
pub fn blind(results: &Results, resource: &[(String, String)], minute_s: i64) -> Vec<Body> {
    let mut draft = Draft { time: nanoseconds(minute_s), cluster: &results.cluster, points: Vec::new() };
    let part = results.part.to_string();
    draft.add(&measures::BLIND_RUNS, Number::Whole(1), of_part(results, &part).as_slice());
    for group in &results.groups {
        draft.of_group(group);
    }
    draft.requests(resource)
}

/// A request without a point, which shows whether a receiver accepts requests.
#[must_use]
pub fn nothing() -> Body {
    Body { bytes: ExportMetricsServiceRequest::default().encode_to_vec(), points: 0, weight: 0 }
}

/// How many points a receiver rejected, and why; `None` if it accepted all, or the answer cannot be read.
#[must_use]
pub fn rejected(answer: &[u8]) -> Option<(i64, String)> {
    let partial = ExportMetricsServiceResponse::decode(answer).ok()?.partial_success?;
    (partial.rejected_data_points > 0 || !partial.error_message.is_empty())
        .then_some((partial.rejected_data_points, partial.error_message))
}

/// The words of a refusal (`google.rpc.Status`, as OTLP/HTTP sends it).
#[must_use]
pub fn refusal(answer: &[u8]) -> Option<String> {
    let status = Status::decode(answer).ok()?;
    (!status.message.is_empty()).then_some(status.message)
}

/// Points, each with its measure.
struct Draft<'a> {
    time: u64,
    cluster: &'a str,
    points: Vec<(&'static Measure, NumberDataPoint)>,
}

impl Draft<'_> {
    fn of_cluster(&mut self, results: &Results) {
        let part = results.part.to_string();
        let label = of_part(results, &part);
        let of_part = label.as_slice();
        self.add(&measures::HEARTBEAT, Number::Whole(1), of_part);
        self.add(&measures::BROKERS, whole(results.brokers), &[]);
        self.add(&measures::UNKNOWN_GROUPS, Number::Whole(results.unknown_groups.into()), of_part);
        self.add(&measures::DURATION, Number::Real(f64::from(results.duration_ms) / 1_000.0), of_part);
        for (topic, status) in &results.topics {
            self.add(&measures::TOPIC_STATUS, Number::Whole((*status).into()), &[("topic", &**topic)]);
        }
        let problems = results.cluster_problems.map(|problems| Number::Whole(problems.into()));
        self.add(&measures::CLUSTER_PROBLEMS, problems, of_part);
        for (status, groups) in &results.by_status {
            let attributes: Vec<_> = of_part.iter().copied().chain([("status", *status)]).collect();
            self.add(&measures::GROUPS, Number::Whole((*groups).into()), &attributes);
        }
    }

    fn of_group(&mut self, group: &GroupResult) {
        let attributes = [("group", &*group.group)];
        let sums = Sums::of(group);
        if let Some(kind) = group.diagnosis {
            self.add(&measures::GROUP_DIAGNOSIS, Number::Whole(1), &[("group", &*group.group), ("kind", kind)]);
        }
        self.add(&measures::GROUP_STATUS, group.status.map(|code| Number::Whole(code.into())), &attributes);
        self.add(&measures::GROUP_MEMBERS, group.members.map(whole), &attributes);
        self.add(&measures::GROUP_LOST, sums.lost().map(count), &attributes);
        self.add(&measures::GROUP_LOSS_AHEAD, sums.ahead().map(whole), &attributes);
        self.add(&measures::GROUP_LOSS_AHEAD_SECONDS, sums.soonest_loss().map(count), &attributes);
        self.add(&measures::GROUP_LAG, sums.lag().map(count), &attributes);
        self.add(&measures::GROUP_MAX_LAG, sums.max_lag().map(count), &attributes);
        self.add(&measures::GROUP_LAG_SECONDS, sums.oldest().map(Number::Real), &attributes);
    }

    fn of_topics(&mut self, group: &GroupResult) {
        for (topic, sums) in Sums::of(group).topics() {
            self.add(&measures::TOPIC_LAG, sums.lag().map(count), &[("group", &group.group), ("topic", topic)]);
        }
    }

    fn of_partition(&mut self, group: &GroupResult, partition: &PartitionResult) {
        let number = partition.partition.to_string();
        let attributes = [("group", &*group.group), ("topic", &*partition.topic), ("partition", &*number)];
        let age = partition.lag_seconds.filter(|age| age.is_finite());
        self.add(&measures::PARTITION_LAG, partition.lag.map(count), &attributes);
        self.add(&measures::PARTITION_OFFSET, partition.committed.map(Number::Whole), &attributes);
        self.add(&measures::PARTITION_STATUS, partition.status.map(|code| Number::Whole(code.into())), &attributes);
        self.add(&measures::PARTITION_LAG_SECONDS, age.map(Number::Real), &attributes);
    }

    fn of_log(&mut self, partition: &PartitionResult) {
        let number = partition.partition.to_string();
        let attributes = [("topic", &*partition.topic), ("partition", &*number)];
        let (start, end) = partition.log.unzip();
        self.add(&measures::LOG_START, start.map(Number::Whole), &attributes);
        self.add(&measures::LOG_END, end.map(Number::Whole), &attributes);
        if let Some(Replicas { all, in_sync }) = partition.replicas {
            self.add(&measures::REPLICAS, Number::Whole(all.into()), &attributes);
            self.add(&measures::REPLICAS_IN_SYNC, Number::Whole(in_sync.into()), &attributes);
        }
    }

    /// Adds a point; none for an unknown number.
    fn add(&mut self, measure: &'static Measure, number: impl Into<Option<Number>>, attributes: &[(&str, &str)]) {
        let Some(number) = number.into() else { return };
        let attributes = [("cluster", self.cluster)].into_iter().chain(attributes.iter().copied());
        let point = NumberDataPoint {
            attributes: attributes.map(|(name, value)| KeyValue::new(name, value)).collect(),
            time_unix_nano: self.time,
            value: Some(number),
        };
        self.points.push((measure, point));
    }

    /// Points of one metric are next to each other, since its name is sent once for all of them.
    fn requests(mut self, resource: &[(String, String)]) -> Vec<Body> {
        self.points.sort_by_key(|(measure, _)| measure.otlp);
        let mut bodies = Vec::new();
        let mut metrics: Vec<Metric> = Vec::new();
        let (mut last, mut points, mut bytes, mut weight) = (None, 0, 0, 0);
        let sender: usize = resource.iter().map(|(name, value)| name.len() + value.len()).sum();
        for (measure, point) in self.points {
            let size = point.encoded_len() + OVERHEAD;
            if points > 0 && (points == MOST_POINTS || bytes + size > MOST_BYTES) {
                bodies.push(body(std::mem::take(&mut metrics), (points, weight), resource));
                (last, points, bytes, weight) = (None, 0, 0, 0);
            }
            weight += point.encoded_len() + measure.otlp.unwrap_or_default().len() + sender;
            if last != measure.otlp {
                metrics.push(Metric::gauge(measure));
                last = measure.otlp;
            }
            if let Some(gauge) = metrics.last_mut().and_then(|metric| metric.gauge.as_mut()) {
                gauge.data_points.push(point);
            }
            points += 1;
            bytes += size;
        }
        if points > 0 {
            bodies.push(body(metrics, (points, weight), resource));
        }
        bodies
    }
}

/// The label of a part of the groups; empty if a run checks them all.
fn of_part<'a>(results: &Results, part: &'a str) -> Option<(&'static str, &'a str)> {
    (!results.part.is_whole()).then_some(("part", part))
}

fn body(metrics: Vec<Metric>, (points, weight): (usize, usize), resource: &[(String, String)]) -> Body {
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: resource.iter().map(|(name, value)| KeyValue::new(name, value)).collect(),
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: env!("CARGO_CRATE_NAME").to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                }),
                metrics,
            }],
        }],
    };
    Body { bytes: request.encode_to_vec(), points, weight }
}

fn whole(count: usize) -> Number {
    Number::Whole(i64::try_from(count).unwrap_or(i64::MAX))
}

fn count(count: u64) -> Number {
    Number::Whole(i64::try_from(count).unwrap_or(i64::MAX))
}

fn nanoseconds(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or_default().saturating_mul(1_000_000_000)
}

/// Data points that one request may have, and its bytes before compression: `CloudWatch` accepts 1,000 and 1 MB ("Maximum datapoint count" and
/// "Maximum request size", Amazon `CloudWatch` User Guide, "OTLP endpoints", limits for metrics). Room is left for the sender and the names.
const MOST_POINTS: usize = 1_000;
const MOST_BYTES: usize = 900_000;
/// Bytes that a point needs around it.
const OVERHEAD: usize = 6;

#[derive(Clone, PartialEq, Message)]
struct ExportMetricsServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct InstrumentationScope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Gauge>,
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberDataPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct NumberDataPoint {
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
    #[prost(fixed64, tag = "3")]
    time_unix_nano: u64,
    #[prost(oneof = "Number", tags = "4, 6")]
    value: Option<Number>,
}

#[derive(Clone, Copy, PartialEq, prost::Oneof)]
enum Number {
    #[prost(double, tag = "4")]
    Real(f64),
    #[prost(sfixed64, tag = "6")]
    Whole(i64),
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string_value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ExportMetricsServiceResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<ExportMetricsPartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct ExportMetricsPartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_data_points: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

impl Metric {
    fn gauge(measure: &Measure) -> Self {
        Self {
            name: measure.otlp.unwrap_or_default().to_owned(),
            description: measure.meaning.to_owned(),
            unit: measure.unit.to_owned(),
            gauge: Some(Gauge::default()),
        }
    }
}

impl KeyValue {
    fn new(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), value: Some(AnyValue { string_value: Some(value.to_owned()) }) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn partition(topic: &str, partition: i32, lag: Option<u64>) -> PartitionResult {
        let lag_seconds = lag.map(|_| 1.5);
        PartitionResult {
            topic: topic.into(),
            partition,
            lag,
            lag_seconds,
            status: Some(5),
            committed: Some(7),
            log: Some((0, 9)),
            replicas: Some(Replicas { all: 3, in_sync: 2 }),
            ..PartitionResult::default()
        }
    }

    fn results(groups: usize) -> Results {
        let group = |number| GroupResult {
            group: format!("g{number:05}"),
            status: Some(3),
            diagnosis: Some("member_stuck"),
            members: Some(2),
            whole: true,
            partitions: vec![
                partition("orders", 0, Some(4)),
                partition("orders", 1, Some(6)),
                partition("refunds", 0, None),
            ],
        };
        Results {
            cluster: "prod".into(),
            groups: (0..groups).map(group).collect(),
            by_status: vec![("ERR", 1)],
            brokers: 3,
            ..Results::default()
        }
    }

    /// Each point as `name{attributes} value`.
    fn lines_of(bodies: &[Body]) -> Vec<String> {
        let mut lines = Vec::new();
        for body in bodies {
            let request = ExportMetricsServiceRequest::decode(&*body.bytes).unwrap();
            for metric in &request.resource_metrics[0].scope_metrics[0].metrics {
                let gauge = metric.gauge.as_ref().unwrap();
                for point in &gauge.data_points {
                    assert_eq!(point.time_unix_nano, 60_000_000_000);
                    let attributes: Vec<_> = point
                        .attributes
                        .iter()
                        .map(|pair| {
                            let value = pair.value.as_ref().and_then(|value| value.string_value.as_ref()).unwrap();
                            format!("{}={value}", pair.key)
                        })
                        .collect();
                    let value = match point.value.as_ref().unwrap() {
                        Number::Whole(value) => value.to_string(),
                        Number::Real(value) => format!("{value:?}"),
                    };
                    lines.push(format!("{}{{{}}} {value}", metric.name, attributes.join(",")));
                }
            }
        }
        lines
    }

    #[test]
    fn a_group_is_sent_by_the_names_of_the_collector_and_by_our_own() {
        let lines = lines_of(&requests(&results(1), MetricsDetail::Partition, &[], 60));
        for expected in [
            "meerkat.heartbeat{cluster=prod} 1",
            "kafka.brokers{cluster=prod} 3",
            "meerkat.groups{cluster=prod,status=ERR} 1",
            "meerkat.group.status{cluster=prod,group=g00000} 3",
            "meerkat.group.diagnosis{cluster=prod,group=g00000,kind=member_stuck} 1",
            "meerkat.group.lag{cluster=prod,group=g00000} 10",
            "meerkat.group.lag.max{cluster=prod,group=g00000} 6",
            "meerkat.group.lag.seconds{cluster=prod,group=g00000} 1.5",
            "kafka.consumer_group.members{cluster=prod,group=g00000} 2",
            "kafka.consumer_group.lag_sum{cluster=prod,group=g00000,topic=orders} 10",
            "kafka.consumer_group.lag{cluster=prod,group=g00000,topic=orders,partition=1} 6",
            "kafka.consumer_group.offset{cluster=prod,group=g00000,topic=refunds,partition=0} 7",
            "meerkat.partition.status{cluster=prod,group=g00000,topic=orders,partition=0} 5",
            "kafka.partition.current_offset{cluster=prod,topic=orders,partition=0} 9",
            "kafka.partition.oldest_offset{cluster=prod,topic=refunds,partition=0} 0",
            "kafka.partition.replicas{cluster=prod,topic=orders,partition=1} 3",
            "kafka.partition.replicas_in_sync{cluster=prod,topic=orders,partition=1} 2",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected} in {lines:#?}");
        }
        // An unknown value has no point.
        assert!(!lines.iter().any(|line| line.starts_with("kafka.consumer_group.lag{") && line.contains("refunds")));
    }

    #[test]
    fn the_log_of_a_partition_is_sent_once_however_many_groups_read_it() {
        let lines = lines_of(&requests(&results(3), MetricsDetail::Partition, &[], 60));
        assert_eq!(lines.iter().filter(|line| line.starts_with("kafka.partition.current_offset")).count(), 3);
    }

    #[test]
    fn a_group_of_which_a_part_is_unknown_has_no_sum() {
        let mut results = results(1);
        results.groups[0].whole = false;
        let lines = lines_of(&requests(&results, MetricsDetail::Topic, &[], 60));
        assert!(!lines.iter().any(|line| line.contains(".lag")), "{lines:#?}");
    }

    #[test]
    fn no_request_is_larger_than_what_a_receiver_takes() {
        let mut results = results(1_500);
        results.groups.iter_mut().step_by(7).for_each(|group| group.group = "x".repeat(32_000));
        let bodies = requests(&results, MetricsDetail::Group, &[("service.name".into(), "meerkat".into())], 60);
        assert!(bodies.len() > 6);
        assert!(bodies.iter().all(|body| body.points <= MOST_POINTS && body.bytes.len() < 1_000_000));
        assert_eq!(bodies.iter().map(|body| body.points).sum::<usize>(), lines_of(&bodies).len());
        assert_eq!(lines_of(&bodies).len(), 5 + 1_500 * 6);
    }

    #[test]
    fn what_a_receiver_leaves_out_is_read_from_its_answer() {
        let answer = ExportMetricsServiceResponse {
            partial_success: Some(ExportMetricsPartialSuccess {
                rejected_data_points: 3,
                error_message: "too old".into(),
            }),
        };
        assert_eq!(rejected(&answer.encode_to_vec()), Some((3, "too old".into())));
        assert_eq!(rejected(b""), None);
        assert_eq!(rejected(b"<html>"), None);
        assert_eq!(refusal(&Status { message: "no".into() }.encode_to_vec()), Some("no".into()));
    }
}
