//! Brokers that still have to load what they lead: `ListGroups` leaves those groups out, without an error.

use kafka_protocol::messages::ApiKey;

use super::is_unknown;
use crate::support::broker::{Act, Group, Release, Scene, Topic, When};
use crate::support::check::{Check, Report, check};

/// "orders" belongs to partition 31 of 50, "bills" to 14: Java's hashes of the names.
const BILLS: usize = 14;

fn two() -> Scene {
    Scene::of(2)
        .group(Group::classic("orders").commits("t", &[5]))
        .group(Group::classic("bills").at(2).commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]))
}

fn is_whole(report: &Report) -> bool {
    (report.groups(), report.problems(), report.complete()) == (vec!["bills", "orders"], Vec::new(), true)
}

#[test]
fn groups_that_are_being_loaded_are_waited_for() {
    for release in [Release::V2_1, Release::V2_8, Release::V3_9, Release::V4_4] {
        let loaded = || Act::Change(Scene::load);
        // Another broker leads the partition; or the first one that is reached does, and was asked before anything was
        // known of it.
        for leaders in [[1, 2], [2, 1]] {
            let scene = two().release(release).unloaded(&[BILLS]).offsets_led_by(&leaders);
            let scene = scene.fault(When::on(ApiKey::ListGroups).times(4), Act::AS_USUAL);
            let report = check(&scene.fault(When::on(ApiKey::ListGroups), loaded()).start());
            assert!(is_whole(&report), "{release:?} {leaders:?}: {report:?}");
        }
    }
}

#[test]
fn groups_that_are_still_loading_make_a_run_incomplete_and_are_not_missing() {
    for (leaders, leader) in [([1, 2], 1), ([2, 1], 2)] {
        let stage = two().unloaded(&[BILLS]).offsets_led_by(&leaders).start();
        let check = || Check::at(&stage.bootstrap()).briefly();
        let report = check().report(&stage);
        assert_eq!((report.groups(), report.complete()), (vec!["orders"], false));
        let place =
            format!("broker {leader} ({}): those that it has yet to load may be missing", stage.address(leader));
        let problems = report.problems();
        assert!(problems.len() == 1 && problems[0].starts_with(&place), "{problems:?}");
        assert!(problems[0].contains("(it leads 25 of 50 partitions of __consumer_offsets: "), "{problems:?}");
        let expected = check().with("MEERKAT_EXPECT", "bills,b*").report(&stage);
        is_unknown(&expected, "bills", "(NotCoordinator)");
        is_unknown(&expected, "b*", "has yet to load");
    }
}

#[test]
fn a_topic_with_another_number_of_partitions_is_asked_about_all_the_same() {
    // The broker that is met first is asked for the usual fifty.
    for (partitions, unloaded) in [(3, 1), (51, 50), (200, 199)] {
        let stage = two().unloaded(&[unloaded]).offsets_partitions(partitions).start();
        let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
        assert!(!report.complete(), "{partitions}: {report:?}");
    }
}

#[test]
fn a_user_who_may_not_describe_made_up_groups_still_gets_what_is_known() {
    let stage = two().fault(When::on(ApiKey::DescribeGroups).times(4), Act::Code(30)).start();
    assert!(is_whole(&check(&stage)));
}

#[test]
fn a_coordinator_that_moves_while_its_groups_are_listed_is_noticed() {
    // Its groups are no longer listed, and the broker that takes over was asked before it had them: only later answers
    // show it.
    let moves = |scene: &mut Scene| *scene = std::mem::take(scene).unloaded(&[BILLS]);
    for leaders in [[1, 2], [2, 1]] {
        let scene = two().offsets_led_by(&leaders);
        let scene = scene.fault(When::on(ApiKey::ListGroups).times(1), Act::Change(moves));
        let scene = scene.fault(When::on(ApiKey::ListGroups).times(3), Act::AS_USUAL);
        let report = check(&scene.fault(When::on(ApiKey::ListGroups), Act::Change(Scene::load)).start());
        assert!(is_whole(&report), "{leaders:?}: {report:?}");
    }
}
