//! Streams groups: members by their tasks, internal topics, and why one cannot run.

use crate::real_kafka::show;
use crate::support::broker::{Act, Group, STREAMS_GROUP_DESCRIBE, Scene, Topic, When};
use crate::support::check::check;

const REPARTITION: &str = "app-by-size-repartition";
const CHANGELOG: &str = "app-counts-changelog";

/// One member has the first partition of both topics, another the second one.
fn app() -> Group {
    let group = Group::streams("app").commits("words", &[10, 4]).commits(REPARTITION, &[10, 10]);
    let group = group.internal(REPARTITION).changelog(CHANGELOG);
    let group = group.member("one", "words", &[0]).member("one", REPARTITION, &[0]);
    group.member("two", "words", &[1]).member("two", REPARTITION, &[1])
}

fn scene(group: Group) -> Scene {
    of(1, group)
}

fn of(brokers: i32, group: Group) -> Scene {
    let topics = ["words", REPARTITION, CHANGELOG].map(|name| Topic::new(name, &[0..10, 0..10]));
    topics.into_iter().fold(Scene::of(brokers).group(group), Scene::topic)
}

#[test]
fn members_are_reported_with_their_tasks_and_internal_topics_are_marked() {
    let report = check(&scene(app()).start());
    assert_eq!(show(report.group("app"), "type state total_lag"), "type=streams state=Stable total_lag=6");
    let partition = |topic, number| show(report.partition("app", topic, number), "lag member internal findings");
    assert_eq!(partition("words", 0), "lag=0 member=one internal=absent findings=[]");
    assert_eq!(partition("words", 1), "lag=6 member=two internal=absent findings=[]");
    assert_eq!(partition(REPARTITION, 1), "lag=0 member=two internal=true findings=[]");
    assert!(!report.0.to_string().contains(CHANGELOG), "being behind there is no lag: {}", report.0);
}

#[test]
fn an_application_that_cannot_run_is_reported_with_the_reason() {
    let report = check(&scene(app().state("NotReady")).start());
    let group = report.group("app");
    assert_eq!(show(group, "status state"), "status=UNKNOWN state=NotReady");
    assert!(group["reason"].as_str().unwrap().contains("a topic that it reads is missing"), "{group}");
    assert!(!report.complete());
}

#[test]
fn without_its_description_lag_is_still_reported() {
    let lacking = scene(app()).node(1, |node| node.lacks(STREAMS_GROUP_DESCRIBE));
    let hanging = scene(app()).fault(When::on(STREAMS_GROUP_DESCRIBE), Act::Close);
    for (scene, reported) in [(lacking, "does not offer StreamsGroupDescribe"), (hanging, "its members are unknown")] {
        let report = check(&scene.start());
        assert_eq!(report.lags("app"), format!("{REPARTITION}/0 0, {REPARTITION}/1 0, words/0 0, words/1 6"));
        let group = report.group("app");
        assert!(group["members"].is_null() && group["reason"].to_string().contains(reported), "{group}");
    }
}

#[test]
fn a_group_that_moves_is_asked_elsewhere_and_one_that_goes_is_gone() {
    let moves = Act::Change(|scene| scene.move_group("app", 2));
    let report = check(&of(2, app()).fault(When::on(STREAMS_GROUP_DESCRIBE).times(1), moves).start());
    assert!(report.complete(), "{report:?}");
    assert_eq!(show(report.partition("app", "words", 1), "lag member"), "lag=6 member=two");
    let goes = Act::Change(|scene| scene.delete_group("app"));
    let report = check(&scene(app()).fault(When::on(STREAMS_GROUP_DESCRIBE).times(1), goes).start());
    assert_eq!(report.group("app")["state"], "Dead");
}
