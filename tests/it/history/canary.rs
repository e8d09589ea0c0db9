//! A preflight's canary: what is written is read back unchanged, or the difference is reported.

use std::time::Duration;

use meerkat::base::fault;
use meerkat::cloudwatch::canary::Flight;
use meerkat::preflight::found::Canary;

use super::{MIDNIGHT, World, client, soon};
use crate::support::cloudwatch::{Fault, How};
use meerkat::cloudwatch::{Schedule, Store, names};
use tokio::time::Instant;

const BOTH: Flight<'_> = Flight { cluster: "prod", state: true, results: true };

async fn fly(world: &World, until: Instant) -> Canary {
    world.store.canary(&BOTH, || MIDNIGHT * 1_000 + 3_000, until).await
}

#[tokio::test]
async fn everything_comes_back_as_it_was_written() {
    for period in [1, 15, 60] {
        let world = World::new(period, 1);
        let canary = fly(&world, soon()).await;
        assert_eq!((&canary.state, &canary.results, &canary.read), (&Some(Ok(())), &Some(Ok(())), &Some(Ok(()))));
        assert!(canary.visible_ms.is_some() && canary.wrong.is_empty(), "{canary:?}");
        assert_eq!(canary.endpoint, Some(world.stand.url()));
        assert_eq!(canary.region.as_deref(), Some("us-east-1"));
        // The stand-in's clock is a test's, the one of its HTTP server is this machine's.
        assert!(canary.ahead_ms.is_some(), "{canary:?}");
    }
}

#[tokio::test]
async fn the_canary_writes_nothing_that_runs_or_people_read() {
    let world = World::new(1, 1);
    fly(&world, soon()).await;
    let points = world.stand.metrics();
    assert_eq!(points.len(), 6, "{points:?}"); // five seconds of the state, one result
    assert_eq!(format!("{points:?}").matches(names::CANARY).count(), 6, "{points:?}");
}

#[tokio::test]
async fn a_second_one_in_the_same_minute_is_no_trouble() {
    let world = World::new(1, 1);
    for _ in 0..3 {
        let canary = fly(&world, soon()).await;
        assert!(canary.visible_ms.is_some() && canary.wrong.is_empty(), "{canary:?}");
    }
}

#[tokio::test]
async fn what_is_not_visible_in_time_is_neither_right_nor_wrong() {
    let world = World::new(1, 1);
    world.stand.set_new_metric_visible_after(Duration::from_mins(2));
    let canary = fly(&world, Instant::now()).await;
    assert_eq!((canary.visible_ms, canary.wrong.is_empty()), (None, true), "{canary:?}");
}

fn advises(fault: &fault::Fault, todo: &str) -> bool {
    fault.todo.as_ref().is_some_and(|reported| reported.contains(todo))
}

#[tokio::test]
async fn each_refusal_is_reported_with_the_permission_that_is_missing() {
    let world = World::new(1, 1);
    world.stand.fail(Fault::new("PutMetricData", How::Deny).always());
    let canary = fly(&world, soon()).await;
    for refused in [canary.state, canary.results] {
        let why = refused.expect("tried").expect_err("refused");
        assert!(advises(&why, "allow cloudwatch:PutMetricData"), "{why:?}");
    }
    assert_eq!(canary.read, Some(Ok(())));

    let world = World::new(1, 1);
    world.stand.fail(Fault::new("GetMetricData", How::Deny).always());
    let canary = fly(&world, soon()).await;
    let why = canary.read.expect("tried").expect_err("refused");
    assert!(advises(&why, "allow cloudwatch:GetMetricData"), "{why:?}");
    assert_eq!((canary.state, canary.visible_ms), (Some(Ok(())), None));
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_reported() {
    let url = World::new(1, 1).stand.url(); // whose server has ended
    let store = Store::new(client(&url), Schedule::MINUTELY, names::STATE_NAMESPACE, names::NAMESPACE);
    let canary = store.canary(&BOTH, || MIDNIGHT * 1_000, soon()).await;
    for failed in [canary.state, canary.results, canary.read] {
        let why = failed.expect("tried").expect_err("nobody answers");
        assert!(why.found.contains("did not reach CloudWatch"), "{why:?}");
    }
    assert_eq!((canary.endpoint, canary.ahead_ms), (Some(url), None));
}

#[tokio::test]
async fn it_keeps_away_from_a_namespace_that_is_turned_off() {
    let world = World::new(1, 1);
    let results = Flight { state: false, ..BOTH };
    let canary = world.store.canary(&results, || MIDNIGHT * 1_000, soon()).await;
    assert_eq!((canary.state, canary.read, canary.results), (None, None, Some(Ok(()))));
    assert_eq!(world.stand.metrics().len(), 1);
}
