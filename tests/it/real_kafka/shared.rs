//! Verdicts over time on real share consumers: one that keeps up, one that goes and comes back, one that is stuck on a record until
//! it has been delivered often enough, one that is too slow, and one that an administrator sets back.

use std::collections::BTreeMap;

use serde_json::json;

use super::verdicts::Schedule;
use crate::support::kafka::{Cluster, Options};

const GROUPS: [&str; 5] = ["comes-back", "healthy", "held", "set-back", "slow"];

/// The record that its readers give back each time, the first one after run 3.
const HELD: i64 = 300;

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn real_share_consumers_are_judged_over_a_schedule() {
    let settings =
        ["group.share.delivery.count.limit=10", "group.share.record.lock.duration.ms=60000"].map(str::to_owned);
    let cluster = Cluster::start(&Options { settings: settings.into(), ..Options::default() });
    if !cluster.is_at_least(4, 1) {
        assert!(cluster.try_hand("join sharer share none none").is_err(), "there are share groups from 4.1 on");
        return;
    }
    let hand = |line: &str| cluster.hand(line);
    // Before 4.2 brokers return no lag, but a start that is one acknowledgement late.
    let counts = cluster.is_at_least(4, 2);
    let left = |group: &str, topic: &str, lag: i64, start: i64| {
        let there = if counts { format!("lag={lag}") } else { format!("start={start}") };
        hand(&format!("wait-share {group} {topic} 0 {there} timeout=60000"));
    };
    let caught_up = |group: &str, end: i64| left(group, "jobs", 0, end - 50);
    hand("create-topic jobs 1");
    hand("create-topic heavy 1");
    hand("produce jobs 0 100");
    hand("join comes-back-1 share comes-back jobs");
    hand("join healthy-1 share healthy jobs");
    // The member that gets the record releases it; the other one continues. Ten deliveries last longer than all runs.
    for member in ["held-1", "held-2"] {
        hand(&format!("join {member} share held jobs release={HELD} hold=30000"));
    }
    hand("join set-back-1 share set-back jobs");
    hand("join slow-1 share slow heavy take=0");

    let mut schedule = Schedule::new(&cluster, "sharing");
    let mut statuses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut reasons: BTreeMap<(&str, i64), String> = BTreeMap::new();
    let stuck = 4..if counts { 15 } else { 16 };
    for number in 0..17 {
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
            15 => {
                // The tenth delivery is over soon, and then the broker gives the record up.
                for member in ["held-1", "held-2"] {
                    hand(&format!("release {member} {HELD} hold=0"));
                }
            }
            _ => {}
        }
        let end = 150 + 50 * number;
        hand("produce jobs 0 50");
        caught_up("healthy", end);
        if stuck.contains(&number) {
            left("held", "jobs", 1, HELD);
        } else {
            caught_up("held", end);
        }
        for (group, away) in [("comes-back", 4..12), ("set-back", 7..8)] {
            if number == away.end {
                // All of what waited may be acknowledged at once.
                left(group, "jobs", 0, 0);
            } else if !away.contains(&number) {
                caught_up(group, end);
            }
        }
        hand("produce heavy 0 50");
        hand("take slow-1 30");
        left("slow", "heavy", 20 * (number + 1), 30 * number);
        let event = schedule.next(json!({}));
        let ran = schedule.run().with("MEERKAT_GROUPS", &GROUPS.join(",")).event(&event).make();
        for group in GROUPS {
            let topic = if group == "slow" { "heavy" } else { "jobs" };
            let partition = ran.report.partition(group, topic, 0);
            statuses.entry(group).or_default().push(partition["status"].as_str().expect("a status").to_owned());
            reasons.insert((group, number), partition["reason"].as_str().expect("a reason").to_owned());
        }
    }
    let line = |group: &str| statuses[group].join(" ");
    let story = |group: &str| {
        let mut story = statuses[group].clone();
        story.dedup();
        story.join(" ")
    };
    assert_eq!(story("healthy"), "OK", "{}", line("healthy"));
    // If only the start is known, records have to arrive and stay unread before that is believed.
    let comes_back = if counts { "OK STOP OK" } else { "OK UNKNOWN STOP OK" };
    assert_eq!(story("comes-back"), comes_back, "{}", line("comes-back"));
    assert_eq!(story("held"), "OK STALL OK", "{}", line("held"));
    if counts {
        assert_eq!(story("set-back"), "OK REWIND OK", "{}", line("set-back"));
    } else {
        // Kafka 4.1 shows a start that was set back once a member has read from there; by then it may have moved on.
        assert!(story("set-back").ends_with("OK") && !story("set-back").contains("ST"), "{}", line("set-back"));
    }
    assert_eq!(story("slow"), "OK WARN", "{}", line("slow"));
    let held = &reasons[&("held", 14)];
    assert_eq!(held.contains("the start offset stands, records behind it are being delivered"), counts, "{held}");
}
