//! SCRAM (RFC 5802) with Kafka's hashes (RFC 7677, KIP-84), built from cryptographic primitives, because the key that
//! is derived from a password serves all brokers and later logins ([`Salted`]).
//!
//! Names and passwords are sent without `SASLprep`: Kafka stores and compares their UTF-8 bytes unchanged
//! (`ScramFormatter.normalize`), so a prepared password would be a wrong one.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

use super::{LoginError, Turn};
use crate::model::mask::Mask;
use crate::model::secret::Secret;

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramHash {
    Sha256,
    /// SCRAM-SHA-512, the one that Amazon MSK offers.
    Sha512,
}

/// A password, salted as brokers demand. All brokers of a cluster store the same salt for a user, so the key that was
/// derived for one is valid for the others (RFC 5802, section 5.1); deriving it is deliberately slow.
#[derive(Clone, Default)]
pub struct Salted(Arc<Mutex<Option<Derived>>>);

struct Derived {
    salt: Vec<u8>,
    iterations: NonZeroU32,
    key: Vec<u8>,
}

/// Who logs in.
pub(crate) struct Who<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a Secret,
    /// Whether they are a delegation token's id and its HMAC (KIP-48).
    pub(crate) token: bool,
}

pub(crate) struct ScramClient {
    hash: ScramHash,
    password: Secret,
    salted: Salted,
    nonce: String,
    /// `client-first-message-bare` of the RFC.
    bare: String,
    /// The proof that the broker must send to show that it knows the password.
    proof: Option<BrokerProof>,
    mask: Mask,
}

struct BrokerProof {
    key: hmac::Key,
    message: String,
}

/// Printable and without a comma, as the RFC demands.
pub(crate) fn nonce(random: [u8; 24]) -> String {
    STANDARD.encode(random)
}

impl ScramClient {
    pub(crate) fn new(hash: ScramHash, who: &Who<'_>, salted: &Salted, nonce: &str, mask: Mask) -> Self {
        let name = who.username.replace('=', "=3D").replace(',', "=2C");
        let (password, salted, nonce) = (who.password.clone(), salted.clone(), nonce.to_owned());
        // As `ScramExtensions` writes it.
        let extension = if who.token { ",tokenauth=true" } else { "" };
        let bare = format!("n={name},r={nonce}{extension}");
        Self { hash, password, salted, nonce, bare, proof: None, mask }
    }

    pub(crate) fn first(&self) -> Vec<u8> {
        format!("{GS2_HEADER}{}", self.bare).into()
    }

    pub(crate) fn next(&mut self, challenge: &[u8]) -> Result<Turn, LoginError> {
        let text = std::str::from_utf8(challenge).map_err(|_| LoginError::ScramUnreadable("it is not text"))?;
        if let Some(error) = text.strip_prefix("e=") {
            return Err(LoginError::ScramRefused(self.mask.apply(error)));
        }
        match &self.proof {
            None => self.prove(text).map(Turn::Send),
            Some(proof) => proof.check(text).map(|()| Turn::Done),
        }
    }

    /// Answers `server-first-message`.
    fn prove(&mut self, challenge: &str) -> Result<Vec<u8>, LoginError> {
        let mut fields = challenge.split(',');
        let mut field = |name| fields.next().and_then(|field| field.strip_prefix(name));
        let nonce = field("r=").ok_or(LoginError::ScramUnreadable("it does not begin with a nonce"))?;
        let salt = field("s=").ok_or(LoginError::ScramUnreadable("it has no salt"))?;
        let salt = STANDARD.decode(salt).map_err(|_| LoginError::ScramUnreadable("its salt is not base64"))?;
        let iterations = field("i=").ok_or(LoginError::ScramUnreadable("it has no iteration count"))?;
        if nonce.strip_prefix(&self.nonce).is_none_or(str::is_empty) {
            return Err(LoginError::ScramReplayed);
        }
        let iterations = iterations
            .parse()
            .ok()
            .filter(|count: &NonZeroU32| ITERATIONS.contains(&count.get()))
            .ok_or_else(|| LoginError::ScramIterations(self.mask.apply(iterations)))?;

        let salted = self.salted.key(self.hash, &self.password, salt, iterations);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.hmac().digest_algorithm(), client_key.as_ref());
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(GS2_HEADER));
        let message = format!("{},{challenge},{without_proof}", self.bare);
        let signature = hmac::sign(&hmac::Key::new(self.hash.hmac(), stored_key.as_ref()), message.as_bytes());
        let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_key = hmac::sign(&salted, b"Server Key");
        self.proof = Some(BrokerProof { key: hmac::Key::new(self.hash.hmac(), server_key.as_ref()), message });
        Ok(format!("{without_proof},p={}", STANDARD.encode(proof)).into())
    }
}

impl Salted {
    fn key(&self, hash: ScramHash, password: &Secret, salt: Vec<u8>, iterations: NonZeroU32) -> hmac::Key {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let derived = match known.take() {
            Some(derived) if derived.salt == salt && derived.iterations == iterations => derived,
            _ => {
                let mut key = vec![0; hash.hmac().digest_algorithm().output_len()];
                pbkdf2::derive(hash.pbkdf2(), iterations, &salt, password.expose().as_bytes(), &mut key);
                Derived { salt, iterations, key }
            }
        };
        hmac::Key::new(hash.hmac(), &known.insert(derived).key)
    }
}

impl fmt::Debug for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// It is derived from the password, which is compared.
impl PartialEq for Salted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Salted {}

impl BrokerProof {
    /// Checks `server-final-message`, in constant time.
    fn check(&self, text: &str) -> Result<(), LoginError> {
        let field = text.split(',').next().and_then(|field| field.strip_prefix("v="));
        let signature = field.and_then(|field| STANDARD.decode(field).ok());
        let signature = signature.ok_or(LoginError::ScramUnreadable("it has no signature"))?;
        hmac::verify(&self.key, self.message.as_bytes(), &signature).map_err(|_| LoginError::ScramUnproven)
    }
}

impl ScramHash {
    /// The mechanism's name on the wire.
    pub(crate) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// No channel binding, and no other authorization identity: Kafka has neither.
const GS2_HEADER: &str = "n,,";

/// Fewer would let a listener guess the password cheaply (RFC 7677, section 4, and Kafka's own minimum); more would
/// let a broker use up the run's time. Kafka itself makes up to 16,384 (KIP-554), other tools have made more.
pub(crate) const ITERATIONS: RangeInclusive<u32> = 4_096..=1_000_000;

#[cfg(test)]
mod tests;
