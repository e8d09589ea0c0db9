//! The maximum age of the oldest unread record, and its verdicts.

use super::reason::Kept;
use super::rules::{Seen, short};
use super::{Reason, Verdict};
use crate::model::memory::Objective;
use crate::model::unknown::Known;
use crate::model::window::Point;

impl Seen<'_> {
    /// Younger than its objective: a step back or an expected loss still counts, nothing else does.
    pub(crate) fn in_time(&self, objective_s: u64, points: Known<Vec<Point>>) -> (Verdict, Reason) {
        let Self { reading, memory, .. } = *self;
        let back = match points {
            _ if !memory.has_stepped_back() => None,
            Err(why) => match self.without_a_window(&why) {
                verdict @ Verdict::Rewind => {
                    return (verdict, Reason::Kept(Box::new(Kept { unread: reading.unread(), why })));
                }
                Verdict::Unknown => return (Verdict::Unknown, Reason::Unread(why)),
                _ => None,
            },
            Ok(points) => self.steps_back().or_else(|| self.is_back(&points)),
        };
        match back {
            Some(reason) => (Verdict::Rewind, reason),
            None if memory.has_lost_lately() && memory.snapshots_missing() == 0 => {
                (Verdict::Warn, Reason::Lost { lost: reading.lost() })
            }
            None => (Verdict::Ok, Reason::InTime { unread: reading.unread(), objective_s: short(objective_s) }),
        }
    }

    /// The objective, in seconds, if the oldest unread record is known to be younger.
    pub(crate) fn is_in_time(&self) -> Option<u64> {
        let objective_s = self.thresholds.objective?.warn_s;
        (self.age?.at_most_ms? <= objective_s * 1_000).then_some(objective_s)
    }

    pub(crate) fn is_older_than_its_objective(&self) -> bool {
        let older = |objective: Objective| Some(self.age?.at_least_ms > objective.warn_s * 1_000);
        !self.is_caught_up() && !self.is_past_its_rest() && self.thresholds.objective.and_then(older).unwrap_or(false)
    }

    /// The verdict from its age: at the second snapshot in a row, or at once if no snapshot is stored.
    pub(crate) fn objective_verdict(&self) -> Option<(Verdict, Reason)> {
        let again = !self.remembers || self.previous.is_some_and(|sample| sample.memory.was_late());
        if !again || !self.is_older_than_its_objective() {
            return None;
        }
        let Objective { warn_s, err_s } = self.thresholds.objective?;
        let age = self.age?;
        let age_s = age.at_least_ms / 1_000;
        let late = |objective_s| Reason::late(age, short(objective_s));
        Some(match err_s.filter(|err_s| age_s > *err_s) {
            Some(err_s) => (Verdict::Err, late(err_s)),
            None => (Verdict::Warn, late(warn_s)),
        })
    }
}
