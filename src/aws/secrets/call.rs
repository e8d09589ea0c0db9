//! One request over HTTPS, sent again after a temporary error.

use std::time::Duration;

use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::Value;

use crate::aws::http::TooLong;
use crate::model::mask::Mask;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused.
    Refused(Refusal),
    /// The answer is longer than allowed.
    TooLong(TooLong),
    /// No answer arrived in time.
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
}

/// A peer's refusal.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    meta: ErrorMetadata,
}

/// Sends a request to `origin`, which is a URL without a path; returns the body.
pub(crate) async fn call(
    http: &SharedHttpClient,
    wait: Duration,
    origin: &str,
    request: HttpRequest,
) -> Result<Vec<u8>, Failure> {
    let mut secrecy = Layer::new("secrecy");
    secrecy.store_put(SensitiveOutput);
    let operation = Operation::builder()
        .service_name("secrets")
        .operation_name("call")
        .http_client(http.clone())
        .endpoint_url(origin)
        .no_auth()
        .sleep_impl(TokioSleep::new())
        .timeout_config(TimeoutConfig::builder().connect_timeout(wait).operation_timeout(wait).build())
        .standard_retry(&RetryConfig::standard())
        .retry_classifier(TransientErrorClassifier::<Refusal>::new())
        .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .runtime_plugin(StaticRuntimePlugin::new().with_config(secrecy.freeze()))
        .serializer(|request: HttpRequest| Ok(request))
        .deserializer(judge)
        .build();
    operation.invoke(request).await.map_err(|error| match error {
        SdkError::ServiceError(no) => Failure::Refused(no.into_err()),
        other => match TooLong::among(&other) {
            Some(too_long) => Failure::TooLong(too_long),
            None => Failure::Unreachable(Box::new(other)),
        },
    })
}

fn judge(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    let status = response.status();
    if status.is_success() {
        return Ok(body.to_vec());
    }
    let header = response.headers().get("x-amzn-errortype");
    Err(OrchestratorError::operation(Refusal::new(status.as_u16(), header, body)))
}

impl Refusal {
    /// Reads the error forms of AWS's JSON and query protocols and of OAuth (RFC 6749, section 5.2).
    pub(super) fn new(status: u16, header: Option<&str>, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let xml = if json.is_null() { std::str::from_utf8(body).unwrap_or_default() } else { "" };
        // Not parsed as a whole: a proxy may answer with something incomplete.
        let element = |name: &str| {
            let (_, rest) = xml.split_once(&format!("<{name}>"))?;
            Some(rest.split_once('<')?.0)
        };
        let text = |names: &[&str]| {
            let of_json = names.iter().find_map(|name| json.get(name)?.as_str());
            of_json.or_else(|| names.iter().find_map(|name| element(name)))
        };
        let mut meta = ErrorMetadata::builder();
        if let Some(code) = header.or_else(|| text(&["__type", "code", "error", "Code"])) {
            let code = code.rsplit('#').next().and_then(|code| code.split(':').next());
            meta = meta.code(code.unwrap_or_default());
        }
        if let Some(message) = text(&["message", "Message", "error_description"]) {
            meta = meta.message(message);
        }
        Self { status, meta: meta.build() }
    }

    pub(crate) fn code(&self) -> &str {
        self.meta.code().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.meta.message().unwrap_or_default()
    }

    /// The peer's words on one line, or the status if it sent none.
    pub(crate) fn words(&self) -> String {
        self.masked(&Mask::new([]))
    }

    /// The same without our secrets. They are masked before the text is cut: a cut secret would show its beginning.
    pub(crate) fn masked(&self, mask: &Mask) -> String {
        let words = match (self.code(), self.message()) {
            ("", "") => format!("HTTP status {}", self.status),
            ("", words) | (words, "") => words.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        mask.apply(&words)
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(header: Option<&str>, body: &str) -> String {
        Refusal::new(400, header, body.as_bytes()).words()
    }

    #[test]
    fn a_refusal_is_read_in_every_form() {
        let typed = r#"{"__type":"com.amazonaws.secretsmanager#AccessDeniedException","Message":"no"}"#;
        assert_eq!(words(None, typed), "AccessDeniedException: no");
        assert_eq!(
            words(Some("NotFoundException:http://internal"), r#"{"message":"gone"}"#),
            "NotFoundException: gone"
        );
        assert_eq!(
            words(None, r#"{"error":"invalid_client","error_description":"bad\nsecret"}"#),
            "invalid_client: bad secret"
        );
        assert_eq!(words(None, r#"{"error":"invalid_client"}"#), "invalid_client");
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
        assert_eq!(words(None, xml), "NotFound: Topic does not exist");
        assert_eq!(words(None, "<html>"), "HTTP status 400");
        assert_eq!(words(None, ""), "HTTP status 400");
    }
}
