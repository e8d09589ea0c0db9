//! Brokers that are not who they should be, and brokers that hold answers back.

use super::{Run, until};
use crate::support::check::Report;
use crate::support::kafka::{Cluster, Options};

/// Quotas are set by the brokers' own protocol from this release on (KIP-546).
const QUOTAS: (u32, u32) = (2, 6);

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn throttling_is_shown_in_the_report_and_in_preflight() {
    let cluster = Cluster::shared();
    let set = || cluster.try_hand("quota reader meerkat request_percentage 0.01");
    if !cluster.is_at_least(QUOTAS.0, QUOTAS.1) {
        let why = set().expect_err("an old broker");
        assert!(why.starts_with("UnsupportedVersionException"), "{why}");
        return;
    }
    cluster.hand("create-topic throttled 1");
    cluster.hand("produce throttled 0 5");
    cluster.hand("commit throttled throttled 0 2");
    let run = || Run::with_login(cluster, "PLAIN").account("reader", cluster.password("reader"));
    let report = run().groups(&["throttled"]).report();
    assert!(report.at("brokers/0/throttled").is_null(), "{report:?}");
    // No other test logs in as this user.
    set().expect("a quota");
    // Brokers learn of it one after the other, and judge by the second that has just passed.
    let throttled = || run().with("MEERKAT_TIMEOUT", "30");
    let read = || throttled().groups(&["throttled"]).report();
    let report = until("an answer is held back", read, |report| report.at("brokers/0/throttled").is_string());
    // All the same it is read.
    assert!(report.complete(), "{report:?}");
    assert_eq!(report.lags("throttled"), "throttled/0 3");
    let reported = report.at("brokers/0/throttled").as_str().expect("a text");
    assert!(
        reported.starts_with("held answers back for ") && reported.contains(" the client id meerkat"),
        "{reported}"
    );
    let preflight = || throttled().with("MEERKAT_GROUPS", "throttled").argument("--preflight").make().report;
    let of_quota = |report: &Report| {
        let lines = report.0["lines"].as_array().expect("lines");
        lines.iter().find(|line| line["subject"] == "quota").cloned()
    };
    let report = until("an answer to a preflight is held back", preflight, |report| of_quota(report).is_some());
    let line = of_quota(&report).expect("a line");
    assert!(line["section"].as_str().expect("a text").starts_with("broker 1 ("), "{line}");
    assert!(line["found"].as_str().expect("a text").starts_with("held answers back for "), "{line}");
    cluster.hand("quota reader meerkat request_percentage none");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_broker_whose_certificate_proves_nothing_is_refused_with_its_fault() {
    let refused = |run: Run| {
        let ran = run.make();
        assert_eq!((ran.code, ran.report.0.is_null()), (4, true), "{ran:?}");
        ran.said
    };
    let shared = Cluster::shared();
    for authority in [&shared.pem("other-ca"), ""] {
        let said = refused(Run::on(shared).with("KAFKA_SSL_TRUSTSTORE", authority));
        assert!(said.contains("issued by an unknown CA"), "{said}");
    }
    // The bad certificates are PEM files, which brokers before 3.0 do not read.
    if shared.is_at_least(3, 0) {
        let settings = [
            "listener.name.ssl.ssl.keystore.location=../tls/expired.pem",
            "listener.name.sasl_ssl.ssl.keystore.location=../tls/other-name.pem",
        ];
        let cluster = Cluster::start(&Options { settings: settings.map(String::from).into(), ..Options::default() });
        let said = refused(Run::on(&cluster));
        assert!(said.contains("the certificate expired at 2021-01-01"), "{said}");
        let said = refused(Run::on(&cluster).with("KAFKA_BOOTSTRAP_SERVERS", &cluster.sasl_ssl()));
        assert!(said.contains("the certificate is for another name: it names "), "{said}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_listener_that_is_advertised_where_nothing_listens_is_told_with_both_addresses() {
    // Port 1 is free on every machine of these tests.
    let cluster = Cluster::start(&Options { advertised_ssl: Some(1), ..Options::default() });
    cluster.hand("create-topic unreachable 1");
    cluster.hand("commit unreachable unreachable 0 0");
    let reported = format!("{} answered and gave this address (advertised.listeners)", cluster.ssl());
    let check = |text: &str| {
        for wanted in [&*reported, "localhost:1", "Connection refused", "make the address reachable from here"] {
            assert!(text.contains(wanted), "{wanted} is missing in {text}");
        }
    };
    let ran = Run::on(&cluster).argument("--all-groups").make();
    assert_eq!((ran.code, ran.report.complete()), (3, false), "{ran:?}");
    check(&ran.report.problems().join("\n"));
    let ran = Run::on(&cluster).argument("--preflight").make();
    assert_ne!(ran.code, 0, "{ran:?}");
    check(&ran.report.0.to_string());
}
