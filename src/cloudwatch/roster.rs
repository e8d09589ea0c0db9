//! Which groups a cluster had, kept just well enough to see some vanish.
//!
//! A broker that has just started tells of no groups, or of some, without an error. Only the look before knows better.

use std::sync::Arc;

use crate::lag::Committed;

use super::address::Schedule;
use super::layout::{Hash, Layout, Metric, Shard, encode};
use super::names;
use super::slots::{Entry, Look};

/// The groups of a cluster: how many, and a hash of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roster {
    /// How many groups there were.
    pub groups: u32,
    /// A hash of their names, whatever their order; not negative, and small enough for a metric.
    pub names: i64,
    /// Whatever the caller wants to remember, below [`super::slots::MEMORY_END`].
    pub memory: u64,
}

impl Roster {
    /// The roster of these groups, each named once.
    pub fn of<'a>(groups: impl IntoIterator<Item = &'a str>, memory: u64) -> Self {
        let (mut count, mut sum) = (0_u32, 0_u64);
        for group in groups {
            count += 1;
            sum = sum.wrapping_add(Hash::new().text(group).finish());
        }
        Self { groups: count, names: i64::try_from(sum >> 11).unwrap_or_default(), memory }
    }

    /// The state metric that a cluster's roster is written to, as a shard of one partition.
    #[must_use]
    pub fn shard(schedule: Schedule, cluster: &str) -> Shard {
        let dimensions = vec![(names::CLUSTER, encode(cluster)), (names::LAYOUT, Layout::new(schedule, []).value())];
        Shard { metric: Arc::new(Metric { name: names::ROSTER, dimensions }), size: 1 }
    }

    /// As a look at that shard, taken so many milliseconds after the epoch; `None` if the memory does not fit.
    #[must_use]
    pub fn look(self, taken: i64) -> Option<Look> {
        let entry = Entry::new(Committed::At(self.groups.into()), self.names, self.memory)?;
        Some(Look { taken, entries: vec![Some(entry)] })
    }

    /// The roster that was written as this entry; `None` if it was none.
    #[must_use]
    pub fn from_entry(entry: Entry) -> Option<Self> {
        let Committed::At(groups) = entry.committed() else { return None };
        Some(Self { groups: u32::try_from(groups).ok()?, names: entry.log_end(), memory: entry.memory() })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Roster {
        Roster::of(names.iter().copied(), 3)
    }

    #[test]
    fn a_roster_does_not_depend_on_order_and_notices_a_swap() {
        assert_eq!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a", "b"]), of(&["a", "c"]));
    }

    #[test]
    fn a_roster_comes_back_from_its_entry() {
        for roster in [of(&[]), of(&["a"]), of(&["a", "b", "c"])] {
            assert_eq!(Roster::from_entry(roster.look(0).unwrap().entries[0].unwrap()), Some(roster));
        }
        assert_eq!(Roster::from_entry(Entry::new(Committed::Never, 0, 0).unwrap()), None);
    }
}
