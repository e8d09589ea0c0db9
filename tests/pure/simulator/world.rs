//! A topic partition, its consumer, and what may go wrong with it, second by second.

use meerkat::model::lag::{Assigned, Committed, LogRange};
use meerkat::model::memory::{Aged, Members, Reading};

/// What is written to the partition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// This many records a second, a fifth more or less from one ten seconds to the next.
    Steady(f64),
    /// One record every this many seconds on average.
    OneIn(u64),
    /// This many records a second for this many seconds, in each period of this many seconds.
    Bursts(f64, u64, u64),
    /// This many records a second on average, each at a random time.
    Poisson(f64),
    /// This many records a second at noon, and a fifth of that at midnight.
    ByDay(f64),
    /// This many records a second, and none for an hour after each two hours.
    Pauses(f64),
    /// This many offsets at once, in each period of this many seconds, and none in each third hundred of them.
    Transactions(f64, u64),
}

/// When the group has members.
#[derive(Clone, Copy, Debug)]
pub(super) enum Presence {
    Always,
    /// It still commits, as Flink does.
    Never,
    /// For this many seconds in each period of this many.
    Runs(u64, u64),
    /// Members stay, the group is not stable for this many seconds in each period of this many, and all members keep
    /// reading (KIP-429, KIP-848).
    Unsettled(u64, u64),
    /// For nine hours of each day.
    OfficeHours,
}

/// How long before its arrival a record is stamped, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stamps {
    /// The broker stamps it, or the producer just before.
    Arrival,
    /// This long before: event time.
    Before(u64),
    /// This long before, for an hour and a half of each three: a broker with a slow clock leads.
    SlowClock(u64),
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
    /// Seconds from a checkpoint's position to its commit.
    pub(super) checkpoints: usize,
    /// Seconds for which a batch is worked on, all of it committed at the end; 0 where records are read one by one.
    pub(super) batches: u64,
    /// Whether a batch lasts between a quarter of that and four times as long.
    pub(super) irregular: bool,
    /// Whether one to five of them read, depending on the lag.
    pub(super) scales: bool,
    /// Whether it reads up to half as much more or less, otherwise in each ten minutes.
    pub(super) wavers: bool,
    /// Offsets that each commit leaves, which are no records: the markers of a transaction.
    pub(super) rest: i64,
    pub(super) stamps: Stamps,
    pub(super) presence: Presence,
    /// Seconds after which a record is deleted, read or not.
    pub(super) retention: Option<usize>,
    /// Records that are there from the beginning.
    pub(super) backlog: f64,
    /// What happens to it, and in which second.
    pub(super) fault: Option<(u64, Fault)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The process is gone, and its membership ends with the session.
    Crashes,
    /// It sends heartbeats, and reads nothing.
    Sticks,
    /// The same for this many seconds.
    SticksFor(u64),
    /// It reads this many records a second from now on.
    SlowsTo(f64),
    /// It reads this many records a second for this many seconds, and this many afterwards.
    SlowsFor(f64, u64, f64),
    /// It seeks this many records back and reads this many a second from now on.
    SeeksBack(f64, f64),
    /// All of its members are there, and the group never becomes stable again.
    Rebalances,
    /// The topic is recreated: the log begins again, and the commit is this many records past its end.
    StandsPastEnd(f64),
    /// The topic is recreated with this many records, and its reader notices after this many seconds and begins again.
    Recreated(f64, u64),
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
    positions: Vec<f64>,
    batch: f64,
    /// When the batch that is worked on is done.
    batch_ends: u64,
    /// How many consumers read.
    consumers: f64,
    /// What part of its usual pace it reads at.
    pace: f64,
    committed: f64,
    start: f64,
}

impl World {
    pub(super) fn new(consumer: Consumer, seed: u64) -> Self {
        let mut random = Random(seed);
        let phase = random.below(600);
        let end = 100_000_000.0;
        let position = end - consumer.backlog;
        let (ends, positions) = (Vec::new(), Vec::new());
        let (batch, committed) = (position, position);
        Self {
            consumer,
            random,
            second: 0,
            phase,
            end,
            ends,
            rate: 0.0,
            position,
            positions,
            batch,
            batch_ends: 0,
            consumers: 4.0,
            pace: 1.0,
            committed,
            start: 0.0,
        }
    }

    pub(super) fn run_to(&mut self, second: u64) {
        while self.second < second {
            self.second += 1;
            self.tick();
        }
    }

    fn tick(&mut self) {
        let clock = self.second + self.phase;
        self.set_rate(clock);
        self.end += self.rate;
        self.ends.push(self.end);
        if let Some(gone) = self.consumer.retention.and_then(|seconds| self.ends.len().checked_sub(seconds + 1)) {
            self.start = self.ends[gone];
        }
        let mut reads = self.consumer.reads;
        if let Some((at, fault)) = self.consumer.fault.filter(|(at, _)| *at <= self.second) {
            match fault {
                Fault::Crashes | Fault::Sticks | Fault::Rebalances | Fault::StandsPastEnd(_) => return,
                Fault::SticksFor(seconds) if self.second < at + seconds => return,
                Fault::SticksFor(_) => {}
                Fault::SlowsTo(rate) => reads = rate,
                Fault::SlowsFor(rate, seconds, then) => reads = if self.second < at + seconds { rate } else { then },
                Fault::Recreated(records, seconds) => {
                    if self.second == at {
                        self.end = records;
                        self.ends.fill(0.0);
                    }
                    if self.second < at + seconds {
                        return;
                    }
                    if self.second == at + seconds {
                        (self.position, self.batch, self.committed) = (0.0, 0.0, 0.0);
                        self.positions.fill(0.0);
                    }
                }
                Fault::SeeksBack(records, rate) => {
                    reads = rate;
                    if self.second == at {
                        self.position -= records;
                        self.committed = self.position;
                    }
                }
            }
        }
        if let Presence::Runs(runs, every) = self.consumer.presence
            && clock % every >= runs
        {
            return;
        }
        if matches!(self.consumer.presence, Presence::OfficeHours) && clock % 86_400 >= 9 * 3_600 {
            return;
        }
        if self.consumer.wavers {
            if clock.is_multiple_of(600) {
                self.pace = (50 + self.random.below(101)) as f64 / 100.0;
            }
            reads *= self.pace;
        }
        if self.consumer.scales {
            // As KEDA and its autoscaler do: more at once, fewer by one in five minutes.
            let wanted = ((self.end - self.committed) / LAG_FOR_ONE).ceil().clamp(1.0, 5.0);
            if clock.is_multiple_of(30) && wanted > self.consumers {
                self.consumers = wanted;
            } else if clock.is_multiple_of(300) && wanted < self.consumers {
                self.consumers -= 1.0;
            }
            reads *= self.consumers;
        }
        if self.consumer.retention.is_some() {
            self.position = self.position.max(self.start);
        }
        let worked_up_to =
            self.ends.len().checked_sub(self.consumer.works + 1).map_or(self.position, |at| self.ends[at]);
        self.position = self.position.max((self.position + reads).min(worked_up_to));
        self.positions.push(self.position);
        if self.consumer.irregular {
            if self.second >= self.batch_ends {
                let sum = (0..4).map(|_| self.random.below(1_000) as f64 / 1_000.0).sum::<f64>() / 2.0 - 1.0;
                self.batch_ends = self.second + (self.consumer.batches as f64 * 4.0_f64.powf(sum)) as u64;
                self.committed = self.batch;
                self.batch = self.end;
            }
        } else if self.consumer.batches > 0 {
            if clock.is_multiple_of(self.consumer.batches) {
                self.committed = self.batch;
                self.batch = self.end;
            }
        } else if clock.is_multiple_of(self.consumer.commits_each) {
            let at = self.positions.len().saturating_sub(self.consumer.checkpoints + 1);
            self.committed = self.committed.max(self.positions[at]).min(self.position);
            if self.consumer.fault.is_some() {
                self.committed = self.positions[at];
            }
        }
    }

    /// What is written in this second.
    fn set_rate(&mut self, clock: u64) {
        match self.consumer.load {
            Load::Steady(mean) if clock.is_multiple_of(10) || self.second == 1 => {
                self.rate = mean * (80 + self.random.below(41)) as f64 / 100.0;
            }
            Load::Steady(_) => {}
            Load::OneIn(seconds) => self.rate = if self.random.below(seconds) == 0 { 1.0 } else { 0.0 },
            Load::Poisson(mean) => {
                // The sum of twelve even ones is nearly normal.
                let normal = (0..12).map(|_| self.random.below(1_000) as f64 / 1_000.0).sum::<f64>() - 6.0;
                self.rate = (mean + normal * mean.sqrt()).max(0.0).round();
            }
            Load::ByDay(noon) => {
                let day = (clock % 86_400) as f64 / 86_400.0 * std::f64::consts::TAU;
                self.rate = noon * (0.6 - 0.4 * day.cos());
            }
            Load::Pauses(rate) => self.rate = if clock % 10_800 < 7_200 { rate } else { 0.0 },
            Load::Transactions(records, every) => {
                let works = clock % (300 * every) < 200 * every;
                self.rate = if works && clock.is_multiple_of(every) { records } else { 0.0 };
            }
            Load::Bursts(rate, length, every) => self.rate = if clock % every < length { rate } else { 0.0 },
        }
    }

    /// How old the oldest unread record is, as a search by timestamps finds it.
    pub(super) fn age(&self) -> Option<Aged> {
        let next = (self.committed - self.consumer.rest as f64).max(self.start);
        let written = self.ends.partition_point(|end| *end <= next);
        let ms = (self.ends.len().checked_sub(written + 1)? * 1_000) as u64;
        let first = written == 0 && self.consumer.backlog > 0.0;
        let ms = if first { ms + BACKLOG_IS_OLDER_MS } else { ms };
        let stamped = (self.second + self.phase).saturating_sub(ms / 1_000);
        let ms = match self.consumer.stamps {
            Stamps::Arrival => ms,
            Stamps::Before(seconds) => ms + seconds * 1_000,
            Stamps::SlowClock(seconds) => ms + if stamped % 10_800 < 5_400 { seconds * 1_000 } else { 0 },
        };
        Some(Aged { at_least_ms: ms, at_most_ms: Some(ms + 1_000) })
    }

    /// What a run sees now.
    pub(super) fn reading(&self) -> Reading {
        let past = |session_s| matches!(self.consumer.fault, Some((at, _)) if at + session_s <= self.second);
        let fault = self.consumer.fault.map(|(_, fault)| fault);
        let crashed = matches!(fault, Some(Fault::Crashes)) && past(SESSION_S);
        let unstable = matches!(fault, Some(Fault::Rebalances)) && past(0);
        let away = match self.consumer.presence {
            Presence::Always | Presence::Unsettled(..) => crashed,
            Presence::Never => true,
            Presence::Runs(runs, every) => crashed || (self.second + self.phase) % every >= runs,
            Presence::OfficeHours => crashed || (self.second + self.phase) % 86_400 >= 9 * 3_600,
        };
        let reads_on = matches!(self.consumer.presence,
            Presence::Unsettled(length, every) if (self.second + self.phase) % every < length);
        let mut end = self.end as i64;
        if let Some((_, Fault::StandsPastEnd(by))) = self.consumer.fault.filter(|_| past(0)) {
            end = (self.committed - by) as i64 + (self.second - self.consumer.fault.map_or(0, |(at, _)| at)) as i64;
        }
        let (assigned, members) = match (away, unstable || reads_on) {
            (true, _) => (Assigned::No, Members::Absent),
            (_, true) => (Assigned::Unknown, Members::Present),
            _ => (Assigned::Yes, Members::Present),
        };
        Reading::new(
            START_MS + self.second as i64 * 1_000,
            Committed::At(self.committed as i64 - self.consumer.rest),
            LogRange { start: self.start as i64, end, last_stable: Some(end) },
            assigned,
            members,
        )
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

/// How much older than the simulation a backlog is, in milliseconds.
const BACKLOG_IS_OLDER_MS: u64 = 3_600_000;
/// Records of lag for one more consumer.
const LAG_FOR_ONE: f64 = 30_000.0;
/// Kafka's default `session.timeout.ms`, in seconds.
const SESSION_S: u64 = 45;
/// A whole minute, as scheduled runs have it.
const START_MS: i64 = 1_800_000_000_000 / 3_600_000 * 3_600_000;
