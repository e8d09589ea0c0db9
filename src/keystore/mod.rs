//! Trust stores and key stores in every format that Kafka's own clients read, from bytes to certificates and matching
//! keys.
//!
//! The bytes show the format, as in Java for JKS and PKCS#12 (`keystore.type.compat`); the authority on PEM is
//! KIP-651. No error here quotes its input, since it may be a private key.

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

/// The format of certificates and keys: `ssl.truststore.type`, `ssl.keystore.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text (KIP-651).
    Pem,
    /// PKCS#12 (RFC 7292), which Java writes since release 9.
    Pkcs12,
    /// Java's own format, which it wrote before.
    Jks,
}

/// A store as it was read, and the passwords that open it.
pub struct Sealed {
    /// The variable that errors name.
    pub variable: &'static str,
    /// The whole file.
    pub bytes: Vec<u8>,
    /// The configured format; `None` derives it from the bytes.
    pub form: Option<Form>,
    /// The store's password; `None` if it has none.
    pub password: Option<Secret>,
    /// The private key's password; `None` means the store's.
    pub key_password: Option<Secret>,
}

/// CAs to trust, each of them readable; at least one.
#[derive(Clone, Debug)]
pub struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    /// How many certificates were left out because they cannot be read.
    pub odd: usize,
}

/// A certificate chain, the client's own first, and the matching private key.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

/// What a store holds.
#[derive(Default)]
struct Contents {
    certificates: Vec<CertificateDer<'static>>,
    /// Private keys, each with its chain; an empty chain means all certificates of the store.
    keys: Vec<(PrivateKeyDer<'static>, Vec<CertificateDer<'static>>)>,
}

/// What is needed of a store: a trust store may lack the password of its keys.
#[derive(Clone, Copy)]
enum Extract<'a> {
    Certificates,
    /// Keys too, with the password that may open them.
    Keys(Option<&'a Secret>),
}

impl Form {
    /// The values of the variables.
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
    /// The certificates as CAs to trust; unreadable ones do not make the rest useless.
    ///
    /// # Errors
    /// [`KeystoreError`] if none is left, or the store does not open.
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
    /// [`KeystoreError`] if there is not exactly one key, it matches no certificate, or the store does not open.
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
        // A key whose public half cannot be computed is left to the broker's check.
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

    /// The content, with or without its keys.
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

    /// For clients that read PEM only.
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
