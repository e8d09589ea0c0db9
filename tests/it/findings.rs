//! What a run finds in groups of every kind, and what it reports where it lacks permission.

use kafka_protocol::messages::ApiKey;
use serde_json::{Value, json};

use crate::support::broker::{Act, Group, Release, Scene, Topic, When};
use crate::support::check::{Check, Report, check};

/// A run over one group that reads the topic `t` with one log.
fn one(group: Group, log: std::ops::Range<i64>) -> Report {
    check(&Scene::of(1).group(group).topic(Topic::new("t", &[log])).start())
}

/// The lag of that group's partition, and what was found in it.
fn found(committed: i64, log: std::ops::Range<i64>) -> (Value, Value) {
    let report = one(Group::classic("g").commits("t", &[committed]).member("m", "t", &[0]), log);
    let partition = report.partition("g", "t", 0);
    (partition["lag"].clone(), partition["findings"].clone())
}

#[test]
fn a_commit_within_the_log_is_lag_and_nothing_else() {
    assert_eq!(found(5, 0..10), (json!(5), json!([])));
    assert_eq!(found(10, 0..10), (json!(0), json!([])));
    assert_eq!(found(0, 0..10), (json!(10), json!([])));
    assert_eq!(found(i64::MAX - 1, 0..i64::MAX), (json!(1), json!([])));
}

#[test]
fn a_commit_below_the_log_start_is_data_loss_and_counts_what_can_be_read() {
    assert_eq!(found(2, 3..10), (json!(7), json!(["data_loss"])));
    assert_eq!(found(3, 3..10), (json!(7), json!([])));
    let report = one(Group::classic("g").commits("t", &[2]), 30..100);
    assert_eq!(report.partition("g", "t", 0)["lost"], 28);
}

#[test]
fn a_commit_past_the_end_is_a_finding_and_never_negative() {
    assert_eq!(found(11, 0..10), (json!(0), json!(["past_end"])));
    let report = one(Group::classic("g").commits("t", &[1_000]), 0..10);
    assert_eq!(report.partition("g", "t", 0)["past_end_by"], 990);
    assert_eq!(report.group("g")["total_lag"], 0);
}

#[test]
fn a_partition_that_is_drained_has_no_lag() {
    assert_eq!(found(10, 10..10), (json!(0), json!([])));
    assert_eq!(found(0, 0..0), (json!(0), json!([])));
    // Retention took everything, the last of it unread.
    assert_eq!(found(4, 10..10), (json!(0), json!(["data_loss"])));
}

#[test]
fn an_assigned_partition_without_a_commit_is_listed() {
    let report = one(Group::consumer("g").member("m", "t", &[0]), 0..10);
    let partition = report.partition("g", "t", 0);
    assert_eq!(
        (&partition["lag"], &partition["committed"], &partition["member"]),
        (&Value::Null, &Value::Null, &json!("m"))
    );
    assert_eq!(partition["findings"], json!(["no_commit", "uncommitted"]));
    assert_eq!(report.group("g")["total_lag"], Value::Null);
}

#[test]
fn a_commit_of_minus_one_is_no_commit() {
    assert_eq!(found(-1, 0..10).0, Value::Null);
}

#[test]
fn a_negative_offset_is_reported_and_not_used() {
    let report = one(Group::classic("g").commits("t", &[-7]), 0..10);
    assert_eq!(report.partition("g", "t", 0)["reason"], "the coordinator answers the committed offset -7");
    assert_eq!(report.lags("g"), "t/0 ?");
}

#[test]
fn an_open_transaction_is_reported_where_the_reader_waits_for_it() {
    let topic = Topic::new("t", &[0..10]).last_stable(0, 6);
    let check = |committed| {
        let group = Group::classic("g").commits("t", &[committed]).member("m", "t", &[0]);
        let report = check(&Scene::of(1).group(group).topic(topic.clone()).start());
        report.partition("g", "t", 0)["findings"].clone()
    };
    assert_eq!(check(6), json!(["blocked"]));
    assert_eq!(check(5), json!([]));
}

#[test]
fn of_a_topic_that_does_not_exist_there_is_nothing_to_read() {
    let groups = [
        // Never created: a member waits for it.
        Group::classic("g").member("m", "t", &[0]).subscriber("n", "gone"),
        Group::consumer("g").member("m", "t", &[0]).subscriber("n", "gone"),
        Group::share("g").member("m", "t", &[0]).subscriber("n", "gone"),
        // Deleted under a member, which keeps what it was assigned until the next rebalance.
        Group::classic("g").member("m", "t", &[0]).member("n", "gone", &[0, 1]),
        Group::consumer("g").member("m", "t", &[0]).member("n", "gone", &[0, 1]),
        Group::share("g").member("m", "t", &[0]).member("n", "gone", &[0, 1]),
        Group::streams("g").member("m", "t", &[0]).member("n", "gone", &[0, 1]),
        // The coordinator missed its deletion, and no member reads it any more.
        Group::classic("g").commits("gone", &[7]),
        Group::consumer("g").member("m", "t", &[0]).commits("gone", &[7, 8]),
    ];
    for group in groups {
        let scene = Scene::of(2).topic(Topic::new("t", &[0..10])).group(group.commits("t", &[10]));
        let stage = scene.start();
        let report = check(&stage);
        let reported = report.group("g");
        assert_eq!(
            (report.lags("g"), &reported["status"], report.complete()),
            ("t/0 0".into(), &json!("OK"), true),
            "{reported}"
        );
        assert_eq!(reported["missing_topics"], json!(["gone"]), "{reported}");
    }
}

#[test]
fn a_group_that_waits_for_topics_alone_is_fine_and_names_them() {
    let group = Group::classic("g").subscriber("m", "later").subscriber("n", "gone");
    let report = check(&Scene::of(1).group(group).start());
    let group = report.group("g");
    assert_eq!((&group["status"], report.complete()), (&json!("OK"), true), "{group}");
    let expected = "the group reads nothing; topic gone does not exist; topic later does not exist";
    assert_eq!(group["reason"], expected);
}

#[test]
fn a_topic_is_missing_only_where_no_broker_knows_it() {
    // The first broker does not know the topic yet; its first request is for the brokers.
    let ignorant = When::on(ApiKey::Metadata).at(1);
    let scene = Scene::of(2).release(Release::V3_9).topic(Topic::new("t", &[0..10]));
    let scene = scene.group(Group::classic("g").commits("t", &[5]));
    let stage = scene.fault(ignorant.clone().times(1), Act::AS_USUAL).fault(ignorant, Act::Code(3)).start();
    let report = Check::at(&stage.address(1).to_string()).report(&stage);
    assert_eq!((report.lags("g"), report.complete()), ("t/0 5".into(), true));
}

#[test]
fn an_assignment_of_a_partition_that_the_topic_does_not_have_is_nothing_to_read() {
    // The topic was created again with fewer partitions, and the group has not rebalanced since.
    for group in [Group::classic("g"), Group::consumer("g"), Group::share("g")] {
        let report = one(group.commits("t", &[5]).member("m", "t", &[0, 1, 2]), 0..10);
        assert_eq!((report.lags("g"), report.complete()), ("t/0 5".into(), true));
    }
}

#[test]
fn commits_on_a_partition_that_the_topic_lacks_are_reported() {
    let report = one(Group::classic("g").commits("t", &[5, 5]), 0..10);
    assert_eq!(report.lags("g"), "t/0 5, t/1 ?");
    assert_eq!(report.partition("g", "t", 1)["reason"], "the topic has no such partition");
}

#[test]
fn a_commit_that_the_coordinator_refuses_is_reported() {
    let report = one(Group::classic("g").commits("t", &[5]).commit_refused("u", 0, 29), 0..10);
    let reason = "this user may not describe the topic: grant it DESCRIBE (TopicAuthorizationFailed)";
    assert_eq!(report.partition("g", "u", 0)["reason"], reason);
    assert_eq!(report.lags("g"), "t/0 5, u/0 ?");
}

#[test]
fn a_hidden_topic_that_a_member_is_assigned_is_reported() {
    for group in [Group::classic("g"), Group::consumer("g")] {
        let group = group.commits("t", &[5]).commits("secret", &[7]).member("m", "t", &[0]).member("n", "secret", &[0]);
        let scene = Scene::of(1).group(group).topic(Topic::new("t", &[0..10]));
        let report = check(&scene.topic(Topic::new("secret", &[0..10]).hidden()).start());
        let partition = report.partition("g", "secret", 0);
        // The coordinator leaves it out, so it is not known whether there is a commit.
        assert_eq!(partition["findings"], json!([]));
        let reason = "this user may not describe the topic: grant it DESCRIBE (TopicAuthorizationFailed)";
        assert_eq!(partition["reason"], reason);
        assert!(!report.complete());
    }
}

#[test]
fn a_hidden_topic_that_a_member_only_subscribes_to_is_reported() {
    for group in [Group::classic("g"), Group::consumer("g")] {
        let group = group.commits("t", &[10]).member("m", "t", &[0]).subscriber("idle", "secret");
        let scene = Scene::of(1).group(group).topic(Topic::new("t", &[0..10]));
        let report = check(&scene.topic(Topic::new("secret", &[0..10]).hidden()).start());
        let gaps = report.group("g")["gaps"].to_string();
        assert!(gaps.contains("subscribed topic secret: this user may not describe the topic"), "{gaps}");
        assert!(!report.complete());
    }
}

#[test]
fn a_group_whose_name_cannot_be_read_is_unknown_and_the_rest_is_as_usual() {
    // How a byte that is not UTF-8 is read.
    let odd = "odd\u{1a}";
    let scene = Scene::of(1).topic(Topic::new("t", &[0..10])).group(Group::classic("tame").commits("t", &[5]));
    let report = check(&scene.group(Group::classic(odd).commits("t", &[5])).start());
    let reason = report.group(odd)["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.starts_with("its name is not UTF-8, so it cannot be asked for"), "{reason}");
    assert_eq!(report.group(odd)["status"], "UNKNOWN");
    assert_eq!(report.lags("tame"), "t/0 5");
    assert!(!report.complete());
}

#[test]
fn a_group_without_permission_is_reported_and_the_rest_is_read() {
    let scene = Scene::of(1).topic(Topic::new("t", &[0..10])).group(Group::classic("open").commits("t", &[5]));
    let report = check(&scene.group(Group::classic("closed").commits("t", &[5]).refused(30)).start());
    let reason = "this user may not describe the group: grant it DESCRIBE (GroupAuthorizationFailed)";
    assert_eq!(report.group("closed")["reason"], reason);
    assert_eq!(report.group("closed")["status"], "UNKNOWN");
    assert_eq!(report.lags("open"), "t/0 5");
}

#[test]
fn a_group_asked_for_by_name_that_is_not_there_is_not_found() {
    let stage = Scene::of(2).group(Group::classic("there").commits("t", &[5])).topic(Topic::new("t", &[0..10])).start();
    let report = Check::at(&stage.bootstrap()).named(&["there", "nowhere"]).report(&stage);
    assert_eq!(report.groups(), ["nowhere", "there"]);
    assert_eq!(report.group("nowhere")["status"], "NOTFOUND");
    assert_eq!(report.lags("there"), "t/0 5");
}

#[test]
fn names_are_any_utf_8() {
    let names = ["a/b/c", "ünï-cödé", "一群", "with space", "\"quoted\"", "a\nb", "🦫", ".", "%2F", "-"];
    let group = |scene: Scene, name: &&str| scene.group(Group::classic(name).commits("t", &[5]));
    let stage = names.iter().fold(Scene::of(1).topic(Topic::new("t", &[0..10])), group).start();
    let report = check(&stage);
    for name in names {
        assert_eq!(report.lags(name), "t/0 5", "{name:?}");
    }
    // Each can be asked for.
    for name in names {
        let report = Check::at(&stage.bootstrap()).named(&[name]).report(&stage);
        assert_eq!(report.groups(), [name]);
    }
}

#[test]
fn groups_on_one_topic_are_kept_apart() {
    let group = |name: &str, offset| Group::classic(name).commits("t", &[offset]);
    let scene = Scene::of(1).group(group("a", 1)).group(group("b", 2)).group(group("c", 10));
    let report = check(&scene.topic(Topic::new("t", &[0..10])).start());
    assert_eq!(["a", "b", "c"].map(|name| report.lags(name)), ["t/0 9", "t/0 8", "t/0 0"]);
}

#[test]
fn every_kind_of_group_is_reported_by_its_name() {
    let scene = Scene::of(1)
        .topic(Topic::new("t", &[0..10]))
        .group(Group::classic("classic").commits("t", &[5]).member("m", "t", &[0]))
        .group(Group::consumer("kip-848").commits("t", &[5]).member("m", "t", &[0]))
        .group(Group::streams("streams").commits("t", &[5]).member("m", "t", &[0]))
        .group(Group::new("commits-only", "classic", "").commits("t", &[5]))
        .group(Group::share("share").commits("t", &[5]).member("m", "t", &[0]))
        .group(Group::new("connect-1", "classic", "connect"))
        .group(Group::new("connect-2", "classic", "connect"))
        .group(Group::new("schemas", "classic", "sr"));
    let report = check(&scene.start());
    assert_eq!(report.groups(), ["classic", "commits-only", "kip-848", "share", "streams"]);
    for group in ["classic", "commits-only", "kip-848", "share", "streams"] {
        assert_eq!(report.lags(group), "t/0 5", "{group}");
    }
    let kinds = ["classic", "kip-848", "share", "streams", "commits-only"].map(|name| &report.group(name)["type"]);
    assert_eq!(kinds, ["classic", "consumer", "share", "streams", "classic"]);
    assert_eq!(*report.at("left_out"), json!({"connect": 2, "sr": 1}));
    for group in ["classic", "kip-848", "share", "streams"] {
        assert_eq!(report.group(group)["members"], 1, "{group}");
    }
}

#[test]
fn members_are_counted_and_named_by_their_client_ids() {
    for group in [Group::classic("g"), Group::consumer("g")] {
        let group = group.commits("t", &[5, 5]).member("one", "t", &[0]).member("two", "t", &[1]);
        let report = check(&Scene::of(1).group(group).topic(Topic::new("t", &[0..10, 0..10])).start());
        assert_eq!(report.group("g")["members"], 2);
        assert_eq!(report.group("g")["state"], "Stable");
        assert_eq!([0, 1].map(|number| &report.partition("g", "t", number)["member"]), ["one", "two"]);
    }
}

#[test]
fn old_releases_give_the_same_lags() {
    for release in [Release::V0_11, Release::V2_1, Release::V2_8, Release::V3_9, Release::V4_0] {
        let group = Group::classic("g").commits("t", &[5, 12, 1]).member("m", "t", &[0]);
        let scene = Scene::of(2).group(group).topic(Topic::new("t", &[0..10, 0..10, 3..10]).led_by(&[1, 2]));
        let report = check(&scene.release(release).start());
        assert_eq!(report.lags("g"), "t/0 5, t/1 0, t/2 7", "{release:?}");
        assert_eq!(report.partition("g", "t", 2)["last_stable"], 10, "{release:?}");
    }
}

#[test]
fn without_an_offsets_topic_no_coordinator_is_asked_for() {
    let stage = Scene::of(1).without_offsets_topic().start();
    let report = Check::at(&stage.bootstrap()).named(&["g"]).report(&stage);
    assert_eq!(report.group("g")["status"], "NOTFOUND");
    assert!(stage.asked(kafka_protocol::messages::ApiKey::FindCoordinator).is_empty());
}

#[test]
fn a_pattern_that_selects_nothing_is_not_fine() {
    let scene = || Scene::of(1).group(Group::classic("g").commits("t", &[5])).topic(Topic::new("t", &[0..10]));
    let reported = |variable: &str, value: &str| {
        let stage = scene().start();
        let report = Check::at(&stage.bootstrap()).with(variable, value).report(&stage);
        (report.at("status").clone(), report.complete(), report.problems())
    };
    let nothing = |problem: &str| (json!("UNKNOWN"), false, vec![problem.to_owned()]);
    assert_eq!(reported("MEERKAT_GROUPS", "zz"), nothing("MEERKAT_GROUPS: \"zz\" matches none of 1 groups"));
    assert_eq!(
        reported("MEERKAT_TOPICS", "zz"),
        nothing("MEERKAT_TOPICS: \"zz\" matches no topic that a selected group reads")
    );
    assert_eq!(reported("MEERKAT_GROUPS", "g*").2, [""; 0]);
    assert_eq!(reported("MEERKAT_TOPICS", "t,zz").2, [""; 0]);
}
