//! The keys of APIs on the wire, also of those that the codec does not know.

use std::fmt;

use kafka_protocol::messages::ApiKey;

/// Which API a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(i16);

/// KIP-1071; the codec does not know it.
pub(crate) const STREAMS_GROUP_DESCRIBE: Key = Key(89);

impl Key {
    pub(super) fn number(self) -> i16 {
        self.0
    }

    /// The API; `None` where the codec does not know it.
    pub(super) fn known(self) -> Option<ApiKey> {
        ApiKey::try_from(self.0).ok()
    }

    /// The versions of the headers of request and answer; `None` for a key that no broker knows.
    pub(super) fn headers(self, version: i16) -> Option<(i16, i16)> {
        match self.known() {
            Some(api) => Some((api.request_header_version(version), api.response_header_version(version))),
            None if self == STREAMS_GROUP_DESCRIBE => Some((2, 1)), // it was born with KIP-482
            None => None,
        }
    }
}

impl From<i16> for Key {
    fn from(number: i16) -> Self {
        Self(number)
    }
}

impl From<ApiKey> for Key {
    fn from(api: ApiKey) -> Self {
        Self(api as i16)
    }
}

impl PartialEq<ApiKey> for Key {
    fn eq(&self, api: &ApiKey) -> bool {
        *self == Self::from(*api)
    }
}

/// The API's name, as Kafka spells it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(api) => write!(f, "{api:?}"),
            None if *self == STREAMS_GROUP_DESCRIBE => f.write_str("StreamsGroupDescribe"),
            None => write!(f, "key {}", self.0),
        }
    }
}
