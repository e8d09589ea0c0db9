//! Why a trust store or key store cannot be used, and what to do.

use std::fmt;

use super::Form;
use super::work::MOST_MEMORY;
use crate::base::figures::grouped;

/// A trust store or key store that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable} {trouble}{}", way_out(variable, *trouble))]
pub struct KeystoreError {
    /// The variable with the store or its place.
    pub(crate) variable: &'static str,
    pub(crate) trouble: Trouble,
}

/// What is wrong with a trust store or key store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It has none of the known formats.
    #[error("is neither PEM nor PKCS#12 nor a Java key store (JKS)")]
    Unknown,
    /// Java's format for secret keys.
    #[error("is a Java key store of type JCEKS")]
    Jceks,
    /// A certificate in DER.
    #[error("is a certificate in DER, not PEM")]
    DerCertificate,
    /// A private key in DER.
    #[error("is a private key in DER, not PEM")]
    DerKey,
    /// It has this format, and the configured type is another one.
    #[error("is {0}")]
    OtherForm(Form),
    /// Part of it is cut off or malformed.
    #[error("{0}")]
    Malformed(&'static str),
    /// It needs a password, and none is set.
    #[error("needs a password")]
    Locked,
    /// The password that is set does not open it.
    #[error("is not opened by its password")]
    WrongPassword,
    /// The private key needs a password, and none is set.
    #[error("has an encrypted private key")]
    LockedKey,
    /// The password that is set does not open the private key.
    #[error("has a private key that its password does not open")]
    WrongKeyPassword,
    /// The private key is encrypted in a way that meerkat does not read.
    #[error("has a private key that is encrypted in an old form")]
    OldCipher,
    /// It is PKCS#12 in BER.
    #[error("is a PKCS#12 file in BER, as Bouncy Castle writes it")]
    Ber,
    /// It is PKCS#12 with a cipher or a checksum that meerkat does not read, by its name if that is known.
    #[error("is a PKCS#12 file with {cipher}",
        cipher = .0.map_or("a cipher that is not read".into(), |name| format!("{name}, which is not read")))]
    Cipher(Option<&'static str>),
    /// It demands more rounds of key derivation than allowed.
    #[error("asks for {} rounds of key derivation, and {} are the most that are done", grouped(*.found), grouped(*.most))]
    Rounds {
        /// The rounds that it demands.
        found: u64,
        /// The rounds that are allowed.
        most: u64,
    },
    /// A key derivation of it demands this many bytes of memory.
    #[error(
        "asks for {} MB of memory to derive a key (scrypt), and {} MB are the most that are given",
        grouped(.0 / MB),
        grouped(MOST_MEMORY / MB)
    )]
    Memory(u64),
    /// There is no certificate.
    #[error("has no certificate")]
    NoCertificate,
    /// There are certificates, and none can be read.
    #[error("has {unread}",
        unread = if *.0 == 1 { "a certificate that cannot be read".into() } else { format!("{} certificates, none of which can be read", .0) })]
    OddCertificates(usize),
    /// There is no private key.
    #[error("has no private key")]
    NoKey,
    /// There are several private keys, and a client can show only one.
    #[error("has {0} private keys, and a client can use only one")]
    ManyKeys(usize),
    /// The private key is of a kind that TLS does not use.
    #[error("has a private key that TLS cannot use")]
    OddKey,
    /// The private key matches none of the certificates.
    #[error("has a private key that {fits}",
        fits = if *.0 == 1 { "does not fit its certificate".into() } else { format!("fits none of its {} certificates", .0) })]
    Mismatch(usize),
    /// The private key matches a certificate that is not the first.
    #[error("has a private key that fits certificate {position} of {of}, and it must be the first")]
    Order {
        /// Its number, from 1.
        position: usize,
        /// The number of certificates.
        of: usize,
    },
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem => "PEM",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::Jks => "a Java key store (JKS)",
        })
    }
}

const MB: u64 = 1024 * 1024;

/// What to do about it.
fn way_out(variable: &str, trouble: Trouble) -> String {
    let trusting = !variable.ends_with("KEYSTORE");
    match trouble {
        Trouble::Empty | Trouble::Malformed(_) | Trouble::WrongKeyPassword if trusting => String::new(),
        Trouble::Empty | Trouble::Malformed(_) => String::from("; is the file whole?"),
        Trouble::Unknown if trusting => String::from(": name the CA's certificates in one of these forms"),
        Trouble::Unknown => String::from(": name a certificate and its key in one of these forms"),
        Trouble::Jceks => String::from(
            ": convert it with keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore FILE.p12 -deststoretype PKCS12",
        ),
        Trouble::DerCertificate if trusting => {
            String::from(": convert it with openssl x509 -inform der -in FILE -out FILE.pem")
        }
        Trouble::DerCertificate => String::from(
            ": convert it with openssl x509 -inform der -in FILE -out FILE.pem, and put its private key's PEM behind it",
        ),
        Trouble::DerKey => String::from(
            ": convert it with openssl pkey -inform der -in FILE -out FILE.pem, and put its certificate's PEM beside it",
        ),
        Trouble::OtherForm(Form::Pem) => format!(", not the format of {variable}_TYPE: set that to PEM, or remove it"),
        Trouble::OtherForm(_) => {
            format!(", not PEM as {variable}_TYPE states: remove that, and set {variable}_PASSWORD")
        }
        Trouble::Locked => format!(": set {variable}_PASSWORD"),
        Trouble::WrongPassword => format!(": check {variable}_PASSWORD"),
        Trouble::LockedKey => String::from(": set KAFKA_SSL_KEY_PASSWORD"),
        Trouble::WrongKeyPassword => {
            format!(": check KAFKA_SSL_KEY_PASSWORD, or without that {variable}_PASSWORD")
        }
        Trouble::Ber | Trouble::Cipher(_) => String::from(
            ": write it again with openssl pkcs12 -legacy -in FILE -nodes -out FILE.pem, and name FILE.pem",
        ),
        Trouble::Rounds { .. } | Trouble::Memory(_) => String::from(
            ": write it again with fewer, a key with openssl pkcs8 -topk8 -v2 aes256 -iter 100000 -in KEY.pem -out NEW.pem",
        ),
        Trouble::OldCipher => {
            String::from(": convert it with openssl pkcs8 -topk8 -v2 aes256 -in KEY.pem -out NEW.pem")
        }
        Trouble::NoCertificate if trusting => String::from(": put the CA's there"),
        Trouble::NoCertificate => String::from(": put the client's there, and those of its issuers behind it"),
        Trouble::OddCertificates(_) => String::from(": openssl x509 -in FILE -text shows the reason"),
        Trouble::NoKey => String::from(": put the client's private key beside its certificate"),
        Trouble::ManyKeys(_) => String::from(
            ": copy the one to show with keytool -importkeystore -srckeystore FILE -srcalias NAME -destkeystore NEW.p12",
        ),
        Trouble::OddKey => {
            String::from(": supported are RSA of 2,048 to 4,096 bits, ECDSA on P-256 or P-384, or Ed25519")
        }
        Trouble::Mismatch(_) => String::from(
            ": openssl x509 -pubkey -noout and openssl pkey -pubout print the same where they belong together",
        ),
        Trouble::Order { .. } => String::from(": put the client's own certificate before those of its issuers"),
    }
}
