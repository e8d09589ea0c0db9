//! The brokers of one cluster, each with a connection that is opened when it is first needed, and anew when it is lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, FutureExt, LocalBoxFuture, Shared, select};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponse;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, timeout_at};

use super::connection::{CallError, Connection};
use super::failure;
use super::handshake;
use super::internal::{self, Internal, OFFSETS_TOPIC, SHARE_TOPIC};
use super::kept::Connections;
use super::messages::Question;
use super::sasl::{Login, Moment};
use super::tls::{self, Tls};
use super::transport;
use super::versions::{Api, Versions};
use crate::endpoint::Endpoint;
use crate::lag::{Cause, Known, Unknown};

/// What every connection of a run shares.
pub(super) struct Dial<'a> {
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<Credentials<'a>>,
    /// What time it is; logins are dated.
    pub(super) unix_seconds: i64,
    pub(super) frame_limit: usize,
    /// Connections of earlier looks, and what went over them.
    pub(super) kept: &'a Connections,
    /// How many attempts wait for nothing but the credentials.
    pub(super) waiting: Cell<usize>,
}

/// What to log in with; it may still be on its way while connections are opened.
#[derive(Clone)]
pub struct Credentials<'a>(Shared<LocalBoxFuture<'a, Known<Arc<Login>>>>);

/// A cluster with a connection, or the reason for none, to each broker.
pub(super) struct Cluster<'a> {
    dial: Rc<Dial<'a>>,
    id: Option<StrBytes>,
    nodes: RefCell<BTreeMap<i32, Rc<Node<'a>>>>,
    offsets: RefCell<Internal>,
    shares: Internal,
    /// The groups of the broker that was met first: it was asked for them together with the metadata.
    first_groups: RefCell<Option<(i32, Groups<'a>)>>,
}

/// An answer to `ListGroups` that is on its way.
type Groups<'a> = LocalBoxFuture<'a, Result<ListGroupsResponse, CallError>>;

struct Node<'a> {
    endpoint: Endpoint,
    line: RefCell<Line<'a>>,
    /// It could be talked to in this look; then it is tried again.
    was_open: Cell<bool>,
    /// Milliseconds that connections before this one were held back.
    held_back: Cell<u64>,
}

enum Line<'a> {
    Untried,
    /// Everybody who needs the connection waits for the same attempt.
    Tried(Attempt<'a>),
}

type Attempt<'a> = Shared<LocalBoxFuture<'a, Known<Rc<Connection>>>>;

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
        let mut connection = Connection::new(stream, self.frame_limit, Arc::clone(&self.kept.traffic));
        connection.agree(handshake::negotiate(&connection, until).await?, self.tls.is_some());
        if let Some(credentials) = &self.credentials {
            let login = {
                let _waiting = Waiting::new(&self.waiting);
                credentials.wait(until).await?
            };
            let moment = Moment { host: &endpoint.host, unix_seconds: self.unix_seconds, nonce: tls::nonce()? };
            handshake::authenticate(&connection, &login, &moment, until).await?;
        }
        Ok(connection)
    }

    /// A listener with SASL takes `ApiVersions` from everybody, and closes the connection at anything else before a login.
    fn explain(&self, error: &CallError) -> String {
        if self.credentials.is_none() && error.is_hang_up() {
            format!("{error} at the first question; a listener with SASL does that before a login: {LOGIN_HINT}")
        } else {
            error.to_string()
        }
    }

    /// Fetches the credentials from the first moment on, whoever needs them when.
    async fn fetching(&self) -> std::convert::Infallible {
        if let Some(credentials) = &self.credentials {
            // Whoever logs in tells why there are none.
            let _ = credentials.0.clone().await;
        }
        std::future::pending().await
    }
}

/// Counts an attempt as waiting for as long as it lives.
struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl<'a> Cluster<'a> {
    /// Finds the brokers through the first bootstrap address that answers; the connections to the others are opened when they
    /// are needed.
    pub(super) async fn connect(
        bootstrap: &[Endpoint],
        dial: &Rc<Dial<'a>>,
        until: Instant,
    ) -> Result<Self, Unreachable> {
        let causes = RefCell::new(Vec::new());
        let attempt = |(endpoint, kept): (&'_ Endpoint, Option<Rc<Connection>>)| {
            let (causes, endpoint) = (&causes, endpoint.clone());
            async move {
                let tried = match kept {
                    // One that died in between is no news.
                    Some(kept) => {
                        let soon = until.min(Instant::now() + PATIENCE);
                        return greet(dial, endpoint, kept, soon).await.map_err(|_| ());
                    }
                    None => meet(dial, endpoint.clone(), until).await,
                };
                tried.map_err(|why| causes.borrow_mut().push(format!("{endpoint}: {why}")))
            }
        };
        let kept = dial.kept.take_any();
        let kept = kept.iter().map(|(endpoint, connection)| (endpoint, Some(Rc::clone(connection))));
        let candidates = kept.chain(bootstrap.iter().map(|endpoint| (endpoint, None)));
        // An attempt that waits for the credentials alone is no reason to shake hands with the next address too.
        let race = transport::race_while(candidates, attempt, HEAD_START, || dial.waiting.get() == 0);
        let found = tokio::select! {
            found = timeout_at(until, race) => found,
            never = dial.fetching() => match never {},
        };
        let Met { endpoint, connection, metadata, groups } = match found {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => return Err(Unreachable(causes.take())),
            Err(_) => {
                let mut causes = causes.take();
                causes.push("no answer before the deadline".into());
                return Err(Unreachable(causes));
            }
        };
        let offsets = Internal::read(&metadata, OFFSETS_TOPIC);
        let shares = Internal::read(&metadata, SHARE_TOPIC);
        let cluster = Self {
            dial: Rc::clone(dial),
            id: metadata.cluster_id.clone(),
            nodes: RefCell::default(),
            offsets: RefCell::new(offsets),
            shares,
            first_groups: RefCell::default(),
        };
        cluster.learn(&metadata);
        // An address that no broker advertises may lead to any of them.
        let nodes = cluster.nodes.borrow();
        let known = nodes.iter().find(|(_, node)| node.endpoint.is_same(&endpoint));
        if let Some((id, node)) = known {
            cluster.first_groups.replace(Some((*id, groups)));
            let open = std::future::ready(Ok(connection)).boxed_local().shared();
            // Polled once, so that it can be looked at.
            let _ = open.clone().now_or_never();
            node.line.replace(Line::Tried(open));
            node.was_open.set(true);
        }
        drop(nodes);
        Ok(cluster)
    }

    /// Kafka's own id of the cluster.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where groups live, as the newest metadata told it.
    pub(super) fn offsets(&self) -> Internal {
        self.offsets.borrow().clone()
    }

    /// Where share groups keep how far they have come.
    pub(super) fn shares(&self) -> &Internal {
        &self.shares
    }

    /// The ids of all brokers that are known by now, reachable or not.
    pub(super) fn ids(&self) -> Vec<i32> {
        self.nodes.borrow().keys().copied().collect()
    }

    /// The same, those first that will answer soonest: with an open connection, and with few questions before the next one.
    pub(super) fn readiest(&self) -> Vec<i32> {
        let mut ids = self.ids();
        let open = |id| self.node(id)?.peek()?.ok();
        ids.sort_by_cached_key(|id| open(*id).map_or(u64::MAX, |connection| connection.unanswered()));
        ids
    }

    /// How people find this broker.
    pub(super) fn place(&self, id: i32) -> String {
        match self.nodes.borrow().get(&id) {
            Some(node) => format!("broker {id} ({})", node.endpoint),
            None => format!("broker {id}"),
        }
    }

    /// Address and versions of each broker, or why it could not be talked to.
    pub(super) fn describe(&self) -> Vec<(i32, Endpoint, Known<Versions>)> {
        let nodes = self.nodes.borrow();
        let described = nodes.iter().map(|(id, node)| {
            let versions = match node.peek() {
                Some(Ok(connection)) => Ok(connection.versions().clone()),
                Some(Err(why)) => Err(why),
                None => Err(Unknown::of(Cause::Deadline, CallError::Deadline.to_string())),
            };
            (*id, node.endpoint.clone(), versions)
        });
        described.collect()
    }

    /// Milliseconds for which a broker said that it held answers back (KIP-219).
    pub(super) fn held_back(&self, id: i32) -> u64 {
        let Some(node) = self.node(id) else { return 0 };
        let now = node.peek().and_then(Result::ok).map_or(0, |connection| connection.held_back());
        node.held_back.get() + now
    }

    /// The version that a broker with an open connection would be asked in.
    pub(super) fn version(&self, id: i32, api: Api) -> Option<i16> {
        self.node(id)?.peek()?.ok()?.versions().choose(api).ok()
    }

    /// Opens the connection to a broker, if it is not open yet.
    pub(super) async fn ready(&self, id: i32, until: Instant) -> Result<(), AskError> {
        self.line(id, until).await.map(drop)
    }

    /// Asks one broker. A connection that is lost is opened once anew, and its question put again.
    pub(super) async fn call<Q: Question>(
        &self,
        id: i32,
        api: Api,
        request: &Q,
        until: Instant,
    ) -> Result<Q::Answer, AskError> {
        let connection = self.line(id, until).await?;
        let mut answer = connection.call(api, request, until).await;
        let mut was_open = false;
        if let Err(CallError::Lost(_)) = answer {
            was_open = true;
            self.reopen(id, &connection, until);
            let connection = self.line(id, until).await?;
            answer = connection.call(api, request, until).await;
        }
        answer.map_err(|error| {
            let place = self.place(id);
            match error {
                CallError::TooLarge { .. } | CallError::TooHeavy(_) => AskError::TooLarge(place, error.to_string()),
                CallError::Deadline => AskError::Deadline(place),
                other => AskError::Down { place, cause: other.to_string(), was_open },
            }
        })
    }

    /// The groups of one broker, which may have been asked for them already.
    pub(super) async fn list_groups(&self, id: i32, until: Instant) -> Result<ListGroupsResponse, AskError> {
        let asked = self.first_groups.borrow_mut().take_if(|(first, _)| *first == id);
        if let Some((_, answer)) = asked
            && let Ok(Ok(answer)) = timeout_at(until, answer).await
        {
            return Ok(answer);
        }
        // What went wrong with it goes wrong again, or is mended by then.
        self.call(id, Api::ListGroups, &ListGroupsRequest::default(), until).await
    }

    async fn line(&self, id: i32, until: Instant) -> Result<Rc<Connection>, AskError> {
        let down = |cause: String, was_open| AskError::Down { place: self.place(id), cause, was_open };
        let node = self.node(id).ok_or_else(|| down("not in the metadata".into(), false))?;
        let was_open = node.was_open.get();
        let known = match &*node.line.borrow() {
            Line::Tried(attempt) if !(was_open && matches!(attempt.peek(), Some(Err(_)))) => Some(attempt.clone()),
            _ => None,
        };
        let attempt = known.unwrap_or_else(|| {
            let attempt = self.attempt(&node.endpoint, until);
            node.line.replace(Line::Tried(attempt.clone()));
            attempt
        });
        match timeout_at(until, attempt).await {
            Ok(Ok(connection)) => {
                node.was_open.set(true);
                Ok(connection)
            }
            Ok(Err(why)) if why.cause() == Cause::Deadline => Err(AskError::Deadline(self.place(id))),
            Ok(Err(why)) => Err(down(why.to_string(), was_open)),
            Err(_) => Err(AskError::Deadline(self.place(id))),
        }
    }

    fn attempt(&self, endpoint: &Endpoint, until: Instant) -> Attempt<'a> {
        let (dial, endpoint) = (Rc::clone(&self.dial), endpoint.clone());
        // A broker that hangs must not use up the time that is needed to tell of it.
        let until = share_of(until, CONNECT_SHARE);
        let opening = async move {
            if let Some(kept) = dial.kept.take(&endpoint) {
                return Ok(kept);
            }
            match timeout_at(until, dial.open(&endpoint, until)).await {
                Ok(Ok(connection)) => Ok(Rc::new(connection)),
                Ok(Err(why)) => Err(Unknown::of(Cause::Down, why)),
                Err(_) => Err(Unknown::of(Cause::Deadline, CallError::Deadline.to_string())),
            }
        };
        opening.boxed_local().shared()
    }

    /// Replaces a connection that was lost, unless somebody else has by now.
    fn reopen(&self, id: i32, lost: &Rc<Connection>, until: Instant) {
        let Some(node) = self.node(id) else { return };
        let is_the_same = node.peek().is_some_and(|now| now.is_ok_and(|now| Rc::ptr_eq(&now, lost)));
        if is_the_same {
            node.held_back.set(node.held_back.get() + lost.held_back());
            node.line.replace(Line::Tried(self.attempt(&node.endpoint, until)));
        }
    }

    /// Leaves the open connections to the next look.
    pub(super) fn keep_connections(&self) {
        for node in self.nodes.borrow().values() {
            if let Some(Ok(connection)) = node.peek() {
                self.dial.kept.keep(&node.endpoint, connection);
            }
        }
    }

    fn node(&self, id: i32) -> Option<Rc<Node<'a>>> {
        self.nodes.borrow().get(&id).cloned()
    }

    /// Whether this user may describe the cluster; without that, brokers list only the groups that it may describe.
    ///
    /// `None` where no broker tells it.
    pub(super) async fn may_be_described(&self, until: Instant) -> Option<bool> {
        let open = |id: i32| self.node(id)?.peek()?.ok();
        for connection in self.ids().into_iter().filter_map(open) {
            let Some(offered) = connection.versions().range(Api::Metadata) else { continue };
            let version = offered.max.min(*OPERATIONS.end());
            if !OPERATIONS.contains(&version) || version < offered.min {
                continue;
            }
            let request = MetadataRequest::default()
                .with_topics(Some(Vec::new()))
                .with_allow_auto_topic_creation(false)
                .with_include_cluster_authorized_operations(true);
            let Ok(answer) = connection.call_in(version, &request, share_of(until, CONNECT_SHARE)).await else {
                continue;
            };
            let operations = Some(answer.cluster_authorized_operations).filter(|told| *told != i32::MIN);
            if let Some(operations) = operations {
                return Some(operations >> DESCRIBE & 1 == 1);
            }
        }
        None
    }

    /// Leaders, ids and partitions of named topics, in halves where the answer would be larger than a frame may be. Brokers that
    /// it tells of for the first time can be asked from now on.
    pub(super) async fn metadata(&self, topics: &[StrBytes], until: Instant) -> Known<MetadataResponse> {
        let mut whole: Option<MetadataResponse> = None;
        let mut pieces = vec![topics];
        while let Some(piece) = pieces.pop() {
            match self.piece_of_metadata(piece, until).await {
                Ok(answer) => {
                    self.learn(&answer);
                    match &mut whole {
                        None => whole = Some(answer),
                        Some(whole) => whole.topics.extend(answer.topics),
                    }
                }
                Err(causes) if piece.len() > 1 && causes.iter().any(|why| matches!(why, AskError::TooLarge(..))) => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.extend([second, first]);
                }
                Err(causes) => {
                    let cause = causes.first().map_or(Cause::Deadline, AskError::cause);
                    let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
                    let why = format!("no broker answered for its metadata: {}", causes.join("; "));
                    return Err(Unknown::of(cause, why));
                }
            }
        }
        whole.ok_or_else(|| Unknown::because("no topic was asked for"))
    }

    /// Asks the first broker that answers; the next one is asked too where that one is silent, and not while its answer is under
    /// way.
    async fn piece_of_metadata(&self, topics: &[StrBytes], until: Instant) -> Result<MetadataResponse, Vec<AskError>> {
        let (asked, heard) = (RefCell::new(Vec::new()), Cell::new(0));
        let silent = || {
            let asked = asked.borrow();
            let bytes = asked.iter().filter_map(|id| Some(self.node(*id)?.peek()?.ok()?.heard())).sum::<u64>();
            heard.replace(bytes) == bytes
        };
        let attempt = |id| {
            asked.borrow_mut().push(id);
            self.call_metadata(id, topics, until)
        };
        transport::race_while(self.readiest(), attempt, SILENCE, silent).await
    }

    async fn call_metadata(&self, id: i32, topics: &[StrBytes], until: Instant) -> Result<MetadataResponse, AskError> {
        let answer = self.call(id, Api::Metadata, &metadata_request(topics.to_vec()), until).await?;
        match answer.error_code {
            0 => Ok(answer),
            code => Err(AskError::Refused(self.place(id), failure::unknown(code))),
        }
    }

    /// Remembers the brokers that an answer tells of, and where groups live by now.
    fn learn(&self, answer: &MetadataResponse) {
        for broker in &answer.brokers {
            let port = u16::try_from(broker.port).unwrap_or_default();
            self.learn_of(broker.node_id.0, &broker.host, port);
        }
        if answer.topics.iter().any(|topic| topic.name.as_ref().is_some_and(|name| **name == *OFFSETS_TOPIC)) {
            self.offsets.replace(Internal::read(answer, OFFSETS_TOPIC));
        }
    }

    /// Remembers a broker's address.
    pub(super) fn learn_of(&self, id: i32, host: &str, port: u16) {
        let endpoint = Endpoint { host: host.to_owned(), port };
        let mut nodes = self.nodes.borrow_mut();
        if id >= 0 && !host.is_empty() && nodes.get(&id).is_none_or(|known| !known.endpoint.is_same(&endpoint)) {
            let node = Node {
                endpoint,
                line: RefCell::new(Line::Untried),
                was_open: Cell::new(false),
                held_back: Cell::default(),
            };
            nodes.insert(id, Rc::new(node));
        }
    }
}

impl Node<'_> {
    /// The connection, or why there is none, if that is known by now.
    fn peek(&self) -> Option<Known<Rc<Connection>>> {
        match &*self.line.borrow() {
            Line::Untried => None,
            Line::Tried(attempt) => attempt.peek().cloned(),
        }
    }
}

/// The first broker that answers, and what it tells.
struct Met<'a> {
    endpoint: Endpoint,
    connection: Rc<Connection>,
    metadata: MetadataResponse,
    groups: Groups<'a>,
}

/// Opens a connection to a bootstrap address, and asks for the brokers; the error is one sentence for people.
async fn meet<'a>(dial: &Dial<'_>, endpoint: Endpoint, until: Instant) -> Result<Met<'a>, String> {
    let connection = Rc::new(dial.open(&endpoint, until).await?);
    greet(dial, endpoint, connection, until).await
}

/// Asks for the brokers over an open connection, and in the same flight for the groups of the one behind it; the error is one
/// sentence for people.
async fn greet<'a>(
    dial: &Dial<'_>,
    endpoint: Endpoint,
    connection: Rc<Connection>,
    until: Instant,
) -> Result<Met<'a>, String> {
    // Where groups live is asked along, unless the question would create those topics.
    let creates = connection.versions().choose(Api::Metadata).is_ok_and(|version| version < CREATES_NOTHING);
    let request = metadata_request(if creates { Vec::new() } else { internal::names() });
    let groups = {
        let connection = Rc::clone(&connection);
        async move { connection.call(Api::ListGroups, &ListGroupsRequest::default(), until).await }.boxed_local()
    };
    let metadata = connection.call(Api::Metadata, &request, until).boxed_local();
    let (metadata, groups) = match select(metadata, groups).await {
        Either::Left(answered) => answered,
        Either::Right((groups, metadata)) => (metadata.await, std::future::ready(groups).boxed_local()),
    };
    let metadata = metadata.map_err(|error| dial.explain(&error))?;
    if metadata.error_code != 0 {
        return Err(format!("the broker refused to tell its metadata: {}", failure::sentence(metadata.error_code)));
    }
    if metadata.brokers.is_empty() {
        return Err("the broker's metadata names no brokers".into());
    }
    Ok(Met { endpoint, connection, metadata, groups })
}

/// Nothing is created.
fn metadata_request(topics: Vec<StrBytes>) -> MetadataRequest {
    let topics = topics.into_iter().map(|name| MetadataRequestTopic::default().with_name(Some(TopicName(name))));
    MetadataRequest::default().with_topics(Some(topics.collect())).with_allow_auto_topic_creation(false)
}

/// A question to a broker that has no answer; each names the broker.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("{place}: {cause}")]
    Down {
        place: String,
        cause: String,
        /// It could be talked to before, in this very look.
        was_open: bool,
    },
    #[error("{0}: {1}")]
    TooLarge(String, String),
    /// The answer as a whole has an error code of Kafka's.
    #[error("{0}: {1}")]
    Refused(String, Unknown),
    #[error("{0}: no answer before the deadline")]
    Deadline(String),
}

impl AskError {
    pub(super) fn cause(&self) -> Cause {
        match self {
            Self::Down { .. } => Cause::Down,
            Self::TooLarge(..) => Cause::TooLarge,
            Self::Refused(_, why) => why.cause(),
            Self::Deadline(_) => Cause::Deadline,
        }
    }
}

impl From<AskError> for Unknown {
    fn from(error: AskError) -> Self {
        Self::of(error.cause(), error.to_string())
    }
}

/// The moment when this share of the time until `deadline` has passed.
pub(super) fn share_of(deadline: Instant, share: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(share)
}

/// How much of the time that is left may go into a connection.
const CONNECT_SHARE: f64 = 1.0 / 2.0;

/// How long the first answer over a connection of an earlier look is waited for: the peer may have gone without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// A head start of one bootstrap address before the next (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// How long a broker that was asked for metadata may be silent before the next one is asked too.
const SILENCE: Duration = Duration::from_millis(500);

/// The first version of `Metadata` that no broker creates internal topics for (Kafka 2.8).
pub(super) const CREATES_NOTHING: i16 = 10;

const LOGIN_HINT: &str = "set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM";

/// The last versions of `Metadata` that tell what the user may do with the cluster (KIP-430; KIP-700 moved it).
const OPERATIONS: std::ops::RangeInclusive<i16> = 8..=10;

/// `AclOperation.DESCRIBE`.
const DESCRIBE: u32 = 8;
