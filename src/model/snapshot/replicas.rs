//! The replicas of a topic's partitions, and those that are missing.

/// How many replicas one partition has, and how many of them are in sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// All of them, up to 65,535.
    pub all: u16,
    /// Those that are in sync (ISR).
    pub in_sync: u16,
}

/// The replicas of one topic: two numbers for each partition, and more only for those in trouble.
#[derive(Debug, Default)]
pub struct Placement {
    /// By partition; empty if the metadata was not read.
    pub(crate) each: Vec<Replicas>,
    /// Partitions that lack a leader or replicas, in order.
    pub(crate) impaired: Vec<Impaired>,
}

/// A partition that lacks a leader or replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Impaired {
    pub(crate) partition: i32,
    /// Whether some broker leads it.
    pub(crate) has_leader: bool,
    /// The brokers of its replica list that are not in sync, in order.
    pub(crate) lacks: Vec<(i32, Lack)>,
}

/// Why a broker's replica of a partition is not in sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lack {
    /// The broker is not in the metadata.
    Away,
    /// The broker is there, and its replica is offline: the disk has failed (KIP-112).
    Offline,
    /// The replica is not in sync.
    Behind,
}

impl Placement {
    /// The replicas of a partition; `None` if they are not known.
    pub(crate) fn of(&self, partition: i32) -> Option<Replicas> {
        self.each.get(usize::try_from(partition).ok()?).copied().filter(|replicas| replicas.all > 0)
    }
}
