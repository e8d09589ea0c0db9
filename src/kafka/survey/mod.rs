//! One snapshot: groups, members, commits, then log ends, each asked of the brokers that know them.

pub(crate) mod age_search;
pub(crate) mod ask;
pub(crate) mod assembly;
pub(crate) mod cluster;
pub(crate) mod commits;
pub(crate) mod coordinator;
pub(crate) mod groups;
pub(crate) mod listed;
pub(crate) mod logs;
pub(crate) mod members;
pub(crate) mod names;
pub(crate) mod offsets_topic;
pub(crate) mod recheck;
pub(crate) mod retry;
pub(crate) mod topic;
pub(crate) mod vanished;
pub(crate) mod watched;
