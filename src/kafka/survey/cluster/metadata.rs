//! What any broker can return of the whole cluster.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join_all;
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_response::MetadataResponse;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::{Cluster, Node, share_of};
use crate::base::budget::CONNECT_SHARE;
use crate::kafka::net::dial::metadata_request;
use crate::kafka::net::transport;
use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::internal_topics::{OFFSETS_TOPIC, SHARE_TOPIC};
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::ask::AskError;
use crate::kafka::survey::offsets_topic::Internal;
use crate::model::endpoint::Endpoint;
use crate::model::unknown::{Cause, Known, Unknown};

impl Cluster<'_> {
    /// Whether this user may describe the cluster; without that, brokers list only the groups that it may describe.
    ///
    /// `None` if no broker returns it.
    pub(crate) async fn may_be_described(&self, until: Instant) -> Option<bool> {
        for connection in self.ids().into_iter().filter_map(|id| self.open(id)) {
            let Some(offered) = connection.versions().range(Api::Metadata) else { continue };
            let version = offered.max.min(*OPERATIONS.end());
            if !OPERATIONS.contains(&version) || version < offered.min {
                continue;
            }
            let request = metadata_request(Some(Vec::new())).with_include_cluster_authorized_operations(true);
            let Ok(answer) = connection.call_in(version, &request, share_of(until, CONNECT_SHARE)).await else {
                continue;
            };
            let operations = Some(answer.cluster_authorized_operations).filter(|described| *described != i32::MIN);
            if let Some(operations) = operations {
                return Some(operations >> DESCRIBE & 1 == 1);
            }
        }
        None
    }

    /// Leaders, ids and partitions of named topics, or of all, in halves if the answer would be larger than the frame
    /// limit. New brokers in the answer can be asked from now on.
    pub(crate) async fn metadata(&self, topics: Option<&[StrBytes]>, until: Instant) -> Known<MetadataResponse> {
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
                Err(causes) => {
                    let large = piece.filter(|piece| piece.len() > 1);
                    if let Some(piece) = large.filter(|_| causes.iter().any(|why| why.cause() == Cause::TooLarge)) {
                        let (first, second) = piece.split_at(piece.len() / 2);
                        pieces.extend([Some(second), Some(first)]);
                        continue;
                    }
                    let cause = causes.first().map_or(Cause::Deadline, AskError::cause);
                    let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
                    let why = format!("no broker answered for its metadata: {}", causes.join("; "));
                    return Err(Unknown::of(cause, why));
                }
            }
        }
        whole.ok_or_else(|| Unknown::because("no topic was asked for"))
    }

    /// Asks the first broker that answers; the next one is asked too if that one is silent, and not while its answer
    /// is arriving.
    async fn piece_of_metadata(
        &self,
        topics: Option<&[StrBytes]>,
        until: Instant,
    ) -> Result<MetadataResponse, Vec<AskError>> {
        let request = metadata_request(topics.map(<[_]>::to_vec));
        let (asked, heard) = (RefCell::new(Vec::new()), Cell::new(0));
        let silent = || {
            let bytes = asked.borrow().iter().filter_map(|id| Some(self.open(*id)?.heard())).sum::<u64>();
            heard.replace(bytes) == bytes
        };
        let attempt = |id| {
            asked.borrow_mut().push(id);
            self.call_metadata(id, &request, until)
        };
        transport::race_while(self.readiest(), attempt, SILENCE, silent).await
    }

    /// The same of named topics, from every broker with an open connection that answers.
    pub(crate) async fn metadata_of_each(&self, topics: &[StrBytes], until: Instant) -> Vec<MetadataResponse> {
        let request = &metadata_request(Some(topics.to_vec()));
        let ids = self.ids().into_iter().filter(|id| self.open(*id).is_some());
        let answers = join_all(ids.map(|id| self.call_metadata(id, request, until))).await;
        answers.into_iter().filter_map(Result::ok).collect()
    }

    async fn call_metadata(
        &self,
        id: i32,
        request: &MetadataRequest,
        until: Instant,
    ) -> Result<MetadataResponse, AskError> {
        let answer = self.call(id, request, until).await?;
        match answer.error_code {
            // A broker that has just started knows no topics either.
            0 if answer.brokers.is_empty() => {
                Err(self.error(id, Unknown::of(Cause::Down, "its metadata names no brokers"), false))
            }
            0 => Ok(answer),
            code => Err(self.error(id, error_codes::unknown(code), false)),
        }
    }

    /// Stores the brokers in an answer, and the present state of the offsets topic.
    pub(crate) fn learn(&self, answer: &MetadataResponse) {
        for broker in &answer.brokers {
            let port = u16::try_from(broker.port).unwrap_or_default();
            self.learn_of(broker.node_id.0, &broker.host, port);
        }
        for (name, known) in [(OFFSETS_TOPIC, &self.offsets), (SHARE_TOPIC, &self.shares)] {
            if answer.topics.iter().any(|topic| topic.name.as_ref().is_some_and(|described| **described == *name)) {
                known.replace(Internal::read(answer, name));
            }
        }
    }

    /// Stores a broker's address.
    pub(crate) fn learn_of(&self, id: i32, host: &str, port: u16) {
        let endpoint = Endpoint { host: host.to_owned(), port };
        let mut nodes = self.nodes.borrow_mut();
        if id >= 0 && !host.is_empty() && nodes.get(&id).is_none_or(|known| !known.endpoint.is_same(&endpoint)) {
            nodes.insert(id, Node::at(endpoint));
        }
    }
}

/// How long a broker may be silent after a request for metadata before the next one is asked too.
const SILENCE: Duration = Duration::from_millis(500);

/// The last versions of `Metadata` with what the user may do with the cluster (KIP-430; KIP-700 moved it).
const OPERATIONS: std::ops::RangeInclusive<i16> = 8..=10;

/// `AclOperation.DESCRIBE`.
const DESCRIBE: u32 = 8;
