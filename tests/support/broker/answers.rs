//! The answer to each request, as the scene has it.

#![allow(clippy::needless_pass_by_value, reason = "every answer takes its request")]

mod compact;
mod groups;
mod logs;
mod offsets;
mod sasl;
mod share;
mod streams;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, ResponseHeader, SaslAuthenticateRequest};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use super::key::{Key, STREAMS_GROUP_DESCRIBE};
use super::scene::{Node, Scene};

/// One request as the broker sees it.
pub(super) struct Asked<'a> {
    pub(super) scene: &'a Scene,
    pub(super) node: &'a Node,
    /// Where each node of the scene listens.
    pub(super) ports: &'a [u16],
    pub(super) version: i16,
    pub(super) body: Bytes,
    /// An error code to answer, instead of the scene's.
    pub(super) forced: Option<i16>,
}

/// The whole answer after its correlation id; `None` for a request that no broker of the scene knows.
pub(super) fn answer(api: Key, asked: &Asked<'_>) -> Option<Bytes> {
    if api == STREAMS_GROUP_DESCRIBE {
        return Some(streams::describe(asked));
    }
    Some(match api.known()? {
        ApiKey::ApiVersions => asked.versions(),
        ApiKey::Metadata => asked.answer(logs::metadata),
        ApiKey::ListOffsets => asked.answer(logs::list_offsets),
        ApiKey::ListGroups => asked.answer(groups::list),
        ApiKey::DescribeGroups => asked.answer(groups::describe_classic),
        ApiKey::ConsumerGroupDescribe => asked.answer(groups::describe_consumer),
        ApiKey::ShareGroupDescribe => asked.answer(share::describe),
        ApiKey::DescribeShareGroupOffsets => share::offsets(asked),
        ApiKey::FindCoordinator => asked.answer(offsets::find_coordinator),
        ApiKey::OffsetFetch => asked.answer(offsets::fetch),
        ApiKey::SaslHandshake => asked.answer(sasl::handshake),
        ApiKey::SaslAuthenticate => asked.answer(sasl::authenticate),
        _ => return None,
    })
}

/// Whether this `SaslAuthenticate` is a login that the scene wants.
pub(super) fn lets_in(scene: &Scene, version: i16, mut body: Bytes) -> bool {
    let request = SaslAuthenticateRequest::decode(&mut body, version);
    scene.sasl.as_ref().zip(request.ok()).is_some_and(|(sasl, request)| sasl::is_right(sasl, &request))
}

/// A broker's answer to a version of `ApiVersions` that it does not know: error 35 in version 0, with or without its
/// range.
pub(super) fn refused_versions(node: &Node) -> Bytes {
    let own = ApiKey::ApiVersions as i16;
    let offered = node.offered.iter().filter(|(key, _)| node.reports_range && **key == own);
    let api_keys = offered.map(|(key, (min, max))| version(*key, *min, *max)).collect();
    let answer = ApiVersionsResponse::default().with_error_code(UNSUPPORTED_VERSION).with_api_keys(api_keys);
    written(&answer, 0)
}

impl Asked<'_> {
    fn answer<R: Request>(&self, answer: impl Fn(&Self, R) -> R::Response) -> Bytes {
        let request = R::decode(&mut self.body.clone(), self.version).expect("a request that can be read");
        written(&answer(self, request), self.version)
    }

    fn versions(&self) -> Bytes {
        let offered = self.node.offered.iter().map(|(key, (min, max))| version(*key, *min, *max));
        let answer = ApiVersionsResponse::default().with_api_keys(offered.collect());
        written(&answer.with_error_code(self.forced.unwrap_or(0)), self.version)
    }

    /// The error to answer: the forced one, or the scene's.
    fn code(&self, scene: i16) -> i16 {
        self.forced.unwrap_or(scene)
    }
}

/// A response with its header, but for the correlation id.
fn written<R: Encodable + HeaderVersion>(answer: &R, version: i16) -> Bytes {
    let mut bytes = BytesMut::new();
    ResponseHeader::default().encode(&mut bytes, R::header_version(version)).expect("a header that can be written");
    let mut body = bytes.split_off(CORRELATION);
    answer.encode(&mut body, version).expect("an answer that can be written");
    body.freeze()
}

fn version(key: i16, min: i16, max: i16) -> ApiVersion {
    ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max)
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A structure of the consumer protocol, after its version.
fn embedded(message: &impl Encodable, version: i16) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_i16(version);
    message.encode(&mut bytes, version).expect("a structure that can be written");
    bytes.freeze()
}

/// Bytes of a correlation id.
const CORRELATION: usize = 4;

const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const SASL_AUTHENTICATION_FAILED: i16 = 58;
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const UNKNOWN_TOPIC_ID: i16 = 100;
const NOT_LEADER_OR_FOLLOWER: i16 = 6;
const COORDINATOR_NOT_AVAILABLE: i16 = 15;
const NOT_COORDINATOR: i16 = 16;
const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
const UNSUPPORTED_VERSION: i16 = 35;
const GROUP_ID_NOT_FOUND: i16 = 69;
const FENCED_LEADER_EPOCH: i16 = 74;
const UNKNOWN_LEADER_EPOCH: i16 = 75;
const INVALID_REQUEST: i16 = 42;
