//! Groups whose coordinator is away: no broker lists them, and none reports that.

use kafka_protocol::messages::ApiKey;
use meerkat::judge::verdict::Verdict;
use serde_json::Value;

use super::is_unknown;
use crate::preflight::answer;
use crate::support::broker::{Act, Group, NO_LISTENER, Release, Scene, Stage, Topic, Voice, When};
use crate::support::check::{Check, Report, check};

/// Two brokers with a group each, five records behind both.
fn two() -> Scene {
    Scene::of(2)
        .group(Group::classic("orders").commits("t", &[5]))
        .group(Group::consumer("bills").at(2).commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]))
}

/// The run with this in `MEERKAT_EXPECT`.
fn expecting(scene: Scene, expected: &str) -> Report {
    let stage = scene.start();
    Check::at(&stage.bootstrap()).with("MEERKAT_EXPECT", expected).report(&stage)
}

fn status(report: &Report, group: &str) -> (String, String) {
    let text = |key: &str| report.group(group)[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

#[test]
fn offsets_partitions_without_a_leader_make_a_run_incomplete() {
    let causes = [
        (-1, "the partition has no leader"),
        (NO_LISTENER, "no listener of the name"),
        (3, "broker 3, is not among the brokers"),
    ];
    for (leader, why) in causes {
        let report = check(&two().offsets_led_by(&[1, leader]).start());
        assert!(!report.complete());
        assert_eq!(*report.at("status"), "UNKNOWN");
        let expected =
            "groups: those whose coordinator is away may be missing (25 of 50 partitions of __consumer_offsets: ";
        assert!(report.problems()[0].starts_with(expected), "{:?}", report.problems());
        assert!(report.problems()[0].contains(why), "{:?}", report.problems());
        assert_eq!(report.lags("orders"), "t/0 5");
    }
}

#[test]
fn groups_and_logs_of_a_broker_without_the_listener_are_unknown_and_none_is_missing() {
    // It is left out of the brokers, and what it leads has error 72: so answers a cluster of which one broker lacks the listener.
    let scene = two().topic(Topic::new("u", &[0..10]).led_by(&[NO_LISTENER])).conceal(2);
    let scene = scene.group(Group::classic("reader").commits("t", &[10]).commits("u", &[5]));
    let stage = scene.offsets_led_by(&[1, NO_LISTENER]).start();
    let first = stage.address(1).to_string();
    // "bills" belongs to partition 14 of 50, and "gone" to 5: Java's hashes of the names.
    let report = Check::at(&first).with("MEERKAT_EXPECT", "gone,a*,orders,reader").report(&stage);
    assert!(report.problems()[0].contains("25 of 50 partitions of __consumer_offsets: "), "{:?}", report.problems());
    for group in ["gone", "a*"] {
        is_unknown(&report, group, "no listener of the name that is used here, or is down");
    }
    assert_eq!((report.lags("orders"), report.lags("reader")), ("t/0 5".into(), "t/0 0, u/0 ?".into()));
    let reason = report.partition("reader", "u", 0)["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("no listener of the name that is used here"), "{reason}");
    assert_eq!(stage.connections(), 1, "nobody can connect to a broker without an address");
}

#[test]
fn a_share_group_that_is_asked_for_while_its_coordinator_is_away_is_unknown() {
    let share = || two().group(Group::share("s").at(2).commits("t", &[5]));
    let named = |stage: &Stage| Check::at(&stage.bootstrap()).named(&["s"]).briefly().report(stage);
    is_unknown(&named(&share().node(2, |node| node.voice = Voice::Closed).start()), "s", "Connection refused");
    is_unknown(&named(&share().node(2, |node| node.voice = Voice::Silent).start()), "s", "before the deadline");
    // It belongs to partition 15 of 50.
    let mut leaders = [1; 50];
    leaders[15] = -1;
    let leaderless = share().offsets_led_by(&leaders).node(2, |node| node.voice = Voice::Closed).start();
    is_unknown(&named(&leaderless), "s", "its coordinator is away");
    // Requested as a classic group it is dead, which shows nothing about a group of another kind.
    for (act, why) in
        [(Act::Code(31), "whether there is such a group is unknown: "), (Act::Hang, "before the deadline")]
    {
        let unlisted = share().fault(When::on(ApiKey::ListGroups).at(2), act).start();
        is_unknown(&named(&unlisted), "s", why);
    }
}

#[test]
fn a_whole_offsets_topic_makes_no_noise() {
    let report = check(&two().start());
    assert!(report.complete(), "{:?}", report.problems());
}

#[test]
fn an_old_broker_is_asked_for_the_offsets_topic_once_it_shows_groups() {
    let scene = || two().release(Release::V2_1);
    assert!(check(&scene().start()).complete());
    assert!(check(&scene().offsets_led_by(&[-1, 1]).start()).problems()[0].contains("25 of 50"));
    // Asking for the topic would create it.
    let stage = Scene::of(1).without_offsets_topic().release(Release::V2_1).start();
    assert!(check(&stage).complete());
    assert!(
        stage.asked(ApiKey::Metadata).iter().all(|seen| !seen.body.windows(18).any(|at| at == b"__consumer_offsets"))
    );
}

#[test]
fn an_old_cluster_that_shows_no_groups_is_asked_whether_there_can_be_any() {
    // The only group's coordinator has no replica left, and is no broker any more.
    let scene = || {
        let group = Group::classic("bills").at(2).commits("t", &[5]);
        let scene = Scene::of(2).release(Release::V2_1).group(group).topic(Topic::new("t", &[0..10]));
        scene.conceal(2).offsets_led_by(&[1, -1])
    };
    let at = |scene: Scene| {
        let stage = scene.start();
        let report = Check::at(&stage.address(1).to_string()).briefly().report(&stage);
        (report.complete(), report.problems())
    };
    let (complete, problems) = at(scene());
    assert!(!complete && problems[0].contains("25 of 50 partitions of __consumer_offsets"), "{problems:?}");
    assert_eq!(at(scene().hidden_offsets()), (true, Vec::new()));
    let (complete, problems) = at(scene().fault(When::on(ApiKey::ListOffsets), Act::Hang));
    assert!(!complete && problems[0].starts_with("groups: whether there are any is unknown: "), "{problems:?}");
}

#[test]
fn a_coordinator_of_an_old_cluster_that_is_being_elected_is_waited_for() {
    let elected = Act::Change(|scene| {
        scene.reveal(2);
        scene.lead_offsets(&[1, 2]);
    });
    let scene = two().release(Release::V2_1).conceal(2).offsets_led_by(&[1, -1]);
    // The first answer has the brokers, the second the offsets topic.
    let scene =
        scene.fault(When::on(ApiKey::Metadata).times(2), Act::AS_USUAL).fault(When::on(ApiKey::Metadata), elected);
    let stage = scene.start();
    let report = Check::at(&stage.address(1).to_string()).report(&stage);
    assert_eq!((report.groups(), report.problems()), (vec!["bills", "orders"], Vec::new()));
}

#[test]
fn share_groups_are_waited_for_while_what_holds_their_state_is_elected() {
    let scene = || two().group(Group::share("s").commits("t", &[5])).share_state_led_by(&[1, -1]);
    let report = check(&scene().start());
    let expected =
        "share groups: they are not known (25 of 50 partitions of __share_group_state: the partition has no leader)";
    assert_eq!((report.complete(), report.problems()), (false, vec![expected.into()]));
    let elected = Act::Change(|scene| scene.lead_share_state(&[1, 2]));
    let report = check(&scene().fault(When::on(ApiKey::ListGroups).at(1).times(1), elected).start());
    assert_eq!((report.complete(), report.problems()), (true, Vec::new()));
    assert_eq!(report.lags("s"), "t/0 5");
    // No other group needs it.
    assert!(check(&two().share_state_led_by(&[-1]).start()).complete());
}

#[test]
fn a_group_without_its_coordinator_is_distinguished_from_one_that_does_not_exist() {
    // "gone" belongs to partition 5 of 50, "a" to 47: Java's hashes of the names.
    let mut leaders = [1; 50];
    leaders[5] = -1;
    for expected in [true, false] {
        let stage = two().offsets_led_by(&leaders).start();
        let at = Check::at(&stage.bootstrap());
        let at = if expected { at.with("MEERKAT_EXPECT", "gone,a") } else { at.named(&["gone", "a"]) };
        let report = at.report(&stage);
        is_unknown(&report, "gone", "its coordinator is away");
        assert_eq!(status(&report, "a"), ("NOTFOUND".into(), "there is no such group".into()));
    }
}

#[test]
fn what_is_expected_is_not_missing_while_a_coordinator_is_down() {
    let down = || two().node(2, |node| node.voice = Voice::Closed);
    is_unknown(&expecting(down(), "bills"), "bills", "Connection refused");
    is_unknown(&expecting(down(), "b*"), "b*", "Connection refused");
}

#[test]
fn what_is_expected_is_not_missing_where_the_listing_is_refused() {
    let refused = || two().fault(When::on(ApiKey::ListGroups).at(2), Act::Code(31));
    is_unknown(&expecting(refused(), "b*"), "b*", "this user may not describe the cluster");
    // A group that is named in full is asked for even if the listing leaves it out.
    assert_eq!(expecting(refused(), "bills").lags("bills"), "t/0 5");
    let hidden = refused().group(Group::classic("hidden").at(2).refused(30));
    is_unknown(&expecting(hidden, "hidden"), "hidden", "this user may not describe the group");
}

#[test]
fn what_is_expected_and_nowhere_is_missing() {
    let report = expecting(two(), "nobody,no-*,orders,b*");
    for group in ["nobody", "no-*"] {
        assert_eq!(status(&report, group), ("NOTFOUND".into(), "there is no such group".into()));
    }
    assert_eq!(report.groups(), ["bills", "no-*", "nobody", "orders"]);
}

#[test]
fn a_group_of_another_protocol_is_no_missing_group_and_no_idle_one() {
    let scene = two().group(Group::new("sink", "classic", "connect"));
    let stage = scene.start();
    let report = Check::at(&stage.bootstrap()).named(&["sink"]).report(&stage);
    is_unknown(&report, "sink", "protocol type is connect");
}

#[test]
fn where_nobody_answers_nothing_is_missing() {
    let stage = Scene::of(1).release(Release::V2_1).fault(When::on(ApiKey::ListGroups), Act::Hang).start();
    let at = Check::at(&stage.bootstrap()).named(&["orders"]).briefly();
    is_unknown(&at.report(&stage), "orders", "no answer before the deadline");
}

#[test]
fn without_a_broker_to_ask_for_the_coordinator_the_cause_is_reported() {
    // The broker that returned the metadata has none of the advertised addresses, and those cannot be reached.
    let silence = |scene: &mut Scene| *scene = std::mem::take(scene).every_node(|node| node.voice = Voice::Silent);
    let stage = two().fault(When::on(ApiKey::Metadata).times(1), Act::Change(silence)).start();
    let bootstrap = stage.bootstrap().replace("127.0.0.1", "localhost");
    let at = Check::at(&bootstrap).named(&["orders"]).briefly();
    let because = "no broker answers for the group's coordinator: broker 1 (127.0.0.1:";
    is_unknown(&at.report(&stage), "orders", because);
}

#[test]
fn preflight_reports_that_groups_may_be_missing_where_the_offsets_topic_has_no_leader() {
    let stage = two().offsets_led_by(&[1, -1]).start();
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let outcome = answer(&variables, r#"{"mode": "preflight"}"#);
    let reported: Value = serde_json::from_str(&outcome.json).unwrap();
    let mut lines = reported["lines"].as_array().unwrap().iter();
    let line = lines.find(|line| line["section"] == "snapshot" && line["subject"] == "groups").unwrap_or(&Value::Null);
    assert_eq!((&line["status"], outcome.status), (&"does not work".into(), Verdict::Err), "{reported}");
    let found = line["found"].as_str().unwrap();
    assert!(found.starts_with("those whose coordinator is away may be missing (25 of 50 partitions"), "{found}");
}

#[test]
fn a_hidden_offsets_topic_alone_leaves_the_run_complete_and_preflight_reports_it() {
    let stage = two().hidden_offsets().start();
    assert!(check(&stage).complete());
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let reported: Value = serde_json::from_str(&answer(&variables, r#"{"mode": "preflight"}"#).json).unwrap();
    let lines = reported["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["subject"] == "coordinators").unwrap_or(&Value::Null);
    assert_eq!(line["status"], "works with less", "{reported}");
}
