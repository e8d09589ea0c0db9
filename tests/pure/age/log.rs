//! An invented partition that answers by the broker's rule, and what a reader of it would find.

use meerkat::model::age::{Age, Answer, Limits, MAX_TIMESTAMP, Search, Target, Tolerance};
use meerkat::model::lag::LogRange;

/// Where every log starts: some day, in milliseconds since 1970.
pub(super) const DAY_ONE: i64 = 1_700_000_000_000;

/// Every possible question, until brackets close.
pub(super) const TO_THE_MS: Limits =
    Limits { partitions: usize::MAX, rounds: 12, layers: 32, tolerance: Tolerance { ms: 0, percent: 0 } };

/// A partition's surviving records in offset order, as `(offset, stamp)`.
pub(super) struct Log {
    pub(super) records: Vec<(i64, i64)>,
    /// The greatest stamp up to each record.
    greatest: Vec<i64>,
    pub(super) range: LogRange,
    pub(super) now_ms: i64,
}

impl Log {
    pub(super) fn of(stamps: Vec<i64>) -> Self {
        Self::with_holes((0..).zip(stamps).collect())
    }

    pub(super) fn with_holes(records: Vec<(i64, i64)>) -> Self {
        let end = records.last().unwrap().0 + 1;
        let now_ms = records.iter().map(|record| record.1).max().unwrap() + 3_456;
        let greatest = records
            .iter()
            .scan(i64::MIN, |greatest, record| {
                *greatest = record.1.max(*greatest);
                Some(*greatest)
            })
            .collect();
        Self { records, greatest, range: LogRange { start: 0, end, last_stable: Some(end) }, now_ms }
    }

    /// The broker's rule: the first record in offset order with this stamp or a later one.
    pub(super) fn answer(&self, timestamp: i64) -> Answer {
        let start = self.records.partition_point(|record| record.0 < self.range.start);
        let at = match timestamp {
            MAX_TIMESTAMP => self.greatest.partition_point(|greatest| greatest < self.greatest.last().unwrap()),
            _ if start == 0 => self.greatest.partition_point(|greatest| *greatest < timestamp),
            _ => (start..self.records.len()).find(|&at| self.records[at].1 >= timestamp).unwrap_or(self.records.len()),
        };
        match self.records.get(at) {
            Some(&(offset, timestamp)) => Answer::Record { offset, timestamp },
            None => Answer::NoRecord,
        }
    }

    pub(super) fn target(&self, committed: i64) -> Target {
        Target { topic: 0, partition: 0, committed, log: self.range, max_timestamp: true }
    }

    /// The age of the first record that a reader starting at `committed` would find.
    pub(super) fn true_age(&self, committed: i64) -> u64 {
        let at = self.records.partition_point(|record| record.0 < committed.max(self.range.start));
        u64::try_from(self.now_ms - self.records[at].1).unwrap_or(0)
    }

    /// The age that was found, and the number of rounds and questions.
    pub(super) fn search(&self, target: Target, limits: Limits) -> (Age, u32, usize) {
        let mut search = Search::new([target], limits, self.now_ms);
        let mut questions = 0;
        while let Some(layers) = search.round(|_, _| true) {
            for question in layers.into_iter().flatten() {
                questions += 1;
                search.answer(question, &self.answer(question.timestamp));
            }
        }
        let rounds = search.rounds();
        (search.finish().remove(0), rounds, questions)
    }

    pub(super) fn age(&self, committed: i64) -> Age {
        self.search(self.target(committed), TO_THE_MS).0
    }
}

/// `SplitMix64`, so that every run sees the same logs.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() % n.unsigned_abs()).unwrap()
    }

    /// Between 0 and 1, both left out.
    #[expect(clippy::cast_precision_loss, reason = "52 bits fit")]
    pub(super) fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }
}
