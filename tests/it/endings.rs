//! How a run ends while something else does not: within its time, and with its result printed before anything that may
//! fail.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::broker::{Group, Scene, Topic};
use crate::support::check::BRIEF;
use crate::support::lambda::Lambda;
use crate::surroundings::Program;

/// A path of this process's own.
fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

/// The output of a run for which AWS accepts connections and never answers.
fn without_aws(variables: &[(&str, &str)]) -> String {
    let stage = Scene::of(1).start();
    let at = [("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap())];
    let (code, text) = anywhere_without_aws(&[&at, variables].concat(), b"");
    assert_eq!(code, Some(4), "{text}");
    text
}

/// The same without a cluster, for an event.
fn anywhere_without_aws(variables: &[(&str, &str)], event: &[u8]) -> (Option<i32>, String) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let always = [
        ("MEERKAT_TIMEOUT", "6"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL", &*origin),
    ];
    let reported = Program::with(&[&always, variables].concat()).reported(event);
    // The patience of the door, which is longer than this run's time.
    assert!(!reported.1.contains("no answer from"), "{}", reported.1);
    reported
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";

#[test]
fn a_secret_is_fetched_within_the_time_of_the_run() {
    let login = [
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
        ("KAFKA_SASL_MECHANISM", "PLAIN"),
        ("KAFKA_SASL_SECRET", SECRET),
    ];
    let text = without_aws(&login);
    assert!(text.contains("the credentials were not there before the deadline"), "{text}");
    let text = without_aws(&[("KAFKA_SSL_TRUSTSTORE", SECRET)]);
    assert!(text.contains("KAFKA_SSL_KEYSTORE name could not be fetched before the deadline"), "{text}");
}

#[test]
fn the_addresses_of_a_cluster_are_fetched_within_the_time_of_the_run() {
    let cluster = [("KAFKA_CLUSTER_ARN", "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b2c3d-7")];
    let (code, text) = anywhere_without_aws(&cluster, b"");
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("the cluster's addresses, or what KAFKA_SSL_TRUSTSTORE"), "{text}");
    let (code, text) = anywhere_without_aws(&cluster, br#"{"mode":"preflight"}"#);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("the cluster's addresses could not be fetched before the deadline"), "{text}");
}

#[test]
fn a_function_with_too_little_time_gets_no_advice_about_a_shell() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let variables = [
        ("KAFKA_CLUSTER_ARN", "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b2c3d-7"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL", &*origin),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let invoked = Lambda::within(BRIEF, &variables).invoke("{}");
    let reported = "could not be fetched before the deadline: see that AWS can be reached from the function's subnets";
    assert!(!invoked.ok && invoked.body.contains(reported) && !invoked.body.contains("MEERKAT_"), "{invoked:?}");
}

#[test]
fn a_preflight_fetches_stores_within_the_time_of_the_run() {
    let store = [("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"), ("KAFKA_SSL_TRUSTSTORE", SECRET)];
    let (code, text) = anywhere_without_aws(&store, br#"{"mode":"preflight"}"#);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("KAFKA_SSL_KEYSTORE name could not be fetched before the deadline"), "{text}");
}

#[test]
fn a_region_that_cannot_be_found_costs_the_run_no_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let stage =
        Scene::of(1).group(Group::classic("orders").commits("t", &[10])).topic(Topic::new("t", &[0..10])).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_TIMEOUT", "20"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*format!("http://{}", silent.local_addr().unwrap())),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ];
    let begun = Instant::now();
    let (_, text) = Program::with(&variables).reported(b"");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}: {text}", begun.elapsed());
    let report: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(report["groups"][0]["total_lag"], 0, "{text}");
    assert!(report["problems"].to_string().contains("AWS_REGION"), "{text}");
}

#[test]
fn a_name_service_that_never_answers_is_named_and_the_run_does_not_wait_for_it() {
    let (library, word) = (scratch("hanging-names.so"), scratch("hanging-names-word"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/hanging_names.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status().unwrap();
    assert!(built.success());
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", "broker.example:9092"),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_TIMEOUT", "2"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("HANGING_NAMES_WORD", word.to_str().unwrap()),
    ];
    let (code, text) = Program::with(&variables).reported(b"");
    std::fs::remove_file(&library).unwrap();
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("the name service did not answer before the deadline"), "{text}");
    // Nor for the thread that asks it, which nothing can end before it has its answer.
    assert!(!word.exists(), "the run waited for the name service");
}

#[test]
fn the_report_is_printed_before_a_page_is_written() {
    let group = Group::classic("orders").commits("t", &[10]);
    let stage = Scene::of(1).group(group).topic(Topic::new("t", &[0..10])).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
    ];
    let mut program = Program::with(&variables);
    program.0.args(["--html", "/nowhere/page.html"]);
    let (code, text) = program.reported(b"");
    let (report, said) = text.split_once('\n').unwrap();
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!((code, &report["status"]), (Some(4), &"OK".into()), "{text}");
    assert!(said.contains("--html: /nowhere/page.html cannot be written: "), "{said}");
}
