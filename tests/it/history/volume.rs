//! Many pages: limits, quotas, and what people see in the end.

use std::collections::BTreeSet;

use meerkat::cloudwatch::metrics::plan;
use meerkat::config::MetricsDetail;
use meerkat::judge::numbers::{GroupResult, PartitionResult, Results};

use super::*;

#[tokio::test]
async fn more_than_a_thousand_datums_are_several_requests_and_no_page_is_split() {
    let world = World::new(1, 70);
    let minute = world.at(0);
    let slots = world.slots(500);
    let written = world.try_write(minute, &slots).await;
    assert!(written.failures.is_empty(), "{written:?}");
    assert_eq!((written.datums, written.requests), (70 * 60, 5));
    for metric in &world.metrics {
        let dimensions = metric.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let stored = world.stand.metrics();
        let of_page = stored.iter().filter(|stored| stored.metric.dimensions == dimensions);
        let requests: BTreeSet<_> = of_page.map(|stored| &stored.requests).collect();
        assert_eq!(requests.len(), 1, "{metric:?}");
    }
    assert_eq!(world.read(minute).await, vec![Some(Ok(slots)); 70]);
}

#[tokio::test]
async fn every_schedule_reads_back_what_it_wrote() {
    for period in [1, 5, 15, 16, 30, 59, 60, 720, 1_440] {
        let world = World::new(period, 2);
        let (before, now) = (world.write(0, 500).await, world.write(1, 600).await);
        assert_eq!(world.read(world.minute(0)).await, vec![Some(Ok(before)); 2], "every {period} minutes");
        assert_eq!(world.read(world.minute(1)).await, vec![Some(Ok(now)); 2], "every {period} minutes");
    }
}

#[tokio::test]
async fn the_longest_names_keep_requests_small_enough() {
    let mut world = World::new(10, 0);
    world.metrics = metrics(&"ö".repeat(900), world.store.schedule(), 120);
    let slots = world.write(0, 500).await;
    assert_eq!(world.read(world.minute(0)).await, vec![Some(Ok(slots)); 120]);
    assert!(world.puts().refused.is_empty() && world.gets().refused.is_empty());
}

#[tokio::test]
async fn reads_keep_half_of_the_quota_of_estimated_points() {
    let world = World::new(1, 800);
    world.stand.keep_quotas(true);
    world.stand.run_clock_from(MIDNIGHT);
    let began = Instant::now();
    assert!(world.points(world.minute(0)).await.iter().all(Result::is_ok));
    let calls = world.gets();
    assert!(calls.refused.is_empty(), "{calls:?}");
    assert_eq!(calls.estimated_points, 800 * 3 * 60);
    // The first 31,000 at once, the rest at 58,000 a second.
    assert!(began.elapsed() >= Duration::from_millis(1_800), "{:?}", began.elapsed());
}

#[tokio::test]
async fn no_page_is_no_call() {
    let world = World::new(1, 0);
    assert!(world.points(world.minute(0)).await.is_empty());
    world.try_write(world.minute(0), &world.slots(0)).await;
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
        ..PartitionResult::default()
    };
    let group = GroupResult {
        diagnosis: None,
        group: "größe".to_owned(),
        status: Some(3),
        whole: true,
        members: None,
        partitions: (0..400).map(partition).collect(),
    };
    let results = Results {
        cluster: "prod".to_owned(),
        part: Part::WHOLE,
        groups: vec![group],
        by_status: vec![("OK", 0), ("ERR", 1)],
        unknown_groups: 0,
        duration_ms: 83,
        brokers: 1,
        cluster_problems: None,
        topics: Vec::new(),
    };
    let minute = world.at(0);
    let plan = plan(&results, MetricsDetail::Group, 500);
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
