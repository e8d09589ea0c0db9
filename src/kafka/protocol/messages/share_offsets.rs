//! `DescribeShareGroupOffsets` (key 90): version 0 of KIP-932, and 1, which adds the lag (KIP-1226).
//!
//! The codec crate knows only version 0. Schema: `DescribeShareGroupOffsetsResponse.json` of Kafka 4.2.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;

use super::Question;
use super::compact::{self, NO_TAGS, NULL, Reader};
use crate::kafka::protocol::unreadable::{Unreadable, Unwritable};
use crate::kafka::protocol::versions::Api;

/// Asks for all partitions of these groups.
pub(crate) struct ShareOffsetsRequest {
    pub(crate) groups: Vec<StrBytes>,
}

/// What the coordinator stores of one share group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShareGroup {
    pub(crate) name: StrBytes,
    pub(crate) topics: Vec<ShareTopic>,
    pub(crate) error_code: i16,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShareTopic {
    pub(crate) name: StrBytes,
    pub(crate) partitions: Vec<SharePartition>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SharePartition {
    pub(crate) partition: i32,
    /// The oldest offset that is not finally acknowledged; −1 if the group has not begun to read.
    pub(crate) start: i64,
    /// Offsets between the start and the end of the log that are not acknowledged; −1 if the coordinator does not
    /// know.
    ///
    /// `None` below version 1.
    pub(crate) lag: Option<i64>,
    pub(crate) error_code: i16,
}

impl Question for ShareOffsetsRequest {
    const API: Api = Api::DescribeShareGroupOffsets;
    type Answer = Vec<ShareGroup>;

    fn write(&self, to: &mut BytesMut, _: i16) -> Result<(), Unwritable> {
        compact::put_length(to, self.groups.len());
        for group in &self.groups {
            compact::put_text(to, group);
            to.put_u8(NULL); // every topic
            to.put_u8(NO_TAGS);
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

fn group(from: &mut Reader, version: i16) -> Result<ShareGroup, Unreadable> {
    let name = from.text("a group's name")?;
    let topics = from.array("the list of topics", |from| topic(from, version))?;
    let error_code = from.int16()?;
    from.nullable_text()?; // the code in words
    from.tags()?;
    Ok(ShareGroup { name, topics, error_code })
}

fn topic(from: &mut Reader, version: i16) -> Result<ShareTopic, Unreadable> {
    let name = from.text("a topic's name")?;
    from.skip(TOPIC_ID)?;
    let partitions = from.array("the list of partitions", |from| partition(from, version))?;
    from.tags()?;
    Ok(ShareTopic { name, partitions })
}

fn partition(from: &mut Reader, version: i16) -> Result<SharePartition, Unreadable> {
    let partition = from.int32()?;
    let start = from.int64()?;
    from.int32()?; // the leader's epoch
    let lag = if version >= TELLS_LAG { Some(from.int64()?) } else { None };
    let error_code = from.int16()?;
    from.nullable_text()?; // the code in words
    from.tags()?;
    Ok(SharePartition { partition, start, lag, error_code })
}

/// Bytes of a topic's id.
const TOPIC_ID: usize = 16;
/// The first version with the lag.
const TELLS_LAG: i16 = 1;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::kafka::protocol::messages::tests::{accepted, held_to_the_last_byte, recorded};
    use proptest::prelude::*;

    #[test]
    fn real_answers_are_read_to_their_last_byte_and_none_that_is_cut_or_longer() {
        for (release, version, lag) in
            [("4.1.1", 0, None), ("4.2.0", 1, Some(1)), ("4.3.1", 1, Some(1)), ("4.4.0", 1, Some(1))]
        {
            let groups = held_to_the_last_byte::<ShareOffsetsRequest>(release, version);
            let sharing = groups.iter().find(|group| &*group.name == "sharing").unwrap();
            let partition = SharePartition { partition: 0, start: 0, lag, error_code: 0 };
            let topic = ShareTopic { name: "jobs".into(), partitions: vec![partition] };
            assert_eq!((sharing.error_code, &sharing.topics[..]), (0, &[topic][..]), "{release}");
        }
    }

    #[test]
    fn the_request_is_what_a_real_broker_took() {
        for (release, version) in [("4.1.1", 0), ("4.4.0", 1)] {
            let request = ShareOffsetsRequest { groups: vec!["shared".into(), "sharing".into()] };
            let mut body = BytesMut::new();
            request.write(&mut body, version).unwrap();
            assert!(recorded(release, 90, version).0.ends_with(&body), "{release}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256), version in 0_i16..=1) {
            let _ = accepted::<ShareOffsetsRequest>(&bytes, version);
        }
    }
}
