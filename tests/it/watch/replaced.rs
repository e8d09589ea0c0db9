//! Members that are replaced, as by a deployment: no run has anything left of the one before but what is stored.

use super::*;

/// Two members read a partition each, `left` on the way out and `right`; ten records come to each from run to run.
fn watch() -> Watch {
    let group = Group::classic("g").commits("t", &[100, 100]).member("left", "t", &[0]).member("right", "t", &[1]);
    Watch::new(Scene::of(1).topic(Topic::new("t", &[0..100, 0..100])).group(group))
}

/// Eight runs of health, then members are replaced, each in a run of its own, and nothing is read any more: the first run that is not OK.
fn first_bad(replaced: &[(&str, &str)]) -> Value {
    let watch = watch();
    for minute in 0..30 {
        watch.stage.change(|scene| {
            scene.produce("t", 10);
            if minute < 8 {
                scene.catch_up("g", "t");
            } else if let Some((from, to)) = usize::try_from(minute - 8).ok().and_then(|at| replaced.get(at)) {
                scene.replace_member("g", from, to);
            }
        });
        let report = watch.check(minute);
        if status(&report, "g") != "OK" {
            return report;
        }
    }
    panic!("nothing was ever wrong");
}

#[test]
fn a_group_that_gets_into_trouble_after_all_its_members_were_replaced_is_reported_with_the_minute() {
    let replaced = [("left", "new-1"), ("right", "new-2")];
    let report = first_bad(&replaced);
    let diagnosis = &group(&report, "g")["diagnosis"];
    // The first of them left at 00:08, the other one a minute later.
    assert_eq!(diagnosis["evidence"]["members_replaced_at"], rfc3339(MIDNIGHT + 8 * 60), "{report}");
    let sentence = diagnosis["sentence"].as_str().expect("a sentence");
    assert!(sentence.ends_with("; all members were replaced at 00:08"), "{sentence}");
}

#[test]
fn a_member_that_stays_or_comes_back_replaces_nobody() {
    for replaced in [&[("right", "new")][..], &[("left", "away"), ("away", "left")], &[]] {
        let report = first_bad(replaced);
        let diagnosis = &group(&report, "g")["diagnosis"];
        assert!(diagnosis["kind"].is_string() && diagnosis["evidence"]["members_replaced_at"].is_null(), "{report}");
    }
}

#[test]
fn what_is_remembered_of_members_needs_no_more_requests_than_before() {
    let many = (0..120).fold(Scene::of(1).topic(Topic::new("t", &[0..100])), |scene, number| {
        let group = Group::classic(&format!("g-{number}")).commits("t", &[100]);
        scene.group((0..8).fold(group, |group, member| group.member(&format!("m-{number}-{member}"), "t", &[])))
    });
    let watch = Watch::new(many);
    let asked = || watch.stand.calls("GetMetricData").received;
    let runs: Vec<u64> = (0..5)
        .map(|minute| {
            let before = asked();
            watch.check(minute);
            asked() - before
        })
        .collect();
    assert_eq!(runs[2..], [runs[2]; 3], "{runs:?}");
    assert!(runs[2] <= 3, "{runs:?}");
}
