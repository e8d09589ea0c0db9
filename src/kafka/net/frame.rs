//! Length-prefixed frames: four bytes of size, a header with a correlation id, a body.
//!
//! Nothing here touches a socket. A size is checked before memory is reserved for it, and an answer must be consumed
//! to its last byte, so that a codec that differs from the broker's is noticed at once.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use crate::kafka::protocol::guard;
use crate::kafka::protocol::messages::Question;
use crate::kafka::protocol::unreadable::{Unreadable, Unwritable};

/// What is wrong with the bytes that a peer sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The peer uses HTTP.
    #[error("an HTTP server answered: the address is not that of a Kafka listener")]
    Http,
    /// The peer answered plaintext with a TLS alert.
    #[error("the port speaks TLS, and plaintext was sent to it: set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL")]
    Tls,
    /// The peer uses another protocol.
    #[error("the answer claims a size of {0} bytes: the address is not that of a Kafka listener")]
    Size(i32),
    /// The answer belongs to another request than the oldest waiting one.
    #[error("the answer is to request {found}, where {expected} was the next one to be answered")]
    Correlation { expected: i32, found: i32 },
    /// The body ends early, or contains something that its schema does not allow.
    #[error("the answer to {api} v{version} cannot be read: {what}")]
    Body { api: &'static str, version: i16, what: Unreadable },
    /// An answer that could be read, but would need too much memory.
    #[error(
        "the answer to {api} v{version} would need {weight} bytes of memory, more than the limit of {most}; raise MEERKAT_FRAME_LIMIT"
    )]
    Heavy { api: &'static str, version: i16, weight: usize, most: usize },
    /// The request cannot be written.
    #[error("the request {api} v{version} cannot be written: {what}")]
    Request { api: &'static str, version: i16, what: Unwritable },
}

/// The announced size of a frame, and whether that is acceptable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Within the limit.
    Fits(usize),
    /// A plausible answer, larger than the limit.
    TooLarge(usize),
}

/// Judges the first four bytes of a frame.
///
/// Sizes up to [`PLAUSIBLE`] times the limit count as valid answers that can be skipped.
pub(crate) fn size(prefix: [u8; 4], limit: usize) -> Result<Size, FrameError> {
    let claimed = i32::from_be_bytes(prefix);
    match (prefix, usize::try_from(claimed)) {
        ([b'H', b'T', b'T', b'P'] | [b'<', b'!' | b'h' | b'H', ..], _) => Err(FrameError::Http),
        ([0x15, 0x03, _, _], _) => Err(FrameError::Tls),
        (_, Ok(size)) if (MINIMUM..=limit).contains(&size) => Ok(Size::Fits(size)),
        (_, Ok(size)) if size > limit && size <= limit.saturating_mul(PLAUSIBLE) => Ok(Size::TooLarge(size)),
        _ => Err(FrameError::Size(claimed)),
    }
}

/// One request, ready to be written.
pub(crate) fn encode<Q: Question>(request: &Q, version: i16, correlation: i32) -> Result<Bytes, FrameError> {
    let header = RequestHeader::default()
        .with_request_api_key(Q::API.key())
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)));
    let mut frame = BytesMut::zeroed(PREFIX);
    let failed = |what| FrameError::Request { api: Q::API.name(), version, what };
    header.encode(&mut frame, Q::headers(version).0).map_err(|error| failed(Unwritable::new(error)))?;
    request.write(&mut frame, version).map_err(failed)?;
    let size = i32::try_from(frame.len() - PREFIX).map_err(|error| failed(Unwritable::new(error)))?;
    (&mut frame[..PREFIX]).put_i32(size);
    Ok(frame.freeze())
}

/// The correlation id of an answer, with which every answer's header begins.
pub(crate) fn correlation(frame: &[u8]) -> Option<i32> {
    frame.first_chunk().map(|id| i32::from_be_bytes(*id))
}

/// The throttle time of the answer, in milliseconds; 0 if it has none.
///
/// It is the first field after the header in every answer that has one, except for `ApiVersions`.
pub(crate) fn throttle_time_ms<Q: Question>(frame: &[u8], version: i16) -> u64 {
    if Q::API.throttles_from().is_none_or(|first| version < first) {
        return 0;
    }
    // From header version 1 on tags come first; brokers send none: their number is one byte.
    let at = CORRELATION + usize::from(Q::headers(version).1 > 0);
    let field = frame.get(at..).and_then(<[u8]>::first_chunk).map(|ms| i32::from_be_bytes(*ms));
    field.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}

/// The answer to a request of this kind and version; every byte of it must be used. Entries of a few bytes need a hundred each
/// once they are decoded, so it may need as much memory as the limit of frames, or [`LEAST_MEMORY`].
pub(crate) fn decode<Q: Question>(mut frame: Bytes, version: i16, limit: usize) -> Result<Q::Answer, FrameError> {
    let most = limit.max(LEAST_MEMORY);
    read::<Q>(&mut frame, version, most).map_err(|what| match what {
        Unreadable::Heavy(weight) => FrameError::Heavy { api: Q::API.name(), version, weight, most },
        what => FrameError::Body { api: Q::API.name(), version, what },
    })
}

fn read<Q: Question>(frame: &mut Bytes, version: i16, most: usize) -> Result<Q::Answer, Unreadable> {
    let (_, header) = Q::headers(version);
    let weight = guard::weigh_header(frame.get(CORRELATION..).unwrap_or_default(), header)?;
    if weight > most {
        return Err(Unreadable::Heavy(weight));
    }
    ResponseHeader::decode(frame, header).map_err(Unreadable::codec)?;
    let answer = Q::read(frame, version, most)?;
    match frame.remaining() {
        0 => Ok(answer),
        left => Err(Unreadable::LeftOver(left)),
    }
}

/// The `client.id` in brokers' logs and quotas.
pub(crate) const CLIENT_ID: &str = "meerkat";

/// Bytes of a frame's size.
pub(crate) const PREFIX: usize = 4;

/// Bytes of a correlation id.
const CORRELATION: usize = 4;

/// The smallest answer: a correlation id.
const MINIMUM: usize = CORRELATION;

/// Bytes of memory that an answer may need, however low the limit of frames is.
const LEAST_MEMORY: usize = 4 * 1024 * 1024;

/// Up to this many times the limit an answer is skipped; beyond that the peer is no broker.
const PLAUSIBLE: usize = 16;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};
    use proptest::prelude::*;

    fn judged(prefix: [u8; 4]) -> String {
        match size(prefix, 1_000) {
            Ok(size) => format!("{size:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_size_is_judged_before_memory_is_set_aside() {
        assert_eq!(judged(1_000_i32.to_be_bytes()), "Fits(1000)");
        assert_eq!(judged(1_001_i32.to_be_bytes()), "TooLarge(1001)");
        assert_eq!(judged(16_000_i32.to_be_bytes()), "TooLarge(16000)");
        assert!(judged(16_001_i32.to_be_bytes()).contains("16001 bytes"));
        assert!(judged(3_i32.to_be_bytes()).contains("not that of a Kafka listener"));
        assert!(judged((-1_i32).to_be_bytes()).contains("-1 bytes"));
    }

    #[test]
    fn peers_that_are_no_kafka_are_distinguished() {
        assert!(judged(*b"HTTP").contains("HTTP server"));
        assert!(judged([0x15, 0x03, 0x03, 0x00]).contains("port speaks TLS"));
    }

    #[test]
    fn a_frame_is_its_size_its_header_and_its_body() {
        let frame = encode(&ListGroupsRequest::default(), 0, 7).unwrap();
        assert_eq!(frame[..], *b"\0\0\0\x11\0\x10\0\0\0\0\0\x07\0\x07meerkat");
    }

    #[test]
    fn an_answer_must_be_consumed_to_its_last_byte() {
        let exact = Bytes::from_static(b"\0\0\0\x07\0\0\0\0\0\0");
        assert_eq!(decode::<ListGroupsRequest>(exact, 0, 0).unwrap(), ListGroupsResponse::default());
        let longer = Bytes::from_static(b"\0\0\0\x07\0\0\0\0\0\0\0");
        let error = decode::<ListGroupsRequest>(longer, 0, 0).unwrap_err().to_string();
        assert_eq!(error, "the answer to ListGroups v0 cannot be read: 1 bytes are left over");
        assert!(decode::<ListGroupsRequest>(Bytes::from_static(b"\0\0\0\x07\0"), 0, 0).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), version in 0_i16..=5) {
            let _ = decode::<ListGroupsRequest>(Bytes::from(bytes), version, 0);
        }
    }
}
