//! Every row of a snapshot with its past: memories are updated, suspicious rows named, verdicts given.

use std::collections::BTreeSet;

use crate::judge::acknowledged::{self, as_commits};
use crate::judge::ages::Ages;
use crate::judge::input::Sight;
use crate::judge::verdict::{self, Finding, Findings, Judgement, Reason, Verdict};
use crate::model::age::Age;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::lag::Assigned;
use crate::model::memory::{Aged, Members, Memory, Reading, Sample};
use crate::model::snapshot::{Gone, Group, Kind};
use crate::model::unknown::{Known, Unknown};
use crate::model::window::Horizon;

mod group;
mod standing;

pub use group::JudgedGroup;
pub use standing::LastKnown;
pub(crate) use standing::Still;

/// One memory for each row, `None` if the partition could not be read; none at all if the history could not be read.
#[derive(Debug)]
pub struct Memories {
    remembered: Vec<Option<Memory>>,
    /// Rows whose window is needed to know whether anything is left at all.
    doubtful: BTreeSet<usize>,
    /// What of the past is read at the period of the run; `None` if there is no group.
    horizon: Option<Horizon>,
}

/// The verdicts.
#[derive(Debug)]
pub struct Judged {
    /// Parallel to [`crate::model::snapshot::Snapshot::groups`].
    pub groups: Vec<JudgedGroup>,
    /// Parallel to [`crate::model::snapshot::Snapshot::rows`].
    pub(crate) rows: Vec<Judgement>,
}

/// What is the same for all rows of a group.
struct Eye<'a> {
    sight: Sight<'a>,
    members: Members,
    /// Whether what its members are assigned to is known.
    is_settled: bool,
}

impl<'a> Eye<'a> {
    fn new(sight: Sight<'a>, group: &Group) -> Self {
        let members = match &group.members {
            Ok(members) if members.is_empty() => Members::Absent,
            Ok(_) => Members::Present,
            Err(_) => Members::Unknown,
        };
        Self { sight, members, is_settled: group.is_settled() }
    }

    /// The present reading of a row.
    #[expect(
        clippy::inline_always,
        reason = "a reading is large, and there is one for every row: it is made where it is used"
    )]
    #[inline(always)]
    fn reading(&self, at: usize) -> Known<Reading> {
        let Sight { snapshot, time_ms, .. } = self.sight;
        let row = &snapshot.rows[at];
        let committed = row.committed.clone()?;
        let log = snapshot.ahead(row)?;
        let assigned = if self.is_settled { row.assigned() } else { Assigned::Unknown };
        Ok(Reading::new(time_ms, committed, log, assigned, self.members).after(self.sight.before.away(at)))
    }
}

impl Memories {
    /// Updates the memories with the present readings. If the history cannot be read, the memory starts again.
    #[must_use]
    pub fn fold(sight: Sight<'_>) -> Self {
        let Sight { snapshot, before, .. } = sight;
        if before.0.is_err() {
            // There is no past, and nothing will be stored.
            return Self { remembered: Vec::new(), doubtful: BTreeSet::new(), horizon: None };
        }
        let mut remembered = Vec::with_capacity(snapshot.rows.len());
        let mut doubtful = BTreeSet::new();
        for (group, thresholds) in snapshot.groups.iter().zip(sight.thresholds) {
            let eye = Eye::new(sight, group);
            remembered.extend(group.range().map(|row| {
                let mut reading = eye.reading(row).ok()?;
                if group.kind != Kind::Share {
                    return Some(Memory::fold(before.of(row).ok().flatten(), &reading, thresholds));
                }
                let mut previous = before.of(row).ok().flatten().copied();
                if acknowledged::is_doubtful(&snapshot.rows[row], previous.as_ref(), &reading) {
                    doubtful.insert(row);
                }
                as_commits(&mut Vec::new(), previous.as_mut(), &mut reading);
                Some(Memory::fold(previous.as_ref(), &reading, thresholds))
            }));
        }
        Self { remembered, doubtful, horizon: sight.thresholds.first().map(Horizon::of) }
    }

    /// The rows whose window of samples is needed for a verdict.
    pub(crate) fn suspicious(&self) -> impl Iterator<Item = usize> {
        (0..self.remembered.len()).filter(|row| self.is_suspicious(*row))
    }

    /// The rows whose commits are as far before the end as each of them was, see [`Memory::is_at_rest`].
    pub(crate) fn at_rest(&self) -> impl Iterator<Item = usize> {
        let rests = self.remembered.iter().enumerate();
        rests.filter(|(_, memory)| memory.is_some_and(Memory::is_at_rest)).map(|(row, _)| row)
    }

    fn is_suspicious(&self, row: usize) -> bool {
        let is_read = |memory| self.horizon.is_some_and(|horizon| horizon.is_read_for(memory));
        self.of(row).is_some_and(is_read) || self.doubtful.contains(&row)
    }

    /// The memory of a row, to be stored.
    pub(crate) fn of(&self, row: usize) -> Option<Memory> {
        *self.remembered.get(row)?
    }
}

impl Judged {
    /// Gives every row and group its verdict.
    ///
    /// `earlier` is called for the rows that [`Memories::suspicious`] named. The memories store what the verdicts add
    /// to them.
    pub fn new(
        sight: Sight<'_>,
        memories: &mut Memories,
        ages: &Ages<'_>,
        earlier: impl Fn(usize) -> Known<Vec<Sample>>,
    ) -> Self {
        let Sight { snapshot, before, .. } = sight;
        let mut rows = Vec::with_capacity(snapshot.rows.len());
        let mut groups = Vec::with_capacity(snapshot.groups.len());
        for (group, thresholds) in snapshot.groups.iter().zip(sight.thresholds) {
            let eye = Eye::new(sight, group);
            let first = rows.len();
            rows.extend(group.range().map(|row| {
                let mut reading = match eye.reading(row) {
                    Ok(reading) => reading,
                    Err(why) => return unread(why),
                };
                let age = ages.of(row).and_then(aged);
                let previous = match before.of(row) {
                    Ok(previous) => previous,
                    Err(why) => {
                        let judgement = verdict::judge_without_history(&reading, why, age, thresholds);
                        let is_share = group.kind == Kind::Share;
                        return if is_share {
                            acknowledged::of_share_group(sight, row, judgement, true)
                        } else {
                            judgement
                        };
                    }
                };
                let is_suspicious = memories.is_suspicious(row);
                let begun = || Memory::fold(None, &reading, thresholds);
                let mut passing = None;
                let memory = memories.remembered.get_mut(row).unwrap_or(&mut passing).get_or_insert_with(begun);
                let mut samples = if is_suspicious { earlier(row) } else { Ok(Vec::new()) };
                if group.kind != Kind::Share {
                    let samples = samples.as_deref().map_err(Clone::clone);
                    return verdict::judge(previous, &reading, memory, samples, age, thresholds);
                }
                let mut previous = previous.copied();
                let certain = acknowledged::left_some(samples.as_deref().unwrap_or_default(), &reading);
                as_commits(samples.as_mut().unwrap_or(&mut Vec::new()), previous.as_mut(), &mut reading);
                let samples = samples.as_deref().map_err(Clone::clone);
                let judgement = verdict::judge(previous.as_ref(), &reading, memory, samples, age, thresholds);
                acknowledged::of_share_group(sight, row, judgement, certain)
            }));
            for again in group.vanished.iter().filter(|vanished| vanished.why == Gone::Recreated) {
                let of_group = snapshot.rows_of(group).iter().zip(&mut rows[first..]);
                let of_topic = of_group.filter(|(row, _)| Some(&snapshot.topic(row).name) == again.topic.as_ref());
                of_topic.for_each(|(_, judgement)| judgement.findings.add(Finding::Recreated));
            }
            groups.push(JudgedGroup::new(sight, group, &rows[first..], thresholds));
        }
        Self { groups, rows }
    }

    /// Names the groups that rebalance again and again.
    pub fn find_storms(&mut self, sight: Sight<'_>, memory: &ClusterMemory) {
        for ((group, judged), thresholds) in sight.snapshot.groups.iter().zip(&mut self.groups).zip(sight.thresholds) {
            if let Some(storm) = memory.storm(group, thresholds.period_ms) {
                judged.storms(storm, group);
            }
        }
    }

    /// The verdicts on a group's rows.
    pub(crate) fn rows_of(&self, group: &Group) -> &[Judgement] {
        &self.rows[group.range()]
    }
}

fn unread(why: Unknown) -> Judgement {
    Judgement {
        verdict: Verdict::Unknown,
        reason: Reason::Unread(why),
        supported: false,
        stands: false,
        snapshots_missing: 0,
        findings: Findings::default(),
    }
}

/// The bounds of an age; `None` if nothing is known of it.
fn aged(age: &Age) -> Option<Aged> {
    let (at_least_ms, at_most_ms) = match *age {
        Age::CaughtUp => (0, Some(0)),
        Age::Exact { ms } | Age::Interpolated { ms } => (ms, Some(ms)),
        Age::Tied { ms, at_least_ms } | Age::AtMost { ms, at_least_ms } => (at_least_ms, Some(ms)),
        Age::AtLeast { ms } => (ms, None),
        Age::Unknown(_) => return None,
    };
    Some(Aged { at_least_ms, at_most_ms })
}
