//! What the scripted brokers were asked.

use bytes::Bytes;
use kafka_protocol::protocol::Decodable;

use super::key::Key;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The broker that was asked.
    pub(crate) node: i32,
    /// The connection that it came on, numbered from 0 in the order of acceptance, all brokers together.
    pub(crate) connection: usize,
    pub(crate) api: Key,
    pub(crate) version: i16,
    pub(crate) client_id: String,
    /// What follows the request's header.
    pub(crate) body: Bytes,
    /// When it came in; moments are numbers that grow, shared with `answered`.
    pub(crate) asked: usize,
    /// When its answer went out; `None` where there was none.
    pub(crate) answered: Option<usize>,
    /// The broker had not offered this version.
    pub(crate) unoffered: bool,
}

impl Seen {
    /// The request itself.
    pub(crate) fn request<R: Decodable>(&self) -> R {
        R::decode(&mut self.body.clone(), self.version).expect("a request that the broker could read")
    }
}
