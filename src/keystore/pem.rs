//! PEM (RFC 7468; KIP-651): certificates and a private key, one after the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pem_rfc7468::LineEnding;
use pkcs8::EncryptedPrivateKeyInfoRef;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::work::Work;
use super::{Contents, Extract, Trouble};
use crate::model::secret::Secret;

/// Whether it has a section.
pub(super) fn is(bytes: &[u8]) -> bool {
    find(bytes, b"-----BEGIN ").is_some()
}

/// The sections.
pub(super) fn open(bytes: &[u8], wanted: Extract<'_>) -> Result<Contents, Trouble> {
    // OpenSSL's form before PKCS#8 derives the key with one round of MD5; its headers (RFC 1421) are not base64.
    if find(bytes, b"Proc-Type: 4,ENCRYPTED").is_some() {
        return Err(Trouble::OldCipher);
    }
    framed(bytes)?;
    let certificates = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| Trouble::Malformed(malformed(&error)))?;
    let Extract::Keys(password) = wanted else {
        return Ok(Contents { certificates, keys: Vec::new() });
    };
    let keys = PrivateKeyDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let mut keys = keys.map_err(|error| Trouble::Malformed(malformed(&error)))?;
    if let Some(encrypted) = encrypted(bytes)? {
        keys.push(decrypted(&encrypted, password)?);
    }
    Ok(Contents { certificates, keys: keys.into_iter().map(|key| (key, Vec::new())).collect() })
}

/// Checks that each section begins on its own line and ends; the library skips a section that does not.
fn framed(bytes: &[u8]) -> Result<(), Trouble> {
    let mut open = false;
    for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
        let (begins, ends) = (line.starts_with(b"-----BEGIN "), line.starts_with(b"-----END "));
        if begins && !line.ends_with(b"-----") {
            return Err(Trouble::Malformed("has a section whose first line is malformed"));
        }
        if begins && open {
            return Err(UNENDED);
        }
        open = begins || (open && !ends);
    }
    if open { Err(UNENDED) } else { Ok(()) }
}

/// The section of an encrypted private key (RFC 7468, section 11), which the library skips.
fn encrypted(bytes: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
    let Some(start) = find(bytes, BEGIN) else { return Ok(None) };
    let rest = &bytes[start + BEGIN.len()..];
    let end = find(rest, b"-----END").ok_or(UNENDED)?;
    let base64: Vec<u8> = rest[..end].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(base64).map(Some).map_err(|_| Trouble::Malformed("has a section that is not base64"))
}

/// PKCS#8 (RFC 5958) under PBES2 (RFC 8018).
fn decrypted(der: &[u8], password: Option<&Secret>) -> Result<PrivateKeyDer<'static>, Trouble> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der);
    // Anything but PBES2 does not parse either.
    let encrypted = encrypted.map_err(|_| Trouble::OldCipher)?;
    let password = password.ok_or(Trouble::LockedKey)?;
    Work::of(der).bounded()?;
    let plain = encrypted.decrypt(password.expose()).map_err(|_| Trouble::WrongKeyPassword)?;
    Ok(PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec()).into())
}

/// The bytes of a store that was saved as base64, because secret stores hold text.
pub(super) fn unarmoured(bytes: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    if !text.iter().all(base64) {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    // DER's sequence, and Java's two formats.
    matches!(bytes.first(), Some(0x30 | 0xfe | 0xce)).then_some(bytes)
}

/// One certificate as text.
pub(super) fn armoured(certificate: &[u8]) -> String {
    // Only a length beyond any memory can fail.
    pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, certificate).unwrap_or_default()
}

/// What is wrong with a PEM, without any of its text: the library's own errors quote it.
fn malformed(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::Base64Decode(_) => "has a section that is not base64",
        _ => "is malformed PEM",
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

const UNENDED: Trouble = Trouble::Malformed("has a section without an end line");

const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
