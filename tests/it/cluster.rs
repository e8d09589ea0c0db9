//! Problems of the cluster itself: reported with their partitions and groups, and nothing else is blamed.

use serde_json::{Value, json};

use crate::support::broker::{Group, Release, Scene, Topic};
use crate::support::check::{Check, Report, check};

/// Three brokers; each partition of `alone` has one replica, of `safe` three.
fn scene() -> Scene {
    let logs = [0..10, 0..10, 0..10];
    let alone = Topic::new("alone", &logs).led_by(&[1, 2, 3]).replicas(0, &[1]).replicas(1, &[2]).replicas(2, &[3]);
    let safe = Topic::new("safe", &logs).led_by(&[1, 2, 1]);
    Scene::of(3)
        .topic(alone)
        .topic(safe)
        .group(Group::classic("reader").commits("alone", &[7, 7, 7]))
        .group(Group::classic("other").commits("safe", &[7, 7, 7]))
}

/// Kind, brokers, partitions and groups of each.
fn reported(report: &Report) -> Vec<Value> {
    let places = |problem: &Value| -> Vec<String> {
        let partitions = problem["partitions"].as_array().unwrap().iter();
        partitions.map(|place| format!("{}/{}", place["topic"].as_str().unwrap(), place["partition"])).collect()
    };
    let one = |problem: &Value| json!([problem["kind"], problem["brokers"], places(problem), problem["groups"]]);
    report.at("cluster_problems").as_array().unwrap().iter().map(one).collect()
}

fn nobody_leads(scene: &mut Scene) {
    scene.move_leader("alone", 2, -1);
}

#[test]
fn a_whole_cluster_has_no_problem() {
    assert_eq!(reported(&check(&scene().start())), [] as [Value; 0]);
}

#[test]
fn a_broker_that_is_away_is_named_with_its_partitions_and_their_groups_and_nothing_else_is_blamed() {
    let report = check(&scene().conceal(3).offsets_led_by(&[1, 2]).change(nobody_leads).start());
    assert_eq!(
        reported(&report),
        [
            json!(["leaderless", [3], ["alone/2"], ["reader"]]),
            json!(["broker_away", [3], ["alone/2", "safe/0", "safe/1", "safe/2"], []]),
        ]
    );
    assert_eq!(
        *report.at("cluster_problems/0/what"),
        "1 partition (alone/2) has no leader, so no group can read it; replicas are missing on broker 3; read by reader"
    );
}

#[test]
fn replicas_that_are_behind_and_disks_that_failed_are_told_apart() {
    let logs = [0..10, 0..10];
    let topic = Topic::new("t", &logs).led_by(&[1]).behind(0, &[2]).offline(1, &[3]);
    let report = check(&Scene::of(3).topic(topic).group(Group::classic("g").commits("t", &[7, 7])).start());
    assert_eq!(
        reported(&report),
        [json!(["replica_offline", [3], ["t/1"], []]), json!(["under_replicated", [2], ["t/0"], []])]
    );
    assert!(report.complete());
}

#[test]
fn topics_that_no_group_reads_are_not_mentioned() {
    let unread = Topic::new("unread", &[0..10]).led_by(&[1]).behind(0, &[2]);
    assert_eq!(reported(&check(&scene().topic(unread).start())), [] as [Value; 0]);
}

#[test]
fn brokers_of_different_releases_are_told_apart() {
    let report = check(&scene().node(2, |node| node.release(Release::V3_9)).start());
    assert_eq!(reported(&report), [json!(["versions_differ", [2], [], []])]);
    assert_eq!(
        *report.at("cluster_problems/0/what"),
        "brokers offer different API versions: brokers 1, 3 unlike broker 2; an upgrade is under way, or was not finished"
    );
}

#[test]
fn the_cluster_counts_in_the_status_only_where_that_is_asked_for() {
    let topic = Topic::new("t", &[0..10]).led_by(&[1]).behind(0, &[2]);
    let stage = Scene::of(3).topic(topic).group(Group::classic("g").commits("t", &[10])).start();
    let quiet = check(&stage);
    assert_eq!((quiet.at("status"), quiet.at("cluster_problems/0/alarm")), (&json!("OK"), &json!("WARN")));
    let asked = Check::at(&stage.bootstrap()).with("MEERKAT_CLUSTER_ALARMS", "on").report(&stage);
    assert_eq!(*asked.at("status"), "WARN");
}

#[test]
fn trouble_of_the_cluster_takes_no_further_request() {
    let counts = |scene: Scene| {
        let stage = scene.start();
        check(&stage);
        stage.counts()
    };
    let impaired = scene().topic(Topic::new("more", &[0..10]).led_by(&[1]).behind(0, &[2, 3]));
    let reads = |scene: Scene| scene.group(Group::classic("third").commits("more", &[7]));
    let whole = scene().topic(Topic::new("more", &[0..10]).led_by(&[1]));
    assert_eq!(counts(reads(impaired)), counts(reads(whole)));
}
