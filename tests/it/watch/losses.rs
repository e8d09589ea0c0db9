//! Records that retention deletes before a group reads them, and lags that are known in part.

use super::*;

/// A topic of one partition, and a group that reads it.
fn one() -> Watch {
    let group = Group::classic("readers").commits("t", &[100]).member("a-1", "t", &[0]);
    Watch::new(Scene::of(1).group(group).topic(Topic::new("t", &[0..100])))
}

/// Its partition in a report.
fn partition(report: &Value) -> &Value {
    &report["groups"][0]["partitions"][0]
}

impl Watch {
    /// A minute's records, and what the group reads of them; then the run.
    fn minute(&self, minute: i64, change: impl FnOnce(&mut Scene)) -> Value {
        self.stage.change(|scene| {
            scene.produce("t", 10);
            change(scene);
        });
        self.check(minute)
    }

    fn minutes(&self, name: &str) -> Vec<(i64, f64)> {
        let mut minutes: Vec<_> = self.metric(name).iter().map(|(second, sum)| (second / 60, *sum)).collect();
        minutes.sort_by_key(|(minute, _)| *minute);
        minutes
    }
}

fn reads(scene: &mut Scene) {
    scene.catch_up("readers", "t");
}

#[test]
fn a_loss_is_a_warning_for_ten_runs_and_a_metric_for_one() {
    let watch = one();
    for minute in 0..5 {
        watch.minute(minute, reads);
    }
    // It stands at 150, and 150 to 153 are deleted.
    let report = watch.minute(5, |scene| scene.trim("t", 0, 154));
    assert_eq!(partition(&report)["findings"], json!(["data_loss"]));
    assert_eq!((&partition(&report)["lost"], &partition(&report)["newly_lost"]), (&json!(4), &json!(4)), "{report}");
    for minute in 6..17 {
        let report = watch.minute(minute, reads);
        assert_eq!(partition(&report)["findings"], json!([]));
    }
    assert_eq!(watch.published("readers", 3..17), "1 1 2 2 2 2 2 2 2 2 2 2 1 1");
    assert_eq!(watch.minutes(names::LOST_OFFSETS), [(5, 4.0)]);
    assert_eq!(watch.minutes(names::LOSS_AHEAD), []);
}

#[test]
fn each_loss_of_a_group_that_reads_on_is_reported_with_its_new_part() {
    let watch = one();
    for minute in 0..5 {
        watch.minute(minute, reads);
    }
    watch.minute(5, |scene| scene.trim("t", 0, 154));
    watch.minute(6, |scene| scene.commit("readers", "t", 0, 155));
    let report = watch.minute(7, |scene| {
        scene.commit("readers", "t", 0, 157);
        scene.trim("t", 0, 170);
    });
    assert_eq!((&partition(&report)["lost"], &partition(&report)["newly_lost"]), (&json!(13), &json!(13)));
    assert_eq!(watch.minutes(names::LOST_OFFSETS), [(5, 4.0), (7, 13.0)]);
}

#[test]
fn a_dead_group_stays_stopped_when_everything_it_left_is_deleted() {
    let watch = one();
    for minute in 0..5 {
        watch.minute(minute, reads);
    }
    for minute in 5..12 {
        watch.minute(minute, |scene| scene.crash("readers"));
    }
    let mut report = Value::Null;
    for minute in 12..40 {
        let end = 100 + (minute + 1) * 10;
        report = watch.minute(minute, |scene| scene.trim("t", 0, end));
    }
    assert_eq!(watch.published("readers", 10..40), ["3"; 30].join(" "), "{report}");
    assert!(report["groups"][0]["reason"].as_str().is_some_and(|why| why.contains("deleted unread")), "{report}");
    // When it happened is known for the first run that saw it.
    assert_eq!(watch.minutes(names::LOST_OFFSETS), [(12, 80.0)]);
}

#[test]
fn a_loss_is_ahead_where_nothing_is_gained_on_the_log_start() {
    let watch = one();
    watch.stage.change(|scene| {
        scene.trim("t", 0, 90);
        scene.commit("readers", "t", 0, 90);
    });
    for minute in 0..4 {
        let report = watch.minute(minute, |_| ());
        let expected = if minute == 0 { json!([]) } else { json!(["loss_ahead"]) };
        assert_eq!(partition(&report)["findings"], expected, "{report}");
    }
    assert_eq!(watch.minutes(names::LOSS_AHEAD), [(1, 1.0), (2, 1.0), (3, 1.0)]);
}

#[test]
fn a_group_that_stopped_is_told_how_long_its_records_will_be_kept() {
    let watch = one();
    watch.stage.change(|scene| {
        scene.produce("t", 900);
        scene.trim("t", 0, 400);
        scene.commit("readers", "t", 0, 500);
    });
    let mut kept = 400;
    for minute in 0..4 {
        let report = watch.minute(minute, |scene| {
            kept += 10;
            scene.trim("t", 0, kept);
        });
        let group = &report["groups"][0];
        let seconds = (group["loss_ahead_seconds"].as_u64(), partition(&report)["loss_ahead_seconds"].as_u64());
        if minute == 0 {
            assert_eq!((seconds, group["rate"].is_null()), ((None, None), true), "{report}");
            continue;
        }
        // Ten records a minute use it up; a run takes some milliseconds.
        let left = u64::try_from(500 - kept).expect("it is not lost yet") * 60 / 10;
        assert!(seconds.0 == seconds.1 && seconds.0.is_some_and(|s| s.abs_diff(left) <= left / 20), "{left}: {report}");
        assert_eq!((&group["rate"]["in_per_s"], &group["rate"]["out_per_s"]), (&json!(0.2), &json!(0.0)), "{report}");
    }
    let published: Vec<i64> = watch.minutes(names::LOSS_AHEAD_SECONDS).into_iter().map(|(minute, _)| minute).collect();
    assert_eq!(published, [1, 2, 3]);
}

#[test]
fn who_begins_at_the_log_start_and_gains_ground_loses_nothing() {
    let watch = one();
    watch.stage.change(|scene| {
        scene.produce("t", 10_000);
        scene.trim("t", 0, 90);
        scene.commit("readers", "t", 0, 90);
    });
    for minute in 0..6 {
        let report = watch.minute(minute, |scene| scene.commit("readers", "t", 0, 90 + minute * 100));
        assert_eq!(partition(&report)["findings"], json!([]), "{report}");
    }
}

#[test]
fn a_partly_known_loss_is_reported_as_a_bound_and_not_published() {
    let group = Group::classic("readers").commits("t", &[95, 95]).member("a-1", "t", &[0, 1]);
    let watch = Watch::new(Scene::of(1).group(group).topic(Topic::new("t", &[0..100, 0..100])));
    watch.check(0);
    watch.stage.change(|scene| scene.move_leader("t", 1, -1));
    let report = watch.check(1);
    let group = &report["groups"][0];
    assert_eq!((&group["total_lag"], &group["lag_at_least"]), (&json!(5), &json!(true)), "{report}");
    let reason = group["reason"].as_str().unwrap_or_default();
    assert!(reason.ends_with("; at least 5 records behind in all"), "{reason}");
    assert_eq!(watch.minutes(names::LAG), [(0, 10.0)]);
    assert_eq!(watch.minutes(names::LAG_SECONDS).iter().filter(|(minute, _)| *minute == 1).count(), 0);
}
