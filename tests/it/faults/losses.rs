//! A commit and a log that were not read at the same moment.

use std::ops::Range;

use kafka_protocol::messages::ApiKey;
use serde_json::json;

use super::is_unknown;
use crate::support::broker::{Act, Group, Release, Scene, Topic, When};
use crate::support::check::{Check, check};

fn scene() -> Scene {
    Scene::of(2)
        .group(Group::classic("purger").at(2).commits("repartition", &[5]))
        .group(Group::classic("other").commits("repartition", &[10]))
        .topic(Topic::new("repartition", &[0..10]))
}

#[test]
fn a_topic_that_is_trimmed_behind_a_commit_has_lost_nothing() {
    for release in [Release::V4_1, Release::V2_8] {
        let trimming = Act::Change(|scene| {
            scene.commit("purger", "repartition", 0, 60);
            scene.trim("repartition", 0, 60);
        });
        let stage = scene().release(release).fault(When::on(ApiKey::ListOffsets).times(1), trimming).start();
        let report = check(&stage);
        let entry = report.partition("purger", "repartition", 0);
        assert_eq!((&entry["committed"], &entry["findings"]), (&json!(60), &json!([])), "{release:?}: {entry}");
        // The others' commits lie before the trimmed part for good.
        assert_eq!(report.partition("other", "repartition", 0)["findings"], json!(["data_loss"]));
    }
}

#[test]
fn a_loss_that_is_read_twice_is_reported() {
    let stage = scene().change(|scene| scene.trim("repartition", 0, 7)).start();
    let report = check(&stage);
    let entry = report.partition("purger", "repartition", 0);
    assert_eq!((&entry["findings"], &entry["lost"]), (&json!(["data_loss"]), &json!(2)), "{entry}");
    // One more question, about that group alone.
    assert_eq!(stage.asked(ApiKey::OffsetFetch).len(), 3);
}

#[test]
fn a_loss_that_cannot_be_asked_about_again_is_unknown() {
    for (act, why) in [(Act::Code(30), "may not describe the group"), (Act::Close, "the connection was lost")] {
        let scene = scene().change(|scene| scene.trim("repartition", 0, 7));
        let scene = scene.fault(When::on(ApiKey::OffsetFetch).times(2), Act::AS_USUAL);
        let report = check(&scene.fault(When::on(ApiKey::OffsetFetch), act).start());
        is_unknown(&report, "purger", "whether records were deleted unread is unknown: ");
        is_unknown(&report, "purger", why);
        assert_eq!(report.partition("purger", "repartition", 0)["findings"], json!([]));
        assert_eq!(report.lags("other"), "repartition/0 0");
    }
}

#[test]
fn a_loss_is_confirmed_while_another_leader_hangs() {
    let scene = Scene::of(2).group(Group::classic("g").commits("t", &[5]).commits("u", &[5]));
    let scene = scene.topic(Topic::new("t", &[7..10])).topic(Topic::new("u", &[0..10]).led_by(&[2]));
    let stage = scene.fault(When::on(ApiKey::ListOffsets).at(2), Act::Hang).start();
    let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
    assert_eq!(report.lags("g"), "t/0 3, u/0 ?");
    assert_eq!(report.partition("g", "t", 0)["lost"], 2);
}

#[test]
fn a_share_group_whose_topic_is_trimmed_behind_it_has_lost_nothing() {
    // Of the twenty records behind its new start twelve are acknowledged.
    for (release, left) in [(Release::V4_1, 20), (Release::V4_4, 8)] {
        let trimming = Act::Change(|scene| {
            scene.acknowledge("s", "t", 0, 60, 12);
            scene.trim("t", 0, 60);
            scene.produce("t", 20);
        });
        let scene = Scene::of(1).release(release).group(Group::share("s").commits("t", &[5]));
        let scene = scene.topic(Topic::new("t", &[0..10]));
        let report = check(&scene.fault(When::on(ApiKey::ListOffsets).times(1), trimming).start());
        let entry = report.partition("s", "t", 0);
        let reported = (&entry["start"], &entry["findings"], &entry["lag"]);
        assert_eq!(reported, (&json!(60), &json!([]), &json!(left)), "{release:?}: {entry}");
    }
}

#[test]
fn without_a_loss_nothing_is_asked_twice() {
    let stage = scene().start();
    check(&stage);
    assert_eq!(stage.asked(ApiKey::OffsetFetch).len(), 2);
}

#[test]
fn a_log_ends_where_it_is_stable_at_the_earliest() {
    // The high watermark was asked for first, and the log grew meanwhile.
    let grown = Topic::new("repartition", &[0..12]).ends(0, 10);
    let stage = Scene::of(1).group(Group::classic("g").commits("repartition", &[5])).topic(grown).start();
    let entry = check(&stage).partition("g", "repartition", 0).clone();
    assert_eq!((&entry["log_end"], &entry["last_stable"]), (&json!(12), &json!(12)));
}

#[test]
fn every_partition_of_a_topic_that_a_group_reads_is_listed() {
    let grown = || Topic::new("t", &[0..5, 0..200, 0..0]);
    for group in [Group::classic("g"), Group::consumer("g")] {
        let reader = group.commits("t", &[5]).member("reader", "t", &[0]);
        let report = check(&Scene::of(1).group(reader).topic(grown()).start());
        assert_eq!(report.lags("g"), "t/0 0, t/1 ?, t/2 ?");
        assert_eq!(report.group("g")["total_lag"], 0);
        let entry = report.partition("g", "t", 1);
        assert_eq!(entry["findings"], json!(["no_commit", "uncommitted"]), "{entry}");
        assert_eq!((&entry["log_end"], &entry["member"]), (&json!(200), &json!(null)));
        // There is nothing to read.
        assert_eq!(report.partition("g", "t", 2)["findings"], json!(["no_commit"]));
    }
}

#[test]
fn a_group_without_members_is_not_assumed_to_read_whole_topics() {
    let report = check(
        &Scene::of(1).group(Group::classic("g").commits("t", &[5])).topic(Topic::new("t", &[0..5, 0..9])).start(),
    );
    assert_eq!(report.lags("g"), "t/0 0");
}

#[test]
fn unassigned_is_what_nobody_subscribes_to() {
    let group = Group::consumer("g").commits("left", &[5]).commits("t", &[5, 5]).member("reader", "t", &[0]);
    let scene = Scene::of(1).group(group).topic(Topic::new("t", &[0..5, 0..5])).topic(Topic::new("left", &[0..9]));
    let report = check(&scene.start());
    assert_eq!(report.partition("g", "left", 0)["findings"], json!(["unassigned"]));
    // Between two rebalances no member reads it, and one will.
    assert_eq!(report.partition("g", "t", 1)["findings"], json!([]));
}

#[test]
fn a_log_that_ends_before_it_starts_is_refused_as_what_it_is() {
    let group = Group::classic("g").commits("t", &[5, 5]);
    let stage = Scene::of(1).group(group).topic(Topic::new("t", &[Range { start: 20, end: 10 }, 0..10])).start();
    let report = check(&stage);
    assert_eq!(report.partition("g", "t", 0)["reason"], "the leader answers a log that starts at 20 and ends at 10");
    assert_eq!(report.partition("g", "t", 0)["log_end"], json!(null));
    assert_eq!(report.lags("g"), "t/0 ?, t/1 5");
}

#[test]
fn a_negative_partition_is_refused_as_what_it_is() {
    let commit = |scene: &mut Scene| scene.commit("bad", "t", -1, 3);
    let scene = Scene::of(1).topic(Topic::new("t", &[0..10])).group(Group::classic("bad").commits("t", &[5]));
    let scene = scene.group(Group::classic("good").commits("t", &[5]));
    let stage = scene.group(Group::classic("odd").commits("t", &[5]).member("m", "t", &[-1])).change(commit).start();
    let report = check(&stage);
    assert_eq!(report.group("bad")["reason"], "the coordinator answers for partition -1 of topic t");
    assert!(
        report.group("odd")["reason"].as_str().unwrap().contains("the coordinator returns partition -1 as assigned")
    );
    assert_eq!(report.lags("good"), "t/0 5");
}
