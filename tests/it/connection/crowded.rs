//! Brokers that are overloaded, and peers that are no brokers: what is tried again, and what is reported.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Authority, Group, Sasl, Scene, Topic, Validity, When};
use crate::support::check::{Check, check, refusal};

/// A broker that refuses the first logins with these words.
fn crowded(refusal: &'static str, times: usize) -> Scene {
    let sasl = Sasl { mechanism: "PLAIN", right: Some(b"nobody".to_vec()), receipt: b"", refusal };
    let let_in = Act::Change(|scene| scene.rotate(b"\0meerkat\0hunter".to_vec()));
    Scene::of(1)
        .sasl(sasl)
        .group(Group::classic("orders").commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]))
        .fault(When::on(ApiKey::SaslAuthenticate).times(times), Act::AS_USUAL)
        .fault(When::on(ApiKey::SaslAuthenticate).times(1), let_in)
}

fn login(check: Check) -> Check {
    check
        .with("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
        .with("KAFKA_SASL_MECHANISM", "PLAIN")
        .with("KAFKA_SASL_USERNAME", "meerkat")
        .with("KAFKA_SASL_PASSWORD", "hunter")
}

const CROWDED: [&str; 4] = [
    "[c4c1210b-0000]: Too many connects",
    "Too many connections from this address",
    "Request throttled",
    "Rate exceeded",
];

#[test]
fn a_login_that_comes_among_too_many_is_tried_again() {
    for words in CROWDED {
        let stage = crowded(words, 2).start();
        let report = login(Check::at(&stage.bootstrap())).report(&stage);
        assert_eq!((report.lags("orders"), report.complete()), ("t/0 5".into(), true), "{words}");
        assert_eq!(stage.asked(ApiKey::SaslAuthenticate).len(), 3, "{words}");
    }
}

#[test]
fn a_broker_that_stays_crowded_is_named_as_that() {
    for words in CROWDED {
        let stage = crowded(words, usize::MAX).start();
        let reported = login(Check::at(&stage.bootstrap())).briefly().answer().unwrap_err();
        let expected =
            format!("the broker accepts no more new connections for the moment: {words}; Amazon MSK with IAM");
        assert!(reported.contains(&expected) && !reported.contains("check KAFKA_SASL"), "{reported}");
        assert!(stage.asked(ApiKey::SaslAuthenticate).len() > 1, "{reported}");
    }
}

#[test]
fn a_last_attempt_that_the_deadline_cuts_short_changes_no_cause() {
    let words = CROWDED[0];
    let stage = crowded(words, usize::MAX)
        .fault(When::on(ApiKey::ApiVersions).times(2), Act::AS_USUAL)
        .fault(When::on(ApiKey::ApiVersions), Act::Hang)
        .start();
    let reported = login(Check::at(&stage.bootstrap())).briefly().answer().unwrap_err();
    let expected = format!("the broker accepts no more new connections for the moment: {words}");
    assert!(reported.contains(&expected), "{reported}");
    assert_eq!(stage.asked(ApiKey::SaslAuthenticate).len(), 2);
}

#[test]
fn any_other_refusal_is_final() {
    for words in
        ["Authentication failed: Invalid username or password", "Too many failed logins: the account is locked"]
    {
        let stage = crowded(words, usize::MAX).start();
        let reported = login(Check::at(&stage.bootstrap())).answer().unwrap_err();
        assert!(reported.contains(words) && reported.contains("check KAFKA_SASL_USERNAME"), "{reported}");
        assert_eq!(stage.asked(ApiKey::SaslAuthenticate).len(), 1);
    }
}

#[test]
fn a_refused_version_whose_answer_cannot_be_read_is_followed_by_version_0() {
    // Error 35 and a count of entries in one byte, as librdkafka's mock broker answers it; or nothing behind the error.
    for body in [&b"\0\x23\x02\0\x12\0\0\0\x02\0"[..], b"\0\x23"] {
        let scene = Scene::of(1).group(Group::classic("orders").commits("t", &[5])).topic(Topic::new("t", &[0..10]));
        let stage = scene.fault(When::on(ApiKey::ApiVersions).version(3), Act::Body(body)).start();
        assert_eq!(check(&stage).lags("orders"), "t/0 5");
        let versions: Vec<i16> = stage.asked(ApiKey::ApiVersions).iter().map(|seen| seen.version).collect();
        assert_eq!(versions, [3, 0]);
    }
}

#[test]
fn a_controller_is_named_as_one() {
    let stage = Scene::of(1)
        .node(1, |node| {
            node.lacks(ApiKey::Metadata);
            node.offers(ApiKey::BrokerRegistration, 0, 4);
        })
        .start();
    let reported = refusal(&stage);
    let expected = "this is a KRaft controller, which does not offer Metadata; name the brokers' listener in KAFKA_BOOTSTRAP_SERVERS";
    assert!(reported.contains(expected), "{reported}");
}

#[test]
fn a_quota_is_named_where_it_is_the_cause() {
    let orders = Group::classic("orders").commits("t", &[5]);
    for api in [ApiKey::OffsetFetch, ApiKey::ListOffsets] {
        let stage = Scene::of(1)
            .group(orders.clone())
            .topic(Topic::new("t", &[0..10]))
            .fault(When::on(ApiKey::ListGroups), Act::Throttled(7_500))
            .fault(When::on(api), Act::Hang)
            .start();
        let report = Check::at(&stage.bootstrap()).briefly().report(&stage);
        let reported = report.0.to_string();
        assert!(
            reported
                .contains("a quota of this user, or of the client id meerkat, holds answers back (by 7500 ms so far)"),
            "{api:?}: {reported}"
        );
    }
    // If no broker can be reached because of it.
    let stage = Scene::of(1)
        .fault(When::on(ApiKey::ListGroups), Act::Throttled(7_500))
        .fault(When::on(ApiKey::Metadata), Act::Hang)
        .start();
    let reported = Check::at(&stage.bootstrap()).within(Duration::from_secs(1)).answer().unwrap_err();
    assert!(reported.contains("no answer before the deadline"), "{reported}");
}

#[test]
fn a_connection_that_is_cut_after_tls_is_no_plaintext() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"], Validity::Now);
    let stage =
        Scene::of(1).node(1, |node| node.tls = Some(identity)).fault(When::on(ApiKey::ApiVersions), Act::Close).start();
    let reported = Check::at(&stage.bootstrap()).trusting(&authority.pem()).answer().unwrap_err();
    assert!(reported.contains("closed at the first request, after TLS was agreed on"), "{reported}");
    assert!(!reported.contains("plaintext"), "{reported}");
}

#[test]
fn a_slow_broker_has_the_time_that_nobody_else_uses() {
    // Two seconds to the first byte of one answer, of ten that the run has.
    let scene = Scene::of(2)
        .group(Group::classic("orders").at(2).commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]).led_by(&[2]))
        .fault(When::on(ApiKey::ApiVersions).at(2), Act::Trickled(40));
    let stage = scene.start();
    let first = stage.address(1).to_string();
    let report = Check::at(&first).within(Duration::from_secs(10)).report(&stage);
    assert_eq!((report.lags("orders"), report.complete()), ("t/0 5".into(), true), "{report:?}");
}
