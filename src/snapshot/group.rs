//! Groups and their members.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::Row;
use crate::lag::{Known, Unknown};

/// One consumer group.
#[derive(Debug)]
pub struct Group {
    /// `group.id`.
    pub name: Arc<str>,
    /// Which protocol the group uses.
    pub kind: Kind,
    /// The group's state as the coordinator names it (`Stable`, `Empty`, `PreparingRebalance`, …).
    pub state: Known<Cow<'static, str>>,
    /// The group's members.
    pub members: Known<Vec<Member>>,
    /// Its run of [`super::Snapshot::rows`]: the partitions with a commit or an assigned member.
    pub rows: Known<Range<usize>>,
    /// What could not be read of the group and belongs to no single partition of it.
    pub gaps: Vec<Unknown>,
}

/// The protocol of a group (KIP-848, KIP-932, KIP-1071).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The protocol of old: `JoinGroup` and `SyncGroup`, or commits alone.
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
    /// What its coordinator calls it.
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
    /// A group that somebody expects and nobody knows.
    pub(crate) fn missing(name: &str) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Classic,
            state: Ok(DEAD.into()),
            members: Ok(Vec::new()),
            rows: Ok(0..0),
            gaps: Vec::new(),
        }
    }

    /// A group that may exist, and of which nothing could be read.
    pub(crate) fn unread(name: &str, why: &Unknown) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Classic,
            state: Err(why.clone()),
            members: Err(why.clone()),
            rows: Err(why.clone()),
            gaps: Vec::new(),
        }
    }

    /// Whether there is no such group.
    pub(crate) fn is_missing(&self) -> bool {
        self.state.as_deref() == Ok(DEAD) && self.rows.as_ref().is_ok_and(Range::is_empty)
    }

    /// Its run of [`super::Snapshot::rows`]; empty where its rows are not known.
    pub(crate) fn range(&self) -> Range<usize> {
        self.rows.clone().unwrap_or_default()
    }

    /// The member that one of its rows is assigned to; of a share group the first of them.
    pub(crate) fn member_of(&self, row: &Row) -> Option<&Member> {
        self.members.as_ref().ok()?.get(usize::try_from(row.member?.get() - 1).ok()?)
    }

    /// Whether it is known what its members are assigned to: the group is stable, or has none.
    pub(crate) fn is_settled(&self) -> bool {
        self.members.is_ok() && self.state.as_ref().is_ok_and(|state| matches!(&**state, "Stable" | "Empty" | "Dead"))
    }
}

/// The state of a group that does not exist (`DescribeGroups`).
const DEAD: &str = "Dead";
