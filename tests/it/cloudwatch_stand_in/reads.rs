//! What is read back: merging, rounding, retention, pages and visibility.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{StandardUnit, StatisticSet, StatusCode};

use super::*;

#[tokio::test]
async fn a_slot_of_two_values_comes_back_as_minimum_and_maximum() {
    let (_stand, client) = still();
    let exact = 53.0_f64.exp2() - 1.0;
    put(&client, [at(NOW).values(exact - 1.0).values(exact).counts(1.0).counts(7.0).build()]).await.unwrap();
    let queries = ["Minimum", "Maximum", "SampleCount"].map(|stat| ask(&stat.to_lowercase(), stat, 1));
    let answer = get(&client, queries.to_vec(), NOW, NOW + 60).await.unwrap();
    assert_eq!(points(&answer, 0), [(NOW, exact - 1.0)]);
    assert_eq!(points(&answer, 1), [(NOW, exact)]);
    assert_eq!(points(&answer, 2), [(NOW, 8.0)]);
    assert_eq!(answer.metric_data_results()[0].status_code(), Some(&StatusCode::Complete));
}

#[tokio::test]
async fn data_for_one_second_is_merged_in_any_order_and_form() {
    let set = StatisticSet::builder().sample_count(4.0).sum(20.0).minimum(2.0).maximum(9.0).build();
    let datums = [one(NOW, 5.0), at(NOW).statistic_values(set).build(), at(NOW).values(1.0).counts(3.0).build()];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let (_stand, client) = still();
        for index in order {
            put(&client, [datums[index].clone()]).await.unwrap();
        }
        let merged = [("SampleCount", 8.0), ("Sum", 28.0), ("Minimum", 1.0), ("Maximum", 9.0), ("Average", 3.5)];
        for (stat, value) in merged {
            assert_eq!(read(&client, stat, 1, NOW, NOW + 1).await, [(NOW, value)], "{stat}");
        }
        assert_eq!(read(&client, "p50", 1, NOW, NOW + 1).await, [], "a statistic set has no percentiles");
    }
}

#[tokio::test]
async fn a_period_gathers_its_seconds() {
    let (_stand, client) = still();
    put(&client, (0..60).map(|n| one(NOW + n, f64::from(i32::try_from(n).unwrap())))).await.unwrap();
    assert_eq!(read(&client, "Sum", 30, NOW, NOW + 60).await, [(NOW, 435.0), (NOW + 30, 1_335.0)]);
    assert_eq!(read(&client, "Maximum", 60, NOW, NOW + 60).await, [(NOW, 59.0)]);
    assert_eq!(read(&client, "p50", 60, NOW, NOW + 60).await, [(NOW, 29.0)]);
    assert_eq!(read(&client, "p0", 60, NOW, NOW + 60).await, [(NOW, 0.0)]);
    assert_eq!(read(&client, "p100", 60, NOW, NOW + 60).await, [(NOW, 59.0)]);
}

#[tokio::test]
async fn start_is_rounded_down_to_the_minute_and_end_is_exclusive() {
    let (_stand, client) = still();
    put(&client, [-1, 0, 30, 59, 60].map(|n| one(NOW + n, 1.0))).await.unwrap();
    let seconds = |points: Vec<(i64, f64)>| points.into_iter().map(|point| point.0 - NOW).collect::<Vec<_>>();
    assert_eq!(seconds(read(&client, "Sum", 1, NOW + 45, NOW + 60).await), [0, 30, 59]);
    assert_eq!(seconds(read(&client, "Sum", 1, NOW, NOW + 61).await), [0, 30, 59, 60]);
    assert_eq!(seconds(read(&client, "Sum", 10, NOW + 59, NOW + 60).await), [50]);
}

#[tokio::test]
async fn standard_resolution_keeps_minutes_and_high_resolution_seconds() {
    let (_stand, client) = still();
    put(&client, [at(NOW + 42).value(1.0).storage_resolution(60).build()]).await.unwrap();
    assert_eq!(read(&client, "Sum", 60, NOW, NOW + 60).await, [(NOW, 1.0)]);
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, []);
    let fraction = DateTime::from_millis((NOW + 7) * 1_000 + 999);
    put(
        &client,
        [MetricDatum::builder().metric_name("m").storage_resolution(1).timestamp(fraction).value(2.0).build()],
    )
    .await
    .unwrap();
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, [(NOW + 7, 2.0)]);
}

#[tokio::test]
async fn seconds_can_be_read_for_three_hours() {
    let (stand, client) = still();
    put(&client, [one(NOW, 1.0), one(NOW + 1, 2.0)]).await.unwrap();
    stand.set_now(NOW + 3 * HOUR);
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, [(NOW, 1.0), (NOW + 1, 2.0)]);
    stand.set_now(NOW + 3 * HOUR + 1);
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, []);
    assert_eq!(read(&client, "Sum", 60, NOW, NOW + 60).await, [(NOW, 3.0)], "a minute's sum outlives its seconds");
}

#[tokio::test]
async fn minutes_can_be_read_for_15_days_and_five_minutes_for_63() {
    let (stand, client) = still();
    put(&client, [one(NOW, 1.0), one(NOW + 60, 2.0)]).await.unwrap();
    let lives = |period, days, seconds| {
        stand.set_now(NOW + days * DAY + seconds);
        let client = client.clone();
        async move { !read(&client, "Sum", period, NOW, NOW + 300).await.is_empty() }
    };
    assert!(lives(60, 15, 0).await);
    assert!(!lives(60, 15, 1).await);
    assert!(lives(300, 63, 0).await);
    assert!(!lives(300, 63, 1).await);
    assert!(lives(3_600, 63, 1).await);
}

#[tokio::test]
async fn another_dimension_or_unit_is_another_stream() {
    let (_stand, client) = still();
    let in_group = |group: &str, value| at(NOW).dimensions(dimension("Group", group)).value(value);
    put(&client, [in_group("a", 1.0).build(), in_group("b", 2.0).build(), one(NOW, 4.0)]).await.unwrap();
    put(&client, [in_group("a", 8.0).unit(StandardUnit::Count).build()]).await.unwrap();
    let metric = |group: &str| {
        Metric::builder().namespace("Test/State").metric_name("m").dimensions(dimension("Group", group)).build()
    };
    let of_unit = |unit: Option<StandardUnit>| {
        let stat = MetricStat::builder().metric(metric("a")).stat("Sum").period(1).set_unit(unit).build();
        MetricDataQuery::builder().id("q").metric_stat(stat).build()
    };
    let sums = |answer: &GetMetricDataOutput| answer.metric_data_results()[0].values().to_vec();
    let read = async |query| sums(&get(&client, vec![query], NOW, NOW + 1).await.unwrap());
    assert_eq!(read(of_unit(Some(StandardUnit::None))).await, [1.0]);
    assert_eq!(read(of_unit(Some(StandardUnit::Count))).await, [8.0]);
    assert_eq!(read(of_unit(None)).await, [8.0, 1.0], "both streams, never their sum");
    assert_eq!(read(ask_metric("q", metric("b"), "Sum", 1).build()).await, [2.0]);
    assert_eq!(read(ask("q", "Sum", 1)).await, [4.0], "no dimensions is a metric of its own");
}

#[tokio::test]
async fn pages_cut_across_queries_and_lose_nothing() {
    let (_stand, client) = still();
    put(&client, (0..7).map(|n| one(NOW + n, 1.0))).await.unwrap();
    for order in [ScanBy::TimestampAscending, ScanBy::TimestampDescending] {
        let read = client
            .get_metric_data()
            .metric_data_queries(ask("a", "Sum", 1))
            .metric_data_queries(ask("b", "Maximum", 1));
        let read = read.start_time(DateTime::from_secs(NOW)).end_time(DateTime::from_secs(NOW + 60)).max_datapoints(5);
        let mut read = read.scan_by(order.clone());
        let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut statuses = Vec::new();
        loop {
            let page = read.clone().send().await.unwrap();
            for result in page.metric_data_results() {
                let seconds = result.timestamps().iter().map(|time| time.secs() - NOW);
                found.entry(result.id().unwrap().to_owned()).or_default().extend(seconds);
                statuses.push(result.status_code().unwrap().as_str().to_owned());
            }
            let Some(token) = page.next_token() else { break };
            read = read.next_token(token);
        }
        let mut all: Vec<i64> = (0..7).collect();
        if order == ScanBy::TimestampDescending {
            all.reverse();
        }
        assert_eq!(found, BTreeMap::from([("a".to_owned(), all.clone()), ("b".to_owned(), all)]));
        assert_eq!(statuses, ["PartialData", "PartialData", "PartialData", "PartialData", "Complete", "Complete"]);
    }
}

#[tokio::test]
async fn a_page_holds_100_800_points() {
    let (_stand, client) = still();
    for chunk in 0..3 {
        put(&client, (0..1_000).map(|n| one(NOW + chunk * 1_000 + n, 1.0))).await.unwrap();
    }
    // 33 statistics of 3,000 seconds are 99,000 points, 34 are 102,000.
    for (queries, first_page) in [(33, 99_000), (34, 100_800)] {
        let queries = (0..queries).map(|n| ask(&format!("q{n}"), "Sum", 1)).collect();
        let answer = get(&client, queries, NOW, NOW + 3_000).await.unwrap();
        assert_eq!(answer.metric_data_results().iter().map(|result| result.values().len()).sum::<usize>(), first_page);
        assert_eq!(answer.next_token().is_some(), first_page == 100_800);
    }
}

#[tokio::test]
async fn a_token_fits_its_own_request_alone() {
    let (_stand, client) = still();
    put(&client, [one(NOW, 1.0), one(NOW + 1, 1.0)]).await.unwrap();
    let read = |period| client.get_metric_data().metric_data_queries(ask("a", "Sum", period)).max_datapoints(1);
    let read = |period| read(period).start_time(DateTime::from_secs(NOW)).end_time(DateTime::from_secs(NOW + 60));
    let token = read(1).send().await.unwrap().next_token().unwrap().to_owned();
    assert!(read(1).next_token(&token).send().await.is_ok());
    No::from(&read(5).next_token(&token).send().await.unwrap_err()).says("InvalidNextToken", "invalid");
    No::from(&read(1).next_token("made up").send().await.unwrap_err()).says("InvalidNextToken", "invalid");
}

#[tokio::test]
async fn writes_become_visible_when_the_test_wants() {
    let (stand, client) = still();
    stand.set_visible_after(Duration::from_secs(2));
    stand.set_new_metric_visible_after(Duration::from_mins(2));
    put(&client, [one(NOW, 1.0)]).await.unwrap();
    assert_eq!(stand.metrics().len(), 1, "stored at once");
    stand.advance(Duration::from_secs(119));
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, []);
    stand.advance(Duration::from_secs(1));
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, [(NOW, 1.0)]);
    put(&client, [one(NOW, 5.0)]).await.unwrap();
    stand.advance(Duration::from_secs(1));
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, [(NOW, 1.0)]);
    stand.advance(Duration::from_secs(1));
    assert_eq!(read(&client, "Sum", 1, NOW, NOW + 60).await, [(NOW, 6.0)]);
}
