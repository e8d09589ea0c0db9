//! References of Kafka's config providers in values: `${env:NAME}`, `${file:PATH:KEY}`, `${dir:PATH:NAME}` (KIP-297, KIP-887).

use std::collections::BTreeMap;

/// The target of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A variable of the environment (`EnvVarConfigProvider`).
    Variable(String),
    /// The value of a key in another file of properties (`FileConfigProvider`).
    Key {
        /// Where the file is.
        path: String,
        /// The key.
        key: String,
    },
    /// The whole text of a file (`DirectoryConfigProvider`).
    Text(String),
}

/// The providers of a file, by the names that `config.providers` gives them.
pub(super) struct Providers(BTreeMap<String, Provider>);

enum Provider {
    Env,
    File,
    Directory,
}

impl Providers {
    /// Reads `config.providers` and `config.providers.NAME.class`; without them, the three providers have the names of
    /// Kafka's documentation.
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let usual = [("env", Provider::Env), ("file", Provider::File), ("dir", Provider::Directory)];
        let mut known = BTreeMap::from(usual.map(|(name, provider)| (name.to_owned(), provider)));
        for (name, class) in pairs {
            let name = name.strip_prefix("config.providers.").and_then(|rest| rest.strip_suffix(".class"));
            let provider = match class.trim().rsplit('.').next() {
                Some("EnvVarConfigProvider") => Some(Provider::Env),
                Some("FileConfigProvider") => Some(Provider::File),
                Some("DirectoryConfigProvider") => Some(Provider::Directory),
                _ => None,
            };
            if let (Some(name), Some(provider)) = (name, provider) {
                known.insert(name.to_owned(), provider);
            }
        }
        Self(known)
    }

    /// A value with each reference replaced; a `${` that begins no reference stays, as in Kafka.
    pub(super) fn resolve(
        &self,
        value: &str,
        look_up: &dyn Fn(&Lookup) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut resolved = String::with_capacity(value.len());
        let mut rest = value;
        while let Some(at) = rest.find("${") {
            let (before, reference) = rest.split_at(at);
            resolved.push_str(before);
            let Some((inside, behind)) = reference[2..].split_once('}').filter(|(inside, _)| inside.contains(':'))
            else {
                resolved.push_str("${");
                rest = &reference[2..];
                continue;
            };
            resolved.push_str(&look_up(&self.lookup(inside)?)?);
            rest = behind;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    fn lookup(&self, inside: &str) -> Result<Lookup, String> {
        let (name, rest) = inside.split_once(':').unwrap_or((inside, ""));
        // A path may have colons; in Kafka's syntax a key may not.
        match (self.0.get(name), rest.rsplit_once(':')) {
            (Some(Provider::Env), _) => Ok(Lookup::Variable(rest.to_owned())),
            (Some(Provider::File), Some((path, key))) => Ok(Lookup::Key { path: path.to_owned(), key: key.to_owned() }),
            (Some(Provider::Directory), Some((path, name))) if !name.contains('/') => {
                Ok(Lookup::Text(format!("{path}/{name}")))
            }
            (Some(_), _) => Err(String::from("has a reference that is not like ${file:PATH:KEY} or ${dir:PATH:NAME}")),
            (None, _) => Err(String::from(
                "has a reference ${…} to a config provider that is not read here: env, file and dir are",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(value: &str, lines: &[(&str, &str)]) -> Result<String, String> {
        let pairs: Vec<_> = lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Providers::of(&pairs).resolve(value, &|lookup| match lookup {
            Lookup::Variable(name) => Ok(format!("<env {name}>")),
            Lookup::Key { path, key } => Ok(format!("<{key} in {path}>")),
            Lookup::Text(path) => Ok(format!("<{path}>")),
        })
    }

    #[test]
    fn each_provider_has_its_reference() {
        assert_eq!(resolve("a ${env:PW} b", &[]).as_deref(), Ok("a <env PW> b"));
        assert_eq!(resolve("${file:/a:b/c.properties:k.l}", &[]).as_deref(), Ok("<k.l in /a:b/c.properties>"));
        assert_eq!(resolve("${dir:/run/secrets:pw}${env:X}", &[]).as_deref(), Ok("</run/secrets/pw><env X>"));
        assert_eq!(resolve("pa$$word ${x} ${env", &[]).as_deref(), Ok("pa$$word ${x} ${env"));
    }

    #[test]
    fn a_provider_may_have_a_name_of_its_own() {
        let class = "org.apache.kafka.common.config.provider.FileConfigProvider";
        let lines = [("config.providers", "secrets"), ("config.providers.secrets.class", class)];
        assert_eq!(resolve("${secrets:/p:k}", &lines).as_deref(), Ok("<k in /p>"));
        assert!(resolve("${vault:/p:k}", &lines).is_err_and(|error| error.contains("env, file and dir")));
        for odd in ["${file:/p}", "${dir:/p}", "${dir:/p:../x}"] {
            assert!(resolve(odd, &[]).is_err_and(|error| error.contains("is not like")), "{odd}");
        }
    }
}
