//! Three brokers, one of them in trouble: what needs no missing broker is reported as usual, the rest is unknown with its
//! cause, and every run ends in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{IsOver, Run, until};
use crate::support::check::Report;
use crate::support::kafka::{Cluster, Options};

mod troubles;

use troubles::{Away, CHANGING, SETTINGS, TIMEOUTS, TROUBLES};

/// Groups with commits on two topics.
struct Scene {
    cluster: Cluster,
    /// With the node that coordinates each.
    groups: Vec<(String, usize)>,
    /// The report while nothing is wrong, and the leaders at that time.
    whole: Report,
    leaders: [Vec<Option<usize>>; 3],
}

impl Scene {
    fn set() -> Self {
        let settings = SETTINGS.map(String::from).into();
        let cluster = Cluster::start(&Options { nodes: 3, settings, ..Options::default() });
        let names = twelve(&cluster, &[("alone", 1), ("safe", 3)]);
        let coordinator = |group: &String| cluster.hand(&format!("coordinator {group}")).parse().expect("a node");
        let groups: Vec<(String, usize)> = names.iter().map(|name| (name.clone(), coordinator(name))).collect();
        let leaders = TOPICS.map(|topic| leaders(&cluster, topic));
        for node in 1..=3 {
            assert!(groups.iter().any(|(_, coordinator)| *coordinator == node), "{groups:?}");
            assert!(leaders.iter().all(|topic| topic.contains(&Some(node))), "{leaders:?}");
        }
        let whole = || run(&cluster).with("MEERKAT_EXPECT", &names.join(",")).report();
        let whole = until("each broker has loaded its groups", whole, Report::complete);
        Self { cluster, groups, whole, leaders }
    }

    fn controller(&self) -> usize {
        self.cluster.hand("controller").parse().expect("a node")
    }

    /// A run whose first address is that of this node.
    fn snapshot(&self, node: usize, seconds: u64) -> Report {
        let addresses = self.cluster.ssl();
        let mut addresses: Vec<&str> = addresses.split(',').collect();
        addresses.rotate_left(node - 1);
        let names: Vec<&str> = self.groups.iter().map(|(name, _)| &**name).collect();
        run(&self.cluster)
            .with("KAFKA_BOOTSTRAP_SERVERS", &addresses.join(","))
            .with("MEERKAT_EXPECT", &names.join(","))
            .with("MEERKAT_TIMEOUT", &seconds.to_string())
            .report()
    }

    /// Until each broker knows that every leader is back, and returns a complete report, which is the usual one.
    fn until_mended(&self) {
        for (topic, leaders) in TOPICS.iter().zip(&self.leaders) {
            let ids: Vec<String> = leaders.iter().flatten().map(usize::to_string).collect();
            self.cluster.hand(&format!("wait-leaders {topic} {} timeout=120000", ids.join(",")));
        }
        for node in 1..=3 {
            let report = until("all is as before", || self.snapshot(node, 10), Report::complete);
            self.check("mended", (Away::Nothing, &[]), node, &report);
        }
    }

    /// Until the other brokers have taken over what this one led and coordinated, as far as they have replicas: new
    /// coordinators read their part of the offsets topic first, and new leaders ask the others for their log ends.
    fn until_taken_over(&self, node: usize) {
        for led in ["alone 2", "safe 3", "__consumer_offsets 8"] {
            self.cluster.hand(&format!("wait-led {led}"));
        }
        let safe = |report: &Report, group: &str| -> Vec<Value> {
            let partitions = report.group(group)["partitions"].as_array().into_iter().flatten();
            partitions.filter(|partition| partition["topic"] == "safe").cloned().collect()
        };
        let is_usual = |report: &Report, group: &str| {
            report.group(group)["state"] == self.whole.group(group)["state"]
                && safe(report, group) == safe(&self.whole, group)
        };
        for other in (1..=3).filter(|other| *other != node) {
            let snapshot = || {
                let report = self.snapshot(other, 10);
                self.check("taking over", (Away::Changing, CHANGING), node, &report);
                report
            };
            until("the others have taken over", snapshot, |report| {
                self.groups.iter().all(|(group, _)| is_usual(report, group))
            });
        }
    }

    /// A group is reported as usual, or it is unknown for one of the causes and depends on what is away at this node.
    fn check(&self, name: &str, (away, causes): (Away, &[&str]), node: usize, report: &Report) {
        let mut unknown = 0;
        let known = |reason: &str| causes.iter().any(|cause| reason.contains(&cause.replace('#', &node.to_string())));
        let for_cause = |reported: &Value| {
            let reason = reported["reason"].as_str().unwrap_or_default();
            assert!(reported["status"] == "UNKNOWN" && known(reason), "{name}: {reported} of {report:?}");
        };
        for (group, coordinator) in &self.groups {
            let (reported, usual) = (report.group(group), self.whole.group(group));
            let partitions = reported["partitions"].as_array().map_or(0, Vec::len);
            if away == Away::Node && *coordinator == node || away == Away::Changing && partitions == 0 {
                unknown += 1;
                for_cause(reported);
                assert!(reported["total_lag"].is_null(), "{name}: {reported}");
                continue;
            }
            if away == Away::Changing && reported["state"].is_null() {
                // The coordinator died between two questions: its commits are known, its members are not.
                unknown += 1;
                assert!(known(&reported["gaps"].to_string()), "{name}: {reported}");
            } else {
                assert_eq!(reported["state"], usual["state"], "{name}: {reported}");
            }
            for entry in usual["partitions"].as_array().expect("partitions") {
                let topic = entry["topic"].as_str().expect("a topic");
                let partition = i32::try_from(entry["partition"].as_i64().expect("a number")).expect("a partition");
                let now = report.partition(group, topic, partition);
                let place = TOPICS.iter().position(|known| *known == topic).expect("one of these");
                let led = self.leaders[place][usize::try_from(partition).expect("a partition")] == Some(node);
                let lacks = match away {
                    Away::Nothing => false,
                    Away::Node => led,
                    Away::Alone => led && topic == "alone",
                    Away::Changing => now != entry,
                };
                if lacks {
                    unknown += 1;
                    for_cause(now);
                    assert!(now["lag"].is_null() && now["committed"] == entry["committed"], "{name}: {now}");
                } else {
                    assert_eq!(now, entry, "{name}: {group}");
                }
            }
        }
        assert_eq!(report.complete(), unknown == 0 && report.problems().is_empty(), "{name}: {report:?}");
        assert_eq!(*report.at("status") == "UNKNOWN", !report.complete(), "{name}: {report:?}");
        assert!(away == Away::Changing || report.complete() == (away == Away::Nothing), "{name}: {report:?}");
    }
}

/// The topics that are read, and that of the groups.
const TOPICS: [&str; 3] = ["alone", "safe", "__consumer_offsets"];

/// The node that leads each partition, if one does.
fn leaders(cluster: &Cluster, topic: &str) -> Vec<Option<usize>> {
    // No broker is -1.
    cluster.hand(&format!("leaders {topic}")).split(' ').map(|id| id.parse().ok()).collect()
}

/// Twelve groups, each with its own lag on the three partitions of each topic, with this many replicas.
fn twelve(cluster: &Cluster, topics: &[(&str, usize)]) -> Vec<String> {
    let groups: Vec<String> = (0..12).map(|number| format!("away-{number}")).collect();
    for (topic, replicas) in topics {
        cluster.hand(&format!("create-topic {topic} 3 replicas={replicas}"));
        for partition in 0..3 {
            cluster.hand(&format!("produce {topic} {partition} 20"));
            for (offset, group) in groups.iter().enumerate() {
                cluster.hand(&format!("commit {group} {topic} {partition} {offset}"));
            }
        }
    }
    groups
}

fn run(cluster: &Cluster) -> Run {
    Run::on(cluster)
        .with("MEERKAT_GROUPS", "away-*")
        .with("MEERKAT_ALLOWED_LAG", "100")
        .with("MEERKAT_LAG_SECONDS", "0")
        .with("MEERKAT_TIMEOUT", "10")
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_in_trouble_makes_only_its_own_unknown_and_every_run_ends_in_time() {
    let scene = &Scene::set();
    for trouble in &TROUBLES {
        let controller = scene.controller();
        let node = (1..=3).find(|node| *node != controller).expect("there are three");
        let trouble_began = Instant::now();
        (trouble.begin)(scene, node);
        let over = &AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _over = IsOver(over);
            for seconds in TIMEOUTS {
                scope.spawn(move || {
                    loop {
                        let last = over.load(Ordering::Relaxed);
                        let began = Instant::now();
                        let report = scene.snapshot(node, seconds);
                        let took = began.elapsed();
                        assert!(took < Duration::from_secs(seconds + 1), "{}, {seconds} s: {took:?}", trouble.name);
                        scene.check(trouble.name, trouble.unknown_after(trouble_began.elapsed()), node, &report);
                        if last {
                            break;
                        }
                    }
                });
            }
            (trouble.meanwhile)(scene, node);
        });
        (trouble.end)(scene, node);
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_that_is_killed_is_named_with_its_partitions_and_groups_and_nothing_else_is_blamed() {
    let settings = SETTINGS.map(String::from).into();
    let cluster = Cluster::start(&Options { nodes: 3, settings, ..Options::default() });
    for (topic, replicas, group) in [("alone", 1, "away-alone"), ("safe", 3, "away-safe")] {
        cluster.hand(&format!("create-topic {topic} 3 replicas={replicas}"));
        for partition in 0..3 {
            cluster.hand(&format!("produce {topic} {partition} 20"));
            cluster.hand(&format!("commit {group} {topic} {partition} 20"));
        }
    }
    let problems = |report: &Report| report.at("cluster_problems").as_array().expect("a list").clone();
    let is_well = |report: &Report| report.complete() && problems(report).is_empty();
    let snapshot = || run(&cluster).report();
    until("all is well", snapshot, is_well);
    let alone = leaders(&cluster, "alone");
    let controller: usize = cluster.hand("controller").parse().expect("a node");
    let node = (1..=3).find(|node| *node != controller && alone.contains(&Some(*node))).expect("a broker that leads");
    let led: Vec<Value> = (0..)
        .zip(&alone)
        .filter(|(_, leader)| **leader == Some(node))
        .map(|(partition, _)| json!({ "topic": "alone", "partition": partition }))
        .collect();
    let safe = (0..3).map(|partition| json!({ "topic": "safe", "partition": partition }));
    let all: Vec<Value> = led.iter().cloned().chain(safe).collect();
    cluster.kill(node);
    // The controller spreads the news in steps: first the partitions that the broker led, then those that it followed;
    // a group's new coordinator reads its part of the offsets topic before it answers, and a new leader asks the others
    // for its log end. In each of these steps nothing else is blamed.
    let snapshot_of_one_away = || {
        let report = snapshot();
        for problem in problems(&report) {
            let blamed = problem["partitions"].as_array().expect("partitions");
            assert_eq!(problem["brokers"], json!([node]), "{report:?}");
            assert!(blamed.iter().all(|partition| all.contains(partition)), "{report:?}");
        }
        for group in report.groups() {
            let status = &report.group(group)["status"];
            assert!(*status == "UNKNOWN" || *status == "OK", "{report:?}");
        }
        report
    };
    let wanted = json!([
        [["leaderless", [node], led, ["away-alone"]], ["broker_away", [node], all, []],],
        ["away-alone", "Empty", "UNKNOWN", "broker_side", [node]],
        ["away-safe", "Empty", "OK", null, null],
    ]);
    until(&format!("it is reported as {wanted}"), snapshot_of_one_away, |report| {
        let problem =
            |problem: &Value| json!([problem["kind"], problem["brokers"], problem["partitions"], problem["groups"]]);
        let group = |name: &&str| {
            let group = report.group(name);
            let diagnosis = &group["diagnosis"];
            json!([name, group["state"], group["status"], diagnosis["kind"], diagnosis["evidence"]["brokers"]])
        };
        let problems: Vec<Value> = problems(report).iter().map(problem).collect();
        let reported: Vec<Value> = [problems.into()].into_iter().chain(report.groups().iter().map(group)).collect();
        Value::from(reported) == wanted
    });
    cluster.revive(node);
    until("it is back", snapshot, is_well);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn groups_of_a_dead_coordinator_are_never_missing_without_a_word() {
    let settings = vec!["offsets.topic.replication.factor=1".to_owned()];
    let cluster = Cluster::start(&Options { nodes: 3, settings, ..Options::default() });
    let groups = twelve(&cluster, &[("spread", 3)]);
    let whole = until("each broker has loaded its groups", || run(&cluster).report(), Report::complete);
    assert_eq!(whole.groups().len(), 12);
    // Whatever is reported of a group is true; before 2.2, a new leader may return an earlier high watermark
    // (KIP-207).
    let moves_back = !cluster.is_at_least(2, 2);
    let is_true = |report: &Report| {
        for group in groups.iter().filter(|group| report.groups().contains(&group.as_str())) {
            let reported = report.group(group);
            assert_ne!(reported["status"], "NOTFOUND", "{reported}");
            let (lag, usual) = (&reported["total_lag"], &whole.group(group)["total_lag"]);
            let earlier = moves_back && lag.as_i64() < usual.as_i64();
            assert!(lag == usual || earlier || reported["status"] == "UNKNOWN", "{reported}");
        }
    };
    cluster.kill(3);
    // Until it is fenced the others still name it; then its partitions of the offsets topic have no leader.
    let of_one_away = |run: Run| {
        let report = run.report();
        assert!(!report.complete() && *report.at("status") == "UNKNOWN", "{report:?}");
        is_true(&report);
        report
    };
    let away = until(
        "it is fenced",
        || of_one_away(run(&cluster)),
        |report| {
            report.problems().iter().any(|problem| problem.contains("those whose coordinator is away may be missing"))
        },
    );
    assert!(away.groups().len() < 12, "broker 3 coordinates none of them: {away:?}");
    // Another broker may not know of it yet.
    let expected = || of_one_away(run(&cluster).with("MEERKAT_EXPECT", &groups.join(",")));
    until("all that are not listed have a coordinator that is away", expected, |report| {
        groups.iter().all(|group| {
            let reason = report.group(group)["reason"].as_str().unwrap_or_default();
            away.groups().contains(&&**group) != reason.contains("its coordinator is away")
        })
    });
    cluster.revive(3);
    until("it is back", || run(&cluster).report(), Report::complete);
}
