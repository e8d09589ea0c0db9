//! The age of the record a group reads next, as questions for `ListOffsets` and what their answers mean.
//!
//! `ListOffsets` with a timestamp T answers the first record *in offset order* stamped T or later, and asks for no more
//! than DESCRIBE on the topic. So the age of the record at a commit is searched for: a T whose answer is that very
//! record gives its stamp. Every answer also narrows the bracket of stamps that the record can have, so the search may
//! stop after any round and still return a bound.
//!
//! What costs time is the round trip, not the timestamp, so a round asks several timestamps for every partition at once.
//! `ListOffsets` refuses a request that names a partition twice (`INVALID_REQUEST`), so a round comes in layers, each a
//! request of its own (per leader), all to be sent before the first answer is awaited. Ask with `read_uncommitted`: then
//! the record of a `read_committed` reader that waits at the last stable offset is the open transaction's first, with its
//! age. With `read_committed` the broker would deny that there is such a record, and the bounds would be wrong.
//!
//! A transaction marker counts as a record here as it does for the broker: no answer of `ListOffsets` distinguishes
//! them.

mod bracket;
mod outcome;
mod probes;

pub(crate) use crate::model::age::outcome::Bound;
pub use crate::model::age::outcome::{Age, Basis};

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::age::bracket::Bracket;
use crate::model::age::outcome::unknown;
use crate::model::lag::{Committed, Lag, LogRange, lag};
use crate::model::unknown::Unknown;

/// The timestamp that asks for the record with the greatest stamp (KIP-734, `ListOffsets` v7).
pub const MAX_TIMESTAMP: i64 = -3;

/// No search needs more rounds than this, whatever its limits are.
pub(crate) const MAX_ROUNDS: u32 = 12;

/// One commit whose next record's age is wanted. Several groups may name the same partition, or the same offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The topic, by a number that the caller chooses: it only comes back in questions.
    pub topic: u32,
    /// The partition.
    pub partition: i32,
    /// The offset of the next record to read.
    pub committed: i64,
    /// The range of the log, read after the commit.
    pub log: LogRange,
    /// Whether the partition's leader accepts [`MAX_TIMESTAMP`] (`ListOffsets` v7, Kafka 3.0).
    pub max_timestamp: bool,
}

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many partitions are searched, largest lag first.
    pub partitions: usize,
    /// How many rounds are asked, never more than [`MAX_ROUNDS`].
    pub rounds: u32,
    /// How many timestamps are asked of one partition in a round after the first, for all its commits together. If
    /// they are not enough for all, the commit with the largest lag comes first.
    pub layers: usize,
    /// When a bracket is narrow enough to stop.
    pub tolerance: Tolerance,
}

/// A width of the bracket that ends the search for a record: the greater of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// Milliseconds.
    pub ms: u64,
    /// Percent of the age.
    pub percent: u64,
}

/// One timestamp asked of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeQuestion {
    /// The topic, as its [`Target`] named it.
    pub topic: u32,
    /// The partition.
    pub partition: i32,
    /// Milliseconds since 1970, or [`MAX_TIMESTAMP`].
    pub timestamp: i64,
}

/// The leader's answer to a [`TimeQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first record with this stamp or a later one.
    Record {
        /// Its offset.
        offset: i64,
        /// Its own stamp, in milliseconds since 1970.
        timestamp: i64,
    },
    /// There is no such record. Kafka answers offset −1.
    NoRecord,
    /// There is no answer: permission, leadership, message format.
    Refused(Unknown),
}

/// The search for the ages of all targets together.
///
/// ```text
/// while let Some(layers) = search.round(|_, _| true) { send each layer; search.answer(question, answer) for each; }
/// let ages = search.finish();
/// ```
#[derive(Debug)]
pub struct Search {
    now_ms: i64,
    limits: Limits,
    targets: Vec<Fate>,
    /// Largest lag first.
    partitions: Vec<Partition>,
    by_name: BTreeMap<(u32, i32), usize>,
}

/// The state of one target.
#[derive(Debug)]
enum Fate {
    /// Nothing to ask.
    Settled(Age),
    /// The bracket of this commit in this partition. It may serve several targets.
    Searched { name: (u32, i32), offset: i64 },
}

#[derive(Debug)]
struct Partition {
    name: (u32, i32),
    max_timestamp: bool,
    heard: bool,
    /// How many rounds it was asked in.
    rounds: u32,
    brackets: BTreeMap<i64, Bracket>,
}

impl Default for Limits {
    /// What a run can afford in a second or two. With zero for both tolerances the search continues until the bracket
    /// closes.
    fn default() -> Self {
        Self { partitions: 1_000, rounds: MAX_ROUNDS, layers: 32, tolerance: Tolerance { ms: 1_000, percent: 1 } }
    }
}

impl Search {
    /// A search that has asked nothing yet. `now_ms` is in milliseconds since 1970.
    #[must_use]
    pub fn new(targets: impl IntoIterator<Item = Target>, limits: Limits, now_ms: i64) -> Self {
        let mut lagging: BTreeMap<(u32, i32), (u64, Partition)> = BTreeMap::new();
        let targets = targets
            .into_iter()
            .map(|target| {
                let unread = match lag(Committed::At(target.committed), target.log) {
                    Lag::Offsets(0) | Lag::Lost { readable: 0, .. } => return Fate::Settled(Age::CaughtUp),
                    Lag::Offsets(unread) | Lag::Lost { readable: unread, .. } => unread,
                    Lag::PastEnd(_) | Lag::NoCommit => {
                        return Fate::Settled(unknown("the commit stands past the end of the log"));
                    }
                };
                let name = (target.topic, target.partition);
                let offset = target.committed.max(target.log.start);
                let (most, partition) = lagging.entry(name).or_insert_with(|| (0, Partition::new(name, &target)));
                *most = (*most).max(unread);
                partition.brackets.entry(offset).or_insert_with(|| Bracket::new(offset, target.log.end, now_ms));
                Fate::Searched { name, offset }
            })
            .collect();

        let mut lagging: Vec<_> = lagging.into_values().collect();
        lagging.sort_by_key(|(most, partition)| (Reverse(*most), partition.name));
        lagging.truncate(limits.partitions);
        let partitions: Vec<_> = lagging.into_iter().map(|(_, partition)| partition).collect();
        let by_name = partitions.iter().enumerate().map(|(at, partition)| (partition.name, at)).collect();
        Self { now_ms, limits, targets, partitions, by_name }
    }

    /// The questions of the next round about partitions that are `asked`, or `None` when nothing is left to ask of
    /// them: a caller with several leaders need not wait for the slowest of them after each round.
    ///
    /// No layer names a partition twice. In each, the partitions that lag most come first.
    #[must_use]
    pub fn round(&mut self, asked: impl Fn(u32, i32) -> bool) -> Option<Vec<Vec<TimeQuestion>>> {
        let most = self.limits.rounds.min(MAX_ROUNDS);
        let mut layers: Vec<Vec<TimeQuestion>> = Vec::new();
        for partition in &mut self.partitions {
            if partition.rounds >= most || !asked(partition.name.0, partition.name.1) {
                continue;
            }
            let timestamps = partition.ask(self.limits, self.now_ms);
            partition.rounds += u32::from(!timestamps.is_empty());
            for (depth, timestamp) in timestamps.into_iter().enumerate() {
                let (topic, partition) = partition.name;
                if layers.len() == depth {
                    layers.push(Vec::new());
                }
                layers[depth].push(TimeQuestion { topic, partition, timestamp });
            }
        }
        (!layers.is_empty()).then_some(layers)
    }

    /// Adds an answer of a leader. An answer that never arrives leaves the bracket wider.
    pub fn answer(&mut self, question: TimeQuestion, answer: &Answer) {
        let Some(&at) = self.by_name.get(&(question.topic, question.partition)) else {
            return;
        };
        let partition = &mut self.partitions[at];
        let refused = matches!(answer, Answer::Refused(_));
        if refused && question.timestamp == MAX_TIMESTAMP {
            partition.max_timestamp = false;
            return;
        }
        partition.heard |= !refused;
        for bracket in partition.brackets.values_mut() {
            bracket.learn(question.timestamp, answer);
        }
    }

    /// How many rounds were asked, of the partition that needed most.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.partitions.iter().map(|partition| partition.rounds).max().unwrap_or_default()
    }

    /// The age for each target, in the order they were given, as precisely as it is known by now.
    #[must_use]
    pub fn finish(self) -> Vec<Age> {
        let Self { now_ms, limits, targets, partitions, by_name, .. } = self;
        let others = not_searched(limits);
        targets
            .into_iter()
            .map(|place| match place {
                Fate::Settled(age) => age,
                Fate::Searched { name, offset } => by_name
                    .get(&name)
                    .and_then(|&at| partitions[at].brackets.get(&offset))
                    .map_or_else(|| others.clone(), |bracket| bracket.age(now_ms)),
            })
            .collect()
    }
}

impl Partition {
    fn new(name: (u32, i32), target: &Target) -> Self {
        Self { name, max_timestamp: target.max_timestamp, heard: false, rounds: 0, brackets: BTreeMap::new() }
    }

    /// Distinct timestamps to ask next, empty when every bracket is settled.
    fn ask(&self, limits: Limits, now_ms: i64) -> Vec<i64> {
        let open: Vec<_> = self.brackets.values().filter(|it| !it.is_settled(limits.tolerance, now_ms)).collect();
        if open.is_empty() {
            return Vec::new();
        }
        if !self.heard {
            return self.max_timestamp.then_some(MAX_TIMESTAMP).into_iter().chain(probes::first(now_ms)).collect();
        }
        let mut proposals: Vec<_> =
            open.iter().map(|it| probes::next(it.view(limits.tolerance, now_ms)).into_iter()).collect();
        let mut asked = Vec::new();
        while asked.len() < limits.layers && proposals.iter().any(|left| left.len() > 0) {
            for timestamp in proposals.iter_mut().filter_map(Iterator::next) {
                if asked.len() < limits.layers && !asked.contains(&timestamp) {
                    asked.push(timestamp);
                }
            }
        }
        asked
    }
}

/// The reason for a partition that is not searched.
pub(crate) fn not_searched(limits: Limits) -> Age {
    unknown(&format!("not among the {} partitions that lag most, the only ones searched", limits.partitions))
}
