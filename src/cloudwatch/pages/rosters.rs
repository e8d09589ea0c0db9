//! The rosters of earlier snapshots: which snapshots exist, who wrote them, and how far apart they are.

use super::pages_read::StoredSnapshot;
use super::roster::{Announced, Roster};
use super::seconds::{Slots, Unusable};
use crate::base::moment::rfc3339;
use crate::cloudwatch::address::{Minute, Schedule};

/// The rosters, as far back as they were read.
#[derive(Clone, Debug)]
pub(crate) struct Rosters {
    /// The snapshots before the run's own minute, newest first.
    pub snapshots: Vec<StoredSnapshot>,
    /// What is stored in the run's own minute already.
    pub own: Own,
    /// Snapshots before the run's own minute that cannot be used, newest first.
    pub unusable: Vec<(Minute, Unusable)>,
    schedule: Schedule,
    minute: Minute,
    writer: Option<u64>,
}

/// What is stored in the run's own minute already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// Nothing that is visible.
    Empty,
    /// A snapshot of the same selection, taken then (milliseconds since the epoch).
    Kept(i64),
    /// A snapshot by a run with another selection of groups.
    Foreign,
    /// Something that cannot be used.
    Unusable(Unusable),
}

impl Rosters {
    /// What was read of the rosters, newest first. `writer` is the run's own selection, `None` for a run that never
    /// writes.
    pub(crate) fn new(
        schedule: Schedule,
        minute: Minute,
        writer: Option<u64>,
        read: Vec<(Minute, Result<Slots, Unusable>)>,
    ) -> Self {
        let minute = schedule.align(minute);
        let mut rosters =
            Self { snapshots: Vec::new(), own: Own::Empty, unusable: Vec::new(), schedule, minute, writer };
        for (at, slots) in read.into_iter().filter(|(at, _)| *at <= minute) {
            let taken = slots.as_ref().map_or(0, |slots| slots.taken);
            let roster = slots.and_then(|slots| Roster::of(&slots.slots).ok_or(Unusable::Mixed));
            match roster {
                Ok(roster) if at < minute => {
                    // A roster of another selection shows nothing about these groups.
                    let whole = roster.whole && rosters.is_own(&roster);
                    rosters.snapshots.push(StoredSnapshot { minute: at, roster: Roster { whole, ..roster } });
                }
                Ok(roster) if rosters.is_own(&roster) => rosters.own = Own::Kept(taken),
                Ok(_) => rosters.own = Own::Foreign,
                Err(unusable) if at < minute => rosters.unusable.push((at, unusable)),
                Err(unusable) => rosters.own = Own::Unusable(unusable),
            }
        }
        rosters
    }

    /// Adds rosters of older snapshots.
    pub(crate) fn add_older(&mut self, older: Self) {
        self.snapshots.extend(older.snapshots);
        self.unusable.extend(older.unusable);
    }

    /// Whether the newest snapshot is the one before the run's own minute.
    pub(crate) fn is_next(&self) -> bool {
        self.snapshots.first().is_some_and(|snapshot| snapshot.minute == self.schedule.back(self.minute, 1))
    }

    /// Whether at least two snapshots in a row are missing before this one, and the newest two were on schedule: then
    /// the missing runs were scheduled, and could read nothing.
    pub(crate) fn follows_a_hole(&self) -> bool {
        let [newest, before, ..] = &*self.snapshots else { return false };
        let (one, three) = (self.schedule.back(newest.minute, 1), self.schedule.back(self.minute, 3));
        newest.minute <= three && before.minute == one
    }

    /// Which groups were announced as not OK, by the newest snapshot of this run's own selection.
    pub(crate) fn announced(&self) -> Option<&Announced> {
        self.snapshots.iter().find(|snapshot| self.is_own(&snapshot.roster)).map(|snapshot| &snapshot.roster.announced)
    }

    /// Whether there have been several snapshots, all of them by runs with another selection.
    pub(crate) fn is_stranger(&self) -> bool {
        self.snapshots.len() >= SNAPSHOTS_TO_BE_A_STRANGER
            && self.snapshots.iter().all(|snapshot| !self.is_own(&snapshot.roster))
    }

    /// The problems, each with what to do.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let newer = |minute: &Minute| self.snapshots.first().is_none_or(|snapshot| *minute > snapshot.minute);
        let unusable: Vec<_> = self.unusable.iter().filter(|(minute, _)| newer(minute)).collect();
        if let Some((minute, why)) = unusable.first() {
            let more = match unusable.len() {
                1 => String::new(),
                several => format!(", nor can the {} before it", several - 1),
            };
            let at = rfc3339(minute.seconds());
            problems.push(format!("the snapshot of {at} cannot be used: {why}{more}; {}", way_out(*why)));
        }
        match self.own {
            Own::Unusable(why) => problems.push(format!("the history of this minute is damaged: {why}; {}", way_out(why))),
            Own::Foreign => problems.push(format!("{STRANGERS}; {STRANGERS_WAY_OUT}")),
            Own::Empty | Own::Kept(_) if self.writer.is_some() && self.is_stranger() => problems.push(format!(
                "the stored history belongs to a run that selects other groups; if the configuration was changed just now, the next run finds its own history, else {STRANGERS_WAY_OUT}"
            )),
            Own::Empty | Own::Kept(_) => {}
        }
        let period = self.schedule.period();
        if let Some(minutes) = self.distance().filter(|minutes| *minutes != period) {
            problems.push(format!(
                "runs come every {minutes} minutes, MEERKAT_PERIOD is {period}: set it to {minutes}, or run the schedule every {period}"
            ));
        }
        problems
    }

    /// Minutes between snapshots, if the last few distances are equal.
    fn distance(&self) -> Option<i64> {
        let minutes: Vec<i64> = std::iter::once(&self.minute)
            .chain(self.snapshots.iter().map(|snapshot| &snapshot.minute))
            .map(|minute| minute.seconds() / 60)
            .take(SNAPSHOTS_TO_KNOW_A_PERIOD)
            .collect();
        let mut distances = minutes.windows(2).map(|pair| pair[0] - pair[1]);
        let first = distances.next().filter(|_| minutes.len() == SNAPSHOTS_TO_KNOW_A_PERIOD)?;
        distances.all(|other| other == first).then_some(first)
    }

    fn is_own(&self, roster: &Roster) -> bool {
        self.writer.is_none_or(|writer| writer == roster.writer)
    }
}

/// What to do about pages that cannot be used.
pub(crate) fn way_out(why: Unusable) -> &'static str {
    match why {
        Unusable::TwoRuns | Unusable::Mixed => STRANGERS_WAY_OUT,
        Unusable::NoHeader | Unusable::InPart { .. } => {
            "an older snapshot is used for it; if this lasts, see the function's log for failed writes"
        }
        Unusable::OtherFormat => "the history starts again with this run, and verdicts are back with the third run",
    }
}

const STRANGERS: &str = "the snapshot of this minute was stored by a run that selects other groups";
const STRANGERS_WAY_OUT: &str = "let one schedule alone run for this cluster's name, or give each its own name (MEERKAT_CLUSTER) or part (MEERKAT_PART)";
/// This snapshot and three before it.
const SNAPSHOTS_TO_KNOW_A_PERIOD: usize = 4;
/// Snapshots after which a run should have found its own.
const SNAPSHOTS_TO_BE_A_STRANGER: usize = 3;

#[cfg(test)]
mod tests {
    use super::super::roster::{Announced, Restless};
    use super::*;

    const NOON: i64 = 1_800_014_400;

    fn at(minute: i64) -> Minute {
        Minute::holding(NOON + minute * 60)
    }

    /// Snapshots at these minutes before noon, each with its writer; `None` for two runs in one minute.
    fn rosters(snapshots: &[(i64, Option<u64>)]) -> Rosters {
        let read = snapshots.iter().map(|(minute, writer)| {
            let roster = |writer| Roster {
                groups: 1,
                writer,
                bits: 0,
                whole: true,
                filled: vec![true],
                deepest: 1,
                restless: Restless::Groups(Vec::new()),
                announced: Announced::default(),
                topics: Vec::new(),
            };
            let slots = writer.map(|writer| Slots { taken: 1, slots: roster(writer).slots() });
            (at(-minute), slots.ok_or(Unusable::TwoRuns))
        });
        Rosters::new(Schedule::MINUTELY, at(0), Some(1), read.collect())
    }

    fn check(snapshots: &[(i64, Option<u64>)], expected: &[&str]) {
        let problems = rosters(snapshots).problems();
        let begin = |(problem, expected): (&String, &&str)| problem.starts_with(expected);
        assert!(problems.len() == expected.len() && problems.iter().zip(expected).all(begin), "{problems:?}");
    }

    #[test]
    fn runs_on_schedule_are_no_problem() {
        check(&[(1, Some(1)), (2, Some(1)), (3, Some(1))], &[]);
        check(&[], &[]);
        check(&[(0, Some(1)), (1, Some(1))], &[]);
        assert_eq!(rosters(&[(0, Some(1))]).own, Own::Kept(1));
    }

    #[test]
    fn another_period_is_reported_after_three_equal_distances() {
        check(&[(5, Some(1)), (10, Some(1))], &[]);
        check(&[(5, Some(1)), (10, Some(1)), (15, Some(1))], &["runs come every 5 minutes, MEERKAT_PERIOD is 1"]);
        check(&[(5, Some(1)), (6, Some(1)), (7, Some(1))], &[]);
    }

    #[test]
    fn another_writer_is_reported() {
        check(&[(0, Some(2)), (1, Some(1))], &["the snapshot of this minute was stored by a run"]);
        check(&[(1, Some(2)), (2, Some(1))], &[]);
        check(&[(1, Some(2)), (2, Some(2)), (3, Some(2))], &["the stored history belongs to a run"]);
        assert!(!rosters(&[(1, Some(2))]).snapshots[0].roster.whole);
    }

    #[test]
    fn snapshots_of_another_version_are_reported_once_and_history_starts_again() {
        let read = (1..=3).map(|minute| (at(-minute), Err(Unusable::OtherFormat))).collect();
        let rosters = Rosters::new(Schedule::MINUTELY, at(0), Some(1), read);
        assert_eq!(rosters.snapshots, []);
        assert_eq!(
            rosters.problems(),
            [
                "the snapshot of 2027-01-15T11:59:00Z cannot be used: another version of the program wrote it, nor can the 2 before it; the history starts again with this run, and verdicts are back with the third run"
            ]
        );
    }

    #[test]
    fn a_snapshot_that_cannot_be_used_is_reported_while_it_is_the_newest() {
        check(&[(1, None), (2, Some(1))], &["the snapshot of 2027-01-15T11:59:00Z cannot be used: two runs"]);
        check(
            &[(1, None), (2, None), (3, Some(1))],
            &["the snapshot of 2027-01-15T11:59:00Z cannot be used: two runs wrote into the same minute, nor"],
        );
        check(&[(1, Some(1)), (2, None)], &[]);
        check(&[(0, None), (1, Some(1))], &["the history of this minute is damaged: two runs"]);
    }
}
