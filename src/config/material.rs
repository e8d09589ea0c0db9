//! Trust store and key store: the variables that begin with `KAFKA_SSL_`.

use super::reader::Variables;
use super::{BURROW_LOGIN, Keystore, KeystorePlace};
use crate::aws::secrets::{Source, login};
use crate::keystore::Form;
use crate::model::secret::Secret;

impl Variables {
    /// `ssl.truststore.location` or `ssl.truststore.certificates`, `…type` and `…password`.
    pub(super) fn truststore(&mut self) -> Option<Keystore> {
        let [form, password] = ["KAFKA_SSL_TRUSTSTORE_TYPE", "KAFKA_SSL_TRUSTSTORE_PASSWORD"];
        self.material("KAFKA_SSL_TRUSTSTORE", form, password, None)
    }

    /// `ssl.keystore.location` or its PEM, `…type` and `…password`, and `ssl.key.password`.
    pub(super) fn keystore(&mut self) -> Option<Keystore> {
        let [form, password] = ["KAFKA_SSL_KEYSTORE_TYPE", "KAFKA_SSL_KEYSTORE_PASSWORD"];
        self.material("KAFKA_SSL_KEYSTORE", form, password, Some("KAFKA_SSL_KEY_PASSWORD"))
    }

    fn material(
        &mut self,
        variable: &'static str,
        form: &str,
        password: &str,
        key_password: Option<&str>,
    ) -> Option<Keystore> {
        let Some(place) = self.place(variable) else {
            for idle in [Some(form), Some(password), key_password].into_iter().flatten() {
                if self.text(idle).is_some() {
                    self.wrong(idle, format_args!("goes with {variable}, which is not set"));
                }
            }
            return None;
        };
        let form = self.text(form).is_some().then(|| self.choice(form, &Form::WORDS));
        let password = self.optional_source(password);
        let key_password = key_password.and_then(|name| self.optional_source(name));
        Some(Keystore { variable, place, form, password, key_password })
    }

    fn place(&mut self, name: &str) -> Option<KeystorePlace> {
        self.text(name).map(|text| match Source::parse(&text) {
            Ok(Source::Inline(_)) if text.contains("-----BEGIN ") => KeystorePlace::Pem(Secret::new(unfolded(&text))),
            Ok(Source::Inline(_)) if is_path(&text) => KeystorePlace::Path(text),
            Ok(Source::Inline(_)) => {
                let expected = "must be PEM, which begins with -----BEGIN, or the path of a file with PEM, PKCS#12 or JKS, or refer to one";
                self.wrong(name, format_args!("{expected}; the value is not shown"));
                KeystorePlace::Path(String::new())
            }
            Ok(Source::Elsewhere(reference)) => KeystorePlace::Kept(reference),
            Err(expectation) => {
                self.wrong(name, expectation);
                KeystorePlace::Path(text)
            }
        })
    }

    /// The login of Burrow's clients; a value that is no reference is checked at once.
    pub(super) fn burrow_login(&mut self) -> Option<Source> {
        match self.optional_source(BURROW_LOGIN)? {
            Source::Inline(text) => {
                let form = r#"must be NAME:PASSWORD, or refer to that or to {"username": …, "password": …}"#;
                let login = login(text.expose());
                login.map_err(|why| self.wrong(BURROW_LOGIN, format_args!("{form}: {why}"))).ok().map(Source::Inline)
            }
            elsewhere @ Source::Elsewhere(_) => Some(elsewhere),
        }
    }

    /// A secret or a reference to it; `None` if the variable is absent or wrong.
    pub(super) fn optional_source(&mut self, name: &str) -> Option<Source> {
        Source::parse(&self.secret_text(name)?).map_err(|expectation| self.wrong(name, expectation)).ok()
    }
}

/// PEM with its line breaks: variables often carry them as `\n`, and consoles turn them into blanks.
fn unfolded(text: &str) -> String {
    let text = text.replace("\\n", "\n");
    if text.contains('\n') {
        return text;
    }
    let line = |part: &str| match part {
        part if part.starts_with("BEGIN ") || part.starts_with("END ") => format!("-----{part}-----\n"),
        words => words.split_whitespace().flat_map(|word| [word, "\n"]).collect(),
    };
    text.split("-----").map(line).collect()
}

/// Whether a text may be shown as a path: a key without its PEM armour is only base64, a key store is many lines.
pub(super) fn is_path(text: &str) -> bool {
    let base64 = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    !text.contains(['\n', '\r', '"', ';']) && (text.len() < SHORTEST_KEY || !base64)
}

/// Characters of the shortest private key in base64: Ed25519 in PKCS#8 (RFC 8410).
const SHORTEST_KEY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn keystore(variables: &[(&str, &str)]) -> Result<Option<Keystore>, String> {
        let base = [("KAFKA_BOOTSTRAP_SERVERS", "b:1")];
        let pairs = base.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(pairs).map(|config| config.kafka.keystore).map_err(|error| error.to_string())
    }

    fn place(text: &str) -> Result<Option<KeystorePlace>, String> {
        keystore(&[("KAFKA_SSL_KEYSTORE", text)]).map(|keystore| keystore.map(|keystore| keystore.place))
    }

    #[test]
    fn pem_is_known_by_its_first_section_and_gets_its_line_breaks_back() {
        let pem = "-----BEGIN A KEY-----\nab\ncd\n-----END A KEY-----\n-----BEGIN B-----\nef\n-----END B-----\n";
        let whole = Ok(Some(KeystorePlace::Pem(Secret::new(pem.into()))));
        assert_eq!(place(&pem.replace('\n', "\\n")), whole);
        assert_eq!(place(&pem.replace('\n', " ")), whole);
        let attributes = format!("Bag Attributes\n    friendlyName: a\n{}", pem.trim_end());
        assert_eq!(place(&attributes), Ok(Some(KeystorePlace::Pem(Secret::new(attributes.clone())))));
    }

    #[test]
    fn what_may_be_a_key_is_no_path_and_is_not_shown() {
        let base64 = "MC4CAQAwBQYDK2VwBCIEIHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnRl";
        for wrong in [base64, "two\nlines"] {
            let error = place(wrong).err().unwrap_or_default();
            assert!(error.starts_with("KAFKA_SSL_KEYSTORE must be PEM") && !error.contains(wrong), "{error}");
        }
        let path = "/var/task/certificates/of/the/orders/team/for/production/in/eu-west-1/key.pem";
        for path in [path, "key", "certs/key"] {
            assert_eq!(place(path), Ok(Some(KeystorePlace::Path(path.into()))));
        }
    }

    #[test]
    fn a_store_has_a_type_and_passwords() {
        let full = keystore(&[
            ("KAFKA_SSL_KEYSTORE", "client.jks"),
            ("KAFKA_SSL_KEYSTORE_TYPE", "jks"),
            ("KAFKA_SSL_KEYSTORE_PASSWORD", "hunter2"),
            ("KAFKA_SSL_KEY_PASSWORD", "file:/run/secrets/key"),
        ]);
        let full = full.ok().flatten();
        assert_eq!(full.as_ref().and_then(|store| store.form), Some(Form::Jks));
        assert!(full.as_ref().is_some_and(|store| matches!(store.password, Some(Source::Inline(_)))));
        assert!(full.as_ref().is_some_and(|store| matches!(store.key_password, Some(Source::Elsewhere(_)))));
        assert!(!format!("{full:?}").contains("hunter2"));
    }

    #[test]
    fn what_opens_nothing_is_reported() {
        let problem = |variables: &[(&str, &str)]| keystore(variables).err().unwrap_or_default();
        assert_eq!(
            problem(&[("KAFKA_SSL_KEY_PASSWORD", "hunter2")]),
            "KAFKA_SSL_KEY_PASSWORD goes with KAFKA_SSL_KEYSTORE, which is not set"
        );
        assert_eq!(
            problem(&[("KAFKA_SSL_TRUSTSTORE_TYPE", "JKS")]),
            "KAFKA_SSL_TRUSTSTORE_TYPE goes with KAFKA_SSL_TRUSTSTORE, which is not set"
        );
        assert_eq!(
            problem(&[("KAFKA_SSL_TRUSTSTORE", "a"), ("KAFKA_SSL_TRUSTSTORE_TYPE", "BKS")]),
            "KAFKA_SSL_TRUSTSTORE_TYPE must be one of PEM, PKCS12, JKS, found \"BKS\""
        );
    }
}
