//! Services with Kafka's protocol and without `__consumer_offsets`, such as Azure Event Hubs: groups that they do not
//! list are asked for.

use kafka_protocol::messages::ApiKey;
use serde_json::{Value, json};

use crate::support::broker::{Act, Group, Node, Scene, Topic, When};
use crate::support::check::{Check, Report};
use crate::support::side_by_side;

/// A group whose members have gone, 10 records behind, in the versions of 2023.
fn hub() -> Scene {
    let versions = |node: &mut Node| {
        node.offers(ApiKey::OffsetFetch, 0, 8);
        node.offers(ApiKey::Metadata, 0, 9);
        node.offers(ApiKey::FindCoordinator, 0, 1);
        node.offers(ApiKey::DescribeGroups, 0, 2);
        node.offers(ApiKey::ListGroups, 0, 2);
        node.lacks(ApiKey::ConsumerGroupDescribe);
    };
    Scene::of(1)
        .without_offsets_topic_but_with_groups()
        .every_node(versions)
        .group(Group::new("stopped", "classic", "").commits("hub", &[10, 20]))
        .topic(Topic::new("hub", &[0..15, 0..25]))
}

/// The same with another group that is listed.
fn busy() -> Scene {
    hub().group(Group::classic("live").commits("hub", &[15, 25]).member("m", "hub", &[0, 1]))
}

fn named(scene: Scene, names: &[&str]) -> Report {
    let stage = scene.start();
    Check::at(&stage.bootstrap()).named(names).report(&stage)
}

fn expecting(scene: Scene, expected: &str) -> Report {
    let stage = scene.start();
    Check::at(&stage.bootstrap()).with("MEERKAT_EXPECT", expected).report(&stage)
}

fn status(report: &Report, group: &str) -> Value {
    report.group(group)["status"].clone()
}

#[test]
fn a_stopped_group_that_is_not_listed_is_read_where_it_is_asked_for_or_expected() {
    for scene in [hub, busy] {
        let newest = || scene().every_node(|node| node.offers(ApiKey::Metadata, 0, 12));
        for scene in [scene(), newest()] {
            for report in [named(scene.clone(), &["stopped"]), expecting(scene, "stopped")] {
                assert_eq!(report.lags("stopped"), "hub/0 5, hub/1 5");
                assert_eq!((&report.group("stopped")["members"], report.complete()), (&json!(0), true), "{report:?}");
            }
        }
    }
}

#[test]
fn a_listing_that_fails_or_is_not_offered_makes_no_group_missing() {
    let refused = |code| hub().fault(When::on(ApiKey::ListGroups), Act::Code(code));
    // A coordinator that is being elected, 15, is asked again until the time is up.
    let codes = [-1, 15, 29, 31];
    let named_or_expected: [fn(Scene) -> Report; 2] =
        [|scene| named(scene, &["stopped"]), |scene| expecting(scene, "stopped")];
    side_by_side(codes.into_iter().flat_map(|code| named_or_expected.map(|ask| (code, ask))), |(code, ask)| {
        assert_eq!(ask(refused(code)).lags("stopped"), "hub/0 5, hub/1 5", "{code}");
    });
    side_by_side(codes.into_iter().flat_map(|code| ["s*", "nobody"].map(|sought| (code, sought))), |(code, sought)| {
        assert_eq!(status(&expecting(refused(code), sought), sought), "UNKNOWN", "{code}");
    });
    let closes = || hub().fault(When::on(ApiKey::ListGroups), Act::Close);
    let lacks = || hub().every_node(|node| node.lacks(ApiKey::ListGroups));
    for scene in [closes, lacks] {
        assert_eq!(named(scene(), &["stopped"]).lags("stopped"), "hub/0 5, hub/1 5");
        assert_eq!(status(&named(scene(), &["nobody"]), "nobody"), "UNKNOWN");
        assert_eq!(status(&expecting(scene(), "s*"), "s*"), "UNKNOWN");
    }
}

#[test]
fn a_failed_listing_is_no_proof_on_apache_kafka_either() {
    for (act, topic) in [(Act::Code(-1), true), (Act::Code(-1), false), (Act::Close, true), (Act::Close, false)] {
        let scene = Scene::of(1).fault(When::on(ApiKey::ListGroups), act);
        let scene = if topic { scene } else { scene.without_offsets_topic() };
        for name in ["nobody", "no*"] {
            assert_eq!(status(&expecting(scene.clone(), name), name), "UNKNOWN", "{name}");
        }
    }
}

#[test]
fn what_the_coordinator_itself_does_not_know_is_missing() {
    for scene in [hub, busy] {
        let report = named(scene(), &["nobody"]);
        assert_eq!((status(&report, "nobody"), report.complete()), (json!("NOTFOUND"), true), "{report:?}");
    }
}

#[test]
fn a_glob_that_no_listed_group_meets_is_unknown_where_only_living_groups_are_listed() {
    for scene in [hub, busy] {
        let report = expecting(scene(), "s*");
        assert_eq!(status(&report, "s*"), "UNKNOWN");
        let reason = report.group("s*")["reason"].as_str().unwrap();
        assert!(reason.contains("name them in MEERKAT_EXPECT"), "{reason}");
    }
    // In Apache Kafka no broker coordinates a group without the topic.
    assert_eq!(status(&expecting(Scene::of(2).without_offsets_topic(), "s*"), "s*"), "NOTFOUND");
}

#[test]
fn a_group_that_is_sought_creates_no_offsets_topic() {
    let stage = Scene::of(2).without_offsets_topic().start();
    let report = Check::at(&stage.bootstrap()).named(&["nobody"]).report(&stage);
    assert_eq!((status(&report, "nobody"), report.complete()), (json!("NOTFOUND"), true));
    assert!(stage.asked(ApiKey::FindCoordinator).is_empty());
    let silent = Scene::of(2).without_offsets_topic().fault(When::on(ApiKey::DescribeGroups).at(2), Act::Close);
    assert_eq!(status(&named(silent, &["nobody"]), "nobody"), "UNKNOWN");
}
