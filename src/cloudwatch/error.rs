//! What can go wrong between the program and `CloudWatch`, and the way out.

use std::error::Error as StdError;
use std::fmt;

use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};

use super::slots::Unstorable;

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
    #[error("{tried} was throttled by CloudWatch: raise the quota of {action} in Service Quotas, or look less often or at fewer groups", action = tried.action())]
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
        "{tried} could not begin: it takes a Region (AWS_REGION) and credentials (a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    )]
    Settings {
        /// What was being done.
        tried: Tried,
        /// What is missing.
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
    /// The look does not belong where it was to be written.
    #[error("writing the history was left out")]
    Unstorable(#[from] Unstorable),
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

    pub(super) fn failed<E, R>(self, error: SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
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
                } else if UNTRUSTED.contains(&code.as_str()) {
                    Error::Credentials { tried, code, source }
                } else {
                    Error::Refused { tried, code, source }
                }
            }
            (SdkError::TimeoutError(_), _) => Error::Unreachable { tried, source: error.into() },
            (SdkError::DispatchFailure(failure), _) if failure.is_io() || failure.is_timeout() => {
                Error::Unreachable { tried, source: error.into() }
            }
            (SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_), _) => {
                Error::Settings { tried, source: error.into() }
            }
            _ => Error::Refused { tried, code: "no code".to_owned(), source: error.into() },
        }
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
