//! Burrow's answers that are names, offsets and settings.
//!
//! Keys, their order and their messages are those of `core/internal/httpserver` (Burrow 1.9.5). `problems` is added if
//! something may be missing, and an offset that could not be read is `null`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{ConsumerOffset, Origin};

/// An answer with the requested resource.
#[derive(Debug, Serialize)]
pub(crate) struct ListAnswer<'a> {
    error: bool,
    message: &'static str,
    #[serde(flatten)]
    content: Content<'a>,
    /// Why there may be more than what is returned.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [String],
    request: &'a Origin,
}

/// The content of an answer; the name of a variant is its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content<'a> {
    /// `/v3/kafka`.
    Clusters([&'a str; 1]),
    /// `/v3/kafka/{cluster}`.
    Module(ClusterModule),
    /// `/consumer`.
    Consumers(Vec<Arc<str>>),
    /// `/topic`.
    Topics(Vec<String>),
    /// `/topic/{topic}`: the end of each partition's log, from partition 0 on.
    Offsets(Vec<Option<i64>>),
    /// `/consumer/{group}`: the partitions of each topic, from partition 0 on.
    #[serde(rename = "topics")]
    Detail(ConsumerTopics<'a>),
}

/// `ConsumerTopics`.
pub(crate) type ConsumerTopics<'a> = BTreeMap<&'a str, Vec<ConsumerPartition<'a>>>;

/// `ConsumerPartition`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ConsumerPartition<'a> {
    pub(super) offsets: Vec<ConsumerOffset>,
    pub(super) owner: &'a str,
    pub(super) client_id: &'a str,
    #[serde(rename = "current-lag")]
    pub(super) current_lag: Option<u64>,
}

/// `HTTPResponseConfigModuleCluster`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ClusterModule {
    class_name: &'static str,
    servers: Vec<String>,
    client_profile: ClientProfile,
    topic_refresh: u32,
    offset_refresh: u32,
}

/// `HTTPResponseClientProfile`, without its unnecessary fields.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ClientProfile {
    name: &'static str,
    client_id: &'static str,
    kafka_version: &'static str,
    tls: Option<()>,
    sasl: Option<()>,
}

impl ClusterModule {
    /// A cluster with these brokers and this period of runs in minutes.
    pub(crate) fn new(servers: Vec<String>, period: u32) -> Self {
        let seconds = period.saturating_mul(60);
        let client_profile = ClientProfile { client_id: "meerkat", ..ClientProfile::default() };
        Self { class_name: "kafka", servers, client_profile, topic_refresh: seconds, offset_refresh: seconds }
    }
}

impl<'a> ListAnswer<'a> {
    /// What was read, and why there may be more.
    pub(crate) fn new(content: Content<'a>, problems: &'a [String], request: &'a Origin) -> Self {
        let message = match content {
            Content::Clusters(_) => "cluster list returned",
            Content::Module(_) => "cluster module detail returned",
            Content::Consumers(_) => "consumer list returned",
            Content::Topics(_) => "topic list returned",
            Content::Offsets(_) => "topic offsets returned",
            Content::Detail(_) => "consumer detail returned",
        };
        Self { error: false, message, content, problems, request }
    }
}
