//! Many groups: limits, quotas, and what people see in the end.

use std::collections::BTreeSet;

use meerkat::cloudwatch::metrics::{DEFAULT_LIMIT, Detail, GroupResult, PartitionResult, Results, plan};

use super::*;

#[tokio::test]
async fn more_than_a_thousand_datums_are_several_requests_and_no_shard_is_split() {
    let mut world = World::new(1, 0);
    world.shards =
        (0..40).flat_map(|group| layout(world.store.schedule(), 100).shards("prod", &format!("g{group}"))).collect();
    let minute = world.at(0);
    let written = world.store.write(minute, &world.look(500), soon()).await;
    assert!(written.failures.is_empty(), "{written:?}");
    assert_eq!((written.datums, written.requests), (40 * 102, 5));
    for shard in &world.shards {
        let dimensions =
            shard.metric.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let stored = world.stand.metrics();
        let requests: BTreeSet<_> = stored
            .iter()
            .filter(|stored| stored.metric.dimensions == dimensions)
            .map(|stored| &stored.requests)
            .collect();
        assert_eq!(requests.len(), 1, "{shard:?}");
    }
    let minute = world.at(1);
    let found = world.newest(minute).await;
    assert!(
        found
            .iter()
            .zip(world.look(500))
            .all(|(looks, (_, look))| looks.before(minute).unwrap().1.entries == look.entries)
    );
}

#[tokio::test]
async fn the_longest_names_keep_requests_small_enough() {
    // Every ten minutes the quota of points lets more shards into one call than the size of a request does.
    let mut world = World::new(10, 0);
    let name = |number: u32| format!("{number:03}{}", "ö".repeat(900));
    world.shards =
        (0..120).flat_map(|group| layout(world.store.schedule(), 59).shards(&name(999), &name(group))).collect();
    let minute = world.at(0);
    world.write(minute, &world.look(500)).await;
    let minute = world.at(1);
    assert!(world.newest(minute).await.iter().all(|looks| looks.before(minute).is_some()));
    assert!(world.puts().refused.is_empty() && world.gets().refused.is_empty());
}

#[tokio::test]
async fn reads_keep_the_quota_of_estimated_points() {
    let mut world = World::new(1, 0);
    world.shards = layout(world.store.schedule(), 59 * 400).shards("prod", "orders");
    world.stand.keep_quotas(true);
    world.stand.run_clock_from(MIDNIGHT);
    let found = world.try_newest(world.minute(0)).await;
    assert!(found.iter().all(Result::is_ok));
    let calls = world.gets();
    assert!(calls.refused.is_empty(), "{calls:?}");
    assert_eq!(calls.estimated_points, 400 * 3 * 300);
}

#[tokio::test]
async fn the_window_is_read_for_the_shards_that_are_named() {
    let world = World::new(1, 100);
    for looks in 0..5 {
        world.run(looks, 500 + looks).await;
    }
    let minute = world.at(5);
    world.stand.forget_calls();
    let window = world.store.window(minute, 170, &world.shards[1..], soon()).await;
    assert_eq!(window.iter().map(|looks| looks.as_ref().unwrap().iter().count()).collect::<Vec<_>>(), [5]);
    assert_eq!((world.gets().received, world.gets().queries), (1, 3));
}

#[tokio::test]
async fn no_shard_is_no_call() {
    let world = World::new(1, 0);
    assert!(world.newest(world.minute(0)).await.is_empty());
    world.write(world.minute(0), &[]).await;
    assert_eq!((world.gets(), world.puts()), (Calls::default(), Calls::default()));
}

#[tokio::test]
async fn people_see_distributions_by_the_scheduled_minute() {
    let world = World::new(1, 0);
    let partition = |number: i32| PartitionResult {
        topic: "orders".into(),
        partition: number,
        lag: u64::try_from(number).ok(),
        lag_seconds: None,
    };
    let group =
        GroupResult { group: "größe".to_owned(), status: Some(3), partitions: (0..400).map(partition).collect() };
    let results = Results {
        cluster: "prod".to_owned(),
        groups: vec![group],
        by_status: vec![("OK", 0), ("ERR", 1)],
        unknown_groups: 0,
        duration_ms: 83,
    };
    let minute = world.at(0);
    let plan = plan(&results, Detail::Group, DEFAULT_LIMIT);
    let written = world.store.publish(minute, &plan.datums, soon()).await;
    assert!(written.failures.is_empty(), "{written:?}");
    let stored = world.stand.metrics();
    assert_eq!(stored.len(), plan.metrics);
    assert!(stored.iter().all(|stored| (stored.timestamp, stored.storage_resolution) == (MIDNIGHT, 60)));
    assert!(stored.iter().all(|stored| stored.metric.namespace == names::NAMESPACE));
    let lag = stored.iter().find(|stored| stored.metric.name == names::LAG).unwrap();
    assert_eq!(lag.metric.dimensions[names::GROUP], "gr%C3%B6%C3%9Fe");
    let figures = (lag.sample_count, lag.sum, lag.minimum, lag.maximum);
    assert_eq!(figures, (400.0, 79_800.0, 0.0, 399.0));
}
