//! Versions are agreed on with each broker, and nothing is sent that it did not offer.

use kafka_protocol::messages::{ApiKey, ApiVersionsRequest};

use crate::support::broker::{Act, Group, Release, Scene, Stage, Topic, When};
use crate::support::check::{Report, check, refusal};

/// A group that is five records behind, on a cluster of this many brokers.
fn five_behind(brokers: i32) -> Scene {
    let orders = Group::classic("orders").commits("t", &[5]).member("reader", "t", &[0]);
    Scene::of(brokers).group(orders).topic(Topic::new("t", &[0..10]))
}

/// The version of each request that one broker saw, first come first.
fn versions(stage: &Stage, node: i32, api: ApiKey) -> Vec<i16> {
    stage.asked(api).iter().filter(|seen| seen.node == node).map(|seen| seen.version).collect()
}

fn chosen(report: &Report, broker: usize, api: &str) -> Option<i64> {
    report.at(&format!("brokers/{broker}/versions/{api}")).as_i64()
}

#[test]
fn a_broker_that_closes_on_list_offsets_0_never_sees_it() {
    let closing = When::on(ApiKey::ListOffsets).version(0);
    let stage = five_behind(1).release(Release::V4_0).fault(closing, Act::Close).start();
    assert_eq!(check(&stage).lags("orders"), "t/0 5");
    assert_eq!(versions(&stage, 1, ApiKey::ListOffsets), [10, 10, 10]);
}

#[test]
fn a_broker_that_offers_version_0_still_never_sees_it() {
    for release in [Release::V0_11, Release::V2_1, Release::V2_8, Release::V3_9] {
        let stage = five_behind(1).release(release).start();
        assert_eq!(check(&stage).lags("orders"), "t/0 5", "{release:?}");
        assert!(versions(&stage, 1, ApiKey::ListOffsets).iter().all(|version| *version >= 2), "{release:?}");
    }
}

#[test]
fn a_broker_that_offers_only_newer_versions_is_reported_in_one_sentence() {
    let stage = five_behind(1).node(1, |node| node.offers(ApiKey::ListOffsets, 11, 12)).start();
    let report = check(&stage);
    assert_eq!(report.lags("orders"), "t/0 ?");
    let address = stage.address(1);
    assert_eq!(
        report.partition("orders", "t", 0)["reason"],
        format!(
            "broker 1 ({address}): no common version of ListOffsets: \
             the broker offers v11 to v12, this build knows v2 to v10; upgrade meerkat"
        )
    );
    assert!(versions(&stage, 1, ApiKey::ListOffsets).is_empty());
    assert!(!report.complete());
}

#[test]
fn a_broker_that_offers_only_older_versions_is_reported_in_one_sentence() {
    let stage = five_behind(1).node(1, |node| node.offers(ApiKey::Metadata, 0, 3)).start();
    let expected = "no common version of Metadata: the broker offers v0 to v3, this build knows v4 to v13; \
                    upgrade the broker to Kafka 0.11 or later";
    assert!(refusal(&stage).ends_with(expected), "{}", refusal(&stage));
}

#[test]
fn a_broker_that_lacks_an_api_is_reported_in_one_sentence() {
    let without = |api| five_behind(1).node(1, |node| node.lacks(api)).start();
    let stage = without(ApiKey::OffsetFetch);
    let report = check(&stage);
    let reason = report.group("orders")["reason"].as_str().unwrap_or_default();
    assert!(reason.ends_with("the broker does not offer OffsetFetch (this build knows v2 to v9)"), "{reason}");
    assert!(refusal(&without(ApiKey::Metadata)).contains("the broker does not offer Metadata"));
}

#[test]
fn brokers_of_one_cluster_are_agreed_with_one_by_one() {
    let stage = five_behind(3)
        .group(Group::classic("old").at(2).commits("t", &[7]))
        .node(1, |node| node.release(Release::V4_1))
        .node(2, |node| node.release(Release::V2_8))
        .node(3, |node| node.release(Release::V2_1))
        .topic(Topic::new("u", &[0..9]).led_by(&[3]))
        .group(Group::classic("older").at(3).commits("u", &[1]))
        .start();
    let report = check(&stage);
    assert_eq!(
        (report.lags("orders"), report.lags("old"), report.lags("older")),
        ("t/0 5".into(), "t/0 3".into(), "u/0 8".into())
    );
    let of = |api| [0, 1, 2].map(|broker| chosen(&report, broker, api));
    assert_eq!(of("OffsetFetch"), [Some(9), Some(7), Some(5)]);
    assert_eq!(of("ListOffsets"), [Some(10), Some(6), Some(4)]);
    assert_eq!(of("ConsumerGroupDescribe"), [Some(1), None, None]);
    assert_eq!(versions(&stage, 2, ApiKey::OffsetFetch), [7]);
    assert_eq!(versions(&stage, 3, ApiKey::OffsetFetch), [5]);
    assert_eq!(versions(&stage, 3, ApiKey::ListOffsets), [4, 4, 4]);
}

#[test]
fn a_refused_api_versions_is_asked_again_in_a_version_that_the_broker_knows() {
    let asked = |release| {
        let stage = five_behind(1).release(release).start();
        assert_eq!(check(&stage).lags("orders"), "t/0 5", "{release:?}");
        versions(&stage, 1, ApiKey::ApiVersions)
    };
    assert_eq!(asked(Release::V4_1), [3]);
    assert_eq!(asked(Release::V2_8), [3]);
    assert_eq!(asked(Release::V2_1), [3, 0]); // its refusal has no range
    // A broker that does not know version 3, and whose refusal has its range.
    let reported = five_behind(1).node(1, |node| node.offers(ApiKey::ApiVersions, 0, 2)).start();
    assert_eq!(check(&reported).lags("orders"), "t/0 5");
    assert_eq!(versions(&reported, 1, ApiKey::ApiVersions), [3, 2]);
}

#[test]
fn a_broker_that_refuses_every_api_versions_is_asked_twice_at_most() {
    let refusing = Act::Raw(b"\0\0\0\x0a\0\0\0\0\0\x23\0\0\0\0");
    let stage = five_behind(1).fault(When::on(ApiKey::ApiVersions), refusing).start();
    let sentence = refusal(&stage);
    assert!(sentence.starts_with("cannot connect to "), "{sentence}");
    assert!(stage.asked(ApiKey::ApiVersions).len() <= 2);
}

#[test]
fn a_broker_receives_the_name_of_the_client() {
    let stage = five_behind(1).start();
    check(&stage);
    let asked: ApiVersionsRequest = stage.asked(ApiKey::ApiVersions)[0].request();
    assert_eq!(asked.client_software_name.as_str(), "meerkat");
    assert_eq!(asked.client_software_version.as_str(), env!("CARGO_PKG_VERSION"));
}
