//! Trouble on demand, as the SDK sees it.

use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::types::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::support::cloudwatch::{Fault, How};

#[tokio::test]
async fn the_sdk_repeats_what_is_throttled_or_broken() {
    for how in [How::Throttle, How::InternalError, How::Unavailable, How::Cut] {
        let (stand, _) = still();
        let patient = client(&stand.url(), 3);
        stand.fail(Fault::new("PutMetricData", how).times(2));
        put(&patient, [one(NOW, 1.0)]).await.unwrap();
        let calls = stand.calls("PutMetricData");
        assert_eq!((calls.received, calls.succeeded, calls.datums), (3, 1, 1), "{how:?}");
        assert_eq!(stand.metrics()[0].requests, [3]);
    }
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let (stand, client) = still();
    let cases = [
        (How::Throttle, "ThrottlingException"),
        (How::Deny, "AccessDeniedException"),
        (How::InternalError, "InternalServiceError"),
        (How::Unavailable, "ServiceUnavailable"),
    ];
    for (how, code) in cases {
        stand.fail(Fault::new("GetMetricData", how));
        get(&client, vec![ask("q", "Sum", 60)], NOW - 60, NOW).await.unwrap_err().says(code, "");
    }
    put(&client, [one(NOW, 1.0)]).await.unwrap();
}

#[tokio::test]
async fn denied_calls_are_not_repeated_and_name_the_action() {
    let (stand, _) = still();
    let patient = client(&stand.url(), 3);
    stand.fail(Fault::new("PutMetricData", How::Deny).always());
    put(&patient, [one(NOW, 1.0)])
        .await
        .unwrap_err()
        .says("AccessDeniedException", "perform: cloudwatch:PutMetricData");
    assert_eq!(stand.calls("PutMetricData").received, 1);
}

#[tokio::test]
async fn a_write_that_is_applied_and_cut_is_repeated_and_counts_twice() {
    let (stand, _) = still();
    let patient = client(&stand.url(), 2);
    stand.fail(Fault::new("PutMetricData", How::ApplyThenCut));
    put(&patient, [at(NOW).values(3.0).values(4.0).build()]).await.unwrap();
    assert_eq!(stand.metrics()[0].requests, [1, 2]);
    assert_eq!(read(&patient, "SampleCount", 1, NOW, NOW + 1).await, [(NOW, 4.0)]);
    assert_eq!(read(&patient, "Maximum", 1, NOW, NOW + 1).await, [(NOW, 4.0)]);
}

#[tokio::test]
async fn a_write_that_is_applied_and_never_answered_is_there_all_the_same() {
    for (how, stored) in [(How::ApplyThenHang, 1), (How::Hang, 0)] {
        let (stand, _) = still();
        stand.fail(Fault::new("PutMetricData", how));
        let short = TimeoutConfig::builder().operation_timeout(Duration::from_millis(300)).build();
        let config = client(&stand.url(), 1).config().to_builder().timeout_config(short).build();
        let sent = put(&Client::from_conf(config), [one(NOW, 1.0)]).await;
        assert!(sent.is_err(), "{how:?}");
        assert_eq!(stand.metrics().len(), stored, "{how:?}");
        assert_eq!(stand.calls("PutMetricData").unanswered, 1, "{how:?}");
    }
}

#[tokio::test]
async fn faults_wait_for_their_call() {
    let (stand, client) = still();
    stand.fail(Fault::new("PutMetricData", How::Cut).after(1));
    let outcomes =
        [put(&client, [one(NOW, 1.0)]).await, put(&client, [one(NOW, 1.0)]).await, put(&client, [one(NOW, 1.0)]).await];
    assert_eq!(outcomes.map(|outcome| outcome.is_ok()), [true, false, true]);
}

#[tokio::test]
async fn partial_data_comes_with_the_rest_or_without() {
    let (stand, client) = still();
    put(&client, (0..4).map(|n| one(NOW + n, 1.0))).await.unwrap();
    let read = || client.get_metric_data().metric_data_queries(ask("q", "Sum", 1)).scan_by(ScanBy::TimestampAscending);
    let read = || read().start_time(DateTime::from_secs(NOW)).end_time(DateTime::from_secs(NOW + 60));
    stand.fail(Fault::new("GetMetricData", How::PartialData));
    let half = read().send().await.unwrap();
    assert_eq!(half.metric_data_results()[0].status_code(), Some(&StatusCode::PartialData));
    assert_eq!(points(&half, 0), [(NOW, 1.0), (NOW + 1, 1.0)]);
    let rest = read().next_token(half.next_token().unwrap()).send().await.unwrap();
    assert_eq!(rest.metric_data_results()[0].status_code(), Some(&StatusCode::Complete));
    assert_eq!(points(&rest, 0), [(NOW + 2, 1.0), (NOW + 3, 1.0)]);
    stand.fail(Fault::new("GetMetricData", How::PartialDataForGood));
    let half = read().send().await.unwrap();
    assert_eq!((points(&half, 0).len(), half.next_token()), (2, None));
    assert_eq!(half.metric_data_results()[0].status_code(), Some(&StatusCode::PartialData));
}

#[tokio::test]
async fn a_query_can_fail_within_a_good_answer() {
    let (stand, client) = still();
    put(&client, [one(NOW, 1.0)]).await.unwrap();
    stand.fail(Fault::new("GetMetricData", How::QueryInternalError));
    let answer = get(&client, vec![ask("q", "Sum", 1)], NOW, NOW + 1).await.unwrap();
    let result = &answer.metric_data_results()[0];
    assert_eq!(result.status_code(), Some(&StatusCode::InternalError));
    assert_eq!((result.values().len(), result.messages()[0].code()), (0, Some("InternalError")));
}

#[tokio::test]
async fn large_bodies_arrive_compressed() {
    let (stand, client) = still();
    put(&client, (0..1_000).map(|n| one(NOW - n, 1.0))).await.unwrap();
    let calls = stand.calls("PutMetricData");
    assert!(calls.wire_bytes * 4 < calls.bytes, "{calls:?}");
    assert_eq!(calls.datums, 1_000);
}

/// One request to the control side, as a script would send it: the status and the JSON.
async fn control(stand: &Stand, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let address = stand.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_script_orders_time_and_trouble_and_reads_back() {
    let (stand, client) = still();
    let orders = r#"{"now": "2026-01-01T00:00:00Z", "advance": 60, "fail": [{"operation": "PutMetricData", "how": "throttle"}]}"#;
    let (status, answer) = control(&stand, "POST", "/control", orders).await;
    assert_eq!((status, answer["now"].as_i64()), (200, Some(1_767_225_660)));
    let write = || [at(1_767_225_600).value(7.0).dimensions(dimension("Group", "g")).build()];
    put(&client, write()).await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    put(&client, write()).await.unwrap();
    let (_, metrics) = control(&stand, "GET", "/control/metrics", "").await;
    let expected = serde_json::json!([{
        "namespace": "Test/State", "name": "m", "dimensions": {"Group": "g"}, "unit": "None", "timestamp": 1_767_225_600,
        "storage_resolution": 1, "sample_count": 1.0, "sum": 7.0, "minimum": 7.0, "maximum": 7.0, "requests": [2],
    }]);
    assert_eq!(metrics, expected);
    let (_, calls) = control(&stand, "GET", "/control/calls", "").await;
    assert_eq!(calls["PutMetricData"]["refused"], serde_json::json!({"ThrottlingException": 1}));
    let (status, answer) = control(&stand, "POST", "/control", r#"{"clear": ["metrics", "calls"], "sleep": 1}"#).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(stand.metrics().len(), 1, "an order that is not understood changes nothing");
    control(&stand, "POST", "/control", r#"{"clear": ["metrics", "calls"]}"#).await;
    assert_eq!((stand.metrics().len(), stand.calls("PutMetricData").received), (0, 0));
}
