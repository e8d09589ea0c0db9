//! Share groups minute by minute: their verdicts, reasons and metrics, where the coordinator returns the lag and where
//! it does not.

use super::*;
use crate::support::broker::Release;

/// A share group with one member, at the end of its topic.
fn sharing(release: Release) -> Watch {
    let group = Group::share("sharing").commits("jobs", &[100]).member("a-1", "jobs", &[0]);
    Watch::new(Scene::of(1).release(release).group(group).topic(Topic::new("jobs", &[0..100])))
}

fn partition(report: &Value) -> (String, String) {
    let partition = &report["groups"][0]["partitions"][0];
    (partition["status"].as_str().unwrap().to_owned(), partition["reason"].as_str().unwrap().to_owned())
}

/// Eight minutes in which it reads what comes.
fn healthy(watch: &Watch) {
    for minute in 0..8 {
        watch.stage.change(|scene| {
            scene.produce("jobs", 10);
            scene.catch_up("sharing", "jobs");
        });
        let (status, reason) = partition(&watch.check(minute));
        assert_eq!((&*status, reason.contains("at most")), ("OK", false), "minute {minute}: {reason}");
    }
}

#[test]
fn one_that_is_held_by_a_record_stalls_and_is_published_as_any_group() {
    let watch = sharing(Release::V4_4);
    healthy(&watch);
    assert_eq!(watch.groups_with(names::LAG, 7), ["sharing"]);
    // The record at 180 is delivered again and again; of what comes behind it most is acknowledged, and then no more.
    watch.stage.change(|scene| {
        scene.produce("jobs", 60);
        scene.acknowledge("sharing", "jobs", 0, 180, 50);
    });
    let mut reported = (String::new(), String::new());
    for minute in 8..40 {
        reported = partition(&watch.check(minute));
    }
    assert_eq!(reported.0, "STALL", "{}", reported.1);
    let begins = "the start offset stands, records behind it are being delivered: no acknowledgement for ";
    assert!(
        reported.1.starts_with(begins) && reported.1.ends_with(", 10 records behind, a member is assigned"),
        "{}",
        reported.1
    );
    assert_eq!(watch.published("sharing", [7, 39]), "1 3");
    // The record is given up.
    watch.stage.change(|scene| scene.acknowledge("sharing", "jobs", 0, 240, 0));
    assert_eq!(partition(&watch.check(40)).0, "OK");
    assert_eq!(watch.published("sharing", [40]), "1");
}

#[test]
fn without_a_known_rest_an_idle_group_is_not_called_stalled() {
    let watch = sharing(Release::V4_1);
    healthy(&watch);
    // All of it is acknowledged, and the coordinator will report it with the next acknowledgement.
    watch.stage.change(|scene| scene.produce("jobs", 10));
    let mut reported = (String::new(), String::new());
    for minute in 8..40 {
        let report = watch.check(minute);
        reported = partition(&report);
        assert_ne!(reported.0, "STALL", "minute {minute}: {}", reported.1);
        assert_eq!(report["groups"][0]["lag_at_most"], true);
    }
    let why =
        "at most 10 records behind: this broker does not report which of them are acknowledged; Kafka 4.2 and later do";
    assert_eq!(reported, ("UNKNOWN".to_owned(), why.to_owned()));
    assert_eq!(watch.published("sharing", [39]), "-");
    // A group that leaves later records unread has stopped.
    watch.stage.change(|scene| scene.produce("jobs", 10));
    for minute in 40..44 {
        reported = partition(&watch.check(minute));
    }
    assert_eq!(reported.0, "STALL", "{}", reported.1);
    assert!(reported.1.contains("at most 20 records behind"), "{}", reported.1);
    assert_eq!(watch.published("sharing", [43]), "3");
}
