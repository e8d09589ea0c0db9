//! How to log in: the variables that begin with `KAFKA_SASL_`.

use super::reader::Variables;
use crate::aws::secrets::{Reference, Source};
use crate::base::shown;
use crate::kafka::net::sasl::ScramHash;
use crate::model::secret::Secret;

/// How to log in, with secrets that may have to be fetched first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sasl {
    Plain(Account),
    Scram {
        hash: ScramHash,
        account: Account,
        /// Whether the account is a delegation token's id and its HMAC (KIP-48).
        token: bool,
    },
    /// OAUTHBEARER.
    OauthBearer {
        /// The source of the token.
        from: Issuer,
        /// SASL extensions (KIP-342).
        extensions: Vec<(String, String)>,
    },
    /// `AWS_MSK_IAM`.
    MskIam {
        /// The cluster's Region; `None` derives it from the broker's name.
        region: Option<String>,
        /// The role to assume for the login; `None` means the run's own.
        role: Option<String>,
    },
}

/// A user name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// From two variables; either may refer to a secret.
    Two { username: Source, password: Source },
    /// From one secret that holds both.
    One(Reference),
}

/// The source of a bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    Token(Source),
    /// A token endpoint issues it for client credentials.
    Endpoint {
        /// Its URL, whose query may be a key.
        url: Secret,
        client_id: Source,
        client_secret: Source,
        scope: Option<String>,
        /// `sasl.oauthbearer.header.urlencode`.
        header_urlencode: bool,
    },
}

/// What is said of Kerberos, wherever it is asked for.
pub(super) const NO_KERBEROS: &str =
    "Kerberos (GSSAPI) is not supported: use a listener with SCRAM, OAUTHBEARER or TLS certificates";

impl Sasl {
    /// The mechanism's name, before there is a login.
    pub(crate) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain(_) => "PLAIN",
            Self::Scram { hash, .. } => hash.mechanism(),
            Self::OauthBearer { .. } => "OAUTHBEARER",
            Self::MskIam { .. } => "AWS_MSK_IAM",
        }
    }
}

impl Variables {
    /// The login of the `KAFKA_SASL_` variables, for a security protocol that begins with `SASL_`.
    pub(super) fn sasl(&mut self) -> Option<Sasl> {
        let name = "KAFKA_SASL_MECHANISM";
        match self.text(name).unwrap_or_default().to_ascii_uppercase().as_str() {
            "PLAIN" => self.account().map(Sasl::Plain),
            "SCRAM-SHA-256" => self.scram(ScramHash::Sha256),
            "SCRAM-SHA-512" => self.scram(ScramHash::Sha512),
            "OAUTHBEARER" => {
                let extensions = self.extensions();
                self.issuer().map(|from| Sasl::OauthBearer { from, extensions })
            }
            "AWS_MSK_IAM" => Some(Sasl::MskIam { region: self.region_of_iam(), role: self.role_of_iam() }),
            "GSSAPI" => {
                self.wrong(name, format_args!("is GSSAPI, and {NO_KERBEROS}"));
                None
            }
            found => {
                let expected = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM";
                let known: Vec<&str> = expected.split(", ").collect();
                self.unexpected(name, format_args!("must be one of {expected}"), found, &known);
                None
            }
        }
    }

    /// For a security protocol without a login: variables of a login are a mistake.
    pub(super) fn no_sasl(&mut self) -> Option<Sasl> {
        if let Some(mechanism) = self.text("KAFKA_SASL_MECHANISM") {
            let hint = "needs KAFKA_SECURITY_PROTOCOL=SASL_SSL, or explicitly SASL_PLAINTEXT";
            let found = shown::found(&mechanism, &["PLAIN", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]);
            self.wrong("KAFKA_SASL_MECHANISM", format_args!("{hint}, {found} without it"));
        }
        None
    }

    fn scram(&mut self, hash: ScramHash) -> Option<Sasl> {
        let token = self.choice("KAFKA_SASL_TOKENAUTH", &[("false", false), ("true", true)]);
        self.account().map(|account| Sasl::Scram { hash, account, token })
    }

    /// A Region's name is letters, digits and hyphens.
    fn region_of_iam(&mut self) -> Option<String> {
        let name = "KAFKA_SASL_AWS_REGION";
        let region = self.text(name)?;
        if region.len() > 40 || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.unexpected(name, "must be a Region such as eu-west-1", &region, &[]);
        }
        Some(region)
    }

    fn role_of_iam(&mut self) -> Option<String> {
        let name = "KAFKA_SASL_AWS_ROLE_ARN";
        let role = self.text(name)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/:".contains(c);
        if !role.starts_with("arn:") || !role.contains(":role/") || role.len() > 2_048 || !role.chars().all(plain) {
            self.unexpected(name, "must be like arn:aws:iam::ACCOUNT:role/NAME", &role, &[]);
        }
        Some(role)
    }

    fn account(&mut self) -> Option<Account> {
        if let Some(text) = self.text("KAFKA_SASL_SECRET") {
            let reference = Reference::parse(&text).map_err(|why| self.wrong("KAFKA_SASL_SECRET", why));
            return reference.ok().map(Account::One);
        }
        let (username, password) = (self.source("KAFKA_SASL_USERNAME"), self.source("KAFKA_SASL_PASSWORD"));
        Some(Account::Two { username: username?, password: password? })
    }

    fn issuer(&mut self) -> Option<Issuer> {
        let name = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL";
        let Some(url) = self.text(name) else {
            return self.source("KAFKA_SASL_OAUTHBEARER_TOKEN").map(Issuer::Token);
        };
        // Kafka's client reads a token from a file by such a URL (KIP-768).
        if url.starts_with("file:") {
            let reference = Reference::parse(&url).map_err(|expectation| self.wrong(name, expectation)).ok();
            return reference.map(|reference| Issuer::Token(Source::Elsewhere(reference)));
        }
        let client = self.client();
        let scope = self.text("KAFKA_SASL_OAUTHBEARER_SCOPE");
        let header_urlencode =
            self.choice("KAFKA_SASL_OAUTHBEARER_HEADER_URLENCODE", &[("false", false), ("true", true)]);
        let url = Secret::new(url);
        let (client_id, client_secret) = client?;
        Some(Issuer::Endpoint { url, client_id, client_secret, scope, header_urlencode })
    }

    /// An OAuth client's id and secret: from two variables, or from one secret that holds both.
    fn client(&mut self) -> Option<(Source, Source)> {
        let two = ["KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"];
        let one = self.text("KAFKA_SASL_SECRET").filter(|_| two.iter().all(|name| self.text(name).is_none()));
        let Some(secret) = one else {
            let [id, secret] = two.map(|name| self.source(name));
            return Some((id?, secret?));
        };
        if secret.contains('#') {
            self.wrong("KAFKA_SASL_SECRET", "must refer to a whole secret here, without #KEY");
            return None;
        }
        let value = |key: &str| Reference::parse(&format!("{secret}#{key}")).map(Source::Elsewhere);
        let client = value("client_id").and_then(|id| Ok((id, value("client_secret")?)));
        client.map_err(|why| self.wrong("KAFKA_SASL_SECRET", why)).ok()
    }

    /// `KEY=VALUE`, separated by commas.
    fn extensions(&mut self) -> Vec<(String, String)> {
        let name = "KAFKA_SASL_OAUTHBEARER_EXTENSIONS";
        let mut extensions = Vec::new();
        for item in self.list(name) {
            if let Some((key, value)) = item.split_once('=') {
                extensions.push((key.trim().to_owned(), value.trim().to_owned()));
            } else {
                self.unexpected(name, "must be KEY=VALUE, separated by commas", &item, &[]);
            }
        }
        extensions
    }

    fn source(&mut self, name: &str) -> Option<Source> {
        if self.secret_text(name).is_none() {
            self.wrong(name, "must be set for this KAFKA_SASL_MECHANISM, found nothing");
        }
        self.optional_source(name)
    }
}
