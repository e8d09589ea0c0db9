//! With permissions enforced, DESCRIBE alone is enough for share and streams groups, and a missing permission is
//! named.

use super::super::permissions::guarded;
use super::super::{Ran, Run, show};
use crate::real_kafka::logins::token;
use crate::support::kafka::Cluster;

const CLUSTER: &str = "cluster kafka-cluster";

/// A run as a user who is allowed to describe these things, each `topic|group|cluster NAME`.
fn check_as(user: &str, allowed: &[&str]) -> Ran {
    let cluster = guarded();
    for what in allowed {
        cluster.hand(&format!("allow {user} {what} DESCRIBE"));
    }
    Run::with_login(cluster, "OAUTHBEARER")
        .with("KAFKA_SASL_OAUTHBEARER_TOKEN", &token(user, 600))
        .with("KAFKA_SSL_KEYSTORE", &cluster.pem("client"))
        .with("MEERKAT_GROUPS", "kind-*")
        .make()
}

/// A share group on each of two topics, one without members on both, and from 4.2 on a streams group; their names.
fn groups(cluster: &Cluster) -> Vec<&'static str> {
    for topic in ["seen", "unseen"] {
        cluster.hand(&format!("create-topic kind-{topic} 1"));
        cluster.hand(&format!("produce kind-{topic} 0 5"));
        cluster.hand(&format!("join kind-{topic}-1 share kind-{topic} kind-{topic}"));
        cluster.hand(&format!("join kind-left-{topic} share kind-left kind-{topic}"));
        let there = if cluster.is_at_least(4, 2) { "lag=0" } else { "start=0" };
        for group in [format!("kind-{topic}"), "kind-left".to_owned()] {
            cluster.hand(&format!("wait-share {group} kind-{topic} 0 {there}"));
        }
        cluster.hand(&format!("leave kind-left-{topic}"));
    }
    cluster.hand("wait-share-state kind-left Empty");
    let mut names = vec!["kind-left", "kind-seen", "kind-unseen"];
    if cluster.is_at_least(4, 2) {
        cluster.hand("join kind-app streams kind-streams kind-seen counting");
        cluster.hand("wait-caught-up kind-streams commits=1");
        names.insert(2, "kind-streams");
    }
    names
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn describe_suffices_and_what_is_missing_is_named_for_every_kind() {
    let cluster = guarded();
    if !cluster.is_at_least(4, 1) {
        assert!(cluster.try_hand("join sharer share none none").is_err(), "there are share groups from 4.1 on");
        return;
    }
    let names = groups(cluster);

    let ran = check_as("kinds-least", &[CLUSTER, "group *", "topic *"]);
    assert_eq!((ran.report.groups(), ran.report.complete()), (names.clone(), true), "{ran:?}");
    let lag = if cluster.is_at_least(4, 2) { "lag=0 lag_source=coordinator" } else { "lag=5 lag_source=bound" };
    assert_eq!(show(ran.report.partition("kind-seen", "kind-seen", 0), "lag lag_source"), lag);
    for name in &names {
        assert!(ran.report.group(name)["members"].is_number(), "{name}: {ran:?}");
    }

    let ran = check_as("kinds-no-group", &[CLUSTER, "group kind-seen", "topic *"]);
    assert_eq!((ran.code, ran.report.groups()), (3, names.clone()), "{ran:?}");
    for name in names.iter().filter(|name| **name != "kind-seen") {
        let reason = "this user may not describe the group: grant it DESCRIBE (GroupAuthorizationFailed)";
        assert_eq!(show(ran.report.group(name), "status reason"), format!("status=UNKNOWN reason={reason}"));
    }
    assert_eq!(show(ran.report.partition("kind-seen", "kind-seen", 0), "lag lag_source"), lag);

    // Each group on topics that may not be described lacks something, and the report names it.
    let ran = check_as("kinds-no-topic", &[CLUSTER, "group *", "topic kind-seen"]);
    assert_eq!((ran.code, ran.report.groups(), ran.report.complete()), (3, names.clone(), false), "{ran:?}");
    assert_eq!(show(ran.report.partition("kind-seen", "kind-seen", 0), "lag lag_source"), lag);
    for name in names.iter().filter(|name| **name != "kind-seen") {
        let group = ran.report.group(name);
        assert_eq!(group["status"], "UNKNOWN", "{group}");
        assert!(group.to_string().contains("grant it DESCRIBE"), "{group}");
    }

    let ran = check_as("kinds-stranger", &[]);
    assert_eq!((ran.code, ran.report.groups().len()), (3, 0), "{ran:?}");
    let members =
        ["kind-seen-1", "kind-unseen-1"].into_iter().chain(names.contains(&"kind-streams").then_some("kind-app"));
    members.for_each(|member| drop(cluster.hand(&format!("leave {member}"))));
}
