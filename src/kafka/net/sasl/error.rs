//! Why a login fails, and what to do.

use super::scram;

/// Why a login fails; it never shows a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoginError {
    /// The user name or the password is empty.
    #[error("the SASL {0} is empty: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")]
    Empty(&'static str),
    /// RFC 4616 and RFC 5802 both leave NUL out of names and passwords.
    #[error("the SASL {0} has a NUL character, which no mechanism can send")]
    Nul(&'static str),
    /// There is no bearer token.
    #[error("the OAUTHBEARER token is empty: set KAFKA_SASL_OAUTHBEARER_TOKEN")]
    NoToken,
    /// It is not a bearer token.
    #[error(
        "the OAUTHBEARER token has characters that no bearer token has (RFC 6750): check it for quotes, spaces and line breaks"
    )]
    OddToken,
    /// An extension of this name cannot be written.
    #[error(
        "the SASL extension {0:?} cannot be sent: KAFKA_SASL_OAUTHBEARER_EXTENSIONS must have names of letters other than auth, and values of ASCII characters (RFC 7628)"
    )]
    OddExtension(String),
    /// The region of this host is not known.
    #[error("the broker's name {0} does not contain its region: set KAFKA_SASL_AWS_REGION")]
    NoRegion(String),
    /// The time of this run, in seconds since 1970, is not a valid date.
    #[error("this machine's clock is wrong: it is {0} seconds away from 1970")]
    Clock(i64),
    /// A request to this broker cannot be signed, in the words of AWS's library.
    #[error("no login by IAM can be signed for the broker {0}: {1}")]
    Unsigned(String, String),
    /// A nonce cannot be made.
    #[error("the system gives no random bytes")]
    NoRandomBytes,
    /// The listener has no login.
    #[error(
        "the listener accepts no SASL login: set KAFKA_SECURITY_PROTOCOL to SSL, or use the port of the listener with SASL"
    )]
    NotWanted,
    /// The listener does not have this mechanism; the ones it has.
    #[error("the broker does not offer the SASL mechanism {0}; it offers {offered}: set KAFKA_SASL_MECHANISM",
        offered = if .1.is_empty() { String::from("none") } else { .1.join(", ") })]
    NotOffered(&'static str, Vec<String>),
    /// The broker ended the login: its words, and the advice.
    #[error("{0}")]
    Refused(String),
    /// The broker accepts no more connections for the moment: its words.
    #[error(
        "the broker accepts no more new connections for the moment: {0}; Amazon MSK with IAM accepts 4 (kafka.t3.small) or 20 per second and broker: let fewer clients connect at the same second"
    )]
    Throttled(String),
    /// There is no receipt for a login by IAM.
    #[error("the broker did not confirm the AWS_MSK_IAM login: is it an Amazon MSK broker?")]
    NoReceipt,
    /// The broker refused in the words of the mechanism.
    #[error("the broker refused the SCRAM login: {0}: {hint}", hint = super::CHECK_PASSWORD)]
    ScramRefused(String),
    /// The broker's message is not the one that the mechanism expects.
    #[error("the broker's SCRAM message cannot be read: {0}")]
    ScramUnreadable(&'static str),
    /// The answer has another nonce.
    #[error("the broker answered another SCRAM login than ours: does a proxy cache or replay it?")]
    ScramReplayed,
    /// The number of iterations that the broker demands.
    #[error("the broker wants {0} SCRAM iterations, and only {least} to {most} are safe and bearable: set the user's password again with such a count",
        least = scram::ITERATIONS.start(), most = scram::ITERATIONS.end())]
    ScramIterations(String),
    /// The peer does not know the password.
    #[error(
        "the broker took the SCRAM login without proving that it knows the password: it is not the cluster that it claims to be"
    )]
    ScramUnproven,
    /// The broker's words about the token, sent again after they were acknowledged.
    #[error("the broker refused the OAUTHBEARER token: {0}")]
    TokenRefused(String),
    /// No further message is expected.
    #[error("the login is over")]
    Over,
}
