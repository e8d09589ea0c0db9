//! What a preflight found, as plain data.

use std::collections::BTreeSet;

use serde::Serialize;

/// One address, tried step by step until a step fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tried {
    /// The broker's id; `null` for a bootstrap address that no broker advertises.
    pub broker: Option<i32>,
    /// As host:port.
    pub address: String,
    /// What the host name resolves to.
    pub resolved: Vec<String>,
    /// Milliseconds until a TCP connection stood, which takes one round trip.
    pub round_trip_ms: Option<f64>,
    /// What TLS agreed on; `null` where it failed, or on plaintext listeners.
    pub tls: Option<Tls>,
    /// The certificate that was shown, accepted or not.
    pub certificate: Option<Certificate>,
    /// The SASL mechanisms that the listener offers; `null` where nobody asked.
    pub mechanisms: Option<Vec<String>>,
    /// One for each request that this build can send; empty where the broker did not tell.
    pub versions: Vec<Version>,
    /// The step that failed.
    pub failed: Option<Failed>,
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Such as `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
}

/// A broker's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The names and addresses that it holds for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// Whose it is.
    pub subject: String,
    /// From when on it holds, in seconds since 1970.
    pub not_before: i64,
    /// Until when it holds, in seconds since 1970.
    pub not_after: i64,
}

/// One request in the versions of both sides, each from the lowest to the highest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The request's name.
    pub api: &'static str,
    /// This build's.
    pub ours: (i16, i16),
    /// The broker's; `null` where it does not know the request.
    pub broker: Option<(i16, i16)>,
    /// The one that is sent; `null` where they have none in common.
    pub chosen: Option<i16>,
}

/// Where the way to a broker ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// The step.
    pub step: Step,
    /// Why, as one sentence.
    pub why: String,
}

/// The steps on the way to a broker, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The host name becomes addresses.
    Resolve,
    /// A TCP connection stands.
    Connect,
    /// TLS agrees.
    Tls,
    /// The broker tells its versions.
    Versions,
    /// It accepts the login.
    Login,
    /// It tells of its cluster.
    Metadata,
}

/// What this user may describe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Whether it may describe the cluster; `None` where the broker does not tell.
    pub cluster: Option<bool>,
    /// How many groups the brokers listed.
    pub listed: Option<usize>,
    /// The groups that were asked for.
    pub groups: Asked,
    /// The topics that they read.
    pub topics: Asked,
    /// Groups that may have commits to topics that nobody told of, since this user may not describe all topics.
    pub hiding: Vec<String>,
}

/// Things of a kind, each of which was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Those that were told.
    pub allowed: Vec<String>,
    /// Those that were refused for lack of a permission.
    pub denied: Vec<String>,
    /// Those that could not be told for another reason, each with it.
    pub unread: Vec<(String, String)>,
}

/// What became of the values that were written to `CloudWatch` and read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canary {
    /// The endpoint that the client spoke to; `None` where no request was made.
    pub endpoint: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// Milliseconds by which the service's clock is ahead; its header tells whole seconds. `None` where no answer came.
    pub ahead_ms: Option<i64>,
    /// Whether the state namespace takes data, or why not; `None` where the history is turned off, as of `read`.
    pub state: Option<Result<(), String>>,
    /// Whether the namespace of the metrics takes data, or why not; `None` where they are turned off.
    pub results: Option<Result<(), String>>,
    /// Whether data can be read, or why not.
    pub read: Option<Result<(), String>>,
    /// Milliseconds from the write until all of it was visible; `None` while it was not.
    pub visible_ms: Option<u64>,
    /// What came back otherwise than it was written.
    pub wrong: BTreeSet<String>,
}
