//! The groups and topics of a scene, as plain data.

use std::ops::Range;

/// One group.
#[derive(Clone)]
pub(crate) struct Group {
    pub(super) name: String,
    /// As `ListGroups` spells it from version 5 on.
    pub(super) kind: &'static str,
    pub(super) protocol: String,
    pub(super) state: String,
    pub(super) coordinator: i32,
    /// The broker that lists it, where that is not its coordinator.
    pub(super) listed_by: Option<i32>,
    pub(super) members: Vec<Member>,
    /// How often it rebalanced.
    pub(super) epoch: i32,
    /// (topic, partition, offset, error code); of a share group start offsets.
    pub(super) commits: Vec<(String, i32, i64, i16)>,
    /// (topic, partition) of first commits that an open transaction holds.
    pub(super) held: Vec<(String, i32)>,
    /// (topic, partition, records) of a share group: what is acknowledged behind its start.
    pub(super) acknowledged: Vec<(String, i32, i64)>,
    /// The topics that a Streams application keeps between parts of its own.
    pub(super) internal: Vec<String>,
    /// The topics that it keeps its state in.
    pub(super) changelogs: Vec<String>,
    /// What describing it and fetching its offsets answers.
    pub(super) error: i16,
}

/// One member of a group; it subscribes to what it is assigned and to `subscribed`.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) client: String,
    pub(super) assigned: Vec<(String, Vec<i32>)>,
    pub(super) subscribed: Vec<String>,
    /// The regular expression that it subscribes by instead (KIP-848).
    pub(super) pattern: Option<String>,
}

/// One topic.
#[derive(Clone)]
pub(crate) struct Topic {
    pub(super) name: String,
    pub(super) logs: Vec<Log>,
    /// This user may not describe it.
    pub(super) hidden: bool,
    /// How often it was created again.
    pub(super) generation: u32,
}

/// One partition.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) leader: i32,
    pub(super) epoch: i32,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) last_stable: i64,
    /// Who has a replica; empty for all nodes.
    pub(super) replicas: Vec<i32>,
    /// Whose replica is not in sync.
    pub(super) behind: Vec<i32>,
    /// Whose replica is offline.
    pub(super) offline: Vec<i32>,
}

impl Group {
    /// A group of the old protocol, coordinated by broker 1: `Stable` with members, else `Empty`.
    pub(crate) fn classic(name: &str) -> Self {
        Self::new(name, "classic", "consumer")
    }

    /// A KIP-848 group.
    pub(crate) fn consumer(name: &str) -> Self {
        Self::new(name, "consumer", "consumer")
    }

    /// A share group (KIP-932); what it "commits" are its start offsets.
    pub(crate) fn share(name: &str) -> Self {
        Self::new(name, "share", "share")
    }

    /// A Streams application of the protocol of its own (KIP-1071).
    pub(crate) fn streams(name: &str) -> Self {
        Self::new(name, "streams", "streams")
    }

    /// A group of a kind and a protocol type, as `ListGroups` spells them.
    pub(crate) fn new(name: &str, kind: &'static str, protocol: &str) -> Self {
        Self {
            name: name.into(),
            kind,
            protocol: protocol.into(),
            state: "Empty".into(),
            coordinator: 1,
            listed_by: None,
            members: Vec::new(),
            epoch: 0,
            commits: Vec::new(),
            held: Vec::new(),
            acknowledged: Vec::new(),
            internal: Vec::new(),
            changelogs: Vec::new(),
            error: 0,
        }
    }

    /// Another broker coordinates it.
    pub(crate) fn at(mut self, node: i32) -> Self {
        self.coordinator = node;
        self
    }

    /// A broker lists it that does not coordinate it (any more).
    pub(crate) fn listed_by(mut self, node: i32) -> Self {
        self.listed_by = Some(node);
        self
    }

    /// It is in this state.
    pub(crate) fn state(mut self, state: &str) -> Self {
        self.state = state.into();
        self
    }

    /// It has a member, which is assigned these partitions of a topic; then it is stable.
    pub(crate) fn member(mut self, client: &str, topic: &str, partitions: &[i32]) -> Self {
        let assigned = vec![(topic.to_owned(), partitions.to_vec())];
        self.members.push(Member { client: client.into(), assigned, subscribed: vec![topic.into()], pattern: None });
        self.state("Stable")
    }

    /// It has a member that subscribes by a regular expression, and is assigned these partitions of a topic that matches it.
    pub(crate) fn matching(mut self, client: &str, pattern: &str, topic: &str, partitions: &[i32]) -> Self {
        let assigned = vec![(topic.to_owned(), partitions.to_vec())];
        let pattern = Some(pattern.to_owned());
        self.members.push(Member { client: client.into(), assigned, subscribed: Vec::new(), pattern });
        self.state("Stable")
    }

    /// It has a member that subscribes to a topic and is assigned nothing.
    pub(crate) fn subscriber(mut self, client: &str, topic: &str) -> Self {
        let subscribed = vec![topic.into()];
        self.members.push(Member { client: client.into(), assigned: Vec::new(), subscribed, pattern: None });
        self.state("Stable")
    }

    /// It committed these offsets, from partition 0 on.
    pub(crate) fn commits(mut self, topic: &str, offsets: &[i64]) -> Self {
        self.commits.extend((0..).zip(offsets).map(|(partition, offset)| (topic.to_owned(), partition, *offset, 0)));
        self
    }

    /// A transaction that is open holds its first commit to a partition.
    pub(crate) fn held(mut self, topic: &str, partition: i32) -> Self {
        self.held.push((topic.into(), partition));
        self
    }

    /// This many records behind the start of a share partition are acknowledged.
    pub(crate) fn acknowledged(mut self, topic: &str, partition: i32, records: i64) -> Self {
        self.acknowledged.push((topic.into(), partition, records));
        self
    }

    /// A topic is one that the application keeps between parts of its own.
    pub(crate) fn internal(mut self, topic: &str) -> Self {
        self.internal.push(topic.into());
        self
    }

    /// A topic is one that the application keeps its state in.
    pub(crate) fn changelog(mut self, topic: &str) -> Self {
        self.changelogs.push(topic.into());
        self
    }

    /// It answers an error for the commit of one partition.
    pub(crate) fn commit_refused(mut self, topic: &str, partition: i32, code: i16) -> Self {
        self.commits.push((topic.into(), partition, -1, code));
        self
    }

    /// Every question about it is answered with this error.
    pub(crate) fn refused(mut self, code: i16) -> Self {
        self.error = code;
        self
    }
}

impl Topic {
    /// A topic with these logs, led by broker 1, with no transaction open.
    pub(crate) fn new(name: &str, logs: &[Range<i64>]) -> Self {
        let log = |range: &Range<i64>| Log {
            leader: 1,
            epoch: 3,
            start: range.start,
            end: range.end,
            last_stable: range.end,
            replicas: Vec::new(),
            behind: Vec::new(),
            offline: Vec::new(),
        };
        Self { name: name.into(), logs: logs.iter().map(log).collect(), hidden: false, generation: 0 }
    }

    /// The partitions are led by these brokers in turn; -1 means none, and [`NO_LISTENER`] one without the listener.
    pub(crate) fn led_by(mut self, nodes: &[i32]) -> Self {
        for (log, node) in self.logs.iter_mut().zip(nodes.iter().cycle()) {
            log.leader = *node;
        }
        self
    }

    /// These brokers have a replica of a partition.
    pub(crate) fn replicas(mut self, partition: usize, nodes: &[i32]) -> Self {
        self.logs[partition].replicas = nodes.to_vec();
        self
    }

    /// Replicas of a partition that are not in sync.
    pub(crate) fn behind(mut self, partition: usize, nodes: &[i32]) -> Self {
        self.logs[partition].behind = nodes.to_vec();
        self
    }

    /// Replicas of a partition whose disk has failed.
    pub(crate) fn offline(mut self, partition: usize, nodes: &[i32]) -> Self {
        self.logs[partition].offline = nodes.to_vec();
        self.behind(partition, nodes)
    }

    /// A partition's log ends here.
    pub(crate) fn ends(mut self, partition: usize, offset: i64) -> Self {
        self.logs[partition].end = offset;
        self
    }

    /// A transaction is open from this offset of a partition on.
    pub(crate) fn last_stable(mut self, partition: usize, offset: i64) -> Self {
        self.logs[partition].last_stable = offset;
        self
    }

    /// This user may not describe it.
    pub(crate) fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}
