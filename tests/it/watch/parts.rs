//! Parts of a cluster, and groups that are quiet.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;

fn many() -> Scene {
    (0..24).fold(scene(), |scene, number| {
        scene.group(Group::classic(&format!("group-{number}")).commits("of-well", &[90, 100]))
    })
}

/// The groups of a report with status and lag.
fn seen(report: &Value) -> BTreeSet<String> {
    let groups = report["groups"].as_array().expect("groups");
    groups.iter().map(|group| format!("{} {} {}", group["group"], group["status"], group["total_lag"])).collect()
}

#[test]
fn eight_parts_see_together_what_one_run_sees() {
    let whole = Watch::new(many()).with("MEERKAT_EXPECT", "group-*,nobody");
    let parts = Watch::new(many()).with("MEERKAT_EXPECT", "group-*,nobody");
    let together = &Mutex::new(BTreeSet::new());
    let mut one = Value::Null;
    for minute in 0..5 {
        one = whole.check(minute);
        together.lock().expect("a set").clear();
        side_by_side(1..=8, |part| {
            let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60), "part": format!("{part}/8") });
            let report = parts.run(minute * 60 + DELAY, event, &[]);
            assert_eq!(problems(&report), [""; 0]);
            for group in seen(&report) {
                assert!(together.lock().expect("a set").insert(group.clone()), "{group} is seen twice");
            }
        });
    }
    let together = together.lock().expect("a set");
    assert_eq!(*together, seen(&one));
    assert!(together.iter().any(|group| group.contains("nobody")), "{together:?}");
    // Cluster metrics add up.
    let sums = |watch: &Watch| {
        let mut groups = watch.metric(names::GROUPS);
        groups.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
        groups
    };
    assert_eq!(sums(&whole), sums(&parts));
    let beats: f64 = parts.metric(names::HEARTBEAT).iter().filter(|(second, _)| *second == 0).map(|(_, sum)| sum).sum();
    assert!((beats - 16.0).abs() < 0.1, "eight for the cluster and one for each part: {beats}");
}

#[test]
fn a_group_that_is_named_is_answered_whatever_the_part() {
    let watch = Watch::new(scene());
    for minute in 0..5 {
        for part in ["1/2", "2/2"] {
            let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60), "part": part });
            watch.run(minute * 60 + DELAY, event, &[]);
        }
    }
    for part in ["1/2", "2/2"] {
        let report =
            watch.run(5 * 60 + DELAY, json!({ "groups": ["crashed", "stuck", "well"] }), &[("MEERKAT_PART", part)]);
        assert_eq!(report["groups"].as_array().map(Vec::len), Some(3));
        let warming = |group: &Value| !group["warming_up_seconds"].is_null();
        assert!(!report["groups"].as_array().expect("groups").iter().any(warming), "{report}");
    }
}

#[test]
fn a_run_that_names_groups_is_not_compared_with_the_number_of_another_part() {
    let watch = Watch::new(many().hidden_offsets());
    let parts = ["1/2", "2/2"];
    let first = |part| watch.run(DELAY, json!({ "scheduled": rfc3339(MIDNIGHT), "part": part }), &[]);
    let groups = parts.map(|part| first(part)["groups"].as_array().expect("groups").clone());
    let larger = usize::from(groups[1].len() > groups[0].len());
    assert_ne!(groups[0].len(), groups[1].len());
    let event = json!({ "groups": [groups[larger][0]["group"]] });
    let report = watch.run(60 + DELAY, event, &[("MEERKAT_PART", parts[1 - larger])]);
    assert_eq!((problems(&report), &report["complete"]), (Vec::new(), &json!(true)));
}

#[test]
fn quiet_groups_are_quiet_and_their_alarms_close() {
    let watch = Watch::new(scene()).with("MEERKAT_METRICS_DETAIL", "problems");
    for minute in 0..6 {
        watch.work(&["crashed", "stuck", "well"]);
        watch.check(minute);
    }
    assert_eq!(watch.published("well", 0..6), "- - - - - -");
    // It lags in one run, and is published in that one and three more.
    watch.work(&["crashed", "stuck"]);
    watch.check(6);
    for minute in 7..12 {
        watch.work(&["crashed", "stuck", "well"]);
        watch.check(minute);
    }
    assert_eq!(watch.published("well", 5..12), "- 1 1 1 1 - -");
    assert_eq!(watch.published("stuck", 5..12), "- - - - - - -");
    let beats = watch.metric(names::HEARTBEAT).len();
    assert_eq!(beats, 12, "the metrics of the cluster are always published");
}

/// Three parts that know of trouble, and a run that is none of them.
#[test]
fn whoever_asks_in_between_sees_what_every_part_knows() {
    let watch = Watch::new(scene());
    let mut minute = 0;
    while minute < 8 || ["crashed", "stuck"].map(|group| watch.published(group, [minute - 1])) != ["3", "3"] {
        watch.work(if minute < 8 { &["crashed", "stuck", "well"] } else { &["well"] });
        if minute == 8 {
            watch.stage.change(|scene| scene.crash("crashed"));
        }
        for part in 1..=3 {
            let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60), "part": format!("{part}/3") });
            watch.run(minute * 60 + DELAY, event, &[]);
        }
        minute += 1;
        assert!(minute < 60, "never reported");
    }
    let second = minute * 60 - 20;
    let parts = [("MEERKAT_PARTS", "3")];
    let expected = [("crashed", "ERR"), ("stuck", "ERR"), ("well", "OK")];
    let statuses = |report: &Value| expected.map(|(name, _)| (name, status(report, name).to_owned()));

    let without = watch.run(second, json!({}), &[("MEERKAT_PUBLISH", "off")]);
    assert_eq!(status(&without, "stuck"), "OK", "nobody says how many parts there are");
    let before = watch.stand.metrics().len();
    let report = watch.run(second, json!({}), &parts);
    assert_eq!(statuses(&report), expected.map(|(name, word)| (name, word.to_owned())), "{report}");
    assert_eq!(problems(&report), [""; 0]);
    let report = watch.run(second, json!({ "groups": ["crashed", "stuck", "well"] }), &parts);
    assert_eq!(statuses(&report), expected.map(|(name, word)| (name, word.to_owned())));
    assert_eq!(watch.stand.metrics().len(), before, "a run that is none of the parts writes nothing");

    let answer = watch.run(second, json!({ "groups": ["stuck"], "format": "burrow" }), &parts);
    assert_eq!((&answer["status"]["status"], &answer["status"]["complete"]), (&json!("ERR"), &json!(1)), "{answer}");
    let history = watch.run(second, json!({ "mode": "history", "group": "stuck" }), &parts);
    let snapshots = history["partitions"][0]["looks"].as_array();
    assert!(snapshots.is_some_and(|snapshots| snapshots.len() > 8), "{history}");
    let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
    let report = watch.run(minute * 60 + DELAY, event, &parts);
    one_problem(&report, "schedule: MEERKAT_PARTS=3 expects a part of the groups per run, and this run has none");
    let other = Watch::new(scene());
    let output = other.output(0, json!({}), &[("MEERKAT_PARTS", "3"), ("MEERKAT_PART", "1/2")]);
    let reported = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        reported.contains("MEERKAT_PARTS is 3, and MEERKAT_PART is 1/2: leave MEERKAT_PARTS out, or set it to 2"),
        "{reported}"
    );
}
