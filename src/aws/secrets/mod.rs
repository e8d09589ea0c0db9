//! The only door to values that are stored elsewhere: passwords and keys by reference, tokens from an issuer, a
//! cluster's addresses by its ARN, AWS credentials; and to the topic that receives changes.
//!
//! [`mod@reference`] is pure and parses a variable; the rest asks Secrets Manager, Parameter Store, Amazon MSK, SNS
//! and token endpoints. Types of the SDK stay inside; what leaves is text or a [`Secret`].

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
pub(crate) use reference::Storage;
pub use reference::{Reference, Source};
pub(crate) use stored::login;
pub use token::{Token, TokenRequest};

use crate::aws::http;
use crate::base::files::Place;
use crate::base::shown;
use crate::model::secret::Secret;

/// Connections and settings, created when they are first needed; one per process is best.
pub struct Door {
    wait: Duration,
    http: SharedHttpClient,
    aws: OnceCell<SdkConfig>,
}

/// The key of an AWS identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsKey {
    /// The access key's id.
    pub access_key: String,
    /// Its secret half.
    pub secret_key: Secret,
    /// Temporary credentials have one, those of an IAM user do not.
    pub session_token: Option<Secret>,
    /// The Region that the run is in (`AWS_REGION`, or a profile's).
    pub(crate) region: Option<String>,
    /// When temporary ones end, since 1970; `None` if that is unknown.
    pub(crate) expiry: Option<Duration>,
}

impl Door {
    /// A door where one request, retries included, may last `wait`. Nothing is sent yet.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Self { wait, http: http::client(LONGEST_ANSWER, None), aws: OnceCell::new() }
    }

    /// The same with AWS settings that were loaded elsewhere.
    #[must_use]
    pub fn with_aws(wait: Duration, aws: SdkConfig) -> Self {
        Self { aws: OnceCell::new_with(Some(aws)), ..Self::new(wait) }
    }

    /// The client for these requests, whose connections stay open between runs.
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }

    /// The secret that a variable holds or refers to.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the reference cannot be followed, or its value has another form.
    pub async fn read(&self, variable: &'static str, source: &Source) -> Result<Secret, SecretError> {
        match source {
            Source::Inline(secret) => Ok(secret.clone()),
            Source::Elsewhere(reference) => {
                let text = self.fetch(variable, reference).await?;
                stored::value(&text, reference.key.as_deref())
                    .map_err(|why| SecretError::unusable(variable, reference, why))
            }
        }
    }

    /// The bytes behind a reference, for values that need not be text.
    pub(crate) async fn read_bytes(
        &self,
        variable: &'static str,
        reference: &Reference,
    ) -> Result<Vec<u8>, SecretError> {
        if reference.key.is_none() {
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
    /// [`SecretError`] if the reference cannot be followed, or its value has another form.
    pub async fn read_pair(
        &self,
        variable: &'static str,
        reference: &Reference,
    ) -> Result<(String, Secret), SecretError> {
        let text = self.fetch(variable, reference).await?;
        stored::pair(&text).map_err(|why| SecretError::unusable(variable, reference, why))
    }

    /// The user name and password for callers of the function URL, as `name:password`.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the reference cannot be followed, or its value has another form.
    pub(crate) async fn read_login(&self, variable: &'static str, source: &Source) -> Result<Secret, SecretError> {
        let Source::Elsewhere(reference) = source else { return self.read(variable, source).await };
        let text = self.read(variable, source).await?;
        stored::login(text.expose()).map_err(|why| SecretError::unusable(variable, reference, why))
    }

    /// The key of this run's AWS identity, or of the role that it assumes.
    ///
    /// # Errors
    ///
    /// [`SecretError::Credentials`] if there is none.
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

    /// The value behind a reference, as text.
    async fn fetch(&self, variable: &'static str, reference: &Reference) -> Result<String, SecretError> {
        let bytes = self.bytes(variable, reference).await?;
        String::from_utf8(bytes).map_err(|_| SecretError::unusable(variable, reference, String::from("it is not text")))
    }

    /// The value behind a reference, as it is stored.
    async fn bytes(&self, variable: &'static str, reference: &Reference) -> Result<Vec<u8>, SecretError> {
        match &reference.place {
            Storage::File(path) => {
                let read = Place::file(Path::new(path)).read_aside(LONGEST_FILE, FILE_PATIENCE).await;
                read.map_err(|source| match source.kind() {
                    std::io::ErrorKind::IsADirectory => SecretError::Folder { variable, path: shown::path(path) },
                    _ => SecretError::File { variable, path: shown::path(path), source },
                })
            }
            Storage::Aws(arn) => stored::fetch(self, variable, arn).await,
        }
    }

    /// The settings that the SDK finds in the environment, profiles and the machine.
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

/// Largest answer in bytes: secrets have up to 64 KB, tokens, keys and addresses a few.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Largest file with a secret or a store, in bytes: the stores of whole companies have some hundred KB.
const LONGEST_FILE: usize = 4 * 1024 * 1024;

/// How long to wait for a file, which may be a pipe that stays open.
const FILE_PATIENCE: Duration = Duration::from_secs(2);
