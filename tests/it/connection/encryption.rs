//! TLS: always verified, per broker, with a message for each way in which it fails.

use std::time::Duration;

use crate::support::broker::{Authority, Group, Scene, Stage, Topic, Validity, Voice};
use crate::support::check::{Check, check, refusal, some_attempt_gives};

/// A cluster whose brokers all show a certificate for 127.0.0.1.
fn encrypted(brokers: i32, authority: &Authority) -> Scene {
    let identity = authority.identity(&["127.0.0.1"], Validity::Now);
    Scene::of(brokers)
        .group(Group::classic("orders").commits("t", &[5]))
        .topic(Topic::new("t", &[0..10]))
        .every_node(|node| node.tls = Some(identity.clone()))
}

/// The message for a user who trusts this authority.
fn reported(stage: &Stage, trusted: &Authority) -> String {
    Check::at(&stage.bootstrap()).trusting(&trusted.pem()).answer().expect_err("a run that fails")
}

/// The message for a broker that shows a certificate with these names and this validity.
fn reported_of(names: &[&str], validity: Validity) -> String {
    let authority = Authority::new();
    let identity = authority.identity(names, validity);
    reported(&Scene::of(1).node(1, |node| node.tls = Some(identity)).start(), &authority)
}

#[test]
fn a_certificate_of_a_trusted_authority_is_enough() {
    let authority = Authority::new();
    some_attempt_gives(&3, || {
        let stage = encrypted(3, &authority).start();
        let report = Check::at(&stage.bootstrap()).trusting(&authority.pem()).report(&stage);
        assert_eq!(report.lags("orders"), "t/0 5");
        stage.connections()
    });
}

#[test]
fn a_tls_port_spoken_to_in_plaintext_is_reported() {
    let sentence = refusal(&encrypted(1, &Authority::new()).start());
    let expected = "the port speaks TLS, and plaintext was sent to it: set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL";
    assert!(sentence.ends_with(expected), "{sentence}");
}

#[test]
fn a_plaintext_port_spoken_to_in_tls_is_reported() {
    let sentence = reported(&Scene::of(1).start(), &Authority::new());
    assert!(sentence.contains("the connection was closed during the TLS handshake"), "{sentence}");
    assert!(sentence.contains("KAFKA_SECURITY_PROTOCOL=PLAINTEXT"), "{sentence}");
}

#[test]
fn a_server_that_answers_a_handshake_in_plain_words_is_reported() {
    let reported =
        |words| reported(&Scene::of(1).node(1, |node| node.voice = Voice::Says(words)).start(), &Authority::new());
    let http = reported(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(http.ends_with("an HTTP server answered: the address is not that of a Kafka listener"), "{http}");
    let kafka = reported(b"\0\0\0\x0a\0\0\0\0\0\x23\0\0\0\0");
    assert!(kafka.contains("the port does not speak TLS"), "{kafka}");
}

#[test]
fn a_handshake_that_the_broker_ends_names_every_cause_that_it_may_have() {
    // The alert handshake_failure: Java sends it without a common cipher suite or signature, and without a client
    // certificate.
    let alert = Voice::Says(b"\x15\x03\x03\0\x02\x02\x28");
    let sentence = reported(&Scene::of(1).node(1, |node| node.voice = alert).start(), &Authority::new());
    for cause in
        ["it may want a client certificate", "no cipher suite or signature in common", "P-256", "ssl.cipher.suites"]
    {
        assert!(sentence.contains(cause), "{cause}: {sentence}");
    }
}

#[test]
fn a_handshake_that_ends_or_is_not_answered_may_be_a_limit_on_connections() {
    let reported = |voice| {
        let stage = Scene::of(1).node(1, |node| node.voice = voice).start();
        let check = Check::at(&stage.bootstrap()).trusting(&Authority::new().pem());
        check.within(Duration::from_secs(2)).answer().expect_err("a run that fails")
    };
    let closed = reported(Voice::Says(b""));
    assert!(closed.contains("the connection was closed during the TLS handshake"), "{closed}");
    assert!(closed.contains("max.connections, max.connections.per.ip, or Amazon MSK's limits"), "{closed}");
    let silent = reported(Voice::Silent);
    assert!(silent.contains("that the broker accepts more connections (max.connections)"), "{silent}");
}

#[test]
fn a_certificate_for_another_name_is_reported() {
    let sentence = reported_of(&["b-1.example", "b-2.example"], Validity::Now);
    assert!(sentence.contains("the certificate is for another name: it names"), "{sentence}");
    assert!(sentence.contains("it names b-1.example, b-2.example, not 127.0.0.1"), "{sentence}");
}

#[test]
fn a_certificate_without_names_is_reported_as_such() {
    let sentence = reported_of(&[], Validity::Now);
    assert!(sentence.contains("reissue it with a subject alternative name"), "{sentence}");
}

#[test]
fn an_expired_certificate_is_reported_with_its_date() {
    let sentence = reported_of(&["127.0.0.1"], Validity::Past);
    assert!(sentence.contains("the certificate expired at 2001-01-01"), "{sentence}");
}

#[test]
fn a_certificate_from_the_future_is_reported_with_its_date() {
    let sentence = reported_of(&["127.0.0.1"], Validity::Future);
    assert!(sentence.contains("the certificate is not valid before 2101-01-01"), "{sentence}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_reported() {
    let stage = encrypted(1, &Authority::new()).start();
    let expected = "the certificate was issued by an unknown CA; put that CA's PEM into KAFKA_SSL_TRUSTSTORE";
    let sentence = reported(&stage, &Authority::new());
    assert!(sentence.ends_with(expected), "{sentence}");
    // Without a trust store it is Mozilla's roots that do not know it.
    let sentence = Check::at(&stage.bootstrap()).with("KAFKA_SECURITY_PROTOCOL", "SSL").answer().unwrap_err();
    assert!(sentence.ends_with(expected), "{sentence}");
}

#[test]
fn a_certificate_of_another_authority_with_the_same_name_is_reported() {
    let sentence = reported(&encrypted(1, &Authority::named("kafka-ca")).start(), &Authority::named("kafka-ca"));
    assert!(sentence.contains("another CA of the same name as one in KAFKA_SSL_TRUSTSTORE"), "{sentence}");
}

#[test]
fn a_broker_that_wants_a_client_certificate_gets_one_or_is_reported() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let identity = authority.guarded(&["127.0.0.1"], &clients);
    let scene = encrypted(1, &authority).node(1, |node| node.tls = Some(identity));
    let stage = scene.start();
    let trusting = || Check::at(&stage.bootstrap()).trusting(&authority.pem());

    let report = trusting().with("KAFKA_SSL_KEYSTORE", &clients.client_pem(Validity::Now)).report(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");

    let without = trusting().answer().unwrap_err();
    assert!(
        without.contains("the broker wants a client certificate (CertificateRequired): give one in KAFKA_SSL_KEYSTORE"),
        "{without}"
    );
    let expired = trusting().with("KAFKA_SSL_KEYSTORE", &clients.client_pem(Validity::Past)).answer().unwrap_err();
    assert!(expired.contains("refused the client certificate of KAFKA_SSL_KEYSTORE"), "{expired}");
    let renewed = Authority::named("clients");
    let identity = authority.guarded(&["127.0.0.1"], &Authority::named("clients"));
    let other = encrypted(1, &authority).node(1, |node| node.tls = Some(identity)).start();
    let check = Check::at(&other.bootstrap()).trusting(&authority.pem());
    let twin = check.with("KAFKA_SSL_KEYSTORE", &renewed.client_pem(Validity::Now)).answer().unwrap_err();
    assert!(twin.contains("refused the client certificate of KAFKA_SSL_KEYSTORE"), "{twin}");
    let foreign = trusting().with("KAFKA_SSL_KEYSTORE", &authority.client_pem(Validity::Now)).answer().unwrap_err();
    assert!(foreign.contains("refused the client certificate of KAFKA_SSL_KEYSTORE"), "{foreign}");
}

#[test]
fn each_broker_is_met_by_the_name_that_it_advertises() {
    let authority = Authority::new();
    let named = authority.identity(&["localhost"], Validity::Now);
    let scene = encrypted(2, &authority);
    let scene = scene.node(2, |node| (node.advertised, node.tls) = (Some("localhost".into()), Some(named)));
    let stage = scene.start();
    let first = stage.address(1).to_string();
    let report = Check::at(&first).trusting(&authority.pem()).report(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");
    assert_eq!(stage.server_names(), [(1, None), (2, Some("localhost".into()))]);
}

#[test]
fn a_broker_whose_certificate_lacks_its_advertised_name_is_reported_and_the_rest_is_read() {
    let authority = Authority::new();
    let scene = encrypted(2, &authority).group(Group::classic("away").at(2).commits("t", &[5]));
    let stage = scene.node(2, |node| node.advertised = Some("localhost".into())).start();
    // Broker 2 can be reached by its address; the name that it advertises counts.
    let report = Check::at(&stage.address(1).to_string()).trusting(&authority.pem()).report(&stage);
    assert_eq!(report.lags("orders"), "t/0 5");
    assert_eq!(*report.at("brokers/1/reachable"), false);
    let problems = report.problems().join("\n");
    assert!(problems.contains("the certificate is for another name: it names"), "{problems}");
    assert!(!report.complete());
}

#[test]
fn plaintext_must_be_configured_explicitly() {
    let stage = Scene::of(1).start();
    let sentence = Check::at(&stage.bootstrap()).with("KAFKA_SECURITY_PROTOCOL", "").answer().unwrap_err();
    assert!(sentence.contains("TLS handshake"), "{sentence}");
    assert_eq!(check(&stage).groups(), Vec::<&str>::new());
}

#[test]
fn a_ca_used_as_a_brokers_own_certificate_is_reported() {
    let (identity, pem) = Authority::posing(&["127.0.0.1"]);
    let stage = Scene::of(1).node(1, |node| node.tls = Some(identity)).start();
    let sentence = Check::at(&stage.bootstrap()).trusting(&pem).answer().unwrap_err();
    assert!(sentence.contains("the broker shows a CA certificate as its own"), "{sentence}");
}
