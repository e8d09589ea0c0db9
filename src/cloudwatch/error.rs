//! What can go wrong between the program and `CloudWatch`, and the way out.

use std::error::Error as StdError;
use std::fmt;

mod sorted;

pub(super) use sorted::short;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Earlier looks were being read.
    ReadHistory,
    /// This look was being written.
    WriteHistory,
    /// The results for people were being written.
    PublishMetrics,
}

/// Why `CloudWatch` did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The quota of the account in this Region is used up, after all retries.
    #[error("{tried} was throttled by CloudWatch: {}", tried.share())]
    Throttled {
        /// What was being done.
        tried: Operation,
        /// The service's answer.
        source: BoxError,
    },
    /// The credentials do not permit the call.
    #[error("{tried} is not permitted: allow cloudwatch:{action} in the policy of this role, and in that of the VPC endpoint if there is one", action = tried.action())]
    Denied {
        /// What was being done.
        tried: Operation,
        /// The service's answer.
        source: BoxError,
    },
    /// The service does not know or trust the credentials.
    #[error(
        "{tried} was refused for its credentials: {code}; see the role, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and this machine's clock"
    )]
    Credentials {
        /// What was being done.
        tried: Operation,
        /// The service's code.
        code: String,
        /// The service's answer.
        source: BoxError,
    },
    /// No answer came: no route, no name, no connection, or none in time.
    #[error(
        "{tried} did not reach CloudWatch: from a VPC it takes an interface endpoint for the service \"monitoring\" with private DNS, or a NAT gateway; elsewhere see AWS_REGION and AWS_ENDPOINT_URL_CLOUDWATCH"
    )]
    Unreachable {
        /// What was being done.
        tried: Operation,
        /// Where the connection failed.
        source: BoxError,
    },
    /// The client has no Region, no credentials, or another setting that makes no request.
    #[error(
        "{tried} could not begin: it takes a Region (AWS_REGION) and credentials (a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); MEERKAT_HISTORY=off and MEERKAT_PUBLISH=off look without AWS; an AWS_ENDPOINT_URL takes a scheme"
    )]
    Settings {
        /// What was being done.
        tried: Operation,
        /// What is missing.
        source: BoxError,
    },
    /// Something answered that is no `CloudWatch`.
    #[error(
        "{tried} was answered by something else than CloudWatch ({answer}): see AWS_ENDPOINT_URL_CLOUDWATCH, and any proxy on the way"
    )]
    Foreign {
        /// What was being done.
        tried: Operation,
        /// The answer's status and content type.
        answer: String,
    },
    /// The endpoint's certificate is not trusted.
    #[error(
        "{tried} met a certificate that is not trusted: a proxy on the way may show its own; let this machine trust its CA (SSL_CERT_FILE)"
    )]
    Certificate {
        /// What was being done.
        tried: Operation,
        /// What is wrong with it.
        source: BoxError,
    },
    /// The service's clock and this machine's differ by more than five minutes.
    #[error("{tried} was refused for the time: {code}; set this machine's clock")]
    Clock {
        /// What was being done.
        tried: Operation,
        /// The service's code.
        code: String,
        /// The service's answer.
        source: BoxError,
    },
    /// The time given to it ran out.
    #[error("{tried} was not done in the time left: give the function more time, or look at fewer groups")]
    OutOfTime {
        /// What was being done.
        tried: Operation,
    },
    /// What gives the credentials does not answer.
    #[error(
        "{tried} waited for credentials in vain: what gives them does not answer (the function's or the container's role, AWS_CONTAINER_CREDENTIALS_FULL_URI, the instance's metadata, STS)"
    )]
    NoCredentials {
        /// What was being done.
        tried: Operation,
    },
    /// The time ran out while it was tried again.
    #[error("{tried} was still being tried when the time was up, and what was tried before had failed")]
    StillTrying {
        /// What was being done.
        tried: Operation,
        /// How the last attempt that ended had failed.
        source: BoxError,
    },
    /// Another refusal, or an answer that was not understood.
    #[error("{tried} was refused by CloudWatch: {code}")]
    Refused {
        /// What was being done.
        tried: Operation,
        /// The service's code, or that there was none.
        code: String,
        /// The service's answer.
        source: BoxError,
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
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

impl Operation {
    /// The service's operation, which is also the name of its permission.
    pub(crate) fn action(self) -> &'static str {
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
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadHistory => "reading the history",
            Self::WriteHistory => "writing the history",
            Self::PublishMetrics => "publishing the metrics",
        })
    }
}
