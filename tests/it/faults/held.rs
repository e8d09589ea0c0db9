//! Commits that an open transaction holds: until it ends they do not count, and only a request by partition returns
//! them.

use kafka_protocol::messages::{ApiKey, OffsetFetchRequest};
use serde_json::json;

use super::is_unknown;
use crate::support::broker::{Act, Group, Release, Scene, Stage, Topic, When};
use crate::support::check::check;

const HELD: &str = "an open transaction holds the group's first commit";
const IN_DOUBT: &str = "whether an open transaction holds the group's first commit is unknown: ";

fn scene() -> Scene {
    Scene::of(1).topic(Topic::new("t", &[0..10, 0..10, 0..10])).topic(Topic::new("other", &[0..10]))
}

/// The partitions that were asked for by name, as `topic/partition`.
fn asked_by_name(stage: &Stage) -> Vec<String> {
    let mut asked = Vec::new();
    for seen in stage.asked(ApiKey::OffsetFetch) {
        let request = seen.request::<OffsetFetchRequest>();
        for topic in request.groups.iter().flat_map(|group| group.topics.iter().flatten()) {
            asked.extend(topic.partition_indexes.iter().map(|at| format!("{}/{at}", topic.name.as_str())));
        }
    }
    asked
}

#[test]
fn a_transaction_that_holds_the_first_commit_of_a_group_is_named() {
    for release in [Release::V2_8, Release::V4_1] {
        let stage = Scene::of(1)
            .release(release)
            .group(Group::classic("g").held("t", 1))
            .topic(Topic::new("t", &[0..10, 0..10]))
            .start();
        let report = check(&stage);
        is_unknown(&report, "g", "an open transaction holds the group's first commit");
        assert_eq!(report.lags("g"), "t/1 ?", "{release:?}");
    }
}

#[test]
fn a_group_that_no_transaction_holds_anything_of_reads_nothing() {
    for release in [Release::V2_1, Release::V4_1] {
        let stage = Scene::of(1).release(release).group(Group::classic("g")).topic(Topic::new("t", &[0..10])).start();
        let report = check(&stage);
        let group = report.group("g");
        assert_eq!(
            (&group["status"], &group["reason"]),
            (&"OK".into(), &"the group reads nothing".into()),
            "{release:?}"
        );
    }
}

/// A group with a member of each kind that commits in transactions.
fn with_member() -> [Group; 3] {
    [Group::classic("g"), Group::consumer("g"), Group::streams("g")].map(|group| group.member("m", "t", &[0, 1, 2]))
}

#[test]
fn pending_commits_of_a_group_with_members_are_reported_beside_its_commits() {
    for release in [Release::V2_8, Release::V4_1, Release::V4_4] {
        for group in with_member().into_iter().take(if release == Release::V2_8 { 1 } else { 2 }) {
            let stage = scene().release(release).group(group.commits("t", &[10]).held("t", 1)).start();
            let report = check(&stage);
            assert_eq!(report.lags("g"), "t/0 0, t/1 ?, t/2 ?", "{release:?}");
            let (held, bare) = (report.partition("g", "t", 1), report.partition("g", "t", 2));
            assert!(held["reason"].as_str().is_some_and(|reason| reason.starts_with(HELD)), "{held}");
            assert_eq!((&held["status"], &held["findings"]), (&json!("UNKNOWN"), &json!([])));
            assert_eq!(bare["findings"], json!(["no_commit", "uncommitted"]));
            is_unknown(&report, "g", HELD);
        }
    }
}

#[test]
fn only_partitions_that_a_group_reads_without_a_commit_are_asked_for_by_name() {
    for group in with_member() {
        let stage = scene().group(group.commits("t", &[5]).held("other", 0)).start();
        check(&stage);
        assert_eq!(asked_by_name(&stage), ["t/1", "t/2"]);
        // One question for all commits, and one for those.
        assert_eq!(stage.asked(ApiKey::OffsetFetch).len(), 2);
    }
}

#[test]
fn where_every_partition_that_is_read_has_a_commit_nothing_is_asked_by_name() {
    let stage = scene()
        .group(Group::classic("g").commits("t", &[5, 5, 5]).member("m", "t", &[0, 1, 2]))
        .group(Group::consumer("left").commits("t", &[5]))
        .group(Group::share("s").member("m", "t", &[0]))
        .start();
    check(&stage);
    assert_eq!(asked_by_name(&stage), [""; 0]);
    assert_eq!(stage.asked(ApiKey::OffsetFetch).len(), 1);
}

#[test]
fn a_group_that_rebalances_before_its_first_commit_may_read_anything() {
    let group = Group::classic("g").held("other", 0).member("m", "t", &[0]).state("PreparingRebalance");
    let report = check(&scene().group(group).start());
    assert_eq!(report.lags("g"), "other/0 ?");
    is_unknown(&report, "g", HELD);
}

#[test]
fn a_commit_that_arrived_meanwhile_is_used() {
    let commit = Act::Change(|scene| scene.commit("g", "t", 1, 4));
    let group = Group::classic("g").commits("t", &[5]).member("m", "t", &[0, 1]);
    let stage = scene().group(group).fault(When::on(ApiKey::Metadata).times(1), Act::AS_USUAL);
    // The topics are described after the commits are read.
    let report = check(&stage.fault(When::on(ApiKey::Metadata), commit).start());
    assert_eq!(report.lags("g"), "t/0 5, t/1 6, t/2 ?");
}

#[test]
fn where_that_question_has_no_answer_what_is_held_is_unknown() {
    let group = |name: &str| Group::classic(name).commits("t", &[10]).member("m", "t", &[0, 1, 2]);
    let refused = |scene: Scene| {
        check(
            &scene
                .fault(When::on(ApiKey::OffsetFetch).times(1), Act::AS_USUAL)
                .fault(When::on(ApiKey::OffsetFetch), Act::Code(30))
                .start(),
        )
    };
    let report = refused(scene().group(group("g")));
    assert_eq!(report.lags("g"), "t/0 0, t/1 ?, t/2 ?");
    is_unknown(&report, "g", &format!("{IN_DOUBT}this user may not describe the group"));
    is_unknown(&refused(scene().group(Group::classic("bare"))), "bare", IN_DOUBT);
}

#[test]
fn groups_beyond_the_limit_of_one_run_are_unknown() {
    // Two groups may be asked for all of 90,000 partitions each.
    let wide = Topic::new("wide", &vec![0..10; 90_000]);
    let bare = |number: usize| Group::classic(&format!("bare-{number}"));
    let stage = (0..4).map(bare).fold(Scene::of(1).topic(wide), Scene::group).start();
    let report = check(&stage);
    let status = [0, 1, 2, 3].map(|number| report.group(&format!("bare-{number}"))["status"].clone());
    assert_eq!(status, ["OK", "OK", "UNKNOWN", "UNKNOWN"]);
    let beyond = format!("{IN_DOUBT}a run asks for that of 2 groups without commits on a cluster of this size");
    is_unknown(&report, "bare-3", &beyond);
    assert_eq!(asked_by_name(&stage).len(), 180_000);
}
