//! The brokers of one cluster, each with a connection that is opened when it is first needed, and again when it is
//! lost.

mod metadata;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_util::future::{Either, FutureExt, LocalBoxFuture, Shared, select};
use kafka_protocol::messages::{DescribeGroupsResponse, ListGroupsRequest, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, timeout_at};

use crate::base::budget::{CONNECT_SHARE, LEAST_TO_CONNECT, MOST_TO_CONNECT};
use crate::kafka::net::connection::{CallError, Connection};
use crate::kafka::net::dial::{Contact, Dial, Groups, PATIENCE, made_up};
use crate::kafka::net::error::DialError;
use crate::kafka::net::pool::Foreseen;
use crate::kafka::protocol::internal_topics::{OFFSETS_TOPIC, SHARE_TOPIC};
use crate::kafka::protocol::messages::Question;
use crate::kafka::protocol::versions::{Api, Versions};
use crate::kafka::protocol::{error_codes, internal_topics};
use crate::kafka::survey::ask::AskError;
use crate::kafka::survey::offsets_topic::Internal;
use crate::kafka::survey::topic::DescribedTopic;
use crate::model::endpoint::Endpoint;
use crate::model::unknown::{Cause, Known, Unknown};

/// A cluster with a connection, or the reason for none, to each broker.
pub(crate) struct Cluster<'a> {
    dial: Rc<Dial<'a>>,
    id: Option<StrBytes>,
    /// The broker whose metadata was read, unless it is one of these addresses.
    by: Option<Endpoint>,
    nodes: RefCell<BTreeMap<i32, Rc<Node<'a>>>>,
    offsets: RefCell<Internal>,
    shares: RefCell<Internal>,
    /// The groups of the broker that was reached first: they were requested together with the metadata.
    first_groups: RefCell<Option<(i32, Groups<'a>)>>,
    /// Topics that were requested together with the metadata, because the previous run read them.
    first_topics: RefCell<BTreeMap<StrBytes, DescribedTopic>>,
}

struct Node<'a> {
    endpoint: Endpoint,
    /// All callers that need the connection wait for the same attempt; `None` until one does.
    line: RefCell<Option<Attempt<'a>>>,
    /// It could be reached in this run; then it is tried again.
    was_open: Cell<bool>,
    /// Milliseconds for which connections before this one were throttled.
    held_back: Cell<u64>,
}

type Attempt<'a> = Shared<LocalBoxFuture<'a, Result<Rc<Connection>, Rc<DialError>>>>;

impl<'a> Cluster<'a> {
    /// The brokers in the first one's metadata; connections to the others are opened when they are needed.
    pub(crate) fn of(met: Contact<'a>, dial: &Rc<Dial<'a>>) -> Self {
        let Contact { endpoint, connection, metadata, groups } = met;
        let mut cluster = Self {
            by: None,
            dial: Rc::clone(dial),
            id: metadata.cluster_id.clone(),
            nodes: RefCell::default(),
            offsets: RefCell::new(Internal::read(&metadata, OFFSETS_TOPIC)),
            shares: RefCell::new(Internal::read(&metadata, SHARE_TOPIC)),
            first_groups: RefCell::default(),
            first_topics: RefCell::new(DescribedTopic::all(&metadata)),
        };
        cluster.learn(&metadata);
        let known = cluster.nodes.get_mut().iter().find(|(_, node)| node.endpoint.is_same(&endpoint));
        if let Some((id, node)) = known {
            cluster.first_groups.replace(Some((*id, groups)));
            let open = std::future::ready(Ok(connection)).boxed_local().shared();
            // Polled once, so that its state is known.
            let _ = open.clone().now_or_never();
            node.line.replace(Some(open));
            node.was_open.set(true);
        } else {
            // An address that no broker advertises may lead to any of them.
            cluster.by = Some(endpoint);
        }
        cluster
    }

    /// Kafka's own id of the cluster.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The offsets topic in the newest metadata.
    pub(crate) fn offsets(&self) -> Internal {
        self.offsets.borrow().clone()
    }

    /// The topic with the state of share groups.
    pub(crate) fn shares(&self) -> Internal {
        self.shares.borrow().clone()
    }

    /// The ids of all brokers that are known by now, reachable or not.
    pub(crate) fn ids(&self) -> Vec<i32> {
        self.nodes.borrow().keys().copied().collect()
    }

    /// Broker ids, fastest first: open connections, then fewest requests in flight.
    pub(crate) fn readiest(&self) -> Vec<i32> {
        let mut ids = self.ids();
        ids.sort_by_cached_key(|id| self.open(*id).map_or(u64::MAX, |connection| connection.unanswered()));
        ids
    }

    /// The broker's name for people.
    pub(crate) fn place(&self, id: i32) -> String {
        match self.nodes.borrow().get(&id) {
            Some(node) => format!("broker {id} ({})", node.endpoint),
            None => format!("broker {id}"),
        }
    }

    /// Address and versions of each broker, or why it could not be reached.
    pub(crate) fn describe(&self) -> Vec<(i32, Endpoint, Known<Versions>)> {
        let nodes = self.nodes.borrow();
        let described = nodes.iter().map(|(id, node)| {
            let versions = match node.peek() {
                Some(Ok(connection)) => Ok(connection.versions().clone()),
                Some(Err(why)) => Err(Unknown::from(&*why)),
                None => Err(Unknown::from(&CallError::LATE)),
            };
            (*id, node.endpoint.clone(), versions)
        });
        described.collect()
    }

    /// Milliseconds for which a broker reported that it throttled answers (KIP-219).
    pub(crate) fn held_back(&self, id: i32) -> u64 {
        let before = self.node(id).map_or(0, |node| node.held_back.get());
        before + self.open(id).map_or(0, |connection| connection.held_back())
    }

    /// The version of a request to a broker with an open connection.
    pub(crate) fn version(&self, id: i32, api: Api) -> Option<i16> {
        self.open(id)?.versions().choose(api).ok()
    }

    /// Opens the connection to a broker, if it is not open yet.
    pub(crate) async fn ready(&self, id: i32, until: Instant) -> Result<(), AskError> {
        self.line(id, until).await.map(drop)
    }

    /// Asks one broker. A lost connection is opened again once, and the request repeated.
    pub(crate) async fn call<Q: Question>(&self, id: i32, request: &Q, until: Instant) -> Result<Q::Answer, AskError> {
        let connection = self.line(id, until).await?;
        let mut answer = self.call_kept(id, &connection, request, until).await;
        let mut was_open = false;
        if let Err(CallError::Lost(_)) = answer {
            was_open = true;
            self.reopen(id, &connection, until);
            let connection = self.line(id, until).await?;
            answer = connection.call(request, until).await;
        }
        answer.map_err(|error| self.error(id, (&error).into(), was_open))
    }

    /// Asks over a connection; one of an earlier run that is silent for a while may be dead, and a new one is opened
    /// in parallel.
    async fn call_kept<Q: Question>(
        &self,
        id: i32,
        connection: &Rc<Connection>,
        request: &Q,
        until: Instant,
    ) -> Result<Q::Answer, CallError> {
        let mut asked = std::pin::pin!(connection.call(request, until));
        if !connection.may_be_dead() {
            return asked.await;
        }
        if let Ok(answer) = timeout_at(Instant::now() + PATIENCE, &mut asked).await {
            return answer;
        }
        if !connection.may_be_dead() {
            return asked.await;
        }
        tracing::debug!(broker = id, "a connection of an earlier run is silent; opening another");
        self.reopen(id, connection, until);
        let fresh = async {
            let fresh = self.line(id, until).await.ok().filter(|fresh| !Rc::ptr_eq(fresh, connection))?;
            fresh.call(request, until).await.ok()
        };
        match select(asked, std::pin::pin!(fresh)).await {
            Either::Left((Ok(answer), _)) | Either::Right((Some(answer), _)) => Ok(answer),
            Either::Left((Err(error), fresh)) => fresh.await.ok_or(error),
            Either::Right((None, asked)) => asked.await,
        }
    }

    /// The groups of one broker, which may have been requested already, and why some may be missing: it still has to
    /// load a partition of the offsets topic that it leads, or no longer leads it, which `ListGroups` does not show.
    ///
    /// So it is asked for a made-up group of each of those partitions, just before and just after: it had loaded what
    /// it answered for both times.
    pub(crate) async fn list_groups(
        &self,
        id: i32,
        until: Instant,
    ) -> Result<(ListGroupsResponse, Option<Unknown>), AskError> {
        let offsets = self.offsets();
        let led = offsets.led_by(id);
        let asked = self.first_groups.borrow_mut().take_if(|(first, _)| *first == id);
        if let Some((_, answer)) = asked
            && let Ok(Ok((described, listed))) = timeout_at(until, answer).await
        {
            if led.is_empty() {
                return Ok((listed, None));
            }
            // The names were made up for a number of partitions that may have changed.
            let partition_of = |name: &str| internal_topics::partition_of(name, offsets.partitions());
            let covers = |described: &DescribeGroupsResponse| {
                let of: BTreeSet<_> =
                    described.groups.iter().filter_map(|group| partition_of(&group.group_id)).collect();
                led.iter().all(|partition| of.contains(partition))
            };
            if described.len() == 2 && described.iter().all(covers) {
                let is_led = |name: &str| partition_of(name).is_some_and(|partition| led.contains(&partition));
                return Ok((listed, described.iter().find_map(|described| not_loaded(described, is_led))));
            }
        }
        // An earlier error occurs again, or is over by then.
        self.ready(id, until).await?;
        let list = ListGroupsRequest::default();
        if led.is_empty() || self.version(id, Api::DescribeGroups).is_none() {
            return Ok((self.call(id, &list, until).await?, None));
        }
        let probes = made_up(&internal_topics::made_up_groups(offsets.partitions()), led);
        let probe = || self.call(id, &probes, until);
        let (before, listed, after) = tokio::join!(probe(), self.call(id, &list, until), probe());
        let doubt = [before, after].into_iter().find_map(|described| match described {
            Ok(described) => not_loaded(&described, |_| true),
            Err(error) => Some(error.here().into()),
        });
        Ok((listed?, doubt))
    }

    async fn line(&self, id: i32, until: Instant) -> Result<Rc<Connection>, AskError> {
        let began = Instant::now();
        let node =
            self.node(id).ok_or_else(|| self.error(id, Unknown::of(Cause::Down, "not in the metadata"), false))?;
        let was_open = node.was_open.get();
        let known = node.line.borrow().clone().filter(|known| !was_open || !matches!(known.peek(), Some(Err(_))));
        let attempt = known.unwrap_or_else(|| self.attempt(&node, true, until));
        match timeout_at(until, attempt).await {
            Ok(Ok(connection)) => {
                node.was_open.set(true);
                Ok(connection)
            }
            Ok(Err(why)) => Err(self.error(id, Unknown::from(&*why), was_open)),
            Err(_) => {
                let late = CallError::Deadline { after: began.elapsed(), held_back_ms: self.held_back(id) };
                Err(self.error(id, (&late).into(), was_open))
            }
        }
    }

    fn error(&self, id: i32, why: Unknown, was_open: bool) -> AskError {
        AskError { place: Some(self.place(id)), why, was_open }
    }

    /// Begins to open a connection, or uses one of an earlier run if possible; all callers wait for it from now on.
    fn attempt(&self, node: &Node<'a>, may_be_kept: bool, until: Instant) -> Attempt<'a> {
        let (dial, endpoint, by) = (Rc::clone(&self.dial), node.endpoint.clone(), self.by.clone());
        // A broker that hangs must not use up the time that is needed to report it.
        let until = share_to_connect(until, CONNECT_SHARE).min(Instant::now() + MOST_TO_CONNECT);
        let opening = async move {
            match may_be_kept.then(|| dial.access.kept.take(&endpoint)).flatten() {
                Some(kept) => Ok(kept),
                None => dial.open(&endpoint, until).await.map(Rc::new).map_err(|why| match &by {
                    Some(by) => Rc::new(why.advertised(by)),
                    None => Rc::new(why),
                }),
            }
        };
        let attempt = opening.boxed_local().shared();
        node.line.replace(Some(attempt.clone()));
        attempt
    }

    /// Replaces a connection that is lost or silent, unless another caller has done so.
    fn reopen(&self, id: i32, lost: &Rc<Connection>, until: Instant) {
        if let Some(node) = self.node(id).filter(|node| node.open().is_some_and(|now| Rc::ptr_eq(&now, lost))) {
            node.held_back.set(node.held_back.get() + lost.held_back());
            drop(self.attempt(&node, false, until));
        }
    }

    /// The metadata of a topic that was requested together with the brokers; returned once.
    pub(crate) fn first_described(&self, topic: &str) -> Option<DescribedTopic> {
        self.first_topics.borrow_mut().remove(topic.as_bytes())
    }

    /// Stores for the next run of this process which topics it will probably need.
    pub(crate) fn foresee(&self, names: &[Box<str>], described: &[DescribedTopic]) {
        let weight: usize = described.iter().map(|topic| 1 + topic.len()).sum();
        let most = MOST_FORESEEN.min(self.dial.access.frame_limit / BYTES_OF_A_PARTITION);
        let topics = if weight > most { &[] } else { names };
        let topics = topics.iter().map(|name| StrBytes::from_string(name.to_string())).collect();
        self.dial.access.kept.foresee(Foreseen { partitions: self.offsets().partitions(), topics });
    }

    /// Keeps the open connections for the next run.
    pub(crate) fn keep_connections(&self) {
        for node in self.nodes.borrow().values() {
            if let Some(connection) = node.open() {
                self.dial.access.kept.keep(&node.endpoint, connection);
            }
        }
    }

    fn node(&self, id: i32) -> Option<Rc<Node<'a>>> {
        self.nodes.borrow().get(&id).cloned()
    }

    /// The connection to a broker, if it is there by now.
    fn open(&self, id: i32) -> Option<Rc<Connection>> {
        self.node(id)?.open()
    }
}

impl Node<'_> {
    fn at(endpoint: Endpoint) -> Rc<Self> {
        let (line, was_open, held_back) = Default::default();
        Rc::new(Self { endpoint, line, was_open, held_back })
    }

    /// The connection, or why there is none, if that is known by now.
    fn peek(&self) -> Option<Result<Rc<Connection>, Rc<DialError>>> {
        self.line.borrow().as_ref()?.peek().cloned()
    }

    fn open(&self) -> Option<Rc<Connection>> {
        self.peek()?.ok()
    }
}

/// Why one of these groups has no coordinator here. If this user may not describe them, nothing is known.
fn not_loaded(described: &DescribeGroupsResponse, counts: impl Fn(&str) -> bool) -> Option<Unknown> {
    let mut codes = described.groups.iter().filter(|group| counts(&group.group_id)).map(|group| group.error_code);
    codes.find(|code| error_codes::coordinator_moved(*code)).map(error_codes::unknown)
}

/// The moment when this share of the time until `deadline` has passed.
pub(crate) fn share_of(deadline: Instant, share: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(share)
}

/// The same for opening connections, which may need a second even in a short run, if there is one.
pub(crate) fn share_to_connect(deadline: Instant, share: f64) -> Instant {
    share_of(deadline, share).max(deadline.min(Instant::now() + LEAST_TO_CONNECT))
}

/// Topics and their partitions that the next run requests in its first flight; with more, the brokers and groups would
/// be known later than necessary.
const MOST_FORESEEN: usize = 10_000;

/// The largest size of a partition in an answer to `Metadata`, with a dozen replicas.
const BYTES_OF_A_PARTITION: usize = 256;
