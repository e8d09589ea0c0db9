//! Parts of a cluster, and groups that are quiet.

use std::collections::BTreeSet;

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
    let mut together = BTreeSet::new();
    let mut one = Value::Null;
    for minute in 0..5 {
        one = whole.look(minute);
        together.clear();
        for part in 1..=8 {
            let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60), "part": format!("{part}/8") });
            let report = parts.run(minute * 60 + DELAY, event, &[]);
            assert_eq!(problems(&report), [""; 0]);
            for group in seen(&report) {
                assert!(together.insert(group.clone()), "{group} is seen twice");
            }
        }
    }
    assert_eq!(together, seen(&one));
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
fn a_look_that_names_groups_is_not_measured_by_the_number_of_another_part() {
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
        watch.look(minute);
    }
    assert_eq!(watch.published("well", 0..6), "- - - - - -");
    // It lags in one look, and is published in that one and three more.
    watch.work(&["crashed", "stuck"]);
    watch.look(6);
    for minute in 7..12 {
        watch.work(&["crashed", "stuck", "well"]);
        watch.look(minute);
    }
    assert_eq!(watch.published("well", 5..12), "- 1 1 1 1 - -");
    assert_eq!(watch.published("stuck", 5..12), "- - - - - - -");
    let beats = watch.metric(names::HEARTBEAT).len();
    assert_eq!(beats, 12, "what is told about the cluster is always published");
}
