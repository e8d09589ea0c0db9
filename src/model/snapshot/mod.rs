//! What one run read of a cluster: groups and their commits, and the logs that they read.
//!
//! A row is one group with one partition. The index of a row in [`Snapshot::rows`] identifies it everywhere later:
//! values that are derived from rows are columns, parallel to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::lag::{self, Committed, Lag, LogRange};
use crate::model::pattern::Patterns;
use crate::model::unknown::{Cause, Known, Unknown};
use crate::model::watched::{ENDS_END, Wanted};

mod group;
mod logs;
mod named;
mod replicas;
mod row;
mod unacknowledged;

pub use group::{Gone, Group, GroupState, Kind, Member, Vanished};
pub use logs::Logs;
pub(crate) use replicas::{Impaired, Lack};
pub use replicas::{Placement, Replicas};
pub use row::Row;
pub use unacknowledged::Unacknowledged;

/// One snapshot of a cluster. Brokers are in the order of their ids, topics and groups in that of their names.
#[derive(Debug)]
pub struct Snapshot {
    /// Every broker that the cluster's metadata names.
    pub brokers: Vec<Broker>,
    /// Kafka's own id of the cluster.
    pub cluster_id: Option<Box<str>>,
    /// The topics that the groups read.
    pub topics: Vec<Topic>,
    /// Places in [`Self::topics`] of those that are watched, with what is wanted of each.
    pub watched: Vec<(usize, Wanted)>,
    /// The groups that were selected.
    pub groups: Vec<Group>,
    /// One row for each group and partition, in the order of group, topic and partition.
    pub rows: Vec<Row>,
    /// What is left of the rows of share groups.
    pub unacknowledged: Unacknowledged,
    /// The names of all groups that have committed offsets, selected or not, in order.
    pub listed: Known<Vec<Arc<str>>>,
    /// How many groups were left out because they are no consumer groups, by protocol type (`connect`, `sr`, …).
    pub left_out: BTreeMap<String, usize>,
    /// What could not be read and belongs to no single group or partition.
    pub problems: Vec<Problem>,
    /// How many groups with committed offsets were listed, whether or not these are all.
    pub shown: usize,
    /// Why groups whose coordinator is away may be unnoticed; `None` if they would be noticed.
    pub blind: Option<Unknown>,
}

/// One broker of the cluster.
#[derive(Debug)]
pub struct Broker {
    /// `broker.id` or `node.id`.
    pub id: i32,
    /// The advertised address that was connected to, as host:port.
    pub address: String,
    /// The chosen version of each API, by the API's name, or why the broker could not be reached.
    pub versions: Known<Vec<(&'static str, i16)>>,
    /// What it offers; `None` if it could not be reached.
    pub offer: Option<Offer>,
    /// Milliseconds for which a quota delayed its answers (`throttle_time_ms`, KIP-219).
    pub held_back_ms: u64,
}

/// The API versions that a broker offers, in two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// A hash of all ranges, including APIs that meerkat never uses: another hash means another release or
    /// configuration.
    pub hash: u32,
    /// The sum of the highest versions of the APIs that meerkat knows: a newer release has at least as much.
    pub height: u16,
}

impl Broker {
    /// The sentence about a quota; `None` if no answer was delayed.
    pub(crate) fn throttled(&self) -> Option<String> {
        let (s, ms) = (self.held_back_ms / 1_000, self.held_back_ms % 1_000);
        (self.held_back_ms > 0).then(|| {
            format!("held answers back for {s}.{ms:03} s in all: a quota of this user, or of the client id meerkat")
        })
    }
}

/// One topic, as far as the groups read it.
#[derive(Debug)]
pub struct Topic {
    /// The topic's name.
    pub name: Arc<str>,
    /// The topic's id (KIP-516): a different one means that the topic was recreated. `None` before Kafka 2.8.
    pub id: Option<u128>,
    /// The logs of its partitions.
    pub partitions: Known<Logs>,
    /// Their replicas.
    pub placement: Placement,
}

impl Topic {
    /// The sum of its log ends.
    ///
    /// # Errors
    /// Why one of them is not known: then nothing can be said of the whole.
    pub(crate) fn ends(&self) -> Known<u64> {
        let logs = self.partitions.as_ref().map_err(Clone::clone)?;
        let mut sum = 0_u64;
        for partition in (0..).take(logs.len()) {
            sum = sum.saturating_add(logs.of(partition)?.end.unsigned_abs());
        }
        Ok(sum.min(ENDS_END - 1))
    }

    /// Whether it does not exist, so that nothing can be read of it.
    pub(crate) fn is_missing(&self) -> bool {
        self.partitions.as_ref().is_err_and(|why| why.cause() == Cause::NoTopic)
    }
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The broker, group or topic that it is about.
    pub place: String,
    /// The cause, as one sentence.
    pub what: Unknown,
}

/// A pattern that no group met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unmet {
    /// As it was asked for or expected.
    pub name: Box<str>,
    /// Why this is not certain; `None` if there is certainly no such group.
    pub(crate) why: Option<Unknown>,
}

impl Snapshot {
    /// Adds a group for every name that was asked for or expected and is missing: one that does not exist, or one that
    /// could not be read.
    pub(crate) fn miss(&mut self, unmet: Vec<Unmet>) {
        self.groups.extend(unmet.into_iter().map(|Unmet { name, why }| match why {
            None => Group::missing(&name),
            Some(why) => Group::unread(&name, &why),
        }));
        self.groups.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Replaces a commit by a later one, or the start of a share group by a later one with its unacknowledged count: a
    /// log that was read earlier reaches at least that far by now.
    pub(crate) fn replace(
        &mut self,
        group: usize,
        (topic, partition, committed, unacknowledged): (Arc<str>, i32, Known<Committed>, Option<u64>),
    ) {
        let Ok(at) = self.topics.binary_search_by(|known| (*known.name).cmp(&topic)) else { return };
        let range = self.groups[group].range();
        let place = |row: &Row| (row.topic as usize, row.partition);
        let Ok(row) = self.rows[range.clone()].binary_search_by_key(&(at, partition), place) else { return };
        if let (Ok(Committed::At(offset)), Ok(logs)) = (&committed, &mut self.topics[at].partitions) {
            logs.reach(partition, *offset);
        }
        let row = range.start + row;
        self.rows[row].committed = committed;
        if let Some(count) = unacknowledged {
            self.unacknowledged.set(row, count);
        }
    }

    /// How many of the selected groups exist.
    pub(crate) fn present(&self) -> usize {
        self.groups.iter().filter(|group| !group.is_missing()).count()
    }

    /// The topic of a row.
    #[inline]
    pub(crate) fn topic(&self, row: &Row) -> &Topic {
        &self.topics[row.topic as usize]
    }

    /// Reports patterns that select nothing, since a check of nothing is not OK and a misspelt name should be noticed;
    /// then leaves out the groups that read none of the selected topics, and counts them.
    ///
    /// `groups` are compared with all names that were listed, so that an empty part of them is no mistake.
    pub(crate) fn leave_out_unselected(&mut self, groups: &Patterns, topics: &Patterns) {
        let mut report = |place: &str, what: String| {
            self.problems.push(Problem { place: place.into(), what: Unknown::because(what) });
        };
        if let Ok(listed) = &self.listed
            && !groups.text().is_empty()
            && !(listed.is_empty() && groups.text() == "*")
            && !listed.iter().any(|name| groups.select(name))
        {
            report("MEERKAT_GROUPS", format!("{:?} matches none of {} groups", groups.text(), listed.len()));
        } else if !topics.text().is_empty() && !self.groups.is_empty() && self.rows.is_empty() {
            report("MEERKAT_TOPICS", format!("{:?} matches no topic that a selected group reads", topics.text()));
        }
        if topics.text().is_empty() {
            return;
        }
        let before = self.groups.len();
        let reads_none =
            |group: &Group| group.range().is_empty() && group.incomplete().is_none() && !group.is_missing();
        self.groups.retain(|group| !reads_none(group));
        if before > self.groups.len() {
            *self.left_out.entry(OTHER_TOPICS.to_owned()).or_default() += before - self.groups.len();
        }
    }

    /// The log of a row.
    #[inline]
    pub(crate) fn log(&self, row: &Row) -> Known<LogRange> {
        match &self.topic(row).partitions {
            Ok(logs) => logs.of(row.partition),
            Err(why) => Err(why.clone()),
        }
    }

    /// The broker that leads a row's partition; `None` where it has no leader, or none is known.
    pub(crate) fn leader(&self, row: &Row) -> Option<i32> {
        self.topic(row).partitions.as_ref().ok()?.leader(row.partition)
    }

    /// What lies between a row's commit and the end of its log.
    #[inline]
    pub(crate) fn lag(&self, at: usize) -> Known<Lag> {
        let row = &self.rows[at];
        let (committed, log) = (row.committed.clone()?, self.log(row)?);
        Ok(match self.unacknowledged.of(at) {
            None => lag::lag(committed, log),
            Some(unacknowledged) => lag::of_share(committed, log, unacknowledged),
        })
    }

    /// The log of a row as far as the group still has to read it: for a share group it ends after its start offset and
    /// the unacknowledged records.
    #[inline]
    pub(crate) fn ahead(&self, at: usize) -> Known<LogRange> {
        let row = &self.rows[at];
        let log = self.log(row)?;
        let (Some(unacknowledged), Ok(Committed::At(start))) = (self.unacknowledged.of(at), &row.committed) else {
            return Ok(log);
        };
        let left = lag::of_share(Committed::At(*start), log, unacknowledged).unread();
        let left = left.and_then(|left| i64::try_from(left).ok()).unwrap_or(i64::MAX);
        Ok(LogRange { end: log.end.min(log.start.max(*start).saturating_add(left)), ..log })
    }

    /// The rows of one of its groups; empty if they are not known.
    pub(crate) fn rows_of(&self, group: &Group) -> &[Row] {
        &self.rows[group.range()]
    }
}

/// Groups that read none of the selected topics, in [`Snapshot::left_out`].
pub(crate) const OTHER_TOPICS: &str = "other topics";
