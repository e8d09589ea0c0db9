//! Which error an answer, or a missing answer, is.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio_rustls::rustls::Error as TlsError;

use super::{BoxError, Operation, StoreError, StoreTrouble};
use crate::aws::http::TooLong;

impl Operation {
    pub(in crate::cloudwatch) fn failed<E>(self, error: SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        if let Some(answer) = TooLong::among(&error).filter(|_| !has(&error, is_of_credentials)) {
            return StoreError::new(self, StoreTrouble::Foreign(answer.to_string()), None);
        }
        let trouble = match (&error, code) {
            (SdkError::ServiceError(_), Some(code)) => {
                let trouble = match code.as_str() {
                    code if THROTTLED.contains(&code) => StoreTrouble::Throttled,
                    code if DENIED.contains(&code) => StoreTrouble::Denied,
                    code if SKEWED.contains(&code) => StoreTrouble::Clock(code.to_owned()),
                    code if UNTRUSTED.contains(&code) => StoreTrouble::Credentials(code.to_owned()),
                    code => StoreTrouble::Refused(code.to_owned()),
                };
                return StoreError::new(self, trouble, Some(error.into()));
            }
            (SdkError::ConstructionFailure(_), _) => StoreTrouble::Settings,
            (SdkError::DispatchFailure(_), _) if has(&error, is_of_no_credentials) => {
                // Each place that has none is no cause of its own.
                return StoreError::new(self, StoreTrouble::NoneGiven, None);
            }
            (SdkError::DispatchFailure(_), _) if has(&error, is_of_credentials) => StoreTrouble::NotGiven,
            (SdkError::DispatchFailure(_), _) if has(&error, lacks_a_region) => {
                return StoreError::new(self, StoreTrouble::NoRegion, None);
            }
            (SdkError::DispatchFailure(_), _) if has(&error, lacks_a_scheme) => {
                return StoreError::new(self, StoreTrouble::Endpoint, None);
            }
            (SdkError::DispatchFailure(_), _) if has(&error, is_of_a_certificate) => StoreTrouble::Certificate,
            // An error without a kind never had a connection; a connection that was cut is transient.
            (SdkError::DispatchFailure(failure), _)
                if failure.is_user() || (failure.is_other() && failure.as_other().is_none()) =>
            {
                StoreTrouble::Settings
            }
            (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => StoreTrouble::Unreachable,
            _ => match error.raw_response() {
                Some(answer) => return StoreError::new(self, StoreTrouble::Foreign(described(answer)), None),
                None => StoreTrouble::Refused("no code".to_owned()),
            },
        };
        StoreError::new(self, trouble, Some(short(&error)))
    }
}

fn is_of_credentials(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<CredentialsError>()
}

fn is_of_no_credentials(cause: &(dyn StdError + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_)))
}

/// The SDK has no type of its own for what the rules of its endpoints refuse, but these words.
fn lacks_a_region(cause: &(dyn StdError + 'static)) -> bool {
    cause.to_string() == "Invalid Configuration: Missing Region"
}

fn lacks_a_scheme(cause: &(dyn StdError + 'static)) -> bool {
    cause.to_string() == "endpoint must contain scheme"
}

/// A certificate that TLS refused.
fn is_of_a_certificate(mut cause: &(dyn StdError + 'static)) -> bool {
    // A system error that wraps another one has the causes of the inner one, so only the inner one shows here.
    while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = inner;
    }
    matches!(cause.downcast_ref(), Some(TlsError::InvalidCertificate(_)))
}

/// Whether a chain of causes contains this type of error.
fn has(error: &(dyn StdError + 'static), is: fn(&(dyn StdError + 'static)) -> bool) -> bool {
    std::iter::successors(Some(error), |&cause| cause.source()).any(is)
}

/// The chain of causes as words for people: the SDK's own text may quote a whole request.
pub(in crate::cloudwatch) fn short(error: &(dyn StdError + 'static)) -> BoxError {
    let mut words: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |&cause| cause.source()) {
        let last = cause.source().is_none();
        let cause = cause.to_string();
        if cause.len() > LONGEST && !last {
            continue;
        }
        let cause: String = cause.chars().take(LONGEST).collect();
        if words.last().is_none_or(|last| !last.ends_with(&cause)) {
            words.push(cause);
        }
    }
    words.join(": ").into()
}

/// Status and content type.
pub(in crate::cloudwatch) fn described(answer: &HttpResponse) -> String {
    let kind = answer.headers().get("content-type").unwrap_or("no content type");
    let kind: String = kind.chars().filter(|char| !char.is_control()).take(LONGEST).collect();
    format!("HTTP status {}, {kind}", answer.status().as_u16())
}

/// Both spellings: the RPC protocols and the older query protocol differ (Common Errors, `CloudWatch` API reference).
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "LimitExceededFault",
    "LimitExceededException",
];
const DENIED: &[&str] =
    &["AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation", "OptInRequired"];
const SKEWED: &[&str] = &["RequestExpired", "RequestTimeTooSkewed"];
const UNTRUSTED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Characters of one cause that are shown.
const LONGEST: usize = 200;
