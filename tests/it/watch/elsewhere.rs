//! A service without `__consumer_offsets` no longer lists a group once its members are gone, and keeps its commits.

use super::*;

/// A group that will stop, and one that goes on, after three runs.
fn hub() -> Watch {
    let scene = Scene::of(1)
        .without_offsets_topic_but_with_groups()
        .group(Group::classic("live").commits("hub", &[100]).member("m", "hub", &[0]))
        .group(Group::classic("stopping").commits("hub", &[100]).member("n", "hub", &[0]))
        .topic(Topic::new("hub", &[0..100]));
    Watch::new(scene)
}

impl Watch {
    fn three_runs(self) -> Self {
        for minute in 0..3 {
            let report = self.check(minute);
            assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
        }
        self
    }

    /// Its members leave, and records are written that no member reads.
    fn stops(&self) {
        self.stage.change(|scene| {
            scene.crash("stopping");
            scene.produce("hub", 50);
            scene.catch_up("live", "hub");
        });
    }
}

#[test]
fn a_group_that_is_listed_no_more_is_missed_for_as_long_as_a_memory_is_kept() {
    for (period, runs) in [(1, 12), (60, 3)] {
        let watch = hub().with("MEERKAT_PERIOD", &period.to_string());
        let run = |number: i64| watch.check(number * period);
        (0..3).for_each(|number| assert_eq!(problems(&run(number)), [""; 0]));
        watch.stops();
        for number in 3..3 + runs {
            let report = run(number);
            let reported = problems(&report);
            let fewer = "groups: 1 fewer than in the last run that knew them all; there is no __consumer_offsets";
            assert!(reported.len() == 1 && reported[0].starts_with(fewer), "{period}: {number}: {reported:?}");
            assert!(reported[0].contains("name them in MEERKAT_EXPECT"), "{reported:?}");
            assert_eq!((&report["complete"], &report["status"]), (&json!(false), &json!("UNKNOWN")));
        }
        if period == 60 {
            let report = run(3 + runs);
            assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)), "after three hours");
        }
    }
}

#[test]
fn a_group_that_comes_back_is_missed_no_more() {
    let watch = hub().three_runs();
    watch.stops();
    assert_eq!(watch.check(3)["complete"], false);
    watch.stage.change(|scene| {
        scene.delete_group("stopping");
        scene.add_group(Group::classic("stopping").commits("hub", &[150]).member("n", "hub", &[0]));
    });
    let report = watch.check(4);
    assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
}

#[test]
fn a_group_that_is_expected_is_read_although_it_is_listed_no_more() {
    let watch = hub().with("MEERKAT_EXPECT", "stopping").three_runs();
    watch.stops();
    for minute in 3..6 {
        let report = watch.check(minute);
        assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
        let groups = report["groups"].as_array().expect("groups");
        let stopping = groups.iter().find(|group| group["group"] == "stopping").expect("the group");
        assert_eq!((&stopping["total_lag"], &stopping["members"]), (&json!(50), &json!(0)), "{stopping}");
    }
}
