//! A broker that throttles answers reports it, and so does the report.

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Group, Release, Scene, Topic, When};
use crate::support::check::check;

const ASKED: [ApiKey; 5] =
    [ApiKey::Metadata, ApiKey::ListGroups, ApiKey::DescribeGroups, ApiKey::OffsetFetch, ApiKey::ListOffsets];

fn scene() -> Scene {
    Scene::of(1)
        .group(Group::classic("orders").commits("t", &[5]).member("reader", "t", &[0]))
        .topic(Topic::new("t", &[0..10]))
}

#[test]
fn what_a_quota_held_back_is_added_up_over_all_answers() {
    for release in [Release::V4_1, Release::V2_8, Release::V2_1] {
        let throttle = |scene: Scene, api| scene.fault(When::on(api).times(1), Act::Throttled(1_500));
        let report = check(&ASKED.into_iter().fold(scene().release(release), throttle).start());
        let expected = "held answers back for 7.500 s in all: a quota of this user, or of the client id meerkat";
        assert_eq!(*report.at("brokers/0/throttled"), expected, "{release:?}");
        // It was still read.
        assert!(report.complete());
        assert_eq!(report.lags("orders"), "t/0 5");
    }
}

#[test]
fn without_throttling_nothing_is_reported() {
    assert!(check(&scene().start()).at("brokers/0/throttled").is_null());
}

#[test]
fn preflight_reports_a_quota() {
    let stage = scene().fault(When::on(ApiKey::ListGroups).times(1), Act::Throttled(12_000)).start();
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let json = crate::preflight::answer(&variables, r#"{"mode": "preflight"}"#).json;
    let reported: serde_json::Value = serde_json::from_str(&json).unwrap();
    let line = reported["lines"].as_array().unwrap().iter().find(|line| line["subject"] == "quota").unwrap();
    assert!(line["found"].as_str().unwrap().starts_with("held answers back for 12.000 s"), "{line}");
}
