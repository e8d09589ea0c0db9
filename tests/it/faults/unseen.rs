//! Topics that this user may not describe: what no broker returned is unknown, and never nothing.

use kafka_protocol::messages::ApiKey;

use super::is_unknown;
use crate::support::broker::{Act, Group, Release, Scene, Topic, When};
use crate::support::check::{Check, check};

/// A group that reads a hidden topic; the topic that meerkat asks for as a probe is not reported as missing either.
fn secret(group: Group) -> Scene {
    let hidden = |name| Topic::new(name, &[0..10]).hidden();
    Scene::of(1).group(group).topic(hidden("secret")).topic(hidden("meerkat.any-topic-that-does-not-exist"))
}

#[test]
fn a_rebalancing_group_has_no_subscriptions_and_may_read_hidden_topics() {
    let reader = || Group::classic("g").commits("secret", &[5]).member("reader", "secret", &[0]);
    for state in ["PreparingRebalance", "CompletingRebalance", "Stable"] {
        is_unknown(&check(&secret(reader().state(state)).start()), "g", "may not describe");
    }
}

#[test]
fn a_topic_that_is_asked_for_by_name_and_hidden_makes_a_group_unknown() {
    let idle = || secret(Group::classic("g").commits("secret", &[5]));
    let topics = |topics: &str| {
        let stage = idle().start();
        Check::at(&stage.bootstrap()).with("MEERKAT_TOPICS", topics).report(&stage)
    };
    for named in ["secret", "secret,gone", "secre*", "!internal"] {
        is_unknown(&topics(named), "g", "may not describe");
    }
    // Nothing that was asked for is hidden; that it selects nothing is reported separately.
    let nothing = topics("gone,nor-this");
    assert_eq!(nothing.problems(), ["MEERKAT_TOPICS: \"gone,nor-this\" matches no topic that a selected group reads"]);
    assert_eq!((nothing.groups(), nothing.at("left_out/other topics")), (vec![], &1.into()));
}

#[test]
fn a_probe_for_hidden_topics_that_fails_hides_something() {
    let stage = Scene::of(1)
        .group(Group::classic("g"))
        .fault(When::on(ApiKey::Metadata).times(1), Act::AS_USUAL)
        .fault(When::on(ApiKey::Metadata), Act::Close)
        .start();
    is_unknown(&check(&stage), "g", "no broker answered for its metadata");
}

#[test]
fn a_partition_that_cannot_be_makes_a_share_group_unknown() {
    let stage = Scene::of(1)
        .release(Release::V4_4)
        .group(Group::share("s").commit_refused("t", -7, 0))
        .topic(Topic::new("t", &[0..10]))
        .start();
    is_unknown(&check(&stage), "s", "the coordinator answers for partition -7 of topic t");
}

#[test]
fn members_that_are_unknown_have_their_reason() {
    for (api, group) in [
        (ApiKey::DescribeGroups, Group::classic("g").commits("t", &[5])),
        (ApiKey::ConsumerGroupDescribe, Group::consumer("g").commits("t", &[5])),
        (ApiKey::ShareGroupDescribe, Group::share("g").commits("t", &[5])),
    ] {
        for (act, why) in [(Act::Code(30), "this user may not describe the group"), (Act::Hang, "deadline")] {
            let stage = Scene::of(1)
                .release(Release::V4_4)
                .group(group.clone())
                .topic(Topic::new("t", &[0..10]))
                // What is asked while the groups are listed is answered.
                .fault(When::on(ApiKey::DescribeGroups).times(2), Act::AS_USUAL)
                .fault(When::on(api), act)
                .start();
            let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
            assert_eq!(report.group("g")["members"], serde_json::Value::Null, "{api:?}");
            is_unknown(&report, "g", why);
        }
    }
}
