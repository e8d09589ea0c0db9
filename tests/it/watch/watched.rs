//! Topics that are watched although no group reads them.

use super::*;

/// A topic of dead letters, one of orders, and one that nobody watches; a group reads another.
fn watched(rules: &str) -> Watch {
    let logs = [0..10, 0..10];
    let topics = ["orders-dlt", "orders", "other", "read"].map(|name| Topic::new(name, &logs));
    let scene = topics.into_iter().fold(Scene::of(1), Scene::topic);
    Watch::new(scene.group(Group::classic("g").commits("read", &[10, 10]))).with("MEERKAT_WATCH", rules)
}

/// Topic, status and new records of each.
fn topics(report: &Value) -> Vec<Value> {
    let topics = report["watched"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    topics.map(|topic| json!([topic["topic"], topic["status"], topic["new_records"]])).collect()
}

#[test]
fn a_new_record_is_a_warning_in_one_run_and_a_silence_until_it_ends() {
    let watch = watched("*-dlt=new,orders=120");
    let published = |name: &str| -> Vec<f64> {
        let mut of: Vec<_> = watch.stand.metrics();
        of.retain(|stored| stored.metric.name == "TopicStatus" && stored.metric.dimensions["Topic"] == name);
        of.sort_by_key(|stored| stored.timestamp);
        of.into_iter().map(|stored| stored.maximum).collect()
    };
    let report = watch.check(0);
    assert_eq!(topics(&report), [json!(["orders", "OK", null]), json!(["orders-dlt", "OK", null])], "{report}");
    watch.stage.change(|scene| scene.produce("orders", 5));
    assert_eq!(topics(&watch.check(1)), [json!(["orders", "OK", 10]), json!(["orders-dlt", "OK", 0])]);
    watch.stage.change(|scene| scene.produce("orders-dlt", 1));
    let report = watch.check(2);
    assert_eq!(topics(&report), [json!(["orders-dlt", "WARN", 2]), json!(["orders", "OK", 0])]);
    assert_eq!(
        (&report["status"], &report["watched"][0]["reason"]),
        (&json!("WARN"), &json!("2 records came since the last run"))
    );
    let report = watch.check(3);
    assert_eq!(topics(&report), [json!(["orders", "WARN", 0]), json!(["orders-dlt", "OK", 0])], "{report}");
    assert_eq!(report["watched"][0]["reason"], "no record for at least 2 min, and one is wanted within 2 min");
    watch.stage.change(|scene| scene.produce("orders", 1));
    assert_eq!(watch.check(4)["status"], "OK");
    assert_eq!(
        (published("orders-dlt"), published("orders")),
        (vec![1.0, 1.0, 2.0, 1.0, 1.0], vec![1.0, 1.0, 1.0, 2.0, 1.0])
    );
}

#[test]
fn a_topic_that_does_not_exist_is_unknown_and_a_pattern_that_matches_none_is_a_problem() {
    let watch = watched("gone=new,*-dead=new");
    let report = watch.check(0);
    assert_eq!(topics(&report), [json!(["gone", "UNKNOWN", null])], "{report}");
    assert_eq!((&report["status"], &report["complete"]), (&json!("UNKNOWN"), &json!(false)));
    assert!(report["problems"].to_string().contains("*-dead matches no topic that this user is shown"), "{report}");
}

#[test]
fn of_several_parts_one_watches_a_topic() {
    let of = |part: &str| {
        let report = watched("o*=new,read=600").with("MEERKAT_PART", part).check(0);
        let topics = report["watched"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        topics.map(|topic| topic["topic"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let parts = ["1/3", "2/3", "3/3"].map(of);
    let mut all = parts.concat();
    all.sort();
    assert_eq!(all, ["orders", "orders-dlt", "other", "read"], "{parts:?}");
    assert!(parts.iter().all(|part| part.len() < 4), "{parts:?}");
}

#[test]
fn hostile_rules_are_refused_with_the_way_out() {
    for rules in [
        "orders",
        "orders=",
        "orders=0",
        "orders=-1",
        "=new",
        "orders=never",
        "orders=604801",
        "orders=99999999999999999999",
    ] {
        let output = watched(rules).output(0, json!({}), &[]);
        let reported = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(reported.contains("MEERKAT_WATCH must be PATTERN=new or PATTERN=SECONDS"), "{rules}: {reported}");
    }
}
