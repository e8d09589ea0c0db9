//! When `CloudWatch` does not answer, or refuses: which pages are affected, and what the message advises.

use std::error::Error as _;

use meerkat::base::fault::sentence;

use meerkat::cloudwatch::error::Operation;
use meerkat::cloudwatch::metrics::plan;
use meerkat::config::MetricsDetail;
use meerkat::judge::numbers::Results;

use super::*;
use crate::support::http::{Answer, Server};

/// The error that all pages share, and its whole chain as text.
async fn reading(world: &World) -> (Arc<StoreError>, String) {
    let mut errors = world.points(world.minute(0)).await.into_iter().map(Result::unwrap_err);
    let error = errors.next().unwrap();
    assert!(errors.all(|other| other.to_string() == error.to_string()));
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain = format!("{chain}: {cause}");
        source = cause.source();
    }
    (error, chain)
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test]
async fn throttled_for_a_moment_is_no_trouble() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("PutMetricData", How::Throttle));
    let slots = world.write(0, 500).await;
    world.stand.fail(Fault::new("GetMetricData", How::Throttle));
    assert_eq!(world.read(world.minute(0)).await, vec![Some(Ok(slots)); 3]);
}

#[tokio::test]
async fn permanent_throttling_is_reported_with_the_quota() {
    let world = World::new(1, 100);
    world.stand.fail(Fault::new("GetMetricData", How::Throttle).always());
    let (error, chain) = reading(&world).await;
    assert!(matches!(*error, StoreError { tried: Operation::ReadHistory, trouble: StoreTrouble::Throttled, .. }));
    says(
        &chain,
        &["reading the history", "180,000 estimated points a second, which cannot be raised", "Rate exceeded"],
    );
}

#[tokio::test]
async fn a_denial_is_reported_with_the_permission() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("GetMetricData", How::Deny));
    let (error, chain) = reading(&world).await;
    assert!(matches!(*error, StoreError { tried: Operation::ReadHistory, trouble: StoreTrouble::Denied, .. }));
    says(&chain, &["allow cloudwatch:GetMetricData", "VPC endpoint", "not authorized"]);
    world.stand.fail(Fault::new("PutMetricData", How::Deny));
    let written = world.try_write(world.minute(0), &world.slots(500)).await;
    says(&failure(&written).to_string(), &["writing the history", "allow cloudwatch:PutMetricData"]);
    world.stand.fail(Fault::new("PutMetricData", How::Deny));
    let datums = plan(&Results::default(), MetricsDetail::Group, 500).datums;
    let written = world.store.publish(world.minute(0), &datums, soon()).await;
    says(&failure(&written).to_string(), &["publishing the metrics", "allow cloudwatch:PutMetricData"]);
}

#[tokio::test]
async fn an_unreachable_service_is_reported_with_the_endpoint() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut world = World::new(1, 3);
    world.store = Store::new(client(&url), world.store.schedule(), "State", "Results");
    let (error, chain) = reading(&world).await;
    assert!(matches!(*error, StoreError { trouble: StoreTrouble::Unreachable, .. }), "{chain}");
    says(&chain, &["interface endpoint", "\"monitoring\"", "AWS_ENDPOINT_URL_CLOUDWATCH"]);
}

#[tokio::test]
async fn missing_credentials_are_reported_with_the_settings() {
    let mut world = World::new(1, 3);
    let config = aws_sdk_cloudwatch::Config::builder().behavior_version(BehaviorVersion::latest());
    let config = config.region(Region::new("us-east-1")).endpoint_url(world.stand.url()).build();
    world.store = Store::new(Client::from_conf(config), world.store.schedule(), "State", "Results");
    let (error, _) = reading(&world).await;
    assert!(matches!(*error, StoreError { trouble: StoreTrouble::Settings, .. }), "{error:?}");
    says(&error.to_string(), &["AWS_REGION", "AWS_ACCESS_KEY_ID"]);
}

#[tokio::test]
async fn silence_is_unreachable_too() {
    let mut world = World::new(1, 3);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(50)).build();
    let credentials = Credentials::builder().access_key_id("a").secret_access_key("a").provider_name("test").build();
    let client = client_with(&world.stand.url(), timeouts, credentials);
    world.store = Store::new(client, world.store.schedule(), "State", "Results");
    world.stand.fail(Fault::new("GetMetricData", How::Hang).always());
    let (error, _) = reading(&world).await;
    assert!(matches!(*error, StoreError { trouble: StoreTrouble::Unreachable, .. }), "{error:?}");
}

#[tokio::test]
async fn the_deadline_ends_a_read_and_a_write() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("GetMetricData", How::Hang).always());
    world.stand.fail(Fault::new("PutMetricData", How::Hang).always());
    let until = || Instant::now() + Duration::from_millis(50);
    let wanted = [(Arc::clone(&world.metrics[0]), vec![MIDNIGHT - 60..MIDNIGHT])];
    let found = world.store.points(&wanted, until()).await;
    assert!(matches!(
        **found[0].as_ref().unwrap_err(),
        StoreError { tried: Operation::ReadHistory, trouble: StoreTrouble::OutOfTime, .. }
    ));
    let page = seconds::write(world.store.schedule(), world.minute(0), &world.slots(500));
    let written = world.store.write(&[(Arc::clone(&world.metrics[0]), page)], until()).await;
    assert!(matches!(
        failure(&written),
        StoreError { tried: Operation::WriteHistory, trouble: StoreTrouble::OutOfTime, .. }
    ));
}

#[tokio::test]
async fn a_deadline_between_two_attempts_reports_the_last_failure() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut world = World::new(1, 3);
    let retries = RetryConfig::standard().with_max_attempts(40).with_initial_backoff(Duration::from_mins(1));
    let config = client(&url).config().to_builder().retry_config(retries).build();
    world.store = Store::new(Client::from_conf(config), world.store.schedule(), "State", "Results");
    let until = || Instant::now() + Duration::from_secs(2);
    let wanted = [(Arc::clone(&world.metrics[0]), vec![MIDNIGHT - 60..MIDNIGHT])];
    let found = world.store.points(&wanted, until()).await;
    let page = seconds::write(world.store.schedule(), world.minute(0), &world.slots(500));
    let written = world.store.write(&[(Arc::clone(&world.metrics[0]), page)], until()).await;
    for error in [&**found[0].as_ref().unwrap_err(), failure(&written)] {
        assert!(matches!(error, StoreError { trouble: StoreTrouble::StillTrying, .. }), "{error:?}");
        says(&sentence(error), &["was still being tried when the time was up", "Connection refused"]);
    }
}

#[tokio::test]
async fn another_servers_page_is_reported_with_its_status_while_attempts_last() {
    let proxy = Server::start(|_| Answer {
        status: 503,
        headers: vec!["content-type: text/html".into()],
        body: "<html>come back later</html>".into(),
    });
    let mut world = World::new(1, 3);
    let retries = RetryConfig::standard().with_max_attempts(40).with_initial_backoff(Duration::from_mins(1));
    let config = client(&proxy.origin()).config().to_builder().retry_config(retries).build();
    world.store = Store::new(Client::from_conf(config), world.store.schedule(), "State", "Results");
    let until = Instant::now() + Duration::from_secs(2);
    let page = seconds::write(world.store.schedule(), world.minute(0), &world.slots(500));
    let written = world.store.write(&[(Arc::clone(&world.metrics[0]), page)], until).await;
    let sentence = sentence(failure(&written));
    says(&sentence, &["still being tried", "something else than CloudWatch answered (HTTP status 503, text/html)"]);
}

#[tokio::test]
async fn a_skewed_clock_has_its_own_word() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("GetMetricData", How::Skew).always());
    let (error, chain) = reading(&world).await;
    assert!(matches!(*error, StoreError { trouble: StoreTrouble::Clock(_), .. }), "{chain}");
    says(&chain, &["was refused for the time: RequestTimeTooSkewed; set this machine's clock"]);
}

#[tokio::test]
async fn an_internal_error_is_a_refusal_with_its_code() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("GetMetricData", How::InternalError).always());
    let (error, chain) = reading(&world).await;
    assert!(matches!(*error, StoreError { trouble: StoreTrouble::Refused(_), .. }), "{chain}");
    says(&chain, &["was refused by CloudWatch", "InternalService"]);
}

#[tokio::test]
async fn a_refused_read_is_reported_with_the_words_of_the_service() {
    let world = World::new(1, 3);
    world.at(0);
    let slots = world.slots(500);
    world.stand.set_now(MIDNIGHT + 15 * 86_400);
    let written = world.try_write(world.minute(0), &slots).await;
    assert!(
        matches!(failure(&written), StoreError { tried: Operation::WriteHistory, trouble: StoreTrouble::Refused(code), .. } if code.starts_with("Invalid")),
        "{written:?}"
    );
}

#[tokio::test]
async fn a_page_of_another_day_is_not_written() {
    let world = World::new(1, 1);
    let slots = world.slots(500);
    let written = world.try_write(world.minute(-10_000), &slots).await;
    assert!(matches!(failure(&written), StoreError { trouble: StoreTrouble::OutOfPlace, .. }), "{written:?}");
    assert_eq!(world.puts().received, 0);
}

#[tokio::test]
async fn an_answer_in_pages_is_put_together() {
    let world = World::new(1, 2);
    let slots = world.write(0, 500).await;
    world.stand.fail(Fault::new("GetMetricData", How::PartialData).times(3));
    assert_eq!(world.read(world.minute(0)).await, vec![Some(Ok(slots)); 2]);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for how in [How::PartialDataForGood, How::QueryInternalError] {
        let world = World::new(1, 1);
        world.write(0, 500).await;
        world.stand.fail(Fault::new("GetMetricData", how));
        let (error, _) = reading(&world).await;
        assert!(matches!(*error, StoreError { trouble: StoreTrouble::Incomplete(_), .. }), "{error:?}");
    }
}

#[tokio::test]
async fn trouble_with_one_call_concerns_its_pages_alone() {
    let world = World::new(1, 200);
    world.stand.fail(Fault::new("GetMetricData", How::Deny));
    let found = world.points(world.minute(0)).await;
    let failed = found.iter().filter(|points| points.is_err()).count();
    assert!((1..200).contains(&failed), "{failed} of 200");
    assert_eq!(world.gets().received, 2);
}

#[tokio::test]
async fn a_write_that_the_client_repeats_is_halved_back() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("PutMetricData", How::ApplyThenCut));
    let slots = world.write(0, 500).await;
    assert_eq!(world.puts().received, 2);
    assert!(world.stand.metrics().iter().all(|stored| stored.requests.len() == 2), "every slot holds both writes");
    assert_eq!(world.read(world.minute(0)).await, vec![Some(Ok(slots)); 3]);
}

#[tokio::test]
async fn two_runs_in_one_minute_are_seen() {
    let world = World::new(1, 1);
    world.write(0, 500).await;
    world.write(0, 501).await;
    assert_eq!(world.read(world.minute(0)).await, [Some(Err(Unusable::TwoRuns))]);
}
