//! A whole run in Burrow's shape, by event, by variable and by URL.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use serde_json::{Value, json};

use super::preflight::{answer, answer_within};
use crate::support::broker::{Act, Group, Scene, Stage, Topic, When};
use meerkat::judge::verdict::Verdict;

fn stage() -> Stage {
    scene().start()
}

fn scene() -> Scene {
    Scene::of(1)
        .group(Group::classic("orders-svc").commits("orders", &[5, 10]).member("orders-svc-1", "orders", &[0]))
        .group(Group::classic("other").commits("orders", &[10]))
        .topic(Topic::new("orders", &[0..10, 0..10]))
}

fn run(stage: &Stage, event: &Value, format: &str) -> (Value, Verdict) {
    run_within(Duration::from_mins(1), stage, event, format)
}

fn run_within(time: Duration, stage: &Stage, event: &Value, format: &str) -> (Value, Verdict) {
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_FORMAT", format),
    ];
    let outcome = answer_within(time, &variables, &event.to_string());
    (serde_json::from_str(&outcome.json).expect("JSON"), outcome.status)
}

fn get(path: &str) -> Value {
    json!({ "version": "2.0", "rawPath": path, "requestContext": { "domainName": "d.example", "http": { "method": "GET" } } })
}

#[test]
fn an_event_that_names_one_group_is_answered_with_one_object() {
    let (answer, _) = run(&stage(), &json!({ "groups": ["orders-svc"], "format": "burrow", "view": "lag" }), "");
    assert_eq!(answer["message"], "consumer status returned");
    let status = &answer["status"];
    assert_eq!((&status["cluster"], &status["group"]), (&json!("prod"), &json!("orders-svc")));
    assert_eq!((&status["partition_count"], &status["totallag"]), (&json!(2), &json!(5)));
    assert_eq!(status["maxlag"]["partition"], 0);
    assert_eq!(status["partitions"][0]["client_id"], "orders-svc-1");
    assert_eq!(status["partitions"][0]["owner"], "/127.0.0.1");
    assert_eq!(status["partitions"][0]["end"]["offset"], 5);
    assert_eq!(status["partitions"][0]["end"]["lag"], 5);
    assert_eq!(status["partitions"][1]["current_lag"], 0);
    assert_eq!(answer["request"]["url"], "/v3/kafka/prod/consumer/orders-svc/lag");
}

#[test]
fn a_check_of_all_groups_is_answered_with_a_list() {
    let (answer, _) = run(&stage(), &json!({}), "burrow");
    let groups: Vec<&Value> = answer.as_array().expect("a list").iter().map(|one| &one["status"]["group"]).collect();
    assert_eq!(groups, ["orders-svc", "other"]);
    let (answer, _) = run(&stage(), &json!({ "format": "meerkat" }), "burrow");
    assert!(answer["groups"].is_array(), "the event has the last word: {answer}");
}

#[test]
fn a_url_is_answered_with_a_status_code_and_a_body() {
    let (answer, _) = run(&stage(), &get("/v3/kafka/prod/consumer/orders-svc/lag"), "");
    assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(false)));
    assert_eq!(answer["headers"]["content-type"], "application/json");
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!(body["status"]["totallag"], 5);
    assert_eq!(body["request"], json!({ "url": "/v3/kafka/prod/consumer/orders-svc/lag", "host": "d.example" }));
}

#[test]
fn a_group_or_cluster_that_is_not_there_is_404_as_burrow_says_it() {
    for (path, cluster, group) in [
        ("/v3/kafka/prod/consumer/nobody/status", "prod", "nobody"),
        ("/v3/kafka/staging/consumer/orders-svc/status", "staging", "orders-svc"),
    ] {
        let (answer, status) = run(&stage(), &get(path), "");
        assert_eq!((&answer["statusCode"], status), (&json!(404), Verdict::NotFound));
        let body = format!(
            r#"{{"error":false,"message":"consumer status returned","status":{{"cluster":"{cluster}","group":"{group}","status":"NOTFOUND","complete":1,"partitions":[],"partition_count":0,"maxlag":null,"totallag":0}},"request":{{"url":"{path}","host":"d.example"}}}}"#
        );
        assert_eq!(answer["body"], body);
    }
}

#[test]
fn a_group_is_not_404_where_nobody_tells_which_groups_there_are() {
    for act in [Act::Hang, Act::Code(31)] {
        let stage = scene().fault(When::on(ApiKey::ListGroups), act).start();
        let path = get("/v3/kafka/prod/consumer/nobody/status");
        let (answer, status) = run_within(Duration::from_secs(3), &stage, &path, "");
        assert_eq!((&answer["statusCode"], status), (&json!(200), Verdict::Unknown));
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
        let told = &body["status"];
        let expected = (&json!("UNKNOWN"), &json!(0), &Value::Null);
        assert_eq!((&told["status"], &told["complete"], &told["totallag"]), expected);
    }
}

#[test]
fn another_path_is_refused_without_asking_a_broker() {
    let stage = stage();
    let (answer, status) = run(&stage, &get("/v3/kafka/prod/topic/orders"), "");
    assert_eq!((&answer["statusCode"], status), (&json!(404), Verdict::Unknown));
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!((&body["error"], &body["request"]["url"]), (&json!(true), &json!("/v3/kafka/prod/topic/orders")));
    assert!(stage.seen().is_empty());
}

#[test]
fn a_cluster_that_cannot_be_reached_is_503_in_burrows_form() {
    let bootstrap = stage().bootstrap(); // whose brokers have ended
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let outcome = answer(&variables, &get("/v3/kafka/prod/consumer/orders-svc/lag").to_string());
    let answer: Value = serde_json::from_str(&outcome.json).expect("JSON");
    assert_eq!((&answer["statusCode"], outcome.failure), (&json!(503), None));
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!(body["error"], true);
    assert!(body["message"].as_str().expect("a text").contains("cannot connect to "), "{body}");
}

#[test]
fn a_widget_is_drawn_whatever_the_format_of_reports() {
    let event = json!({ "widgetContext": {} });
    for format in ["burrow", "openmetrics", ""] {
        let (answer, _) = run(&stage(), &event, format);
        let page = answer.as_str().unwrap_or_default();
        assert!(page.contains("<table") && page.contains("orders-svc"), "{format}: {answer}");
    }
}
