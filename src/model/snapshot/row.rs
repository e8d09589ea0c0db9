//! What a group has to do with one partition.

use std::num::{NonZeroU32, NonZeroU64};

use crate::model::lag::{Assigned, Committed};
use crate::model::unknown::Known;

/// What one group has to do with one partition.
#[derive(Debug)]
pub struct Row {
    /// Index into [`super::Snapshot::topics`].
    pub(crate) topic: u32,
    pub(crate) partition: i32,
    /// Where the group will read next; the start offset of a share group, below which everything is acknowledged.
    pub committed: Known<Committed>,
    /// One more than [`Row::unacknowledged`]: a number that is missing takes no room then, and there are many rows.
    unacknowledged: Option<NonZeroU64>,
    /// One more than its member's place in [`super::Group::members`].
    pub(crate) member: Option<NonZeroU32>,
    /// Whether some member subscribes to the topic; `None` where members are unknown.
    pub(crate) subscribed: Option<bool>,
    /// Whether the topic is one that a Streams application keeps between parts of its own.
    pub(crate) internal: bool,
}

impl Row {
    /// A commit, or that there is none, in a partition of nobody's.
    #[must_use]
    pub fn new(topic: u32, partition: i32, committed: Known<Committed>) -> Self {
        Self { topic, partition, committed, unacknowledged: None, member: None, subscribed: None, internal: false }
    }

    /// Of a share group: so many offsets from its start on are not acknowledged.
    pub(crate) fn count(&mut self, unacknowledged: u64) {
        self.unacknowledged = Some(NonZeroU64::MIN.saturating_add(unacknowledged));
    }

    /// How many offsets from a share group's start on are not acknowledged, as the coordinator tells it (KIP-1226).
    ///
    /// `None` for other groups, and where it does not tell: then it is at most everything up to the log end.
    pub(crate) fn unacknowledged(&self) -> Option<u64> {
        Some(self.unacknowledged?.get() - 1)
    }

    /// The partition is assigned to a member, by its place in [`super::Group::members`].
    pub fn assign(&mut self, member: u32) {
        self.member = Some(NonZeroU32::MIN.saturating_add(member));
        self.subscribed = Some(true);
    }

    /// Whether it is assigned to a member; see [`super::Group::member_of`].
    pub(crate) fn has_member(&self) -> bool {
        self.member.is_some()
    }

    /// Whether somebody in a settled group reads this partition, or will after the next rebalance: the topic is subscribed to.
    pub(crate) fn assigned(&self) -> Assigned {
        if self.member.is_some() || self.subscribed == Some(true) { Assigned::Yes } else { Assigned::No }
    }
}
