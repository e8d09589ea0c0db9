//! Why a group is not OK, who or what is the cause, and what to do next: a verdict becomes a diagnosis.
//!
//! The rules are one table, [`RULES`], in the order in which they are asked: the first that holds names the kind. A rule reads [`Facts`] and
//! returns the evidence as data; the sentence is made of that evidence alone. Where no rule holds the kind is [`Kind::Unclear`], never a guess.
//! What one snapshot shows besides the lag (the `finding` of a group) is made by [`at_sight`] with the same kinds and sentences.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::figures::quoted;
use crate::base::moment;
use crate::judge::ages::Ages;
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::model::lag::Committed;
use crate::model::snapshot::{Row, Snapshot};
use facts::Facts;

mod brokers;
mod facts;
mod rules;
mod sight;
mod words;

pub(crate) use brokers::Suffering;
pub(crate) use facts::Case;
pub(crate) use sight::{at_sight, storming};

/// Why a group is not OK, as a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nobody knows a group of this name.
    NoSuchGroup,
    /// This user may not read what belongs to the group.
    Permissions,
    /// What the group reads is on brokers that do not answer, or lags in every group.
    BrokerSide,
    /// The commit stands past the log end, or the log end went back.
    TopicRecreated,
    /// Retention deleted records before they were read.
    RecordsLost,
    /// The group had a commit, and has none any more.
    ExpiredCommits,
    /// A member reads and never committed.
    NeverCommits,
    /// The commit went back.
    Rewound,
    /// Members wait for their partitions.
    Rebalancing,
    /// No member reads what lags.
    NobodyThere,
    /// The commit stands at the first record of an open transaction.
    OpenTransaction,
    /// One partition stands still while its member reads others.
    PartitionStuck,
    /// A member commits nothing.
    MemberStuck,
    /// Few partitions hold nearly all of the lag.
    Skew,
    /// Records come faster than before, and are read as fast as before.
    ProducerBurst,
    /// There are fewer members than partitions and all lag evenly, or members without a partition.
    TooFewMembers,
    /// Records are read more slowly than they come, and none of the causes above is seen.
    TooSlow,
    /// The evidence is missing.
    Unclear,
}

/// One kind: when it holds, what is said of it, and what to do next.
pub struct Rule {
    /// Which.
    pub kind: Kind,
    /// Its word in a report.
    pub word: &'static str,
    /// When it holds, for people.
    pub when: &'static str,
    /// What to do next, for people.
    pub next: &'static str,
    /// Its evidence; `None` where it does not hold.
    holds: fn(&Facts<'_>) -> Option<Evidence>,
    /// The evidence as one sentence without a full stop.
    says: fn(&Evidence, &mut fmt::Formatter<'_>) -> fmt::Result,
}

/// Why a group is not OK.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Of which kind.
    pub kind: Kind,
    /// What it rests on.
    pub evidence: Evidence,
}

/// What a diagnosis rests on, as data; what a kind has no use for is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The partitions that it is about, those that lag most first, [`MOST_NAMED`] of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) partitions: Vec<Place>,
    /// How many partitions it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partition_count: Option<usize>,
    /// Of how many partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of_partitions: Option<usize>,
    /// The members that it is about, [`MOST_NAMED`] of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) members: Vec<Who>,
    /// How many members it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member_count: Option<usize>,
    /// Of how many members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of_members: Option<usize>,
    /// Members without a partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle_members: Option<usize>,
    /// The share of the lag that the partitions hold, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) share_of_lag: Option<f64>,
    /// Records that came lately, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_per_s: Option<f64>,
    /// Records that were read lately, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) out_per_s: Option<f64>,
    /// Records that came before, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_per_s_before: Option<f64>,
    /// Records that were read before, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) out_per_s_before: Option<f64>,
    /// Records that were deleted unread, or that lie between the log end and the commit, or between both ends of a step back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offsets: Option<u64>,
    /// Since when at least, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// When all members of the group were replaced, RFC 3339, if that was within the last hour: a deployment, perhaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) members_replaced_at: Option<String>,
    /// The group's state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// Rebalances within [`Self::minutes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rebalances: Option<u32>,
    /// Whether there may have been more rebalances.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) rebalances_at_least: bool,
    /// The time in which rebalances were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minutes: Option<i64>,
    /// In how many runs in a row, up to this one, the members had changed, where that is the evidence and not the number of rebalances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed_in_runs: Option<u32>,
    /// The brokers, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) brokers: Vec<i32>,
    /// Groups that lag on those brokers' partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_count: Option<usize>,
    /// What could not be read, or which evidence is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<String>,
}

/// A partition that a diagnosis names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    /// Where the group reads next; `None` without a commit, or where it could not be read.
    pub(crate) offset: Option<i64>,
    /// Offsets left to read; `None` where they are not known.
    pub(crate) lag: Option<u64>,
}

/// A member that a diagnosis names, with the keys that a partition has for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Who {
    pub(crate) member: Box<str>,
    pub(crate) member_id: Box<str>,
    pub(crate) member_host: Box<str>,
}

/// Every kind, in the order in which they are asked.
pub const RULES: [Rule; 18] = [
    Rule {
        kind: Kind::NoSuchGroup,
        word: "no_such_group",
        when: "the group was asked for or is expected, and no broker lists it",
        next: "check the name; if it is right, the group was deleted, or its commits expired after its last member left (offsets.retention.minutes)",
        holds: rules::no_such_group,
        says: |_, f| f.write_str("no group has this name"),
    },
    Rule {
        kind: Kind::Permissions,
        word: "permissions",
        when: "the broker refuses requests about the group, or hides its topics",
        next: "grant the missing DESCRIBE; meerkat --preflight prints the command",
        holds: rules::permissions,
        says: |evidence, f| write!(f, "a permission is missing: {}", words::missing(evidence)),
    },
    Rule {
        kind: Kind::BrokerSide,
        word: "broker_side",
        when: "a leader or coordinator of the group is away; or at least two groups lag on the partitions of the same brokers, and no group that reads there keeps up",
        next: "check the brokers first: the group waits for them",
        holds: rules::broker_side,
        says: words::broker_side,
    },
    Rule {
        kind: Kind::TopicRecreated,
        word: "topic_recreated",
        when: "the commit is past the log end, or the log end went back",
        next: "if the topic was recreated on purpose, reset the offsets: kafka-consumer-groups.sh --reset-offsets --to-earliest",
        holds: rules::topic_recreated,
        says: words::topic_recreated,
    },
    Rule {
        kind: Kind::RecordsLost,
        word: "records_lost",
        when: "retention deleted records before the group read them, and that is the reason for the verdict",
        next: "raise retention.ms or retention.bytes of the topic, and restore what was lost from its source",
        holds: rules::records_lost,
        says: words::records_lost,
    },
    Rule {
        kind: Kind::ExpiredCommits,
        word: "expired_commits",
        when: "a partition had a commit in an earlier run, and has none now",
        next: "the group starts again by its auto.offset.reset: check whether it reads again or skips records; raise offsets.retention.minutes",
        holds: rules::expired_commits,
        says: |evidence, f| write!(f, "the group's commits expired or were deleted ({})", words::places(evidence)),
    },
    Rule {
        kind: Kind::NeverCommits,
        word: "never_commits",
        when: "a member is assigned, records are there, and nothing was ever committed",
        next: "check whether the client commits at all (enable.auto.commit, or its own commits)",
        holds: rules::never_commits,
        says: |evidence, f| words::found(crate::judge::verdict::Finding::Uncommitted, evidence, f),
    },
    Rule {
        kind: Kind::Rewound,
        word: "rewound",
        when: "the commit went back, and has not recovered",
        next: "if nobody reset the offsets, find the client that seeks, or that commits old offsets",
        holds: rules::rewound,
        says: words::rewound,
    },
    Rule {
        kind: Kind::Rebalancing,
        word: "rebalancing",
        when: "records wait while the group is in a rebalance, or it rebalances again and again: six times in ten minutes, or a classic group whose members changed in each of six runs within an hour",
        next: "find the members that leave and join: restarts, max.poll.interval.ms, session.timeout.ms",
        holds: rules::rebalancing,
        says: words::rebalancing,
    },
    Rule {
        kind: Kind::NobodyThere,
        word: "nobody_there",
        when: "records wait, and the group has no member, or none that subscribes to the topic",
        next: "start its consumers; if the group is retired, delete it: kafka-consumer-groups.sh --delete --group",
        holds: rules::nobody_there,
        says: words::nobody_there,
    },
    Rule {
        kind: Kind::OpenTransaction,
        word: "open_transaction",
        when: "the commit is at the last stable offset: an open transaction begins there",
        next: "find its producer; abort the transaction if that producer is gone (kafka-transactions.sh abort)",
        holds: rules::open_transaction,
        says: words::open_transaction,
    },
    Rule {
        kind: Kind::PartitionStuck,
        word: "partition_stuck",
        when: "a partition stands still while its member commits in others; in a share group, while other partitions move",
        next: "check the record at that offset: the member may not be able to process it",
        holds: rules::partition_stuck,
        says: words::partition_stuck,
    },
    Rule {
        kind: Kind::MemberStuck,
        word: "member_stuck",
        when: "a member has partitions that stand still, and commits in none",
        next: "check the member's log and make a thread dump; if all members stand still, check what they share",
        holds: rules::member_stuck,
        says: words::member_stuck,
    },
    Rule {
        kind: Kind::Skew,
        word: "skew",
        when: "it falls behind, and a fifth of a topic's partitions, at least three in all, holds 80 % of its lag; not where they are one member's and get no more records than others",
        next: "check the keys of the records there: more members do not help one partition",
        holds: rules::skew,
        says: words::skew,
    },
    Rule {
        kind: Kind::ProducerBurst,
        word: "producer_burst",
        when: "it falls behind, records arrive at least 1.5 times as fast as before, and are read at 90 % of the pace from before or faster",
        next: "leave it alone if the burst ends soon; else start more members",
        holds: rules::producer_burst,
        says: words::producer_burst,
    },
    Rule {
        kind: Kind::TooFewMembers,
        word: "too_few_members",
        when: "it falls behind evenly (a fifth of the partitions holds less than half of the lag), with fewer members than partitions, or with more members than partitions",
        next: "start more members, up to one for each partition; if members are idle, add partitions or make the processing faster",
        holds: rules::too_few_members,
        says: words::too_few_members,
    },
    Rule {
        kind: Kind::TooSlow,
        word: "too_slow",
        when: "it falls behind while it commits, and no rule above applies; names the member that holds 80 % of the lag with at most half of the partitions",
        next: "check the time that a record needs, and what the members wait for",
        holds: rules::too_slow,
        says: words::too_slow,
    },
    Rule {
        kind: Kind::Unclear,
        word: "unclear",
        when: "no rule above applies, or its data could not be read",
        next: "give it earlier snapshots (meerkat --watch, or MEERKAT_HISTORY=on), and read the partitions: meerkat GROUP",
        // What is left where no other holds.
        holds: |_| None,
        says: |evidence, f| write!(f, "the cause is not clear: {}", words::missing(evidence)),
    },
];

impl Place {
    fn of(snapshot: &Snapshot, row: &Row, lag: Option<u64>) -> Self {
        let offset = if let Ok(Committed::At(offset)) = row.committed { Some(offset) } else { None };
        Self { topic: snapshot.topic(row).name.clone(), partition: row.partition, offset, lag }
    }
}

impl Kind {
    /// Its row of the table.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        // A test holds the table to the order of the kinds.
        &RULES[self as usize]
    }
}

impl Diagnosis {
    /// What to do next, as one sentence.
    #[must_use]
    pub fn next(&self) -> &'static str {
        self.kind.rule().next
    }

    /// The command that shows more, for a broker at this address; `None` where there is none.
    #[must_use]
    pub fn command(&self, bootstrap: &str) -> Option<String> {
        let place = self.evidence.partitions.first()?;
        let (topic, partition, bootstrap) = (quoted(&place.topic), place.partition, quoted(bootstrap));
        match (self.kind, place.offset) {
            (Kind::PartitionStuck, Some(offset)) => Some(format!(
                "kafka-console-consumer.sh --bootstrap-server {bootstrap} --topic {topic} --partition {partition} --offset {offset} --max-messages 1"
            )),
            (Kind::OpenTransaction, _) => Some(format!(
                "kafka-transactions.sh --bootstrap-server {bootstrap} find-hanging --topic {topic} --partition {partition}"
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Diagnosis {
    /// What it rests on, as one sentence without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.kind.rule().says)(&self.evidence, f)?;
        match self.evidence.members_replaced_at.as_deref().and_then(moment::parse) {
            Some(at) => write!(f, "; all members were replaced at {}", moment::time_of_day(at)),
            None => Ok(()),
        }
    }
}

impl Diagnosis {
    /// The first kind that holds.
    pub(crate) fn of(
        sight: Sight<'_>,
        case: &Case<'_>,
        memories: &Memories,
        ages: &Ages<'_>,
        suffering: &Suffering,
    ) -> Self {
        let facts = &Facts::new(sight, case, memories, ages, suffering);
        let held = RULES.iter().find_map(|rule| Some(Self { kind: rule.kind, evidence: (rule.holds)(facts)? }));
        held.unwrap_or_else(|| Self { kind: Kind::Unclear, evidence: rules::unclear(facts) })
    }
}

/// Partitions and members that a diagnosis names of many.
pub(crate) const MOST_NAMED: usize = 10;

#[cfg(test)]
mod tests;
