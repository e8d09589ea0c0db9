//! JKS, Java's own form before release 9.
//!
//! The authority is `OpenJDK`'s `sun.security.provider.JavaKeyStore` and `KeyProtector`. This module reads the format
//! itself, because the one library for it reserves any length that a file claims and indexes without checks: a
//! truncated file would end the process.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA1_OUTPUT_LEN};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_cert::der::asn1::OctetStringRef;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Contents, Extract, Trouble};
use crate::model::secret::Secret;

/// All certificates, and each key with its chain. Without the store's `password` the file's integrity is not checked,
/// as in Java; the password of a key may differ from that of the store.
pub(super) fn open(bytes: &[u8], password: Option<&Secret>, wanted: Extract<'_>) -> Result<Contents, Trouble> {
    let (body, sum) = bytes.split_last_chunk::<SHA1_OUTPUT_LEN>().ok_or(CUT)?;
    if password.is_some_and(|password| digest(&[&utf16(password), WHITENER, body]) != *sum) {
        return Err(Trouble::WrongPassword);
    }
    let mut rest = Remaining(body);
    let (_magic, version, entries) = (rest.number()?, rest.number()?, rest.number()?);
    let mut contents = Contents::default();
    for _ in 0..entries {
        let tag = rest.number()?;
        rest.name()?;
        // Creation time, in milliseconds since 1970.
        rest.take(8)?;
        match tag {
            KEY => {
                let sealed = rest.bytes()?;
                let certificates = rest.number()?;
                let mut chain = Vec::new();
                for _ in 0..certificates {
                    chain.push(rest.certificate(version)?);
                }
                // Java trusts only the first of them (`TrustStoreUtil`).
                contents.certificates.extend(chain.first().cloned());
                if let Extract::Keys(password) = wanted {
                    contents.keys.push((unsealed(sealed, password.ok_or(Trouble::Locked)?)?, chain));
                }
            }
            CERTIFICATE => contents.certificates.push(rest.certificate(version)?),
            _ => return Err(Trouble::Malformed("is a Java key store with an entry of an unknown kind")),
        }
    }
    Ok(contents)
}

/// A private key, combined with a stream of digests over password and salt.
fn unsealed(sealed: &[u8], password: &Secret) -> Result<PrivateKeyDer<'static>, Trouble> {
    let odd = |_| Trouble::Malformed("is a Java key store with a private key that cannot be read");
    let mut reader = SliceReader::new(sealed).map_err(odd)?;
    let data = reader.sequence(|reader| {
        AlgorithmIdentifierOwned::decode(reader)?;
        <&OctetStringRef>::decode(reader)
    });
    let data = data.map_err(odd)?.as_bytes();
    let (salt, data) = data.split_first_chunk::<SHA1_OUTPUT_LEN>().ok_or(CUT)?;
    let (data, sum) = data.split_last_chunk::<SHA1_OUTPUT_LEN>().ok_or(CUT)?;
    let password = utf16(password);
    let mut plain = Vec::with_capacity(data.len());
    let mut stream = *salt;
    for block in data.chunks(SHA1_OUTPUT_LEN) {
        stream = digest(&[&password, &stream]);
        plain.extend(block.iter().zip(stream).map(|(byte, key)| byte ^ key));
    }
    if digest(&[&password, &plain]) != *sum {
        return Err(Trouble::WrongKeyPassword);
    }
    Ok(PrivatePkcs8KeyDer::from(plain).into())
}

fn digest(parts: &[&[u8]]) -> [u8; SHA1_OUTPUT_LEN] {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; SHA1_OUTPUT_LEN];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// Java's characters, big-endian.
fn utf16(password: &Secret) -> Vec<u8> {
    password.expose().encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The bytes that are still to be read; nothing is reserved for bytes that are not there.
struct Remaining<'a>(&'a [u8]);

impl<'a> Remaining<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8], Trouble> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Trouble> {
        let (number, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Trouble> {
        let size = self.number()?;
        self.take(usize::try_from(size).map_err(|_| CUT)?)
    }

    fn name(&mut self) -> Result<&'a [u8], Trouble> {
        let (size, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        self.take(u16::from_be_bytes(*size).into())
    }

    /// The first version has only X.509 certificates, and no field for the type.
    fn certificate(&mut self, version: u32) -> Result<CertificateDer<'static>, Trouble> {
        if version > 1 {
            self.name()?;
        }
        self.bytes().map(|der| CertificateDer::from(der.to_vec()))
    }
}

const KEY: u32 = 1;
const CERTIFICATE: u32 = 2;

/// The constant that Java mixes into the store's digest.
const WHITENER: &[u8] = b"Mighty Aphrodite";

const CUT: Trouble = Trouble::Malformed("is a Java key store that is cut off");
