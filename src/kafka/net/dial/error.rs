//! Why there is no way into a broker, and the way out.

use std::io;
use std::net::IpAddr;

use tokio_rustls::rustls::client::VerifierBuilderError;

use crate::base::fault::Fault;
use crate::kafka::found::Step;
use crate::kafka::net::connection::CallError;
use crate::kafka::net::sasl::LoginError;
use crate::kafka::net::tls::HandshakeError;
use crate::kafka::protocol::error_codes;
use crate::model::unknown::{Cause, Unknown};

/// Why a connection to a broker could not be opened, or is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// What the operating system makes of the host name.
    #[error("the host name cannot be resolved: {0}")]
    Resolve(io::Error),
    /// Each address that was tried.
    #[error("cannot connect: {}", each(.0))]
    Connect(Vec<(IpAddr, io::Error)>),
    #[error("cannot set TCP_NODELAY: {0}")]
    Socket(io::Error),
    /// This step was not over in time.
    #[error("{}", self.fault())]
    Late(Step),
    #[error("the trust store cannot be used: {0}")]
    Truststore(VerifierBuilderError),
    #[error(transparent)]
    Tls(#[from] HandshakeError),
    #[error("{}", self.fault())]
    Versions(CallError),
    #[error("the broker refused ApiVersions v{version}: {}", error_codes::sentence(*.code))]
    VersionsRefused { version: i16, code: i16 },
    #[error("{0}")]
    Credentials(Unknown),
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The mechanism, and why it was not gone through.
    #[error("{}", self.fault())]
    LoginCall(&'static str, CallError),
    #[error(transparent)]
    Metadata(CallError),
    /// A listener with SASL takes `ApiVersions` from everybody, and closes the connection at anything else before a login.
    #[error("{}", self.fault())]
    NoLogin(CallError),
    #[error("the broker refused to tell its metadata: {}", error_codes::sentence(*.0))]
    MetadataRefused(i16),
    #[error("the broker's metadata names no brokers")]
    NoBrokers,
}

impl DialError {
    /// Why there are no metadata.
    pub(crate) fn unanswered(error: CallError, logged_in: bool) -> Self {
        if !logged_in && error.is_hang_up() { Self::NoLogin(error) } else { Self::Metadata(error) }
    }

    /// The sentence in two.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Late(step) => late(*step),
            Self::Tls(why) => why.fault(),
            Self::Versions(why) => at_first(why),
            Self::LoginCall(mechanism, CallError::Lost(loss)) => {
                loss.fault().within(&format!("the connection was lost during the {mechanism} login"))
            }
            Self::LoginCall(_, why) | Self::Metadata(why) => why.fault(),
            Self::NoLogin(why) => Fault::with(
                format!("{why} at the first question"),
                "a listener with SASL does that before a login: set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM",
            ),
            other => Fault::of(other),
        }
    }

    /// Whether one side refused the other: a login, or a certificate. A broker that does not take a client's certificate may end the
    /// connection without a word, during the handshake or, in TLS 1.3, at the first request.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Login(_) | Self::LoginCall(_, CallError::Lost(_)) | Self::Versions(CallError::Lost(_)) => true,
            Self::Tls(why) => {
                matches!(why, HandshakeError::Refused(_) | HandshakeError::Closed | HandshakeError::Lost(_))
            }
            _ => false,
        }
    }

    /// How far it went.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Resolve(_) => Step::Resolve,
            Self::Connect(_) | Self::Socket(_) => Step::Connect,
            Self::Late(step) => *step,
            Self::Truststore(_) | Self::Tls(_) => Step::Tls,
            Self::Versions(_) | Self::VersionsRefused { .. } => Step::Versions,
            Self::Credentials(_) | Self::Login(_) | Self::LoginCall(..) => Step::Login,
            Self::Metadata(_) | Self::NoLogin(_) | Self::MetadataRefused(_) | Self::NoBrokers => Step::Metadata,
        }
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Late(_)
            | Self::Versions(CallError::Deadline)
            | Self::LoginCall(_, CallError::Deadline)
            | Self::Metadata(CallError::Deadline) => Cause::Deadline,
            _ => Cause::Down,
        }
    }
}

fn each(addresses: &[(IpAddr, io::Error)]) -> String {
    let causes: Vec<String> = addresses.iter().map(|(address, why)| format!("{address}: {why}")).collect();
    causes.join(", ")
}

/// What did not happen in a step that took too long; the others tell of their calls.
fn late(step: Step) -> Fault {
    match step {
        Step::Resolve => Fault::of("the name service did not answer before the deadline"),
        Step::Connect => Fault::with("no connection before the deadline", "check security groups and routes"),
        Step::Tls => Fault::with(
            "no answer to a TLS handshake before the deadline",
            "check that the port speaks TLS, and that the broker takes more connections (max.connections)",
        ),
        Step::Login => Fault::of("the credentials were not there before the deadline"),
        Step::Versions | Step::Metadata => Fault::of("no answer before the deadline"),
    }
}

/// A connection that dies at the first question is mostly one to the wrong port.
fn at_first(error: &CallError) -> Fault {
    match error {
        hung_up if hung_up.is_hang_up() => Fault::of(
            "the connection was closed at the first request: is this another protocol's port, or a TLS port spoken to in plaintext?",
        ),
        CallError::Lost(cause) => cause.fault(),
        other => other.fault(),
    }
}
