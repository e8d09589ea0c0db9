//! TLS to one broker: always verified, and a sentence for each way in which it fails.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as RustlsError, RootCertStore, crypto,
};

use crate::config::{Endpoint, Pem};
use crate::moment;

/// What a TLS client needs, made once a run and shared by all connections.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    roots: Arc<RootCertStore>,
}

/// A trust store or key store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not there, or may not be read.
    #[error("{variable} names the file {path:?}, which cannot be read")]
    File {
        /// The configuration variable.
        variable: &'static str,
        /// The path that it names.
        path: String,
        /// The operating system's words.
        source: io::Error,
    },
    /// There is no such PEM section, or it is malformed.
    #[error("{variable} holds no usable {what}: {found}")]
    Pem {
        /// The configuration variable.
        variable: &'static str,
        /// The kind of PEM section that is needed.
        what: &'static str,
        /// What was found instead.
        found: String,
    },
    /// The client certificate and key do not go together.
    #[error("KAFKA_SSL_KEYSTORE cannot be used: {0}")]
    Pair(String),
}

impl Tls {
    /// Trusts `truststore`, or Mozilla's roots without one; shows `keystore` to brokers that ask for a certificate.
    ///
    /// # Errors
    /// [`TlsError`] where either holds no usable PEM.
    pub fn new(truststore: Option<&Pem>, keystore: Option<&Pem>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        match truststore {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for certificate in certificates(TRUSTSTORE, &read(TRUSTSTORE, pem)?)? {
                    roots.add(certificate).map_err(|error| TlsError::Pem {
                        variable: TRUSTSTORE,
                        what: "CA certificate",
                        found: error.to_string(),
                    })?;
                }
            }
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Pair(error.to_string()))?
            .with_root_certificates(Arc::clone(&roots));
        let config = match keystore {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let text = read(KEYSTORE, pem)?;
                let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| TlsError::Pem {
                    variable: KEYSTORE,
                    what: "private key (PKCS#8, PKCS#1 or SEC1, not encrypted)",
                    found: malformed(&error).into(),
                })?;
                builder
                    .with_client_auth_cert(certificates(KEYSTORE, &text)?, key)
                    .map_err(|error| TlsError::Pair(error.to_string()))?
            }
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
        (None, []) => format!("the connection was closed during the TLS handshake; {PLAINTEXT_HINT}"),
        (None, _) => format!("the connection was lost during the TLS handshake: {error}"),
    }
}

fn explain_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the certificate is for another name: it names {}, not {}; connect by a name that it holds",
            presented.join(", "),
            expected.to_str()
        ),
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

fn explain_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure => format!(
            "the broker ended the TLS handshake ({alert:?}): it may want a client certificate; give one in {KEYSTORE}"
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

fn read(variable: &'static str, pem: &Pem) -> Result<Vec<u8>, TlsError> {
    match pem {
        Pem::Value(text) => Ok(text.expose().as_bytes().to_vec()),
        Pem::Path(path) => {
            std::fs::read(path).map_err(|source| TlsError::File { variable, path: path.clone(), source })
        }
        Pem::Kept(reference) => Err(TlsError::Pem { variable, what: "PEM", found: format!("{reference}, unread") }),
    }
}

fn certificates(variable: &'static str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |found: String| TlsError::Pem { variable, what: "certificate", found };
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(malformed(&error).into()))?;
    if found.is_empty() { Err(wrong("there is no CERTIFICATE section".into())) } else { Ok(found) }
}

/// What is wrong with a PEM, without a word of it: the library's own errors quote the text, which may be a private key's.
fn malformed(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::NoItemsFound => "there is none",
        pem::Error::MissingSectionEnd { .. } => {
            "a section has no end line; is it cut off, or are its line breaks lost?"
        }
        pem::Error::IllegalSectionStart { .. } => "the first line of a section is malformed",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it is malformed",
    }
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
const PLAINTEXT_HINT: &str = "if this is a plaintext listener, use the TLS one, or say KAFKA_SECURITY_PROTOCOL=PLAINTEXT (SASL_PLAINTEXT with a login)";
