//! Why TLS does not come about, in words for people.

use std::{fmt, io};

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as RustlsError, OtherError};

use crate::moment;

/// Why a handshake failed.
#[derive(Debug)]
pub(in crate::kafka) enum HandshakeError {
    /// This host name cannot be in a certificate.
    Name(String),
    /// An HTTP server answered.
    Http,
    /// The peer speaks something else; how it begins.
    NotTls(Vec<u8>),
    /// The peer closed the connection without a word.
    Closed,
    /// The connection broke.
    Lost(io::Error),
    /// One side refused the other.
    Refused(RustlsError),
}

impl HandshakeError {
    /// Says which of the usual mistakes a failed handshake was, by the `first` bytes that the peer sent.
    pub(super) fn of(error: io::Error, first: &[u8]) -> Self {
        let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        match (rustls, first) {
            (_, b"HTTP") => Self::Http,
            (Some(RustlsError::InvalidMessage(_)), _) => Self::NotTls(first.to_vec()),
            (Some(refused), _) => Self::Refused(refused.clone()),
            (None, []) => Self::Closed,
            (None, _) => Self::Lost(error),
        }
    }
}

impl std::error::Error for HandshakeError {}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(host) => write!(f, "{host:?} can be neither a host name nor an address in a certificate"),
            Self::Http => f.write_str("an HTTP server answered: the address is not that of a Kafka listener"),
            Self::NotTls(first) => {
                write!(f, "the port does not speak TLS: it answered {first:02x?}; {PLAINTEXT_HINT}")
            }
            Self::Closed => {
                write!(f, "the connection was closed during the TLS handshake; {PLAINTEXT_HINT}; {LIMIT_HINT}")
            }
            Self::Lost(error) => {
                write!(f, "the connection was lost during the TLS handshake: {error}; {LIMIT_HINT}")
            }
            Self::Refused(RustlsError::InvalidCertificate(certificate)) => {
                f.write_str(&explain_certificate(certificate))
            }
            Self::Refused(RustlsError::AlertReceived(alert)) => f.write_str(&explain_alert(*alert)),
            Self::Refused(other) => write!(f, "the TLS handshake failed: {other}"),
        }
    }
}

/// Words for a connection that ended before it served.
pub(in crate::kafka) fn ended(error: &RustlsError) -> String {
    match error {
        RustlsError::AlertReceived(alert) => explain_alert(*alert),
        // Kafka 2.8 sends the alert under keys that are no longer in use.
        RustlsError::DecryptError => format!(
            "the broker ended TLS with a message that cannot be read; older releases do that when the broker wants a client certificate, or when the broker refused the client certificate of {KEYSTORE}: see whether it has expired, and whether the broker trusts the CA that issued it"
        ),
        other => format!("TLS failed: {other}"),
    }
}

fn explain_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => format!(
            "the certificate holds no names, so not {} either: reissue it with a subject alternative name (a common name alone has not counted since RFC 2818)",
            expected.to_str()
        ),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<_> = presented.iter().map(|name| plain(name)).collect();
            let names = presented.join(", ");
            format!(
                "the certificate is for another name: it names {names}, not {}; connect by a name that it holds",
                expected.to_str()
            )
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate expired at {}; renew it on the broker", utc(not_after.as_secs()))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is not valid before {}; check the clocks", utc(not_before.as_secs()))
        }
        CertificateError::BadSignature => format!(
            "the certificate was issued by another CA of the same name as one in {TRUSTSTORE}; put the PEM of the CA in use there"
        ),
        CertificateError::UnknownIssuer => {
            format!("the certificate was issued by an unknown CA; put that CA's PEM into {TRUSTSTORE}")
        }
        // rustls hands this one on as it is.
        CertificateError::Other(OtherError(cause))
            if cause.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
        {
            format!(
                "the broker shows a CA certificate as its own; give it a certificate issued by that CA, and put the CA's PEM into {TRUSTSTORE}"
            )
        }
        other => format!("the certificate was refused: {other}"),
    }
}

/// A name as rustls shows those of a certificate, which is with `Debug`: `DnsName("a")`.
fn plain(name: &str) -> &str {
    name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).map_or(name, |inner| inner.trim_matches('"'))
}

fn explain_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            format!(
                "the broker wants a client certificate ({alert:?}): give one in {KEYSTORE} that the broker's CAs have issued"
            )
        }
        // Java says it for a lack of a certificate under TLS 1.2, and of anything in common.
        AlertDescription::HandshakeFailure => format!(
            "the broker ended the TLS handshake ({alert:?}): it may want a client certificate; give one in {KEYSTORE}; or it has no cipher suite or signature in common with this client, which takes ECDHE with AES-GCM or ChaCha20, and certificates on RSA, P-256, P-384 or Ed25519: see the broker's ssl.cipher.suites and its key"
        ),
        AlertDescription::CertificateExpired => {
            format!("the broker refused the client certificate of {KEYSTORE}: it has expired")
        }
        // Java's word where there is none although one is required; others say it of one that they cannot read.
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
    }
}

fn utc(seconds: u64) -> String {
    moment::rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

const TRUSTSTORE: &str = "KAFKA_SSL_TRUSTSTORE";
const KEYSTORE: &str = "KAFKA_SSL_KEYSTORE";
const LIMIT_HINT: &str =
    "or the broker takes no more connections: max.connections, max.connections.per.ip, or Amazon MSK's limits";
const PLAINTEXT_HINT: &str = "if this is a plaintext listener, use the TLS one, or say KAFKA_SECURITY_PROTOCOL=PLAINTEXT (SASL_PLAINTEXT with a login)";
