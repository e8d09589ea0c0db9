//! Groups in every state of Kafka 4.4, and members of every kind: what is reported of them stays right.

use serde_json::{Value, json};

use crate::real_kafka::show;
use crate::support::broker::{Group, Scene, Topic};
use crate::support::check::{Check, check};

/// A kind of groups.
type Make = fn(&str) -> Group;

/// `GroupState` of Kafka 4.4, by the kinds of groups that can be in it.
const STATES: [(&str, Make, &[&str]); 4] = [
    ("classic", Group::classic, &["PreparingRebalance", "CompletingRebalance", "Stable", "Empty", "Dead"]),
    ("consumer", Group::consumer, &["Assigning", "Reconciling", "Stable", "Empty", "Dead"]),
    ("share", Group::share, &["Stable", "Empty", "Dead"]),
    ("streams", Group::streams, &["NotReady", "Assigning", "Reconciling", "Stable", "Empty", "Dead"]),
];

#[test]
fn in_every_state_lag_is_what_it_is_and_nobody_is_called_unassigned_for_a_rebalance() {
    for (kind, group, states) in STATES {
        for state in states {
            // No member has partition 1 at this moment.
            let mut group = group("g").commits("t", &[5, 8]);
            if !matches!(*state, "Empty" | "Dead") {
                group = group.member("m", "t", &[0]);
            }
            let report = check(&Scene::of(1).group(group.state(state)).topic(Topic::new("t", &[0..10, 0..10])).start());
            let reported = report.group("g");
            assert_eq!(show(reported, "type state"), format!("type={kind} state={state}"));
            assert_eq!(report.lags("g"), "t/0 5, t/1 2", "{kind} {state}");
            let members = usize::from(!matches!(*state, "Empty" | "Dead"));
            assert_eq!(reported["members"], members, "{kind} {state}");
            assert_eq!(report.partition("g", "t", 1)["findings"], json!([]), "{kind} {state}");
            assert_eq!(report.complete(), *state != "NotReady", "{kind} {state}: {reported}");
        }
    }
}

#[test]
fn an_unknown_state_is_reported_unchanged() {
    for (kind, group, _) in STATES {
        let group = group("g").commits("t", &[5]).member("m", "t", &[0]).state("Hibernating");
        let report = check(&Scene::of(1).group(group).topic(Topic::new("t", &[0..10])).start());
        assert_eq!(show(report.group("g"), "state members"), "state=Hibernating members=1", "{kind}");
        assert_eq!(report.lags("g"), "t/0 5", "{kind}");
    }
}

#[test]
fn topics_of_a_regular_expression_are_known_from_the_assignment() {
    let group = Group::consumer("g").commits("orders-eu", &[5]).commits("retired", &[3]);
    let group = group.matching("m", "orders-.*", "orders-eu", &[0, 1]);
    let topics = ["orders-eu", "retired"].map(|name| Topic::new(name, &[0..10, 0..10, 0..0]));
    let report = check(&topics.into_iter().fold(Scene::of(1).group(group), Scene::topic).start());
    let partition = |topic, number| show(report.partition("g", topic, number), "lag member findings");
    assert_eq!(partition("orders-eu", 0), "lag=5 member=m findings=[]");
    assert_eq!(partition("orders-eu", 1), r#"lag=null member=m findings=["no_commit","uncommitted"]"#);
    assert_eq!(partition("orders-eu", 2), r#"lag=null member=null findings=["no_commit"]"#);
    // Nothing that is assigned belongs to it, so no member reads it.
    assert_eq!(partition("retired", 0), r#"lag=7 member=null findings=["unassigned"]"#);
}

#[test]
fn groups_of_other_protocols_are_counted_and_reported_with_their_protocol() {
    let scene = || {
        Scene::of(1)
            .topic(Topic::new("t", &[0..10]))
            .group(Group::new("connect-cluster", "classic", "connect"))
            .group(Group::new("schema-registry", "classic", "sr"))
            .group(Group::classic("connect-sink").commits("t", &[4]).member("connector-consumer-sink-0", "t", &[0]))
    };
    let stage = scene().start();
    let report = check(&stage);
    assert_eq!(report.groups(), ["connect-sink"]);
    assert_eq!(*report.at("left_out"), json!({ "connect": 1, "sr": 1 }));
    assert_eq!(show(report.group("connect-sink"), "type state total_lag"), "type=classic state=Stable total_lag=6");
    for (name, protocol) in [("connect-cluster", "connect"), ("schema-registry", "sr")] {
        let report = Check::at(&stage.bootstrap()).named(&[name]).report(&stage);
        let reported = show(report.group(name), "status total_lag reason");
        let reason = format!("the group's protocol type is {protocol}: it is no consumer group");
        assert_eq!(reported, format!("status=UNKNOWN total_lag=null reason={reason}"));
        assert_eq!((&report.0["status"], report.complete()), (&Value::from("UNKNOWN"), false));
        let report = Check::at(&stage.bootstrap()).with("MEERKAT_EXPECT", name).report(&stage);
        assert_eq!(report.group(name)["status"], "UNKNOWN");
    }
}
