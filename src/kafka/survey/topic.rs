//! A topic as the metadata tells it: its id and the leaders of its partitions.

use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponseTopic};

use crate::kafka::protocol::error_codes;
use crate::model::lag::LogRange;
use crate::model::snapshot::{Logs, Topic};
use crate::model::unknown::{Cause, Known, Unknown};

/// A topic as the metadata tells it.
pub(crate) struct DescribedTopic {
    pub(crate) id: Option<u128>,
    pub(crate) leaders: Known<Vec<Known<Leader>>>,
}

/// Where a partition's log is to be asked for.
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
    pub(crate) fn new(topic: &MetadataResponseTopic, brokers: &[MetadataResponseBroker]) -> Self {
        let id = Some(topic.topic_id.as_u128()).filter(|id| *id != 0);
        let leaders = match topic.error_code {
            0 => Ok(leaders(topic, brokers)),
            code => Err(error_codes::unknown(code)),
        };
        Self { id, leaders }
    }

    /// The leader of a partition and its epoch.
    pub(crate) fn leader(&self, partition: i32) -> Option<(i32, i32)> {
        let leader = self.leaders.as_ref().ok()?.get(usize::try_from(partition).ok()?)?.as_ref().ok()?;
        Some((leader.id.0, leader.epoch))
    }

    /// The topic before its logs are read.
    pub(crate) fn outline(&self, name: &str) -> Topic {
        let partitions = self.leaders.as_ref().map(|leaders| Logs::unread(leaders.len())).map_err(Clone::clone);
        Topic { name: name.into(), id: self.id, partitions }
    }

    /// Who is to be asked for a partition.
    pub(crate) fn place(&self, partition: i32) -> Known<i32> {
        let leaders = self.leaders.as_ref().map_err(Clone::clone)?;
        let leader = usize::try_from(partition).ok().and_then(|index| leaders.get(index));
        let leader = leader.ok_or_else(|| Unknown::because("the topic has no such partition"))?;
        leader.as_ref().map(|leader| leader.id.0).map_err(Clone::clone)
    }

    /// The topic with what was read of it, by partition, in order.
    pub(crate) fn to_topic(&self, name: &str, read: Vec<(i32, Known<LogRange>)>) -> Topic {
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
        Topic { name: name.into(), id: self.id, partitions }
    }
}

/// The leader of each partition in order, if it is one of the brokers that are told of beside the topic; partitions are told in any
/// order.
pub(crate) fn leaders(topic: &MetadataResponseTopic, brokers: &[MetadataResponseBroker]) -> Vec<Known<Leader>> {
    // A broker of an old release that has only just started has not heard of all of them.
    let missing = Unknown::of(Cause::NoLeader, "the metadata leaves the partition out");
    let mut leaders: Vec<Known<Leader>> = topic.partitions.iter().map(|_| Err(missing.clone())).collect();
    for partition in &topic.partitions {
        let place = usize::try_from(partition.partition_index).ok().and_then(|index| leaders.get_mut(index));
        if let Some(place) = place {
            let leader = error_codes::leader(partition.error_code, partition.leader_id);
            *place = leader.and_then(|id| {
                // It has just gone, or is about to come.
                let is_broker = brokers.iter().any(|broker| broker.node_id == id);
                if is_broker { Ok(Leader::new(id, partition.leader_epoch)) } else { Err(no_broker(id)) }
            });
        }
    }
    leaders
}

fn no_broker(BrokerId(id): BrokerId) -> Unknown {
    let what = format!("the partition's leader, broker {id}, is not among the brokers that the metadata name");
    Unknown::of(Cause::NoLeader, what)
}
