//! From the configuration to what a connection takes: addresses, PEM and a login, with every secret fetched.

use crate::causes;
use crate::config::sasl::{Account, Issuer, Sasl};
use crate::config::{Bootstrap, Encryption, Endpoint, Kafka, Pem};
use crate::kafka::Tls;
use crate::kafka::sasl::Login;
use crate::lag::{Known, Unknown};
use crate::run::Error;
use crate::secret::Secret;
use crate::secrets::{self, AwsKey, Door, Listener, Source, TokenRequest};

/// The addresses to begin with.
pub(super) async fn bootstrap(door: &Door, config: &Kafka) -> Result<Vec<Endpoint>, Error> {
    let (arn, network) = match &config.bootstrap {
        Bootstrap::Addresses(addresses) => return Ok(addresses.clone()),
        Bootstrap::Cluster { arn, network } => (arn, *network),
    };
    let listener = match (&config.sasl, config.encryption) {
        (Some(Sasl::MskIam { .. } | Sasl::OauthBearer { .. }), _) => Listener::SaslIam,
        (Some(_), _) => Listener::SaslScram,
        (None, Encryption::Tls) => Listener::Tls,
        (None, Encryption::None) => Listener::Plaintext,
    };
    let text = door.bootstrap(CLUSTER_ARN, arn, listener, network).await?;
    let addresses: Result<Vec<_>, _> = text.split(',').map(|address| Endpoint::parse(address.trim())).collect();
    addresses
        .map_err(|expectation| Error::Addresses(format!("{CLUSTER_ARN}: an address of Amazon MSK's {expectation}")))
}

/// TLS with its trust store and key store; `None` where the configuration says plaintext.
pub(super) async fn tls(door: &Door, config: &Kafka) -> Result<Option<Tls>, Error> {
    if config.encryption == Encryption::None {
        return Ok(None);
    }
    let (truststore, keystore) = tokio::try_join!(
        pem(door, "KAFKA_SSL_TRUSTSTORE", config.truststore.as_ref()),
        pem(door, "KAFKA_SSL_KEYSTORE", config.keystore.as_ref()),
    )?;
    let tls = Tls::new(truststore.as_ref(), keystore.as_ref()).map_err(crate::kafka::LookError::from)?;
    Ok(Some(tls))
}

async fn pem(door: &Door, variable: &'static str, pem: Option<&Pem>) -> Result<Option<Pem>, secrets::Error> {
    Ok(match pem {
        Some(Pem::Kept(reference)) => {
            Some(Pem::Value(door.read(variable, &Source::Elsewhere(reference.clone())).await?))
        }
        other => other.cloned(),
    })
}

/// Fetches what the login takes. `ca` is the trust store, which holds for the token endpoint too.
pub(super) async fn fetch(door: &Door, sasl: &Sasl, ca: Option<&Pem>) -> Known<Login> {
    let login = async {
        Ok(match sasl {
            Sasl::Plain(account) => {
                let (username, password) = Box::pin(pair(door, account)).await?;
                Login::Plain { username, password }
            }
            Sasl::Scram(hash, account) => {
                let (username, password) = Box::pin(pair(door, account)).await?;
                Login::Scram { hash: *hash, username, password }
            }
            Sasl::OauthBearer { from, extensions } => {
                Login::OauthBearer { token: Box::pin(token(door, from, ca)).await?, extensions: extensions.clone() }
            }
            Sasl::MskIam { region, role } => {
                let AwsKey { access_key, secret_key, session_token } = door.aws_key(role.as_deref()).await?;
                Login::MskIam { access_key, secret_key, session_token, region: region.clone() }
            }
        })
    };
    login.await.map_err(|error: secrets::Error| Unknown::because(causes::told(&error)))
}

/// Whether a login stays good for later runs: passwords do until they are rotated, tokens and keys do not.
pub(super) fn lasts(login: &Login) -> bool {
    matches!(login, Login::Plain { .. } | Login::Scram { .. })
}

async fn pair(door: &Door, account: &Account) -> Result<(String, Secret), secrets::Error> {
    match account {
        Account::One(reference) => door.read_pair("KAFKA_SASL_SECRET", reference).await,
        Account::Two { username, password } => {
            let username = door.read("KAFKA_SASL_USERNAME", username);
            let password = door.read("KAFKA_SASL_PASSWORD", password);
            let (username, password) = tokio::try_join!(username, password)?;
            Ok((username.expose().to_owned(), password))
        }
    }
}

async fn token(door: &Door, from: &Issuer, ca: Option<&Pem>) -> Result<Secret, secrets::Error> {
    match from {
        Issuer::Token(source) => door.read("KAFKA_SASL_OAUTHBEARER_TOKEN", source).await,
        Issuer::Endpoint { url, client_id, client_secret, scope, header_urlencode } => {
            let client_id = door.read("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", client_id);
            let client_secret = door.read("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", client_secret);
            let ca = async {
                match ca {
                    Some(Pem::Path(path)) => {
                        let file = Source::parse(&format!("file:{path}"));
                        let source = file.unwrap_or_else(|_| Source::Inline(Secret::new(String::new())));
                        door.read("KAFKA_SSL_TRUSTSTORE", &source).await.map(Some)
                    }
                    Some(Pem::Value(text)) => Ok(Some(text.clone())),
                    Some(Pem::Kept(reference)) => {
                        door.read("KAFKA_SSL_TRUSTSTORE", &Source::Elsewhere(reference.clone())).await.map(Some)
                    }
                    None => Ok(None),
                }
            };
            let (client_id, client_secret, ca) = tokio::try_join!(client_id, client_secret, ca)?;
            let request = TokenRequest {
                endpoint: url.expose().to_owned(),
                client_id: client_id.expose().to_owned(),
                client_secret,
                scope: scope.clone(),
                header_urlencode: *header_urlencode,
                ca: ca.map(|ca| ca.expose().to_owned()),
            };
            Ok(door.token(&request).await?.token)
        }
    }
}

const CLUSTER_ARN: &str = "KAFKA_CLUSTER_ARN";
