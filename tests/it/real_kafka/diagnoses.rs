//! Why groups are not OK: real consumers in real trouble, each kind named at the run at which the verdict falls, and none before.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::verdicts::Schedule;
use super::{Run, show};
use crate::support::kafka::{Cluster, Options};

/// The run at which trouble begins.
const BEGIN: i64 = 6;
/// Runs in all: the slowest verdict takes eleven periods.
const RUNS: i64 = 20;

/// A group that gets into trouble, what comes into its topic, and what is to be said of it.
struct Story {
    group: &'static str,
    partitions: i64,
    /// Records that come to each partition from run to run, before the trouble and since; the first partition may get others.
    come: (i64, i64),
    first: Option<i64>,
    /// How far its member commits from run to run, before and since; `None` where it reads by itself.
    commits: Option<(i64, i64)>,
    kind: &'static str,
    /// What the sentence holds.
    says: &'static str,
}

const STORY: Story = Story { group: "", partitions: 1, come: (10, 10), first: None, commits: None, kind: "", says: "" };

/// Groups that stay well, then those that do not.
const STORIES: [Story; 16] = [
    Story { group: "well", partitions: 2, ..STORY },
    Story { group: "quiet", come: (0, 0), ..STORY },
    Story {
        group: "burst",
        come: (10, 30),
        commits: Some((10, 10)),
        kind: "producer_burst",
        says: "come faster",
        ..STORY
    },
    Story { group: "expired", kind: "expired_commits", says: "(d-expired/0)", ..STORY },
    Story {
        group: "few",
        partitions: 2,
        come: (20, 20),
        commits: Some((20, 10)),
        kind: "too_few_members",
        says: "1 member reads 2 partitions, and all of them fall behind evenly",
        ..STORY
    },
    Story {
        group: "idle",
        come: (20, 20),
        commits: Some((20, 10)),
        kind: "too_few_members",
        says: "2 members for 1 partition, 1 of them has nothing to read",
        ..STORY
    },
    Story { group: "lost", commits: Some((10, 0)), kind: "records_lost", says: "records were deleted before", ..STORY },
    Story { group: "never", kind: "never_commits", says: "a member reads and never committed (d-never/0)", ..STORY },
    Story { group: "nobody", kind: "nobody_there", says: "the group has no member", ..STORY },
    Story {
        group: "poison",
        partitions: 2,
        kind: "partition_stuck",
        says: "d-poison/1 stands still at offset 70",
        ..STORY
    },
    Story { group: "recreated", commits: Some((10, 0)), kind: "topic_recreated", says: "past the log end", ..STORY },
    Story { group: "rewound", commits: Some((10, 0)), kind: "rewound", says: "(d-rewound/0)", ..STORY },
    Story {
        group: "skewed",
        partitions: 3,
        first: Some(60),
        commits: Some((10, 10)),
        kind: "skew",
        says: "1 of the 3 partitions of d-skewed holds 100 % of its lag (0)",
        ..STORY
    },
    Story {
        group: "slow",
        come: (20, 20),
        commits: Some((20, 10)),
        kind: "too_slow",
        says: "more slowly than records come",
        ..STORY
    },
    Story { group: "stuck", partitions: 2, kind: "member_stuck", says: "member stuck-2 on ", ..STORY },
    Story {
        group: "transaction",
        come: (10, 0),
        commits: Some((10, 0)),
        kind: "open_transaction",
        says: "held up by an open transaction (d-transaction/0)",
        ..STORY
    },
];

impl Story {
    fn is_well(&self) -> bool {
        self.kind.is_empty()
    }

    /// How the group's members join.
    fn join(&self, cluster: &Cluster) {
        let Self { group, partitions, .. } = self;
        cluster.hand(&format!("create-topic d-{group} {partitions}"));
        for partition in 0..*partitions {
            cluster.hand(&format!("produce d-{group} {partition} 10"));
        }
        let join = |number: i64, options: &str| {
            cluster.hand(&format!("join {group}-{number} classic {group} d-{group} {options}"));
        };
        match *group {
            "never" => join(1, "commit-every=never"),
            "stuck" => (1..=2).for_each(|number| join(number, "")),
            "idle" => {
                join(1, "");
                join(2, "assigned=0");
            }
            _ => join(1, &format!("assigned={partitions}")),
        }
        if *group != "never" {
            cluster.hand(&format!("wait-caught-up {group} commits={partitions}"));
        }
        if self.commits.is_some() {
            self.members().for_each(|member| drop(cluster.hand(&format!("pause {member} silent"))));
        }
    }

    fn members(&self) -> impl Iterator<Item = String> {
        (1..=if self.group == "idle" { 2 } else { 1 }).map(|number| format!("{}-{number}", self.group))
    }

    /// What comes into its topic before a run, and what its members commit.
    fn pass(&self, run: i64, cluster: &Cluster) {
        let Self { group, come, first, .. } = self;
        let is_in_trouble = run >= BEGIN;
        for partition in 0..self.partitions {
            let usual = if is_in_trouble { come.1 } else { come.0 };
            let count = if is_in_trouble && partition == 0 { first.unwrap_or(usual) } else { usual };
            if count > 0 {
                cluster.hand(&format!("produce d-{group} {partition} {count}"));
            }
        }
        if let Some((before, since)) = self.commits {
            let in_trouble = (run + 1 - BEGIN).max(0);
            let offset = match *group {
                "rewound" if is_in_trouble => 3,
                "recreated" if is_in_trouble => 1_000,
                _ => 10 + before * (run + 1 - in_trouble) + since * in_trouble,
            };
            self.members().for_each(|member| drop(cluster.hand(&format!("seek {member} {offset}"))));
        } else if *group == "poison" && is_in_trouble {
            cluster.hand("wait-caught-up poison but=1");
        } else if *group == "stuck" && is_in_trouble {
            let stands = cluster.hand("assignment stuck-2");
            let stands = stands.rsplit('-').next().expect("one partition").trim().to_owned();
            cluster.hand(&format!("wait-caught-up stuck but={stands}"));
        } else if self.is_well() || !is_in_trouble && *group != "never" {
            cluster.hand(&format!("wait-caught-up {group}"));
        }
    }
}

/// What happens to the groups.
fn begin(cluster: &Cluster) {
    for line in [
        "pause stuck-2 silent",
        "hold poison-1 1",
        "leave nobody-1",
        "begin-transaction open d-transaction 0 10",
        "leave expired-1",
        "delete-commit expired d-expired 0",
        "join expired-2 classic expired d-expired commit-every=never",
        "delete-records d-lost 0 75",
    ] {
        cluster.hand(line);
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn each_kind_of_trouble_is_named_when_its_verdict_falls() {
    let cluster = Cluster::start(&Options::default());
    for story in &STORIES {
        story.join(&cluster);
    }
    let mut schedule = Schedule::new(&cluster, "causes");
    let mut first: BTreeMap<&str, (i64, Value)> = BTreeMap::new();
    let mut last = Value::Null;
    for run in 0..RUNS {
        if run == BEGIN {
            cluster.hand("produce d-lost 0 10");
            begin(&cluster);
        }
        for story in &STORIES {
            story.pass(run, &cluster);
        }
        let watched = schedule.run().with("MEERKAT_UNCOMMITTED_ALARMS", "on");
        let report = watched.event(&schedule.next(json!({}))).report();
        for Story { group, .. } in &STORIES {
            let entry = report.group(group);
            assert_eq!(entry["status"] == "OK", entry["diagnosis"].is_null(), "run {run}: {entry}");
            if entry["status"] != "OK" {
                first.entry(group).or_insert_with(|| (run, entry.clone()));
            }
        }
        last = report.0;
    }
    for Story { group, kind, says, .. } in &STORIES {
        let Some((run, entry)) = first.get(group) else {
            assert!(kind.is_empty(), "{group} was never named");
            continue;
        };
        let named = &entry["diagnosis"];
        assert_eq!(named["kind"], *kind, "{group}, run {run}: {entry}");
        assert!(named["sentence"].as_str().is_some_and(|sentence| sentence.contains(says)), "{group}: {named}");
        assert!(*run >= BEGIN || *group == "never", "{group}: run {run}");
    }
    answers_every_question(&last);
}

/// Each line of jq in infra/questions.md reads a report, and finds something.
fn answers_every_question(report: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/questions.md");
    let document = std::fs::read_to_string(path).expect("a document");
    let lines = document.split("```jq\n").nth(1).and_then(|rest| rest.split("```").next()).expect("lines of jq");
    let mut asked = 0;
    for line in lines.lines() {
        let mut command = Command::new("jq");
        command.args(["-c", line]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("jq starts");
        serde_json::to_writer(child.stdin.take().expect("a pipe"), report).expect("jq reads");
        let output = child.wait_with_output().expect("jq ends");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        // No run of these reads a problem or has lost records left at its end.
        let may_be_empty = line.contains(".problems[]") || line.contains("select(.lost)");
        assert!(may_be_empty || !["", "[]", "null"].contains(&said.trim()), "{line} found nothing");
        asked += 1;
    }
    assert!(asked > 10, "{asked}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_that_is_not_there_and_one_that_lags_without_members_need_one_snapshot() {
    let cluster = Cluster::shared();
    cluster.hand("create-topic alone 1");
    cluster.hand("produce alone 0 10");
    cluster.hand("commit alone alone 0 4");
    let report = Run::on(cluster).groups(&["alone", "nowhere"]).report();
    let kind = |group: &str| report.group(group)["diagnosis"]["kind"].clone();
    assert_eq!((kind("alone"), kind("nowhere")), (json!("nobody_there"), json!("no_such_group")));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_that_rebalances_while_records_wait_needs_one_snapshot() {
    // The first member of a group waits for others for so long.
    let settings = vec!["group.initial.rebalance.delay.ms=8000".to_owned()];
    let cluster = &Cluster::start(&Options { settings, ..Options::default() });
    cluster.hand("create-topic joins 1");
    cluster.hand("produce joins 0 10");
    cluster.hand("commit joins joins 0 4");
    let report = || Run::on(cluster).groups(&["joins"]).report();
    std::thread::scope(|scope| {
        let join = scope.spawn(|| cluster.hand("join joins-1 classic joins joins"));
        loop {
            let before_join = !join.is_finished();
            let report = report();
            let diagnosis = &report.group("joins")["diagnosis"];
            if diagnosis["kind"] == "rebalancing" {
                assert!(diagnosis["sentence"].to_string().contains("PreparingRebalance"), "{diagnosis}");
                break;
            }
            assert!(before_join, "nobody saw it: {report:?}");
            assert_eq!(diagnosis["kind"], "nobody_there", "{report:?}");
        }
    });
    cluster.hand("wait-caught-up joins");
    assert!(report().group("joins")["diagnosis"].is_null());
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_whose_members_were_all_replaced_is_reported_with_the_minute_of_the_first() {
    let cluster = &Cluster::start(&Options::default());
    let kinds = if cluster.is_at_least(4, 0) { vec!["classic", "consumer"] } else { vec!["classic"] };
    for kind in &kinds {
        cluster.hand(&format!("create-topic r-{kind} 2"));
        cluster.hand(&format!("join {kind}-1 {kind} {kind} r-{kind} assigned=2"));
        cluster.hand(&format!("join {kind}-2 {kind} {kind} r-{kind} assigned=1"));
        cluster.hand(&format!("join {kind}-kept {kind} {kind}-half r-{kind} assigned=2"));
        cluster.hand(&format!("join {kind}-old {kind} {kind}-half r-{kind} assigned=1"));
    }
    let mut schedule = Schedule::new(cluster, "replaced");
    let mut bad = BTreeMap::new();
    for run in 0..20 {
        for kind in &kinds {
            // One after the other, as in a rolling deployment; the last ones commit nothing. In the other group one stays.
            if let BEGIN = run {
                cluster.hand(&format!("leave {kind}-1"));
                cluster.hand(&format!("join {kind}-3 {kind} {kind} r-{kind} assigned=1 commit-every=never"));
                cluster.hand(&format!("leave {kind}-old"));
                cluster.hand(&format!("join {kind}-new {kind} {kind}-half r-{kind} assigned=1 commit-every=never"));
                cluster.hand(&format!("pause {kind}-kept silent"));
            } else if run == BEGIN + 1 {
                cluster.hand(&format!("leave {kind}-2"));
                cluster.hand(&format!("join {kind}-4 {kind} {kind} r-{kind} assigned=1 commit-every=never"));
            }
            (0..2).for_each(|partition| drop(cluster.hand(&format!("produce r-{kind} {partition} 10"))));
            if run < BEGIN {
                cluster.hand(&format!("wait-caught-up {kind}"));
                cluster.hand(&format!("wait-caught-up {kind}-half"));
            }
        }
        let report = schedule.run().event(&schedule.next(json!({}))).report();
        for group in kinds.iter().flat_map(|kind| [(*kind).to_owned(), format!("{kind}-half")]) {
            let entry = report.group(&group);
            if entry["status"] != "OK" {
                bad.entry(group).or_insert_with(|| (run, entry.clone()));
            }
        }
    }
    let since = super::verdicts::rfc3339(schedule.minute(BEGIN));
    for kind in &kinds {
        let (run, entry) = &bad[*kind];
        let evidence = &entry["diagnosis"]["evidence"];
        assert!(*run > BEGIN + 1, "run {run}: {entry}");
        assert_eq!(evidence["members_replaced_at"], since, "{entry}");
        let (_, entry) = &bad[&format!("{kind}-half")];
        assert!(entry["diagnosis"]["evidence"]["members_replaced_at"].is_null(), "{entry}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_classic_group_whose_consumer_is_killed_and_replaced_from_run_to_run_is_rebalancing_at_five_minutes() {
    let cluster = &Cluster::start(&Options::default());
    cluster.hand("create-topic killed 1");
    cluster.hand("join killed-0 classic killed killed session=3000 apart");
    let mut schedule = Schedule::new(cluster, "killed");
    for run in 0..RUNS {
        cluster.hand("produce killed 0 10");
        if run == 0 {
            cluster.hand("wait-caught-up killed");
        }
        let event = (0..5).map(|_| schedule.next(json!({}))).last().expect("five minutes");
        let report = schedule.run().with("MEERKAT_PERIOD", "5").event(&event).report();
        let entry = report.group("killed");
        let runs = run.min(10);
        let rebalances = json!({ "count": runs, "minutes": 5 * runs, "at_least": true, "changed_in_runs": runs });
        assert_eq!(entry["rebalances"], if run < 6 { Value::Null } else { rebalances }, "run {run}: {entry}");
        if entry["status"] != "OK" {
            let minutes = 5 * runs;
            let sentence =
                format!("members changed in each of the last {runs} runs, {minutes} min (1 now: killed-{run})");
            let diagnosis = &entry["diagnosis"];
            assert_eq!(
                (&diagnosis["kind"], &diagnosis["sentence"]),
                (&json!("rebalancing"), &json!(sentence)),
                "{entry}"
            );
            return;
        }
        // It says nothing any more: the next one waits until its session is over.
        cluster.hand(&format!("crash killed-{run}"));
        let next = format!("join killed-{} classic killed killed session=3000 commit-every=never apart", run + 1);
        cluster.hand(&next);
    }
    panic!("nothing was ever wrong");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_whose_partitions_nobody_reads_while_all_others_are_read_is_to_blame() {
    let cluster = &Cluster::start(&Options { nodes: 3, ..Options::default() });
    let groups = ["left", "right"];
    cluster.hand("create-topic shared 3");
    for group in groups {
        cluster.hand(&format!("join {group}-1 classic {group} shared assigned=3"));
    }
    let leaders = cluster.hand("leaders shared");
    let held = leaders.split(' ').position(|id| id == "2").unwrap_or_else(|| panic!("{leaders}"));
    let mut schedule = Schedule::new(cluster, "broker-side");
    let mut bad: BTreeMap<&str, Value> = BTreeMap::new();
    let mut last = Value::Null;
    for run in 0..RUNS + 2 {
        if run == BEGIN {
            for group in groups {
                cluster.hand(&format!("hold {group}-1 {held}"));
            }
        }
        if run == RUNS {
            cluster.hand("join well-1 classic well shared assigned=3");
        }
        (0..3).for_each(|partition| drop(cluster.hand(&format!("produce shared {partition} 10"))));
        let but = if run < BEGIN { String::new() } else { format!(" but={held}") };
        for group in groups {
            cluster.hand(&format!("wait-caught-up {group}{but}"));
        }
        if run >= RUNS {
            cluster.hand("wait-caught-up well");
        }
        let report = schedule.run().event(&schedule.next(json!({}))).report();
        for group in groups {
            let entry = report.group(group);
            if entry["status"] != "OK" {
                bad.entry(group).or_insert_with(|| entry["diagnosis"].clone());
            }
        }
        last = report.group("left")["diagnosis"].clone();
    }
    for group in groups {
        let (kind, evidence) = (&bad[group]["kind"], &bad[group]["evidence"]);
        assert_eq!((kind, &evidence["brokers"]), (&json!("broker_side"), &json!([2])), "{bad:?}");
        assert_eq!((&evidence["group_count"], &evidence["partitions"][0]["partition"]), (&json!(2), &json!(held)));
    }
    // Somebody else reads from that broker: it is not to blame.
    assert_eq!(last["kind"], "partition_stuck", "{last}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_dead_letter_and_a_silent_producer_are_warnings_and_well_when_they_end() {
    let cluster = Cluster::shared();
    for topic in ["w-dlt", "w-orders"] {
        cluster.hand(&format!("create-topic {topic} 2"));
        cluster.hand(&format!("produce {topic} 0 3"));
    }
    let mut schedule = Schedule::new(cluster, "watched");
    let mut seen = Vec::new();
    for run in 0..6 {
        match run {
            1 => drop(cluster.hand("produce w-orders 1 1")),
            2 => drop(cluster.hand("produce w-dlt 1 2")),
            5 => drop(cluster.hand("produce w-orders 0 1")),
            _ => {}
        }
        let watched = schedule.run().with("MEERKAT_WATCH", "w-*-dlt=new,w-dlt=new,w-orders=120");
        let report = watched.with("MEERKAT_GROUPS", "none-*").event(&schedule.next(json!({}))).report();
        let topics = report.0["watched"].as_array().expect("watched topics").clone();
        seen.push(topics.iter().map(|topic| show(topic, "topic status new_records")).collect::<Vec<_>>().join(", "));
    }
    let orders = |status: &str, new: &str| format!("topic=w-orders status={status} new_records={new}");
    let dead = |status: &str, new: &str| format!("topic=w-dlt status={status} new_records={new}");
    let expected = [
        [dead("OK", "null"), orders("OK", "null")],
        [dead("OK", "0"), orders("OK", "1")],
        [dead("WARN", "2"), orders("OK", "0")],
        // The worst comes first.
        [orders("WARN", "0"), dead("OK", "0")],
        [orders("WARN", "0"), dead("OK", "0")],
        [dead("OK", "0"), orders("OK", "1")],
    ];
    assert_eq!(seen, expected.map(|run| run.join(", ")));
    assert_eq!(schedule.values("TopicStatus", "w-dlt"), "1 1 2 1 1 1");
    assert_eq!(schedule.values("TopicStatus", "w-orders"), "1 1 1 2 2 1");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_that_stopped_is_told_when_its_records_will_be_deleted() {
    let cluster = Cluster::shared();
    cluster.hand("create-topic kept 1");
    cluster.hand("produce kept 0 1000");
    cluster.hand("commit keeps kept 0 500");
    cluster.hand("delete-records kept 0 400");
    let mut schedule = Schedule::new(cluster, "kept");
    let mut seconds = Vec::new();
    for run in 1..4 {
        let report = schedule.run().with("MEERKAT_GROUPS", "keeps").event(&schedule.next(json!({}))).report();
        seconds.push(report.group("keeps")["loss_ahead_seconds"].as_u64());
        cluster.hand("produce kept 0 10");
        cluster.hand(&format!("delete-records kept 0 {}", 400 + run * 10));
    }
    // Ten records a minute use up a hundred, then ninety, less one run's worth.
    let near = |seconds: Option<u64>, expected: u64| seconds.is_some_and(|s| s.abs_diff(expected) <= expected / 20);
    assert!(seconds[0].is_none() && near(seconds[1], 540) && near(seconds[2], 480), "{seconds:?}");
    let published = schedule.stored("LossAheadSeconds", "keeps");
    let near = |run: i64, expected: f64| published.get(&run).is_some_and(|s| (s.minimum - expected).abs() < 30.0);
    assert!(near(1, 540.0) && near(2, 480.0) && published.len() == 2, "{published:?}");
}
