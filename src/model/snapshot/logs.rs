//! The logs of one topic, by partition.

use std::collections::BTreeMap;

use crate::model::lag::LogRange;
use crate::model::unknown::{Known, Unknown};

/// Where each partition's log starts and ends, or the cause why that is unknown.
#[derive(Debug, Default)]
pub struct Logs {
    edges: Vec<Edges>,
    failed: BTreeMap<usize, Unknown>,
    /// Parallel to the edges, the id of the broker that leads the partition, [`NO_LEADER`] where there is none; empty where none is known.
    leaders: Vec<i32>,
}

/// Three offsets of one log, or [`NOTHING`]; kept small, because there are as many as partitions.
#[derive(Clone, Copy, Debug)]
struct Edges {
    start: i64,
    end: i64,
    last_stable: i64,
}

impl Edges {
    const UNREAD: Self = Self { start: NOTHING, end: NOTHING, last_stable: NOTHING };
}

impl Logs {
    /// This many partitions whose logs have not been read.
    pub(crate) fn unread(partitions: usize) -> Self {
        Self { edges: vec![Edges::UNREAD; partitions], failed: BTreeMap::new(), leaders: Vec::new() }
    }

    /// The same, with the brokers that lead the partitions, in order.
    pub(crate) fn led_by(self, leaders: impl Iterator<Item = Option<i32>>) -> Self {
        Self { leaders: leaders.map(|leader| leader.unwrap_or(NO_LEADER)).collect(), ..self }
    }

    /// The broker that leads a partition; `None` where it has no leader, or none is known.
    pub(crate) fn leader(&self, partition: i32) -> Option<i32> {
        let leader = self.leaders.get(usize::try_from(partition).ok()?)?;
        Some(*leader).filter(|leader| *leader != NO_LEADER)
    }

    /// A commit that was read later has this offset, so the log reaches at least that far.
    pub(crate) fn reach(&mut self, partition: i32, offset: i64) {
        let at = usize::try_from(partition).ok();
        if let Some(edges) = at.and_then(|at| self.edges.get_mut(at)).filter(|edges| edges.end != NOTHING) {
            edges.end = offset.max(edges.end);
        }
    }

    /// How many partitions the topic has.
    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }

    /// One partition's log.
    #[inline]
    pub(crate) fn of(&self, partition: i32) -> Known<LogRange> {
        let at = usize::try_from(partition).unwrap_or(usize::MAX);
        match self.edges.get(at) {
            Some(&Edges { start, end: end @ 0.., last_stable }) => {
                Ok(LogRange { start, end, last_stable: Some(last_stable).filter(|offset| *offset != NOTHING) })
            }
            _ => Err(self.why(at)),
        }
    }

    #[cold]
    fn why(&self, at: usize) -> Unknown {
        match self.failed.get(&at) {
            _ if at >= self.len() => Unknown::because("the topic has no such partition"),
            Some(why) => why.clone(),
            None => Unknown::because("the log has not been read"),
        }
    }
}

impl FromIterator<Known<LogRange>> for Logs {
    /// In order, from partition 0 on.
    fn from_iter<T: IntoIterator<Item = Known<LogRange>>>(logs: T) -> Self {
        let mut failed = BTreeMap::new();
        let edges = logs.into_iter().enumerate().map(|(at, log)| match log {
            Ok(LogRange { start, end, last_stable }) => {
                Edges { start, end, last_stable: last_stable.unwrap_or(NOTHING) }
            }
            Err(why) => {
                failed.insert(at, why);
                Edges::UNREAD
            }
        });
        Self { edges: edges.collect(), failed, leaders: Vec::new() }
    }
}

/// The value for a log that was not read: no log has an offset below 0. It never leaves this file.
const NOTHING: i64 = -1;

/// What stands where a partition has no leader, as in Kafka's metadata. It never leaves this file.
const NO_LEADER: i32 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_reported_or_its_cause_is() {
        let read = LogRange { start: 0, end: 7, last_stable: Some(5) };
        let old = LogRange { start: 1, end: 2, last_stable: None };
        let why = Unknown::because("the partition has no leader");
        let logs: Logs = [Ok(read), Err(why.clone()), Ok(old)].into_iter().collect();
        assert_eq!([0, 1, 2].map(|partition| logs.of(partition)), [Ok(read), Err(why), Ok(old)]);
        for partition in [-1, 3] {
            assert_eq!(logs.of(partition), Err(Unknown::because("the topic has no such partition")));
        }
        assert_eq!(Logs::unread(1).of(0), Err(Unknown::because("the log has not been read")));
    }
}
