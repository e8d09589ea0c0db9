//! PKCS#12 (RFC 7292), as Java's keytool and OpenSSL write it.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use pkcs8::EncryptedPrivateKeyInfoRef;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Header, SliceReader};

use super::work::{self, Work};
use super::{Contents, Extract, Trouble};
use crate::model::secret::Secret;

/// Whether DER is PKCS#12, which begins with its version 3; certificates and keys begin differently.
pub(super) fn of_der(bytes: &[u8]) -> Result<(), Trouble> {
    let version = || {
        let mut reader = SliceReader::new(bytes)?;
        Header::decode(&mut reader)?;
        u8::decode(&mut reader)
    };
    if matches!(version(), Ok(3)) {
        return Ok(());
    }
    if work::is_ber(bytes) {
        return Err(Trouble::Ber);
    }
    let key = PrivateKeyDer::try_from(bytes).is_ok() || EncryptedPrivateKeyInfoRef::try_from(bytes).is_ok();
    Err(match Certificate::from_der(bytes) {
        Ok(_) => Trouble::DerCertificate,
        Err(_) if key => Trouble::DerKey,
        Err(_) => Trouble::Unknown,
    })
}

/// Certificates, and each key with its own certificates. In a store with keys, such as Java's, only the certificates
/// that it marks as trusted are trusted, and the first certificate of each key.
pub(super) fn open(bytes: &[u8], password: Option<&Secret>, wanted: Extract<'_>) -> Result<Contents, Trouble> {
    if work::is_ber(bytes) {
        return Err(Trouble::Ber);
    }
    let work = Work::of(bytes);
    work.bounded()?;
    let archive = Pkcs12Archive::from_pkcs12(bytes, password.map_or("", Secret::expose));
    let archive = archive.map_err(|error| match error {
        // A wrong password shows in the checksum, or, without a checksum, in what is decrypted.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) if password.is_none() => Trouble::Locked,
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Trouble::WrongPassword,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => Trouble::Cipher(work.unread),
        Error::X509Error(_) => Trouble::Malformed("is a PKCS#12 file with a certificate that cannot be read"),
        _ if work.unread.is_some() => Trouble::Cipher(work.unread),
        _ => Trouble::Malformed("is a PKCS#12 file that cannot be read"),
    })?;
    let der = |bag: &p12_keystore::CertificateBag| CertificateDer::from(bag.cert.as_der().to_vec());
    let own = |key: &p12_keystore::PrivateKeyBag| {
        let id = key.local_key_id.as_ref().map(AsRef::as_ref);
        archive.certs.iter().position(|bag| id.is_some() && bag.local_key_id.as_deref() == id)
    };
    if matches!(wanted, Extract::Certificates) && !archive.keys.is_empty() {
        let firsts: Vec<usize> = archive.keys.iter().filter_map(own).collect();
        let trusted = archive.certs.iter().enumerate().filter(|(at, bag)| bag.trusted || firsts.contains(at));
        return Ok(Contents { certificates: trusted.map(|(_, bag)| der(bag)).collect(), keys: Vec::new() });
    }
    let keys = archive.keys.iter().map(|key| {
        let own = own(key);
        let chain = own.map(|own| chain(&archive, own)).unwrap_or_default();
        (PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into(), chain.into_iter().map(der).collect())
    });
    let keys = keys.collect();
    Ok(Contents { certificates: archive.certs.iter().map(der).collect(), keys })
}

/// A certificate, then its issuer, and so on: OpenSSL writes them in any order.
fn chain(archive: &Pkcs12Archive, own: usize) -> Vec<&p12_keystore::CertificateBag> {
    let mut chain = vec![&archive.certs[own]];
    while let Some(last) = chain.last() {
        let issuer = |bag: &&p12_keystore::CertificateBag| {
            bag.cert.subject() == last.cert.issuer() && chain.iter().all(|known| known.cert != bag.cert)
        };
        match archive.certs.iter().find(issuer) {
            Some(issuer) => chain.push(issuer),
            None => break,
        }
    }
    chain
}
