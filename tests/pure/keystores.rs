//! Trust stores and key stores as OpenSSL and Java's keytool write them; `tests/support/keystores/make.sh` made them.

use std::path::Path;

use meerkat::keystore::{Form, Sealed};
use meerkat::model::secret::Secret;

/// A file beside `make.sh`.
pub(crate) fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/keystores").join(name)).expect(name)
}

/// Files one behind the other.
fn files(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| file(name)).collect()
}

fn secret(text: &str) -> Option<Secret> {
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}

/// How many certificates come first to last with the key, or why there is none.
fn identity(bytes: &[u8], password: &str, key_password: &str) -> String {
    shown(bytes, password, key_password, None)
}

fn shown(bytes: &[u8], password: &str, key_password: &str, form: Option<Form>) -> String {
    let (password, key_password) = (secret(password), secret(key_password));
    let variable = "KAFKA_SSL_KEYSTORE";
    let sealed = Sealed { variable, bytes: bytes.to_vec(), form, password, key_password };
    match sealed.identity() {
        Ok(identity) => format!("{} certificates", identity.key().cert.len()),
        Err(error) => error.to_string().replace("KAFKA_SSL_KEYSTORE", "KEYSTORE"),
    }
}

/// How many CAs there are, or why there is none.
fn authorities(bytes: &[u8], password: &str) -> String {
    let password = secret(password);
    let variable = "KAFKA_SSL_TRUSTSTORE";
    let sealed = Sealed { variable, bytes: bytes.to_vec(), form: None, password, key_password: None };
    match sealed.authorities() {
        Ok(authorities) => {
            let pem = authorities.to_pem();
            assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), authorities.roots().len());
            format!("{} CAs, {} odd", authorities.roots().len(), authorities.odd)
        }
        Err(error) => error.to_string().replace("KAFKA_SSL_TRUSTSTORE", "TRUSTSTORE"),
    }
}

#[test]
fn a_client_shows_what_any_form_holds() {
    let plain = files(&["client.pem", "ca.pem", "client.key"]);
    assert_eq!(identity(&plain, "", ""), "2 certificates");
    for name in ["aes.key", "des3.key"] {
        assert_eq!(identity(&files(&["client.pem", name]), "", "hunter2"), "1 certificates", "{name}");
        assert_eq!(identity(&files(&["client.pem", name]), "hunter2", ""), "1 certificates", "{name}");
    }
    for name in ["openssl.p12", "old.p12", "java.p12"] {
        assert_eq!(identity(&file(name), "hunter2", ""), "2 certificates", "{name}");
    }
    assert_eq!(identity(&file("java.jks"), "hunter2", "hunter3"), "2 certificates");
}

#[test]
fn a_trust_store_may_have_any_form() {
    assert_eq!(authorities(&file("ca.pem"), ""), "1 CAs, 0 odd");
    for name in ["trust.p12", "trust.jks"] {
        assert_eq!(authorities(&file(name), "hunter2"), "1 CAs, 0 odd", "{name}");
    }
    // Java opens these without a password too: nothing in them is encrypted.
    assert_eq!(authorities(&file("trust.jks"), ""), "1 CAs, 0 odd");
    assert_eq!(authorities(&file("open.p12"), ""), "1 CAs, 0 odd");
    // A store of keys serves as well, without the password of its key. Its first certificate is trusted, as by Java, and not its chain.
    for name in ["java.jks", "java.p12", "openssl.p12"] {
        assert_eq!(authorities(&file(name), "hunter2"), "1 CAs, 0 odd", "{name}");
    }
}

#[test]
fn a_store_that_was_kept_as_base64_is_the_same_store() {
    use base64::Engine as _;
    for name in ["java.p12", "trust.jks"] {
        let text = base64::engine::general_purpose::STANDARD.encode(file(name));
        let lines: Vec<_> = text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect();
        let (all, bare) = (authorities(lines.join("\n").as_bytes(), "hunter2"), authorities(&file(name), "hunter2"));
        assert_eq!((all.contains("CAs"), all), (true, bare));
    }
}

#[test]
fn a_password_that_is_missing_or_wrong_names_its_variable() {
    let pem = files(&["client.pem", "aes.key"]);
    assert_eq!(identity(&pem, "", ""), "KEYSTORE has an encrypted private key: set KAFKA_SSL_KEY_PASSWORD");
    for (bytes, password, key_password, expected) in [
        (
            pem,
            "",
            "hunter3",
            "KEYSTORE has a private key that its password does not open: check KAFKA_SSL_KEY_PASSWORD",
        ),
        (file("java.p12"), "", "", "KEYSTORE needs a password: set KEYSTORE_PASSWORD"),
        (file("old.p12"), "", "", "KEYSTORE needs a password: set KEYSTORE_PASSWORD"),
        (file("java.p12"), "hunter3", "", "KEYSTORE is not opened by its password: check KEYSTORE_PASSWORD"),
        (file("java.jks"), "hunter3", "", "KEYSTORE is not opened by its password: check KEYSTORE_PASSWORD"),
        (file("java.jks"), "", "", "KEYSTORE needs a password: set KEYSTORE_PASSWORD"),
        (file("java.jks"), "hunter2", "", "KEYSTORE has a private key that its password does not open"),
    ] {
        let error = identity(&bytes, password, key_password);
        assert!(error.starts_with(expected) && !error.contains("hunter"), "{error}");
    }
    assert_eq!(authorities(&file("trust.p12"), ""), "TRUSTSTORE needs a password: set TRUSTSTORE_PASSWORD");
    assert_eq!(
        authorities(&file("trust.jks"), "x"),
        "TRUSTSTORE is not opened by its password: check TRUSTSTORE_PASSWORD"
    );
}

#[test]
fn another_form_of_store_is_reported_with_the_command_that_converts_it() {
    for (bytes, expected) in [
        (file("ca.der"), "TRUSTSTORE is a certificate in DER, not PEM: convert it with openssl x509 -inform der"),
        (file("java.jceks"), "TRUSTSTORE is a Java key store of type JCEKS: convert it with keytool -importkeystore"),
        (b"MZ\x90".to_vec(), "TRUSTSTORE is neither PEM nor PKCS#12 nor a Java key store (JKS): name"),
        (b"0\x03\x02\x01\x05".to_vec(), "TRUSTSTORE is neither PEM nor PKCS#12"),
        (Vec::new(), "TRUSTSTORE is empty"),
        (file("client.key"), "TRUSTSTORE has no certificate: put the CA's there"),
    ] {
        let error = authorities(&bytes, "hunter2");
        assert!(error.starts_with(expected), "{error}");
    }
    for (bytes, expected) in [
        (file("key.der"), "KEYSTORE is a private key in DER, not PEM: convert it with openssl pkey -inform der"),
        (files(&["client.pem", "old.key"]), "KEYSTORE has a private key that is encrypted in an old form: convert"),
        (files(&["client.pem", "pbes1.key"]), "KEYSTORE has a private key that is encrypted in an old form: convert"),
        (file("two.jks"), "KEYSTORE has 2 private keys, and a client can use only one: copy the one"),
        (file("ca.pem"), "KEYSTORE has no private key: put the client's private key beside its certificate"),
        (file("client.key"), "KEYSTORE has no certificate: put the client's there"),
    ] {
        let error = identity(&bytes, "hunter2", "hunter3");
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_type_that_contradicts_the_bytes_is_reported() {
    let reported = |name, form| shown(&file(name), "hunter2", "hunter3", Some(form));
    assert_eq!(
        reported("java.jks", Form::Pem),
        "KEYSTORE is a Java key store (JKS), not PEM as KEYSTORE_TYPE states: remove that, and set KEYSTORE_PASSWORD"
    );
    assert_eq!(
        reported("ca.pem", Form::Jks),
        "KEYSTORE is PEM, not the format of KEYSTORE_TYPE: set that to PEM, or remove it"
    );
    // Java reads the two under either name.
    assert_eq!(reported("java.jks", Form::Pkcs12), "2 certificates");
}

/// The same store in BER as Bouncy Castle writes it: lengths are not given in advance.
pub(crate) fn in_ber(der: &[u8]) -> Vec<u8> {
    let mut ber = Vec::new();
    let mut rest = der;
    while let [tag, length, behind @ ..] = rest {
        let (size, behind) = match length {
            0x81 => (usize::from(behind[0]), &behind[1..]),
            0x82 => (usize::from(behind[0]) << 8 | usize::from(behind[1]), &behind[2..]),
            short => (usize::from(*short), behind),
        };
        let (content, next) = behind.split_at(size);
        match tag & 0x20 {
            0 => ber.extend_from_slice(&rest[..rest.len() - next.len()]),
            _ => ber.extend([&[*tag, 0x80], &in_ber(content)[..], &[0, 0]].concat()),
        }
        rest = next;
    }
    ber
}

#[test]
fn what_is_not_read_is_named_with_the_command_that_converts_it() {
    let way_out = ": write it again with openssl pkcs12 -legacy -in FILE -nodes -out FILE.pem, and name FILE.pem";
    for (bytes, what) in [
        (in_ber(&file("openssl.p12")), "is a PKCS#12 file in BER, as Bouncy Castle writes it"),
        (file("md5des.p12"), "is a PKCS#12 file with PBEWithMD5AndDES, which is not read"),
        (file("rc4.p12"), "is a PKCS#12 file with RC4 of 128 bits, which is not read"),
    ] {
        assert_eq!(identity(&bytes, "hunter2", ""), format!("KEYSTORE {what}{way_out}"));
        assert_eq!(authorities(&bytes, "hunter2"), format!("TRUSTSTORE {what}{way_out}"));
    }
}

#[test]
fn a_store_that_asks_for_hours_is_refused_with_its_number() {
    let key = files(&["client.pem", "rounds.key"]);
    for (bytes, rounds) in [(key, "6,000,000"), (file("rounds.p12"), "3,000,000")] {
        let error = identity(&bytes, "hunter2", "");
        let expected = format!("asks for {rounds} rounds of key derivation, and 1,000,000 are the most that are done");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn an_unsupported_kind_of_key_is_reported_with_the_supported_ones() {
    let reported = identity(&files(&["client.pem", "p521.key"]), "", "");
    let expected = "KEYSTORE has a private key that TLS cannot use: supported are RSA of 2,048 to 4,096 bits, ECDSA on P-256 or P-384, or Ed25519";
    assert_eq!(reported, expected);
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_reported() {
    assert!(
        identity(&files(&["ca.pem", "client.key"]), "", "")
            .starts_with("KEYSTORE has a private key that does not fit its certificate: openssl x509 -pubkey"),
    );
    assert_eq!(
        identity(&files(&["ca.pem", "client.pem", "client.key"]), "", ""),
        "KEYSTORE has a private key that fits certificate 2 of 2, and it must be the first: put the client's own certificate before those of its issuers"
    );
}

#[test]
fn one_odd_certificate_does_not_make_the_rest_useless() {
    let odd = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
    let both = [odd.as_bytes(), &file("ca.pem")].concat();
    assert_eq!(authorities(&both, ""), "1 CAs, 1 odd");
    assert!(authorities(odd.as_bytes(), "").starts_with("TRUSTSTORE has a certificate that cannot be read: openssl"));
    for (broken, expected) in [
        ("-----BEGIN CERTIFICATE-----\nMAMCAQU=\n", "has a section without an end line"),
        ("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", "has a section that is not base64"),
    ] {
        let error = authorities(broken.as_bytes(), "");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_store_that_is_cut_off_or_damaged_ends_in_a_sentence() {
    for name in ["java.jks", "java.p12", "old.p12", "openssl.p12", "trust.jks"] {
        let whole = file(name);
        for cut in (0..whole.len()).step_by(7) {
            let error = identity(&whole[..cut], "hunter2", "hunter3");
            assert!(error.starts_with("KEYSTORE "), "{name} cut at {cut}: {error}");
            // Without a password the integrity of a Java key store is not checked, so it is read as far as possible.
            assert!(!authorities(&whole[..cut], "").is_empty(), "{name} cut at {cut}");
        }
        // A library's key derivation is slow.
        for place in (0..whole.len()).step_by(if name.ends_with("jks") { 1 } else { 61 }) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0xff;
            assert!(!identity(&damaged, "", "hunter3").is_empty() && !authorities(&damaged, "").is_empty());
        }
    }
}
