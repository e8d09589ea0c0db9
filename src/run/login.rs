//! From the configuration to what a connection needs: addresses, PEM and a login, with every secret fetched.

use std::time::Duration;

use crate::aws::secrets::{self, AwsKey, Door, Listener, Reference, Source, Storage, Token, TokenRequest};
use crate::base::fault;
use crate::config::sasl::{Account, Issuer, Sasl};
use crate::config::{Bootstrap, Encryption, Kafka, Keystore, KeystorePlace};
use crate::kafka::Tls;
use crate::kafka::net::sasl::{Login, Salted};
use crate::keystore::{KeystoreError, Sealed};
use crate::model::endpoint::Endpoint;
use crate::model::secret::Secret;
use crate::model::unknown::{Known, Unknown};
use crate::run::Error;

/// The addresses to connect to first.
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
    let role = match &config.sasl {
        Some(Sasl::MskIam { role, .. }) => role.as_deref(),
        _ => None,
    };
    let text = door.bootstrap(CLUSTER_ARN, arn, listener, network, role).await?;
    let addresses: Result<Vec<_>, _> = text.split(',').map(|address| Endpoint::parse(address.trim())).collect();
    addresses
        .map_err(|expectation| Error::Addresses(format!("{CLUSTER_ARN}: an address of Amazon MSK's {expectation}")))
}

/// TLS with its trust store and key store; `None` if the configuration asks for plaintext.
pub(super) async fn tls(door: &Door, config: &Kafka) -> Result<Option<Tls>, Error> {
    if config.encryption == Encryption::None {
        return Ok(None);
    }
    let (truststore, keystore) = tokio::try_join!(
        opened(door, config.truststore.as_ref(), Sealed::authorities),
        opened(door, config.keystore.as_ref(), Sealed::identity),
    )?;
    if let Some(odd) = truststore.as_ref().map(|authorities| authorities.odd).filter(|odd| *odd > 0) {
        tracing::warn!(odd, "KAFKA_SSL_TRUSTSTORE has certificates that cannot be read; the others are trusted");
    }
    let tls = Tls::new(truststore.as_ref(), keystore.as_ref()).map_err(crate::kafka::SurveyError::from)?;
    Ok(Some(tls))
}

/// Reads a store with its passwords, and opens it.
async fn opened<T>(
    door: &Door,
    store: Option<&Keystore>,
    open: impl FnOnce(&Sealed) -> Result<T, KeystoreError>,
) -> Result<Option<T>, Error> {
    let Some(Keystore { variable, place, form, password, key_password }) = store else { return Ok(None) };
    let bytes = async {
        match place {
            KeystorePlace::Pem(text) => Ok(text.expose().as_bytes().to_vec()),
            KeystorePlace::Path(path) => {
                door.read_bytes(variable, &Reference { place: Storage::File(path.clone()), key: None }).await
            }
            KeystorePlace::Kept(reference) => door.read_bytes(variable, reference).await,
        }
    };
    let secret = async |name, source: &Option<Source>| match source {
        Some(source) => door.read(name, source).await.map(Some),
        None => Ok(None),
    };
    let of_store =
        if *variable == "KAFKA_SSL_KEYSTORE" { "KAFKA_SSL_KEYSTORE_PASSWORD" } else { "KAFKA_SSL_TRUSTSTORE_PASSWORD" };
    let (bytes, password, key_password) =
        tokio::try_join!(bytes, secret(of_store, password), secret("KAFKA_SSL_KEY_PASSWORD", key_password))?;
    let sealed = Sealed { variable, bytes, form: *form, password, key_password };
    Ok(Some(open(&sealed)?))
}

/// How long a fetched value is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Good {
    /// Until somebody changes it, which a refused login shows.
    UntilRotated,
    /// This long from now.
    For(Duration),
    /// For this run; its lifetime is not known.
    Once,
}

/// Fetches the parts of the login, and for how long later runs may use it. `ca` is the trust store, which is also used for
/// the token endpoint; `now`, since 1970, dates AWS keys.
pub(super) async fn fetch(door: &Door, sasl: &Sasl, ca: Option<&Keystore>, now: Duration) -> Known<(Login, Good)> {
    let login = async {
        Ok(match sasl {
            Sasl::Plain(account) => {
                let (username, password) = Box::pin(pair(door, account)).await?;
                (Login::Plain { username, password }, Good::UntilRotated)
            }
            Sasl::Scram { hash, account, token } => {
                let (username, password) = Box::pin(pair(door, account)).await?;
                let login = Login::Scram { hash: *hash, username, password, token: *token, salted: Salted::default() };
                (login, Good::UntilRotated)
            }
            Sasl::OauthBearer { from, extensions } => {
                let Token { token, lifetime } = Box::pin(token(door, from, ca)).await?;
                let login = Login::OauthBearer { token, extensions: extensions.clone() };
                (login, lifetime.map_or(Good::Once, Good::For))
            }
            Sasl::MskIam { region, role } => {
                let AwsKey { access_key, secret_key, session_token, region: own_region, expiry } =
                    door.aws_key(role.as_deref()).await?;
                let left = expiry.and_then(|expiry| expiry.checked_sub(now));
                let login = Login::MskIam { access_key, secret_key, session_token, region: region.clone(), own_region };
                (login, left.map_or(Good::Once, Good::For))
            }
        })
    };
    login.await.map_err(|error: Error| Unknown::because(fault::sentence(&error)))
}

async fn pair(door: &Door, account: &Account) -> Result<(String, Secret), secrets::SecretError> {
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

async fn token(door: &Door, from: &Issuer, ca: Option<&Keystore>) -> Result<Token, Error> {
    match from {
        Issuer::Token(source) => {
            Ok(Token { token: door.read("KAFKA_SASL_OAUTHBEARER_TOKEN", source).await?, lifetime: None })
        }
        Issuer::Endpoint { url, client_id, client_secret, scope, header_urlencode } => {
            let client_id = door.read("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", client_id);
            let client_secret = door.read("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", client_secret);
            let (client_id, client_secret) = tokio::try_join!(client_id, client_secret)?;
            let ca = Box::pin(opened(door, ca, Sealed::authorities)).await?;
            let request = TokenRequest {
                endpoint: url.expose().to_owned(),
                client_id: client_id.expose().to_owned(),
                client_secret,
                scope: scope.clone(),
                header_urlencode: *header_urlencode,
                ca,
            };
            Ok(door.token(&request).await?)
        }
    }
}

const CLUSTER_ARN: &str = "KAFKA_CLUSTER_ARN";
