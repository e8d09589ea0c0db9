//! `AWS_MSK_IAM`: a presigned request to connect, sent as JSON.
//!
//! The authority is the README of `aws-msk-iam-auth`, Amazon's client for Java; the signature is version 4 of AWS's in its
//! query form, for `GET /` at the broker. AWS's own library makes it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::LoginError;
use crate::model::secret::Secret;

/// Credentials for one region.
pub(crate) struct SigningKey<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a Secret,
    pub(crate) token: Option<&'a Secret>,
    pub(crate) region: &'a str,
}

/// A signed request to connect.
pub(crate) struct Presigned(Map<String, Value>);

/// The region in the name of an MSK broker, such as `b-1.name.id.c2.kafka.eu-west-1.amazonaws.com`; found from the right, since
/// a cluster may be named `kafka`.
pub(crate) fn region(host: &str) -> Option<&str> {
    let mut labels = host.rsplit('.').skip_while(|label| *label != "amazonaws").skip(1);
    let region = labels.next()?;
    labels.next().filter(|label| matches!(*label, "kafka" | "kafka-serverless")).map(|_| region)
}

impl SigningKey<'_> {
    /// Signs a request to connect to this broker as of this second since 1970; it holds for 15 minutes, as in the official clients.
    pub(crate) fn sign(&self, host: &str, unix_seconds: i64) -> Result<Presigned, LoginError> {
        let now = OffsetDateTime::from_unix_timestamp(unix_seconds).map_err(|_| LoginError::Clock(unix_seconds))?;
        let token = self.token.map(|token| token.expose().to_owned());
        let identity = Credentials::new(self.id, self.secret.expose(), token, None, "meerkat").into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_mins(15));
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("kafka-cluster")
            .time(now.into())
            .settings(settings)
            .build()
            .map_err(|error| LoginError::Unsigned(host.to_owned(), error.to_string()))?
            .into();
        let url = format!("https://{host}/?Action=kafka-cluster%3AConnect");
        let signed = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::empty())
            .and_then(|request| sign(request, &params))
            .map_err(|error| LoginError::Unsigned(host.to_owned(), error.to_string()))?;
        let (_, query) = signed.into_parts().0.into_parts();
        let fixed = [
            ("version", "2020_10_22"),
            ("host", host),
            ("user-agent", concat!("meerkat/", env!("CARGO_PKG_VERSION"))),
            ("action", "kafka-cluster:Connect"),
        ];
        let fields = fixed.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        let query = query.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into()));
        Ok(Presigned(fields.chain(query).collect()))
    }
}

impl Presigned {
    /// As the mechanism sends it.
    pub(crate) fn payload(&self) -> Vec<u8> {
        Value::Object(self.0.clone()).to_string().into()
    }

    /// What to do about a refused login; MSK reports a wrong clock and a missing permission alike.
    pub(crate) fn hint(&self) -> String {
        let signed_at = self.0.get("x-amz-date").and_then(Value::as_str).unwrap_or_default();
        format!(
            "the identity needs kafka-cluster:Connect on this cluster, its credentials must not have expired, and the clock must be right (it signed at {signed_at})"
        )
    }
}

#[cfg(test)]
mod tests;
