//! The SASL mechanisms, as messages to send and challenges to answer; nothing here touches a socket or a clock.
//!
//! The bytes are those inside `SaslAuthenticate`.

mod error;
mod msk_iam;
mod oauth;
mod scram;

pub(crate) use error::LoginError;
pub(crate) use scram::{Salted, ScramHash};

use crate::model::mask::Mask;
use crate::model::secret::Secret;

/// Who logs in, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// User name and password, unchanged (RFC 4616).
    Plain { username: String, password: Secret },
    /// A proof that both sides know the password (RFC 5802, RFC 7677).
    Scram {
        /// Which of Kafka's two variants.
        hash: ScramHash,
        username: String,
        password: Secret,
        /// Whether they are a delegation token's id and its HMAC (KIP-48).
        token: bool,
        /// What this process derived from the password earlier.
        salted: Salted,
    },
    /// A bearer token (RFC 7628, KIP-255).
    OauthBearer {
        /// The token, mostly a JWT.
        token: Secret,
        /// SASL extensions (KIP-342), sent in this order.
        extensions: Vec<(String, String)>,
    },
    /// Amazon MSK's access control by IAM.
    MskIam {
        access_key: String,
        secret_key: Secret,
        /// Temporary credentials have one, those of an IAM user do not.
        session_token: Option<Secret>,
        /// The cluster's region; `None` derives it from the broker's name.
        region: Option<String>,
        /// The region of this run, which counts if the broker's name has none.
        own_region: Option<String>,
    },
}

/// What a login depends on besides the credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// The broker's name, as it was connected to.
    pub(crate) host: &'a str,
    pub(crate) unix_seconds: i64,
    /// Fresh random bytes for each login.
    pub(crate) nonce: [u8; 24],
}

/// One login under way.
pub(crate) struct Exchange {
    rest: Rest,
    mask: Mask,
    hint: String,
}

/// What to do after an answer of the broker.
#[derive(PartialEq, Eq)]
pub(crate) enum Turn {
    Done,
    /// Send this, and hand over the answer to it.
    Send(Vec<u8>),
}

/// What the mechanism expects after its first message.
enum Rest {
    Plain,
    Scram(Box<scram::ScramClient>),
    Oauth(oauth::TokenClient),
    MskIam,
    Over,
}

impl Login {
    /// The mechanism's name on the wire.
    pub(crate) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { hash, .. } => hash.mechanism(),
            Self::OauthBearer { .. } => "OAUTHBEARER",
            Self::MskIam { .. } => "AWS_MSK_IAM",
        }
    }

    /// Prepares a login to one broker at one moment; returns it with its first message.
    ///
    /// # Errors
    ///
    /// When the credentials cannot be written in the mechanism's form.
    pub(crate) fn begin(&self, moment: &Moment<'_>) -> Result<(Exchange, Vec<u8>), LoginError> {
        let (first, rest, hint) = match self {
            Self::Plain { username, password } => {
                check(username, password)?;
                (format!("\0{username}\0{}", password.expose()).into(), Rest::Plain, String::from(CHECK_PASSWORD))
            }
            Self::Scram { hash, username, password, token, salted } => {
                check(username, password)?;
                let nonce = scram::nonce(moment.nonce);
                let who = scram::Who { username, password, token: *token };
                let client = scram::ScramClient::new(*hash, &who, salted, &nonce, self.mask());
                let hint = format!("{CHECK_PASSWORD}, and that the user has {} credentials", self.mechanism());
                (client.first(), Rest::Scram(Box::new(client)), hint)
            }
            Self::OauthBearer { token, extensions } => {
                let first = oauth::first(token, extensions)?;
                (first, Rest::Oauth(oauth::TokenClient::new(self.mask())), oauth::hint(token, moment.unix_seconds))
            }
            Self::MskIam { access_key, secret_key, session_token, region, own_region } => {
                let region = region.as_deref().or_else(|| msk_iam::region(moment.host)).or(own_region.as_deref());
                let region = region.ok_or_else(|| LoginError::NoRegion(moment.host.into()))?;
                let key =
                    msk_iam::SigningKey { id: access_key, secret: secret_key, token: session_token.as_ref(), region };
                let request = key.sign(moment.host, moment.unix_seconds)?;
                (request.payload(), Rest::MskIam, request.hint())
            }
        };
        Ok((Exchange { rest, mask: self.mask(), hint }, first))
    }

    fn mask(&self) -> Mask {
        match self {
            Self::Plain { password, .. } | Self::Scram { password, .. } => Mask::new([password]),
            Self::OauthBearer { token, .. } => Mask::new([token]),
            Self::MskIam { secret_key, session_token, .. } => Mask::new([secret_key].into_iter().chain(session_token)),
        }
    }
}

impl Exchange {
    /// Checks the broker's answer to the previous message.
    ///
    /// # Errors
    ///
    /// If the broker refuses in the mechanism's own terms, does not prove what it must, or sends something that cannot
    /// be read.
    pub(crate) fn next(&mut self, challenge: &[u8]) -> Result<Turn, LoginError> {
        let step = match &mut self.rest {
            Rest::Scram(client) => client.next(challenge).inspect_err(|_| self.rest = Rest::Over)?,
            Rest::Oauth(client) => client.next(challenge)?,
            // The official client only checks that there is a receipt.
            Rest::MskIam if challenge.is_empty() => return Err(LoginError::NoReceipt),
            Rest::Plain | Rest::MskIam => Turn::Done,
            Rest::Over => return Err(LoginError::Over),
        };
        if step == Turn::Done {
            self.rest = Rest::Over;
        }
        Ok(step)
    }

    /// The words of a broker that ended the login because too many clients connect; `None` if they are about anything
    /// else.
    pub(crate) fn throttle(&self, said: Option<&str>) -> Option<String> {
        let words = said?.to_lowercase();
        THROTTLES.iter().any(|throttle| words.contains(throttle)).then(|| self.mask.apply(said.unwrap_or_default()))
    }

    /// The message for a login that the broker ended with an error, from its words and the advice.
    ///
    /// `None` means an error code without words.
    pub(crate) fn refusal(&self, said: Option<&str>) -> String {
        let said = said.map(|text| self.mask.apply(text)).filter(|text| !text.is_empty());
        let failure = if let Rest::Oauth(client) = &self.rest { client.refused.as_ref() } else { None };
        // Kafka's error text repeats the failure's JSON (KIP-255); other brokers have words of their own.
        let said = said.as_deref().filter(|text| failure.is_none() || !text.starts_with('{'));
        let words = said.or(failure.map(|failure| &*failure.words)).unwrap_or("no reason given");
        let wanted = failure
            .and_then(|failure| failure.scope.as_ref())
            .map_or(String::new(), |scope| format!("; it asks for the scope {scope}"));
        format!("{words}{wanted}: {}", self.hint)
    }
}

fn check(username: &str, password: &Secret) -> Result<(), LoginError> {
    for (what, value) in [("user name", username), ("password", password.expose())] {
        if value.is_empty() {
            return Err(LoginError::Empty(what));
        }
        if value.contains('\0') {
            return Err(LoginError::Nul(what));
        }
    }
    Ok(())
}

/// What brokers answer, in lower case, to a client too many: "Too many connects" is Amazon MSK's wording.
const THROTTLES: [&str; 4] = ["too many connect", "too many requests", "throttl", "rate exceeded"];

/// Kafka reports a wrong password and an unknown user in the same way.
const CHECK_PASSWORD: &str = "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or what KAFKA_SASL_SECRET refers to";

#[cfg(test)]
mod tests;
