//! What each release can be asked: the versions chosen, and what it cannot return.

#![expect(clippy::print_stdout, reason = "a row of the table that people read with --nocapture")]

use meerkat::kafka::protocol::versions::Api;

use super::{Run, hand};
use crate::support::kafka::Cluster;

/// Measured on the wire: the highest version of each request that a release accepts, `-1` if it does not know it.
/// Releases between two rows are like the older one of these, or better.
const OFFERED: [(&str, [(Api, i16); 10]); 10] = [
    ("0.11.0.3", offered([2, 4, 3, 1, 1, 1, -1, -1, -1, -1])),
    ("1.1.1", offered([2, 5, 3, 1, 1, 1, -1, -1, -1, -1])),
    ("2.1.1", offered([4, 7, 5, 2, 2, 2, -1, -1, -1, -1])),
    ("2.8.2", offered([6, 11, 7, 3, 5, 4, -1, -1, -1, -1])),
    ("3.9.1", offered([9, 12, 9, 6, 5, 5, 0, -1, -1, -1])),
    ("4.0.0", offered([10, 13, 9, 6, 6, 5, 1, -1, -1, -1])),
    ("4.1.1", offered([10, 13, 9, 6, 6, 5, 1, 1, 0, -1])),
    ("4.2.0", offered([11, 13, 10, 6, 6, 5, 1, 1, 1, 0])),
    ("4.3.1", offered([11, 13, 10, 6, 6, 5, 1, 1, 1, 0])),
    ("4.4.0", offered([11, 13, 10, 6, 6, 5, 1, 1, 1, 1])),
];

const fn offered(highest: [i16; 10]) -> [(Api, i16); 10] {
    let [list_offsets, metadata, offset_fetch, find, describe, list_groups, consumer, share, starts, streams] = highest;
    [
        (Api::ListOffsets, list_offsets),
        (Api::Metadata, metadata),
        (Api::OffsetFetch, offset_fetch),
        (Api::FindCoordinator, find),
        (Api::DescribeGroups, describe),
        (Api::ListGroups, list_groups),
        (Api::ConsumerGroupDescribe, consumer),
        (Api::ShareGroupDescribe, share),
        (Api::DescribeShareGroupOffsets, starts),
        (Api::StreamsGroupDescribe, streams),
    ]
}

/// What a release cannot return, by the request that would have to be newer.
const MISSING: [(Api, i16, &str); 10] = [
    (Api::OffsetFetch, 8, "several groups in one request"),
    (Api::ListOffsets, 4, "a leader that is out of date"),
    (Api::ListOffsets, 7, "the greatest timestamp"),
    (Api::Metadata, 10, "a recreated topic by its id"),
    (Api::ListGroups, 4, "a group's state in the listing"),
    (Api::ListGroups, 5, "a group's type in the listing"),
    (Api::ConsumerGroupDescribe, 0, "KIP-848 groups"),
    (Api::ShareGroupDescribe, 1, "share groups"),
    (Api::DescribeShareGroupOffsets, 1, "the lag of share groups"),
    (Api::StreamsGroupDescribe, 0, "streams groups"),
];

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn the_highest_common_versions_are_chosen() {
    let cluster = Cluster::shared();
    hand("create-topic versions 1");
    hand("commit versions versions 0 0");
    let report = Run::on(cluster).groups(&["versions"]).report();
    let chosen = &report.0["brokers"][0]["versions"];
    let Some((_, offered)) = OFFERED.iter().find(|(release, _)| *release == cluster.version()) else {
        panic!("what Kafka {} offers is not in the table: {chosen}", cluster.version());
    };
    let mut row = vec![cluster.version().to_owned()];
    for (api, highest) in offered {
        let expected = (*highest >= 0).then(|| (*highest).min(api.ours().max));
        assert_eq!(chosen[api.name()].as_i64(), expected.map(i64::from), "{} of {chosen}", api.name());
        row.push(format!("{} {}", api.name(), expected.map_or("–".into(), |version| version.to_string())));
    }
    let version = |api: Api| chosen[api.name()].as_i64().unwrap_or(-1);
    let missing = MISSING.iter().filter(|(api, from, _)| version(*api) < i64::from(*from)).map(|(_, _, what)| *what);
    let missing: Vec<&str> = missing.collect();
    row.push(if missing.is_empty() { "nothing is missing".into() } else { missing.join("; ") });
    println!("| {} |", row.join(" | "));
    assert_eq!(missing.is_empty(), cluster.is_at_least(4, 2), "{missing:?}");
}
