//! Groups and their members.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::Row;
use crate::model::unknown::{Known, Unknown};

/// One consumer group.
#[derive(Debug)]
pub struct Group {
    /// `group.id`.
    pub name: Arc<str>,
    /// Which protocol the group uses.
    pub kind: Kind,
    /// Its state.
    pub state: Known<GroupState>,
    /// The group's members.
    pub members: Known<Vec<Member>>,
    /// Its epoch, which grows with each rebalance; `None` of classic groups, whose coordinators tell none, and where it was not read.
    pub epoch: Option<i32>,
    /// Its run of [`super::Snapshot::rows`]: the partitions with a commit or an assigned member.
    pub rows: Known<Range<usize>>,
    /// What could not be read of the group and belongs to no single partition of it.
    pub gaps: Vec<Unknown>,
    /// Partitions that it had in an earlier run, and no longer has, by topic.
    pub vanished: Vec<Vanished>,
    /// Topics that its members subscribe to or are assigned to, or that it committed to, and that do not exist: it
    /// cannot read them.
    pub missing_topics: Vec<Arc<str>>,
}

/// Partitions of one topic that a group had and no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanished {
    /// The topic's name; `None` if it is no longer known.
    pub topic: Option<Arc<str>>,
    /// The topic's id; `None` at brokers without topic ids.
    pub id: Option<u128>,
    /// Their numbers, in order.
    pub partitions: Vec<i32>,
    /// Why they are gone.
    pub why: Gone,
}

/// Why a group no longer has a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The topic no longer exists.
    Deleted,
    /// The topic was deleted, and another one of the same name exists.
    Recreated,
    /// The topic exists, and the group no longer has a commit in it: it expired, or was deleted.
    NoCommit,
    /// The topic exists, and this user may no longer describe it.
    Hidden,
    /// Unknown.
    Unknown(Unknown),
}

impl Gone {
    /// Whether nothing is left to read there, as far as is known.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self, Self::Deleted | Self::Recreated | Self::NoCommit)
    }

    /// The word in a report.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Recreated => "recreated",
            Self::NoCommit => "no_commit",
            Self::Hidden => "hidden",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl fmt::Display for Vanished {
    /// Without a verb: "2 partitions of topic t (0, 1), which …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.partitions.len();
        write!(f, "{count} partition{} of ", if count == 1 { "" } else { "s" })?;
        match (&self.topic, self.id) {
            (Some(name), _) => write!(f, "topic {name}")?,
            (None, Some(id)) => write!(f, "the topic with the id {id:032x}")?,
            (None, None) => f.write_str("a topic")?,
        }
        let shown: Vec<String> = self.partitions.iter().take(PARTITIONS_SHOWN).map(i32::to_string).collect();
        write!(f, " ({}{})", shown.join(", "), if count > PARTITIONS_SHOWN { ", …" } else { "" })?;
        match &self.why {
            Gone::Deleted => f.write_str(", which was deleted"),
            Gone::Recreated => f.write_str(", which was deleted and created again"),
            Gone::NoCommit => f.write_str(", where its commits expired or were deleted"),
            Gone::Hidden => f.write_str(", which this user may not describe any more: grant it DESCRIBE on the topic"),
            Gone::Unknown(why) => write!(f, ": {why}"),
        }
    }
}

/// How many partitions are named.
const PARTITIONS_SHOWN: usize = 10;

/// A group's state as its coordinator names it (`Stable`, `Empty`, `PreparingRebalance`, …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState(Cow<'static, str>);

impl GroupState {
    /// There is no such group (`DescribeGroups`).
    pub(crate) const DEAD: Self = Self(Cow::Borrowed("Dead"));
    /// A Streams application whose topology is not complete (KIP-1071).
    pub(crate) const NOT_READY: Self = Self(Cow::Borrowed("NotReady"));
}

impl From<&str> for GroupState {
    fn from(name: &str) -> Self {
        let known = STATES.into_iter().find(|known| *known == name);
        Self(known.map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed))
    }
}

impl Deref for GroupState {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The protocol of a group (KIP-848, KIP-932, KIP-1071).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The classic protocol: `JoinGroup` and `SyncGroup`, or commits alone.
    Classic,
    /// KIP-848.
    Consumer,
    /// Kafka Streams, KIP-1071.
    Streams,
    /// Share groups, KIP-932: several members read one partition, and acknowledge record by record.
    Share,
}

/// One member of a group.
#[derive(Debug)]
pub struct Member {
    /// Its id at the coordinator.
    pub id: Box<str>,
    /// `client.id`.
    pub client_id: Box<str>,
    /// The address that the member connects from.
    pub host: Box<str>,
}

impl Kind {
    /// As `ListGroups` and the report spell it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Streams => "streams",
            Self::Share => "share",
        }
    }
}

impl Group {
    /// An expected group that does not exist.
    pub(crate) fn missing(name: &str) -> Self {
        Self::without_partitions(name, Ok(GroupState::DEAD), Ok(Vec::new()), Ok(0..0))
    }

    /// A group that may exist, and that could not be read.
    pub(crate) fn unread(name: &str, why: &Unknown) -> Self {
        Self::without_partitions(name, Err(why.clone()), Err(why.clone()), Err(why.clone()))
    }

    fn without_partitions(
        name: &str,
        state: Known<GroupState>,
        members: Known<Vec<Member>>,
        rows: Known<Range<usize>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Classic,
            state,
            members,
            epoch: None,
            rows,
            gaps: Vec::new(),
            missing_topics: Vec::new(),
            vanished: Vec::new(),
        }
    }

    /// Whether there is no such group.
    pub(crate) fn is_missing(&self) -> bool {
        self.state == Ok(GroupState::DEAD) && self.rows.as_ref().is_ok_and(Range::is_empty)
    }

    /// The first problem of the group as a whole; `None` if everything but single partitions could be read.
    pub(crate) fn incomplete(&self) -> Option<&Unknown> {
        self.rows.as_ref().err().or(self.gaps.first())
    }

    /// Its range of [`super::Snapshot::rows`]; empty if its rows are not known.
    pub(crate) fn range(&self) -> Range<usize> {
        self.rows.clone().unwrap_or_default()
    }

    /// The member that one of its rows is assigned to; for a share group the first of them.
    pub(crate) fn member_of(&self, row: &Row) -> Option<&Member> {
        self.members.as_ref().ok()?.get(usize::try_from(row.member?.get() - 1).ok()?)
    }

    /// Whether the assignment of its members is known: the group is stable, or has no members.
    pub(crate) fn is_settled(&self) -> bool {
        self.members.is_ok() && self.state.as_ref().is_ok_and(|state| matches!(&**state, "Stable" | "Empty" | "Dead"))
    }
}

/// The states of every release, which need no memory of their own.
const STATES: [&str; 8] =
    ["Assigning", "CompletingRebalance", "Dead", "Empty", "NotReady", "PreparingRebalance", "Reconciling", "Stable"];
