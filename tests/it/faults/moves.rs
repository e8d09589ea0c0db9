//! A failure that ends by itself is asked again; one that does not is reported.

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Group, Release, Scene, Stage, Topic, Voice, When};
use crate::support::check::{Check, check};

const LOADING: Act = Act::Code(14);
const NOT_COORDINATOR: Act = Act::Code(16);

/// Two brokers; `orders` lives on the first, `bills` on the second, five records behind both.
fn two() -> Scene {
    Scene::of(2)
        .group(Group::classic("orders").commits("t", &[5]).member("reader", "t", &[0]))
        .group(Group::consumer("bills").at(2).commits("u", &[5]).member("clerk", "u", &[0]))
        .topic(Topic::new("t", &[0..10]))
        .topic(Topic::new("u", &[0..10]).led_by(&[2]))
}

/// Both groups as usual, whatever went wrong on the way.
fn all_is_well(scene: Scene) {
    let stage = scene.start();
    let report = check(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 5".into(), "u/0 5".into()));
    assert_eq!((&report.group("orders")["members"], &report.group("bills")["members"]), (&1.into(), &1.into()));
    assert_eq!(report.problems(), Vec::<String>::new());
}

/// The cause; the deadline may have cut a last attempt short, which follows.
#[track_caller]
fn begins(reason: &serde_json::Value, cause: &str) {
    assert!(reason.as_str().is_some_and(|reason| reason.starts_with(cause)), "{cause}: {reason}");
}

#[test]
fn a_coordinator_that_loads_is_asked_again_for_offsets() {
    all_is_well(two().fault(When::on(ApiKey::OffsetFetch).times(3), LOADING));
}

#[test]
fn a_coordinator_that_loads_is_asked_again_for_members() {
    all_is_well(two().fault(When::on(ApiKey::DescribeGroups).times(2), LOADING));
    all_is_well(two().fault(When::on(ApiKey::ConsumerGroupDescribe).times(2), LOADING));
}

#[test]
fn a_broker_that_loads_is_asked_again_for_its_groups() {
    all_is_well(two().fault(When::on(ApiKey::ListGroups).at(2).times(2), LOADING));
}

#[test]
fn a_group_whose_coordinator_moved_is_found_again() {
    let moved = || two().group(Group::classic("gone").listed_by(1).at(2).commits("u", &[1]).member("m", "u", &[]));
    for release in [Release::V4_1, Release::V2_8] {
        let stage = moved().release(release).start();
        let report = check(&stage);
        assert_eq!(report.lags("gone"), "u/0 9", "{release:?}");
        assert_eq!(report.group("gone")["members"], 1);
    }
}

#[test]
fn a_coordinator_that_moves_during_the_run_is_found_again() {
    let moving = Act::Change(|scene| scene.move_group("orders", 2));
    all_is_well(two().fault(When::on(ApiKey::OffsetFetch).at(1).times(1), moving));
}

#[test]
fn a_coordinator_lookup_that_fails_is_tried_again() {
    let moving = Act::Change(|scene| scene.move_group("orders", 2));
    let scene = two().fault(When::on(ApiKey::OffsetFetch).at(1).times(1), moving);
    all_is_well(scene.fault(When::on(ApiKey::FindCoordinator).times(2), Act::Code(15)));
}

#[test]
fn a_coordinator_that_never_appears_is_reported_when_the_time_is_up() {
    let stage = two().fault(When::on(ApiKey::OffsetFetch).at(1), NOT_COORDINATOR).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    begins(&report.group("orders")["reason"], "the group's coordinator has moved (NotCoordinator)");
    assert_eq!(report.group("orders")["total_lag"], serde_json::Value::Null);
    assert_eq!(report.lags("bills"), "u/0 5");
    assert!(!report.complete());
}

#[test]
fn a_last_attempt_that_the_deadline_cuts_short_has_the_refusal_before_it_as_its_cause() {
    let refuses_twice = When::on(ApiKey::OffsetFetch).at(1).times(2);
    let scene = two().fault(refuses_twice, NOT_COORDINATOR).fault(When::on(ApiKey::OffsetFetch).at(1), Act::Hang);
    let stage = scene.start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    let late = |stage: &Stage, node| format!("broker {node} ({}): no answer before the deadline", stage.address(node));
    let expected = format!("the group's coordinator has moved (NotCoordinator); asked again: {}", late(&stage, 1));
    begins(&report.group("orders")["reason"], &expected);
    assert_eq!(report.lags("bills"), "u/0 5");
    // Of another broker it is the newest that counts.
    let moving = Act::Change(|scene| scene.move_group("orders", 2));
    let scene = two().fault(When::on(ApiKey::OffsetFetch).at(1).times(1), moving);
    let stage = scene.fault(When::on(ApiKey::OffsetFetch).at(2), Act::Hang).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    begins(&report.group("orders")["reason"], &late(&stage, 2));
}

#[test]
fn a_leader_that_moves_during_the_run_is_asked_again() {
    let moving = Act::Change(|scene| scene.move_leader("t", 0, 2));
    let stage = two().fault(When::on(ApiKey::ListOffsets).at(1).times(1), moving).start();
    let report = check(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 5".into(), "u/0 5".into()));
    // Brokers, leaders, and the leader of what moved.
    assert_eq!(stage.asked(ApiKey::Metadata).len(), 3);
}

#[test]
fn a_leader_that_is_new_to_its_role_is_asked_once_more() {
    for code in [5, 6, 7, 9, 56, 74, 75, 78] {
        all_is_well(two().fault(When::on(ApiKey::ListOffsets).at(1).times(3), Act::Code(code)));
    }
}

#[test]
fn a_leader_that_keeps_refusing_is_reported_when_the_time_is_up() {
    let stage = two().fault(When::on(ApiKey::ListOffsets).at(1), Act::Code(6)).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    let reason = &report.partition("orders", "t", 0)["reason"];
    begins(reason, "the partition's leader has moved (NotLeaderOrFollower)");
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 ?".into(), "u/0 5".into()));
    // Again after 100, 200 and 400 ms, as often as the time allows.
    assert!(stage.asked(ApiKey::ListOffsets).iter().filter(|seen| seen.node == 1).count() >= 9);
}

#[test]
fn a_partition_without_a_leader_is_reported_and_its_neighbours_are_read() {
    let topic = Topic::new("v", &[0..10, 0..10]).led_by(&[1, -1]);
    let stage = two().topic(topic).group(Group::classic("half").commits("v", &[4, 4])).start();
    let report = check(&stage);
    assert_eq!(report.lags("half"), "v/0 6, v/1 ?");
    assert_eq!(report.partition("half", "v", 1)["reason"], "the partition has no leader");
}

#[test]
fn a_broker_that_is_down_makes_only_its_own_groups_and_partitions_unknown() {
    let stage = two()
        .group(Group::classic("reads-from-2").commits("u", &[5]))
        .node(2, |node| node.voice = Voice::Closed)
        .start();
    let report = check(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");
    assert_eq!(report.lags("reads-from-2"), "u/0 ?");
    let down = format!("broker 2 ({}): cannot connect: 127.0.0.1: Connection refused (os error 111)", stage.address(2));
    assert_eq!(report.partition("reads-from-2", "u", 0)["reason"], down);
    assert_eq!((report.at("brokers/0/reachable"), report.at("brokers/1/reachable")), (&true.into(), &false.into()));
    assert_eq!(report.problems().len(), 1, "{:?}", report.problems());
    assert!(report.problems()[0].starts_with(&format!("broker 2 ({}): ", stage.address(2))));
    assert!(!report.complete());
}

#[test]
fn a_connection_that_is_lost_is_opened_anew_and_its_questions_put_again() {
    for api in [ApiKey::ListGroups, ApiKey::ConsumerGroupDescribe, ApiKey::OffsetFetch, ApiKey::ListOffsets] {
        all_is_well(two().fault(When::on(api).at(2).times(1), Act::Close));
    }
}

#[test]
fn a_broker_that_was_not_in_the_first_metadata_is_asked_too() {
    let back = Act::Change(|scene| {
        scene.reveal(2);
        scene.lead_offsets(&[1, 2]);
    });
    let scene = two().conceal(2).offsets_led_by(&[1, -1]);
    all_is_well(
        scene.fault(When::on(ApiKey::Metadata).times(1), Act::AS_USUAL).fault(When::on(ApiKey::Metadata), back),
    );
}

#[test]
fn a_coordinator_that_is_being_elected_is_waited_for() {
    let elected = Act::Change(|scene| scene.lead_offsets(&[1, 2]));
    let scene = || two().offsets_led_by(&[1, -1]).fault(When::on(ApiKey::ListGroups).at(1).times(1), elected.clone());
    all_is_well(scene());
    // It is asked again once it has been elected.
    let stage = scene().start();
    check(&stage);
    assert!(stage.asked(ApiKey::ListGroups).iter().filter(|seen| seen.node == 2).count() >= 2);
}

#[test]
fn a_leader_that_is_being_elected_is_waited_for() {
    // None, or one that the metadata do not name as a broker.
    for led_by in [-1, 3] {
        let elected = Act::Change(|scene| scene.move_leader("u", 0, 2));
        let scene = two().change(|scene| scene.move_leader("u", 0, led_by));
        let scene = scene.fault(When::on(ApiKey::Metadata).times(2), Act::AS_USUAL);
        all_is_well(scene.fault(When::on(ApiKey::Metadata), elected));
    }
}

#[test]
fn a_leader_that_the_metadata_do_not_name_as_a_broker_is_none() {
    let topic = Topic::new("v", &[0..10, 0..10]).led_by(&[1, 3]);
    let report = check(&two().topic(topic).group(Group::classic("half").commits("v", &[4, 4])).start());
    assert_eq!(report.lags("half"), "v/0 6, v/1 ?");
    let expected = "the partition's leader, broker 3, is not among the brokers that the metadata name";
    assert_eq!(report.partition("half", "v", 1)["reason"], expected);
}

#[test]
fn a_topic_that_is_unknown_for_a_moment_is_asked_for_again() {
    // Three questions each time, again after 100, 200, 400 ms.
    all_is_well(two().fault(When::on(ApiKey::ListOffsets).at(2).times(12), Act::Code(3)));
}

#[test]
fn a_topic_that_metadata_lacks_for_a_moment_is_asked_for_again() {
    let once = || When::on(ApiKey::Metadata).times(1);
    // The first answer has the brokers; from version 13 on a code would be that of the whole answer.
    let scene = two().release(Release::V3_9).fault(once(), Act::AS_USUAL);
    all_is_well(scene.fault(once(), Act::Code(5)).fault(once(), Act::Code(3)));
}

#[test]
fn what_was_read_of_a_topic_stays_when_metadata_lacks_it_later() {
    // The second partition's leader still refuses, and no later answer has the topic.
    let topic = Topic::new("v", &[0..10, 0..10]).led_by(&[1, 2]);
    let scene = Scene::of(2).release(Release::V3_9).topic(topic).group(Group::classic("half").commits("v", &[4, 4]));
    let stage = scene
        .fault(When::on(ApiKey::ListOffsets).at(2), Act::Code(6))
        .fault(When::on(ApiKey::Metadata).times(2), Act::AS_USUAL)
        .fault(When::on(ApiKey::Metadata), Act::Code(3))
        .start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!(report.lags("half"), "v/0 6, v/1 ?");
    let reason = &report.partition("half", "v", 1)["reason"];
    begins(reason, "the partition's leader has moved (NotLeaderOrFollower)");
}

#[test]
fn what_moved_is_asked_again_while_another_broker_hangs() {
    let moving = Act::Change(|scene| scene.move_group("bills", 3));
    let scene = Scene::of(3)
        .group(Group::classic("orders").commits("t", &[5]))
        .group(Group::classic("bills").at(2).commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]).led_by(&[3]))
        .fault(When::on(ApiKey::OffsetFetch).at(1), Act::Hang)
        .fault(When::on(ApiKey::OffsetFetch).at(2).times(1), moving);
    let stage = scene.start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!(report.lags("bills"), "t/0 5");
    assert_eq!(report.group("orders")["total_lag"], serde_json::Value::Null);
    assert!(!report.complete());
}

#[test]
fn a_broker_that_dies_during_the_run_makes_only_its_own_groups_and_partitions_unknown() {
    for api in [ApiKey::OffsetFetch, ApiKey::ListOffsets] {
        let stage = two().fault(When::on(api).at(2), Act::Close).start();
        let report = check(&stage);
        assert_eq!(report.lags("orders"), "t/0 5");
        assert_eq!(report.group("bills")["total_lag"], serde_json::Value::Null, "{api:?}");
        let reason = report.group("bills")["reason"].as_str().unwrap_or_default();
        let expected = format!("broker 2 ({}): the connection was lost: the broker closed it", stage.address(2));
        assert!(reason.contains(&expected), "{reason}");
    }
}

#[test]
fn metadata_comes_from_any_broker_that_answers() {
    // The second question for metadata goes to the first broker, which dies of it.
    let dying = Act::Change(|scene| {
        *scene = std::mem::take(scene).fault(When::on(ApiKey::Metadata).at(1), Act::Close);
    });
    let scene = two().fault(When::on(ApiKey::ListGroups).at(1).times(1), dying);
    let stage = scene.start();
    let report = check(&stage);
    assert_eq!((report.lags("orders"), report.lags("bills")), ("t/0 5".into(), "u/0 5".into()));
    assert!(report.complete());
}

#[test]
fn metadata_of_a_broker_that_has_only_just_started_are_not_believed() {
    // The second question for metadata goes to the first broker, which knows neither brokers nor topics.
    let fresh = Act::Change(|scene| {
        let nothing = Act::Body(b"\0\0\0\0\0\x01\0\0\0\0\0\x01\0\0\0\0\0");
        *scene = std::mem::take(scene).fault(When::on(ApiKey::Metadata).at(1), nothing);
    });
    let scene = two().node(1, |node| node.offers(ApiKey::Metadata, 9, 9));
    all_is_well(scene.fault(When::on(ApiKey::ListGroups).at(1).times(1), fresh));
}

#[test]
fn a_listing_that_is_always_refused_is_reported() {
    let stage = two().fault(When::on(ApiKey::ListGroups).at(2), Act::Code(31)).start();
    let report = check(&stage);
    assert_eq!(report.groups(), ["orders"]);
    let expected = "its groups are unknown: this user may not describe the cluster: grant it DESCRIBE";
    assert!(report.problems()[0].contains(expected), "{:?}", report.problems());
    assert!(!report.complete());
}
