//! What a preflight found, as plain data.

use std::collections::BTreeSet;

use crate::base::fault::Fault;

/// What this user may describe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Whether it may describe the cluster; `None` where the broker does not tell.
    pub(crate) cluster: Option<bool>,
    /// How many groups the brokers listed; `None` where there is none and not every broker told its own.
    pub(crate) listed: Option<usize>,
    /// The groups that were asked for.
    pub groups: Grants,
    /// The topics that they read.
    pub(crate) topics: Grants,
    /// Groups that may have commits to topics that nobody told of, since this user may not describe all topics.
    pub(crate) hiding: Vec<String>,
}

/// Things of a kind, each of which was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    pub(crate) allowed: Vec<String>,
    /// Those that were refused for lack of a permission.
    pub(crate) denied: Vec<String>,
    /// Those that could not be told for another reason, each with it.
    pub(crate) unread: Vec<(String, String)>,
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
    pub state: Option<Result<(), Fault>>,
    /// Whether the namespace of the metrics takes data, or why not; `None` where they are turned off.
    pub results: Option<Result<(), Fault>>,
    /// Whether data can be read, or why not.
    pub read: Option<Result<(), Fault>>,
    /// Milliseconds from the write until all of it was visible; `None` while it was not.
    pub visible_ms: Option<u64>,
    /// What came back otherwise than it was written.
    pub wrong: BTreeSet<String>,
}
