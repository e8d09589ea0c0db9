//! Why TLS fails, in words for people.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as RustlsError, OtherError};

use crate::base::fault::Fault;
use crate::base::moment;

/// Why a handshake failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.fault())]
pub(crate) enum HandshakeError {
    /// This host name cannot be in a certificate.
    Name(String),
    /// An HTTP server answered.
    Http,
    /// The peer uses another protocol; its first bytes.
    NotTls(Vec<u8>),
    /// The peer closed the connection silently.
    Closed,
    /// The connection broke.
    Lost(io::Error),
    /// One side refused the other.
    Refused(RustlsError),
}

impl HandshakeError {
    /// Finds which of the usual mistakes a failed handshake was, by the `first` bytes that the peer sent.
    pub(crate) fn of(error: io::Error, first: &[u8]) -> Self {
        let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        match (rustls, first) {
            (_, b"HTTP" | [b'<', ..]) => Self::Http,
            (Some(RustlsError::InvalidMessage(_)), _) => Self::NotTls(first.to_vec()),
            (Some(refused), _) => Self::Refused(refused.clone()),
            (None, []) => Self::Closed,
            (None, _) => Self::Lost(error),
        }
    }

    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Name(host) => {
                Fault::of(format!("{host:?} can be neither a host name nor an address in a certificate"))
            }
            Self::Http => Fault::of("an HTTP server answered: the address is not that of a Kafka listener"),
            Self::NotTls(first) => {
                Fault::with(format!("the port does not speak TLS: it answered {first:02x?}"), PLAINTEXT_HINT)
            }
            Self::Closed => Fault::with(
                "the connection was closed during the TLS handshake",
                format!("{PLAINTEXT_HINT}; {LIMIT_HINT}"),
            ),
            Self::Lost(error) => {
                Fault::with(format!("the connection was lost during the TLS handshake: {error}"), LIMIT_HINT)
            }
            Self::Refused(RustlsError::InvalidCertificate(certificate)) => explain_certificate(certificate),
            Self::Refused(RustlsError::AlertReceived(alert)) => explain_alert(*alert),
            Self::Refused(other) => Fault::of(format!("the TLS handshake failed: {other}")),
        }
    }
}

/// The message for a connection that ended before it was used.
pub(crate) fn ended(error: &RustlsError) -> Fault {
    match error {
        RustlsError::AlertReceived(alert) => explain_alert(*alert),
        // Kafka 2.8 sends the alert under keys that are no longer in use.
        RustlsError::DecryptError => Fault::with(
            "the broker ended TLS with a message that cannot be read",
            format!(
                "older releases do that when the broker wants a client certificate, or when the broker refused the client certificate of {KEYSTORE}: see whether it has expired, and whether the broker trusts the CA that issued it"
            ),
        ),
        other => Fault::of(format!("TLS failed: {other}")),
    }
}

fn explain_certificate(error: &CertificateError) -> Fault {
    match error {
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => Fault::of(format!(
            "the certificate holds no names, so not {} either: reissue it with a subject alternative name (a common name alone has not counted since RFC 2818)",
            expected.to_str()
        )),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<_> = presented.iter().map(|name| plain(name)).collect();
            let names = presented.join(", ");
            Fault::with(
                format!("the certificate is for another name: it names {names}, not {}", expected.to_str()),
                "connect by a name that it holds",
            )
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let found = format!("the certificate expired at {}", utc(not_after.as_secs()));
            Fault::with(found, "renew it on the broker")
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let found = format!("the certificate is not valid before {}", utc(not_before.as_secs()));
            Fault::with(found, "check the clocks")
        }
        CertificateError::BadSignature => Fault::with(
            format!("the certificate was issued by another CA of the same name as one in {TRUSTSTORE}"),
            "put the PEM of the CA in use there",
        ),
        CertificateError::UnknownIssuer => {
            Fault::with("the certificate was issued by an unknown CA", format!("put that CA's PEM into {TRUSTSTORE}"))
        }
        // rustls passes this error on unchanged.
        CertificateError::Other(OtherError(cause))
            if cause.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
        {
            Fault::with(
                "the broker shows a CA certificate as its own",
                format!("give it a certificate issued by that CA, and put the CA's PEM into {TRUSTSTORE}"),
            )
        }
        other => Fault::of(format!("the certificate was refused: {other}")),
    }
}

/// A name from rustls' `Debug` output for a certificate: `DnsName("a")`.
fn plain(name: &str) -> &str {
    name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).map_or(name, |inner| inner.trim_matches('"'))
}

fn explain_alert(alert: AlertDescription) -> Fault {
    Fault::of(match alert {
        AlertDescription::CertificateRequired => {
            format!(
                "the broker wants a client certificate ({alert:?}): give one in {KEYSTORE} that the broker's CAs have issued"
            )
        }
        // Java sends it for a missing certificate under TLS 1.2, and if nothing is in common.
        AlertDescription::HandshakeFailure => {
            let todo = format!(
                "give one in {KEYSTORE}; or it has no cipher suite or signature in common with this client, which supports ECDHE with AES-GCM or ChaCha20, and certificates on RSA, P-256, P-384 or Ed25519: see the broker's ssl.cipher.suites and its key"
            );
            return Fault::with(
                format!("the broker ended the TLS handshake ({alert:?}): it may want a client certificate"),
                todo,
            );
        }
        AlertDescription::CertificateExpired => {
            format!("the broker refused the client certificate of {KEYSTORE}: it has expired")
        }
        // Java sends it for a missing required certificate; other brokers send it for one that they cannot read.
        AlertDescription::BadCertificate => format!(
            "the broker wants a client certificate, or refused that of {KEYSTORE} (BadCertificate): give one that the broker's CAs have issued"
        ),
        AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => {
            format!(
                "the broker refused the client certificate of {KEYSTORE} ({alert:?}): see whether it has expired, and whether the broker trusts the CA that issued it"
            )
        }
        other => format!("the broker ended the TLS handshake with the alert {other:?}"),
    })
}

fn utc(seconds: u64) -> String {
    moment::rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

const TRUSTSTORE: &str = "KAFKA_SSL_TRUSTSTORE";
const KEYSTORE: &str = "KAFKA_SSL_KEYSTORE";
const LIMIT_HINT: &str =
    "or the broker accepts no more connections: max.connections, max.connections.per.ip, or Amazon MSK's limits";
const PLAINTEXT_HINT: &str = "if this is a plaintext listener, use the TLS one, or set KAFKA_SECURITY_PROTOCOL=PLAINTEXT (SASL_PLAINTEXT with a login)";
