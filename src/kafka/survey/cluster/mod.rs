//! The brokers of one cluster, each with a connection that is opened when it is first needed, and anew when it is lost.

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
    /// Who told of the brokers, where that is none of their own addresses.
    by: Option<Endpoint>,
    nodes: RefCell<BTreeMap<i32, Rc<Node<'a>>>>,
    offsets: RefCell<Internal>,
    shares: RefCell<Internal>,
    /// The groups of the broker that was met first: it was asked for them together with the metadata.
    first_groups: RefCell<Option<(i32, Groups<'a>)>>,
    /// Topics that were asked for together with the metadata, since the run before read them.
    first_topics: RefCell<BTreeMap<StrBytes, DescribedTopic>>,
}

struct Node<'a> {
    endpoint: Endpoint,
    /// Everybody who needs the connection waits for the same attempt; `None` as long as nobody does.
    line: RefCell<Option<Attempt<'a>>>,
    /// It could be talked to in this look; then it is tried again.
    was_open: Cell<bool>,
    /// Milliseconds that connections before this one were held back.
    held_back: Cell<u64>,
}

type Attempt<'a> = Shared<LocalBoxFuture<'a, Result<Rc<Connection>, Rc<DialError>>>>;

impl<'a> Cluster<'a> {
    /// The brokers that the first one tells of; the connections to the others are opened when they are needed.
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
        // An address that no broker advertises may lead to any of them.
        let nodes = cluster.nodes.borrow();
        if let Some((id, node)) = nodes.iter().find(|(_, node)| node.endpoint.is_same(&endpoint)) {
            cluster.first_groups.replace(Some((*id, groups)));
            let open = std::future::ready(Ok(connection)).boxed_local().shared();
            // Polled once, so that it can be looked at.
            let _ = open.clone().now_or_never();
            node.line.replace(Some(open));
            node.was_open.set(true);
            drop(nodes);
            return cluster;
        }
        drop(nodes);
        cluster.by = Some(endpoint);
        cluster
    }

    /// Kafka's own id of the cluster.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where groups live, as the newest metadata told it.
    pub(crate) fn offsets(&self) -> Internal {
        self.offsets.borrow().clone()
    }

    /// Where share groups keep how far they have come.
    pub(crate) fn shares(&self) -> Internal {
        self.shares.borrow().clone()
    }

    /// The ids of all brokers that are known by now, reachable or not.
    pub(crate) fn ids(&self) -> Vec<i32> {
        self.nodes.borrow().keys().copied().collect()
    }

    /// The same, those first that will answer soonest: with an open connection, and with few questions before the next one.
    pub(crate) fn readiest(&self) -> Vec<i32> {
        let mut ids = self.ids();
        ids.sort_by_cached_key(|id| self.open(*id).map_or(u64::MAX, |connection| connection.unanswered()));
        ids
    }

    /// How people find this broker.
    pub(crate) fn place(&self, id: i32) -> String {
        match self.nodes.borrow().get(&id) {
            Some(node) => format!("broker {id} ({})", node.endpoint),
            None => format!("broker {id}"),
        }
    }

    /// Address and versions of each broker, or why it could not be talked to.
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

    /// Milliseconds for which a broker said that it held answers back (KIP-219).
    pub(crate) fn held_back(&self, id: i32) -> u64 {
        let before = self.node(id).map_or(0, |node| node.held_back.get());
        before + self.open(id).map_or(0, |connection| connection.held_back())
    }

    /// The version that a broker with an open connection would be asked in.
    pub(crate) fn version(&self, id: i32, api: Api) -> Option<i16> {
        self.open(id)?.versions().choose(api).ok()
    }

    /// Opens the connection to a broker, if it is not open yet.
    pub(crate) async fn ready(&self, id: i32, until: Instant) -> Result<(), AskError> {
        self.line(id, until).await.map(drop)
    }

    /// Asks one broker. A connection that is lost is opened once anew, and its question put again.
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

    /// Asks over a connection; one of an earlier look that is silent for a while may be dead, and is raced by a new one.
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
        tracing::debug!(broker = id, "a connection of an earlier look is silent; opening another");
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

    /// The groups of one broker, which may have been asked for them already, and why some may be missing: it has yet to load a
    /// partition of the offsets topic that it leads, or leads it no more, which `ListGroups` does not show.
    ///
    /// So it is asked for a made-up group of each of those partitions, just before and just after: what it held both times it listed.
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
            // The names were made up for a number of partitions that may be another one.
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
        // What went wrong with it goes wrong again, or is mended by then.
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

    /// Begins to open a connection, or takes one of an earlier look where that will do; everybody waits for it from now on.
    fn attempt(&self, node: &Node<'a>, may_be_kept: bool, until: Instant) -> Attempt<'a> {
        let (dial, endpoint, by) = (Rc::clone(&self.dial), node.endpoint.clone(), self.by.clone());
        // A broker that hangs must not use up the time that is needed to tell of it.
        let until = share_to_connect(until, CONNECT_SHARE).min(Instant::now() + MOST_TO_CONNECT);
        let opening = async move {
            match may_be_kept.then(|| dial.kept.take(&endpoint)).flatten() {
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

    /// Replaces a connection that is lost or silent, unless somebody else has by now.
    fn reopen(&self, id: i32, lost: &Rc<Connection>, until: Instant) {
        if let Some(node) = self.node(id).filter(|node| node.open().is_some_and(|now| Rc::ptr_eq(&now, lost))) {
            node.held_back.set(node.held_back.get() + lost.held_back());
            drop(self.attempt(&node, false, until));
        }
    }

    /// What was told of a topic together with the brokers, if it was asked for then; it is told once.
    pub(crate) fn first_told(&self, topic: &str) -> Option<DescribedTopic> {
        self.first_topics.borrow_mut().remove(topic.as_bytes())
    }

    /// Leaves to the next run of this process which topics it will probably need.
    pub(crate) fn foresee(&self, names: &[Box<str>], described: &[DescribedTopic]) {
        let weight: usize = described.iter().map(|topic| 1 + topic.len()).sum();
        let most = MOST_FORESEEN.min(self.dial.frame_limit / BYTES_OF_A_PARTITION);
        let topics = if weight > most { &[] } else { names };
        let topics = topics.iter().map(|name| StrBytes::from_string(name.to_string())).collect();
        self.dial.kept.foresee(Foreseen { partitions: self.offsets().partitions(), topics });
    }

    /// Leaves the open connections to the next look.
    pub(crate) fn keep_connections(&self) {
        for node in self.nodes.borrow().values() {
            if let Some(connection) = node.open() {
                self.dial.kept.keep(&node.endpoint, connection);
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

/// Why one of these groups has no coordinator here. Where this user may not describe them, nothing follows.
fn not_loaded(described: &DescribeGroupsResponse, counts: impl Fn(&str) -> bool) -> Option<Unknown> {
    let mut codes = described.groups.iter().filter(|group| counts(&group.group_id)).map(|group| group.error_code);
    codes.find(|code| error_codes::coordinator_moved(*code)).map(error_codes::unknown)
}

/// The moment when this share of the time until `deadline` has passed.
pub(crate) fn share_of(deadline: Instant, share: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(share)
}

/// The same for what connects, which takes a second even on a short run, if there is one.
pub(crate) fn share_to_connect(deadline: Instant, share: f64) -> Instant {
    share_of(deadline, share).max(deadline.min(Instant::now() + LEAST_TO_CONNECT))
}

/// Topics and their partitions that the next run asks for in its first flight; with more, the brokers and groups would be known later
/// than they need be.
const MOST_FORESEEN: usize = 10_000;

/// What a partition takes at the most in an answer to `Metadata`, with replicas by the dozen.
const BYTES_OF_A_PARTITION: usize = 256;
