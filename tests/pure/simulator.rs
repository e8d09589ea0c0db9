//! Consumers of many kinds, read once a period through a store that loses and delays what is written.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    reason = "small simulated numbers, and a failed unwrap fails the test"
)]

use std::ops::RangeInclusive;

use meerkat::judge::verdict::{self, Verdict};
use meerkat::model::memory::{Memory, Sample, Thresholds};
use meerkat::model::window::Horizon;

mod families;
mod faults;
mod periods;
mod world;

use world::{Consumer, Fault, Load, Presence, Random, Stamps, World};

/// The verdicts of one partition, each with the second of its run.
type Verdicts = Vec<(u64, Verdict)>;

fn watch(consumer: Consumer, period_s: u64, seconds: u64, seed: u64) -> Verdicts {
    watch_through(consumer, period_s, seconds, seed, MISSING)
}

fn watch_through(consumer: Consumer, period_s: u64, seconds: u64, seed: u64, missing: u64) -> Verdicts {
    let thresholds = Thresholds { period_ms: period_s as i64 * 1_000, ..Thresholds::DEFAULT };
    let mut world = World::new(consumer, seed);
    let mut random = Random(!seed);
    let mut store: Vec<(i64, Sample)> = Vec::new();
    let mut verdicts = Vec::new();
    for scheduled in (period_s..=seconds).step_by(period_s as usize) {
        if random.percent(missing) {
            continue;
        }
        let second = scheduled + random.below(LATENCY_S);
        world.run_to(second);
        let reading = world.reading();
        let seen_since = |from_ms: i64| -> Vec<Sample> {
            let visible = store.iter().rev().take(AT_MOST).filter(|(visible_ms, _)| *visible_ms <= reading.time_ms);
            visible.map(|(_, sample)| *sample).filter(|sample| sample.time_ms >= from_ms).collect()
        };
        let newest_ms = reading.time_ms - NEWEST_MS.max(4 * thresholds.period_ms);
        let previous = seen_since(newest_ms).into_iter().max_by_key(|sample| sample.time_ms);
        let packed = Memory::fold(previous.as_ref(), &reading, &thresholds).pack();
        assert!(packed < Memory::PACKED_LIMIT);
        let mut memory = Memory::unpack(packed).unwrap();
        let horizon = Horizon::of(&thresholds);
        let earlier = if horizon.is_read_for(memory) {
            seen_since(reading.time_ms - horizon.reach_ms(memory, &thresholds) - thresholds.period_ms / 2)
        } else {
            Vec::new()
        };
        let judgement =
            verdict::judge(previous.as_ref(), &reading, &mut memory, Ok(&earlier), world.age(), &thresholds);
        verdicts.push((second, judgement.verdict));
        assert!(memory.pack() < Memory::PACKED_LIMIT);
        if random.percent(UNUSABLE) {
            continue;
        }
        let sample = Sample { time_ms: reading.time_ms, committed: reading.committed, end: reading.log.end, memory };
        let delay_ms = if random.percent(LATE) { 60_000 + random.below(90_000) as i64 } else { 5_000 };
        store.push((reading.time_ms + delay_ms, sample));
        if random.percent(DUPLICATED) {
            store.push((reading.time_ms + delay_ms, sample));
        }
    }
    verdicts
}

/// Samples of the longest reach into the past, some of them twice.
const AT_MOST: usize = 400;
/// Runs in a hundred that never happen.
const MISSING: u64 = 5;
/// Runs in a hundred whose minute a second run makes unusable.
const UNUSABLE: u64 = 1;
/// Samples in a hundred that are there twice.
const DUPLICATED: u64 = 3;
/// Samples in a hundred that can be read only after the next run.
const LATE: u64 = 3;
/// How much later than scheduled a run may read, in seconds.
const LATENCY_S: u64 = 3;
/// How far back a previous sample may be, in milliseconds.
const NEWEST_MS: i64 = 300_000;

/// The outcome of one fault in many worlds.
struct Outcome {
    /// Seconds from the fault to the expected verdict, in order.
    seconds: Vec<u64>,
    /// Of all runs in the sixty periods from then on, how many in a thousand had the same verdict.
    stays: usize,
    /// The same of the world with the fewest.
    stays_at_least: usize,
}

const BUSY: Load = Load::Steady(1_000.0);
const TRICKLE: Load = Load::OneIn(5);

fn reads(load: Load, reads: f64, commits_each: u64) -> Consumer {
    let (presence, retention) = (Presence::Always, None);
    Consumer {
        load,
        reads,
        commits_each,
        works: 0,
        checkpoints: 0,
        batches: 0,
        irregular: false,
        scales: false,
        wavers: false,
        rest: 0,
        stamps: Stamps::Arrival,
        presence,
        retention,
        backlog: 0.0,
        fault: None,
    }
}

fn never_alarms(consumer: Consumer, period_s: u64, worlds: u64, hours: u64) {
    for seed in 0..worlds {
        let verdicts = watch(consumer, period_s, hours * 3_600, seed);
        let alarm = verdicts.iter().find(|(_, verdict)| *verdict != Verdict::Ok);
        assert_eq!(alarm, None, "{consumer:?} each {period_s} s, world {seed}");
    }
}

/// The fault comes in another second of the period in each world, and nothing may be reported before it.
fn is_found(load: Load, commits_each: u64, fault: Fault, period_s: u64, worlds: u64, expected: Verdict) -> Outcome {
    let mut seconds = Vec::new();
    let (mut all, mut same, mut stays_at_least) = (0, 0, 1_000);
    for seed in 0..worlds {
        let at = HEALTHY_PERIODS * period_s + seed * 7 % period_s;
        let consumer = Consumer { fault: Some((at, fault)), ..reads(load, 5_000.0, commits_each) };
        let verdicts = watch(consumer, period_s, at + 2 * HEALTHY_PERIODS * period_s, seed);
        let (first, verdict) = *verdicts.iter().find(|(_, verdict)| *verdict != Verdict::Ok).unwrap();
        assert!(first >= at, "{verdict:?} before {fault:?}, world {seed}");
        assert_eq!(verdict, expected, "{fault:?}, world {seed}");
        seconds.push(first - at);
        let next: Vec<_> =
            verdicts.iter().filter(|(second, _)| (first..first + 60 * period_s).contains(second)).collect();
        let agree = next.iter().filter(|(_, verdict)| *verdict == expected).count();
        (all, same) = (all + next.len(), same + agree);
        stays_at_least = stays_at_least.min(agree * 1_000 / next.len());
    }
    seconds.sort_unstable();
    Outcome { seconds, stays: same * 1_000 / all, stays_at_least }
}

impl Outcome {
    #[track_caller]
    fn within(&self, all: RangeInclusive<u64>, median: u64) -> &Self {
        let (first, last) = (self.seconds[0], self.seconds[self.seconds.len() - 1]);
        let middle = self.seconds[self.seconds.len() / 2];
        assert!(all.contains(&first) && all.contains(&last), "found after {first} to {last} s");
        assert!(middle <= median, "half of them found after {middle} s");
        self
    }

    #[track_caller]
    fn stays(&self, all: usize, each: usize) {
        assert!(self.stays >= all && self.stays_at_least >= each, "stays {} ‰, {} ‰", self.stays, self.stays_at_least);
    }
}

#[test]
fn healthy_consumers_raise_no_alarm() {
    for commits_each in [5, 7, 30, 47, 60, 70, 120, 300, 900] {
        never_alarms(reads(BUSY, 5_000.0, commits_each), 60, WORLDS, 4);
    }
    for (load, commits_each) in [(TRICKLE, 5), (SELDOM, 5), (SELDOM, 60), (SELDOM, 300), (Load::OneIn(20), 900)] {
        never_alarms(reads(load, 5_000.0, commits_each), 60, WORLDS, 4);
    }
    never_alarms(reads(BURSTS, 120.0, 5), 60, WORLDS, 4);
    never_alarms(Consumer { works: 50, ..reads(BUSY, 5_000.0, 5) }, 60, WORLDS, 4);
}

/// It keeps its distance of five minutes, which sometimes resembles a trend.
#[test]
fn a_consumer_that_is_steadily_late_is_seldom_called_slow() {
    let consumer = Consumer { works: 300, ..reads(BUSY, 5_000.0, 5) };
    let verdicts: Vec<_> = (0..WORLDS).flat_map(|seed| watch(consumer, 60, 4 * 3_600, seed)).collect();
    let alarms = verdicts.iter().filter(|(_, verdict)| *verdict != Verdict::Ok).count();
    assert!(alarms * 1_000 < verdicts.len(), "{alarms} of {}", verdicts.len());
}

#[test]
fn crashed_consumers_are_stopped() {
    for (load, commits_each) in [(BUSY, 5), (TRICKLE, 5), (BUSY, 300)] {
        is_found(load, commits_each, Fault::Crashes, 60, WORLDS, Verdict::Stop)
            .within(45..=350, 292)
            .stays(1_000, 1_000);
    }
}

#[test]
fn stuck_members_are_stalled() {
    for load in [BUSY, TRICKLE] {
        is_found(load, 5, Fault::Sticks, 60, WORLDS, Verdict::Stall).within(180..=400, 352).stays(1_000, 1_000);
    }
    is_found(BUSY, 300, Fault::Sticks, 60, WORLDS, Verdict::Stall).within(600..=1_300, 1_173).stays(1_000, 1_000);
}

#[test]
fn slow_consumers_are_warned_of() {
    let slow = |commits_each| is_found(BUSY, commits_each, Fault::SlowsTo(900.0), 60, WORLDS, Verdict::Warn);
    slow(5).within(300..=974, 800).stays(950, 900);
    slow(30).within(300..=974, 800).stays(950, 700);
    slow(120).within(240..=3_100, 1_500).stays(900, 550);
}

#[test]
fn a_step_back_is_seen_at_the_next_snapshot() {
    let back = Fault::SeeksBack(100_000.0, 120.0);
    is_found(Load::Steady(100.0), 5, back, 60, WORLDS, Verdict::Rewind).within(0..=180, 63);
}

#[test]
fn slower_schedules_raise_no_alarm_for_the_healthy() {
    for (period_s, hours) in [(300, 20), (3_600, 96)] {
        for commits_each in [5, 60, 300, 900] {
            never_alarms(reads(BUSY, 5_000.0, commits_each), period_s, FEW_WORLDS, hours);
        }
        for load in [TRICKLE, SELDOM] {
            never_alarms(reads(load, 5_000.0, 5), period_s, FEW_WORLDS, hours);
        }
        never_alarms(reads(BURSTS, 120.0, 5), period_s, FEW_WORLDS, hours);
    }
}

#[test]
fn slower_schedules_find_the_stopped_and_the_stuck_within_some_periods() {
    for period_s in [300, 3_600] {
        let found = |fault, expected| is_found(BUSY, 5, fault, period_s, FEW_WORLDS, expected);
        found(Fault::Crashes, Verdict::Stop).within(0..=7 * period_s, 5 * period_s).stays(1_000, 1_000);
        found(Fault::Sticks, Verdict::Stall).within(2 * period_s..=7 * period_s, 6 * period_s).stays(1_000, 1_000);
    }
}

const SELDOM: Load = Load::OneIn(420);
/// 60,000 records need nearly until the next burst at 120 a second.
const BURSTS: Load = Load::Bursts(2_000.0, 30, 600);
/// Simulated worlds for each consumer.
const WORLDS: u64 = 50;
/// The same on slow schedules, where a world is long.
const FEW_WORLDS: u64 = 5;
/// Periods before a fault.
const HEALTHY_PERIODS: u64 = 60;
