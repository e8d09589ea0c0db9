//! Verdicts over time: scheduled runs over real consumers, one scheduled minute apart, with the `CloudWatch` stand-in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Ran, Run, show};
use crate::support::cloudwatch::{Stand, Stored};
use crate::support::kafka::{Cluster, Options};

/// Scheduled minutes that pass as fast as runs end.
pub(super) struct Schedule<'a> {
    pub(super) stand: Stand,
    cluster: &'a Cluster,
    name: &'static str,
    start: i64,
    next: i64,
}

impl<'a> Schedule<'a> {
    /// From this minute on; `name` is the cluster's name in metrics.
    pub(super) fn new(cluster: &'a Cluster, name: &'static str) -> Self {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        Self { stand: Stand::start(), cluster, name, start: now - now % 60, next: 0 }
    }

    /// A run with history and metrics, both in the stand-in.
    pub(super) fn run(&self) -> Run {
        Run::on(self.cluster)
            .with("MEERKAT_HISTORY", "")
            .with("MEERKAT_PUBLISH", "")
            .with("MEERKAT_CLUSTER", self.name)
            .with("AWS_ENDPOINT_URL_CLOUDWATCH", &self.stand.url())
            .with("AWS_REGION", "us-east-1")
            .with("AWS_ACCESS_KEY_ID", "any")
            .with("AWS_SECRET_ACCESS_KEY", "any")
    }

    /// The event of the next scheduled minute, some seconds after which it is now.
    pub(super) fn next(&mut self, keys: Value) -> String {
        self.next += 1;
        self.event(3, keys)
    }

    /// The event of the same minute again, this many seconds after it.
    pub(super) fn event(&self, late: i64, mut keys: Value) -> String {
        let minute = self.minute(self.next - 1);
        self.stand.set_now(minute + late);
        keys["scheduled"] = rfc3339(minute).into();
        keys["now"] = rfc3339(minute + late).into();
        keys.to_string()
    }

    /// The scheduled minute of a run, in seconds since 1970; the first run is number 0.
    pub(super) fn minute(&self, snapshot: i64) -> i64 {
        self.start + 60 * snapshot
    }

    /// What is stored under a metric's name, for a group or a status where there is one, by run.
    pub(super) fn stored(&self, name: &str, of: &str) -> BTreeMap<i64, Stored> {
        let is_it = |stored: &Stored| {
            let dimensions = &stored.metric.dimensions;
            let rest = dimensions.iter().filter(|(name, _)| *name != "Cluster").map(|(_, value)| value.as_str());
            stored.metric.name == name && dimensions["Cluster"] == self.name && rest.collect::<Vec<_>>().join("/") == of
        };
        let stored = self.stand.metrics().into_iter().filter(is_it);
        stored.map(|stored| ((stored.timestamp - self.start).div_euclid(60), stored)).collect()
    }

    /// One value for each of this many runs, `-` where nothing was published.
    pub(super) fn values(&self, name: &str, of: &str) -> String {
        let stored = self.stored(name, of);
        let value = |snapshot| stored.get(&snapshot).map_or("-".into(), |stored: &Stored| stored.maximum.to_string());
        (0..self.next).map(value).collect::<Vec<String>>().join(" ")
    }
}

pub(super) fn rfc3339(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a moment").format(&Rfc3339).expect("RFC 3339")
}

const GROUPS: [&str; 6] = ["abandoned", "healthy", "killed", "never", "rewound", "stuck"];

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn real_consumers_are_judged_over_a_schedule() {
    let cluster = Cluster::start(&Options::default());
    let hand = |line: &str| cluster.hand(line);
    hand("create-topic work 1");
    hand("produce work 0 100");
    hand("commit abandoned work 0 10");
    hand("join healthy-1 classic healthy work");
    hand("join killed-1 classic killed work session=1500 apart");
    hand("join never-1 classic never work commit-every=never");
    hand("join rewound-1 classic rewound work");
    // KIP-848, where the release has it.
    hand(&format!("join stuck-1 {} stuck work", if cluster.is_at_least(4, 0) { "consumer" } else { "classic" }));

    let mut schedule = Schedule::new(&cluster, "prod");
    let mut statuses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut exits = Vec::new();
    let mut last = None;
    for number in 0..14 {
        match number {
            4 => {
                hand("crash killed-1");
                hand("wait-state killed Empty");
                hand("pause stuck-1");
            }
            7 => {
                hand("pause rewound-1");
                hand("seek rewound-1 20");
            }
            9 => drop(hand("resume rewound-1")),
            _ => {}
        }
        hand("produce work 0 50");
        hand("wait-caught-up healthy");
        for (group, away) in [("killed", 4..14), ("stuck", 4..14), ("rewound", 7..9)] {
            if !away.contains(&number) {
                hand(&format!("wait-caught-up {group}"));
            }
        }
        let ran = schedule.run().with("MEERKAT_GROUPS", &GROUPS.join(",")).event(&schedule.next(json!({}))).make();
        if number == 5 {
            // Delivered twice, as `EventBridge` may: the second run finds a snapshot of this minute.
            let again =
                schedule.run().with("MEERKAT_GROUPS", &GROUPS.join(",")).event(&schedule.event(5, json!({}))).make();
            assert_eq!(
                (again.code, show(&again.report.0["history"], "datums_written")),
                (ran.code, "datums_written=0".into())
            );
        }
        for group in GROUPS {
            let partition = ran.report.partition(group, "work", 0);
            statuses.entry(group).or_default().push(partition["status"].as_str().expect("a status").to_owned());
        }
        exits.push(ran.code);
        last = Some(ran);
    }
    let last = last.expect("a run");
    let line = |group: &str| statuses[group].join(" ");
    assert_eq!(line("healthy"), "OK OK OK OK OK OK OK OK OK OK OK OK OK OK");
    assert_eq!(line("never"), "OK OK OK OK OK OK OK OK OK OK OK OK OK OK");
    // No reader was ever seen: it has half an hour, and there is no evidence for a status until then.
    assert_eq!(line("abandoned"), "OK OK OK OK OK OK OK OK OK OK OK OK OK OK");
    // In rehearsed minutes a record's time stamp is older than its arrival, so it counts from the first run that saw the record.
    assert_eq!(line("killed"), "OK OK OK OK OK OK STOP STOP STOP STOP STOP STOP STOP STOP");
    assert_eq!(line("stuck"), "OK OK OK OK OK OK OK OK OK OK OK OK STALL STALL");
    assert_eq!(line("rewound"), "OK OK OK OK OK OK OK REWIND REWIND OK OK OK OK OK");
    assert_eq!(exits, [0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2]);
    reasons_have_figures(&last);
    metrics_are_published(&schedule, &last);
    history_can_be_read(&schedule, &last);
}

fn reasons_have_figures(last: &Ran) {
    let reason = |group: &str| show(last.report.group(group), "status reason");
    let killed = reason("killed");
    assert!(
        killed.starts_with("status=ERR reason=work/0 STOP: no commit for 10 min (usual interval not known yet)"),
        "{killed}"
    );
    assert!(killed.ends_with(", 500 records behind, no member assigned"), "{killed}");
    let stuck = reason("stuck");
    assert!(
        stuck.starts_with("status=ERR reason=work/0 STALL: no commit for 10 min (usual interval not known yet)"),
        "{stuck}"
    );
    assert!(stuck.ends_with(", 500 records behind, a member is assigned"), "{stuck}");
    assert!(reason("healthy").ends_with(", 0 records behind in all"), "{}", reason("healthy"));
    let never = show(last.report.partition("never", "work", 0), "lag findings");
    assert_eq!(never, r#"lag=null findings=["no_commit","uncommitted"]"#);
}

fn metrics_are_published(schedule: &Schedule, last: &Ran) {
    let values = |name: &str, of: &str| schedule.values(name, of);
    assert_eq!(values("Status", "healthy"), "1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    assert_eq!(values("Status", "abandoned"), "- - - - - - - - - - - - - -"); // nothing that nothing supports
    assert_eq!(values("Status", "killed"), "1 1 1 1 1 1 3 3 3 3 3 3 3 3");
    assert_eq!(values("Lag", "healthy"), "0 0 0 0 0 0 0 0 0 0 0 0 0 0");
    assert_eq!(values("Lag", "killed"), "0 0 0 0 50 100 150 200 250 300 350 400 450 500");
    assert_eq!(values("Lag", "never"), "- - - - - - - - - - - - - -"); // no commit is no number
    assert_eq!(values("Groups", "ERR"), "0 0 0 0 0 0 1 2 2 1 1 1 2 2");
    assert_eq!(values("UnknownGroups", ""), "0 0 0 0 0 0 0 0 0 0 0 0 0 0");
    assert_eq!(values("Heartbeat", ""), "1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    let age = schedule.stored("LagSeconds", "killed")[&13].maximum;
    assert_eq!(Some(age), last.report.group("killed")["lag_seconds"].as_f64());
    assert!(age > 600.0, "{age}: it was written when the schedule began, thirteen scheduled minutes ago");
}

fn history_can_be_read(schedule: &Schedule, last: &Ran) {
    let event = schedule.event(9, json!({ "mode": "history", "group": "killed", "minutes": 20 }));
    let ran = schedule.run().event(&event).make();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(show(&ran.report.0, "group period_minutes problems"), "group=killed period_minutes=1 problems=[]");
    let snapshots = ran.report.at("partitions/0/looks").as_array().expect("looks");
    assert_eq!(snapshots.len(), 14, "{snapshots:?}");
    // At some moment of the last run.
    let (began, lasted_ms) = (schedule.minute(13) + 3, last.report.at("duration_ms").as_i64().expect("a duration"));
    let during = rfc3339(began)..=rfc3339(began + lasted_ms / 1_000 + 1);
    assert!(snapshots[0]["taken"].as_str().is_some_and(|taken| during.contains(&taken.to_owned())), "{}", snapshots[0]);
    let entries: Vec<String> = snapshots.iter().rev().map(|snapshot| show(snapshot, "committed log_end")).collect();
    assert_eq!(entries[0], "committed=150 log_end=150");
    assert_eq!(entries[5], "committed=300 log_end=400");
    assert_eq!(entries[13], "committed=300 log_end=800");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_topic_that_was_created_again_is_reported_as_recreated() {
    let cluster = Cluster::start(&Options::default());
    let mut schedule = Schedule::new(&cluster, "again");
    let mut findings = |records: u64| {
        cluster.hand(&format!("produce again 0 {records}"));
        cluster.hand("commit reads-again again 0 1");
        let event = schedule.next(json!({}));
        let ran = schedule.run().event(&event).make();
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.report.partition("reads-again", "again", 0)["findings"].clone()
    };
    cluster.hand("create-topic again 1");
    // Two runs have to find the same.
    assert_eq!([findings(2), findings(2)], [json!([]), json!([])]);
    cluster.hand("delete-topic again");
    let deadline = Instant::now() + Duration::from_mins(1);
    while let Err(why) = cluster.try_hand("create-topic again 1") {
        // It is still being deleted.
        assert!(why.contains("TopicExists") && Instant::now() < deadline, "{why}");
    }
    // Without ids (KIP-516) only a log end that went backwards shows it; with them more records than before hide nothing.
    let records = if cluster.is_at_least(2, 8) { 9 } else { 3 };
    assert_eq!(findings(records), json!(["recreated"]));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn groups_that_were_deleted_are_believed_to_be_where_every_coordinator_is_there() {
    let cluster = Cluster::start(&Options::default());
    for group in ["stays", "goes"] {
        cluster.hand(&format!("create-topic {group} 1"));
        cluster.hand(&format!("commit {group} {group} 0 0"));
    }
    let mut schedule = Schedule::new(&cluster, "shrinking");
    let mut snapshot = || {
        let event = schedule.next(json!({}));
        let ran = schedule.run().event(&event).make();
        (ran.code, ran.report.at("status").as_str().map(str::to_owned), ran.report.problems().len())
    };
    assert_eq!(snapshot(), (0, Some("OK".into()), 0));
    if cluster.is_at_least(1, 1) {
        cluster.hand("delete-group goes");
    } else {
        // Groups could not be deleted yet (KIP-229); they went with their last topic.
        cluster.hand("delete-topic goes");
        cluster.hand("wait-state goes Dead");
    }
    assert_eq!(snapshot(), (0, Some("OK".into()), 0));
    assert_eq!(snapshot(), (0, Some("OK".into()), 0));
    assert_eq!(schedule.values("UnknownGroups", ""), "0 0 0");
}
