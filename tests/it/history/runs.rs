//! Runs on time and not: duplicated, late, overlapping, missing, half-written.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum};
use meerkat::cloudwatch::Roster;
use meerkat::cloudwatch::slots::{self, Unstorable, Unusable};

use super::*;

#[tokio::test]
async fn a_look_is_the_previous_one_of_the_next_run() {
    let world = World::new(1, 100);
    world.run(0, 500).await;
    let minute = world.at(1);
    let found = world.newest(minute).await;
    for (looks, (_, look)) in found.iter().zip(world.look(500)) {
        let (seen, found) = looks.before(minute).unwrap();
        assert_eq!((seen, &found.entries), (world.minute(0), &look.entries));
        assert_eq!(found.taken, (MIDNIGHT + 3) * 1_000 + 250);
    }
    assert_eq!((found.len(), world.previous(minute).await), (2, Some((1, 500))));
}

#[tokio::test]
async fn every_schedule_finds_its_previous_look_and_ten_before() {
    for period in [1, 5, 10, 15, 20, 30, 60, 120, 720, 1_440] {
        let world = World::new(period, 30);
        for looks in 0..=10 {
            world.run(looks, 500 + looks).await;
        }
        let minute = world.at(11);
        assert_eq!(world.previous(minute).await, Some((1, 510)), "every {period} minutes");
        let window = world.store.window(minute, 11, &world.shards, soon()).await;
        let commits: Vec<_> = window[0].as_ref().unwrap().seen(0).map(|seen| seen.entry.committed()).collect();
        let expected: Vec<_> = (500..=510).rev().map(Committed::At).collect();
        assert_eq!(commits, expected, "every {period} minutes");
    }
}

#[tokio::test]
async fn a_duplicated_run_that_sees_the_first_one_writes_nothing() {
    let world = World::new(1, 3);
    world.run(0, 500).await;
    world.run(0, 600).await;
    assert_eq!(world.puts().received, 1);
    assert_eq!(world.previous(world.minute(1)).await, Some((1, 500)));
}

#[tokio::test]
async fn a_duplicated_run_that_does_not_see_the_first_one_makes_the_minute_unusable() {
    let world = World::new(1, 3);
    world.run(0, 500).await;
    world.stand.set_visible_after(Duration::from_secs(10));
    world.run(1, 600).await;
    world.run(1, 601).await;
    let minute = world.at(2);
    let looks = world.newest(minute).await.remove(0);
    assert_eq!(looks.iter().next(), Some((world.minute(1), Err(Unusable::TwoRuns))));
    assert_eq!(world.previous(minute).await, Some((2, 500)));
}

#[tokio::test]
async fn a_run_off_schedule_writes_into_its_minute_only_if_it_is_empty() {
    let world = World::new(10, 3);
    world.run(0, 500).await;
    world.stand.set_now(MIDNIGHT + 7 * 60);
    let minute = Minute::holding(world.stand.now());
    assert!(!world.newest(minute).await[0].is_empty_at(world.store.schedule().align(minute)));
    world.stand.set_now(MIDNIGHT + 17 * 60);
    let minute = Minute::holding(world.stand.now());
    assert!(world.newest(minute).await[0].is_empty_at(world.store.schedule().align(minute)));
    world.write(minute, &world.look(700)).await;
    assert_eq!(world.previous(world.minute(2)).await, Some((1, 700)));
}

#[tokio::test]
async fn a_late_run_does_not_write_into_a_minute_that_is_over() {
    let world = World::new(1, 3);
    world.at(1);
    let written = world.store.write(world.minute(0), &world.look(500), soon()).await;
    assert!(matches!(failure(&written), Error::Unstorable(Unstorable::OutOfTime { late: 63 })), "{written:?}");
    assert_eq!(world.puts().received, 0);
}

#[tokio::test]
async fn a_late_run_that_overlaps_the_next_one_is_not_its_previous_look() {
    let world = World::new(1, 3);
    world.run(0, 500).await;
    // The run for minute 2 comes up to a minute early, since times of events are rounded.
    world.stand.set_now(world.minute(2).seconds() - 30);
    world.write(world.minute(2), &world.look(600)).await;
    world.stand.set_now(world.minute(2).seconds() - 20);
    world.write(world.minute(1), &world.look(590)).await;
    let minute = world.at(3);
    let looks = world.newest(minute).await.remove(0);
    let states: Vec<_> = looks.iter().map(|(_, look)| look.map(|_| ())).collect();
    assert_eq!(states, [Ok(()), Err(Unusable::OutOfOrder), Ok(())]);
}

#[tokio::test]
async fn missing_runs_are_gaps_up_to_the_last_few() {
    let world = World::new(1, 3);
    world.run(0, 500).await;
    assert_eq!(world.previous(world.at(4)).await, Some((4, 500)));
    assert_eq!(world.previous(world.at(5)).await, None);
    let slow = World::new(10, 3);
    slow.run(0, 500).await;
    assert_eq!(slow.previous(slow.at(4)).await, Some((4, 500)), "looked for one by one");
    assert_eq!(slow.previous(slow.at(5)).await, None);
}

#[tokio::test]
async fn data_that_shows_late_is_a_gap_until_it_shows() {
    let world = World::new(1, 3);
    world.stand.set_visible_after(Duration::from_secs(90));
    world.run(0, 500).await;
    assert_eq!(world.previous(world.at(1)).await, None);
    assert_eq!(world.previous(world.at(2)).await, Some((2, 500)));
}

#[tokio::test]
async fn a_half_written_look_is_unusable() {
    let world = World::new(1, 3);
    world.run(0, 500).await;
    let minute = world.at(1);
    let (shard, look) = world.look(600).remove(0);
    let half = slots::write(world.store.schedule(), minute, &look).unwrap().into_iter().take(3);
    let dimension = |(name, value): &(&str, String)| Dimension::builder().name(*name).value(value).build();
    let dimensions: Vec<_> = shard.metric.dimensions.iter().map(dimension).collect();
    let datum = |sample: slots::Sample| {
        MetricDatum::builder()
            .metric_name(shard.metric.name)
            .set_dimensions(Some(dimensions.clone()))
            .timestamp(DateTime::from_secs(sample.time))
            .storage_resolution(1)
            .set_values(Some(sample.values))
            .set_counts(Some(sample.counts))
            .build()
    };
    let put = client(&world.stand.url()).put_metric_data().namespace(names::STATE_NAMESPACE);
    put.set_metric_data(Some(half.map(datum).collect())).send().await.unwrap();
    let minute = world.at(2);
    let looks = world.newest(minute).await.remove(0);
    assert_eq!(looks.iter().next(), Some((world.minute(1), Err(Unusable::InPart { written: 3, visible: 2 }))));
    assert_eq!(world.previous(minute).await, Some((2, 500)));
}

#[tokio::test]
async fn a_write_that_the_client_repeats_is_halved_back() {
    let world = World::new(1, 3);
    world.stand.fail(Fault::new("PutMetricData", How::ApplyThenCut));
    world.run(0, 500).await;
    assert_eq!(world.puts().received, 2);
    assert!(world.stand.metrics().iter().all(|stored| stored.requests.len() == 2), "every slot holds both writes");
    let minute = world.at(1);
    let looks = world.newest(minute).await.remove(0);
    assert_eq!(looks.before(minute).unwrap().1.entries, world.look(500)[0].1.entries);
}

#[tokio::test]
async fn another_layout_has_no_history() {
    let mut world = World::new(1, 3);
    world.run(0, 500).await;
    world.shards = layout(world.store.schedule(), 4).shards("prod", "orders");
    assert_eq!(world.previous(world.at(1)).await, None);
}

#[tokio::test]
async fn a_cluster_remembers_how_many_groups_it_had() {
    let mut world = World::new(1, 0);
    world.shards = vec![Roster::shard(world.store.schedule(), "prod")];
    let minute = world.at(0);
    let roster = Roster::of(["a", "b"], 1);
    let look = roster.look(world.stand.now() * 1_000).unwrap();
    world.write(minute, &[(world.shards[0].clone(), look)]).await;
    let minute = world.at(1);
    let seen = world.newest(minute).await[0].last_seen(0, minute).unwrap();
    assert_eq!(Roster::from_entry(seen.entry), Some(roster));
}
