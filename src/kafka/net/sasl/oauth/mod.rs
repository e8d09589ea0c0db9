//! OAUTHBEARER (RFC 7628) as Kafka uses it (KIP-255, SASL extensions by KIP-342).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{LoginError, Turn};
use crate::model::mask::Mask;
use crate::model::secret::Secret;

pub(crate) struct TokenClient {
    mask: Mask,
    /// The broker's failure, once it has sent one.
    pub(crate) refused: Option<BrokerFailure>,
}

/// A broker's failure.
pub(crate) struct BrokerFailure {
    /// The broker's words about the token.
    pub(crate) words: String,
    /// The scope that a token must have, if the broker names one.
    pub(crate) scope: Option<String>,
}

/// A broker's answer about a token that it rejects (RFC 7628, section 3.2.2).
#[derive(Deserialize)]
struct FailureJson {
    status: String,
    scope: Option<String>,
}

/// The initial response: the token, and its extensions.
pub(crate) fn first(token: &Secret, extensions: &[(String, String)]) -> Result<Vec<u8>, LoginError> {
    let token = token.expose();
    if token.is_empty() {
        return Err(LoginError::NoToken);
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)) {
        return Err(LoginError::OddToken);
    }
    let mut message = format!("n,,\x01auth=Bearer {token}\x01");
    for (key, value) in extensions {
        let named = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic()) && key != "auth";
        let filled =
            !value.is_empty() && value.bytes().all(|byte| matches!(byte, b'!'..=b'~' | b' ' | b'\t' | b'\r' | b'\n'));
        if !(named && filled) {
            return Err(LoginError::OddExtension(key.clone()));
        }
        message.extend([key, "=", value, "\x01"]);
    }
    message.push('\x01');
    Ok(message.into())
}

/// What to do about a refused token; the message mentions expiry if the token's own claim has passed.
pub(crate) fn hint(token: &Secret, unix_seconds: i64) -> String {
    match expiry(token).filter(|expiry| expiry.unix_timestamp() <= unix_seconds).and_then(|at| at.format(&Rfc3339).ok())
    {
        Some(at) => format!("the token expired at {at}: get a new one"),
        None => String::from(
            "check that the token is of the issuer, the audience and the scope that the cluster wants, and that it has not expired",
        ),
    }
}

/// The claim `exp` of a JWT (RFC 7519, section 4.1.4); an opaque token has no readable claim.
fn expiry(token: &Secret) -> Option<OffsetDateTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and what is no date ends in the next line")]
    OffsetDateTime::from_unix_timestamp(claims.exp as i64).ok()
}

impl TokenClient {
    pub(crate) fn new(mask: Mask) -> Self {
        Self { mask, refused: None }
    }

    /// Success is an empty answer; a failure must be acknowledged before the broker reports the end of the login.
    pub(crate) fn next(&mut self, challenge: &[u8]) -> Result<Turn, LoginError> {
        if let Some(failure) = &self.refused {
            return Err(LoginError::TokenRefused(failure.words.clone()));
        }
        if challenge.is_empty() {
            return Ok(Turn::Done);
        }
        let failure: Option<FailureJson> = serde_json::from_slice(challenge).ok();
        let words = failure.as_ref().map_or_else(
            || self.mask.apply(&String::from_utf8_lossy(challenge)),
            |failure| self.mask.apply(&failure.status),
        );
        let scope = failure.and_then(|failure| failure.scope).filter(|scope| !scope.is_empty());
        self.refused = Some(BrokerFailure { words, scope: scope.map(|scope| self.mask.apply(&scope)) });
        Ok(Turn::Send(ACKNOWLEDGEMENT.to_vec()))
    }
}

/// `kvsep` alone (RFC 7628, section 3.2.3).
const ACKNOWLEDGEMENT: &[u8] = b"\x01";

#[cfg(test)]
mod tests;
