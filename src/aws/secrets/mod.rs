//! The only door to what is kept elsewhere: passwords and keys by reference, tokens from an issuer, a cluster's addresses by
//! its ARN, AWS credentials; and to the topic that changes are told to.
//!
//! [`mod@reference`] is pure and tells what a variable holds; the rest asks Secrets Manager, Parameter Store, Amazon MSK, SNS and token
//! endpoints. Types of the SDK stay inside, and what comes out is text or a [`Secret`].

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

mod aws;
mod call;
pub(crate) mod error;
pub(crate) mod msk;
pub mod reference;
mod stored;
pub(crate) mod token;
pub(crate) mod topic;

pub use error::SecretError;
pub use msk::{Listener, Network};
pub use reference::{Reference, Source};
pub(crate) use stored::login;
pub use token::{Token, TokenRequest};

use crate::aws::http;
use crate::base::files::Place;
use crate::base::shown;
use crate::model::secret::Secret;

/// Connections and settings, made when they are first needed; one for a whole process is best.
pub struct Door {
    wait: Duration,
    http: SharedHttpClient,
    aws: OnceCell<SdkConfig>,
}

/// An AWS identity's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsKey {
    /// The access key's id.
    pub access_key: String,
    /// Its secret half.
    pub secret_key: Secret,
    /// Temporary credentials have one, an IAM user's have none.
    pub session_token: Option<Secret>,
    /// The Region that the run is in (`AWS_REGION`, or a profile's).
    pub(crate) region: Option<String>,
    /// When temporary ones end, since 1970; `None` where nobody says.
    pub(crate) expiry: Option<Duration>,
}

impl Door {
    /// A door at which one question, retries included, may take as long as `wait`. Nothing is sent yet.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Self { wait, http: http::client(LONGEST_ANSWER, None), aws: OnceCell::new() }
    }

    /// The same with AWS settings that were found elsewhere.
    #[must_use]
    pub fn with_aws(wait: Duration, aws: SdkConfig) -> Self {
        Self { aws: OnceCell::new_with(Some(aws)), ..Self::new(wait) }
    }

    /// The client that asks at this door, whose connections stay open between runs.
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }

    /// The secret that a variable holds or refers to.
    ///
    /// # Errors
    ///
    /// [`SecretError`] when the reference cannot be followed, or leads to something else.
    pub async fn read(&self, variable: &'static str, source: &Source) -> Result<Secret, SecretError> {
        match source {
            Source::Inline(secret) => Ok(secret.clone()),
            Source::Elsewhere(reference) => {
                let text = self.fetch(variable, reference).await?;
                stored::value(&text, reference.key()).map_err(|why| SecretError::unusable(variable, reference, why))
            }
        }
    }

    /// The bytes that a reference leads to, for what need not be text.
    pub(crate) async fn read_bytes(
        &self,
        variable: &'static str,
        reference: &Reference,
    ) -> Result<Vec<u8>, SecretError> {
        if reference.key().is_none() {
            return self.bytes(variable, reference).await;
        }
        let text = self.read(variable, &Source::Elsewhere(reference.clone())).await?;
        Ok(text.expose().as_bytes().to_vec())
    }

    /// The user name and password in a secret of the form that Amazon MSK prescribes for SCRAM:
    /// `{"username": "…", "password": "…"}`.
    ///
    /// # Errors
    ///
    /// [`SecretError`] when the reference cannot be followed, or leads to something else.
    pub async fn read_pair(
        &self,
        variable: &'static str,
        reference: &Reference,
    ) -> Result<(String, Secret), SecretError> {
        let text = self.fetch(variable, reference).await?;
        stored::pair(&text).map_err(|why| SecretError::unusable(variable, reference, why))
    }

    /// The user name and password that callers log in with, as `name:password`.
    ///
    /// # Errors
    ///
    /// [`SecretError`] when the reference cannot be followed, or leads to something else.
    pub(crate) async fn read_login(&self, variable: &'static str, source: &Source) -> Result<Secret, SecretError> {
        let Source::Elsewhere(reference) = source else { return self.read(variable, source).await };
        let text = self.read(variable, source).await?;
        stored::login(text.expose()).map_err(|why| SecretError::unusable(variable, reference, why))
    }

    /// The key of this run's AWS identity, or of the role that it takes on.
    ///
    /// # Errors
    ///
    /// [`SecretError::Credentials`] when there is none to be had.
    pub async fn aws_key(&self, role: Option<&str>) -> Result<AwsKey, SecretError> {
        let config = self.aws().await;
        let key = aws::credentials(config, role).await.map_err(|error| {
            let subject =
                role.map_or(String::from("the AWS_MSK_IAM login"), |arn| format!("KAFKA_SASL_AWS_ROLE_ARN ({arn})"));
            SecretError::no_key(subject, role.is_some(), error)
        })?;
        Ok(AwsKey {
            access_key: key.access_key_id().to_owned(),
            secret_key: Secret::new(key.secret_access_key().to_owned()),
            session_token: key.session_token().map(|token| Secret::new(token.to_owned())),
            region: config.region().map(ToString::to_string),
            expiry: key.expiry().and_then(|expiry| expiry.duration_since(UNIX_EPOCH).ok()),
        })
    }

    /// What a reference leads to, as text.
    async fn fetch(&self, variable: &'static str, reference: &Reference) -> Result<String, SecretError> {
        let bytes = self.bytes(variable, reference).await?;
        String::from_utf8(bytes).map_err(|_| SecretError::unusable(variable, reference, String::from("it is not text")))
    }

    /// What a reference leads to, as it is kept.
    async fn bytes(&self, variable: &'static str, reference: &Reference) -> Result<Vec<u8>, SecretError> {
        match reference {
            Reference::File { path, .. } => tokio::task::spawn_blocking({
                let place = Place::file(Path::new(path));
                move || place.read(LONGEST_FILE, FILE_PATIENCE)
            })
            .await
            .map_err(std::io::Error::other)
            .and_then(|read| read)
            .map_err(|source| match source.kind() {
                std::io::ErrorKind::IsADirectory => SecretError::Folder { variable, path: shown::path(path) },
                _ => SecretError::File { variable, path: shown::path(path), source },
            }),
            Reference::Kept { arn, .. } => stored::fetch(self, variable, arn).await,
        }
    }

    /// What the environment, profiles and the machine give the SDK.
    async fn aws(&self) -> &SdkConfig {
        self.aws
            .get_or_init(|| async {
                let timeouts = TimeoutConfig::builder().connect_timeout(self.wait).operation_timeout(self.wait).build();
                aws_config::from_env()
                    .http_client(self.http.clone())
                    .timeout_config(timeouts)
                    .retry_config(RetryConfig::standard())
                    .load()
                    .await
            })
            .await
    }
}

/// Bytes that an answer may have: secrets have up to 64 KB, tokens, keys and addresses a few.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Bytes that a file with a secret or a store may have: the stores of whole companies have some hundred KB.
const LONGEST_FILE: usize = 4 * 1024 * 1024;

/// How long a file is waited for, which a pipe may keep.
const FILE_PATIENCE: Duration = Duration::from_secs(2);
