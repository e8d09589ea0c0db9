//! Logins in one message: PLAIN, and Amazon's.

use kafka_protocol::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};

use super::super::scene::Sasl;
use super::{Asked, SASL_AUTHENTICATION_FAILED, UNSUPPORTED_SASL_MECHANISM, text};

/// A listener without SASL offers no mechanism.
pub(super) fn handshake(asked: &Asked<'_>, request: SaslHandshakeRequest) -> SaslHandshakeResponse {
    let offered = asked.scene.sasl.as_ref().map(|sasl| sasl.mechanism);
    let code = if offered == Some(&*request.mechanism) { 0 } else { UNSUPPORTED_SASL_MECHANISM };
    SaslHandshakeResponse::default()
        .with_error_code(asked.code(code))
        .with_mechanisms(offered.into_iter().map(text).collect())
}

pub(super) fn authenticate(asked: &Asked<'_>, request: SaslAuthenticateRequest) -> SaslAuthenticateResponse {
    let answer = SaslAuthenticateResponse::default();
    match &asked.scene.sasl {
        Some(sasl) if is_right(sasl, &request) => {
            answer.with_error_code(asked.code(0)).with_auth_bytes(sasl.receipt.into())
        }
        Some(sasl) => {
            answer.with_error_code(asked.code(SASL_AUTHENTICATION_FAILED)).with_error_message(Some(text(sasl.refusal)))
        }
        None => answer.with_error_code(asked.code(SASL_AUTHENTICATION_FAILED)),
    }
}

pub(super) fn is_right(sasl: &Sasl, request: &SaslAuthenticateRequest) -> bool {
    sasl.right.as_ref().is_none_or(|right| **right == *request.auth_bytes)
}
