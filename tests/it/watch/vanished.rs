//! Fewer groups than before: deleted, away, or no longer visible.

use super::*;

/// Two brokers with a group each, both at the end of their topic, after three runs.
fn two(change: impl FnOnce(Scene) -> Scene) -> Watch {
    let scene = Scene::of(2)
        .group(Group::classic("here").commits("t", &[100]))
        .group(Group::classic("there").at(2).commits("t", &[100]))
        .topic(Topic::new("t", &[0..100]));
    let watch = Watch::new(change(scene));
    for minute in 0..3 {
        assert_eq!(problems(&watch.check(minute)), [""; 0]);
    }
    watch
}

impl Watch {
    fn unknown_groups(&self, minute: i64) -> f64 {
        self.metric("UnknownGroups").iter().filter(|(second, _)| *second == minute * 60).map(|(_, sum)| sum).sum()
    }
}

const FEWER: &str = "groups: 1 fewer than in the last run that knew them all";

#[test]
fn the_number_of_groups_stays_the_measure_until_every_coordinator_is_back() {
    let watch = two(|scene| scene);
    watch.stage.change(|scene| {
        scene.lose(2);
        scene.lead_offsets(&[1, -1]);
    });
    for minute in 3..6 {
        let report = watch.check(minute);
        let problems = problems(&report);
        let away =
            "groups: those whose coordinator is away may be missing (25 of 50 partitions of __consumer_offsets: ";
        assert!(problems.len() == 2 && problems[0].starts_with(away) && problems[1] == FEWER, "{problems:?}");
        assert_eq!((&report["complete"], &report["status"]), (&json!(false), &json!("UNKNOWN")));
        assert!((watch.unknown_groups(minute) - 1.0).abs() < 0.1);
    }
    watch.stage.change(|scene| {
        scene.reveal(2);
        scene.lead_offsets(&[1, 2]);
    });
    let report = watch.check(6);
    assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
    assert_eq!((status(&report, "there"), watch.unknown_groups(6)), ("OK", 0.0));
}

#[test]
fn only_groups_that_are_selected_are_missed() {
    let more =
        |scene: Scene, number| scene.group(Group::classic(&format!("other-{number}")).at(2).commits("t", &[100]));
    let watch = two(|scene| (0..7).fold(scene, more)).with("MEERKAT_GROUPS", "here,there");
    for minute in 3..6 {
        watch.check(minute);
    }
    watch.stage.change(|scene| {
        scene.lose(2);
        scene.lead_offsets(&[1, -1]);
    });
    let report = watch.check(6);
    assert!(problems(&report).contains(&FEWER.to_owned()), "{report}");
    assert!((watch.unknown_groups(6) - 1.0).abs() < 0.1, "{report}");
}

#[test]
fn a_missing_group_is_reported_once_where_no_broker_shows_which_coordinators_are_away() {
    let watch = two(Scene::hidden_offsets);
    watch.stage.change(|scene| scene.lose(2));
    let report = watch.check(3);
    one_problem(
        &report,
        &format!("{FEWER}; whether they were deleted is unknown (this user may not describe the topic"),
    );
    assert!(problems(&report)[0].ends_with("), so the next run compares with what is there now"), "{report}");
    assert!((watch.unknown_groups(3) - 1.0).abs() < 0.1);
    let report = watch.check(4);
    assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
}

#[test]
fn groups_are_believed_to_be_deleted_only_by_who_would_be_shown_them() {
    for may in [Some(true), None, Some(false)] {
        let watch = two(|scene| may.map_or(scene.clone(), |may| scene.describes_cluster(may)));
        watch.stage.change(|scene| scene.delete_group("there"));
        let report = watch.check(3);
        if may == Some(false) {
            one_problem(
                &report,
                &format!("{FEWER}; whether they were deleted is unknown (this user is shown only groups"),
            );
            assert_eq!(report["status"], "UNKNOWN");
        }
        let next = watch.check(4);
        for report in [&report, &next].into_iter().skip(usize::from(may == Some(false))) {
            assert_eq!((problems(report), &report["complete"]), (Vec::new(), &json!(true)), "{may:?}");
        }
    }
}
