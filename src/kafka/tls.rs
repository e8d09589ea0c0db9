//! TLS to one broker: always verified, and a sentence for each way in which it fails.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as RustlsError, RootCertStore, crypto,
};

use crate::endpoint::Endpoint;
use crate::keystore::{Authorities, Identity};
use crate::moment;

/// What a TLS client needs, made once a run and shared by all connections.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    roots: Arc<RootCertStore>,
}

/// TLS as such cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up")]
pub struct TlsError(#[from] RustlsError);

impl Tls {
    /// Trusts `authorities`, or Mozilla's roots without them; shows `identity` to brokers that ask for a certificate.
    ///
    /// # Errors
    /// [`TlsError`] where the library knows no version of TLS.
    pub fn new(authorities: Option<&Authorities>, identity: Option<&Identity>) -> Result<Self, TlsError> {
        let mozillas = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let roots = Arc::new(authorities.map_or_else(mozillas, Authorities::roots));
        let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&roots));
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.key()))),
        };
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), roots })
    }

    /// The client's settings, and the CAs that they trust.
    pub(super) fn parts(&self) -> (&ClientConfig, &Arc<RootCertStore>) {
        (self.connector.config(), &self.roots)
    }

    /// The same CAs with other settings.
    pub(super) fn with(&self, config: ClientConfig) -> Self {
        Self { connector: TlsConnector::from(Arc::new(config)), roots: Arc::clone(&self.roots) }
    }

    /// Shakes hands with the broker at `endpoint`, whose name goes into SNI and must be in its certificate.
    ///
    /// The error is one sentence for people.
    pub(super) async fn connect<S>(&self, endpoint: &Endpoint, stream: S) -> Result<TlsStream<Witness<S>>, String>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(endpoint.host.as_str())
            .map_err(|_| format!("{:?} can be neither a host name nor an address in a certificate", endpoint.host))?
            .to_owned();
        self.connector
            .connect(name, Witness { stream, first: [0; 4], seen: 0 })
            .into_fallible()
            .await
            .map_err(|(error, witness)| explain(&error, &witness.first[..witness.seen]))
    }
}

/// Says which of the usual mistakes a failed handshake was.
fn explain(error: &io::Error, first: &[u8]) -> String {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
    match (rustls, first) {
        (_, b"HTTP") => "an HTTP server answered: the address is not that of a Kafka listener".into(),
        (Some(RustlsError::InvalidCertificate(certificate)), _) => explain_certificate(certificate),
        (Some(RustlsError::AlertReceived(alert)), _) => explain_alert(*alert),
        (Some(RustlsError::InvalidMessage(_)), _) => {
            format!("the port does not speak TLS: it answered {first:02x?}; {PLAINTEXT_HINT}")
        }
        (Some(other), _) => format!("the TLS handshake failed: {other}"),
        (None, []) => format!("the connection was closed during the TLS handshake; {PLAINTEXT_HINT}; {LIMIT_HINT}"),
        (None, _) => format!("the connection was lost during the TLS handshake: {error}; {LIMIT_HINT}"),
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
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => format!(
            "the broker shows a CA certificate as its own; give it a certificate issued by that CA, and put the CA's PEM into {TRUSTSTORE}"
        ),
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

/// Words for a connection that ended before it served; TLS 1.3 tells a client only then that its certificate was refused.
pub(super) fn explain_loss(error: &io::Error) -> Option<String> {
    match error.get_ref()?.downcast_ref::<RustlsError>()? {
        RustlsError::AlertReceived(alert) => Some(explain_alert(*alert)),
        // Kafka 2.8 sends the alert under keys that are no longer in use.
        RustlsError::DecryptError => Some(format!(
            "the broker ended TLS with a message that cannot be read; older releases do that when the broker wants a client certificate, or when the broker refused the client certificate of {KEYSTORE}: see whether it has expired, and whether the broker trusts the CA that issued it"
        )),
        other => Some(format!("TLS failed: {other}")),
    }
}

/// Fresh random bytes for one login.
pub(super) fn nonce() -> Result<[u8; 24], String> {
    let mut nonce = [0; 24];
    let filled = crypto::ring::default_provider().secure_random.fill(&mut nonce);
    filled.map(|()| nonce).map_err(|_| String::from("the system gives no random bytes"))
}

fn utc(seconds: u64) -> String {
    moment::rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Remembers the first bytes that a peer sent, so that a failed handshake can be explained by them.
pub(super) struct Witness<S> {
    stream: S,
    first: [u8; 4],
    seen: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Witness<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if self.seen < self.first.len() {
            let (seen, fresh) = (self.seen, &buf.filled()[before..]);
            let taken = fresh.len().min(self.first.len() - seen);
            self.first[seen..seen + taken].copy_from_slice(&fresh[..taken]);
            self.seen += taken;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Witness<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

const TRUSTSTORE: &str = "KAFKA_SSL_TRUSTSTORE";
const KEYSTORE: &str = "KAFKA_SSL_KEYSTORE";
const LIMIT_HINT: &str =
    "or the broker takes no more connections: max.connections, max.connections.per.ip, or Amazon MSK's limits";
const PLAINTEXT_HINT: &str = "if this is a plaintext listener, use the TLS one, or say KAFKA_SECURITY_PROTOCOL=PLAINTEXT (SASL_PLAINTEXT with a login)";
