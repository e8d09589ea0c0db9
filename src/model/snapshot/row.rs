//! One group with one partition.

use std::num::NonZeroU32;

use crate::model::lag::{Assigned, Committed};
use crate::model::unknown::Known;

/// One group with one partition, in 32 bytes: there are many rows.
#[derive(Debug)]
pub struct Row {
    /// Index into [`super::Snapshot::topics`].
    pub(crate) topic: u32,
    pub(crate) partition: i32,
    /// The next offset that the group reads; for a share group its start offset, below which everything is
    /// acknowledged.
    pub committed: Known<Committed>,
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
        Self { topic, partition, committed, member: None, subscribed: None, internal: false }
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
