//! A topic in the metadata: its id and the leaders of its partitions.

use std::collections::BTreeMap;

use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::metadata_response::{MetadataResponse, MetadataResponseBroker, MetadataResponseTopic};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::protocol::error_codes;
use crate::model::lag::LogRange;
use crate::model::snapshot::{Impaired, Lack, Logs, Placement, Replicas, Topic};
use crate::model::unknown::{Cause, Known, Unknown};

/// A topic in the metadata.
pub(crate) struct DescribedTopic {
    pub(crate) id: Option<u128>,
    pub(crate) leaders: Known<Vec<Known<Leader>>>,
    placement: Placement,
}

/// The broker that has a partition's log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leader {
    pub(crate) id: BrokerId,
    epoch: i32,
}

impl Leader {
    pub(crate) fn new(id: BrokerId, epoch: i32) -> Self {
        Self { id, epoch }
    }
}

impl DescribedTopic {
    /// The topics in this answer, by name.
    pub(crate) fn all(answer: &MetadataResponse) -> BTreeMap<StrBytes, Self> {
        let named = answer.topics.iter().filter_map(|topic| Some((topic.name.as_ref()?.0.clone(), topic)));
        named.map(|(name, topic)| (name, Self::new(topic, &answer.brokers))).collect()
    }

    /// How many partitions it has; 0 if that is unknown.
    pub(crate) fn len(&self) -> usize {
        self.leaders.as_ref().map_or(0, Vec::len)
    }

    /// Whether its metadata is known and has this partition; -1 means no particular one.
    pub(crate) fn reaches(&self, partition: i32) -> bool {
        self.leaders.as_ref().is_ok_and(|leaders| usize::try_from(partition).map_or(true, |at| at < leaders.len()))
    }

    fn new(topic: &MetadataResponseTopic, brokers: &[MetadataResponseBroker]) -> Self {
        let id = Some(topic.topic_id.as_u128()).filter(|id| *id != 0);
        let leaders = match topic.error_code {
            0 => Ok(leaders(topic, brokers)),
            code => Err(error_codes::unknown(code)),
        };
        let placement = leaders.as_ref().map(|leaders| placement(topic, leaders, brokers)).unwrap_or_default();
        Self { id, leaders, placement }
    }

    /// A topic that nobody described, for this reason.
    pub(crate) fn unknown(why: Unknown) -> Self {
        Self { id: None, leaders: Err(why), placement: Placement::default() }
    }

    /// The leader of a partition and its epoch.
    pub(crate) fn leader(&self, partition: i32) -> Option<(i32, i32)> {
        let leader = self.leaders.as_ref().ok()?.get(usize::try_from(partition).ok()?)?.as_ref().ok()?;
        Some((leader.id.0, leader.epoch))
    }

    /// The topic before its logs are read.
    pub(crate) fn outline(&self, name: &str) -> Topic {
        let partitions = self.leaders.as_ref().map(|leaders| Logs::unread(leaders.len())).map_err(Clone::clone);
        Topic { name: name.into(), id: self.id, partitions, placement: Placement::default() }
    }

    /// The broker to ask for a partition.
    pub(crate) fn place(&self, partition: i32) -> Known<i32> {
        let leaders = self.leaders.as_ref().map_err(Clone::clone)?;
        let leader = usize::try_from(partition).ok().and_then(|index| leaders.get(index));
        let leader = leader.ok_or_else(|| Unknown::because("the topic has no such partition"))?;
        leader.as_ref().map(|leader| leader.id.0).map_err(Clone::clone)
    }

    /// The topic with what was read of it, by partition, in order; the replicas go with it.
    pub(crate) fn take_topic(&mut self, name: &str, read: Vec<(i32, Known<LogRange>)>) -> Topic {
        let unread = Unknown::because("the log has not been read");
        let mut read = read.into_iter().peekable();
        let partitions = self.leaders.as_ref().map_err(Clone::clone).map(|leaders| {
            let log = |partition| match read.next_if(|(next, _)| *next == partition) {
                Some((_, log)) => log,
                None => Err(unread.clone()),
            };
            let logs: Logs = (0..).take(leaders.len()).map(log).collect();
            logs.led_by(leaders.iter().map(|leader| leader.as_ref().ok().map(|leader| leader.id.0)))
        });
        Topic { name: name.into(), id: self.id, partitions, placement: std::mem::take(&mut self.placement) }
    }
}

/// The leader of each partition in order, if it is one of the brokers in the same answer; the answer has partitions in
/// any order.
pub(crate) fn leaders(topic: &MetadataResponseTopic, brokers: &[MetadataResponseBroker]) -> Vec<Known<Leader>> {
    // A broker of an old release that has just started does not know all of them yet.
    let missing = Unknown::of(Cause::NoLeader, "the metadata leaves the partition out");
    let mut leaders: Vec<Known<Leader>> = topic.partitions.iter().map(|_| Err(missing.clone())).collect();
    for partition in &topic.partitions {
        let place = usize::try_from(partition.partition_index).ok().and_then(|index| leaders.get_mut(index));
        if let Some(place) = place {
            let leader = error_codes::leader(partition.error_code, partition.leader_id);
            *place = leader.and_then(|id| {
                // It has just gone, or will appear soon.
                let is_broker = brokers.iter().any(|broker| broker.node_id == id);
                if is_broker { Ok(Leader::new(id, partition.leader_epoch)) } else { Err(no_broker(id)) }
            });
        }
    }
    leaders
}

/// The replicas of each partition in order. A healthy partition takes two numbers.
fn placement(
    topic: &MetadataResponseTopic,
    leaders: &[Known<Leader>],
    brokers: &[MetadataResponseBroker],
) -> Placement {
    let mut placement = Placement { each: vec![Replicas::default(); leaders.len()], impaired: Vec::new() };
    for partition in &topic.partitions {
        let place = usize::try_from(partition.partition_index).ok();
        let Some((each, leader)) = place.and_then(|at| Some((placement.each.get_mut(at)?, leaders.get(at)?))) else {
            continue;
        };
        let few = |ids: &[BrokerId]| u16::try_from(ids.len()).unwrap_or(u16::MAX);
        // Of a partition without a leader, the last replicas that were in sync are still named.
        let in_sync = if leader.is_ok() { few(&partition.isr_nodes) } else { 0 };
        *each = Replicas { all: few(&partition.replica_nodes), in_sync };
        // Whatever else keeps the leader from being asked is no trouble of the cluster's.
        let has_leader = !leader.as_ref().is_err_and(|why| why.cause() == Cause::NoLeader);
        if has_leader && partition.isr_nodes.len() >= partition.replica_nodes.len() {
            continue;
        }
        let replicas = &partition.replica_nodes[..partition.replica_nodes.len().min(MOST_REPLICAS)];
        let lacks = replicas.iter().filter_map(|id| {
            let lack = match () {
                () if !brokers.iter().any(|broker| broker.node_id == *id) => Lack::Away,
                () if partition.offline_replicas.contains(id) => Lack::Offline,
                () if !partition.isr_nodes.contains(id) => Lack::Behind,
                () => return None,
            };
            Some((id.0, lack))
        });
        let mut lacks: Vec<(i32, Lack)> = lacks.collect();
        lacks.sort_unstable();
        lacks.dedup();
        placement.impaired.push(Impaired { partition: partition.partition_index, has_leader, lacks });
    }
    placement.impaired.sort_unstable_by_key(|impaired| impaired.partition);
    placement.impaired.dedup_by_key(|impaired| impaired.partition);
    placement
}

/// Replicas of a partition that are looked at: Kafka's own tools make no more than there are brokers, usually three.
const MOST_REPLICAS: usize = 64;

fn no_broker(BrokerId(id): BrokerId) -> Unknown {
    let what = format!("the partition's leader, broker {id}, is not among the brokers that the metadata name");
    Unknown::of(Cause::NoLeader, what)
}
