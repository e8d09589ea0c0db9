//! Trust stores and key stores in every form that Kafka's own clients take, from bytes to certificates and keys that fit.
//!
//! The form is told by the bytes, as Java does it for JKS and PKCS#12 (`keystore.type.compat`); the authority on PEM is KIP-651.
//! Nothing here quotes what it reads, since it may be a private key's.

use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use crate::model::secret::Secret;

mod error;
mod jks;
mod pem;
mod pkcs12;
mod work;

pub use error::{KeystoreError, Trouble};

/// How certificates and keys are packed: `ssl.truststore.type`, `ssl.keystore.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text (KIP-651).
    Pem,
    /// PKCS#12 (RFC 7292), which Java writes since release 9.
    Pkcs12,
    /// Java's own, which it wrote before.
    Jks,
}

/// A store as it was read, and what opens it.
pub struct Sealed {
    /// The variable that errors name.
    pub variable: &'static str,
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What it is said to be; `None` lets the bytes tell.
    pub form: Option<Form>,
    /// The store's password; `None` where it has none.
    pub password: Option<Secret>,
    /// The private key's; `None` means the store's.
    pub key_password: Option<Secret>,
}

/// CAs to trust, each of which can be read; at least one.
#[derive(Clone, Debug)]
pub struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    /// Certificates that were left out, since they cannot be read.
    pub odd: usize,
}

/// A certificate chain, the client's own first, and the private key that fits it.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

/// What a store holds.
#[derive(Default)]
struct Contents {
    certificates: Vec<CertificateDer<'static>>,
    /// Private keys, each with the chain that stands with it; an empty one stands for all certificates of the store.
    keys: Vec<(PrivateKeyDer<'static>, Vec<CertificateDer<'static>>)>,
}

/// What is asked of a store: a trust store may come without the password of its keys.
#[derive(Clone, Copy)]
enum Extract<'a> {
    Certificates,
    /// Keys too, with the password that may open them.
    Keys(Option<&'a Secret>),
}

impl Form {
    /// The words for it in variables.
    pub(crate) const WORDS: [(&str, Self); 3] = [("PEM", Self::Pem), ("PKCS12", Self::Pkcs12), ("JKS", Self::Jks)];

    fn of(bytes: &[u8]) -> Result<Self, Trouble> {
        match bytes {
            [] => Err(Trouble::Empty),
            [0xfe, 0xed, 0xfe, 0xed, ..] => Ok(Self::Jks),
            [0xce, 0xce, 0xce, 0xce, ..] => Err(Trouble::Jceks),
            _ if pem::is(bytes) => Ok(Self::Pem),
            [0x30, ..] => pkcs12::of_der(bytes).map(|()| Self::Pkcs12),
            _ => Err(Trouble::Unknown),
        }
    }
}

impl Sealed {
    /// The certificates as CAs to trust; those that cannot be read do not make the rest useless.
    ///
    /// # Errors
    /// [`KeystoreError`] where none is left, or the store does not open.
    pub fn authorities(&self) -> Result<Authorities, KeystoreError> {
        let found = self.open(false)?.certificates;
        if found.is_empty() {
            return Err(self.wrong(Trouble::NoCertificate));
        }
        let all = found.len();
        let fits = |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
        let certificates: Vec<_> = found.into_iter().filter(fits).collect();
        match all - certificates.len() {
            odd if odd == all => Err(self.wrong(Trouble::OddCertificates(all))),
            odd => Ok(Authorities { certificates, odd }),
        }
    }

    /// The private key and its certificates.
    ///
    /// # Errors
    /// [`KeystoreError`] where there is not exactly one key, it fits no certificate, or the store does not open.
    pub fn identity(&self) -> Result<Identity, KeystoreError> {
        let Contents { certificates, mut keys } = self.open(true)?;
        let (key, chain) = match (keys.pop(), keys.len()) {
            (Some(found), 0) => found,
            (Some(_), others) => return Err(self.wrong(Trouble::ManyKeys(others + 1))),
            (None, _) => return Err(self.wrong(Trouble::NoKey)),
        };
        let chain = if chain.is_empty() { certificates } else { chain };
        if chain.is_empty() {
            return Err(self.wrong(Trouble::NoCertificate));
        }
        let key = default_provider().key_provider.load_private_key(key);
        let key = key.map_err(|_| self.wrong(Trouble::OddKey))?;
        // What does not tell its public key is left to the broker's judgement.
        let public = key.public_key();
        let fits = |certificate: &CertificateDer<'static>| {
            let own = Certificate::from_der(certificate)
                .and_then(|own| own.tbs_certificate().subject_public_key_info().to_der());
            public.as_ref().zip(own.ok()).is_none_or(|(public, own)| public.as_ref() == own)
        };
        match chain.iter().position(fits) {
            Some(0) => Ok(Identity(Arc::new(CertifiedKey::new(chain, key)))),
            Some(before) => Err(self.wrong(Trouble::Order { position: before + 1, of: chain.len() })),
            None => Err(self.wrong(Trouble::Mismatch(chain.len()))),
        }
    }

    /// What is in it, with or without its keys.
    fn open(&self, keys: bool) -> Result<Contents, KeystoreError> {
        let armoured = pem::unarmoured(&self.bytes);
        let bytes = armoured.as_deref().unwrap_or(&self.bytes);
        let of_store = self.password.as_ref();
        let of_key = self.key_password.as_ref().or(of_store);
        let wanted = if keys { Extract::Keys(of_key) } else { Extract::Certificates };
        let opened = Form::of(bytes).and_then(|form| match (self.form, form) {
            (Some(Form::Pem), Form::Jks | Form::Pkcs12) | (Some(Form::Jks | Form::Pkcs12), Form::Pem) => {
                Err(Trouble::OtherForm(form))
            }
            (_, Form::Pem) => pem::open(bytes, wanted),
            (_, Form::Pkcs12) => pkcs12::open(bytes, of_store.or(of_key), wanted),
            (_, Form::Jks) => jks::open(bytes, of_store, wanted),
        });
        opened.map_err(|trouble| self.wrong(trouble))
    }

    fn wrong(&self, trouble: Trouble) -> KeystoreError {
        KeystoreError { variable: self.variable, trouble }
    }
}

impl Authorities {
    /// For TLS.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificates.iter().cloned());
        roots
    }

    /// For clients that take PEM alone.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.certificates.iter().map(|certificate| pem::armoured(certificate)).collect()
    }
}

impl Identity {
    /// For TLS.
    #[must_use]
    pub fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}
