//! What goes wrong, and when.

use super::key::Key;
use super::scene::Scene;

/// Something that goes wrong.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(super) when: When,
    pub(super) act: Act,
}

/// The requests that a fault is for.
#[derive(Clone, Debug)]
pub(crate) struct When {
    api: Key,
    node: Option<i32>,
    version: Option<i16>,
    left: usize,
}

/// What happens instead of an answer, or to it.
#[derive(Clone)]
pub(crate) enum Act {
    /// The connection is closed.
    Close,
    /// No answer ever comes on this connection.
    Hang,
    /// The answer has this error code, wherever one has its place in it.
    Code(i16),
    /// The answer has a correlation id that is so much off.
    Correlation(i32),
    /// The answer goes on with these bytes.
    Trailing(&'static [u8]),
    /// The answer lacks its last bytes, and its size matches.
    Truncated(usize),
    /// The size is this one, and nothing follows.
    Claim(i32),
    /// The answer's body is this: what follows the correlation id.
    Body(&'static [u8]),
    /// Bytes as they are, without a size; then the connection is closed.
    Raw(&'static [u8]),
    /// The answer comes twice.
    Twice,
    /// The answer has this many bytes, as if it were larger than it is.
    Sized(usize),
    /// The answer has a throttle time of this many milliseconds.
    Throttled(i32),
    /// The answer comes over a slow link: in this many pieces, one every 50 ms.
    Trickled(usize),
    /// The answer is not given before [`Scene::let_go`].
    Held,
    /// The answer is not given before the next request on the connection is there.
    AfterNext,
    /// The cluster changes just before the request is answered as usual.
    Change(fn(&mut Scene)),
}

impl Act {
    /// The request is answered as usual, and used up.
    pub(crate) const AS_USUAL: Self = Self::Change(|_| ());
}

impl When {
    /// Requests of this API, on every broker, in every version, every time.
    pub(crate) fn on(api: impl Into<Key>) -> Self {
        Self { api: api.into(), node: None, version: None, left: usize::MAX }
    }

    /// On one broker.
    pub(crate) fn at(mut self, node: i32) -> Self {
        self.node = Some(node);
        self
    }

    /// In one version.
    pub(crate) fn version(mut self, version: i16) -> Self {
        self.version = Some(version);
        self
    }

    /// This often, then no more.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }
}

/// The act for a request, which uses up its fault by one.
pub(super) fn strike(faults: &mut [Fault], node: i32, api: Key, version: i16) -> Option<Act> {
    let matches = |when: &When| {
        let here = when.node.is_none_or(|only| only == node) && when.version.is_none_or(|only| only == version);
        when.api == api && here && when.left > 0
    };
    let fault = faults.iter_mut().find(|fault| matches(&fault.when))?;
    fault.when.left -= 1;
    Some(fault.act.clone())
}
