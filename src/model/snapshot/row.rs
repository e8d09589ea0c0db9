//! One group with one partition.

use std::num::{NonZeroU32, NonZeroU64};

use crate::model::lag::{Assigned, Committed};
use crate::model::unknown::Known;

/// One group with one partition.
#[derive(Debug)]
pub struct Row {
    /// Index into [`super::Snapshot::topics`].
    pub(crate) topic: u32,
    pub(crate) partition: i32,
    /// The next offset that the group reads; for a share group its start offset, below which everything is
    /// acknowledged.
    pub committed: Known<Committed>,
    /// One more than [`Row::unacknowledged`], so that a missing number needs no extra memory: there are many rows.
    unacknowledged: Option<NonZeroU64>,
    /// One more than its member's index in [`super::Group::members`].
    pub(crate) member: Option<NonZeroU32>,
    /// Whether some member subscribes to the topic; `None` where members are unknown.
    pub(crate) subscribed: Option<bool>,
    /// Whether the topic is internal to a Streams application.
    pub(crate) internal: bool,
}

impl Row {
    /// A commit, or its absence, in a partition without a member.
    #[must_use]
    pub fn new(topic: u32, partition: i32, committed: Known<Committed>) -> Self {
        Self { topic, partition, committed, unacknowledged: None, member: None, subscribed: None, internal: false }
    }

    /// Of a share group: this many offsets from its start on are not acknowledged.
    pub(crate) fn count(&mut self, unacknowledged: u64) {
        self.unacknowledged = Some(NonZeroU64::MIN.saturating_add(unacknowledged));
    }

    /// How many offsets from a share group's start on are not acknowledged, as the coordinator reports (KIP-1226).
    ///
    /// `None` for other groups, and if the coordinator does not report it: then everything up to the log end may be
    /// unacknowledged.
    pub(crate) fn unacknowledged(&self) -> Option<u64> {
        Some(self.unacknowledged?.get() - 1)
    }

    /// The partition is assigned to a member, by its index in [`super::Group::members`].
    pub fn assign(&mut self, member: u32) {
        self.member = Some(NonZeroU32::MIN.saturating_add(member));
        self.subscribed = Some(true);
    }

    /// Whether it is assigned to a member; see [`super::Group::member_of`].
    pub(crate) fn has_member(&self) -> bool {
        self.member.is_some()
    }

    /// Whether a member of a settled group reads this partition, or will after the next rebalance: the topic is
    /// subscribed to.
    pub(crate) fn assigned(&self) -> Assigned {
        if self.member.is_some() || self.subscribed == Some(true) { Assigned::Yes } else { Assigned::No }
    }
}
