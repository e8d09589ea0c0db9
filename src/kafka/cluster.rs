//! The brokers of one cluster, a connection to each, opened side by side.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{FutureExt, LocalBoxFuture, Shared, join_all};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponse;
use kafka_protocol::messages::{BrokerId, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, timeout_at};

use super::connection::{self, CallError, Connection, Traffic};
use super::handshake;
use super::internal::{self, Internal, OFFSETS_TOPIC, SHARE_TOPIC};
use super::messages::Question;
use super::sasl::{Login, Moment};
use super::tls::{self, Tls};
use super::transport;
use super::versions::{Api, Versions};
use crate::config::Endpoint;
use crate::lag::{Known, Unknown};

/// What every connection of a run shares.
pub(super) struct Dial<'a> {
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<Credentials<'a>>,
    /// What time it is; logins are dated.
    pub(super) unix_seconds: i64,
    pub(super) frame_limit: usize,
    pub(super) deadline: Instant,
    pub(super) traffic: Arc<Traffic>,
}

/// What to log in with; it may still be on its way while connections are opened.
#[derive(Clone)]
pub struct Credentials<'a>(Shared<LocalBoxFuture<'a, Known<Arc<Login>>>>);

/// A cluster with a connection, or the reason for none, to each broker.
pub(super) struct Cluster {
    id: Option<StrBytes>,
    brokers: BTreeMap<i32, Node>,
    offsets: Internal,
    shares: Internal,
    deadline: Instant,
    /// When the step that is under way must be over.
    until: Cell<Instant>,
}

struct Node {
    endpoint: Endpoint,
    connection: Known<Connection>,
}

/// Not one of the bootstrap addresses led to a broker.
#[derive(Debug, thiserror::Error)]
#[error("no bootstrap address of KAFKA_BOOTSTRAP_SERVERS leads to a broker: {}", .0.join("; "))]
pub struct Unreachable(Vec<String>);

impl<'a> Credentials<'a> {
    /// Awaited by every connection that has to log in, and fetched once.
    pub fn coming(fetch: impl Future<Output = Known<Login>> + 'a) -> Self {
        Self(async { fetch.await.map(Arc::new) }.boxed_local().shared())
    }

    /// The login, once it is there.
    ///
    /// The error is one sentence for people.
    pub(super) async fn wait(&self, until: Instant) -> Result<Arc<Login>, String> {
        let login = timeout_at(until, self.0.clone()).await;
        login.map_err(|_| "the credentials were not there before the deadline")?.map_err(|why| why.to_string())
    }

    /// Why there are none, if that is known by now.
    pub(super) fn failure(&self) -> Option<Unknown> {
        self.0.peek()?.clone().err()
    }
}

impl Dial<'_> {
    /// Opens a connection and shakes hands; the error is one sentence for people.
    async fn open(&self, endpoint: &Endpoint, until: Instant) -> Result<Connection, String> {
        let stream = transport::connect(endpoint, self.tls.as_ref(), until).await?;
        let mut connection = Connection::new(stream, self.frame_limit, self.deadline, Arc::clone(&self.traffic));
        connection.agree(handshake::negotiate(&connection).await?, self.tls.is_some());
        if let Some(credentials) = &self.credentials {
            let login = credentials.wait(self.deadline).await?;
            let moment = Moment { host: &endpoint.host, unix_seconds: self.unix_seconds, nonce: tls::nonce()? };
            handshake::authenticate(&connection, &login, &moment).await?;
        }
        Ok(connection)
    }
}

impl Dial<'_> {
    /// A listener with SASL takes `ApiVersions` from everybody, and closes the connection at anything else before a login.
    fn explain(&self, error: &CallError) -> String {
        match error {
            CallError::Lost(cause)
                if self.credentials.is_none() && [connection::CLOSED, connection::RESET].contains(&cause.as_str()) =>
            {
                format!("{error} at the first question; a listener with SASL does that before a login: {LOGIN_HINT}")
            }
            other => other.to_string(),
        }
    }
}

impl Cluster {
    /// Finds the brokers through the first bootstrap address that answers, and connects to all of them.
    pub(super) async fn connect(bootstrap: &[Endpoint], dial: &Dial<'_>) -> Result<Self, Unreachable> {
        let attempt = transport::race(bootstrap, |endpoint| async move {
            let named = |error: String| format!("{endpoint}: {error}");
            let connection = dial.open(endpoint, dial.deadline).await.map_err(named)?;
            // Where groups live is asked along, unless the question would create those topics.
            let creates = connection.versions().choose(Api::Metadata).is_ok_and(|version| version < CREATES_NOTHING);
            let metadata = ask_metadata(&connection, if creates { Vec::new() } else { internal::names() }).await;
            let metadata = metadata.map_err(|error| named(dial.explain(&error)))?;
            if metadata.brokers.is_empty() {
                return Err(named("the broker's metadata names no brokers".into()));
            }
            Ok((endpoint, connection, metadata))
        });
        // A little before the deadline, so that the causes so far are told rather than lost.
        let (endpoint, connection, metadata) = match timeout_at(dial.deadline, attempt).await {
            Ok(found) => found.map_err(Unreachable)?,
            Err(_) => return Err(Unreachable(vec!["no answer before the deadline".into()])),
        };
        let mut first = Some((endpoint, connection));
        let until = share_of(dial.deadline, CONNECT_SHARE);
        let nodes = metadata.brokers.iter().map(|broker| {
            let endpoint =
                Endpoint { host: broker.host.to_string(), port: u16::try_from(broker.port).unwrap_or_default() };
            let open = first.take_if(|(known, _)| known.is_same(&endpoint));
            async move {
                let connection = if let Some((_, connection)) = open {
                    Ok(connection)
                } else {
                    let opened = timeout_at(until, dial.open(&endpoint, until)).await;
                    opened.unwrap_or_else(|_| Err(CallError::Deadline.to_string())).map_err(Unknown::because)
                };
                (broker.node_id.0, Node { endpoint, connection })
            }
        });
        let brokers = join_all(nodes).await.into_iter().collect();
        let (offsets, shares) = (Internal::read(&metadata, OFFSETS_TOPIC), Internal::read(&metadata, SHARE_TOPIC));
        let until = Cell::new(dial.deadline);
        Ok(Self { id: metadata.cluster_id, brokers, offsets, shares, deadline: dial.deadline, until })
    }

    /// Kafka's own id of the cluster.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where groups live.
    pub(super) fn offsets(&self) -> &Internal {
        &self.offsets
    }

    /// Where share groups keep how far they have come.
    pub(super) fn shares(&self) -> &Internal {
        &self.shares
    }

    /// Gives the next step this share of the time that is left: a broker that hangs must not use up the time that the
    /// others need for the steps after it.
    pub(super) fn allot(&self, share: f64) {
        self.until.set(share_of(self.deadline, share));
    }

    /// When nothing may be waited for any more in this step.
    pub(super) fn deadline(&self) -> Instant {
        self.until.get()
    }

    /// The ids of all brokers, reachable or not.
    pub(super) fn ids(&self) -> impl Iterator<Item = i32> {
        self.brokers.keys().copied()
    }

    /// How people find this broker.
    pub(super) fn place(&self, id: i32) -> String {
        match self.brokers.get(&id) {
            Some(node) => format!("broker {id} ({})", node.endpoint),
            None => format!("broker {id}"),
        }
    }

    /// Address and versions of each broker.
    pub(super) fn describe(&self) -> impl Iterator<Item = (i32, &Endpoint, Result<&Versions, &Unknown>)> {
        self.brokers.iter().map(|(id, node)| (*id, &node.endpoint, node.connection.as_ref().map(Connection::versions)))
    }

    /// The version that would be used, if the broker can be talked to.
    pub(super) fn version(&self, id: i32, api: Api) -> Option<i16> {
        self.brokers.get(&id)?.connection.as_ref().ok()?.versions().choose(api).ok()
    }

    /// Asks one broker.
    pub(super) async fn call<Q: Question>(&self, id: i32, api: Api, request: &Q) -> Result<Q::Answer, AskError> {
        let node = self.brokers.get(&id).ok_or_else(|| AskError::Down(self.place(id), "not in the metadata".into()))?;
        let down = |cause: String| AskError::Down(self.place(id), cause);
        let connection = node.connection.as_ref().map_err(|cause| down(cause.to_string()))?;
        let answer = timeout_at(self.until.get(), connection.call(api, request)).await;
        answer.unwrap_or(Err(CallError::Deadline)).map_err(|error| match error {
            CallError::TooLarge { .. } => AskError::TooLarge(self.place(id), error.to_string()),
            CallError::Deadline => AskError::Deadline(self.place(id)),
            other => down(other.to_string()),
        })
    }

    /// Whether this user may describe the cluster; without that, brokers list only the groups that it may describe.
    ///
    /// `None` where no broker tells it.
    pub(super) async fn may_be_described(&self) -> Option<bool> {
        let connection = self.brokers.values().find_map(|node| node.connection.as_ref().ok())?;
        let offered = connection.versions().range(Api::Metadata)?;
        let version = offered.max.min(*OPERATIONS.end());
        if !OPERATIONS.contains(&version) || version < offered.min {
            return None;
        }
        let request = MetadataRequest::default()
            .with_topics(Some(Vec::new()))
            .with_allow_auto_topic_creation(false)
            .with_include_cluster_authorized_operations(true);
        let answer = connection.call_in(version, &request).await.ok()?;
        let operations = Some(answer.cluster_authorized_operations).filter(|told| *told != i32::MIN)?;
        Some(operations >> DESCRIBE & 1 == 1)
    }

    /// Leaders, ids and partitions of named topics, from the first broker that answers; they are asked one after the other,
    /// without waiting long for one that is slow.
    pub(super) async fn metadata(&self, topics: &[StrBytes]) -> Known<MetadataResponse> {
        let attempt = transport::race(&self.brokers, |(id, node)| async move {
            let connection = node.connection.as_ref().map_err(|cause| format!("{}: {cause}", self.place(*id)))?;
            ask_metadata(connection, topics.to_vec()).await.map_err(|error| format!("{}: {error}", self.place(*id)))
        });
        let answer = timeout_at(self.until.get(), attempt).await;
        answer
            .unwrap_or_else(|_| Err(vec![CallError::Deadline.to_string()]))
            .map_err(|causes| Unknown::because(format!("no broker answered for its metadata: {}", causes.join("; "))))
    }
}

/// A question to a broker that has no answer; each names the broker.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("{0}: {1}")]
    Down(String, String),
    #[error("{0}: {1}")]
    TooLarge(String, String),
    #[error("{0}: no answer before the deadline")]
    Deadline(String),
}

impl From<AskError> for Unknown {
    fn from(error: AskError) -> Self {
        Self::because(error.to_string())
    }
}

async fn ask_metadata(connection: &Connection, topics: Vec<StrBytes>) -> Result<MetadataResponse, CallError> {
    let topics = topics.into_iter().map(|name| MetadataRequestTopic::default().with_name(Some(TopicName(name))));
    let request = MetadataRequest::default().with_topics(Some(topics.collect())).with_allow_auto_topic_creation(false);
    connection.call(Api::Metadata, &request).await
}

/// The moment when this share of the time until `deadline` has passed.
fn share_of(deadline: Instant, share: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(share)
}

/// How much of the time that is left may go into connecting to the brokers that the bootstrap one tells of.
const CONNECT_SHARE: f64 = 1.0 / 3.0;

/// The first version of `Metadata` that no broker creates internal topics for (Kafka 2.8).
pub(super) const CREATES_NOTHING: i16 = 10;

const LOGIN_HINT: &str = "set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM";

/// The last versions of `Metadata` that tell what the user may do with the cluster (KIP-430; KIP-700 moved it).
const OPERATIONS: std::ops::RangeInclusive<i16> = 8..=10;

/// `AclOperation.DESCRIBE`.
const DESCRIBE: u32 = 8;

/// No broker: what metadata says of a partition without a leader.
pub(super) const NO_LEADER: BrokerId = BrokerId(-1);
