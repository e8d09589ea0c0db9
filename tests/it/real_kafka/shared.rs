//! Verdicts over time on real share consumers: one that keeps up, one that goes and comes back, one that is stuck on a record, and
//! one that an administrator sets back.

use std::collections::BTreeMap;

use serde_json::json;

use super::verdicts::Schedule;
use crate::support::kafka::{Cluster, Options};

const GROUPS: [&str; 4] = ["comes-back", "healthy", "held", "set-back"];

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn real_share_consumers_are_judged_over_a_schedule() {
    let settings = vec!["group.share.delivery.count.limit=10".to_owned()];
    let cluster = Cluster::start(&Options { settings, ..Options::default() });
    if !cluster.is_at_least(4, 2) {
        // Before 4.2 brokers tell no lag to wait for.
        return;
    }
    let hand = |line: &str| cluster.hand(line);
    hand("create-topic jobs 1");
    hand("produce jobs 0 100");
    hand("join comes-back-1 share comes-back jobs");
    hand("join healthy-1 share healthy jobs");
    // Whoever gets the record that comes first after look 3 gives it back; the other one goes on.
    hand("join held-1 share held jobs release=300 hold=10000");
    hand("join held-2 share held jobs release=300 hold=10000");
    hand("join set-back-1 share set-back jobs");

    let mut schedule = Schedule::new(&cluster, "sharing");
    let mut statuses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut last = None;
    for number in 0..16 {
        match number {
            4 => {
                hand("leave comes-back-1");
                hand("wait-share-state comes-back Empty");
            }
            7 => {
                hand("leave set-back-1");
                hand("wait-share-state set-back Empty");
                hand("reset-share set-back jobs 0 20");
            }
            8 => drop(hand("join set-back-2 share set-back jobs")),
            12 => drop(hand("join comes-back-2 share comes-back jobs")),
            _ => {}
        }
        hand("produce jobs 0 50");
        hand("wait-share healthy jobs 0 lag=0");
        hand(&format!("wait-share held jobs 0 lag={} timeout=60000", i32::from(number >= 4)));
        for (group, away) in [("comes-back", 4..12), ("set-back", 7..8)] {
            if !away.contains(&number) {
                hand(&format!("wait-share {group} jobs 0 lag=0"));
            }
        }
        let event = schedule.next(json!({}));
        let ran = schedule.run().with("MEERKAT_GROUPS", &GROUPS.join(",")).event(&event).make();
        for group in GROUPS {
            let partition = ran.report.partition(group, "jobs", 0);
            statuses.entry(group).or_default().push(partition["status"].as_str().expect("a status").to_owned());
        }
        last = Some(ran.report);
    }
    let last = last.expect("a look");
    let line = |group: &str| statuses[group].join(" ");
    let story = |group: &str| {
        let mut story = statuses[group].clone();
        story.dedup();
        story.join(" ")
    };
    assert_eq!(story("healthy"), "OK", "{}", line("healthy"));
    assert_eq!(story("comes-back"), "OK STOP OK", "{}", line("comes-back"));
    assert_eq!(story("held"), "OK STALL", "{}", line("held"));
    assert_eq!(story("set-back"), "OK REWIND OK", "{}", line("set-back"));
    let reason = last.partition("held", "jobs", 0)["reason"].to_string();
    assert!(reason.contains("the start offset stands, records behind it are being delivered"), "{reason}");
}
