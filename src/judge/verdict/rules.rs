//! Our rules, in order: what follows from a memory, a window of snapshots and the age of the oldest unread record.

use super::reason::Kept;
use super::trend::Trend;
use super::{Finding, Findings, Judgement, Reason, Silence, Thresholds, Verdict};
use crate::model::lag::{Assigned, Committed, Lag};
use crate::model::memory::{Abandoned, Aged, Members, Memory, Reading, Sample, Shown, Warning};
use crate::model::unknown::{Cause, Known, Unknown};
use crate::model::window::{self, Horizon, Point};

/// The verdict on one partition.
///
/// `memory` is the result of [`Memory::fold`] for `previous` and `reading`, and stores what the verdict adds to it.
/// `earlier` is called only if [`Horizon::is_read_for`] is true, and returns the samples of the last
/// [`Horizon::reach_ms`], `previous` included. `age` is that of the oldest unread record, if anything is known of it.
#[must_use]
pub fn judge(
    previous: Option<&Sample>,
    reading: &Reading,
    memory: &mut Memory,
    earlier: Known<&[Sample]>,
    age: Option<Aged>,
    thresholds: &Thresholds,
) -> Judgement {
    judge_with(true, previous, reading, memory, earlier, age, thresholds)
}

/// `remembers`: whether a snapshot is stored for the next one, so that a condition can be required twice.
fn judge_with(
    remembers: bool,
    previous: Option<&Sample>,
    reading: &Reading,
    memory: &mut Memory,
    earlier: Known<&[Sample]>,
    age: Option<Aged>,
    thresholds: &Thresholds,
) -> Judgement {
    let seen = Seen { remembers, previous, reading, memory: *memory, age, thresholds };
    let mut findings = Findings::of(previous, reading, *memory, thresholds);
    let points = match earlier {
        _ if !Horizon::of(thresholds).is_read_for(*memory) => Ok(Vec::new()),
        Ok(earlier) => Ok(window::points(earlier, reading)),
        Err(why) => Err(why),
    };
    let moves = memory.may_be_slow() && !seen.is_caught_up() && !reading.is_past_end();
    let trend = match &points {
        Ok(points) if moves => Trend::of(points, reading.unread(), thresholds),
        _ => Trend::default(),
    };
    let is_judged = moves && points.is_ok();
    let warning = if is_judged { seen.warning(&trend) } else { memory.warning() };
    let slow = is_judged && warning.stands();
    let (pace, since_ms) = (trend.pace, trend.behind_since.filter(|_| !slow));
    if let Some(since_ms) = since_ms {
        findings.add(Finding::Backlog { since_ms });
    }
    let (verdict, reason) = seen.verdict(&findings, points, slow.then_some(&trend));
    let stands = matches!(verdict, Verdict::Stop | Verdict::Stall) || matches!(reason, Reason::Blocked(_));
    let (reason, pace) = match (reason, since_ms, pace) {
        (Reason::Behind(unread), Some(since_ms), pace) => {
            (Reason::Backlog { unread, s: short((reading.time_ms - since_ms).unsigned_abs() / 1_000) }, pace)
        }
        // A group that makes no progress has no direction.
        (reason @ (Reason::Silent(_) | Reason::Blocked(_) | Reason::Left { .. } | Reason::Unstable { .. }), ..) => {
            (reason, None)
        }
        (reason, _, pace) => (reason, pace),
    };
    let (verdict, reason) = match seen.objective_verdict() {
        Some((floor, why)) if floor.severity() > verdict.severity() => (floor, why),
        _ => (verdict, reason),
    };
    memory.learn(warning, seen.is_older_than_its_objective());
    let caught_up = seen.is_caught_up();
    let counts = reading.lag().unread().is_some() || thresholds.uncommitted_alarms;
    let warms_up = !caught_up && counts && verdict == Verdict::Ok;
    let snapshots_missing = if warms_up { memory.snapshots_missing() } else { 0 };
    let supported =
        verdict != Verdict::Ok || caught_up || !counts || memory.supports_ok() || seen.is_in_time().is_some();
    if let Some(pace) = pace {
        findings.go(pace);
    }
    if let Some(tempo) = trend.tempo.filter(|_| slow) {
        findings.run(tempo);
    }
    Judgement { verdict, reason, supported, stands, snapshots_missing, findings }
}

/// The verdict if the history could not be read: a partition that is caught up needs none, nor does an objective for
/// the age of the oldest unread record; of others nothing is known.
#[must_use]
pub fn judge_without_history(
    reading: &Reading,
    why: &Unknown,
    age: Option<Aged>,
    thresholds: &Thresholds,
) -> Judgement {
    let lag = reading.lag();
    let at_sight = at_sight(lag, why, || age, thresholds);
    let counts = lag != Lag::NoCommit || thresholds.uncommitted_alarms;
    let has_objective = thresholds.objective.is_some() && age.is_some();
    if at_sight.is_none() && (has_objective || reading.is_caught_up(thresholds) || !counts) {
        let mut memory = Memory::fold(None, reading, thresholds);
        let judgement = judge_with(false, None, reading, &mut memory, Ok(&[]), age, thresholds);
        if judgement.supported {
            return Judgement { snapshots_missing: 0, ..judgement };
        }
    }
    let (verdict, reason) = at_sight.unwrap_or_else(|| (Verdict::Unknown, unjudged(reading.unread(), why)));
    Judgement { findings: Findings::of_look(reading, lag, reading.assigned), ..Judgement::plain(verdict, reason) }
}

/// The same where it needs no rules and there are no findings, else `None`: most rows are like that, and there are
/// many rows.
#[inline]
pub(crate) fn judge_at_sight(
    reading: &Reading,
    why: &Unknown,
    age: impl FnOnce() -> Option<Aged>,
    thresholds: &Thresholds,
) -> Option<Judgement> {
    let lag = reading.lag();
    if !Findings::are_none(reading, lag) {
        return None;
    }
    let (verdict, reason) = at_sight(lag, why, age, thresholds)?;
    Some(Judgement::plain(verdict, reason))
}

/// The verdict on a lag that needs no rules; `None` on others.
#[inline]
fn at_sight(
    lag: Lag,
    why: &Unknown,
    age: impl FnOnce() -> Option<Aged>,
    thresholds: &Thresholds,
) -> Option<(Verdict, Reason)> {
    Some(match lag {
        Lag::Offsets(0) => (Verdict::Ok, Reason::CaughtUp),
        Lag::Offsets(unread) if unread <= thresholds.allowed_lag => (Verdict::Ok, Reason::Allowed(unread)),
        Lag::Offsets(unread) if thresholds.objective.is_none() || age().is_none() => {
            (Verdict::Unknown, unjudged(unread, why))
        }
        _ => return None,
    })
}

#[inline]
fn unjudged(unread: u64, why: &Unknown) -> Reason {
    if why.cause() == Cause::Off { Reason::Unjudged(unread) } else { Reason::Unread(why.clone()) }
}

/// Everything that the rules ask.
pub(crate) struct Seen<'a> {
    pub(crate) remembers: bool,
    pub(crate) previous: Option<&'a Sample>,
    pub(crate) reading: &'a Reading,
    pub(crate) memory: Memory,
    pub(crate) age: Option<Aged>,
    pub(crate) thresholds: &'a Thresholds,
}

impl Seen<'_> {
    /// `slow` is the trend of a group that falls behind.
    fn verdict(&self, findings: &Findings, points: Known<Vec<Point>>, slow: Option<&Trend>) -> (Verdict, Reason) {
        let Self { reading, memory, thresholds, .. } = *self;
        let has = |finding| findings.has(finding);
        let unread = reading.unread();
        let assigned = self.assigned();
        let silence = || Box::new(Silence::of(memory, assigned, (unread, reading.lost()), thresholds));
        let silent_ms = memory.silent_ms(thresholds);
        let silent = silent_ms > self.patience_ms() || self.is_stuck_by_age();
        let lost = memory.has_lost_lately() && memory.snapshots_missing() == 0;
        let waived = has(Finding::Unassigned) && !thresholds.unassigned_alarms;

        if reading.committed == Committed::Never {
            let read = has(Finding::Uncommitted);
            let long = memory.silent_ms(thresholds) >= PATIENCE_PERIODS * thresholds.period_ms;
            let alarms = thresholds.uncommitted_alarms && read && long;
            (if alarms { Verdict::Warn } else { Verdict::Ok }, Reason::NoCommit { read })
        } else if reading.is_past_end() {
            self.past_end()
        } else if lost && self.is_caught_up() {
            (Verdict::Warn, Reason::Lost { lost: reading.lost() })
        } else if self.is_caught_up() {
            let reason = match unread {
                0 => Reason::CaughtUp,
                _ if memory.is_at_rest() => Reason::AtRest { left: unread, aborted: false },
                _ => Reason::Allowed(unread),
            };
            (Verdict::Ok, reason)
        } else if let Some(objective_s) = self.is_in_time() {
            self.in_time(objective_s, points)
        } else if memory.snapshots_missing() > 0 {
            (Verdict::Ok, Reason::WarmingUp { unread, missing: memory.snapshots_missing() })
        } else if has(Finding::Abandoned) {
            (abandoned(thresholds), Reason::Abandoned { unread })
        } else if self.is_past_its_rest() {
            (Verdict::Ok, Reason::AtRest { left: unread, aborted: true })
        } else if self.has_lost_its_reader() {
            (Verdict::Stop, Reason::Silent(silence()))
        } else if let Some(reason) = self.steps_back() {
            (Verdict::Rewind, reason)
        } else if let Some(age_s) = self.was_left_s() {
            (Verdict::Stop, Reason::Left { age_s: short(age_s), unread })
        } else if has(Finding::Unstable) {
            (Verdict::Err, Reason::Unstable { ms: memory.unstable_ms(thresholds) })
        } else if (silent || self.was_stuck_before() || memory.is_held()) && waived {
            (Verdict::Ok, Reason::Silent(silence()))
        } else if silent && has(Finding::Blocked) {
            (Verdict::Warn, Reason::Blocked(silence()))
        } else if silent || self.was_stuck_before() {
            (self.stands_still(), Reason::Silent(silence()))
        } else if memory.is_held() {
            (self.stands_still(), Reason::Held { unread })
        } else {
            match points {
                Err(why) => match self.without_a_window(&why) {
                    Verdict::Ok if lost => (Verdict::Warn, Reason::Lost { lost: reading.lost() }),
                    Verdict::Unknown => (Verdict::Unknown, Reason::Unread(why)),
                    verdict => (verdict, Reason::Kept(Box::new(Kept { unread, why }))),
                },
                Ok(points) => self.of_the_window(&points, slow).unwrap_or_else(|| {
                    let quiet = silent_ms > thresholds.period_ms;
                    let reason = if quiet { Reason::Silent(silence()) } else { Reason::Behind(unread) };
                    // Close snapshots are many before a silence is long: there is no evidence for an OK until then.
                    let early = quiet && thresholds.is_close_up() && !memory.supports_ok();
                    if lost {
                        (Verdict::Warn, Reason::Lost { lost: reading.lost() })
                    } else if early {
                        let silence = silence().too_short(self.patience_ms());
                        (Verdict::Unknown, Reason::Silent(Box::new(silence)))
                    } else {
                        (Verdict::Ok, reason)
                    }
                }),
            }
        }
    }

    /// Whether there is a reader, by the last known answer while it counts; by this one if none is remembered.
    pub(crate) fn assigned(&self) -> Assigned {
        if self.memory.is_held() { self.reading.assigned } else { self.memory.assigned() }
    }

    /// The reason if nothing is committed.
    fn stands_still(&self) -> Verdict {
        if self.assigned() == Assigned::Yes { Verdict::Stall } else { Verdict::Stop }
    }

    /// What an earlier snapshot found and has not ended since; unknown if the store did not answer and nothing was
    /// wrong before.
    pub(crate) fn without_a_window(&self, why: &Unknown) -> Verdict {
        match why.cause() {
            Cause::Stands if self.memory.has_stepped_back() => Verdict::Rewind,
            _ if self.stays_slow() => Verdict::Warn,
            Cause::LeftOut => Verdict::Ok,
            _ => Verdict::Unknown,
        }
    }

    /// Whether it was found slow, and is neither caught up nor past the end now.
    fn stays_slow(&self) -> bool {
        self.memory.was_slow() && !self.is_caught_up() && !self.reading.is_past_end()
    }

    /// A step back within the window without recovery.
    pub(crate) fn is_back(&self, points: &[Point]) -> Option<Reason> {
        let Committed::At(to) = self.reading.committed else { return None };
        let from = self.highest(points).filter(|highest| self.memory.has_stepped_back() && *highest > to)?;
        Some(Reason::stepped_back(from, to))
    }

    fn past_end(&self) -> (Verdict, Reason) {
        let by = match self.reading.committed {
            Committed::At(offset) => offset.abs_diff(self.reading.log.end),
            Committed::Never => 0,
        };
        let has_members = self.reading.members == Members::Present;
        let stands = self.memory.may_be_slow();
        let verdict = match (stands, has_members) {
            (true, true) => Verdict::Stall,
            (true, false) => Verdict::Stop,
            (false, true) if self.memory.snapshots_missing() == 0 => Verdict::Warn,
            (false, _) => Verdict::Ok,
        };
        (verdict, Reason::PastEnd { by, stands })
    }

    /// A step back since the previous snapshot: reported at once, for whoever stopped the members to reset the group.
    pub(crate) fn steps_back(&self) -> Option<Reason> {
        match (self.previous?.committed, self.reading.committed) {
            (Committed::At(from), Committed::At(to)) if to < from && self.memory.has_stepped_back() => {
                Some(Reason::stepped_back(from, to))
            }
            _ => None,
        }
    }

    /// A step back without recovery, and lost ground.
    fn of_the_window(&self, points: &[Point], slow: Option<&Trend>) -> Option<(Verdict, Reason)> {
        if let Some(reason) = self.is_back(points) {
            return Some((Verdict::Rewind, reason));
        }
        let still = || Reason::StillBehind(self.reading.unread());
        Some((Verdict::Warn, slow?.growth.map_or_else(still, |growth| Reason::Grew(Box::new(growth)))))
    }

    /// The highest commit of the window, whether or not it was made within it: the one at its beginning counts.
    fn highest(&self, points: &[Point]) -> Option<i64> {
        let before = self.previous.map(|sample| sample.committed);
        let committed = points.iter().map(|point| point.committed).chain(before);
        let offsets = committed.filter_map(|committed| match committed {
            Committed::At(offset) => Some(offset),
            Committed::Never => None,
        });
        offsets.max()
    }

    /// Whether it loses ground, or lost it before and has not clearly gained any since.
    fn warning(&self, trend: &Trend) -> Warning {
        let Self { memory, thresholds, previous, reading, .. } = *self;
        let Trend { worse_than_before, on_time, gains, .. } = *trend;
        let slow = memory.snapshots_missing() == 0 && trend.growth.is_some();
        let shown = Shown { slow, worse_than_before, on_time, gains };
        let since_ms = previous.map_or(reading.time_ms, |sample| sample.time_ms);
        memory.warning_after(shown, (since_ms, reading.time_ms), thresholds)
    }

    /// Whether what is left may be an aborted transaction, behind the rest of each commit: a group without members
    /// left what arrived since.
    pub(crate) fn is_past_its_rest(&self) -> bool {
        let is_gone = self.memory.had_members() && self.reading.members == Members::Absent;
        self.memory.is_past_its_rest() && !is_gone
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        let caught_up = self.reading.is_caught_up(self.thresholds) || self.memory.is_at_rest();
        self.reading.committed != Committed::Never && caught_up
    }
}

/// The longest time in a reason: 136 years.
pub(crate) fn short(s: u64) -> u32 {
    u32::try_from(s).unwrap_or(u32::MAX)
}

fn abandoned(thresholds: &Thresholds) -> Verdict {
    match thresholds.abandoned {
        Abandoned::Ok => Verdict::Ok,
        Abandoned::Warn => Verdict::Warn,
        Abandoned::Err => Verdict::Stop,
    }
}

/// Periods of silence that are always normal.
pub(crate) const PATIENCE_PERIODS: i64 = 3;
