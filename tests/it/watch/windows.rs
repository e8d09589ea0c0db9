//! Windows, which are earlier snapshots of partitions that may be slow: their cost, and the verdicts if they are not
//! read.

use super::*;
use crate::support::cloudwatch::{Fault, How};

/// The group `slow` has 200 partitions, which are on four pages.
fn watch() -> Watch {
    let partitions: Vec<i32> = (0..200).collect();
    let slow = Group::classic("slow").commits("orders", &[100; 200]).member("a-1", "orders", &partitions);
    Watch::new(Scene::of(1).group(slow).topic(Topic::new("orders", &vec![0..100; 200])))
}

impl Watch {
    /// A minute in which 20 records arrive in each partition and the group reads this many, and the run after it.
    fn slow_minute(&self, minute: i64, reads: i64) -> Value {
        self.stage.change(|scene| {
            scene.produce("orders", 20);
            scene.consume("slow", "orders", reads);
        });
        self.check(minute)
    }

    /// Reads 12 of 20 records until that is a warning; the next minute.
    fn until_slow(&self) -> i64 {
        for minute in 0..30 {
            if status(&self.slow_minute(minute, 12), "slow") == "WARN" {
                return minute + 1;
            }
        }
        panic!("never reported");
    }
}

/// How many partitions keep the verdict of an earlier run, by their reasons.
fn kept(report: &Value) -> usize {
    let partitions = group(report, "slow")["partitions"].as_array().expect("partitions");
    let is_kept = |reason: &str| reason.contains("the verdict of an earlier run is kept");
    partitions.iter().filter(|partition| is_kept(partition["reason"].as_str().expect("a reason"))).count()
}

#[test]
fn a_warning_stands_while_its_windows_cannot_be_read_and_ends_when_nothing_is_left() {
    let watch = watch();
    let first = watch.until_slow();
    for minute in first..first + 3 {
        // The rosters beside the notes, the pages of the newest run, and then the rosters of the window.
        watch.stand.fail(Fault::new("GetMetricData", How::Deny).after(3));
        let report = watch.slow_minute(minute, 12);
        assert_eq!((status(&report, "slow"), kept(&report)), ("WARN", 200), "{}", report["groups"][0]["reason"]);
        assert_eq!(
            (&report["history"]["windows_left_out"], &report["history"]["windows_read"]),
            (&json!(200), &json!(1))
        );
        one_problem(&report, "history: ");
    }
    let report = watch.slow_minute(first + 3, 12);
    assert_eq!((status(&report, "slow"), kept(&report), problems(&report).len()), ("WARN", 0, 0));
    assert_eq!(watch.published("slow", first..first + 4), "2 2 2 2");
    let report = watch.slow_minute(first + 4, 1_000);
    assert_eq!(status(&report, "slow"), "OK");
}

#[test]
fn the_newest_snapshot_is_read_once_and_what_windows_cost_is_reported() {
    let watch = watch();
    let minute = watch.until_slow();
    watch.stand.forget_calls();
    let report = watch.slow_minute(minute, 12);
    let history = &report["history"];
    let number = |key: &str| history[key].as_i64().unwrap_or_else(|| panic!("no {key}: {history}"));
    // The notes; the rosters and four pages, of the newest run and then of those before it.
    assert_eq!((number("metrics_read"), number("windows_read")), (1 + 2 * 5, 5));
    let page = 3 * 60;
    assert_eq!(number("windows_points"), 81 * page + 4 * (minute - 1) * page);
    let of_notes = 3 * page;
    assert_eq!(number("points_asked"), of_notes + 13 * page + 4 * page + number("windows_points"));
    assert_eq!(i64::try_from(watch.stand.calls("GetMetricData").estimated_points), Ok(number("points_asked")));
    assert!(number("windows_points") <= number("windows_budget"), "{history}");
    assert_eq!((number("windows_short"), number("windows_left_out")), (0, 0));
    let fine = watch.slow_minute(minute + 1, 1_000);
    let of_fine = ["windows_read", "windows_points", "windows_budget"].map(|key| fine["history"][key].clone());
    assert_eq!(of_fine, [json!(0), json!(0), json!(0)]);
}

#[test]
fn a_page_that_cannot_be_read_concerns_its_partitions_alone() {
    // One of eight parts may ask for few points at once, so each page is a call of its own.
    let watch = watch().with("MEERKAT_METRICS_DETAIL", "group");
    let event = |part: i64| json!({ "scheduled": rfc3339(MIDNIGHT), "part": format!("{part}/8") });
    let has_it =
        |part: &i64| watch.run(DELAY, event(*part), &[])["groups"].as_array().is_some_and(|all| !all.is_empty());
    let part = (1..=8).find(has_it).expect("a part");
    let watch = watch.with("MEERKAT_PART", &format!("{part}/8"));
    let minute = watch.until_slow();
    watch.stand.fail(Fault::new("GetMetricData", How::Deny).after(5));
    let report = watch.slow_minute(minute, 12);
    let left_out = report["history"]["windows_left_out"].as_u64().expect("a number");
    assert!(left_out > 0 && left_out <= 58, "{}", report["history"]);
    assert_eq!((status(&report, "slow"), kept(&report) as u64), ("WARN", left_out));
    one_problem(&report, "history: ");
}

#[test]
fn a_run_without_a_scheduled_minute_finds_what_was_kept_before_a_long_pause() {
    let watch = Watch::new(scene()).with("MEERKAT_PERIOD", "5");
    let step = |minute: i64, well: &[&str]| {
        watch.work(well);
        watch.check(minute)
    };
    (0..8).for_each(|run| {
        step(run * 5, &["crashed", "stuck", "well"]);
    });
    watch.stage.change(|scene| scene.crash("crashed"));
    let reported = (8..30).map(|run| run * 5).find(|minute| status(&step(*minute, &["well"]), "crashed") == "ERR");
    let reported = reported.expect("it is reported");
    // More than a hundred minutes later, four and a half minutes after the minute that the run belongs to.
    watch.work(&["well"]);
    let report = watch.run((reported + 130) * 60 + 4 * 60 + 30, json!({}), &[]);
    assert_eq!((status(&report, "crashed"), problems(&report).len()), ("ERR", 0), "{report}");
}

/// The quota is kept by the stand-in's own clock, and a run has 20 seconds.
#[test]
#[ignore = "it takes minutes: make test-large"]
fn ten_thousand_partitions_that_are_all_slow_have_their_verdicts_within_the_quota() {
    let groups: Vec<(String, String)> =
        (0..100).map(|number| (format!("slow-{number}"), format!("of-{number}"))).collect();
    let scene = groups.iter().fold(Scene::of(1), |scene, (name, topic)| {
        let partitions: Vec<i32> = (0..100).collect();
        let group = Group::classic(name).commits(topic, &[100; 100]).member("a-1", topic, &partitions);
        scene.group(group).topic(Topic::new(topic, &vec![0..100; 100]))
    });
    let mut watch = Watch::new(scene).with("MEERKAT_TIMEOUT", "20").with("MEERKAT_DETAIL", "problems");
    watch.stand.keep_quotas(true);
    watch.has_quotas = true;
    let mut standing = 0;
    for minute in 0..40 {
        watch.stage.change(|scene| {
            for (name, topic) in &groups {
                scene.produce(topic, 20);
                scene.consume(name, topic, 12);
            }
        });
        let report = watch.check(minute);
        let history = &report["history"];
        assert_eq!(problems(&report), [""; 0]);
        let of = |status: &str| report["totals"]["by_status"][status].as_u64().expect("a number");
        assert_eq!((of("UNKNOWN"), &history["windows_left_out"]), (0, &json!(0)), "{minute}: {history}");
        assert!(of("WARN") >= standing, "{minute}: {} after {standing}", of("WARN"));
        let points = |key: &str| history[key].as_u64().expect("a number");
        assert!(points("windows_points") <= points("windows_budget"), "{minute}: {history}");
        // By then there is more to read than time.
        if minute > 28 && standing == 100 {
            // All 10,000 are read, on no fewer than 173 pages; most of them within the last twelve minutes alone.
            assert!(points("windows_read") >= 173 && points("windows_short") > 5_000, "{history}");
            assert!(points("windows_points") >= 173 * 11 * 180, "{history}");
            return;
        }
        standing = of("WARN");
    }
    panic!("{standing} of 100 groups are reported");
}

#[test]
#[ignore = "it writes 21,000 datums a run, which takes minutes on a busy machine: make test-large"]
fn a_group_of_twenty_thousand_partitions_is_shown() {
    let partitions: Vec<i32> = (0..20_000).collect();
    let large = Group::classic("large").commits("orders", &vec![100; 20_000]).member("a-1", "orders", &partitions);
    let watch = Watch::new(Scene::of(1).group(large).topic(Topic::new("orders", &vec![0..100; 20_000])))
        .with("MEERKAT_DETAIL", "problems");
    let mut report = Value::Null;
    for minute in 0..3 {
        watch.stage.change(|scene| {
            scene.produce("orders", 20);
            scene.consume("large", "orders", 15);
        });
        report = watch.check(minute);
        assert_eq!(problems(&report), [""; 0]);
    }
    let large = group(&report, "large");
    assert_eq!(
        (&large["status"], &large["partition_count"], &large["warming_up_seconds"]),
        (&json!("OK"), &json!(20_000), &Value::Null)
    );
    assert_eq!(report["history"]["metrics"], 345 + 1);
}
