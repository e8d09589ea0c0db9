//! What brokers of some releases offer, as measured on the wire, of the requests that a lag checker may want.

use std::collections::BTreeMap;

use kafka_protocol::messages::ApiKey;

use super::key::{Key, STREAMS_GROUP_DESCRIBE};

/// The versions that a broker offers, by API key, each from lowest to highest.
pub(crate) type Offered = BTreeMap<i16, (i16, i16)>;

/// A release of Apache Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// The oldest with everything that a check needs.
    V0_11,
    /// The last one that does not know `ApiVersions` 3, and whose refusal of it has no range.
    V2_1,
    /// The last one with one group an `OffsetFetch`.
    V2_8,
    /// The last one with `ListOffsets` 0.
    V3_9,
    /// The first one without `ListOffsets` 0 (KIP-896).
    V4_0,
    /// The first one with share groups (KIP-932), whose lag it does not return.
    V4_1,
    /// The newest, with streams groups (KIP-1071) and the lag of share groups (KIP-1226).
    V4_4,
}

impl Release {
    /// What it offers.
    pub(crate) fn offered(self) -> Offered {
        let column = match self {
            Self::V0_11 => 0,
            Self::V2_1 => 1,
            Self::V2_8 => 2,
            Self::V3_9 => 3,
            Self::V4_0 => 4,
            Self::V4_1 => 5,
            Self::V4_4 => 6,
        };
        let row = |(api, ranges): (Key, [&str; 7])| {
            let (min, max) = ranges[column].split_once('-')?;
            Some((api.number(), (min.parse().ok()?, max.parse().ok()?)))
        };
        let known = TABLE.iter().map(|(api, ranges)| (Key::from(*api), *ranges));
        known.chain([(STREAMS_GROUP_DESCRIBE, STREAMS)]).filter_map(row).collect()
    }

    /// Whether the refusal of an `ApiVersions` has the range that would have been right (KIP-511).
    pub(crate) fn reports_range(self) -> bool {
        !matches!(self, Self::V0_11 | Self::V2_1)
    }
}

/// One column per release, in the order of [`Release`]; empty if a release does not know the API.
const TABLE: [(ApiKey, [&str; 7]); 12] = [
    (ApiKey::ListOffsets, ["0-2", "0-4", "0-6", "0-9", "1-10", "1-10", "1-11"]),
    (ApiKey::Metadata, ["0-4", "0-7", "0-11", "0-12", "0-13", "0-13", "0-13"]),
    (ApiKey::OffsetFetch, ["0-3", "0-5", "0-7", "0-9", "1-9", "1-9", "1-10"]),
    (ApiKey::FindCoordinator, ["0-1", "0-2", "0-3", "0-6", "0-6", "0-6", "0-6"]),
    (ApiKey::DescribeGroups, ["0-1", "0-2", "0-5", "0-5", "0-6", "0-6", "0-6"]),
    (ApiKey::ListGroups, ["0-1", "0-2", "0-4", "0-5", "0-5", "0-5", "0-5"]),
    (ApiKey::SaslHandshake, ["0-0", "0-1", "0-1", "0-1", "0-1", "0-1", "0-1"]),
    (ApiKey::ApiVersions, ["0-1", "0-2", "0-3", "0-4", "0-4", "0-4", "0-5"]),
    (ApiKey::SaslAuthenticate, ["", "0-0", "0-2", "0-2", "0-2", "0-2", "0-2"]),
    (ApiKey::ConsumerGroupDescribe, ["", "", "", "0-0", "0-1", "0-1", "0-1"]),
    (ApiKey::ShareGroupDescribe, ["", "", "", "", "", "1-1", "1-1"]),
    (ApiKey::DescribeShareGroupOffsets, ["", "", "", "", "", "0-0", "0-1"]),
];

/// The same of `StreamsGroupDescribe`, which the codec does not know.
const STREAMS: [&str; 7] = ["", "", "", "", "", "", "0-1"];
