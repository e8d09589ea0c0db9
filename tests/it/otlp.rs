//! What a run sends by OTLP, as OpenTelemetry's own messages read it, and what it makes of a receiver that does not play its part.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use prost::Message as _;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use crate::support::broker::{Group, Scene, Stage, Topic};
use crate::support::check::{Check, Report};
use crate::support::http::{Answer, Asked, Server};
use crate::surroundings::Program;

fn stage() -> Stage {
    let orders = Group::consumer("orders-svc").commits("orders", &[4, 9]).member("m", "orders", &[0, 1]);
    let idle = Group::classic("idle").commits("orders", &[10, 10]);
    Scene::of(2).group(orders).group(idle).topic(Topic::new("orders", &[0..10, 2..10])).start()
}

fn taken() -> Answer {
    Answer { status: 200, headers: vec![String::from("content-type: application/x-protobuf")], body: String::new() }
}

/// A run that sends to this origin.
fn run(stage: &Stage, origin: &str, variables: &[(&str, &str)]) -> Report {
    let mut check = Check::at(&stage.bootstrap())
        .with("MEERKAT_PUBLISH", "otlp")
        .with("MEERKAT_CLUSTER", "prod")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", origin);
    for (name, value) in variables {
        check = check.with(name, value);
    }
    check.report(stage)
}

fn text(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    pairs.iter().map(|pair| (pair.key.clone(), value(pair))).collect()
}

/// Each point of these requests, as `name{label=value,…}` and its number.
fn points(asked: &[Asked]) -> BTreeMap<String, f64> {
    let mut points = BTreeMap::new();
    for asked in asked {
        let mut bytes = Vec::new();
        if asked.head.contains("content-encoding: gzip") {
            GzDecoder::new(&*asked.bytes).read_to_end(&mut bytes).unwrap();
        } else {
            bytes.clone_from(&asked.bytes);
        }
        let request = ExportMetricsServiceRequest::decode(&*bytes).unwrap();
        for metric in request.resource_metrics.iter().flat_map(|of| &of.scope_metrics).flat_map(|of| &of.metrics) {
            assert!(!metric.description.is_empty() && !metric.unit.is_empty(), "{metric:?}");
            let Some(metric::Data::Gauge(gauge)) = &metric.data else { panic!("{metric:?}") };
            for point in &gauge.data_points {
                assert_eq!(point.time_unix_nano, 1_800_000_000 * 1_000_000_000);
                #[expect(clippy::cast_precision_loss, reason = "small numbers of a test")]
                let number = match point.value {
                    Some(number_data_point::Value::AsInt(number)) => number as f64,
                    Some(number_data_point::Value::AsDouble(number)) => number,
                    None => panic!("{point:?}"),
                };
                let labels: Vec<_> =
                    text(&point.attributes).iter().map(|(name, value)| format!("{name}={value}")).collect();
                let before = points.insert(format!("{}{{{}}}", metric.name, labels.join(",")), number);
                assert_eq!(before, None, "{} twice", metric.name);
            }
        }
    }
    points
}

#[test]
fn each_number_of_the_report_arrives_by_its_name() {
    let (stage, receiver) = (stage(), Server::start(|_| taken()));
    let report = run(&stage, &receiver.origin(), &[("MEERKAT_METRICS_DETAIL", "partition")]);
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /v1/metrics");
    assert!(seen[0].head.contains("content-type: application/x-protobuf\r\n"), "{}", seen[0].head);
    let points = points(&seen);
    for group in report.at("groups").as_array().unwrap() {
        let name = group["group"].as_str().unwrap();
        let of_group = format!("cluster=prod,group={name}");
        assert_eq!(points.get(&format!("meerkat.group.lag{{{of_group}}}")).copied(), group["total_lag"].as_f64());
        assert_eq!(
            points.get(&format!("kafka.consumer_group.members{{{of_group}}}")).copied(),
            group["members"].as_f64()
        );
        for partition in group["partitions"].as_array().unwrap() {
            let labels = format!("{of_group},partition={},topic=orders", partition["partition"]);
            for (metric, key) in [("kafka.consumer_group.lag", "lag"), ("kafka.consumer_group.offset", "committed")] {
                let sent = points.get(&format!("{metric}{{{labels}}}")).copied();
                assert_eq!(sent, partition[key].as_f64(), "{metric}{{{labels}}}");
            }
            let log = format!("cluster=prod,partition={},topic=orders", partition["partition"]);
            assert_eq!(points.get(&format!("kafka.partition.current_offset{{{log}}}")).copied(), Some(10.0));
            let oldest = points.get(&format!("kafka.partition.oldest_offset{{{log}}}")).copied();
            assert_eq!(oldest, partition["log_start"].as_f64());
        }
    }
    assert_eq!(points.get("meerkat.heartbeat{cluster=prod}").copied(), Some(1.0));
    assert_eq!(points.get("kafka.brokers{cluster=prod}").copied(), Some(2.0));
    assert_eq!(points.get("meerkat.groups{cluster=prod,status=OK}").copied(), Some(1.0));
    assert_eq!(report.at("metrics/otlp/points"), points.len());
    assert_eq!(report.at("metrics/otlp/bytes"), seen[0].bytes.len());
    assert_eq!(report.at("metrics/otlp/problems"), &Value::Array(Vec::new()));
}

#[test]
fn the_sender_is_described_and_may_carry_a_key() {
    let (stage, receiver) = (stage(), Server::start(|_| taken()));
    run(
        &stage,
        &receiver.origin(),
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20aHVudGVyMg%3D%3D"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod"),
        ],
    );
    let seen = receiver.seen().remove(0);
    assert!(seen.head.contains("authorization: basic ahvudgvymg==\r\n"), "{}", seen.head);
    assert!(seen.head.contains("content-encoding: gzip\r\n"), "{}", seen.head);
    let mut bytes = Vec::new();
    GzDecoder::new(&*seen.bytes).read_to_end(&mut bytes).unwrap();
    let request = ExportMetricsServiceRequest::decode(&*bytes).unwrap();
    let resource = text(&request.resource_metrics[0].resource.as_ref().unwrap().attributes);
    let expected = [("deployment.environment.name", "prod"), ("service.name", "meerkat")];
    assert_eq!(resource, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

/// What a run reports of a receiver that answers like this, in order; the last answer stays.
fn problems(answers: Vec<Answer>, variables: &[(&str, &str)]) -> (Vec<String>, usize) {
    let mut answers = answers.into_iter();
    let mut last = None;
    let receiver = Server::start(move |_| {
        last = answers.next().or_else(|| last.take());
        last.clone().unwrap_or_else(taken)
    });
    let report = run(&stage(), &receiver.origin(), variables);
    let problems = report.at("metrics/otlp/problems").as_array().unwrap().clone();
    let problems = problems.iter().map(|problem| problem.as_str().unwrap().replace(&receiver.origin(), "URL"));
    (problems.collect(), receiver.seen().len())
}

#[test]
fn a_busy_receiver_is_asked_again_after_its_retry_after() {
    let busy = |status, headers: &[&str]| Answer {
        status,
        headers: headers.iter().map(|header| (*header).to_owned()).collect(),
        body: String::new(),
    };
    for status in [429, 502, 503, 504] {
        assert_eq!(problems(vec![busy(status, &["retry-after: 0"]), taken()], &[]), (Vec::new(), 2), "{status}");
    }
    let (reported, asked) = problems(vec![busy(503, &["retry-after: 3600"])], &[]);
    assert_eq!(asked, 1);
    assert!(
        reported[0].starts_with("URL took none of ") && reported[0].ends_with("points: HTTP status 503"),
        "{reported:?}"
    );
}

#[test]
fn a_refusal_is_a_problem_with_the_receivers_words_and_the_way_out() {
    let answer = |status, body: &str| vec![Answer { status, headers: Vec::new(), body: body.to_owned() }];
    for (status, body, expected) in [
        (400, "\u{12}\u{06}no way", "HTTP status 400: no way"),
        (401, "", "HTTP status 401; check OTEL_EXPORTER_OTLP_HEADERS"),
        (404, "<html>", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is the whole URL"),
        (500, "", "HTTP status 500"),
    ] {
        let (reported, asked) = problems(answer(status, body), &[]);
        assert_eq!((reported.len(), asked), (1, 1), "{status}: {reported:?}");
        assert!(reported[0].contains(expected), "{expected}: {reported:?}");
    }
    let key = ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hunter2");
    let (reported, _) = problems(answer(400, "\u{12}\u{0c}not: hunter2"), &[key]);
    assert!(reported[0].contains("not: ***") && !reported[0].contains("hunter2"), "{reported:?}");
}

#[test]
fn points_that_a_receiver_rejects_are_reported() {
    let partial =
        Answer { status: 200, headers: Vec::new(), body: "\n\u{0b}\u{08}\u{03}\u{12}\u{07}too old".to_owned() };
    let (reported, _) = problems(vec![partial], &[]);
    assert!(reported[0].starts_with("URL left out 3 of ") && reported[0].ends_with("points: too old"), "{reported:?}");
    // A web page is not an OTLP answer, and no rejected points were reported.
    let page = Answer { status: 200, headers: Vec::new(), body: "<html>".to_owned() };
    assert_eq!(problems(vec![page], &[]).0, [""; 0]);
}

#[test]
fn a_receiver_that_is_silent_or_away_costs_its_own_time_only() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let stage = stage();
    let report = run(&stage, &origin, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    let reported = report.at("metrics/otlp/problems/0").as_str().unwrap().to_owned();
    assert!(reported.contains("no answer in time: check that it can be reached from here"), "{reported}");
    drop(silent);
    let report = run(&stage, &origin, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    let reported = report.at("metrics/otlp/problems/0").as_str().unwrap().to_owned();
    assert!(reported.contains("Connection refused"), "{reported}");
    assert!(report.complete());
}

#[test]
fn a_run_that_saw_nothing_of_kafka_sends_that_it_was_blind() {
    let receiver = Server::start(|_| taken());
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver.origin()),
    ];
    let event = br#"{"scheduled":"2027-01-15T08:00:00Z","now":"2027-01-15T08:00:03Z"}"#;
    let (code, text) = Program::with(&variables).reported(event);
    assert_eq!(code, Some(4), "{text}");
    let points = points(&receiver.seen());
    assert_eq!(points.into_iter().collect::<Vec<_>>(), [(String::from("meerkat.blind_runs{cluster=prod}"), 1.0)]);
}

#[test]
fn a_preflight_asks_the_receiver_whether_it_accepts_requests() {
    let receiver = Server::start(|_| taken());
    let stage = stage();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver.origin()),
    ];
    let mut program = Program::with(&variables);
    program.0.arg("--preflight");
    let (_, text) = program.reported(b"");
    assert!(text.contains("accepts requests"), "{text}");
    assert!(points(&receiver.seen()).is_empty());
}

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The header `Authorization` in lower case, as the same library that signs for AWS makes it of what came.
fn authorization(asked: &Asked, origin: &str, date: &str) -> String {
    let header = |name: &str| {
        let found = asked.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_else(|| panic!("{name} in {}", asked.head)).to_owned()
    };
    let identity = Credentials::new(KEY, SECRET, None, None, "test").into();
    let time = time::OffsetDateTime::parse(date, &Rfc3339).unwrap().unix_timestamp();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("monitoring")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(time.try_into().unwrap()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let signed = header("authorization");
    let names = signed.split("signedheaders=").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let by_signer = |name: &&str| *name != "host" && !name.starts_with("x-amz-");
    let headers: Vec<_> = names.split(';').filter(by_signer).map(|name| (name.to_owned(), header(name))).collect();
    let url = format!("{origin}/v1/metrics");
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new("POST", &url, headers, SignableBody::Bytes(&asked.bytes)).unwrap();
    let (made, _) = sign(signable, &params).unwrap().into_parts().0.into_parts();
    let authorization = made.iter().find(|header| header.name() == "authorization").unwrap();
    authorization.value().to_ascii_lowercase()
}

#[test]
fn a_request_for_cloudwatch_is_signed_for_its_region() {
    let receiver = Server::start(|_| taken());
    let stage = stage();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "otlp"),
        ("MEERKAT_OTLP_SIGV4_REGION", "eu-west-1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver.origin()),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    let (_, text) = Program::with(&variables).reported(b"");
    assert!(!text.contains(SECRET), "{text}");
    let asked = receiver.seen().into_iter().next().unwrap_or_else(|| panic!("nothing was sent: {text}"));
    let date = asked.head.lines().find_map(|line| line.strip_prefix("x-amz-date: ")).unwrap().to_uppercase();
    let date =
        format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..8], &date[9..11], &date[11..13], &date[13..15]);
    let sent = asked.head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap();
    assert_eq!(sent, authorization(&asked, &receiver.origin(), &date));
}
