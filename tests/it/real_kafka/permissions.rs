//! What users see who may not see everything, on a cluster where permissions count.
//!
//! Each user is the subject of a token, which a broker without its own validator accepts unchecked.

use std::sync::OnceLock;

use super::logins::token;
use super::{Ran, Run, show};
use crate::support::kafka::{Cluster, Options};

/// A cluster with permissions enforced, where every TLS connection may show a client certificate, shared by these
/// tests.
///
/// Certificates beside SASL came with 2.8 (KIP-684), so older releases are represented by that.
pub(super) fn guarded() -> &'static Cluster {
    static GUARDED: OnceLock<Cluster> = OnceLock::new();
    GUARDED.get_or_init(|| {
        let mut options = Options { authorizer: true, ..Options::default() };
        let newer = |version: &str| {
            let number = |text: &str| text.parse::<u32>().unwrap_or_default();
            let mut parts = version.split('.').map(number);
            (parts.next(), parts.next()) >= (Some(2), Some(8))
        };
        if !newer(&options.version) {
            options.version = "2.8.2".into();
        }
        let wanted = ["ssl.client.auth=required", "listener.name.sasl_ssl.ssl.client.auth=required"];
        options.settings.extend(wanted.map(str::to_owned));
        let cluster = Cluster::start(&options);
        // No other test commits here: two topics, a group on both and one on the first.
        for topic in ["shown", "hidden"] {
            cluster.hand(&format!("create-topic {topic} 1"));
            cluster.hand(&format!("produce {topic} 0 3"));
            cluster.hand(&format!("commit both {topic} 0 3"));
        }
        cluster.hand("commit one shown 0 3");
        cluster
    })
}

/// A run as a user who is allowed these things, each `topic|group|cluster NAME`.
fn check_as(user: &str, allowed: &[&str]) -> Run {
    let cluster = guarded();
    for what in allowed {
        cluster.hand(&format!("allow {user} {what} DESCRIBE"));
    }
    Run::with_login(cluster, "OAUTHBEARER")
        .with("KAFKA_SASL_OAUTHBEARER_TOKEN", &token(user, 600))
        .with("KAFKA_SSL_KEYSTORE", &cluster.pem("client"))
        .with("MEERKAT_GROUPS", "both,one")
}

/// A group in one line.
fn seen(ran: &Ran, group: &str) -> String {
    format!("{} [{}]", show(ran.report.group(group), "status"), ran.report.lags(group))
}

const CLUSTER: &str = "cluster kafka-cluster";
const WAY_OUT: &str = "grant it DESCRIBE on all topics, or name those that matter in MEERKAT_TOPICS";

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn to_describe_cluster_groups_and_topics_is_enough_for_the_whole_report() {
    let ran = check_as("least", &[CLUSTER, "group *", "topic *"]).make();
    assert_eq!((ran.code, ran.report.complete()), (0, true), "{ran:?}");
    assert_eq!(seen(&ran, "both"), "status=OK [hidden/0 0, shown/0 0]");
    let all = check_as("alice", &[]).make();
    assert_eq!(ran.report.at("groups"), all.report.at("groups"));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn ages_need_no_more_than_that() {
    let cluster = guarded();
    cluster.hand("create-topic aged 1");
    cluster.hand("produce aged 0 3");
    cluster.hand("commit behind aged 0 1");
    let ran = check_as("least-of-ages", &[CLUSTER, "group *", "topic *"]).with("MEERKAT_GROUPS", "behind").make();
    let partition = ran.report.partition("behind", "aged", 0);
    assert!(partition["lag"] == 2 && partition["lag_seconds"].is_number(), "{partition}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_member_of_a_group_that_reads_a_hidden_topic_makes_it_incomplete() {
    let cluster = guarded();
    let protocols = if cluster.is_at_least(3, 9) { &["classic", "consumer"][..] } else { &["classic"] };
    for protocol in protocols {
        let group = format!("reads-hidden-{protocol}");
        cluster.hand(&format!("join {group} {protocol} {group} hidden assigned=1"));
        cluster.hand(&format!("wait-caught-up {group}"));
        let user = format!("some-{protocol}");
        let ran = check_as(&user, &[CLUSTER, "group *", "topic shown"]).with("MEERKAT_GROUPS", &group).make();
        assert_eq!((ran.code, ran.report.complete()), (3, false), "{ran:?}");
        let reported = ran.report.group(&group).to_string();
        assert!(reported.contains("this user may not describe the topic: grant it DESCRIBE"), "{reported}");
        cluster.hand(&format!("leave {group}"));
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_user_who_sees_only_some_topics_learns_which_groups_may_have_more() {
    let ran = check_as("some", &[CLUSTER, "group *", "topic shown"]).make();
    assert_eq!((ran.code, ran.report.complete()), (3, false), "{ran:?}");
    for group in ["both", "one"] {
        assert_eq!(seen(&ran, group), "status=UNKNOWN [shown/0 0]");
        let reported = ran.report.group(group).to_string();
        assert!(reported.contains(WAY_OUT), "{reported}");
        assert_eq!(ran.report.group(group)["diagnosis"]["kind"], "permissions", "{reported}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_user_who_selects_topics_gets_a_whole_report_on_them() {
    let ran = check_as("scoped", &[CLUSTER, "group *", "topic shown"]).with("MEERKAT_TOPICS", "shown").make();
    assert_eq!((ran.code, ran.report.complete()), (0, true), "{ran:?}");
    assert_eq!(seen(&ran, "both"), "status=OK [shown/0 0]");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn without_any_topic_no_group_looks_as_if_it_read_nothing() {
    let ran = check_as("no-topic", &[CLUSTER, "group *"]).make();
    assert_eq!((ran.code, ran.report.complete()), (3, false), "{ran:?}");
    let group = ran.report.group("both");
    assert_eq!(show(group, "status total_lag partition_count"), "status=UNKNOWN total_lag=null partition_count=0");
    assert!(group["reason"].as_str().is_some_and(|reason| reason.ends_with(WAY_OUT)), "{group}");
    assert_eq!(group["diagnosis"]["kind"], "permissions", "{group}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_group_without_permission_is_listed_with_the_reason() {
    let ran = check_as("some-groups", &[CLUSTER, "group one", "topic *"]).make();
    assert_eq!((ran.code, ran.report.complete()), (3, false), "{ran:?}");
    assert_eq!(seen(&ran, "one"), "status=OK [shown/0 0]");
    let reason = "this user may not describe the group: grant it DESCRIBE (GroupAuthorizationFailed)";
    assert_eq!(ran.report.group("both")["reason"], reason);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn without_the_cluster_only_the_groups_with_permission_are_listed() {
    let ran = check_as("no-cluster", &["group one", "topic *"]).make();
    assert_eq!((ran.code, ran.report.groups()), (0, vec!["one"]), "{ran:?}");
    let ran = check_as("no-cluster", &[]).groups(&["one", "both"]).make();
    assert_eq!(ran.code, 3, "{ran:?}");
    let reason = ran.report.group("both")["reason"].to_string();
    assert!(reason.contains("this user may not describe the group: grant it DESCRIBE"), "{reason}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_user_without_permissions_is_distinguished_from_a_cluster_without_groups() {
    let ran = check_as("stranger", &[]).make();
    assert_eq!((ran.code, ran.report.groups().len()), (3, 0), "{ran:?}");
    let problems = ran.report.problems();
    assert!(problems.len() == 1 && problems[0].starts_with("groups: this user is shown no groups"), "{problems:?}");
    assert!(problems[0].ends_with("grant it DESCRIBE on the cluster, on groups and on topics"), "{problems:?}");

    let empty = Cluster::start(&Options { version: guarded().version().to_owned(), ..Options::default() });
    let ran = Run::on(&empty).make();
    assert_eq!((ran.code, ran.report.complete(), ran.report.problems().len()), (0, true, 0), "{ran:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_certificate_is_who_it_names() {
    let cluster = guarded();
    let run = || {
        let run = Run::on(cluster).with("KAFKA_SSL_KEYSTORE", &cluster.pem("client"));
        run.with("MEERKAT_GROUPS", "both,one").make()
    };
    let problems = run().report.problems();
    assert!(problems.len() == 1 && problems[0].starts_with("groups: this user is shown no groups"), "{problems:?}");
    for what in [CLUSTER, "group *", "topic *"] {
        cluster.hand(&format!("allow CN%3Dmeerkat {what} DESCRIBE"));
    }
    assert_eq!(run().code, 0);
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_certificate_and_a_password_open_the_door_together() {
    let cluster = guarded();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let run = Run::with_login(cluster, mechanism).account("alice", cluster.password("alice"));
        let ran = run.with("KAFKA_SSL_KEYSTORE", &cluster.pem("client")).with("MEERKAT_GROUPS", "both,one").make();
        assert_eq!(ran.code, 0, "{mechanism}: {ran:?}");
    }
}
