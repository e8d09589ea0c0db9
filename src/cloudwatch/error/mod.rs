//! What can go wrong between the program and `CloudWatch`, and what to do.

use std::error::Error as StdError;
use std::fmt;

mod sorted;

pub(super) use sorted::{described, short};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Earlier snapshots were being read.
    ReadHistory,
    /// This snapshot was being written.
    WriteHistory,
    /// The results for people were being written.
    PublishMetrics,
}

/// A call that failed, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct StoreError {
    /// What was being done.
    pub tried: Operation,
    /// Why it failed.
    pub trouble: StoreTrouble,
    /// The error of the service, the connection, or the last attempt.
    source: Option<BoxError>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreTrouble {
    /// The quota of the account in this Region is used up, after all retries.
    Throttled,
    /// The credentials do not permit the call.
    Denied,
    /// The service does not know or trust the credentials, by its code.
    Credentials(String),
    /// No answer came: no route, no name, no connection, or none in time.
    Unreachable,
    /// No Region is set.
    NoRegion,
    /// There are no credentials: neither in variables, nor in a profile, nor from a role.
    NoneGiven,
    /// The source of the credentials failed.
    NotGiven,
    /// An endpoint of the settings is not a URL.
    Endpoint,
    /// Another setting prevents every request.
    Settings,
    /// Another server than `CloudWatch` answered, such as a proxy: its status and content type.
    Foreign(String),
    /// The endpoint's certificate is not trusted.
    Certificate,
    /// The service's clock and this machine's differ by more than five minutes, by its code.
    Clock(String),
    /// The time given to it ran out.
    OutOfTime,
    /// The source of the credentials does not answer.
    NoCredentials,
    /// The time ran out during a retry.
    StillTrying,
    /// Another refusal with its code, or an answer that was not understood.
    Refused(String),
    /// The service answered for some of the metrics only: with this status, or without this metric.
    Incomplete(String),
    /// A page does not fit the minute that it was to be written for.
    OutOfPlace,
}

/// A cause that can move between tasks.
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

impl StoreError {
    pub(super) fn new(tried: Operation, trouble: StoreTrouble, source: Option<BoxError>) -> Self {
        Self { tried, trouble, source }
    }

    /// What happened, and what to do about it.
    pub(super) fn words(&self) -> (String, Option<String>) {
        let tried = self.tried;
        let (what, todo): (&str, &str) = match &self.trouble {
            StoreTrouble::Throttled => ("was throttled by CloudWatch", tried.share()),
            StoreTrouble::Denied => ("is not permitted", &format!("allow cloudwatch:{} {POLICIES}", tried.action())),
            StoreTrouble::Credentials(code) => (
                &format!("was refused for its credentials: {code}"),
                "check the role, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and this machine's clock",
            ),
            StoreTrouble::Unreachable => (
                "did not reach CloudWatch",
                "from a VPC it needs an interface endpoint for the service \"monitoring\" with private DNS, or a NAT gateway; elsewhere check AWS_REGION and AWS_ENDPOINT_URL_CLOUDWATCH",
            ),
            StoreTrouble::NoRegion => {
                ("needs an AWS Region, and none is set", &format!("set AWS_REGION; {WITHOUT_AWS}"))
            }
            StoreTrouble::NoneGiven => (
                "needs AWS credentials, and none were found",
                &format!(
                    "use a role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; {WITHOUT_AWS}"
                ),
            ),
            StoreTrouble::NotGiven => (
                "got no AWS credentials",
                "check what gives them: the role of the function or the container, AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_PROFILE, STS",
            ),
            StoreTrouble::Endpoint => (
                "needs an endpoint with a scheme",
                "write AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_CLOUDWATCH as https://HOST or http://HOST:PORT",
            ),
            StoreTrouble::Settings => (
                "is not possible with these settings of AWS",
                "check AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL",
            ),
            StoreTrouble::Foreign(answer) => (
                &format!("was answered by something else than CloudWatch ({answer})"),
                "check AWS_ENDPOINT_URL_CLOUDWATCH, and any proxy on the way",
            ),
            StoreTrouble::Certificate => (
                "met a certificate that is not trusted",
                "a proxy on the way may show its own; let this machine trust its CA (SSL_CERT_FILE)",
            ),
            StoreTrouble::Clock(code) => (&format!("was refused for the time: {code}"), "set this machine's clock"),
            StoreTrouble::OutOfTime => {
                ("was not done in the time left", "give the function more time, or select fewer groups")
            }
            StoreTrouble::NoCredentials => (
                "waited for credentials and received none",
                "what gives them does not answer (the function's or the container's role, AWS_CONTAINER_CREDENTIALS_FULL_URI, the instance's metadata, STS)",
            ),
            StoreTrouble::StillTrying => {
                ("was still being tried when the time was up, and the earlier attempts had failed", "")
            }
            StoreTrouble::Refused(code) => (&format!("was refused by CloudWatch: {code}"), ""),
            StoreTrouble::Incomplete(status) => (&format!("gave an incomplete answer for this metric: {status}"), ""),
            StoreTrouble::OutOfPlace => {
                ("was left out", "the scheduled minute lies days away from this machine's clock")
            }
        };
        (format!("{tried} {what}"), (!todo.is_empty()).then(|| todo.to_owned()))
    }

    fn sentence(&self) -> String {
        let joint = match self.trouble {
            StoreTrouble::Credentials(_) | StoreTrouble::Clock(_) => "; ",
            _ => ": ",
        };
        match self.words() {
            (what, Some(todo)) => what + joint + &todo,
            (what, None) => what,
        }
    }
}

/// The advice for users without AWS.
const WITHOUT_AWS: &str = "or set MEERKAT_HISTORY=off and MEERKAT_PUBLISH=off for a run without AWS";
/// Where a call is permitted.
const POLICIES: &str = "in the policy of this role, and in that of the VPC endpoint if there is one";

impl Operation {
    /// The service's operation, which is also the name of its permission.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::ReadHistory => "GetMetricData",
            Self::WriteHistory | Self::PublishMetrics => "PutMetricData",
        }
    }

    /// The quota that is shared with others, for a throttled call.
    fn share(self) -> &'static str {
        match self {
            Self::ReadHistory => {
                "all readers in this account and Region share 180,000 estimated points a second, which cannot be raised, and 50 calls a second, which can; run less often (MEERKAT_PERIOD), select fewer groups, or see who else reads (dashboards, exporters)"
            }
            Self::WriteHistory | Self::PublishMetrics => {
                "all writers in this account and Region share the calls a second of PutMetricData: raise its quota in Service Quotas, run less often, or select fewer groups"
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
