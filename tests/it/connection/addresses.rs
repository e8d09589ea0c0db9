//! Bootstrap addresses: any reachable one is enough, and if none is, the message has the cause of each.

use std::net::Ipv6Addr;
use std::time::Duration;

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Group, Scene, Topic, Voice, When};
use crate::support::check::{Check, check, refusal, some_attempt_gives};

fn five_behind(brokers: i32) -> Scene {
    Scene::of(brokers).group(Group::classic("orders").commits("t", &[5])).topic(Topic::new("t", &[0..10]))
}

const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

/// The message for one broker that does not behave like Kafka.
fn reported(voice: Voice) -> String {
    let stage = Scene::of(1).node(1, |node| node.voice = voice).start();
    let sentence = refusal(&stage);
    let start = format!("cannot connect to {}: ", stage.address(1));
    sentence.strip_prefix(&start).unwrap_or(&sentence).to_owned()
}

#[test]
fn a_closed_port_is_reported() {
    let reported = reported(Voice::Closed);
    assert!(reported.starts_with("Connection refused (os error 111); check host and port: "), "{reported}");
}

#[test]
fn an_http_server_is_reported() {
    assert_eq!(reported(Voice::Says(HTTP)), "an HTTP server answered: the address is not that of a Kafka listener");
}

#[test]
fn another_protocol_is_reported() {
    let ssh = reported(Voice::Says(b"SSH-2.0-OpenSSH_9.6\r\n"));
    assert!(ssh.ends_with("the address is not that of a Kafka listener"), "{ssh}");
    assert!(reported(Voice::Says(b"")).starts_with("the connection was closed at the first request"));
}

#[test]
fn a_host_that_does_not_resolve_is_reported() {
    // RFC 6761, section 6.4: names under `invalid` never resolve.
    let sentence = Check::at("broker.invalid:9092").answer().unwrap_err();
    assert!(sentence.contains("broker.invalid:9092: the host name cannot be resolved"), "{sentence}");
}

#[test]
fn a_silent_peer_is_reported_when_the_time_is_up() {
    let stage = Scene::of(1).node(1, |node| node.voice = Voice::Silent).start();
    let sentence = Check::at(&stage.bootstrap()).within(Duration::from_secs(2)).answer().unwrap_err();
    assert!(sentence.contains("no answer before the deadline"), "{sentence}");
    assert!(sentence.contains(&stage.address(1).to_string()), "{sentence}");
}

#[test]
fn a_silent_address_does_not_hide_the_causes_of_the_others() {
    let stage = Scene::of(2).node(1, |node| node.voice = Voice::Closed).node(2, |node| node.voice = Voice::Silent);
    let stage = stage.start();
    let sentence = Check::at(&stage.bootstrap()).within(Duration::from_secs(2)).answer().unwrap_err();
    assert!(sentence.contains(&format!("cannot connect to {}: Connection refused", stage.address(1))), "{sentence}");
    assert!(sentence.contains(&format!("{}: no answer before the deadline", stage.address(2))), "{sentence}");
}

#[test]
fn each_failed_address_has_its_own_cause() {
    let stage = Scene::of(3)
        .node(1, |node| node.voice = Voice::Closed)
        .node(2, |node| node.voice = Voice::Says(HTTP))
        .node(3, |node| node.offers(ApiKey::Metadata, 0, 3))
        .start();
    let sentence = refusal(&stage);
    for (node, cause) in
        [(1, "Connection refused"), (2, "an HTTP server answered"), (3, "no common version of Metadata")]
    {
        assert!(sentence.contains(&format!("{}: {cause}", stage.address(node))), "{node}: {sentence}");
    }
}

#[test]
fn one_good_address_among_bad_ones_is_enough() {
    let stage = five_behind(1).start();
    let bad = Scene::of(2).node(1, |node| node.voice = Voice::Closed).node(2, |node| node.voice = Voice::Says(HTTP));
    let bad = bad.start();
    let all = format!("broker.invalid:9092,{},{}", bad.bootstrap(), stage.bootstrap());
    assert_eq!(Check::at(&all).report(&stage).lags("orders"), "t/0 5");
}

#[test]
fn a_silent_address_does_not_keep_the_next_one_from_being_tried() {
    let stage = five_behind(1).start();
    let silent = Scene::of(1).node(1, |node| node.voice = Voice::Silent).start();
    let all = format!("{},{}", silent.bootstrap(), stage.bootstrap());
    assert_eq!(Check::at(&all).report(&stage).lags("orders"), "t/0 5");
}

#[test]
fn a_repeated_address_is_one_address() {
    let stage = five_behind(1).node(1, |node| node.voice = Voice::Closed).start();
    let port = stage.address(1).port();
    let sentence = Check::at(&format!("localhost:{port},LOCALHOST:{port}, localhost:{port}")).answer().unwrap_err();
    assert_eq!(sentence.matches(&port.to_string()).count(), 1, "{sentence}");
}

#[test]
fn every_broker_gets_one_connection_and_the_bootstrap_one_is_kept() {
    some_attempt_gives(&3, || {
        let stage = five_behind(3).start();
        check(&stage);
        stage.connections()
    });
}

#[test]
fn a_bootstrap_name_in_other_letters_is_the_same_broker() {
    let stage = five_behind(1).node(1, |node| node.advertised = Some("LocalHost".into())).start();
    let report = Check::at(&format!("localhost:{}", stage.address(1).port())).report(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");
    assert_eq!(stage.connections(), 1);
}

#[test]
fn an_ipv6_address_is_as_good_as_any() {
    let stage = five_behind(1).node(1, |node| node.bind = Ipv6Addr::LOCALHOST.into()).start();
    let report = check(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");
    assert_eq!(*report.at("brokers/0/address"), stage.address(1).to_string());
    assert!(stage.bootstrap().starts_with("[::1]:"));
}

#[test]
fn a_cluster_without_brokers_in_its_metadata_is_reported() {
    let nobody = Act::Body(b"\0\0\0\0\0\x01\0\0\0\0\0\x01\0\0\0\0\0");
    let stage = five_behind(1).node(1, |node| node.offers(ApiKey::Metadata, 9, 9));
    let stage = stage.fault(When::on(ApiKey::Metadata), nobody).start();
    let sentence = refusal(&stage);
    assert!(sentence.ends_with("the broker's metadata names no brokers"), "{sentence}");
}
