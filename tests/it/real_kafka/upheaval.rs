//! Three brokers that die, freeze, thaw, restart and hand over to each other, during runs without a pause: a run that
//! is reported as complete is right.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use meerkat::Clock;
use meerkat::config::Config;
use meerkat::event::Request;
use serde_json::Value;

use super::{IsOver, Run};
use crate::support::kafka::{Cluster, Options};

/// How a run went, held against the table of truth.
#[derive(Debug)]
enum Judged {
    /// Every group with its lag, and complete.
    Whole,
    /// Reported as incomplete; what is reported is true.
    Partial,
    /// No report, with the cause.
    Failed,
    Wrong(String),
}

/// The lag of each group, which does not change: nothing is written or committed.
type Truth = BTreeMap<String, u64>;

/// Groups on one topic with a replica on every broker; their commits are spread over the coordinators by their names.
fn truth(cluster: &Cluster) -> Truth {
    cluster.hand("create-topic spread 6 replicas=3");
    for partition in 0..6 {
        cluster.hand(&format!("produce spread {partition} 40"));
    }
    let group = |number: u64| {
        let name = format!("spread-{number}");
        cluster.hand(&format!("commit {name} spread {} {number}", number % 6));
        (name, 40 - number)
    };
    (0..36).map(group).collect()
}

/// A complete report is whole and right; whatever is reported is true.
fn judge(truth: &Truth, report: &Value) -> Judged {
    let complete = report["complete"] == true;
    let groups = report["groups"].as_array().map_or(&[][..], Vec::as_slice);
    for group in groups {
        let name = group["group"].as_str().unwrap_or_default();
        let Some(lag) = truth.get(name) else { return Judged::Wrong(format!("there is no such group: {group}")) };
        let reported = group["total_lag"].as_u64();
        // A commit that is known, with a log that is not, leaves nothing to add up.
        let is_right = reported == Some(*lag) || reported.is_none() && !complete;
        if group["status"] == "NOTFOUND" || !is_right {
            return Judged::Wrong(format!("its lag is {lag}: {group}"));
        }
    }
    match (complete, groups.len() == truth.len()) {
        (true, true) => Judged::Whole,
        (true, false) => Judged::Wrong(format!("{} of {} groups, and complete", groups.len(), truth.len())),
        (false, _) if report["status"] == "OK" => Judged::Wrong("incomplete and OK".into()),
        (false, _) => Judged::Partial,
    }
}

/// The variables of a run; all groups are expected by name at every other one.
fn variables(cluster: &Cluster, truth: &Truth, number: usize) -> Vec<(String, String)> {
    let mut addresses: Vec<String> = cluster.ssl().split(',').map(str::to_owned).collect();
    let addresses_left = number % addresses.len();
    addresses.rotate_left(addresses_left);
    let expected: Vec<&str> = truth.keys().map(String::as_str).filter(|_| number.is_multiple_of(2)).collect();
    [
        ("KAFKA_BOOTSTRAP_SERVERS", addresses.join(",")),
        ("KAFKA_SECURITY_PROTOCOL", "SSL".into()),
        ("KAFKA_SSL_TRUSTSTORE", cluster.ca_pem()),
        ("MEERKAT_ALLOWED_LAG", "100".into()),
        ("MEERKAT_EXPECT", expected.join(",")),
        ("MEERKAT_HISTORY", "off".into()),
        ("MEERKAT_LAG_SECONDS", "0".into()),
        ("MEERKAT_PUBLISH", "off".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Runs of the binary, each a process of its own.
fn cold(cluster: &Cluster, truth: &Truth, over: &AtomicBool, note: impl Fn(Judged)) {
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let run = Run::on(cluster).with("MEERKAT_TIMEOUT", "10");
        let run = variables(cluster, truth, number).into_iter().fold(run, |run, (name, value)| run.with(&name, &value));
        let ran = run.make();
        note(if ran.report.0.is_null() { Judged::Failed } else { judge(truth, &ran.report.0) });
    }
}

/// Runs of one process that stays warm, with the connections of the run before.
fn warm(cluster: &Cluster, truth: &Truth, over: &AtomicBool, note: impl Fn(Judged)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let warm = meerkat::Warm::new();
        for number in 0.. {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let config = Config::parse(variables(cluster, truth, number)).expect("a configuration");
            let started = tokio::time::Instant::now();
            let clock = Clock { unix_ms: 1_800_000_000_000, started, deadline: started + Duration::from_secs(10) };
            let outcome = meerkat::answer(&config, &Request::default(), clock, &warm).await;
            note(match outcome {
                Err(_) => Judged::Failed,
                Ok(outcome) => judge(truth, &serde_json::from_str(&outcome.json).expect("a report in JSON")),
            });
        }
    });
}

type Trouble = fn(&Cluster);

/// What happens, in its order; between two troubles preferred leaders are elected by themselves.
const TROUBLES: [(&str, Trouble); 5] = [
    ("quiet", |_| wait(3)),
    ("killed", |cluster| {
        cluster.kill(3);
        wait(14);
        cluster.revive(3);
        wait(5);
    }),
    ("frozen", |cluster| {
        cluster.freeze(2);
        wait(14);
    }),
    ("thawed", |cluster| {
        cluster.thaw(2);
        wait(8);
    }),
    ("rolling restart", |cluster| {
        for node in 1..=3 {
            cluster.leave(node);
            cluster.revive(node);
            wait(4);
        }
    }),
];

/// How long a trouble lasts is part of it: brokers are fenced after nine seconds, leaders elected after one.
fn wait(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

const SETTINGS: [&str; 5] = [
    "offsets.topic.replication.factor=3",
    "offsets.topic.num.partitions=50",
    "zookeeper.session.timeout.ms=9000",
    "leader.imbalance.check.interval.seconds=1",
    "leader.imbalance.per.broker.percentage=0",
];

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn whatever_happens_to_the_brokers_no_run_is_complete_and_wrong() {
    let settings = SETTINGS.map(String::from).into();
    let cluster = &Cluster::start(&Options { nodes: 3, settings, ..Options::default() });
    let truth = &truth(cluster);
    let (over, trouble) = (&AtomicBool::new(false), &Mutex::new("quiet"));
    let counts: &Mutex<BTreeMap<(&str, &str), usize>> = &Mutex::default();
    let wrong: &Mutex<Vec<String>> = &Mutex::default();
    let note = |judged: Judged| {
        let trouble = *trouble.lock().expect("nobody panics with it");
        let how = match judged {
            Judged::Whole => "whole",
            Judged::Partial => "partial",
            Judged::Failed => "failed",
            Judged::Wrong(why) => {
                wrong.lock().expect("nobody panics with it").push(format!("{trouble}: {why}"));
                "wrong"
            }
        };
        *counts.lock().expect("nobody panics with it").entry((trouble, how)).or_default() += 1;
    };
    let total = || counts.lock().expect("nobody panics with it").values().sum::<usize>();
    let each_had_a_whole_run = || {
        let counts = counts.lock().expect("nobody panics with it");
        TROUBLES.iter().all(|(name, _)| counts.contains_key(&(*name, "whole")))
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let _over = IsOver(over);
        scope.spawn(|| cold(cluster, truth, over, note));
        scope.spawn(|| warm(cluster, truth, over, note));
        // Brokers that are down for good do not delay a run, once the others have taken over.
        while total() < LEAST_RUNS || !each_had_a_whole_run() {
            assert!(began.elapsed() < MOST_TIME, "{} runs are not enough: {counts:?}", total());
            for (name, happens) in TROUBLES {
                *trouble.lock().expect("nobody panics with it") = name;
                happens(cluster);
            }
        }
    });
    let counts = counts.lock().expect("nobody panics with it");
    #[expect(clippy::print_stderr, reason = "the number of runs is what the test is about")]
    let () = eprintln!("{} runs in {:.0} s: {counts:?}", counts.values().sum::<usize>(), began.elapsed().as_secs_f64());
    assert_eq!(*wrong.lock().expect("nobody panics with it"), [""; 0], "{counts:?}");
}

const LEAST_RUNS: usize = 300;
/// However slow the machine is.
const MOST_TIME: Duration = Duration::from_mins(8);
