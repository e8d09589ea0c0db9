//! What is remembered from run to run of brokers, and of groups that rebalance.

use super::*;
use crate::support::broker::Release;

fn problems(report: &Value) -> Vec<(&str, &Value)> {
    let problems = report["cluster_problems"].as_array().expect("a list").iter();
    problems.map(|problem| (problem["kind"].as_str().expect("a word"), &problem["alarm"])).collect()
}

#[test]
fn groups_that_rebalance_again_and_again_are_named_and_no_others() {
    let kinds = [Group::classic as fn(&str) -> Group, Group::consumer, Group::share, Group::streams];
    let names = ["classic", "consumer", "share", "streams", "quiet"];
    let scene = names
        .iter()
        .zip(kinds.iter().chain([&(Group::consumer as fn(&str) -> Group)]))
        .fold(Scene::of(1).topic(Topic::new("t", &[0..100])), |scene, (name, kind)| {
            scene.group(kind(name).commits("t", &[100]).member("worker", "t", &[0]))
        });
    let watch = Watch::new(scene);
    let restless = |report: &Value| -> Vec<String> {
        let groups = names.iter().filter(|name| !group(report, name)["rebalances"].is_null());
        groups.map(|name| (*name).to_owned()).collect()
    };
    let mut last = Value::Null;
    for minute in 0..8 {
        // A run that does not happen takes nothing from the count.
        if minute != 3 {
            last = watch.check(minute);
        }
        watch.stage.change(|scene| names[..4].iter().for_each(|name| scene.rebalance(name)));
        if minute < 4 {
            assert_eq!(restless(&last), [""; 0], "minute {minute}: {last}");
        }
    }
    assert_eq!(restless(&last), names[..4], "{last}");
    assert_eq!(group(&last, "consumer")["rebalances"], json!({ "count": 7, "minutes": 10, "at_least": false }));
    // What happened between two runs counts once there.
    assert_eq!(group(&last, "classic")["rebalances"], json!({ "count": 6, "minutes": 10, "at_least": true }));
    let reason = group(&last, "consumer")["reason"].as_str().expect("a reason");
    assert!(reason.ends_with("7 rebalances in 10 min: members join and leave (1 now: worker)"), "{reason}");
    assert_eq!(group(&last, "consumer")["status"], "OK");
    assert!((8..20).map(|minute| watch.check(minute)).any(|report| restless(&report).is_empty()), "it never ends");
}

#[test]
fn a_classic_group_whose_members_change_from_run_to_run_is_named_at_each_period_up_to_ten_minutes() {
    for period in [1, 5, 10, 15] {
        let scene = ["restless", "quiet"].iter().fold(Scene::of(1).topic(Topic::new("t", &[0..100])), |scene, name| {
            scene.group(Group::classic(name).commits("t", &[100]).member("worker", "t", &[0]))
        });
        let watch = Watch::new(scene).with("MEERKAT_PERIOD", &period.to_string());
        let mut entries = Vec::new();
        for run in 0..7 {
            let report = watch.check(run * period);
            assert!(group(&report, "quiet")["rebalances"].is_null(), "{report}");
            entries.push(group(&report, "restless").clone());
            watch.stage.change(|scene| scene.rebalance("restless"));
        }
        let expected = match period {
            1 => json!({ "count": 6, "minutes": 10, "at_least": true }),
            15 => Value::Null,
            _ => json!({ "count": 6, "minutes": 6 * period, "at_least": true, "changed_in_runs": 6 }),
        };
        // The first run has nothing to compare with: the seventh is the sixth that can show a change.
        assert_eq!([&entries[5]["rebalances"], &entries[6]["rebalances"]], [&Value::Null, &expected], "{period}");
        let reason = entries[6]["reason"].as_str().expect("a reason");
        let words = format!("members changed in each of the last 6 runs, {} min (1 now: worker)", 6 * period);
        assert_eq!(reason.ends_with(&words), [5, 10].contains(&period), "{reason}");
    }
}

#[test]
fn a_broker_that_was_upgraded_between_two_runs_is_named_with_their_minutes() {
    let topic = Topic::new("t", &[0..100]).led_by(&[1]);
    let scene = Scene::of(3).release(Release::V3_9).topic(topic).group(Group::classic("g").commits("t", &[100]));
    let watch = Watch::new(scene);
    for minute in 3..5 {
        assert_eq!(problems(&watch.check(minute)), []);
    }
    watch.stage.change(|scene| scene.upgrade(2, Release::V4_1));
    let report = watch.check(5);
    assert_eq!(problems(&report), [("versions_changed", &Value::Null), ("versions_differ", &Value::Null)]);
    assert_eq!(report["cluster_problems"][0]["what"], "broker 2 was upgraded between 00:04 and 00:05");
    assert_eq!(report["status"], "OK");
    watch.stage.change(|scene| [1, 3].into_iter().for_each(|node| scene.upgrade(node, Release::V4_1)));
    let report = watch.check(6);
    let kinds: Vec<&str> = problems(&report).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["versions_changed"; 3]);
}

#[test]
fn replicas_that_are_missing_are_an_alarm_after_five_minutes_and_only_where_that_is_asked_for() {
    let topic = Topic::new("t", &[0..100]).led_by(&[1]);
    let scene = Scene::of(3).topic(topic).group(Group::classic("g").commits("t", &[100]));
    let watch = Watch::new(scene).with("MEERKAT_CLUSTER_ALARMS", "on");
    let published = |minute: i64| {
        let at = MIDNIGHT + minute * 60;
        let metrics = watch.stand.metrics();
        let found = metrics.iter().find(|stored| stored.metric.name == "ClusterProblems" && stored.timestamp == at);
        found.map(|stored| stored.maximum)
    };
    assert_eq!((&watch.check(0)["status"], published(0)), (&json!("OK"), Some(0.0)));
    watch.stage.change(|scene| scene.fall_behind("t", 0, &[2]));
    for minute in 1..9 {
        let report = watch.check(minute);
        let lasts = minute >= 6;
        let alarm = if lasts { json!("WARN") } else { Value::Null };
        assert_eq!(problems(&report), [("under_replicated", &alarm)], "minute {minute}");
        assert_eq!(report["status"], if lasts { "WARN" } else { "OK" }, "minute {minute}");
        assert_eq!(published(minute), Some(if lasts { 1.0 } else { 0.0 }), "minute {minute}");
        let since = report["cluster_problems"][0]["since"].as_str().expect("a moment");
        assert_eq!(since[..16], rfc3339(MIDNIGHT + 60)[..16], "minute {minute}");
    }
    watch.stage.change(|scene| scene.fall_behind("t", 0, &[]));
    assert_eq!(problems(&watch.check(9)), []);
    assert_eq!(published(9), Some(0.0));
}
