//! What can go wrong between the program and `CloudWatch`, and the way out.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio_rustls::rustls::Error as TlsError;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// Earlier looks were being read.
    ReadHistory,
    /// This look was being written.
    WriteHistory,
    /// The results for people were being written.
    PublishMetrics,
}

/// Why `CloudWatch` did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The quota of the account in this Region is used up, after all retries.
    #[error("{tried} was throttled by CloudWatch: {}", tried.share())]
    Throttled {
        /// What was being done.
        tried: Tried,
        /// The service's answer.
        source: Cause,
    },
    /// The credentials do not permit the call.
    #[error("{tried} is not permitted: allow cloudwatch:{action} in the policy of this role, and in that of the VPC endpoint if there is one", action = tried.action())]
    Denied {
        /// What was being done.
        tried: Tried,
        /// The service's answer.
        source: Cause,
    },
    /// The service does not know or trust the credentials.
    #[error(
        "{tried} was refused for its credentials: {code}; see the role, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and this machine's clock"
    )]
    Credentials {
        /// What was being done.
        tried: Tried,
        /// The service's code.
        code: String,
        /// The service's answer.
        source: Cause,
    },
    /// No answer came: no route, no name, no connection, or none in time.
    #[error(
        "{tried} did not reach CloudWatch: from a VPC it takes an interface endpoint for the service \"monitoring\" with private DNS, or a NAT gateway; elsewhere see AWS_REGION and AWS_ENDPOINT_URL_CLOUDWATCH"
    )]
    Unreachable {
        /// What was being done.
        tried: Tried,
        /// Where the connection failed.
        source: Cause,
    },
    /// The client has no Region, no credentials, or another setting that makes no request.
    #[error(
        "{tried} could not begin: it takes a Region (AWS_REGION) and credentials (a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); MEERKAT_HISTORY=off and MEERKAT_PUBLISH=off look without AWS; an AWS_ENDPOINT_URL takes a scheme"
    )]
    Settings {
        /// What was being done.
        tried: Tried,
        /// What is missing.
        source: Cause,
    },
    /// Something answered that is no `CloudWatch`.
    #[error(
        "{tried} was answered by something else than CloudWatch ({answer}): see AWS_ENDPOINT_URL_CLOUDWATCH, and any proxy on the way"
    )]
    Foreign {
        /// What was being done.
        tried: Tried,
        /// The answer's status and content type.
        answer: String,
    },
    /// The endpoint's certificate is not trusted.
    #[error(
        "{tried} met a certificate that is not trusted: a proxy on the way may show its own; let this machine trust its CA (SSL_CERT_FILE)"
    )]
    Certificate {
        /// What was being done.
        tried: Tried,
        /// What is wrong with it.
        source: Cause,
    },
    /// The service's clock and this machine's differ by more than five minutes.
    #[error("{tried} was refused for the time: {code}; set this machine's clock")]
    Clock {
        /// What was being done.
        tried: Tried,
        /// The service's code.
        code: String,
        /// The service's answer.
        source: Cause,
    },
    /// The time given to it ran out.
    #[error("{tried} was not done in the time left: give the function more time, or look at fewer groups")]
    OutOfTime {
        /// What was being done.
        tried: Tried,
    },
    /// Another refusal, or an answer that was not understood.
    #[error("{tried} was refused by CloudWatch: {code}")]
    Refused {
        /// What was being done.
        tried: Tried,
        /// The service's code, or that there was none.
        code: String,
        /// The service's answer.
        source: Cause,
    },
    /// The service answered for some of the metrics only.
    #[error("reading the history gave an incomplete answer for this metric: {status}")]
    Incomplete {
        /// The service's status, or that the metric was left out.
        status: String,
    },
    /// A page does not fit the minute that it was to be written for.
    #[error("writing the history was left out: the scheduled minute lies days away from this machine's clock")]
    OutOfPlace,
}

/// A cause that can travel between tasks.
pub type Cause = Box<dyn StdError + Send + Sync>;

impl Tried {
    /// The service's operation, which is also the name of its permission.
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::ReadHistory => "GetMetricData",
            Self::WriteHistory | Self::PublishMetrics => "PutMetricData",
        }
    }

    /// What is shared with others when the service says that it is too much.
    fn share(self) -> &'static str {
        match self {
            Self::ReadHistory => {
                "all readers in this account and Region share 180,000 estimated points a second, which cannot be raised, and 50 calls a second, which can; look less often (MEERKAT_PERIOD) or at fewer groups, or see who else reads (dashboards, exporters)"
            }
            Self::WriteHistory | Self::PublishMetrics => {
                "all writers in this account and Region share the calls a second of PutMetricData: raise its quota in Service Quotas, or look less often or at fewer groups"
            }
        }
    }

    pub(super) fn failed<E>(self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let tried = self;
        let code = error.code().map(str::to_owned);
        match (&error, code) {
            (SdkError::ServiceError(_), Some(code)) => {
                let source = error.into();
                if THROTTLED.contains(&code.as_str()) {
                    Error::Throttled { tried, source }
                } else if DENIED.contains(&code.as_str()) {
                    Error::Denied { tried, source }
                } else if SKEWED.contains(&code.as_str()) {
                    Error::Clock { tried, code, source }
                } else if UNTRUSTED.contains(&code.as_str()) {
                    Error::Credentials { tried, code, source }
                } else {
                    Error::Refused { tried, code, source }
                }
            }
            (SdkError::ConstructionFailure(_), _) => Error::Settings { tried, source: short(&error) },
            (SdkError::DispatchFailure(_), _) if has::<CredentialsError>(&error) => {
                Error::Settings { tried, source: short(&error) }
            }
            (SdkError::DispatchFailure(_), _) if has::<CertificateRefused>(&error) => {
                Error::Certificate { tried, source: short(&error) }
            }
            // What has no kind never came as far as a connection; a connection that was cut is transient.
            (SdkError::DispatchFailure(failure), _)
                if failure.is_user() || (failure.is_other() && failure.as_other().is_none()) =>
            {
                Error::Settings { tried, source: short(&error) }
            }
            (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => {
                Error::Unreachable { tried, source: short(&error) }
            }
            _ => match error.raw_response() {
                Some(answer) => Error::Foreign { tried, answer: described(answer) },
                None => Error::Refused { tried, code: "no code".to_owned(), source: short(&error) },
            },
        }
    }
}

/// A certificate that TLS refused, wherever in a chain of causes it is.
struct CertificateRefused;

/// What can be looked for in a chain of causes.
trait Sought {
    fn is(cause: &(dyn StdError + 'static)) -> bool;
}

impl Sought for CredentialsError {
    fn is(cause: &(dyn StdError + 'static)) -> bool {
        cause.is::<CredentialsError>()
    }
}

impl Sought for CertificateRefused {
    fn is(cause: &(dyn StdError + 'static)) -> bool {
        // An error of the system that wraps another has the causes of that one, so what is inside shows here alone.
        let mut cause = cause;
        while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            cause = inner;
        }
        let tls = cause.downcast_ref();
        matches!(tls, Some(TlsError::InvalidCertificate(_)))
    }
}

fn has<S: Sought>(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&cause| cause.source()).any(S::is)
}

/// The chain of causes as words for people: the SDK's own may quote a whole request.
fn short(error: &(dyn StdError + 'static)) -> Cause {
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
fn described(answer: &HttpResponse) -> String {
    let kind = answer.headers().get("content-type").unwrap_or("no content type");
    let kind: String = kind.chars().filter(|char| !char.is_control()).take(LONGEST).collect();
    format!("HTTP status {}, {kind}", answer.status().as_u16())
}

/// Refuses an answer that is none of the protocol's: without this a proxy's page with status 200 would count as a write that was
/// done, since the answer to one has nothing in it (Smithy RPC v2 CBOR: an answer without the header `smithy-protocol` is malformed).
#[derive(Debug)]
pub(super) struct Spoken;

impl Intercept for Spoken {
    fn name(&self) -> &'static str {
        "Spoken"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        let spoken = answer.headers().get("smithy-protocol") == Some("rpc-v2-cbor");
        if spoken || !answer.status().is_success() { Ok(()) } else { Err("the answer is not CloudWatch's".into()) }
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadHistory => "reading the history",
            Self::WriteHistory => "writing the history",
            Self::PublishMetrics => "publishing the metrics",
        })
    }
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

/// Characters of one cause that are worth reading.
const LONGEST: usize = 200;
