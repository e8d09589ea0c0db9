//! The requests to a broker: those of the codec, and ours that the codec does not know.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::{Decodable, HeaderVersion, Request, StrBytes};

use crate::kafka::protocol::guard;
use crate::kafka::protocol::unreadable::{Unreadable, Unwritable};
use crate::kafka::protocol::versions::Api;

mod compact;
mod group_offsets;
mod share_offsets;
mod streams_describe;

pub(crate) use group_offsets::{GroupOffsets, GroupOffsetsRequest, PartitionOffset};
pub(crate) use share_offsets::{ShareGroup, ShareOffsetsRequest};
pub(crate) use streams_describe::{StreamsDescribeRequest, StreamsGroup};

/// A request, and how its answer is read; a client needs only one direction of each.
pub(crate) trait Question {
    /// The request.
    const API: Api;
    /// The broker's answer.
    type Answer;

    /// The versions of the headers, of the request's and of the answer's; these are those of flexible versions (KIP-482).
    fn headers(_: i16) -> (i16, i16) {
        (2, 1)
    }

    /// Writes the body.
    fn write(&self, to: &mut BytesMut, version: i16) -> Result<(), Unwritable>;

    /// Reads the body of an answer, which may need this many bytes of memory.
    fn read(from: &mut Bytes, version: i16, most: usize) -> Result<Self::Answer, Unreadable>;
}

impl<R: Request> Question for R {
    // A request that meerkat does not send cannot be encoded.
    const API: Api = Api::from_key(R::KEY).expect("an API of ours");
    type Answer = R::Response;

    fn headers(version: i16) -> (i16, i16) {
        (R::header_version(version), R::Response::header_version(version))
    }

    fn write(&self, to: &mut BytesMut, version: i16) -> Result<(), Unwritable> {
        self.encode(to, version).map_err(Unwritable::new)
    }

    fn read(from: &mut Bytes, version: i16, most: usize) -> Result<Self::Answer, Unreadable> {
        let shape = guard::of(Self::API).ok_or(Unreadable::Unknown)?;
        let weight = shape.weigh(from, version)?;
        if weight > most {
            return Err(Unreadable::Heavy(weight));
        }
        let whole = from.clone();
        R::Response::decode(from, version).or_else(|error| {
            // Apache Kafka's names are UTF-8; those of other brokers may not be.
            if Self::API != Api::ListGroups {
                return Err(Unreadable::codec(error));
            }
            *from = Bytes::from(shape.readable(&whole, version)?);
            R::Response::decode(from, version).map_err(Unreadable::codec)
        })
    }
}

/// `ListOffsets` for partitions of these topics; each with its number, the epoch that its leader must have (KIP-320), and a
/// timestamp.
pub(crate) fn list_offsets<'n, P>(isolation: i8, topics: impl IntoIterator<Item = (&'n str, P)>) -> ListOffsetsRequest
where
    P: IntoIterator<Item = (i32, i32, i64)>,
{
    let partition = |(index, epoch, timestamp)| {
        ListOffsetsPartition::default()
            .with_partition_index(index)
            .with_current_leader_epoch(epoch)
            .with_timestamp(timestamp)
    };
    let topics = topics.into_iter().map(|(name, partitions)| {
        let partitions = partitions.into_iter().map(partition).collect();
        ListOffsetsTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_partitions(partitions)
    });
    ListOffsetsRequest::default()
        .with_replica_id(CONSUMER)
        .with_isolation_level(isolation)
        .with_topics(topics.collect())
}

/// The timestamp that asks for the end of the log.
pub(crate) const LATEST: i64 = -1;
/// The timestamp that asks for its start.
pub(crate) const EARLIEST: i64 = -2;
/// The isolation level whose latest offset is the high watermark.
pub(crate) const READ_UNCOMMITTED: i8 = 0;
/// The isolation level whose latest offset is the last stable offset.
pub(crate) const READ_COMMITTED: i8 = 1;
/// The epoch that every leader accepts.
pub(crate) const NO_EPOCH: i32 = -1;
/// The replica id of consumers.
const CONSUMER: BrokerId = BrokerId(-1);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use bytes::Buf;

    /// The first exchange of a recording with this API and version: request and answer, each from after the correlation id on.
    pub(crate) fn recorded(release: &str, key: i16, version: i16) -> (Vec<u8>, Vec<u8>) {
        let path = format!("{}/tests/support/recorded/{release}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} {version} "))).unwrap();
        let bytes = |digits: &str| {
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
        };
        let (request, answer) = line.split_once(' ').unwrap();
        (bytes(request), bytes(answer))
    }

    /// The answer in these bytes, if they hold one and nothing more.
    pub(crate) fn accepted<Q: Question>(bytes: &[u8], version: i16) -> Option<Q::Answer> {
        let mut bytes = Bytes::copy_from_slice(bytes);
        Q::read(&mut bytes, version, usize::MAX).ok().filter(|_| !bytes.has_remaining())
    }

    #[test]
    fn a_name_that_is_not_utf8_spoils_itself_alone() {
        use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse, list_groups_response::ListedGroup};
        use kafka_protocol::protocol::{Encodable, StrBytes};
        for version in 0..=5 {
            let group =
                |name: &'static str| ListedGroup::default().with_group_id(StrBytes::from_static_str(name).into());
            let answer = ListGroupsResponse::default().with_groups(vec![group("a"), group("odd-XY"), group("ü")]);
            let mut bytes = BytesMut::new();
            answer.encode(&mut bytes, version).unwrap();
            let at = bytes.windows(2).position(|pair| pair == b"XY").unwrap();
            bytes[at..at + 2].copy_from_slice(&[0xff, 0xc3]);
            let read = accepted::<ListGroupsRequest>(&bytes, version).unwrap();
            let names: Vec<&str> = read.groups.iter().map(|group| group.group_id.as_str()).collect();
            assert_eq!(names, ["a", "odd-\u{1a}\u{1a}", "ü"], "v{version}");
        }
    }

    /// The answer of a real broker; no part of it is an answer too, nor is it with one more byte.
    pub(crate) fn held_to_the_last_byte<Q: Question>(release: &str, version: i16) -> Q::Answer {
        let (_, answer) = recorded(release, Q::API.key(), version);
        // Before the body there are the header's tagged fields, of which there are none.
        let body = answer.strip_prefix(&[0]).unwrap();
        for end in 0..body.len() {
            assert!(accepted::<Q>(&body[..end], version).is_none(), "{release}: {end} of {} bytes", body.len());
        }
        assert!(accepted::<Q>(&[body, &[0]].concat(), version).is_none(), "{release}");
        accepted::<Q>(body, version).unwrap()
    }
}
