//! Lag in seconds against the ages of the records themselves, as a consumer reads them; and the stated behaviour where
//! timestamps alone cannot show (`meerkat::model::age::Age`).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::verdicts::rfc3339;
use super::{Run, hand};
use crate::support::kafka::Cluster;

/// A log of one partition, and the time at which it is read.
struct Log {
    topic: &'static str,
    /// Seconds since 1970.
    now: i64,
}

/// The report of a run about a group at some offset.
#[derive(Debug)]
struct AgeOf {
    seconds: Option<f64>,
    source: Value,
    reason: Value,
    /// Seconds by which the run may have been later than its `now`.
    late: f64,
}

impl Log {
    fn new(topic: &'static str, settings: &str) -> Self {
        hand(&format!("create-topic {topic} 1 {settings}"));
        Self { topic, now: OffsetDateTime::now_utc().unix_timestamp() }
    }

    /// Records, the first this many seconds old, each this many seconds younger than the one before.
    fn produce(&self, count: i64, age_s: i64, step_s: i64) {
        let (topic, first, step) = (self.topic, (self.now - age_s) * 1_000, step_s * 1_000);
        hand(&format!("produce {topic} 0 {count} timestamp={first} step={step}"));
    }

    /// One run over a group for each offset.
    fn reported(&self, offsets: &[i64]) -> Vec<AgeOf> {
        let groups: Vec<String> = offsets.iter().map(|offset| format!("{}-at-{offset}", self.topic)).collect();
        for (group, offset) in groups.iter().zip(offsets) {
            hand(&format!("commit {group} {} 0 {offset}", self.topic));
        }
        let event = json!({ "groups": groups, "now": rfc3339(self.now) }).to_string();
        let report = Run::on(Cluster::shared()).event(&event).report();
        let late = report.at("duration_ms").as_f64().expect("a duration") / 1_000.0;
        let reported = groups.iter().map(|group| {
            let entry = report.partition(group, self.topic, 0);
            let seconds = entry["lag_seconds"].as_f64();
            let (source, reason) = (entry["lag_seconds_source"].clone(), entry["lag_seconds_reason"].clone());
            AgeOf { seconds, source, reason, late }
        });
        reported.collect()
    }

    /// The age that a consumer sees in the next record at or after an offset, and that record's offset.
    fn real(&self, offset: i64) -> (f64, i64) {
        let said = hand(&format!("read-age {} 0 {offset}", self.topic));
        let (found, stamp) = said.split_once(' ').unwrap_or_else(|| panic!("nothing to read at {offset}: {said}"));
        let stamp: i32 =
            (stamp.parse::<i64>().expect("a stamp") - self.now * 1_000).try_into().expect("a month at most");
        (f64::from(-stamp) / 1_000.0, found.parse().expect("an offset"))
    }

    /// Every age is that of the record, or older by the tolerance of a search.
    fn tells_the_truth_at(&self, offsets: &[i64]) {
        for (reported, offset) in self.reported(offsets).iter().zip(offsets) {
            reported.is(self.real(*offset).0, *offset);
        }
    }
}

impl AgeOf {
    fn seconds(&self) -> f64 {
        self.seconds.unwrap_or_else(|| panic!("no age: {self:?}"))
    }

    fn is(&self, real: f64, offset: i64) {
        let tolerance = if self.source == "log" { 0.0 } else { f64::max(1.0, real / 100.0) };
        let over = self.seconds() - real;
        assert!(over >= 0.0 && over <= tolerance + self.late, "{self:?} at {offset}, really {real} s");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn ages_of_a_log_in_order_are_exact_over_gaps_of_hours() {
    let log = Log::new("age-in-order", "");
    log.produce(100, 3 * 86_400, 1);
    log.produce(100, 26 * 3_600, 2);
    log.produce(100, 600, 5);
    log.produce(1, 7, 0);
    log.tells_the_truth_at(&[0, 1, 50, 99, 100, 101, 150, 199, 200, 201, 250, 299, 300]);
    let reported = &log.reported(&[301])[0];
    assert_eq!((reported.seconds, &reported.source), (Some(0.0), &json!("log")), "caught up");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn timestamps_of_the_broker_are_used() {
    let mut log = Log::new("age-append-time", "message.timestamp.type=LogAppendTime");
    for _ in 0..5 {
        log.produce(20, 86_400, 1); // the broker replaces these stamps
    }
    log.now = OffsetDateTime::now_utc().unix_timestamp() + 60;
    log.tells_the_truth_at(&[0, 1, 19, 20, 50, 99]);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_timestamp_older_than_an_earlier_one_counts_as_the_earlier_one() {
    let log = Log::new("age-jitter", "");
    let jitter = [0, 4, -5, 2, 5, -3, 0, -4, 3, 1, -2, 5, -5, 4, -1, 2];
    let ages: Vec<i64> = (0..).zip(jitter).map(|(number, jitter)| 100 - number - jitter).collect();
    for age in &ages {
        log.produce(1, *age, 0);
    }
    let offsets: Vec<i64> = (0..).take(ages.len()).collect();
    for ((reported, offset), seen) in log.reported(&offsets).iter().zip(&offsets).zip(youngest_so_far(&ages)) {
        reported.is(seen, *offset);
        assert!(
            reported.seconds() <= log.real(*offset).0 + 1.0 + reported.late,
            "never reported as much older than it is"
        );
    }
}

/// The age of the youngest record up to each.
fn youngest_so_far(ages: &[i64]) -> Vec<f64> {
    let so_far = ages.iter().scan(i64::MAX, |youngest, age| {
        *youngest = *age.min(youngest);
        Some(*youngest)
    });
    so_far.map(|age| f64::from(i32::try_from(age).expect("a small age"))).collect()
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_block_replayed_with_old_timestamps_counts_as_its_neighbour() {
    let log = Log::new("age-replay", "");
    log.produce(50, 3_600, 10);
    log.produce(20, 7 * 3_600, 1);
    log.produce(50, 1_800, 10);
    log.tells_the_truth_at(&[0, 25, 49, 70, 71, 100, 119]);
    let before = log.real(49).0;
    for (reported, offset) in log.reported(&[50, 60, 69]).iter().zip([50, 60, 69]) {
        assert_eq!(reported.source, "bound", "{reported:?} at {offset}");
        reported.is(before, offset);
        assert!(log.real(offset).0 > before, "it really is older, and only reading it could show that");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_record_from_the_future_is_0_old_and_hides_those_after_it() {
    let log = Log::new("age-future", "");
    log.produce(10, 1_000, 10);
    log.produce(1, -86_400, 0);
    log.produce(10, 500, 10);
    log.tells_the_truth_at(&[0, 5, 9]);
    let reported = log.reported(&[10, 11, 20]);
    assert_eq!((reported[0].seconds, &reported[0].source), (Some(0.0), &json!("bound")), "{reported:?}");
    for reported in &reported[1..] {
        assert_eq!((reported.seconds, &reported.source), (None, &Value::Null), "{reported:?}");
        let reason = reported.reason.as_str().expect("a reason");
        assert!(reason.ends_with(" s in the future, which hides later ones"), "{reason}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn in_a_hole_of_compaction_the_age_lies_between_the_surviving_neighbours() {
    let log = Log::new("age-holes", "cleanup.policy=compact min.cleanable.dirty.ratio=0.01 segment.ms=1000");
    let first = (log.now - 4_000) * 1_000;
    let write = |count: i64, keys: i64, first: i64| {
        hand(&format!("produce {} 0 {count} timestamp={first} step=10000 keys={keys}", log.topic));
    };
    // Once for each key, so that there is a survivor before the hole as well as after it.
    write(10, 0, first);
    write(200, 5, first + 100_000);
    write(1, 5, first + 2_200_000);
    write(1, 5, first + 2_300_000);
    // The cleaner may come several times, the first time when only some of the records are there.
    let deadline = Instant::now() + Duration::from_mins(2);
    while [20, 100, 150].iter().any(|offset| log.real(*offset).1 < 10 + 200 - 5) {
        assert!(Instant::now() < deadline, "the cleaner did not remove every record but the last one of each key");
    }
    log.tells_the_truth_at(&[0, 3, 9]);
    for (reported, offset) in log.reported(&[20, 100, 150]).iter().zip([20, 100, 150]) {
        let (next, before) = (log.real(offset).0, log.real(9).0);
        assert!(next < before, "there is a hole at {offset}");
        assert_eq!(reported.source, "bound", "{reported:?} at {offset}");
        let range = next..=before + before / 100.0 + reported.late;
        assert!(range.contains(&reported.seconds()), "{reported:?} at {offset}, which must be in {range:?}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_reader_held_up_by_a_transaction_has_the_age_of_its_first_record() {
    let log = Log::new("age-transaction", "");
    log.produce(10, 5_000, 10);
    let first = (log.now - 2_000) * 1_000;
    hand(&format!("begin-transaction age-held {} 0 10 timestamp={first} step=1000", log.topic));
    log.produce(10, 100, 1);
    log.tells_the_truth_at(&[5, 10, 15, 20, 25]);
    assert!(log.reported(&[10])[0].seconds() >= 2_000.0, "what waits at the last stable offset is unread");
    hand("end-transaction age-held commit");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_commit_below_the_log_start_has_the_age_of_the_first_record_that_is_left() {
    let log = Log::new("age-lost", "");
    log.produce(100, 10_000, 10);
    hand(&format!("delete-records {} 0 40", log.topic));
    log.tells_the_truth_at(&[0, 39, 40, 41]);
    assert_eq!(log.real(0).1, 40);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn only_the_configured_number_of_partitions_is_searched_and_the_rest_is_marked() {
    let topics = ["age-capped-much", "age-capped-little"];
    for (topic, count) in topics.iter().zip([50, 5]) {
        hand(&format!("create-topic {topic} 1"));
        hand(&format!("produce {topic} 0 {count}"));
        hand(&format!("commit age-capped {topic} 0 0"));
    }
    let run = Run::on(Cluster::shared()).with("MEERKAT_LAG_SECONDS", "1").groups(&["age-capped"]);
    let report = run.report();
    let ages = topics.map(|topic| report.partition("age-capped", topic, 0)["lag_seconds"].is_null());
    assert_eq!(ages, [false, true], "the one that lags most is served");
    let why = &report.partition("age-capped", topics[1], 0)["lag_seconds_reason"];
    assert!(why.as_str().is_some_and(|why| why.starts_with("not among the 1 partitions that lag most")), "{why}");
}
