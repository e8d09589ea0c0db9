//! `AWS_MSK_IAM`: a presigned request to connect, sent as JSON.
//!
//! The authority is the README of `aws-msk-iam-auth`, Amazon's client for Java; the signature is version 4 of AWS's in
//! its query form, for `GET /` at the broker. It is computed here, since AWS's own library for it belongs to the AWS
//! door, not to Kafka's.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};
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

/// The time of a signature, in its own format.
pub(crate) struct Stamp {
    day: String,
    time: String,
}

impl Stamp {
    pub(crate) fn at(unix_seconds: i64) -> Result<Self, LoginError> {
        let now = OffsetDateTime::from_unix_timestamp(unix_seconds).map_err(|_| LoginError::Clock(unix_seconds))?;
        let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
        let time = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
        Ok(Self { day, time })
    }
}

/// The region in the name of an MSK broker, such as `b-1.name.id.c2.kafka.eu-west-1.amazonaws.com`; found from the right, since
/// a cluster may be named `kafka`.
pub(crate) fn region(host: &str) -> Option<&str> {
    let mut labels = host.rsplit('.').skip_while(|label| *label != "amazonaws").skip(1);
    let region = labels.next()?;
    labels.next().filter(|label| matches!(*label, "kafka" | "kafka-serverless")).map(|_| region)
}

/// What to do about a refused login; MSK answers a wrong clock and a missing permission in the same way.
pub(crate) fn hint(stamp: &Stamp) -> String {
    format!(
        "the identity needs kafka-cluster:Connect on this cluster, its credentials must not have expired, and the clock must be right (it signed at {})",
        stamp.time
    )
}

impl SigningKey<'_> {
    pub(crate) fn payload(&self, host: &str, stamp: &Stamp) -> Vec<u8> {
        let scope = format!("{}/{}/{SERVICE}/aws4_request", stamp.day, self.region);
        let credential = format!("{}/{scope}", self.id);
        let mut query = vec![
            ("Action", ACTION),
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &stamp.time),
            ("X-Amz-Expires", EXPIRES),
        ];
        // Sorted by name, as the signature demands.
        query.extend(self.token.map(|token| ("X-Amz-Security-Token", token.expose())));
        query.push(("X-Amz-SignedHeaders", "host"));

        let signature = self.sign(host, &query, &scope, stamp);
        let fields = query.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value));
        let rest = [
            ("version", VERSION),
            ("host", host),
            ("user-agent", concat!("meerkat/", env!("CARGO_PKG_VERSION"))),
            ("x-amz-signature", &signature),
        ];
        let fields = fields.chain(rest.map(|(name, value)| (name.to_owned(), value)));
        let json: serde_json::Map<_, _> = fields.map(|(name, value)| (name, value.into())).collect();
        serde_json::Value::Object(json).to_string().into()
    }

    fn sign(&self, host: &str, query: &[(&str, &str)], scope: &str, stamp: &Stamp) -> String {
        let query: Vec<_> =
            query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, RESERVED))).collect();
        let no_body = hex::encode(digest::digest(&digest::SHA256, b""));
        let request = format!("GET\n/\n{}\nhost:{host}\n\nhost\n{no_body}", query.join("&"));
        let request = hex::encode(digest::digest(&digest::SHA256, request.as_bytes()));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{request}", stamp.time);
        let secret = format!("AWS4{}", self.secret.expose());
        let key = [&stamp.day, self.region, SERVICE, "aws4_request"]
            .into_iter()
            .fold(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), |key, part| {
                hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
            });
        hex::encode(hmac::sign(&key, text.as_bytes()))
    }
}

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const VERSION: &str = "2020_10_22";
const ACTION: &str = "kafka-cluster:Connect";
const SERVICE: &str = "kafka-cluster";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Seconds for which the signature is valid, as in the official clients.
const EXPIRES: &str = "900";

#[cfg(test)]
mod tests;
