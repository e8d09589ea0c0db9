//! What precedes the first request: `ApiVersions`, then SASL if the listener demands it.

use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::kafka::net::connection::Connection;
use crate::kafka::net::error::DialError;
use crate::kafka::net::frame;
use crate::kafka::net::sasl::{Login, LoginError, Moment, Turn};
use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::versions::{Api, Range, Versions};

/// Asks for the broker's versions, with the client's name (KIP-511); a broker that does not know our version of the
/// request refuses it in version 0, with its own range from Kafka 2.4 on. If a refusal cannot be read, version 0 is
/// sent.
pub(crate) async fn negotiate(connection: &Connection, encrypted: bool, until: Instant) -> Result<Versions, DialError> {
    let failed = |error| DialError::Versions(encrypted, error);
    let mut version = FIRST_TRY;
    loop {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str(frame::CLIENT_ID))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let bytes = connection.call_raw(version, &request, until).await.map_err(failed)?;
        let refused = bytes.get(ERROR_CODE).is_some_and(|code| code == error_codes::UNSUPPORTED_VERSION.to_be_bytes());
        let answered_in = if refused { 0 } else { version };
        let answer = match connection.decode::<ApiVersionsRequest>(bytes, answered_in) {
            Err(_) if refused && version != 0 => {
                version = 0;
                continue;
            }
            answer => answer.map_err(failed)?,
        };
        connection.hold_back(u64::try_from(answer.throttle_time_ms).unwrap_or_default());
        let range = |api: &ApiVersion| (api.api_key, Range { min: api.min_version, max: api.max_version });
        let versions = Versions::offered(answer.api_keys.iter().map(range));
        match answer.error_code {
            0 => return Ok(versions),
            error_codes::UNSUPPORTED_VERSION if version != 0 => {
                version = versions.choose(Api::ApiVersions).unwrap_or(0).min(version - 1);
            }
            code => return Err(DialError::VersionsRefused { version, code }),
        }
    }
}

/// Logs in, by `SaslHandshake` and `SaslAuthenticate`; `offered` receives the mechanisms of the listener.
pub(crate) async fn authenticate(
    connection: &Connection,
    login: &Login,
    moment: &Moment<'_>,
    offered: &mut Option<Vec<String>>,
    until: Instant,
) -> Result<(), DialError> {
    let mechanism = login.mechanism();
    let unanswered = |error| DialError::LoginCall(mechanism, error);
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let answer = connection.call(&request, until).await.map_err(unanswered)?;
    if answer.error_code == error_codes::ILLEGAL_SASL_STATE {
        return Err(LoginError::NotWanted.into());
    }
    let mechanisms = offered.insert(answer.mechanisms.iter().map(ToString::to_string).collect());
    if answer.error_code != 0 {
        return Err(LoginError::NotOffered(mechanism, mechanisms.clone()).into());
    }
    let (mut exchange, mut message) = login.begin(moment)?;
    loop {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
        let answer = connection.call(&request, until).await.map_err(unanswered)?;
        if answer.error_code != 0 {
            let said = answer.error_message.as_ref().map(StrBytes::as_str);
            return Err(match exchange.throttle(said) {
                Some(words) => LoginError::Throttled(words),
                None => LoginError::Refused(exchange.refusal(said)),
            }
            .into());
        }
        match exchange.next(&answer.auth_bytes)? {
            Turn::Done => return Ok(()),
            Turn::Send(next) => message = next,
        }
    }
}

/// `ApiVersions` 3 is the first version with the client's name, and every broker since Kafka 2.4 answers it.
const FIRST_TRY: i16 = 3;

/// The position of the error code in an answer to `ApiVersions`: after the correlation id, in every version.
const ERROR_CODE: std::ops::Range<usize> = 4..6;
