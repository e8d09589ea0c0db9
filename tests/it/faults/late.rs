//! When the time is up, what is known is reported; and an answer that is too large for one frame is asked for in
//! pieces.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use serde_json::Value;

use crate::support::broker::{Act, Group, Scene, Topic, Voice, When};
use crate::support::check::{Check, check};

/// Two brokers with a group each, caught up both.
fn two() -> Scene {
    Scene::of(2)
        .group(Group::classic("orders").commits("t", &[10]))
        .group(Group::classic("bills").at(2).commits("u", &[10]))
        .topic(Topic::new("t", &[0..10]))
        .topic(Topic::new("u", &[0..10]).led_by(&[2]))
}

#[test]
fn a_broker_that_hangs_does_not_hide_the_others() {
    for api in [ApiKey::ListGroups, ApiKey::OffsetFetch, ApiKey::DescribeGroups, ApiKey::ListOffsets] {
        let stage = two().fault(When::on(api).at(2), Act::Hang).start();
        let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
        assert!(!report.complete(), "{api:?}");
        let reported = report.0.to_string();
        let late = format!("broker 2 ({}): no answer before the deadline", stage.address(2));
        // A problem has its place beside it.
        assert!(
            reported.contains(&late) || report.problems().iter().any(|reported| reported.starts_with(&late)),
            "{api:?}: {reported}"
        );
        assert_eq!(report.lags("orders"), "t/0 0", "{api:?}");
    }
}

#[test]
fn a_silent_broker_does_not_hide_the_others() {
    let stage = two().node(2, |node| node.voice = Voice::Silent).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!(report.lags("orders"), "t/0 0");
    let reason = report.at("brokers/1/reason").as_str().unwrap_or_default();
    assert!(reason.starts_with("no answer before the deadline, after "), "{reason}");
}

/// The first broker loads its groups, and is asked for them for the third time 300 ms later at the earliest: then the second one goes
/// on with its handshake.
#[test]
fn a_short_run_still_waits_for_a_slow_handshake() {
    let stage = two()
        .fault(When::on(ApiKey::ApiVersions).at(2), Act::Held)
        .fault(When::on(ApiKey::ListGroups).at(1).times(2), Act::Code(14))
        .fault(When::on(ApiKey::ListGroups).at(1), Act::Change(Scene::let_go))
        .start();
    let first = stage.address(1).to_string();
    let report = Check::at(&first).within(Duration::from_secs(3)).report(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 0".into(), "u/0 0".into()));
    assert!(report.complete(), "{:?}", report.problems());
}

#[test]
fn metadata_comes_from_another_broker_where_one_hangs() {
    let hanging = Act::Change(|scene| {
        *scene = std::mem::take(scene).fault(When::on(ApiKey::Metadata).at(1), Act::Hang);
    });
    let stage = two().fault(When::on(ApiKey::ListGroups).at(1).times(1), hanging).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 ?".into(), "u/0 0".into()));
}

#[test]
fn metadata_that_are_under_way_are_not_asked_for_again_elsewhere() {
    let slow = Act::Change(|scene| {
        *scene = std::mem::take(scene).fault(When::on(ApiKey::Metadata).at(1), Act::Trickled(30));
    });
    let stage = two().fault(When::on(ApiKey::OffsetFetch).at(1).times(1), slow).start();
    let report = Check::at(&stage.address(1).to_string()).report(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 0".into(), "u/0 0".into()));
    let asked: Vec<i32> = stage.asked(ApiKey::Metadata).iter().map(|seen| seen.node).collect();
    // For the brokers, and for the topics over 1.5 s: three times the accepted silence.
    assert_eq!(asked, [1, 1]);
}

#[test]
fn a_coordinator_is_found_by_another_broker_where_one_hangs() {
    let moved = Group::classic("moved").listed_by(2).at(3).commits("u", &[10]);
    let scene = Scene::of(3).group(moved).topic(Topic::new("u", &[0..10]).led_by(&[2]));
    let report = check(&scene.fault(When::on(ApiKey::FindCoordinator).at(1), Act::Hang).start());
    assert_eq!(report.lags("moved"), "u/0 0");
}

#[test]
fn with_all_answers_in_time_the_report_is_complete() {
    assert!(check(&two().start()).complete());
}

#[test]
fn what_was_read_before_the_deadline_is_reported() {
    let stage = two().fault(When::on(ApiKey::ListOffsets).at(2), Act::Hang).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 0".into(), "u/0 ?".into()));
    assert_eq!(report.partition("bills", "u", 0)["committed"], 10);
}

#[test]
fn a_leader_that_hangs_during_the_age_search_makes_only_its_own_ages_unknown() {
    // A record a millisecond until now, and groups that are 100 s behind.
    let (now, log) = (1_800_000_000_000, [1_799_999_000_000..1_800_000_000_000]);
    let behind = |name: &str, topic: &str| Group::classic(name).commits(topic, &[now - 100_000]);
    let stage = Scene::of(2)
        .group(behind("orders", "t"))
        .group(behind("bills", "u"))
        .topic(Topic::new("t", &log))
        .topic(Topic::new("u", &log).led_by(&[2]))
        // Three questions are about the edges of its log.
        .fault(When::on(ApiKey::ListOffsets).at(2).times(3), Act::AS_USUAL)
        .fault(When::on(ApiKey::ListOffsets).at(2), Act::Hang)
        .start();
    let at = Check::at(&stage.bootstrap()).with("MEERKAT_LAG_SECONDS", "1000").briefly();
    let report = at.report(&stage);
    let (healthy, hung) = (report.partition("orders", "t", 0), report.partition("bills", "u", 0));
    // Measured from a moment in the run.
    assert!(healthy["lag_seconds"].as_f64().is_some_and(|age| (100.0..106.0).contains(&age)), "{healthy}");
    assert_eq!(healthy["lag_seconds_source"], "log");
    assert_eq!(hung["lag_seconds"], Value::Null);
}

/// This many groups that all read one topic with this many partitions.
fn wide(groups: usize, partitions: usize) -> Scene {
    let offsets = vec![5; partitions];
    let group = |number| Group::classic(&format!("group-{number:03}")).commits("t", &offsets);
    (0..groups).map(group).fold(Scene::of(1).topic(Topic::new("t", &vec![0..10; partitions])), Scene::group)
}

const SMALLEST: &str = "65536";

#[test]
fn an_answer_too_large_for_a_frame_is_asked_for_in_halves() {
    let stage = wide(50, 400).start();
    let report = Check::at(&stage.bootstrap()).with("MEERKAT_FRAME_LIMIT", SMALLEST).report(&stage);
    let groups = report.0["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 50);
    assert!(groups.iter().all(|group| group["total_lag"] == 2_000), "{}", groups[0]["reason"]);
    // Fifty, twice twenty-five, and so on until the pieces fit: no more than twice as many as there are pieces.
    assert!((8..=31).contains(&stage.asked(ApiKey::OffsetFetch).len()));
}

#[test]
fn metadata_and_logs_too_large_for_a_frame_are_asked_for_in_halves_too() {
    let topic = |number: usize| Topic::new(&format!("t-{number}"), &vec![0..10; 500]);
    let group = |number: usize| Group::classic(&format!("g-{number}")).commits(&format!("t-{number}"), &[5; 500]);
    let scene = (0..8).fold(Scene::of(1), |scene, number| scene.topic(topic(number)).group(group(number)));
    let stage = scene.start();
    let report = Check::at(&stage.bootstrap()).with("MEERKAT_FRAME_LIMIT", SMALLEST).report(&stage);
    let groups = report.0["groups"].as_array().unwrap();
    assert!(groups.len() == 8 && groups.iter().all(|group| group["total_lag"] == 2_500), "{}", groups[0]["reason"]);
    // One for the brokers and one for all topics; three questions for all logs.
    let (metadata, logs) = (stage.asked(ApiKey::Metadata).len(), stage.asked(ApiKey::ListOffsets).len());
    assert!(metadata > 2 && logs > 3, "{metadata}, {logs}");
}

#[test]
fn a_single_group_too_large_for_a_frame_is_reported_with_the_way_out() {
    let scene = wide(3, 300).group(Group::classic("huge").commits("t", &[5; 300]).commits("gone", &vec![5; 4_000]));
    let stage = scene.start();
    let report = Check::at(&stage.bootstrap()).with("MEERKAT_FRAME_LIMIT", SMALLEST).report(&stage);
    let reason = report.group("huge")["reason"].as_str().unwrap();
    assert!(reason.ends_with("raise MEERKAT_FRAME_LIMIT, which is 65536"), "{reason}");
    assert_eq!(report.group("huge")["total_lag"], Value::Null);
    assert_eq!(report.group("group-002")["total_lag"], 1_500);
}

#[test]
fn the_connection_outlives_an_answer_that_is_too_large() {
    let stage = wide(50, 400).start();
    Check::at(&stage.bootstrap()).with("MEERKAT_FRAME_LIMIT", SMALLEST).report(&stage);
    assert_eq!(stage.connections(), 1);
}
