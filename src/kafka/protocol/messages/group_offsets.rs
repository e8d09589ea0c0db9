//! `OffsetFetch` (key 9) for many groups at once: versions 8 and 9 (KIP-709), its answer read into columns.
//!
//! The codec crate allocates a hundred bytes for every partition, most of it for a metadata text that nobody needs. On
//! a cluster of 100,000 commits that is more than everything else that a run does with them. Schema:
//! `OffsetFetchResponse.json` of Kafka 4.0.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::OffsetFetchRequest;
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::Question;
use super::compact::Reader;
use crate::kafka::protocol::unreadable::{Unreadable, Unwritable};
use crate::kafka::protocol::versions::Api;

/// Asks for commits of these groups.
pub(crate) struct GroupOffsetsRequest(pub(crate) OffsetFetchRequest);

/// What the coordinator stores of many groups.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupOffsets {
    groups: Vec<(StrBytes, Range<usize>, i16)>,
    topics: Vec<(StrBytes, Range<usize>)>,
    partitions: Vec<PartitionOffset>,
}

/// The commit of one group in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartitionOffset {
    pub(crate) partition: i32,
    /// −1 if there is none.
    pub(crate) offset: i64,
    pub(crate) error_code: i16,
}

impl GroupOffsets {
    /// Each group's name, its topics, and the group's error.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, &[(StrBytes, Range<usize>)], i16)> {
        self.groups.iter().map(|(name, topics, error_code)| (name.as_str(), &self.topics[topics.clone()], *error_code))
    }

    /// The commits in one of the topics.
    pub(crate) fn of(&self, (_, partitions): &(StrBytes, Range<usize>)) -> &[PartitionOffset] {
        &self.partitions[partitions.clone()]
    }

    fn group(&mut self, from: &mut Reader) -> Result<(), Unreadable> {
        let name = from.text("a group's name")?;
        let first = self.topics.len();
        for _ in 0..from.count("the list of topics")? {
            self.topic(from)?;
        }
        let error_code = from.int16()?;
        from.tags()?;
        from.weigh::<(StrBytes, Range<usize>, i16)>()?;
        self.groups.push((name, first..self.topics.len(), error_code));
        Ok(())
    }

    fn topic(&mut self, from: &mut Reader) -> Result<(), Unreadable> {
        let name = from.text("a topic's name")?;
        let first = self.partitions.len();
        for _ in 0..from.count("the list of partitions")? {
            // Most commits have neither metadata nor tags: what is left has a fixed length.
            let plain = from.take_if(|bytes: &[u8; SMALLEST_PARTITION]| match *bytes {
                [p0, p1, p2, p3, o0, o1, o2, o3, o4, o5, o6, o7, _, _, _, _, 0 | 1, e0, e1, 0] => Some((
                    i32::from_be_bytes([p0, p1, p2, p3]),
                    i64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
                    i16::from_be_bytes([e0, e1]),
                )),
                _ => None,
            });
            let (partition, offset, error_code) = if let Some(plain) = plain {
                plain
            } else {
                let (partition, offset) = (from.int32()?, from.int64()?);
                from.int32()?; // the leader's epoch
                from.skip_text()?; // the metadata of the commit
                let error_code = from.int16()?;
                from.tags()?;
                (partition, offset, error_code)
            };
            self.partitions.push(PartitionOffset { partition, offset, error_code });
        }
        from.tags()?;
        from.weigh::<(StrBytes, Range<usize>)>()?;
        self.topics.push((name, first..self.partitions.len()));
        Ok(())
    }
}

impl Question for GroupOffsetsRequest {
    const API: Api = Api::OffsetFetch;
    type Answer = GroupOffsets;

    fn write(&self, to: &mut BytesMut, version: i16) -> Result<(), Unwritable> {
        self.0.encode(to, version).map_err(Unwritable::new)
    }

    fn read(from: &mut Bytes, _: i16, most: usize) -> Result<Self::Answer, Unreadable> {
        let from = &mut Reader::new(from, most);
        from.int32()?; // how long the broker throttled us
        // Reserved once: most of an answer are partitions, and none of them needs more memory than its bytes have.
        let partitions = Vec::with_capacity(from.at_most(SMALLEST_PARTITION));
        let mut read = GroupOffsets { partitions, ..GroupOffsets::default() };
        for _ in 0..from.count("the list of groups")? {
            read.group(from)?;
        }
        from.tags()?;
        Ok(read)
    }
}

/// Bytes of a partition whose metadata is empty.
const SMALLEST_PARTITION: usize = 20;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::kafka::protocol::messages::tests::{accepted, held_to_the_last_byte};
    use kafka_protocol::messages::{GroupId, OffsetFetchResponse};
    use kafka_protocol::protocol::Decodable;
    use proptest::prelude::*;

    /// Both readings as one flat list of (group, its error, topic, partition, offset, error).
    fn flat(read: &GroupOffsets) -> Vec<(String, i16, String, i32, i64, i16)> {
        let mut all = Vec::new();
        for (group, topics, code) in read.groups() {
            for topic in topics {
                let line = |p: &PartitionOffset| {
                    (group.to_owned(), code, topic.0.to_string(), p.partition, p.offset, p.error_code)
                };
                all.extend(read.of(topic).iter().map(line));
            }
        }
        all
    }

    fn by_the_codec(answer: &OffsetFetchResponse) -> Vec<(String, i16, String, i32, i64, i16)> {
        let mut all = Vec::new();
        for group in &answer.groups {
            for topic in &group.topics {
                all.extend(topic.partitions.iter().map(|p| {
                    let (group_id, name) = (group.group_id.to_string(), topic.name.to_string());
                    (group_id, group.error_code, name, p.partition_index, p.committed_offset, p.error_code)
                }));
            }
        }
        all
    }

    #[test]
    fn real_answers_are_read_to_their_last_byte_and_none_that_is_cut_or_longer() {
        for (release, version) in [("4.1.1", 9), ("4.4.0", 9)] {
            let read = held_to_the_last_byte::<GroupOffsetsRequest>(release, version);
            assert!(!flat(&read).is_empty(), "{release}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_the_codec_reads(
            groups in prop::collection::vec(("[a-z]{1,8}", 0_i16..30, prop::collection::vec(("[a-z]{1,8}", prop::collection::vec(
                (any::<i32>(), any::<i64>(), prop::option::of("[a-z]{0,200}"), 0_i16..30), 0..5)), 0..4)), 0..4),
            version in 8_i16..=9,
        ) {
            use kafka_protocol::messages::offset_fetch_response::{
                OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
            };
            use kafka_protocol::messages::TopicName;
            let partition = |(partition, offset, metadata, code): (i32, i64, Option<String>, i16)| {
                OffsetFetchResponsePartitions::default()
                    .with_partition_index(partition)
                    .with_committed_offset(offset)
                    .with_metadata(metadata.map(StrBytes::from_string))
                    .with_error_code(code)
            };
            let groups = groups.into_iter().map(|(name, code, topics)| {
                let topics = topics.into_iter().map(|(name, partitions)| {
                    OffsetFetchResponseTopics::default()
                        .with_name(TopicName(StrBytes::from_string(name)))
                        .with_partitions(partitions.into_iter().map(partition).collect())
                });
                OffsetFetchResponseGroup::default()
                    .with_group_id(GroupId(StrBytes::from_string(name)))
                    .with_error_code(code)
                    .with_topics(topics.collect())
            });
            let answer = OffsetFetchResponse::default().with_groups(groups.collect());
            let mut bytes = BytesMut::new();
            answer.encode(&mut bytes, version).unwrap();
            let read = accepted::<GroupOffsetsRequest>(&bytes, version).unwrap();
            let again = OffsetFetchResponse::decode(&mut bytes, version).unwrap();
            prop_assert_eq!(flat(&read), by_the_codec(&again));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256), version in 8_i16..=9) {
            let _ = accepted::<GroupOffsetsRequest>(&bytes, version);
        }
    }
}
