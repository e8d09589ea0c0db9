//! A group in a listing: its name, kind and state.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::protocol::StrBytes;

use crate::kafka::protocol::guard::SPOILED;
use crate::model::snapshot::{GroupState, Kind};
use crate::model::unknown::{Known, Unknown};

/// A group of which only its name and coordinator are known.
pub(crate) struct Listed {
    pub(crate) name: Arc<str>,
    /// The same, in the form of requests.
    pub(crate) id: StrBytes,
    pub(crate) kind: Kind,
    /// Its state in the listing (KIP-518).
    pub(crate) state: Known<GroupState>,
    /// The broker that answers for the group.
    pub(crate) coordinator: Known<i32>,
    pub(crate) seen: Presence,
    /// The partitions whose commits are requested, pending ones included; `None` for every commit.
    pub(crate) only: Option<Rc<[SomePartitions]>>,
}

/// Whether some broker lists a group; of other groups the kind is unknown too.
pub(crate) enum Presence {
    Yes,
    No,
    /// Its coordinator did not list its groups, and why.
    Perhaps(Unknown),
}

/// The broker that answers for a group; there is none for a group whose name cannot be read.
pub(crate) fn coordinator_of(name: &str, broker: i32) -> Known<i32> {
    if name.as_bytes().contains(&SPOILED) { Err(Unknown::because(SPOILED_NAME)) } else { Ok(broker) }
}

const SPOILED_NAME: &str =
    "its name is not UTF-8, so it cannot be asked for: the name is shown with a sign for each such byte";

/// Partitions of one topic.
pub(crate) struct SomePartitions {
    pub(crate) topic: TopicName,
    pub(crate) partitions: Vec<i32>,
}

/// The numbers of these groups by their names: coordinators answer by name.
pub(crate) fn by_name<'g>(groups: &'g [Listed], indexes: &[usize]) -> HashMap<&'g str, usize> {
    indexes.iter().map(|index| (&*groups[*index].name, *index)).collect()
}

impl Listed {
    /// A group of which no more is known.
    pub(crate) fn named(name: &str, kind: Kind, coordinator: Known<i32>) -> Self {
        let (name, id) = (name.into(), StrBytes::from_string(name.into()));
        let state = Err(Unknown::because("no broker lists the group"));
        Self { name, id, kind, state, coordinator, seen: Presence::No, only: None }
    }
}

/// A group in a broker's listing.
pub(crate) struct Announced {
    pub(crate) id: StrBytes,
    /// The protocol type of one that is not a consumer group.
    pub(crate) kind: Result<Kind, Box<str>>,
    pub(crate) state: Known<GroupState>,
}

impl Announced {
    /// The part of an entry that is kept: those of the codec are many times as large.
    pub(crate) fn new(group: &ListedGroup, stateless: &Unknown) -> Self {
        let state = match &*group.group_state {
            "" => Err(stateless.clone()),
            state => Ok(state.into()),
        };
        let kind = kind(group).ok_or_else(|| group.protocol_type.as_str().into());
        Self { id: group.group_id.0.clone(), kind, state }
    }
}

/// The kind of a group that has committed offsets; `None` for other protocols (`connect`, schema registries, …).
///
/// Brokers below `ListGroups` 5 return no type: they know classic groups only, and KIP-848 groups in preview.
/// Groups that only commit have an empty protocol type.
fn kind(group: &ListedGroup) -> Option<Kind> {
    let is = |name| group.group_type.eq_ignore_ascii_case(name);
    match &*group.protocol_type {
        _ if is("consumer") => Some(Kind::Consumer),
        _ if is("streams") => Some(Kind::Streams),
        "share" => Some(Kind::Share),
        _ if is("share") => Some(Kind::Share),
        "consumer" | "" => Some(Kind::Classic),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_group_is_reported_by_type_first_and_protocol_second() {
        let of = |group_type, protocol_type| {
            kind(
                &ListedGroup::default()
                    .with_group_type(StrBytes::from_static_str(group_type))
                    .with_protocol_type(StrBytes::from_static_str(protocol_type)),
            )
        };
        assert_eq!(of("classic", "consumer"), Some(Kind::Classic));
        assert_eq!(of("Consumer", "consumer"), Some(Kind::Consumer));
        assert_eq!(of("streams", "streams"), Some(Kind::Streams));
        assert_eq!(of("share", "share"), Some(Kind::Share));
        assert_eq!(of("", "consumer"), Some(Kind::Classic));
        assert_eq!(of("", ""), Some(Kind::Classic));
        assert_eq!(of("classic", "connect"), None);
        assert_eq!(of("", "sr"), None);
    }
}
