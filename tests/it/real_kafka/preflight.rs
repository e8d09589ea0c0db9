//! A preflight against real brokers, and the table of releases that it answers from.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::logins::token;
use super::permissions::guarded;
use super::{Ran, Run};
use crate::support::kafka::Cluster;

fn preflight(run: Run) -> Ran {
    run.argument("--preflight").make()
}

/// Status and finding of each line about this, in sections that begin so.
fn lines(ran: &Ran, section: &str, subject: &str) -> Vec<String> {
    let lines = ran.report.0["lines"].as_array().expect("lines").iter();
    let text = |line: &Value, key: &str| line[key].as_str().expect("a text").to_owned();
    let here = lines.filter(|line| text(line, "section").starts_with(section) && line["subject"] == subject);
    here.map(|line| format!("{}: {}", text(line, "status"), text(line, "found"))).collect()
}

fn line(ran: &Ran, section: &str, subject: &str) -> String {
    let lines = lines(ran, section, subject);
    let [line] = lines.as_slice() else { panic!("{section} {subject}: {lines:?} in {ran:?}") };
    line.clone()
}

/// What a broker offers, by API key, asked in the oldest version and read byte by byte.
fn offered(address: &str) -> Vec<(i16, i16, i16)> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    // Size; key 18, version 0, correlation id 7, no client id.
    stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]).expect("a request");
    let mut size = [0; 4];
    stream.read_exact(&mut size).expect("a size");
    let mut answer = vec![0; u32::from_be_bytes(size) as usize];
    stream.read_exact(&mut answer).expect("an answer");
    let number = |at: usize| i16::from_be_bytes([answer[at], answer[at + 1]]);
    assert_eq!(number(4), 0, "an error code");
    (10..answer.len() - 5).step_by(6).map(|at| (number(at), number(at + 2), number(at + 4))).collect()
}

#[test]
#[ignore = "needs a real Kafka: make matrix"]
fn the_table_of_releases_has_what_this_one_offers() {
    let table = include_str!("../../../src/kafka/protocol/releases.tsv");
    let cluster = Cluster::shared();
    let bootstrap = cluster.plaintext();
    let offered = offered(bootstrap.split(',').next().expect("an address"));
    let cell = |(_, key): &(&str, i16)| {
        let range = offered.iter().find(|(found, ..)| found == key);
        range.map_or_else(|| String::from("-"), |(_, min, max)| format!("{min}-{max}"))
    };
    let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
    let row = format!("{}\t{}", cluster.version(), cells.join("\t"));
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    assert_eq!(table.lines().next(), Some(&*format!("release\t{}", names.join("\t"))));
    assert!(table.lines().any(|known| known == row), "src/kafka/protocol/releases.tsv needs this row:\n{row}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_healthy_cluster_works_line_by_line() {
    let cluster = Cluster::shared();
    cluster.hand("create-topic preflight 2");
    cluster.hand("commit preflight preflight 0 0");
    let ran = preflight(Run::on(cluster).with("MEERKAT_GROUPS", "preflight"));
    assert!(lines(&ran, "bootstrap", "address").len() + lines(&ran, "broker 1", "address").len() >= 1, "{ran:?}");
    assert!(line(&ran, "broker 1", "connection").starts_with("works: reached, "), "{ran:?}");
    assert!(line(&ran, "broker 1", "TLS").starts_with("works: TLSv1_"), "{ran:?}");
    let certificate = line(&ran, "broker 1", "certificate");
    assert!(
        certificate.starts_with("works: for localhost, 127.0.0.1, ::1, issued by CN=meerkat test ca, "),
        "{certificate}"
    );
    assert_eq!(line(&ran, "selected", "topics that they read"), "works: 1: preflight");
    assert!(line(&ran, "permissions", "groups").starts_with("works: DESCRIBE is there for 1: preflight"), "{ran:?}");
    let lists = line(&ran, "permissions", "cluster");
    assert!(lists.starts_with("works: "), "{lists}");
    // The broker's answer equals the table's entry of its release.
    let against = Run::on(cluster).argument("--against").argument(cluster.version()).make();
    for (api, _) in COLUMNS {
        assert_eq!(line(&ran, "broker 1", api), line(&against, "Kafka", api));
    }
    assert_eq!(ran.code, against.code, "{ran:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_login_reports_what_the_listener_offers() {
    let ran =
        preflight(Run::with_login(Cluster::shared(), "PLAIN").account("alice", Cluster::shared().password("alice")));
    let version = Cluster::shared();
    if version.is_at_least(1, 0) {
        let reported = line(&ran, "broker 1", "login");
        assert!(
            reported.starts_with("works: PLAIN accepted; the listener offers ") && reported.contains("SCRAM-SHA-512"),
            "{reported}"
        );
    } else {
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    let ran = preflight(Run::with_login(Cluster::shared(), "PLAIN").account("alice", "wrong"));
    assert!(lines(&ran, "", "login").iter().any(|line| line.starts_with("does not work: ")), "{ran:?}");
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_user_without_any_permission_is_recognised_by_empty_lists() {
    let as_user = |user: &str| {
        let cluster = guarded();
        let run = Run::with_login(cluster, "OAUTHBEARER").with("KAFKA_SASL_OAUTHBEARER_TOKEN", &token(user, 600));
        preflight(run.with("KAFKA_SSL_KEYSTORE", &cluster.pem("client")))
    };
    let ran = as_user("preflight-nobody");
    let reported = line(&ran, "permissions", "cluster");
    assert!(
        reported.starts_with("does not work: DESCRIBE is missing and no group is listed, without an error"),
        "{reported}"
    );
    let advice = ran.report.0.to_string();
    for resource in ["--cluster", "--group '*'", "--topic '*'"] {
        assert!(advice.contains(&format!("--operation Describe {resource}")), "{resource} in {advice}");
    }
    assert_eq!(ran.code, 2, "{ran:?}");

    let cluster = guarded();
    cluster.hand("allow preflight-some group one DESCRIBE");
    let ran = as_user("preflight-some");
    assert!(line(&ran, "permissions", "cluster").starts_with("works with less: DESCRIBE is missing"), "{ran:?}");
    assert!(line(&ran, "permissions", "groups").starts_with("works: DESCRIBE is there for 1: one"), "{ran:?}");
    assert!(lines(&ran, "permissions", "topics").iter().any(|line| line.starts_with("does not work")), "{ran:?}");

    for what in ["cluster kafka-cluster", "group *", "topic *"] {
        cluster.hand(&format!("allow preflight-all {what} DESCRIBE"));
    }
    let ran = as_user("preflight-all");
    assert_eq!(line(&ran, "permissions", "cluster"), "works: DESCRIBE is there, so brokers list every group");
    assert!(line(&ran, "permissions", "topics").starts_with("works: DESCRIBE is there for "), "{ran:?}");
}

/// The requests of the table, in the order of its columns, with their keys.
const COLUMNS: [(&str, i16); 13] = [
    ("ListOffsets", 2),
    ("Metadata", 3),
    ("OffsetFetch", 9),
    ("FindCoordinator", 10),
    ("DescribeGroups", 15),
    ("ListGroups", 16),
    ("SaslHandshake", 17),
    ("ApiVersions", 18),
    ("SaslAuthenticate", 36),
    ("ConsumerGroupDescribe", 69),
    ("ShareGroupDescribe", 77),
    ("StreamsGroupDescribe", 89),
    ("DescribeShareGroupOffsets", 90),
];
