//! Which version of each request to send: one that both we and this broker know.
//!
//! Brokers differ during a rolling upgrade, so every connection has its own [`Versions`].

use std::fmt;

use crate::base::fault::Fault;
use crate::model::snapshot::Offer;
use crate::model::stable_hash::Hash;

/// An inclusive range of versions of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub(crate) min: i16,
    /// The highest version.
    pub max: i16,
}

/// The requests that meerkat can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// The log start, the high watermark, the last stable offset, and the first record at or after a time.
    ListOffsets,
    /// The brokers of the cluster, and the leaders of named topics.
    Metadata,
    /// The committed offsets of groups.
    OffsetFetch,
    /// The broker that answers for a group.
    FindCoordinator,
    /// State and members of classic groups.
    DescribeGroups,
    /// The groups that one broker coordinates.
    ListGroups,
    /// The SASL mechanism to use.
    SaslHandshake,
    /// The versions that a broker knows.
    ApiVersions,
    /// The SASL exchange itself.
    SaslAuthenticate,
    /// State and members of KIP-848 groups.
    ConsumerGroupDescribe,
    /// State and members of share groups (KIP-932).
    ShareGroupDescribe,
    /// State, members and topology of streams groups (KIP-1071).
    StreamsGroupDescribe,
    /// Where share groups stand, and how far behind.
    DescribeShareGroupOffsets,
}

/// The versions that one broker offered, compared with ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Versions {
    offered: Vec<(i16, Range)>,
    /// A hash of everything that was offered.
    hash: u32,
    /// Who offers them is a controller (KIP-500), and no broker.
    is_controller: bool,
}

/// A broker and this build have no version of an API in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.fault())]
pub(crate) struct NoCommonVersion {
    /// The request.
    pub(crate) api: Api,
    /// The broker's range; `None` if it does not know the API at all.
    pub(crate) broker: Option<Range>,
    is_controller: bool,
}

/// One row of [`TABLE`].
struct Row {
    api: Api,
    /// The API key on the wire.
    key: i16,
    /// As Kafka spells it.
    name: &'static str,
    /// The versions of [`Api::ours`].
    ours: (i16, i16),
    /// The first version whose answer begins with `throttle_time_ms`; `None` where no answer does.
    throttles_from: Option<i16>,
}

const fn row(api: Api, key: i16, name: &'static str, ours: (i16, i16), throttles_from: Option<i16>) -> Row {
    Row { api, key, name, ours, throttles_from }
}

/// Every API, in the order of its key, which is that of [`Api`].
const TABLE: [Row; 13] = [
    row(Api::ListOffsets, 2, "ListOffsets", (2, 10), Some(2)),
    row(Api::Metadata, 3, "Metadata", (4, 13), Some(3)),
    row(Api::OffsetFetch, 9, "OffsetFetch", (2, 9), Some(3)),
    row(Api::FindCoordinator, 10, "FindCoordinator", (0, 6), Some(1)),
    row(Api::DescribeGroups, 15, "DescribeGroups", (0, 6), Some(1)),
    row(Api::ListGroups, 16, "ListGroups", (0, 5), Some(1)),
    row(Api::SaslHandshake, 17, "SaslHandshake", (1, 1), None),
    row(Api::ApiVersions, 18, "ApiVersions", (0, 4), None),
    row(Api::SaslAuthenticate, 36, "SaslAuthenticate", (0, 2), None),
    row(Api::ConsumerGroupDescribe, 69, "ConsumerGroupDescribe", (0, 1), Some(0)),
    row(Api::ShareGroupDescribe, 77, "ShareGroupDescribe", (1, 1), Some(0)),
    row(Api::StreamsGroupDescribe, 89, "StreamsGroupDescribe", (0, 1), Some(0)),
    row(Api::DescribeShareGroupOffsets, 90, "DescribeShareGroupOffsets", (0, 1), Some(0)),
];

impl Api {
    /// Every API, in the order of its key.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.api)
    }

    const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The API key on the wire.
    pub(crate) const fn key(self) -> i16 {
        self.row().key
    }

    /// The API's name, as Kafka spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The first version whose answer begins with `throttle_time_ms`; `None` if no answer does.
    pub(crate) const fn throttles_from(self) -> Option<i16> {
        self.row().throttles_from
    }

    /// The API with this key, if meerkat sends it.
    pub(crate) const fn from_key(key: i16) -> Option<Self> {
        let mut at = 0;
        while at < TABLE.len() {
            if TABLE[at].key == key {
                return Some(TABLE[at].api);
            }
            at += 1;
        }
        None
    }

    /// The versions that this build can encode, decode and interpret.
    ///
    /// The upper ends are what both the request and the response codec know; a test compares them with the codec.
    /// The lower ends are what a check needs: `Metadata` below 4 cannot forbid the creation of topics,
    /// `ListOffsets` below 2 knows no last stable offset, `OffsetFetch` below 2 cannot ask for all topics of a group,
    /// `SaslHandshake` 0 leads to the raw exchange from before KIP-152. Kafka 0.11 is the first release with all of them but that one,
    /// which is of Kafka 1.0.
    #[must_use]
    pub const fn ours(self) -> Range {
        let (min, max) = self.row().ours;
        Range { min, max }
    }
}

impl Versions {
    /// Stores what a broker offered, as (API key, range) pairs; keys that meerkat never sends are dropped.
    pub(crate) fn offered(ranges: impl IntoIterator<Item = (i16, Range)>) -> Self {
        let all: Vec<(i16, Range)> = ranges.into_iter().collect();
        let offers = |wanted: i16| all.iter().any(|(key, _)| *key == wanted);
        let is_controller = offers(BROKER_REGISTRATION) && !offers(Api::Metadata.key());
        let hash = hash_of(all.clone());
        let offered = all.into_iter().filter(|(key, _)| Api::from_key(*key).is_some()).collect();
        Self { offered, hash, is_controller }
    }

    /// What of it can be compared with other brokers, and with earlier snapshots.
    pub(crate) fn offer(&self) -> Offer {
        let highest = Api::all().filter_map(|api| self.range(api)).map(|range| range.max.saturating_add(1));
        let height = highest.fold(0_u16, |sum, max| sum.saturating_add(max.unsigned_abs()));
        Offer { hash: self.hash, height }
    }

    /// The broker's own range; `None` if it does not know the API.
    pub(crate) fn range(&self, api: Api) -> Option<Range> {
        self.offered.iter().find(|(key, _)| *key == api.key()).map(|(_, range)| *range)
    }

    /// The highest version that both sides know.
    ///
    /// # Errors
    /// [`NoCommonVersion`] if there is none; then nothing may be sent.
    pub(crate) fn choose(&self, api: Api) -> Result<i16, NoCommonVersion> {
        let broker = self.range(api);
        let ours = api.ours();
        broker
            .map(|range| (range.min.max(ours.min), range.max.min(ours.max)))
            .filter(|(min, max)| min <= max)
            .map(|(_, max)| max)
            .ok_or(NoCommonVersion { api, broker, is_controller: self.is_controller })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { write!(f, "v{}", self.min) } else { write!(f, "v{} to v{}", self.min, self.max) }
    }
}

impl NoCommonVersion {
    pub(crate) fn fault(self) -> Fault {
        let Self { api, broker, is_controller } = self;
        let (name, ours) = (api.name(), api.ours());
        if is_controller {
            return Fault::with(
                format!("this is a KRaft controller, which does not offer {name}"),
                "name the brokers' listener in KAFKA_BOOTSTRAP_SERVERS",
            );
        }
        let Some(theirs) = broker else {
            return Fault::of(format!("the broker does not offer {name} (this build knows {ours})"));
        };
        let release = match api {
            Api::SaslHandshake => "1.0",
            Api::ShareGroupDescribe => "4.1", // 4.0 had share groups in early access
            _ => "0.11",
        };
        let newer = theirs.min > ours.max;
        Fault::with(
            format!("no common version of {name}: the broker offers {theirs}, this build knows {ours}"),
            if newer { "upgrade meerkat".into() } else { format!("upgrade the broker to Kafka {release} or later") },
        )
    }
}

/// A hash of ranges in whatever order.
fn hash_of(mut all: Vec<(i16, Range)>) -> u32 {
    all.sort_unstable_by_key(|(key, range)| (*key, range.min, range.max));
    let number = |number: i16| u64::from(number.unsigned_abs());
    let mixed = |hash: Hash, (key, range): &(i16, Range)| {
        hash.number(number(*key)).number(number(range.min)).number(number(range.max))
    };
    u32::try_from(all.iter().fold(Hash::new(), mixed).finish() >> 32).unwrap_or_default()
}

/// `BrokerRegistration`, which controllers alone offer (KIP-631).
const BROKER_REGISTRATION: i16 = 62;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use kafka_protocol::messages as m;
    use kafka_protocol::protocol::Message;

    fn choose(api: Api, min: i16, max: i16) -> Result<i16, String> {
        Versions::offered([(api.key(), Range { min, max })]).choose(api).map_err(|error| error.to_string())
    }

    #[test]
    fn each_api_has_its_row_of_the_table() {
        assert!(TABLE.iter().all(|row| row.api.key() == row.key && Api::from_key(row.key) == Some(row.api)));
        assert!(TABLE.is_sorted_by_key(|row| row.key));
        assert!(TABLE.iter().all(|row| format!("{:?}", row.api) == row.name));
    }

    #[test]
    fn the_highest_common_version_is_chosen() {
        assert_eq!(choose(Api::ListOffsets, 1, 11), Ok(10)); // Kafka 4.4
        assert_eq!(choose(Api::ListOffsets, 0, 9), Ok(9)); // Kafka 3.9
        assert_eq!(choose(Api::ListOffsets, 0, 2), Ok(2)); // Kafka 0.11
        assert_eq!(choose(Api::ListOffsets, 10, 12), Ok(10));
    }

    #[test]
    fn a_broker_that_is_too_new_asks_for_a_newer_meerkat() {
        assert_eq!(
            choose(Api::ListOffsets, 11, 12).unwrap_err(),
            "no common version of ListOffsets: the broker offers v11 to v12, this build knows v2 to v10; upgrade meerkat"
        );
    }

    #[test]
    fn a_broker_that_is_too_old_is_reported_so() {
        assert_eq!(
            choose(Api::ListOffsets, 0, 1).unwrap_err(),
            "no common version of ListOffsets: the broker offers v0 to v1, this build knows v2 to v10; upgrade the broker to Kafka 0.11 or later"
        );
    }

    #[test]
    fn an_api_that_is_not_offered_is_never_chosen() {
        assert_eq!(
            Versions::default().choose(Api::ConsumerGroupDescribe).unwrap_err().to_string(),
            "the broker does not offer ConsumerGroupDescribe (this build knows v0 to v1)"
        );
    }

    #[test]
    fn a_range_turned_around_is_no_common_version() {
        assert!(choose(Api::Metadata, 9, 5).is_err());
        assert!(choose(Api::Metadata, i16::MIN, i16::MIN).is_err());
    }

    #[test]
    fn our_ranges_are_within_what_both_codecs_know() {
        fn held<Q: Message, A: Message>(api: Api) {
            let codec = Q::VERSIONS.intersect(&A::VERSIONS);
            assert!(codec.min <= api.ours().min, "{api:?}");
            assert_eq!(codec.max, api.ours().max, "{api:?}");
        }
        held::<m::ListOffsetsRequest, m::ListOffsetsResponse>(Api::ListOffsets);
        held::<m::MetadataRequest, m::MetadataResponse>(Api::Metadata);
        held::<m::OffsetFetchRequest, m::OffsetFetchResponse>(Api::OffsetFetch);
        held::<m::FindCoordinatorRequest, m::FindCoordinatorResponse>(Api::FindCoordinator);
        held::<m::DescribeGroupsRequest, m::DescribeGroupsResponse>(Api::DescribeGroups);
        held::<m::ListGroupsRequest, m::ListGroupsResponse>(Api::ListGroups);
        held::<m::SaslHandshakeRequest, m::SaslHandshakeResponse>(Api::SaslHandshake);
        held::<m::ApiVersionsRequest, m::ApiVersionsResponse>(Api::ApiVersions);
        held::<m::SaslAuthenticateRequest, m::SaslAuthenticateResponse>(Api::SaslAuthenticate);
        held::<m::ConsumerGroupDescribeRequest, m::ConsumerGroupDescribeResponse>(Api::ConsumerGroupDescribe);
        held::<m::ShareGroupDescribeRequest, m::ShareGroupDescribeResponse>(Api::ShareGroupDescribe);
    }
}
