//! The memory of each row: what the next run will know of it.

use std::collections::BTreeSet;

use crate::judge::acknowledged::{self, as_commits};
use crate::judge::input::Sight;
use crate::model::lag::Assigned;
use crate::model::memory::{Members, Memory, Reading};
use crate::model::snapshot::{Group, Kind};
use crate::model::unknown::Known;
use crate::model::window::Horizon;

/// One memory for each row, `None` if the partition could not be read; none at all if the history could not be read.
#[derive(Debug)]
pub struct Memories {
    remembered: Vec<Option<Memory>>,
    /// Rows whose window is needed to know whether anything is left at all.
    doubtful: BTreeSet<usize>,
    /// What of the past is read at the period of the run; `None` if there is no group.
    horizon: Option<Horizon>,
}

/// What is the same for all rows of a group.
pub(super) struct Eye<'a> {
    sight: Sight<'a>,
    members: Members,
    /// Whether what its members are assigned to is known.
    is_settled: bool,
}

impl<'a> Eye<'a> {
    pub(super) fn new(sight: Sight<'a>, group: &Group) -> Self {
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
    pub(super) fn reading(&self, at: usize) -> Known<Reading> {
        let Sight { snapshot, time_ms, .. } = self.sight;
        let row = &snapshot.rows[at];
        let committed = row.committed.clone()?;
        let log = snapshot.ahead(at)?;
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
                if acknowledged::is_doubtful(snapshot.unacknowledged.of(row), previous.as_ref(), &reading) {
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

    pub(super) fn is_suspicious(&self, row: usize) -> bool {
        let is_read = |memory| self.horizon.is_some_and(|horizon| horizon.is_read_for(memory));
        self.of(row).is_some_and(is_read) || self.doubtful.contains(&row)
    }

    /// The memory of a row, to be stored.
    pub(crate) fn of(&self, row: usize) -> Option<Memory> {
        *self.remembered.get(row)?
    }

    /// The same, to be completed by the verdict; `None` if the history could not be read.
    pub(super) fn place_of(&mut self, row: usize) -> Option<&mut Option<Memory>> {
        self.remembered.get_mut(row)
    }
}
