//! Members of classic groups, whose assignments are in the consumer's own format.

use std::collections::HashSet;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::describe_groups_response::DescribedGroup as ClassicGroup;
use kafka_protocol::messages::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use kafka_protocol::protocol::{Decodable, Message};

use super::{Described, DescribesGroup, named};
use crate::kafka::messages::Unreadable;
use crate::kafka::names::Names;
use crate::kafka::shape::{self, Shape};
use crate::lag::Unknown;

/// The broker does not look into what its members carry.
impl DescribesGroup for ClassicGroup {
    fn name(&self) -> &str {
        &self.group_id
    }

    fn error_code(&self) -> i16 {
        self.error_code
    }

    fn described(&self, names: &Names<'_>) -> Described {
        let members =
            self.members.iter().map(|member| named(&member.member_id, &member.client_id, &member.client_host));
        let mut described = Described::new(&self.group_state, members.collect());
        described.subscribed = Some(HashSet::new());
        for (index, member) in (0..).zip(&self.members) {
            // A coordinator tells subscriptions and assignments of stable groups alone.
            match (
                embedded::<ConsumerProtocolSubscription>(&member.member_metadata, &shape::SUBSCRIPTION),
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
            match embedded::<ConsumerProtocolAssignment>(&member.member_assignment, &shape::ASSIGNMENT) {
                Ok(assignment) => {
                    for topic in &assignment.assigned_partitions {
                        let Some(number) = names.number(&topic.topic) else { continue };
                        described.assigned.extend(topic.partitions.iter().map(|partition| (number, *partition, index)));
                    }
                }
                Err(what) => {
                    let reason = format!("the assignment of member {} cannot be read: {what}", &*member.member_id);
                    described.members = Err(Unknown::because(reason));
                    break;
                }
            }
        }
        described
    }
}

/// Reads a structure of the consumer protocol: its version, then its body; fields of versions newer than ours are left over.
fn embedded<T: Decodable + Message>(bytes: &Bytes, shape: &Shape) -> Result<T, Unreadable> {
    let mut bytes = bytes.clone();
    let version = bytes.try_get_i16().map_err(|error| Unreadable::Codec(error.into()))?;
    let version = version.min(T::VERSIONS.max);
    let weight = shape.weigh(&bytes, version)?;
    if weight > LARGEST_MEMBER {
        return Err(Unreadable::Heavy(weight));
    }
    T::decode(&mut bytes, version).map_err(|error| Unreadable::Codec(error.into()))
}

/// Bytes of memory that what one member subscribes to or was assigned may take: that of 500,000 topics.
const LARGEST_MEMBER: usize = 16 * 1024 * 1024;
