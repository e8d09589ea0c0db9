//! Verdicts by age, without a history and with one, and groups that were abandoned.

use super::*;

/// The records of `late` are as old as this, in seconds, and those of `fresh` five; offsets of these logs are milliseconds since 1970.
fn aged(seconds: i64) -> Watch {
    let now_ms = (MIDNIGHT + DELAY) * 1_000;
    let logs = [now_ms - 3_600_000..now_ms];
    let group =
        |name: &str, age_ms: i64| Group::classic(name).commits("t", &[now_ms - age_ms]).member("a-1", "t", &[0]);
    let scene = Scene::of(1).group(group("late", seconds * 1_000)).group(group("fresh", 5_000));
    Watch::new(scene.topic(Topic::new("t", &logs))).with("MEERKAT_LAG_SECONDS", "10")
}

fn reason<'a>(report: &'a Value, group: &str) -> &'a str {
    let groups = report["groups"].as_array().expect("groups");
    let found = groups.iter().find(|entry| entry["group"] == group).expect("the group");
    found["reason"].as_str().expect("a reason")
}

/// A search ends when it knows an age to one part in a hundred, so the ages of this test differ from the objective by
/// more.
#[test]
fn an_objective_needs_no_history_and_decides_the_exit_code() {
    for (age_s, word, code) in [(290, "OK", 0), (310, "WARN", 1), (920, "ERR", 2)] {
        let watch = aged(age_s).with("MEERKAT_HISTORY", "off").with("MEERKAT_PUBLISH", "off");
        let objective = [("MEERKAT_OBJECTIVE", "late=300/900,60")];
        let (report, exit) = watch.run_with_code(DELAY, json!({}), &objective);
        assert_eq!((status(&report, "late"), exit), (word, Some(code)), "{report}");
        assert_eq!(status(&report, "fresh"), "OK", "{report}");
        assert_eq!(report["history"]["advice"], Value::Null);
        if word == "ERR" {
            let reason = reason(&report, "late");
            let late =
                reason.contains("late: its oldest unread record is 15 min") && reason.contains("old, objective 15 min");
            assert!(late, "{reason}");
        }
    }
}

#[test]
fn with_neither_history_nor_objective_the_way_out_is_printed_once() {
    let watch = aged(302).with("MEERKAT_HISTORY", "off").with("MEERKAT_PUBLISH", "off");
    let (report, exit) = watch.run_with_code(DELAY, json!({}), &[]);
    assert_eq!((status(&report, "late"), status(&report, "fresh"), exit), ("UNKNOWN", "UNKNOWN", Some(3)));
    assert!(reason(&report, "late").ends_with("unread; no earlier run to compare with"), "{report}");
    assert_eq!(report.to_string().matches("MEERKAT_OBJECTIVE").count(), 1, "{report}");
    assert_eq!((&report["complete"], problems(&report)), (&json!(true), vec![]), "everything was read");
}

#[test]
fn with_a_history_an_objective_needs_two_runs_and_its_alarm_opens() {
    let watch = aged(310).with("MEERKAT_OBJECTIVE", "300");
    for minute in 0..4 {
        watch.check(minute);
    }
    assert_eq!(watch.published("late", 0..4), "- 2 2 2");
}

#[test]
fn a_group_without_commits_is_distinguished_from_a_healthy_one() {
    let scene = Scene::of(1)
        .group(Group::classic("reads").member("a-1", "t", &[0]))
        .group(Group::classic("idle"))
        .group(Group::classic("fine").commits("t", &[10]).member("c-1", "t", &[0]))
        .topic(Topic::new("t", &[0..10]));
    let watch = Watch::new(scene);
    let mut report = Value::Null;
    for minute in 0..4 {
        report = watch.check(minute);
    }
    let reported = ["reads", "idle", "fine"].map(|group| (reason(&report, group), watch.published(group, 0..4)));
    let uncommitted = "1 partition, nothing was ever committed; a member reads and never committed (t/0)";
    assert_eq!(reported[0], (uncommitted, "- - - -".to_owned()));
    assert_eq!(reported[1], ("the group reads nothing", "- - - -".to_owned()));
    assert_eq!(reported[2], ("1 partition, 0 records behind in all", "1 1 1 1".to_owned()));
}

/// No member ever reads, and runs are fifteen minutes apart: an error is reported without waiting as long.
fn abandoned(variables: &[(&str, &str)]) -> String {
    let scene = Scene::of(1).group(Group::classic("left").commits("t", &[5])).topic(Topic::new("t", &[0..10]));
    let mut watch = Watch::new(scene).with("MEERKAT_PERIOD", "15");
    for (name, value) in variables {
        watch = watch.with(name, value);
    }
    let minutes: Vec<i64> = (0..7).map(|run| run * 15).collect();
    let mut report = Value::Null;
    for minute in &minutes {
        report = watch.check(*minute);
    }
    assert!(
        reason(&report, "left").contains("abandoned: no member and no commit since it is watched")
            || status(&report, "left") == "OK"
    );
    assert_eq!(report["groups"][0]["partitions"][0]["findings"], json!(["abandoned"]), "{report}");
    watch.published("left", minutes)
}

#[test]
fn a_group_that_was_abandoned_before_the_first_run_has_the_configured_status() {
    assert_eq!(abandoned(&[]), "- - - - - 2 2");
    assert_eq!(abandoned(&[("MEERKAT_ABANDONED", "warn")]), "- - - - - 2 2");
    assert_eq!(abandoned(&[("MEERKAT_ABANDONED", "err")]), "- - - - 3 3 3");
    assert_eq!(abandoned(&[("MEERKAT_EXPECT", "left")]), "- - - - 3 3 3");
    // There is no evidence for an OK.
    assert_eq!(abandoned(&[("MEERKAT_ABANDONED", "ok")]), "- - - - - - -");
}

/// The last offset of each transaction is its marker, and this consumer commits its last record and one.
#[test]
fn what_each_commit_leaves_is_no_lag_no_age_and_not_late() {
    let readers = Group::classic("readers").commits("t", &[99]).member("a-1", "t", &[0]);
    let scene = Scene::of(1).group(readers).topic(Topic::new("t", &[0..100]));
    let watch = Watch::new(scene).with("MEERKAT_LAG_SECONDS", "10").with("MEERKAT_OBJECTIVE", "60");
    for minute in 0..5 {
        watch.stage.change(|scene| {
            scene.produce("t", 11);
            scene.commit("readers", "t", 0, 110 + 11 * minute);
        });
        watch.check(minute);
    }
    for minute in 5..12 {
        let report = watch.check(minute);
        let partition = &super::group(&report, "readers")["partitions"][0];
        assert_eq!(
            (status(&report, "readers"), &partition["lag"], &partition["lag_seconds"]),
            ("OK", &json!(1), &json!(0.0))
        );
        assert!(reason(&report, "readers").contains("1 partition"), "{report}");
    }
    assert_eq!(watch.published("readers", 4..12), "1 1 1 1 1 1 1 1");
}
