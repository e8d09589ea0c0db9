//! `StreamsGroupDescribe` (key 89): version 0 of KIP-1071, and 1 with the topology that KIP-1331 adds, which is not
//! requested.
//!
//! The codec crate does not know it. Unused fields are skipped. Schema: `StreamsGroupDescribeResponse.json` of Kafka
//! 4.4.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;

use super::Question;
use super::compact::{self, NO_TAGS, Reader};
use crate::kafka::protocol::unreadable::{Unreadable, Unwritable};
use crate::kafka::protocol::versions::Api;

/// Asks about these groups.
pub(crate) struct StreamsDescribeRequest {
    pub(crate) groups: Vec<StrBytes>,
}

/// What the coordinator knows of one streams group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamsGroup {
    pub(crate) error_code: i16,
    pub(crate) name: StrBytes,
    pub(crate) state: StrBytes,
    pub(crate) epoch: i32,
    /// `None` where the group has no topology yet.
    pub(crate) subtopologies: Option<Vec<Subtopology>>,
    pub(crate) members: Vec<StreamsMember>,
}

/// A part of an application that is cut into tasks by the partitions of the topics that it reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subtopology {
    pub(crate) id: StrBytes,
    /// Topics from outside that it reads.
    pub(crate) sources: Vec<StrBytes>,
    /// The application's own topics that it reads.
    pub(crate) repartitions: Vec<StrBytes>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamsMember {
    pub(crate) member_id: StrBytes,
    pub(crate) client_id: StrBytes,
    pub(crate) host: StrBytes,
    /// Id of a subtopology, and the partitions of its topics that the member reads.
    pub(crate) active: Vec<(StrBytes, Vec<i32>)>,
}

impl Question for StreamsDescribeRequest {
    const API: Api = Api::StreamsGroupDescribe;
    type Answer = Vec<StreamsGroup>;

    fn write(&self, to: &mut BytesMut, version: i16) -> Result<(), Unwritable> {
        compact::put_length(to, self.groups.len());
        for group in &self.groups {
            compact::put_text(to, group);
        }
        to.put_u8(FALSE); // no authorized operations
        if version >= TELLS_TOPOLOGY {
            to.put_u8(FALSE); // no topology
        }
        to.put_u8(NO_TAGS);
        Ok(())
    }

    fn read(from: &mut Bytes, version: i16, most: usize) -> Result<Self::Answer, Unreadable> {
        let from = &mut Reader::new(from, most);
        from.int32()?; // how long the broker throttled us
        let groups = from.array("the list of groups", |from| group(from, version))?;
        from.tags()?;
        Ok(groups)
    }
}

fn group(from: &mut Reader, version: i16) -> Result<StreamsGroup, Unreadable> {
    let error_code = from.int16()?;
    from.nullable_text()?; // the code in words
    let name = from.text("a group's name")?;
    let state = from.text("a group's state")?;
    let epoch = from.int32()?;
    from.int32()?; // the epoch of its assignment
    let subtopologies = if from.int8()? == ABSENT { None } else { topology(from)? };
    let members = from.array("the list of members", member)?;
    from.int32()?; // what this user may do with the group
    if version >= TELLS_TOPOLOGY {
        if from.int8()? != ABSENT {
            return Err(Unreadable::Unasked("the topology"));
        }
        from.int8()?; // why there is none
        from.nullable_text()?; // the assignor
    }
    from.tags()?;
    Ok(StreamsGroup { error_code, name, state, epoch, subtopologies, members })
}

fn topology(from: &mut Reader) -> Result<Option<Vec<Subtopology>>, Unreadable> {
    from.int32()?; // its epoch
    let subtopologies = from.nullable_array(subtopology)?;
    from.tags()?;
    Ok(subtopologies)
}

fn subtopology(from: &mut Reader) -> Result<Subtopology, Unreadable> {
    let id = from.text("a subtopology's id")?;
    let sources = from.array("the list of source topics", |from| from.text("a topic's name"))?;
    from.array("the list of sinks", Reader::nullable_text)?;
    from.array("the list of changelogs", internal_topic)?; // which keep its state, and are not read
    let repartitions = from.array("the list of repartition topics", internal_topic)?;
    from.tags()?;
    Ok(Subtopology { id, sources, repartitions })
}

fn internal_topic(from: &mut Reader) -> Result<StrBytes, Unreadable> {
    let name = from.text("a topic's name")?;
    from.skip(4 + 2)?; // how many partitions and replicas
    from.array("the topic's settings", pair)?;
    from.tags()?;
    Ok(name)
}

fn member(from: &mut Reader) -> Result<StreamsMember, Unreadable> {
    let member_id = from.text("a member's id")?;
    from.int32()?; // its epoch
    from.nullable_text()?; // its instance
    from.nullable_text()?; // its rack
    let client_id = from.text("a client's id")?;
    let host = from.text("a client's host")?;
    from.int32()?; // the epoch of its topology
    from.text("a process's id")?;
    if from.int8()? != ABSENT {
        from.text("an endpoint's host")?;
        from.int16()?; // its port
        from.tags()?;
    }
    from.array("a member's tags", pair)?;
    for what in ["a member's offsets", "a member's end offsets"] {
        from.array(what, |from| {
            from.text("a subtopology's id")?;
            from.skip(4 + 8)?; // partition and offset
            from.tags()
        })?;
    }
    let active = assignment(from)?;
    assignment(from)?; // what it is to be
    from.int8()?; // whether it still uses the classic protocol
    from.tags()?;
    Ok(StreamsMember { member_id, client_id, host, active })
}

/// The active tasks of an assignment; standby and warm-up tasks read nothing but changelogs.
fn assignment(from: &mut Reader) -> Result<Vec<(StrBytes, Vec<i32>)>, Unreadable> {
    let [active, _, _] = [tasks(from)?, tasks(from)?, tasks(from)?];
    from.tags()?;
    Ok(active)
}

fn tasks(from: &mut Reader) -> Result<Vec<(StrBytes, Vec<i32>)>, Unreadable> {
    from.array("a list of tasks", |from| {
        let subtopology = from.text("a subtopology's id")?;
        let partitions = from.array("the list of partitions", Reader::int32)?;
        from.tags()?;
        Ok((subtopology, partitions))
    })
}

fn pair(from: &mut Reader) -> Result<(), Unreadable> {
    from.text("a key")?;
    from.text("a value")?;
    from.tags()
}

/// The first version that can return the whole topology.
const TELLS_TOPOLOGY: i16 = 1;
/// How a missing optional structure is encoded.
const ABSENT: i8 = -1;
const FALSE: u8 = 0;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::kafka::protocol::messages::tests::{accepted, held_to_the_last_byte, recorded};
    use proptest::prelude::*;

    #[test]
    fn real_answers_are_read_to_their_last_byte_and_none_that_is_cut_or_longer() {
        for (release, version) in [("4.2.0", 0), ("4.3.1", 0), ("4.4.0", 1)] {
            let groups = held_to_the_last_byte::<StreamsDescribeRequest>(release, version);
            let app = groups.iter().find(|group| &*group.name == "app").unwrap();
            assert_eq!((app.error_code, &*app.state, app.members.len()), (0, "Stable", 1), "{release}");
            assert_eq!(&*app.members[0].host, "/127.0.0.1", "{release}");
            let parts = app.subtopologies.as_ref().unwrap();
            let topics = |of: fn(&Subtopology) -> &Vec<StrBytes>| {
                parts.iter().flat_map(of).map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!(topics(|part| &part.sources), ["words"], "{release}");
            assert_eq!(topics(|part| &part.repartitions), ["app-by-size-repartition"], "{release}");
            let mut active = app.members[0].active.clone();
            for (_, partitions) in &mut active {
                partitions.sort_unstable();
            }
            assert_eq!(
                active.iter().map(|(_, partitions)| &partitions[..]).collect::<Vec<_>>(),
                [[0, 1], [0, 1]],
                "{release}"
            );
        }
    }

    #[test]
    fn the_request_is_what_a_real_broker_took() {
        for (release, version) in [("4.2.0", 0), ("4.4.0", 1)] {
            let request = StreamsDescribeRequest { groups: vec!["app".into(), "unready".into()] };
            let mut body = BytesMut::new();
            request.write(&mut body, version).unwrap();
            assert!(recorded(release, 89, version).0.ends_with(&body), "{release}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256), version in 0_i16..=1) {
            let _ = accepted::<StreamsDescribeRequest>(&bytes, version);
        }
    }
}
