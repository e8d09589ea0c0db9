//! A topic partition, its consumer, and what may go wrong with it, second by second.

use meerkat::lag::{Assigned, Committed, LogRange};
use meerkat::memory::{Look, Members};

/// What is written to the partition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// So many records a second, a fifth more or less from one ten seconds to the next.
    Steady(f64),
    /// One record each so many seconds on average.
    OneIn(u64),
    /// So many records a second for so many seconds, in each so many seconds.
    Bursts(f64, u64, u64),
}

/// How the records are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consumer {
    pub(super) load: Load,
    /// Records a second at most.
    pub(super) reads: f64,
    /// Seconds from commit to commit.
    pub(super) commits_each: u64,
    /// Seconds that a record is being worked on before it counts as read.
    pub(super) works: usize,
    /// What happens to it, and in which second.
    pub(super) fault: Option<(u64, Fault)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The process is gone, and its membership ends with the session.
    Crashes,
    /// It sends heartbeats, and reads nothing.
    Sticks,
    /// It reads so many records a second from now on.
    SlowsTo(f64),
    /// It seeks so many records back and reads so many a second from now on.
    SeeksBack(f64, f64),
}

/// Where the log and its reader are.
pub(super) struct World {
    consumer: Consumer,
    random: Random,
    second: u64,
    phase: u64,
    end: f64,
    ends: Vec<f64>,
    rate: f64,
    position: f64,
    committed: f64,
}

impl World {
    pub(super) fn new(consumer: Consumer, seed: u64) -> Self {
        let mut random = Random(seed);
        let phase = random.below(600);
        let start = 1_000_000.0;
        let (end, position, committed) = (start, start, start);
        Self { consumer, random, second: 0, phase, end, ends: Vec::new(), rate: 0.0, position, committed }
    }

    pub(super) fn run_to(&mut self, second: u64) {
        while self.second < second {
            self.second += 1;
            self.tick();
        }
    }

    fn tick(&mut self) {
        let clock = self.second + self.phase;
        match self.consumer.load {
            Load::Steady(mean) if clock.is_multiple_of(10) || self.second == 1 => {
                self.rate = mean * (80 + self.random.below(41)) as f64 / 100.0;
            }
            Load::Steady(_) => {}
            Load::OneIn(seconds) => self.rate = if self.random.below(seconds) == 0 { 1.0 } else { 0.0 },
            Load::Bursts(rate, length, every) => self.rate = if clock % every < length { rate } else { 0.0 },
        }
        self.end += self.rate;
        self.ends.push(self.end);
        let mut reads = self.consumer.reads;
        if let Some((at, fault)) = self.consumer.fault.filter(|(at, _)| *at <= self.second) {
            match fault {
                Fault::Crashes | Fault::Sticks => return,
                Fault::SlowsTo(rate) => reads = rate,
                Fault::SeeksBack(records, rate) => {
                    reads = rate;
                    if self.second == at {
                        self.position -= records;
                        self.committed = self.position;
                    }
                }
            }
        }
        let worked_up_to =
            self.ends.len().checked_sub(self.consumer.works + 1).map_or(self.position, |at| self.ends[at]);
        self.position = self.position.max((self.position + reads).min(worked_up_to));
        if clock.is_multiple_of(self.consumer.commits_each) {
            self.committed = self.position;
        }
    }

    /// What a run sees now.
    pub(super) fn look(&self) -> Look {
        let crashed = matches!(self.consumer.fault, Some((at, Fault::Crashes)) if at + SESSION_S <= self.second);
        let end = self.end as i64;
        Look {
            time_ms: START_MS + self.second as i64 * 1_000,
            committed: Committed::At(self.committed as i64),
            log: LogRange { start: 0, end, last_stable: Some(end) },
            assigned: if crashed { Assigned::No } else { Assigned::Yes },
            members: if crashed { Members::Absent } else { Members::Present },
        }
    }
}

/// `splitmix64`, so that each seed is the same world everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// Kafka's default `session.timeout.ms`, in seconds.
const SESSION_S: u64 = 45;
/// A whole minute, as scheduled runs have it.
const START_MS: i64 = 1_800_000_000_000 / 3_600_000 * 3_600_000;
