//! TLS to one broker: always verified.

mod error;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError, RootCertStore, crypto};

pub(crate) use error::{HandshakeError, ended};

use crate::kafka::net::sasl::LoginError;
use crate::keystore::{Authorities, Identity};
use crate::model::endpoint::Endpoint;

/// The settings of a TLS client, created once and shared by all connections.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    roots: Arc<RootCertStore>,
}

impl Tls {
    /// Trusts `authorities`, or Mozilla's roots without them; shows `identity` to brokers that ask for a certificate.
    ///
    /// # Errors
    /// If the library supports no version of TLS.
    pub fn new(authorities: Option<&Authorities>, identity: Option<&Identity>) -> Result<Self, RustlsError> {
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
    pub(crate) fn parts(&self) -> (&ClientConfig, &Arc<RootCertStore>) {
        (self.connector.config(), &self.roots)
    }

    /// The same CAs with other settings.
    pub(crate) fn with(&self, config: ClientConfig) -> Self {
        Self { connector: TlsConnector::from(Arc::new(config)), roots: Arc::clone(&self.roots) }
    }

    /// Does the handshake with the broker at `endpoint`, whose name is sent as SNI and must be in its certificate.
    pub(crate) async fn connect<S>(
        &self,
        endpoint: &Endpoint,
        stream: S,
    ) -> Result<TlsStream<FirstBytes<S>>, HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(endpoint.host.as_str())
            .map_err(|_| HandshakeError::Name(endpoint.host.clone()))?
            .to_owned();
        self.connector
            .connect(name, FirstBytes { stream, first: [0; 4], seen: 0 })
            .into_fallible()
            .await
            .map_err(|(error, witness)| HandshakeError::of(error, &witness.first[..witness.seen]))
    }
}

/// Fresh random bytes for one login.
pub(crate) fn nonce() -> Result<[u8; 24], LoginError> {
    let mut nonce = [0; 24];
    let filled = crypto::ring::default_provider().secure_random.fill(&mut nonce);
    filled.map(|()| nonce).map_err(|_| LoginError::NoRandomBytes)
}

/// Remembers the first bytes that a peer sent, to explain a failed handshake by them.
pub(crate) struct FirstBytes<S> {
    stream: S,
    first: [u8; 4],
    seen: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
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
