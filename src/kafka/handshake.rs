//! What comes before the first question: `ApiVersions`, then SASL where the listener wants it.

use kafka_protocol::messages::api_versions_response::ApiVersionsResponse;
use kafka_protocol::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;

use tokio::time::Instant;

use super::connection::{CallError, Connection};
use super::failure;
use super::frame;
use super::sasl::{Login, Moment, Step};
use super::versions::{Api, Range, Versions};

/// Asks for the broker's versions, saying who asks (KIP-511); a broker that does not know our version of the question
/// refuses it in version 0, naming its own range from Kafka 2.4 on.
///
/// The error is one sentence for people.
pub(super) async fn negotiate(connection: &Connection, until: Instant) -> Result<Versions, String> {
    let mut version = FIRST_TRY;
    loop {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str(frame::CLIENT_ID))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let bytes = connection.call_raw(version, &request, until).await.map_err(|error| wrong_port(&error))?;
        let refused = bytes.get(ERROR_CODE).is_some_and(|code| code == failure::UNSUPPORTED_VERSION.to_be_bytes());
        let answered_in = if refused { 0 } else { version };
        let answer = connection.decode::<ApiVersionsRequest>(bytes, answered_in).map_err(|error| error.to_string())?;
        let versions = offered(&answer);
        match answer.error_code {
            0 => return Ok(versions),
            failure::UNSUPPORTED_VERSION if version != 0 => {
                version = versions.choose(Api::ApiVersions).unwrap_or(0).min(version - 1);
            }
            code => return Err(format!("the broker refused ApiVersions v{version}: {}", failure::sentence(code))),
        }
    }
}

fn offered(answer: &ApiVersionsResponse) -> Versions {
    let ranges = answer.api_keys.iter().map(|api| (api.api_key, Range { min: api.min_version, max: api.max_version }));
    Versions::offered(ranges)
}

/// A connection that dies at the first question is mostly one to the wrong port.
fn wrong_port(error: &CallError) -> String {
    match error {
        hung_up if hung_up.is_hang_up() => String::from(
            "the connection was closed at the first request: is this another protocol's port, or a TLS port spoken to in plaintext?",
        ),
        CallError::Lost(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// Logs in, by `SaslHandshake` and `SaslAuthenticate`.
///
/// The error is one sentence for people.
pub(super) async fn authenticate(
    connection: &Connection,
    login: &Login,
    moment: &Moment<'_>,
    until: Instant,
) -> Result<(), String> {
    let mechanism = login.mechanism();
    let (accepted, offered) = propose(connection, mechanism, until).await?;
    if !accepted {
        return Err(not_offered(mechanism, &offered));
    }
    prove(connection, login, moment, until).await
}

/// Proposes a mechanism; the answer tells whether the listener takes it, and all that it offers.
///
/// The error is one sentence for people.
pub(super) async fn propose(
    connection: &Connection,
    mechanism: &'static str,
    until: Instant,
) -> Result<(bool, Vec<String>), String> {
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let answer = connection.call(Api::SaslHandshake, &request, until).await.map_err(|error| error.to_string())?;
    if answer.error_code == failure::ILLEGAL_SASL_STATE {
        return Err(String::from(
            "the listener takes no SASL login: set KAFKA_SECURITY_PROTOCOL to SSL, or use the port of the listener with SASL",
        ));
    }
    Ok((answer.error_code == 0, answer.mechanisms.iter().map(ToString::to_string).collect()))
}

/// What to say of a mechanism that was refused.
pub(super) fn not_offered(mechanism: &str, offered: &[String]) -> String {
    format!(
        "the broker does not offer the SASL mechanism {mechanism}; it offers {}: set KAFKA_SASL_MECHANISM",
        if offered.is_empty() { String::from("none") } else { offered.join(", ") }
    )
}

/// Goes through the mechanism that was accepted.
///
/// The error is one sentence for people.
pub(super) async fn prove(
    connection: &Connection,
    login: &Login,
    moment: &Moment<'_>,
    until: Instant,
) -> Result<(), String> {
    let mechanism = login.mechanism();
    let mut exchange = login.begin(moment)?;
    let mut message = exchange.first()?;
    loop {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
        let answer = connection.call(Api::SaslAuthenticate, &request, until).await.map_err(|error| match error {
            CallError::Lost(cause) => format!("the connection was lost during the {mechanism} login: {cause}"),
            other => other.to_string(),
        })?;
        if answer.error_code != 0 {
            return Err(exchange.refusal(answer.error_message.as_ref().map(StrBytes::as_str)));
        }
        match exchange.next(&answer.auth_bytes)? {
            Step::Done => return Ok(()),
            Step::Send(next) => message = next,
        }
    }
}

/// `ApiVersions` 3 is the first that says who asks, and every broker since Kafka 2.4 answers it.
const FIRST_TRY: i16 = 3;

/// Where an answer to `ApiVersions` has its error code: after the correlation id, in every version.
const ERROR_CODE: std::ops::Range<usize> = 4..6;
