//! The certificate of a broker, accepted or not: verified as usual, and remembered.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{DigitallySignedStruct, Error, SignatureScheme, crypto};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::found;
use crate::kafka::net::error::DialError;
use crate::kafka::net::tls::Tls;

/// The bytes of the certificate, once it was shown.
pub(super) type Shown = Arc<OnceLock<Vec<u8>>>;

impl Tls {
    /// The same client, which remembers the certificate.
    pub(super) fn watching(&self) -> Result<(Self, Shown), DialError> {
        let (config, roots) = self.parts();
        let provider = Arc::new(crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider).build();
        let verifier = verifier.map_err(DialError::Truststore)?;
        let shown = Shown::default();
        let mut config = config.clone();
        // A resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        let watcher = Watcher { verifier, shown: Arc::clone(&shown) };
        config.dangerous().set_certificate_verifier(Arc::new(watcher));
        Ok((self.with(config), shown))
    }
}

/// Makes no decision of its own.
#[derive(Debug)]
struct Watcher {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Shown,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let _ = self.shown.set(end_entity.to_vec());
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// The content of a certificate (RFC 5280); `None` if it cannot be read.
pub(super) fn read(der: &[u8]) -> Option<found::Certificate> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let certificate = certificate.tbs_certificate();
    let alternatives = certificate.get_extension::<SubjectAltName>().ok().flatten();
    let names = alternatives.map(|(_, SubjectAltName(names))| names.iter().filter_map(name).collect());
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Some(found::Certificate {
        names: names.unwrap_or_default(),
        issuer: certificate.issuer().to_string(),
        subject: certificate.subject().to_string(),
        not_before: seconds(certificate.validity().not_before),
        not_after: seconds(certificate.validity().not_after),
    })
}

/// The kinds of names that a host is verified by.
fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string())).ok()
        }
        _ => None,
    }
}
