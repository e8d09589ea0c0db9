//! On time and not: late runs, old events, other periods, and two writers of the same history.

use super::*;
use crate::support::cloudwatch::{Fault, How};

#[test]
fn a_snapshot_is_stored_up_to_a_period_and_a_minute_after_its_minute() {
    let watch = Watch::new(scene());
    for (minute, late) in [(0, 3), (1, 59), (2, 61), (3, 119), (4, 3)] {
        let report = watch.check_late(minute, late);
        assert_eq!(problems(&report), [""; 0], "{late} s late");
        assert_ne!(report["history"]["datums_written"], 0, "{late} s late");
        assert_eq!(report["scheduled"], rfc3339(MIDNIGHT + minute * 60));
    }
    let minutes: Vec<i64> = watch.metric(names::HEARTBEAT).iter().map(|(second, _)| second / 60).collect();
    assert_eq!(minutes, [0, 1, 2, 3, 4]);
}

#[test]
fn an_event_out_of_time_writes_nothing_and_is_reported() {
    let watch = Watch::new(scene());
    let minute = watch.until_trouble();
    let before = watch.stand.metrics().len();
    for late in [121, 7_200] {
        let report = watch.check_late(minute, late);
        one_problem(&report, "schedule: the event was scheduled for ");
        assert_eq!((&report["history"]["datums_written"], &report["metrics"]["enabled"]), (&json!(0), &json!(false)));
        assert_eq!(status(&report, "crashed"), "ERR", "it is judged by what is known now");
    }
    assert_eq!(watch.stand.metrics().len(), before);
}

#[test]
fn metrics_carry_the_scheduled_minute_itself() {
    let watch = Watch::new(scene()).with("MEERKAT_PERIOD", "1440");
    let six = 6 * 60;
    for day in 0..2 {
        let report = watch.check(day * 1_440 + six);
        assert_eq!(report["scheduled"], rfc3339(MIDNIGHT + (day * 1_440 + six) * 60));
        assert_ne!(report["history"]["datums_written"], 0);
        assert_eq!(problems(&report), [""; 0]);
    }
    assert_eq!(watch.metric(names::HEARTBEAT), [(six * 60, 1.0), ((1_440 + six) * 60, 1.0)]);
}

#[test]
fn runs_less_often_than_configured_are_reported_and_judged() {
    let watch = Watch::new(scene());
    let mut last = Value::Null;
    for minute in (0..60).step_by(5) {
        watch.work(&["well"]);
        last = watch.check(minute);
    }
    one_problem(&last, "history: runs come every 5 minutes, MEERKAT_PERIOD is 1: set it to 5");
    assert_ne!(status(&last, "stuck"), "OK");
}

#[test]
fn runs_more_often_than_configured_are_reported() {
    let watch = Watch::new(scene()).with("MEERKAT_PERIOD", "5");
    assert_eq!(problems(&watch.check(0)), [""; 0]);
    one_problem(&watch.check(1), "schedule: runs come more often than every 5 minutes");
    // The same event, delivered twice.
    assert_eq!(problems(&watch.check_late(0, 9)), [""; 0]);
}

#[test]
fn two_selections_of_groups_of_one_cluster_are_asked_for_different_cluster_names() {
    let watch = Watch::new(scene());
    let run = |minute: i64, groups| {
        let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
        watch.run(minute * 60 + DELAY, event, &[("MEERKAT_GROUPS", groups)])
    };
    for minute in 0..6 {
        watch.work(&["well"]);
        assert_eq!(problems(&run(minute, "well")), [""; 0]);
        let report = run(minute, "stuck,crashed");
        let reported = problems(&report);
        assert!(
            reported.iter().any(|problem| problem.contains("give each its own name (MEERKAT_CLUSTER)")),
            "{reported:?}"
        );
        assert_eq!(report["history"]["datums_written"], 0);
        if minute > 3 {
            assert_eq!(status(&report, "stuck"), "UNKNOWN", "it never warms up: {report}");
        }
    }
}

#[test]
fn two_writers_that_do_not_see_each_other_are_reported() {
    let watch = Watch::new(scene());
    let minute = watch.until_trouble();
    watch.stand.set_visible_after(std::time::Duration::from_secs(30));
    watch.check_late(minute, 3);
    watch.check_late(minute, 4);
    let report = watch.check(minute + 1);
    one_problem(&report, "history: the snapshot of ");
    assert!(problems(&report)[0].contains("two runs wrote into the same minute"), "{report}");
    assert_eq!(watch.published("stuck", [minute, minute + 1]), "3 3");
}

#[test]
fn an_event_that_names_groups_reads_few_metrics_and_writes_nothing() {
    let watch = Watch::new(scene());
    watch.stage.change(|scene| {
        for number in 0..300 {
            scene.add_group(Group::classic(&format!("more-{number}")).commits("of-well", &[1, 1]));
        }
    });
    let minute = watch.until_trouble();
    let before = watch.stand.metrics().len();
    watch.stand.forget_calls();
    let report = watch.run(minute * 60 + 20, json!({ "groups": ["stuck"] }), &[]);
    assert_eq!(status(&report, "stuck"), "ERR", "{report}");
    let read = report["history"]["metrics_read"].as_u64().expect("a number");
    assert!(read <= 8, "{read} state metrics");
    assert!(watch.stand.calls("GetMetricData").queries <= 8 * 3);
    assert_eq!(watch.stand.calls("PutMetricData").received, 0);
    assert_eq!(watch.stand.metrics().len(), before);
}

#[test]
fn an_event_that_names_a_group_beside_large_ones_reads_few_metrics_too() {
    let large = |number| Group::classic(&format!("large-{number}")).commits("of-large", &[5; 700]);
    let watch =
        Watch::new((0..3).map(large).fold(scene(), Scene::group).topic(Topic::new("of-large", &vec![0..9; 700])));
    let minutes = 6;
    for minute in 0..minutes {
        watch.work(&["well"]);
        watch.check(minute);
    }
    for name in ["crashed", "stuck", "well"] {
        let report = watch.run((minutes - 1) * 60 + 20, json!({ "groups": [name] }), &[]);
        assert!(group(&report, name)["warming_up_seconds"].is_null(), "{report}");
        let read = report["history"]["metrics_read"].as_u64().expect("a number");
        assert!(read <= 8, "{read} state metrics for {name}");
        let reported = watch.run(minutes * 60 + 20, json!({ "mode": "history", "group": name, "minutes": 20 }), &[]);
        let snapshots = reported["partitions"][0]["looks"].as_array().expect("looks");
        assert_eq!(snapshots.len(), usize::try_from(minutes).expect("a number"), "{reported}");
    }
}

#[test]
fn a_history_that_cannot_be_read_has_a_reason_and_is_no_success() {
    let hidden = |name| Topic::new(name, &[0..10]).hidden();
    let scene = scene().topic(hidden("secret")).topic(hidden("meerkat.any-topic-that-does-not-exist"));
    let reader = Group::classic("of-hidden").commits("secret", &[5]).member("reader", "secret", &[0]);
    let scene = scene.group(reader.state("PreparingRebalance"));
    let watch = Watch::new(scene.group(Group::classic("refused").refused(30)));
    watch.check(0);
    let reported = |group: &str| watch.run_with_code(80, json!({ "mode": "history", "group": group }), &[]);
    for (group, why) in [("refused", "this user may not describe the group"), ("of-hidden", "may not describe")] {
        let (reported, code) = reported(group);
        assert_eq!((&reported["partitions"], code), (&json!([]), Some(3)), "{reported}");
        assert!(reported["problems"][0].as_str().expect("a problem").contains(why), "{reported}");
    }
    assert_eq!(reported("well").1, Some(0));
    watch.stand.fail(Fault::new("GetMetricData", How::Deny).always());
    let (reported, code) = reported("well");
    assert_eq!(code, Some(3), "{reported}");
    assert!(reported["problems"][0].as_str().expect("a problem").contains("is not permitted"), "{reported}");
}

#[test]
fn the_history_of_a_group_has_an_entry_for_each_run() {
    let single = Group::classic("single").commits("of-single", &[100]).member("a-1", "of-single", &[0]);
    let watch = Watch::new(scene().group(single).topic(Topic::new("of-single", &[0..100])));
    let minute = watch.until_trouble();
    let second = (minute - 1) * 60 + 20;
    for group in ["stuck", "single"] {
        let reported = watch.run(second, json!({ "mode": "history", "group": group, "minutes": 20 }), &[]);
        let snapshots = reported["partitions"][0]["looks"].as_array().expect("looks");
        assert_eq!(snapshots.len(), usize::try_from(minute).expect("a number"), "{reported}");
        assert_eq!(snapshots[0]["committed"], snapshots[1]["committed"], "{reported}");
        let [now, before] = [0, 1].map(|check| &snapshots[check]["memory"]);
        let silent = |memory: &Value| memory["silent_seconds"].as_i64().expect("seconds");
        assert_eq!(silent(now), if group == "stuck" { silent(before) + 60 } else { 0 }, "{reported}");
        assert_eq!((&now["looks_missing"], &now["assigned"]), (&json!(0), &json!(true)), "{reported}");
        let screen = meerkat::cli::table::Screen { width: 100, colour: false };
        let drawn = meerkat::cli::table::history(
            &meerkat::report::history::PastOfGroup::parse(&reported.to_string()).expect("a history"),
            screen,
        );
        assert!(drawn.lines().count() > 2 && drawn.contains(['▁', '█']), "{drawn}");
    }
}
