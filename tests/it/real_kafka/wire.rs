//! The few requests that Kafka's own clients never send: a member of a foreign protocol, metadata of every topic.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, GroupId, JoinGroupRequest, MetadataRequest,
    RequestHeader, ResponseHeader, SyncGroupRequest, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};

use crate::support::kafka::Cluster;

/// A connection without TLS to the first broker.
pub(super) struct Wire(TcpStream);

impl Wire {
    pub(super) fn to(cluster: &Cluster) -> Self {
        let addresses = cluster.plaintext();
        let first = addresses.split(',').next().expect("a broker");
        Self(TcpStream::connect(first).expect("a connection"))
    }

    /// The names of all topics, Kafka's own included.
    pub(super) fn topics(&mut self) -> Vec<String> {
        let request = MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(false);
        let answer = self.ask(&request, 4);
        let names = answer.topics.into_iter().filter_map(|topic| topic.name);
        names.map(|name| name.0.to_string()).collect()
    }

    /// Becomes the only member of a group of some protocol type; it stays one while this connection's owner lives, and for
    /// the session's half a minute.
    pub(super) fn join(&mut self, group: &str, protocol_type: &'static str, metadata: Bytes, assignment: Bytes) {
        let protocol =
            JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("range")).with_metadata(metadata);
        let join = JoinGroupRequest::default()
            .with_group_id(group_id(group))
            .with_session_timeout_ms(30_000)
            .with_rebalance_timeout_ms(30_000)
            .with_protocol_type(StrBytes::from_static_str(protocol_type))
            .with_protocols(vec![protocol]);
        let deadline = Instant::now() + Duration::from_mins(1);
        let joined = loop {
            let joined = self.ask(&join, 2);
            let code = ResponseError::try_from_code(joined.error_code);
            match code {
                None => break joined,
                // Of a new offsets topic the broker loads one partition after the other.
                Some(ResponseError::CoordinatorLoadInProgress | ResponseError::NotCoordinator)
                    if Instant::now() < deadline => {}
                Some(_) => panic!("joining {group}: {code:?}"),
            }
        };
        let own =
            SyncGroupRequestAssignment::default().with_member_id(joined.member_id.clone()).with_assignment(assignment);
        let sync = SyncGroupRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id)
            .with_assignments(vec![own]);
        assert_eq!(self.ask(&sync, 1).error_code, 0, "assigning in {group}");
    }

    /// Becomes a consumer of one partition, whether or not the topic exists.
    pub(super) fn consume(&mut self, group: &str, topic: &str) {
        let topic = || StrBytes::from_string(topic.to_owned());
        let subscription = ConsumerProtocolSubscription::default().with_topics(vec![topic()]);
        let assigned = TopicPartition::default().with_topic(TopicName(topic())).with_partitions(vec![0]);
        let assignment = ConsumerProtocolAssignment::default().with_assigned_partitions(vec![assigned]);
        self.join(group, "consumer", versioned(&subscription), versioned(&assignment));
    }

    fn ask<Q: Request>(&mut self, request: &Q, version: i16) -> Q::Response {
        let header = RequestHeader::default()
            .with_request_api_key(Q::KEY)
            .with_request_api_version(version)
            .with_client_id(Some(StrBytes::from_static_str("stranger")));
        let mut frame = BytesMut::new();
        header.encode(&mut frame, Q::header_version(version)).expect("a header");
        request.encode(&mut frame, version).expect("a request");
        let length = i32::try_from(frame.len()).expect("a small request").to_be_bytes();
        self.0.write_all(&length).and_then(|()| self.0.write_all(&frame)).expect("the broker listens");
        let mut length = [0; 4];
        self.0.read_exact(&mut length).expect("the broker answers");
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
        self.0.read_exact(&mut answer).expect("a whole answer");
        let mut answer = Bytes::from(answer);
        let header = <Q::Response as kafka_protocol::protocol::HeaderVersion>::header_version(version);
        ResponseHeader::decode(&mut answer, header).expect("a header");
        Q::Response::decode(&mut answer, version).expect("an answer")
    }
}

fn group_id(group: &str) -> GroupId {
    GroupId(StrBytes::from_string(group.to_owned()))
}

/// A structure of the consumer protocol as it is stored in a group: version 0, then the body.
fn versioned(structure: &impl Encodable) -> Bytes {
    let mut bytes = BytesMut::from(&[0, 0][..]);
    structure.encode(&mut bytes, 0).expect("version 0");
    bytes.freeze()
}
