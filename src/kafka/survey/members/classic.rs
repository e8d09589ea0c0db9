//! Members of classic groups, whose assignments are in the consumer's own format.

use std::collections::HashSet;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::describe_groups_response::DescribedGroup as ClassicGroup;
use kafka_protocol::messages::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use kafka_protocol::protocol::{Decodable, Message};

use super::{Described, DescribesGroup};
use crate::kafka::protocol::guard::{self, Shape};
use crate::kafka::protocol::unreadable::Unreadable;
use crate::kafka::survey::names::Names;
use crate::model::unknown::Unknown;

/// The broker does not parse what its members send.
impl DescribesGroup for ClassicGroup {
    fn described(&self, names: &Names<'_>) -> (&str, i16, Described) {
        let members = self.members.iter().map(|one| [&one.member_id, &one.client_id, &one.client_host]);
        let mut described = Described::new(self.group_state.as_str().into(), members);
        described.subscribed = Some(HashSet::new());
        for (index, member) in (0..).zip(&self.members) {
            // A coordinator returns subscriptions and assignments of stable groups only.
            match (
                embedded::<ConsumerProtocolSubscription>(&member.member_metadata, &guard::SUBSCRIPTION),
                &mut described.subscribed,
            ) {
                (Ok(subscription), Some(topics)) => {
                    topics.extend(subscription.topics.iter().filter_map(|topic| names.number(topic)));
                }
                _ => described.subscribed = None,
            }
            // A member that is still joining has none.
            if member.member_assignment.is_empty() {
                continue;
            }
            match embedded::<ConsumerProtocolAssignment>(&member.member_assignment, &guard::ASSIGNMENT) {
                Ok(assignment) => {
                    for topic in &assignment.assigned_partitions {
                        described.assign(names.number(&topic.topic), &topic.partitions, index);
                    }
                }
                Err(what) => {
                    let reason = format!("the assignment of member {} cannot be read: {what}", &*member.member_id);
                    described.members = Err(Unknown::because(reason));
                    break;
                }
            }
        }
        (&self.group_id, self.error_code, described)
    }
}

/// Reads a structure of the consumer protocol: its version, then its body; fields of versions newer than ours are
/// ignored.
pub(crate) fn embedded<T: Decodable + Message>(bytes: &Bytes, shape: &Shape) -> Result<T, Unreadable> {
    let mut bytes = bytes.clone();
    let version = bytes.try_get_i16().map_err(Unreadable::codec)?;
    let version = version.min(T::VERSIONS.max);
    let weight = shape.weigh(&bytes, version)?;
    if weight > LARGEST_MEMBER {
        return Err(Unreadable::Heavy(weight));
    }
    T::decode(&mut bytes, version).map_err(Unreadable::codec)
}

/// Memory limit in bytes for the subscription or assignment of one member: that of 500,000 topics.
const LARGEST_MEMBER: usize = 16 * 1024 * 1024;
