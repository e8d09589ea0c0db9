//! How to reach a cluster: a connection that is ready for requests, and the first broker that answers one.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, FutureExt, LocalBoxFuture, Shared, select};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponse;
use kafka_protocol::messages::{
    DescribeGroupsRequest, DescribeGroupsResponse, GroupId, ListGroupsRequest, ListGroupsResponse, MetadataRequest,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::kafka::net::connection::{CallError, Connection};
use crate::kafka::net::error::{DialError, Step};
use crate::kafka::net::handshake;
use crate::kafka::net::pool::{Connections, Foreseen};
use crate::kafka::net::sasl::{Login, Moment};
use crate::kafka::net::tls::{self, Tls};
use crate::kafka::net::transport::{self, HEAD_START};
use crate::kafka::protocol::internal_topics::{self, USUAL_PARTITIONS};
use crate::kafka::protocol::versions::Api;
use crate::model::endpoint::Endpoint;
use crate::model::unknown::{Cause, Known, Unknown};

/// How to connect to a cluster.
pub struct Access<'a> {
    /// The addresses to connect to first.
    pub(crate) bootstrap: Vec<Endpoint>,
    /// `None` only if the configuration explicitly asks for plaintext.
    pub(crate) tls: Option<Tls>,
    /// `None` for listeners without SASL.
    pub(crate) credentials: Option<Credentials<'a>>,
    /// The largest answer in bytes.
    pub(crate) frame_limit: usize,
    /// Connections of earlier runs, and their traffic.
    pub(crate) kept: &'a Connections,
}

/// What all connections of a run share.
pub(crate) struct Dial<'a> {
    pub(crate) access: Access<'a>,
    /// The present time; logins contain it.
    pub(crate) unix_seconds: i64,
    /// How many attempts wait only for the credentials.
    pub(crate) waiting: Cell<usize>,
}

/// The credentials; they may still be fetched while connections are opened.
#[derive(Clone)]
pub struct Credentials<'a>(Shared<LocalBoxFuture<'a, Known<Arc<Login>>>>);

/// An answer to `ListGroups` that is on its way, with what was described just before and just after it of a made-up group in each of
/// the partitions of the offsets topic, as many as the run before found, or [`USUAL_PARTITIONS`]: it shows what the broker had loaded when
/// it listed its groups. Nothing is described where that cannot be asked.
pub(crate) type Groups<'a> = LocalBoxFuture<'a, Result<(Vec<DescribeGroupsResponse>, ListGroupsResponse), CallError>>;

/// The first broker that answers, and its answer.
pub(crate) struct Contact<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) connection: Rc<Connection>,
    pub(crate) metadata: MetadataResponse,
    pub(crate) groups: Groups<'a>,
}

/// None of the bootstrap addresses leads to a broker.
#[derive(Debug, thiserror::Error)]
#[error("{}", each(.0))]
pub struct Unreachable(Vec<(Endpoint, DialError)>);

fn each(causes: &[(Endpoint, DialError)]) -> String {
    let one = |(endpoint, why): &(Endpoint, DialError)| format!("cannot connect to {endpoint}: {}", why.at(endpoint));
    let mut text = causes.iter().map(one).collect::<Vec<_>>().join("; ");
    if causes.iter().all(|(_, why)| why.is_refused()) {
        text.push_str(
            "; check host and port: the usual one is 9092, Amazon MSK has 9094 (TLS), 9096 (SCRAM) and 9098 (IAM)",
        );
    }
    text
}

impl Unreachable {
    /// Whether a broker refused the client, or was refused for its certificate: what was fetched earlier may have
    /// changed since.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.iter().any(|(_, why)| why.is_refusal())
    }
}

impl<'a> Credentials<'a> {
    /// Every connection that has to log in waits for it; it is fetched once.
    pub fn coming(fetch: impl Future<Output = Known<Login>> + 'a) -> Self {
        Self(async { fetch.await.map(Arc::new) }.boxed_local().shared())
    }

    /// The login, once it is there.
    pub(crate) async fn wait(&self, until: Instant) -> Result<Arc<Login>, DialError> {
        let began = Instant::now();
        let login = timeout_at(until, self.0.clone()).await;
        login.map_err(|_| DialError::Late(Step::Login, began.elapsed()))?.map_err(DialError::Credentials)
    }

    /// Why there are none, if that is known already.
    pub(crate) fn failure(&self) -> Option<Unknown> {
        self.0.peek()?.clone().err()
    }
}

impl Dial<'_> {
    /// Opens a connection and does the handshakes.
    pub(crate) async fn open(&self, endpoint: &Endpoint, until: Instant) -> Result<Connection, DialError> {
        patiently(until, async || self.open_once(endpoint, until).await).await
    }

    async fn open_once(&self, endpoint: &Endpoint, until: Instant) -> Result<Connection, DialError> {
        let Access { tls, credentials, frame_limit, kept, .. } = &self.access;
        let stream = transport::connect(endpoint, tls.as_ref(), until).await?;
        let mut connection = Connection::new(stream, *frame_limit, Arc::clone(&kept.traffic));
        connection.agree(handshake::negotiate(&connection, tls.is_some(), until).await?, tls.is_some());
        if let Some(credentials) = credentials {
            let login = {
                let _waiting = Attempting::new(&self.waiting);
                credentials.wait(until).await?
            };
            let moment = Moment { host: &endpoint.host, unix_seconds: self.unix_seconds, nonce: tls::nonce()? };
            handshake::authenticate(&connection, &login, &moment, &mut None, until).await?;
        }
        Ok(connection)
    }

    /// The first bootstrap address, or connection of an earlier run, that leads to a broker.
    pub(crate) async fn meet<'g>(&self, until: Instant) -> Result<Contact<'g>, Unreachable> {
        let attempt = |(endpoint, kept): (Endpoint, Option<Rc<Connection>>)| async move {
            if let Some(kept) = kept {
                // A connection that died in between is no problem.
                let soon = until.min(Instant::now() + PATIENCE);
                return self.greet(&endpoint, kept, soon).await.map_err(|_| None);
            }
            let met = async { self.greet(&endpoint, Rc::new(self.open(&endpoint, until).await?), until).await };
            met.await.map_err(|why| Some((endpoint, why)))
        };
        let kept = self.access.kept.take_any().map(|(endpoint, connection)| (endpoint, Some(connection)));
        let candidates = kept.into_iter().chain(self.access.bootstrap.iter().map(|endpoint| (endpoint.clone(), None)));
        // An attempt that waits only for the credentials is no reason to try the next address too.
        let race = transport::race_while(candidates, attempt, HEAD_START, || self.waiting.get() == 0);
        tokio::select! {
            met = race => met.map_err(|causes| Unreachable(causes.into_iter().flatten().collect())),
            never = self.fetching() => match never {},
        }
    }

    /// Fetches the credentials from the first moment on, whichever connection needs them first.
    async fn fetching(&self) -> std::convert::Infallible {
        if let Some(credentials) = &self.access.credentials {
            // The login that needs them reports why there are none.
            let _ = credentials.0.clone().await;
        }
        std::future::pending().await
    }

    /// Asks for the brokers over an open connection, and in the same flight for the groups of the one behind it and for the topics that
    /// the run before read.
    async fn greet<'g>(
        &self,
        endpoint: &Endpoint,
        connection: Rc<Connection>,
        until: Instant,
    ) -> Result<Contact<'g>, DialError> {
        // The internal topics are requested as well, unless the request would create them.
        let creates = connection.versions().choose(Api::Metadata).is_ok_and(|version| version < CREATES_NOTHING);
        let internal = if creates { Vec::new() } else { internal_topics::names() };
        let Foreseen { partitions, topics } = self.access.kept.foreseen();
        let partitions = if partitions == 0 { USUAL_PARTITIONS } else { partitions };
        let request = metadata_request(Some(internal.into_iter().chain(topics).collect()));
        let groups = {
            let connection = Rc::clone(&connection);
            let probes = made_up(&internal_topics::made_up_groups(partitions), 0..partitions);
            async move {
                let probe = async || {
                    connection.versions().choose(Api::DescribeGroups).ok()?;
                    connection.call(&probes, until).await.ok()
                };
                let list = ListGroupsRequest::default();
                let (before, listed, after) = tokio::join!(probe(), connection.call(&list, until), probe());
                Ok((before.into_iter().chain(after).collect(), listed?))
            }
            .boxed_local()
        };
        let metadata = connection.call(&request, until).boxed_local();
        let (metadata, groups) = match select(metadata, groups).await {
            Either::Left(answered) => answered,
            Either::Right((groups, metadata)) => (metadata.await, std::future::ready(groups).boxed_local()),
        };
        let metadata = metadata.map_err(|error| DialError::unanswered(error, self.access.credentials.is_some()))?;
        match metadata.error_code {
            0 if metadata.brokers.is_empty() => Err(DialError::NoBrokers),
            0 => Ok(Contact { endpoint: endpoint.clone(), connection, metadata, groups }),
            code => Err(DialError::MetadataRefused(code)),
        }
    }
}

/// Asks for the made-up groups of some partitions of the offsets topic.
pub(crate) fn made_up(names: &[StrBytes], partitions: impl IntoIterator<Item = usize>) -> DescribeGroupsRequest {
    let names = partitions.into_iter().filter_map(|at| names.get(at)).filter(|name| !name.is_empty());
    DescribeGroupsRequest::default().with_groups(names.cloned().map(GroupId).collect())
}

/// Tries again as long as the broker accepts no more connections, each time after a pause that differs from client to
/// client: at most three connections a second, where Amazon MSK accepts four.
pub(crate) async fn patiently<T>(
    until: Instant,
    mut attempt: impl AsyncFnMut() -> Result<T, DialError>,
) -> Result<T, DialError> {
    let mut crowded = None;
    loop {
        let error = match (attempt().await, crowded.take()) {
            (Err(error), _) if error.is_throttle() => error,
            // The deadline cut this attempt short: what the broker said before is the cause.
            (Err(error), Some(crowded)) if error.cause() == Cause::Deadline => return Err(crowded),
            (other, _) => return other,
        };
        let chance = tls::nonce().map_or(u8::MAX / 2, |nonce| nonce[0]);
        let again = Instant::now() + LEAST_PAUSE + SPREAD.mul_f32(f32::from(chance) / f32::from(u8::MAX));
        if again >= until {
            return Err(error);
        }
        sleep_until(again).await;
        crowded = Some(error);
    }
}

/// Counts an attempt as waiting for as long as it lives.
struct Attempting<'a>(&'a Cell<usize>);

impl<'a> Attempting<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Attempting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Asks for brokers and these topics, or all; nothing is created.
pub(crate) fn metadata_request(topics: Option<Vec<StrBytes>>) -> MetadataRequest {
    let named = |name| MetadataRequestTopic::default().with_name(Some(TopicName(name)));
    let topics = topics.map(|topics| topics.into_iter().map(named).collect());
    MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false)
}

/// How long to wait for the first answer over a connection of an earlier run: the peer may have gone silently.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The shortest pause before a client connects again to a broker with too many connections, and the longest addition
/// to it.
const LEAST_PAUSE: Duration = Duration::from_millis(300);
const SPREAD: Duration = Duration::from_millis(700);

/// The first version of `Metadata` for which no broker creates internal topics (Kafka 2.8).
pub(crate) const CREATES_NOTHING: i16 = 10;
