//! Connections of an earlier run of the same process.

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Group, Scene, Topic, When};
use crate::support::check::{Check, Report, some_attempt_gives};

/// Two brokers with a group each.
fn two() -> Scene {
    Scene::of(2)
        .group(Group::classic("orders").commits("t", &[5]))
        .group(Group::classic("bills").at(2).commits("u", &[5]))
        .topic(Topic::new("t", &[0..10]))
        .topic(Topic::new("u", &[0..10]).led_by(&[2]))
}

fn is_whole(report: &Report) -> bool {
    report.complete() && (report.lags("orders"), report.lags("bills")) == ("t/0 5".into(), "u/0 5".into())
}

#[test]
fn connections_are_kept_as_long_as_they_are_answered() {
    some_attempt_gives(&2, || {
        let stage = two().start();
        let reports = Check::at(&stage.bootstrap()).twice(|| ());
        assert!(reports.iter().all(is_whole), "{reports:?}");
        stage.connections()
    });
}

/// The peers disappeared silently: connections are open, and nothing is ever answered on them.
#[test]
fn a_kept_connection_that_is_silent_is_raced_by_a_new_one() {
    let stage = two().start();
    let [_, second] = Check::at(&stage.bootstrap()).within(std::time::Duration::from_secs(10)).twice(|| {
        stage.change(Scene::go_silent);
    });
    assert!(is_whole(&second), "{second:?}");
    assert_eq!(stage.connections(), 4);
}

/// A kept connection that answers late is not dead.
#[test]
fn a_kept_connection_that_answers_slowly_serves_all_the_same() {
    some_attempt_gives(&2, || {
        let slow = |scene: Scene| scene.fault(When::on(ApiKey::ListGroups).at(2).times(1), Act::Trickled(30));
        let stage = two().start();
        let [_, second] = Check::at(&stage.bootstrap()).twice(|| {
            stage.change(|scene| *scene = slow(std::mem::take(scene)));
        });
        assert!(is_whole(&second), "{second:?}");
        stage.connections()
    });
}

/// An answer that arrived when no caller waited any more does not prevent a connection from being kept.
#[test]
fn an_answer_that_comes_after_its_deadline_is_counted_off() {
    // The first broker is asked for topics, and the second one as well, since the first is silent for a while.
    let metadata = || When::on(ApiKey::Metadata).at(1).times(1);
    let stage = two()
        .fault(metadata(), Act::AS_USUAL)
        .fault(metadata(), Act::Held)
        .fault(When::on(ApiKey::ListOffsets).at(2), Act::Change(Scene::let_go))
        .start();
    let reports = Check::at(&stage.bootstrap()).twice(|| ());
    assert!(reports.iter().all(is_whole), "{reports:?}");
    assert_eq!(stage.connections(), 2);
}
