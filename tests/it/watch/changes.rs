//! Outages and changes: what they cost of the memory, and for which partitions.

use std::time::Duration;

use super::*;

#[test]
fn an_outage_of_any_length_keeps_what_was_known() {
    let watch = Watch::new(scene());
    let mut minute = watch.until_trouble();
    for outage in [6, 60, 170] {
        minute += outage;
        watch.work(&["well"]);
        let report = watch.check(minute);
        let reported = ["crashed", "stuck"].map(|group| watch.published(group, [minute]));
        assert_eq!(reported, ["3", "3"], "after {outage} minutes: {report}");
        assert_eq!(problems(&report), [""; 0], "{outage}");
        minute += 1;
    }
}

#[test]
fn partitions_that_come_and_go_cost_no_other_partition_its_history() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    let mut minute = first;
    let mut step = |change: &dyn Fn(&mut Scene)| {
        watch.stage.change(|scene| change(scene));
        watch.work(&["well"]);
        watch.check(minute);
        minute += 1;
    };
    step(&|scene| scene.add_partition("of-stuck", "stuck"));
    step(&|scene| scene.add_partition("of-well", "well"));
    step(&|scene| {
        for number in 0..40 {
            scene.add_group(Group::classic(&format!("new-{number}")).commits("of-well", &[1, 1]));
        }
    });
    step(&|scene| {
        for number in 0..40 {
            scene.delete_group(&format!("new-{number}"));
        }
    });
    step(&|scene| scene.recreate_topic("of-well"));
    assert_eq!(watch.published("crashed", first..minute), "3 3 3 3 3");
    assert_eq!(watch.published("stuck", first..minute), "3 3 3 3 3");
}

#[test]
fn a_coordinator_that_is_away_for_a_while_forgets_nothing() {
    let watch = Watch::new(scene());
    let minute = watch.until_trouble();
    watch.stage.change(|scene| scene.refuse("stuck", COORDINATOR_NOT_AVAILABLE));
    for minute in minute..minute + 3 {
        watch.work(&["well"]);
        watch.check(minute);
    }
    watch.stage.change(|scene| scene.refuse("stuck", 0));
    watch.work(&["well"]);
    let report = watch.check(minute + 3);
    assert_eq!(watch.published("stuck", minute..minute + 4), "3 3 3 3", "{report}");
}

#[test]
fn pages_that_stay_invisible_for_two_runs_are_reported_and_lose_nothing() {
    let watch = Watch::new(scene());
    let minute = watch.until_trouble();
    // What is written from now on becomes visible after more than two minutes.
    watch.stand.set_visible_after(Duration::from_secs(150));
    for minute in minute..minute + 5 {
        watch.work(&["well"]);
        watch.check(minute);
    }
    assert_eq!(watch.published("stuck", minute..minute + 5), "3 3 3 3 3");
    assert_eq!(watch.published("crashed", minute..minute + 5), "3 3 3 3 3");
}

/// A coordinator that is being elected (Kafka protocol guide, error codes).
const COORDINATOR_NOT_AVAILABLE: i16 = 15;
