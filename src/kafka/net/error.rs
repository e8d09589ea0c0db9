//! Why no broker can be reached, and what to do.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use tokio_rustls::rustls::client::VerifierBuilderError;

use crate::base::fault::Fault;
use crate::kafka::net::connection::{CallError, waited};
use crate::kafka::net::sasl::LoginError;
use crate::kafka::net::tls::HandshakeError;
use crate::kafka::protocol::error_codes;
use crate::model::endpoint::Endpoint;
use crate::model::unknown::{Cause, Unknown};

/// Why a connection to a broker could not be opened, or cannot be used; its text is its [`DialError::fault`].
#[derive(Debug, thiserror::Error)]
#[error("{}", self.fault())]
pub(crate) enum DialError {
    /// The operating system's error for the host name.
    Resolve(io::Error),
    /// The error of each address that was tried.
    Connect(Vec<(IpAddr, io::Error)>),
    Socket(io::Error),
    /// This step was not finished in time; the time it had.
    Late(Step, Duration),
    Truststore(VerifierBuilderError),
    Tls(#[from] HandshakeError),
    /// Whether TLS had been agreed on, and the error after that.
    Versions(bool, CallError),
    VersionsRefused {
        version: i16,
        code: i16,
    },
    Credentials(Unknown),
    Login(#[from] LoginError),
    /// The mechanism, and why its login failed.
    LoginCall(&'static str, CallError),
    Metadata(CallError),
    /// A listener with SASL answers `ApiVersions` from everybody, and closes the connection at anything else before a
    /// login.
    NoLogin(CallError),
    MetadataRefused(i16),
    NoBrokers,
    /// A broker's address cannot be reached from here, though the bootstrap server that returned it answered.
    Advertised {
        by: Endpoint,
        why: Box<Self>,
    },
}

/// The steps of a connection to a broker, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// The host name is resolved to addresses.
    Resolve,
    /// A TCP connection is opened.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The broker returns its versions.
    Versions,
    /// The broker accepts the login.
    Login,
    /// The broker returns its cluster's metadata.
    Metadata,
}

impl DialError {
    /// Whether one side refused the other: a login, or a certificate. A broker that rejects a client's certificate may
    /// close the connection silently, during the handshake or, in TLS 1.3, at the first request.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Login(_) | Self::LoginCall(_, CallError::Lost(_)) | Self::Versions(_, CallError::Lost(_)) => true,
            Self::Tls(why) => {
                matches!(why, HandshakeError::Refused(_) | HandshakeError::Closed | HandshakeError::Lost(_))
            }
            _ => false,
        }
    }

    /// Why there are no metadata.
    pub(crate) fn unanswered(error: CallError, logged_in: bool) -> Self {
        if !logged_in && error.is_hang_up() { Self::NoLogin(error) } else { Self::Metadata(error) }
    }

    /// The same for an address that `by` returned, if the connection failed before anything was sent.
    pub(crate) fn advertised(self, by: &Endpoint) -> Self {
        match self.step() {
            Step::Resolve | Step::Connect => Self::Advertised { by: by.clone(), why: Box::new(self) },
            _ => self,
        }
    }

    /// The sentence after the address, which is not named twice.
    pub(crate) fn at(&self, endpoint: &Endpoint) -> String {
        match self {
            Self::Connect(tried) => match &**tried {
                [(address, why)] if address.to_string() == endpoint.host => why.to_string(),
                tried => each(tried),
            },
            other => other.to_string(),
        }
    }

    /// Whether nothing listens there.
    pub(crate) fn is_refused(&self) -> bool {
        let refused = |(_, why): &(IpAddr, io::Error)| why.kind() == io::ErrorKind::ConnectionRefused;
        matches!(self, Self::Connect(tried) if !tried.is_empty() && tried.iter().all(refused))
    }

    /// The message and its advice; no arm of it may print the error itself.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Resolve(why) => Fault::of(format!("the host name cannot be resolved: {why}")),
            Self::Connect(causes) => Fault::of(format!("cannot connect: {}", each(causes))),
            Self::Socket(why) => Fault::of(format!("cannot set TCP_NODELAY: {why}")),
            Self::Late(step, after) => late(*step, *after),
            Self::Truststore(why) => Fault::of(format!("the trust store cannot be used: {why}")),
            Self::Tls(why) => why.fault(),
            Self::Versions(encrypted, why) => at_first(*encrypted, why),
            Self::VersionsRefused { version, code } => {
                Fault::of(format!("the broker refused ApiVersions v{version}: {}", error_codes::sentence(*code)))
            }
            Self::Credentials(why) => Fault::of(why),
            Self::Login(why) => Fault::of(why),
            Self::LoginCall(mechanism, CallError::Lost(loss)) => {
                loss.fault().within(&format!("the connection was lost during the {mechanism} login"))
            }
            Self::LoginCall(_, why) | Self::Metadata(why) => why.fault(),
            Self::NoLogin(why) => Fault::with(
                format!("{why} at the first question"),
                "a listener with SASL does that before a login: set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM",
            ),
            Self::MetadataRefused(code) => {
                Fault::of(format!("the broker refused to return its metadata: {}", error_codes::sentence(*code)))
            }
            Self::NoBrokers => Fault::of("the broker's metadata names no brokers"),
            Self::Advertised { by, why } => advertised(&why.fault(), by),
        }
    }

    /// Whether the broker accepts no more connections for the moment.
    pub(crate) fn is_throttle(&self) -> bool {
        matches!(self, Self::Login(LoginError::Throttled(_)))
    }

    /// The step that it reached.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Resolve(_) => Step::Resolve,
            Self::Connect(_) | Self::Socket(_) => Step::Connect,
            Self::Late(step, _) => *step,
            Self::Advertised { why, .. } => why.step(),
            Self::Truststore(_) | Self::Tls(_) => Step::Tls,
            Self::Versions(..) | Self::VersionsRefused { .. } => Step::Versions,
            Self::Credentials(_) | Self::Login(_) | Self::LoginCall(..) => Step::Login,
            Self::Metadata(_) | Self::NoLogin(_) | Self::MetadataRefused(_) | Self::NoBrokers => Step::Metadata,
        }
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Late(..)
            | Self::Versions(_, CallError::Deadline { .. })
            | Self::LoginCall(_, CallError::Deadline { .. })
            | Self::Metadata(CallError::Deadline { .. }) => Cause::Deadline,
            Self::Advertised { why, .. } => why.cause(),
            _ => Cause::Down,
        }
    }
}

/// What is wrong with an address that `by` returned.
pub(crate) fn advertised(why: &Fault, by: &Endpoint) -> Fault {
    Fault::with(
        format!("{}; {by} answered and gave this address (advertised.listeners)", why.found),
        "make the address reachable from here, or use a listener whose advertised address is",
    )
}

fn each(addresses: &[(IpAddr, io::Error)]) -> String {
    let causes: Vec<String> = addresses.iter().map(|(address, why)| format!("{address}: {why}")).collect();
    causes.join(", ")
}

/// What did not happen in a step that needed too long; the other steps name their calls.
fn late(step: Step, after: Duration) -> Fault {
    let after = waited(after);
    match step {
        Step::Resolve => Fault::of(format!("the name service did not answer {after}")),
        Step::Connect => Fault::with(format!("no connection {after}"), "check security groups and routes"),
        Step::Tls => Fault::with(
            format!("no answer to a TLS handshake {after}"),
            "check that the port speaks TLS, and that the broker accepts more connections (max.connections)",
        ),
        Step::Login => Fault::of(format!("the credentials were not there {after}")),
        Step::Versions | Step::Metadata => Fault::of(format!("no answer {after}")),
    }
}

/// A connection that fails at the first request is usually one to the wrong port.
fn at_first(encrypted: bool, error: &CallError) -> Fault {
    match error {
        hung_up if hung_up.is_hang_up() => Fault::of(if encrypted {
            "the connection was closed at the first request, after TLS was agreed on: is this another protocol's port, such as HTTPS, or does something between here and the broker cut connections?"
        } else {
            "the connection was closed at the first request: is this another protocol's port, or a TLS port spoken to in plaintext?"
        }),
        CallError::Lost(cause) => cause.fault(),
        other => other.fault(),
    }
}
