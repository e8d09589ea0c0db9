//! Partitions that a group had and no longer has: hidden from this user, deleted with their topic, or without a
//! commit.

use super::trouble::{PERIODS, Runs, stands};
use super::*;
use crate::support::broker::Release;

impl Runs {
    /// The run, and the vanished partitions of a group in its report: why, of which topic, and which partitions.
    fn vanished(&mut self, group: &str, change: impl FnOnce(&mut Scene)) -> (Value, Vec<String>) {
        let report = self.next(change);
        let entries = self::group(&report, group)["vanished"].as_array().cloned().unwrap_or_default();
        let entry = |entry: &Value| {
            let topic = entry["topic"].as_str().unwrap_or("?");
            format!("{} {topic} {}", entry["why"].as_str().expect("a word"), entry["partitions"])
        };
        let reported = entries.iter().map(entry).collect();
        (report, reported)
    }
}

#[test]
fn a_topic_that_is_hidden_makes_its_group_unknown_and_costs_no_memory() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for number in 0..12 {
            let (report, vanished) = runs.vanished("crashed", |scene| scene.hide("of-crashed", true));
            assert_eq!(vanished, ["hidden ? [0,1]"], "run {number} at a period of {period}: {report}");
            let crashed = group(&report, "crashed");
            let reason = crashed["reason"].as_str().expect("a reason");
            assert!(
                reason.starts_with("the group had 2 partitions, and lacks 2 partitions of the topic with the id "),
                "{reason}"
            );
            assert!(
                reason.contains(" (0, 1), which this user may not describe any more: grant it DESCRIBE"),
                "{reason}"
            );
            assert_eq!((&crashed["status"], &report["complete"]), (&json!("UNKNOWN"), &json!(false)), "{report}");
            assert!(stands(&runs.published("crashed")), "{report}");
            assert_eq!(runs.published("stuck"), "3");
        }
        // Only three hours are kept of what was read last.
        let (report, vanished) = runs.vanished("crashed", |scene| scene.hide("of-crashed", false));
        assert_eq!(vanished, [""; 0], "{report}");
        let published = runs.published("crashed");
        let right = if period == 15 { stands(&published) } else { published == "3" };
        assert!(right, "{published} at a period of {period}: {report}");
    });
}

#[test]
fn a_deleted_topic_is_reported_for_ten_runs() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for number in 1..=12 {
            // The topic is written to at each run, so another one takes its name.
            let topic = Topic::new("of-crashed", &[0..1]);
            let (report, vanished) = runs.vanished("crashed", |scene| {
                scene.delete_topic("of-crashed");
                *scene = std::mem::take(scene).topic(topic);
                scene.renew("of-crashed");
            });
            let expected: &[&str] = if number <= 10 { &["deleted ? [0,1]"] } else { &[] };
            assert_eq!(vanished, expected, "run {number} at a period of {period}: {report}");
            let crashed = group(&report, "crashed");
            assert_eq!((&crashed["status"], &report["complete"]), (&json!("OK"), &json!(true)), "{report}");
            let says = crashed["reason"].as_str().expect("a reason").contains(" (0, 1), which was deleted");
            assert_eq!(says, number <= 10, "{report}");
            assert!(stands(&runs.published("crashed")), "nobody saw it recover");
        }
    });
}

#[test]
fn a_topic_that_was_created_anew_is_reported_so_for_ten_runs() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for number in 1..=12 {
            let (report, vanished) = runs.vanished("crashed", |scene| {
                if number == 1 {
                    scene.recreate_topic("of-crashed");
                }
            });
            let is_reported = number <= 10;
            let expected: &[&str] = if is_reported { &["recreated of-crashed [0,1]"] } else { &[] };
            assert_eq!(vanished, expected, "run {number} at a period of {period}: {report}");
            let crashed = group(&report, "crashed");
            for partition in crashed["partitions"].as_array().expect("partitions") {
                let findings = partition["findings"].as_array().expect("findings");
                assert_eq!(findings.contains(&json!("recreated")), is_reported, "run {number}: {report}");
            }
            let reason = crashed["reason"].as_str().expect("a reason");
            assert_eq!(
                reason.contains("of-crashed (0, 1), which was deleted and created again"),
                is_reported,
                "{reason}"
            );
            assert_eq!(report["complete"], true, "{report}");
            assert!(group(&report, "well")["vanished"].is_null(), "{report}");
        }
    });
}

#[test]
fn commits_that_expired_are_named_with_their_topic_for_ten_runs() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for number in 1..=12 {
            let (report, vanished) = runs.vanished("well", |scene| scene.expire("well", "of-well", 1));
            let stays = group(&report, "well")["members"] == json!(1);
            assert!(stays, "{report}");
            // A member is assigned, so the partition is there without a commit.
            assert_eq!(vanished, [""; 0], "{report}");
            let (report, vanished) = runs.vanished("crashed", |scene| scene.expire("crashed", "of-crashed", 1));
            let expected: &[&str] = if number <= 5 { &["no_commit of-crashed [1]"] } else { &[] };
            if number <= 5 || number > 6 {
                assert_eq!(vanished, expected, "run {number} at a period of {period}: {report}");
            }
            assert_eq!((&report["complete"], runs.published("crashed").as_str()), (&json!(true), "3"), "{report}");
        }
    });
}

#[test]
fn where_brokers_have_no_ids_nobody_knows_for_ten_runs_whether_a_topic_was_deleted() {
    let mut runs = Runs::every(1, scene().release(Release::V2_1)).until_trouble();
    for number in 1..=12 {
        let (report, vanished) = runs.vanished("crashed", |scene| scene.hide("of-crashed", true));
        let (expected, status): (&[&str], _) =
            if number <= 10 { (&["unknown ? [0,1]"], "UNKNOWN") } else { (&[], "OK") };
        assert_eq!(vanished, expected, "run {number}: {report}");
        assert_eq!(self::status(&report, "crashed"), status);
    }
}

#[test]
fn groups_that_come_and_go_cause_no_losses_of_other_groups() {
    let watch = Watch::new(scene());
    let name = |number: i64| format!("passing-{number}");
    for minute in 0..30 {
        watch.work(&["well", "stuck", "crashed"]);
        watch.stage.change(|scene| {
            for number in 0..4 {
                scene.delete_group(&name(minute * 4 + number));
                scene.add_group(Group::classic(&name(minute * 4 + 4 + number)).commits("of-well", &[1, 1]));
            }
        });
        let report = watch.check(minute);
        let groups = report["groups"].as_array().expect("groups");
        assert!(groups.iter().all(|group| group["vanished"].is_null()), "{report}");
        assert_eq!(report["complete"], true, "{report}");
    }
}
