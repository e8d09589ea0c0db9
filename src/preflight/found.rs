//! The results of a preflight, as plain data.

use std::collections::BTreeSet;

use crate::base::fault::Fault;

/// What this user may describe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Whether it may describe the cluster; `None` if the broker does not return it.
    pub(crate) cluster: Option<bool>,
    /// How many groups the brokers listed; `None` if there is none and not every broker listed its own.
    pub(crate) listed: Option<usize>,
    /// The requested groups.
    pub groups: Grants,
    /// The topics that they read.
    pub(crate) topics: Grants,
    /// Groups that may have commits to topics that no broker returned, since this user may not describe all topics.
    pub(crate) hiding: Vec<String>,
}

/// Resources of one kind, each of which was requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    pub(crate) allowed: Vec<String>,
    /// Those that were refused for lack of a permission.
    pub(crate) denied: Vec<String>,
    /// Those that could not be read for another reason, each with it.
    pub(crate) unread: Vec<(String, String)>,
}

/// The result of writing values to `CloudWatch` and reading them back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canary {
    /// The endpoint that the client used; `None` if no request was sent.
    pub endpoint: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// Milliseconds by which the service's clock is ahead; its header has whole seconds. `None` if no answer arrived.
    pub ahead_ms: Option<i64>,
    /// Whether the state namespace accepts data, or why not; `None` if the history is turned off, as for `read`.
    pub state: Option<Result<(), Fault>>,
    /// Whether the namespace of the metrics accepts data, or why not; `None` if they are turned off.
    pub results: Option<Result<(), Fault>>,
    /// Whether data can be read, or why not.
    pub read: Option<Result<(), Fault>>,
    /// Milliseconds from the write until all of it was visible; `None` while it was not.
    pub visible_ms: Option<u64>,
    /// What was read back changed.
    pub wrong: BTreeSet<String>,
}
