//! The quotas a second, by the stand-in's clock.

use super::*;

#[tokio::test]
async fn fifty_reads_a_second_pass_and_the_next_is_throttled() {
    let (stand, client) = still();
    stand.keep_quotas(true);
    let read = || get(&client, vec![ask("q", "Sum", 60)], NOW - 60, NOW);
    for _ in 0..50 {
        read().await.unwrap();
    }
    read().await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    stand.advance(Duration::from_millis(999));
    read().await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    stand.advance(Duration::from_millis(1));
    read().await.unwrap();
    stand.keep_quotas(false);
    for _ in 0..60 {
        read().await.unwrap();
    }
}

#[tokio::test]
async fn five_hundred_writes_a_second_pass() {
    let (stand, client) = still();
    stand.keep_quotas(true);
    for _ in 0..500 {
        put(&client, [one(NOW, 1.0)]).await.unwrap();
    }
    put(&client, [one(NOW, 1.0)]).await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    assert_eq!(stand.calls("PutMetricData").refused.get("ThrottlingException"), Some(&1));
    assert_eq!(stand.calls("PutMetricData").datums, 500);
}

#[tokio::test]
async fn estimated_points_count_whether_data_exists_or_not() {
    let (stand, client) = still();
    stand.keep_quotas(true);
    // 18 queries of 10,000 seconds: exactly the quota of a second.
    let queries = |count: u32| (0..count).map(|n| ask(&format!("q{n}"), "Sum", 1)).collect::<Vec<_>>();
    let start = NOW - 10_020;
    get(&client, queries(18), start, start + 10_000).await.unwrap();
    assert_eq!(stand.calls("GetMetricData").estimated_points, 180_000);
    get(&client, queries(1), NOW - 60, NOW).await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    stand.advance(Duration::from_secs(1));
    get(&client, queries(19), start, start + 10_000).await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    get(&client, queries(1), NOW - 60, NOW).await.unwrap();
}

#[tokio::test]
async fn reads_of_older_data_have_a_quota_of_their_own() {
    let (stand, client) = still();
    stand.keep_quotas(true);
    // 275 queries of 1,440 minutes: exactly the quota of a second.
    let queries = |count: u32| (0..count).map(|n| ask(&format!("q{n}"), "Sum", 60)).collect::<Vec<_>>();
    get(&client, queries(275), NOW - DAY, NOW).await.unwrap();
    get(&client, queries(1), NOW - DAY, NOW).await.unwrap_err().says("ThrottlingException", "Rate exceeded");
    get(&client, queries(275), NOW - HOUR, NOW).await.unwrap();
}
