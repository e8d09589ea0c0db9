//! What is known of one record's stamp, from the answers so far.

use crate::model::age::outcome::unknown;
use crate::model::age::probes::{Narrowed, Stamped};
use crate::model::age::{Age, Answer, MAX_TIMESTAMP, Tolerance};
use crate::model::unknown::Unknown;

/// The stamps that the next record at or after an offset can have.
#[derive(Debug)]
pub(crate) struct Bracket {
    /// The first offset that is wanted and may still exist.
    wanted: i64,
    /// A record before the wanted one, with the greatest stamp known of such. The stamp is −1 while none is known.
    below: Stamped,
    /// The least timestamp known to lead past the wanted offset, or to no record.
    hi: i64,
    /// Where that timestamp leads: a later record, or the log's end as if it were stamped at that time.
    above: Stamped,
    /// No record at or after the wanted offset comes first with a greater stamp than this, in any log.
    newest: i64,
    /// The wanted record's own stamp.
    found: Option<i64>,
    refused: Option<Unknown>,
    end: i64,
}

impl Bracket {
    pub(crate) fn new(wanted: i64, end: i64, now_ms: i64) -> Self {
        Self {
            wanted,
            below: Stamped { offset: wanted - 1, timestamp: -1 },
            hi: i64::MAX,
            above: Stamped { offset: end, timestamp: now_ms },
            newest: i64::MAX,
            found: None,
            refused: None,
            end,
        }
    }

    /// Adds the answer to `timestamp`, which may have been asked for another record of this partition.
    pub(crate) fn learn(&mut self, timestamp: i64, answer: &Answer) {
        match *answer {
            Answer::Refused(ref reason) => self.refused = Some(reason.clone()),
            Answer::NoRecord => {
                // An empty or unstamped log has no greatest stamp either; an answer for timestamp 0 distinguishes the
                // two.
                if timestamp != MAX_TIMESTAMP {
                    self.lower(timestamp, timestamp - 1, Stamped { offset: self.end, timestamp });
                }
            }
            Answer::Record { timestamp: stamp, .. } if stamp < 0 => {}
            Answer::Record { offset, timestamp: stamp } if offset == self.wanted => self.found = Some(stamp),
            Answer::Record { offset, timestamp: stamp } => {
                let record = Stamped { offset, timestamp: stamp };
                if offset < self.wanted {
                    self.lift(record);
                }
                if timestamp == MAX_TIMESTAMP {
                    self.lower(stamp.saturating_add(1), stamp, record);
                } else if offset > self.wanted {
                    self.lower(timestamp, stamp, record);
                }
            }
        }
    }

    /// A record before the wanted one: nothing between is stamped later, or it would have been answered.
    fn lift(&mut self, record: Stamped) {
        if record.timestamp >= self.below.timestamp {
            self.below = record;
        }
        if record.timestamp >= self.hi {
            // Impossible in one state of the log, so the log changed meanwhile. The greater stamp is the safer bound.
            self.hi = record.timestamp.saturating_add(1);
            self.newest = self.newest.max(record.timestamp);
        }
    }

    fn lower(&mut self, hi: i64, newest: i64, above: Stamped) {
        if hi < self.hi && hi > self.below.timestamp {
            (self.hi, self.newest) = (hi, newest);
            if above.offset > self.wanted {
                self.above = above;
            }
        }
    }

    /// Whether another question could narrow the bracket by more than `tolerance`.
    pub(crate) fn is_settled(&self, tolerance: Tolerance, now_ms: i64) -> bool {
        self.found.is_some()
            || self.refused.is_some()
            || self.below.timestamp >= now_ms
            || self.is_closed()
            || self.width() <= tolerated(tolerance, now_ms, self.hi - 1)
    }

    fn is_closed(&self) -> bool {
        self.width() == 0
    }

    /// Milliseconds between the least and the greatest stamp that the record can have in a log in order.
    fn width(&self) -> u64 {
        self.below.timestamp.abs_diff(self.hi - 1)
    }

    /// What the next questions are made from. Nothing is asked about the future.
    pub(crate) fn view(&self, tolerance: Tolerance, now_ms: i64) -> Narrowed {
        let hi = self.hi.min(now_ms.saturating_add(1));
        Narrowed {
            wanted: self.wanted,
            below: self.below,
            hi,
            above: self.above,
            goal: tolerated(tolerance, now_ms, hi),
        }
    }

    /// The age, as precisely as it is known.
    pub(crate) fn age(&self, now_ms: i64) -> Age {
        let age_of = |stamp: i64| u64::try_from(now_ms.saturating_sub(stamp)).unwrap_or(0);
        if let Some(stamp) = self.found {
            return if stamp > now_ms { Age::AtLeast { ms: 0 } } else { Age::Exact { ms: age_of(stamp) } };
        }
        let at_least_ms = age_of(self.newest);
        if self.below.timestamp < 0 {
            return match &self.refused {
                _ if self.newest < 0 => unknown(UNSTAMPED),
                _ if self.is_closed() || at_least_ms > 0 => Age::AtLeast { ms: at_least_ms },
                Some(reason) => Age::Unknown(reason.clone()),
                None => unknown(UNANSWERED),
            };
        }
        let ms = age_of(self.below.timestamp);
        if self.below.timestamp > now_ms.saturating_add(CLOCK_SKEW_MS) {
            let ahead = self.below.timestamp.abs_diff(now_ms) / 1_000;
            unknown(&format!("a record before the commit is stamped {ahead} s in the future, which hides later ones"))
        } else if self.newest <= self.below.timestamp || ms == 0 {
            Age::AtLeast { ms }
        } else if self.is_closed() {
            Age::Tied { ms, at_least_ms }
        } else {
            Age::AtMost { ms, at_least_ms }
        }
    }
}

/// The width that is narrow enough for a record stamped `newest` or earlier, in milliseconds.
fn tolerated(tolerance: Tolerance, now_ms: i64, newest: i64) -> u64 {
    let age = u64::try_from(now_ms.saturating_sub(newest)).unwrap_or(0);
    tolerance.ms.max(age.saturating_mul(tolerance.percent) / 100)
}

/// A stamp this far ahead of our clock is no finding: clocks differ.
const CLOCK_SKEW_MS: i64 = 1_000;

const UNSTAMPED: &str = "no record has a timestamp: message format before Kafka 0.10, or nothing is left to read";

const UNANSWERED: &str = "no answer came in time";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;
    const EXACT: Tolerance = Tolerance { ms: 0, percent: 0 };

    /// The record at offset 100 of a log that ends at 200, after answers `(timestamp, offset, stamp)`.
    fn after(answers: &[(i64, i64, i64)]) -> Bracket {
        let mut bracket = Bracket::new(100, 200, NOW);
        for &(timestamp, offset, stamp) in answers {
            let record = Answer::Record { offset, timestamp: stamp };
            bracket.learn(timestamp, if offset < 0 { &Answer::NoRecord } else { &record });
        }
        bracket
    }

    fn age(answers: &[(i64, i64, i64)]) -> Age {
        after(answers).age(NOW)
    }

    #[test]
    fn the_record_itself_is_exact() {
        assert_eq!(age(&[(0, 0, 10), (5_000, 100, 6_000)]), Age::Exact { ms: 994_000 });
        assert_eq!(age(&[(MAX_TIMESTAMP, 100, 6_000)]), Age::Exact { ms: 994_000 });
    }

    #[test]
    fn a_record_stamped_in_the_future_is_at_least_0_old() {
        assert_eq!(age(&[(NOW, 100, NOW)]), Age::Exact { ms: 0 });
        assert_eq!(age(&[(NOW, 100, NOW + 1)]), Age::AtLeast { ms: 0 });
    }

    #[test]
    fn an_open_bracket_is_at_most_as_old_as_the_record_below() {
        assert_eq!(age(&[(0, 10, 1_000), (5_000, 150, 7_000)]), Age::AtMost { ms: 999_000, at_least_ms: 993_000 });
    }

    #[test]
    fn a_closed_bracket_is_tied_to_the_record_below() {
        assert_eq!(age(&[(0, 99, 1_000), (1_001, 101, 4_000)]), Age::Tied { ms: 999_000, at_least_ms: 996_000 });
    }

    #[test]
    fn without_a_later_stamp_the_age_is_at_least_the_greatest_one() {
        assert_eq!(age(&[(0, 0, 0), (MAX_TIMESTAMP, 99, 1_000)]), Age::AtLeast { ms: 999_000 });
        assert_eq!(age(&[(0, 99, 1_000), (1_001, -1, -1)]), Age::AtLeast { ms: 999_000 });
    }

    #[test]
    fn the_first_record_with_a_stamp_is_a_lower_bound_for_those_before_it() {
        assert_eq!(age(&[(0, 130, 1_000)]), Age::AtLeast { ms: 999_000 });
        assert_eq!(age(&[(0, 130, NOW + 5_000)]), Age::AtLeast { ms: 0 });
    }

    #[test]
    fn a_log_without_stamps_has_no_age() {
        assert_eq!(age(&[(0, -1, -1), (MAX_TIMESTAMP, -1, -1)]), unknown(UNSTAMPED));
    }

    #[test]
    fn a_future_stamp_before_the_commit_hides_the_age() {
        let hidden = unknown("a record before the commit is stamped 2 s in the future, which hides later ones");
        assert_eq!(age(&[(0, 0, 0), (NOW, 50, NOW + 2_000)]), hidden);
        assert_eq!(age(&[(0, 0, 0), (NOW, 50, NOW + CLOCK_SKEW_MS)]), Age::AtLeast { ms: 0 });
        assert!(after(&[(0, 0, 0), (NOW, 50, NOW)]).is_settled(EXACT, NOW));
    }

    #[test]
    fn without_an_answer_there_is_no_age() {
        assert_eq!(age(&[]), unknown(UNANSWERED));
        let mut bracket = after(&[]);
        bracket.learn(0, &Answer::Refused(Unknown::because("not authorized")));
        assert_eq!(bracket.age(NOW), unknown("not authorized"));
        assert!(bracket.is_settled(EXACT, NOW));
    }

    #[test]
    fn a_refusal_halfway_keeps_the_bound() {
        let mut bracket = after(&[(0, 10, 1_000), (5_000, 150, 7_000)]);
        bracket.learn(2_000, &Answer::Refused(Unknown::because("leader moved")));
        assert_eq!(bracket.age(NOW), Age::AtMost { ms: 999_000, at_least_ms: 993_000 });
    }

    #[test]
    fn a_missing_first_answer_leaves_the_younger_bound() {
        assert_eq!(age(&[(5_000, 150, 7_000)]), Age::AtLeast { ms: 993_000 });
        assert_eq!(age(&[(NOW, -1, -1)]), Age::AtLeast { ms: 1 });
    }

    #[test]
    fn answers_from_a_changed_log_keep_the_safer_bound() {
        assert_eq!(age(&[(0, 0, 0), (5_000, 150, 5_000), (4_000, 60, 6_000)]), Age::AtLeast { ms: 994_000 });
        assert_eq!(
            age(&[(0, 10, 1_000), (5_000, 150, 7_000), (900, 120, 6_000)]),
            Age::AtMost { ms: 999_000, at_least_ms: 993_000 }
        );
    }

    #[test]
    fn the_tolerance_is_the_greater_of_its_two() {
        let bracket = after(&[(0, 10, 500_000), (504_001, 150, 504_001)]); // 4,000 ms wide, at least 495,999 ms old
        let settled = |ms, percent| bracket.is_settled(Tolerance { ms, percent }, NOW);
        assert!(settled(4_000, 0) && !settled(3_999, 0));
        assert!(settled(0, 1) && !settled(0, 0));
    }
}
