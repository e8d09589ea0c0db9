//! TLS from a broker's side: an authority created on the spot, and the certificates that a broker shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A certificate authority.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, and whether it is shown to those alone who show one themselves.
#[derive(Clone)]
pub(crate) struct Identity {
    config: Arc<ServerConfig>,
}

/// When a certificate holds.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Now,
    /// Until the first day of 2001.
    Past,
    /// From the first day of 2101 on.
    Future,
}

impl Authority {
    /// One whose name no other has.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        Self::named(&format!("authority {}", NUMBER.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// For the trust store.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// What a broker shows that holds these names and addresses.
    pub(crate) fn identity(&self, names: &[&str], validity: Validity) -> Identity {
        let (certificate, key) = self.issue(names, validity);
        Identity::new(certificate.der().clone(), &key, None)
    }

    /// As [`Authority::identity`], to clients alone that show a certificate of `clients`.
    pub(crate) fn guarded(&self, names: &[&str], clients: &Self) -> Identity {
        let (certificate, key) = self.issue(names, Validity::Now);
        Identity::new(certificate.der().clone(), &key, Some(clients))
    }

    /// What a broker shows that has no certificate but the authority's own, and the authority as a trust store has it.
    pub(crate) fn posing(names: &[&str]) -> (Identity, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names for a certificate");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        (Identity::new(certificate.der().clone(), &key, None), certificate.pem())
    }

    /// For the key store: certificate and key in one text.
    pub(crate) fn client_pem(&self, validity: Validity) -> String {
        let (certificate, key) = self.issue(&["client"], validity);
        certificate.pem() + &key.serialize_pem()
    }

    fn issue(&self, names: &[&str], validity: Validity) -> (Certificate, KeyPair) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names for a certificate");
        match validity {
            Validity::Now => {}
            Validity::Past => params.not_after = date_time_ymd(2001, 1, 1),
            Validity::Future => params.not_before = date_time_ymd(2101, 1, 1),
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate, key)
    }
}

impl Identity {
    fn new(certificate: CertificateDer<'static>, key: &KeyPair, clients: Option<&Authority>) -> Self {
        let provider = Arc::new(default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("protocol versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate.der().clone()).expect("a root");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        let config = builder.with_single_cert(vec![certificate], key).expect("a certificate and its key");
        Self { config: Arc::new(config) }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}
