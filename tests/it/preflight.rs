//! A preflight of scripted clusters: every line is right for itself, whatever the others are.

use std::process::Command;
use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use meerkat::config::Config;
use meerkat::event::Request;
use meerkat::judge::verdict::Verdict;
use meerkat::{Clock, Outcome};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::broker::{Authority, Group, Release, Scene, Stage, Topic, Validity, Voice};
use crate::support::cloudwatch::Stand;

/// One run of the program with these variables and this event, with as much time as it needs.
pub(crate) fn answer(variables: &[(&str, &str)], event: &str) -> Outcome {
    answer_within(Duration::from_mins(1), variables, event)
}

/// The same with this much time.
pub(crate) fn answer_within(time: Duration, variables: &[(&str, &str)], event: &str) -> Outcome {
    let off = [("MEERKAT_HISTORY", "off"), ("MEERKAT_PUBLISH", "off"), ("MEERKAT_LAG_SECONDS", "0")];
    let variables = off.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::parse(variables).expect("a configuration");
    let request = Request::parse(event).expect("an event");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = runtime.block_on(async {
        let started = Instant::now();
        let clock = Clock { unix_ms: 1_800_000_000_000, started, deadline: started + time };
        meerkat::answer(&config, &request, clock, &meerkat::Warm::new()).await
    });
    outcome.expect("an answer")
}

/// A preflight in plaintext.
fn preflight(stage: &Stage) -> Lines {
    let bootstrap = stage.bootstrap();
    Lines::new(&[("KAFKA_BOOTSTRAP_SERVERS", &bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")])
}

/// A preflight over TLS.
fn trusting(bootstrap: &str, authority: &Authority) -> Lines {
    Lines::new(&[("KAFKA_BOOTSTRAP_SERVERS", bootstrap), ("KAFKA_SSL_TRUSTSTORE", &authority.pem())])
}

struct Lines {
    report: Value,
    status: Verdict,
}

impl Lines {
    fn new(variables: &[(&str, &str)]) -> Self {
        let outcome = answer(variables, r#"{"mode":"preflight"}"#);
        let report: Value = serde_json::from_str(&outcome.json).expect("JSON");
        for line in report["lines"].as_array().expect("lines") {
            let advised = line["todo"].as_str().is_some_and(|todo| !todo.is_empty());
            assert!(line["status"] != "does not work" || advised, "no advice: {line}");
        }
        Self { report, status: outcome.status }
    }

    /// Status and finding of each line about this in sections with this prefix.
    fn lines(&self, section: &str, subject: &str) -> Vec<String> {
        let lines = self.report["lines"].as_array().expect("lines").iter();
        let here = lines.filter(|line| {
            line["section"].as_str().is_some_and(|found| found.starts_with(section)) && line["subject"] == subject
        });
        here.map(|line| format!("{}: {}", line["status"].as_str().unwrap(), line["found"].as_str().unwrap())).collect()
    }

    fn line(&self, section: &str, subject: &str) -> String {
        let lines = self.lines(section, subject);
        let [line] = lines.as_slice() else { panic!("{section} {subject}: {lines:?} in {}", self.report) };
        line.clone()
    }
}

fn scene(brokers: i32) -> Scene {
    let orders = Group::classic("orders").commits("t", &[5]).member("reader", "t", &[0]);
    Scene::of(brokers).group(orders).topic(Topic::new("t", &[0..10]))
}

#[test]
fn brokers_of_different_ranges_are_reported_one_by_one_and_as_a_mixture() {
    let stage =
        scene(3).node(2, |node| node.release(Release::V2_8)).node(3, |node| node.release(Release::V2_1)).start();
    let reported = preflight(&stage);
    assert!(reported.line("broker 1", "ListOffsets").starts_with("works: ListOffsets 10"));
    assert!(reported.line("broker 2", "ListOffsets").starts_with("works with less: ListOffsets 6: no MAX_TIMESTAMP"));
    assert!(reported.line("broker 3", "ListGroups").starts_with("works with less: ListGroups 2: no states"));
    let mixed = reported.line("cluster", "mixed versions");
    assert!(mixed.contains("brokers 1 (ListOffsets to 11); brokers 2 (ListOffsets to 6); brokers 3"), "{mixed}");
    assert_eq!(reported.report["brokers"].as_array().map(Vec::len), Some(3));
    assert_eq!(reported.report["brokers"][1]["versions"][0]["chosen"], 6);
    assert!(stage.seen().iter().all(|seen| !seen.unoffered), "something was sent that was not offered");
}

#[test]
fn no_common_version_fails_and_the_rest_is_still_reported() {
    let reported = preflight(&scene(1).node(1, |node| node.offers(ApiKey::ListOffsets, 90, 99)).start());
    let line = reported.line("broker 1", "ListOffsets");
    assert!(line.starts_with("does not work: no version in common"), "{line}");
    assert!(reported.line("broker 1", "OffsetFetch").starts_with("works: "));
    assert_eq!(reported.line("selected", "groups"), "works: 1: orders of 1");
    assert_eq!(reported.status, Verdict::Err);
}

#[test]
fn of_several_failed_addresses_each_cause_is_reported_and_none_is_printed_as_advice() {
    let reported =
        Lines::new(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1,127.0.0.1:2"), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")]);
    let line = reported.line("snapshot", "groups and topics");
    for address in ["127.0.0.1:1", "127.0.0.1:2"] {
        assert!(line.contains(&format!("cannot connect to {address}: ")), "{line}");
    }
    let line = reported.report["lines"].as_array().unwrap().iter().find(|line| line["section"] == "snapshot").unwrap();
    assert_eq!(line["todo"], "see the lines above");
}

#[test]
fn every_broker_is_tried_once_and_a_bootstrap_address_of_its_own_too() {
    let authority = Authority::new();
    let identity = authority.identity(&["localhost", "127.0.0.1"], Validity::Now);
    let scene = scene(2).every_node(|node| {
        node.tls = Some(identity.clone());
        node.advertised = Some("localhost".into());
    });
    let stage = scene.start();
    let reported = trusting(&stage.address(1).to_string(), &authority);
    assert_eq!(reported.lines("bootstrap 127.0.0.1", "address"), ["works: 127.0.0.1"]);
    assert_eq!(reported.lines("broker ", "TLS").len(), 2);
    for tls in reported.lines("", "TLS") {
        assert!(tls.starts_with("works: TLSv1_3, TLS13_"), "{tls}");
    }
    let certificate = reported.line("broker 2", "certificate");
    assert!(certificate.starts_with("works: for localhost, 127.0.0.1, issued by CN="), "{certificate}");
    assert!(reported.line("broker 1", "connection").contains("ms a round trip"));
}

#[test]
fn a_certificate_that_is_refused_is_shown_all_the_same() {
    let refused = |names: &[&str], validity| {
        let authority = Authority::new();
        let identity = authority.identity(names, validity);
        let stage = scene(1).node(1, |node| node.tls = Some(identity)).start();
        let reported = trusting(&stage.bootstrap(), &authority);
        assert_eq!(reported.status, Verdict::Err);
        (reported.line("bootstrap", "TLS"), reported.line("bootstrap", "certificate"))
    };
    let (tls, certificate) = refused(&["127.0.0.1"], Validity::Past);
    assert!(tls.starts_with("does not work: the certificate expired at 2001-01-01"), "{tls}");
    assert!(
        certificate.starts_with("does not work: for 127.0.0.1, issued by") && certificate.contains("expired at 2001")
    );
    let (tls, certificate) = refused(&["b-1.example"], Validity::Now);
    assert!(tls.starts_with("does not work: the certificate is for another name"), "{tls}");
    assert!(certificate.starts_with("works: for b-1.example, issued by"), "{certificate}");
}

#[test]
fn a_broker_that_is_down_is_reported_beside_those_that_are_up() {
    let reported = preflight(&scene(2).node(2, |node| node.voice = Voice::Closed).start());
    assert!(reported.line("broker 1", "connection").starts_with("works: reached"));
    let down = reported.line("broker 2", "connection");
    assert!(down.starts_with("does not work: cannot connect: 127.0.0.1: Connection refused"), "{down}");
    assert!(reported.lines("broker 2", "ListOffsets").is_empty());
}

#[test]
fn a_cluster_that_cannot_be_reached_at_all_still_has_an_answer() {
    let reported = preflight(&scene(1).node(1, |node| node.voice = Voice::Closed).start());
    assert!(reported.line("bootstrap", "connection").starts_with("does not work: cannot connect"));
    assert_eq!(reported.status, Verdict::Err);
    let reported =
        Lines::new(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"), ("KAFKA_SSL_TRUSTSTORE", "/nowhere/ca.pem")]);
    assert!(reported.line("bootstrap", "TLS").contains("/nowhere/ca.pem"));
}

#[test]
fn permissions_are_reported_one_by_one() {
    let stage = scene(1)
        .group(Group::classic("secret").refused(30))
        .group(Group::classic("audit").commits("hidden", &[1]).member("auditor", "hidden", &[0]))
        .topic(Topic::new("hidden", &[0..9]).hidden())
        .start();
    let reported = preflight(&stage);
    assert_eq!(
        reported.lines("permissions", "groups"),
        ["works: DESCRIBE is there for 2: audit, orders", "does not work: DESCRIBE is missing for secret"]
    );
    assert_eq!(
        reported.lines("permissions", "topics"),
        ["works: DESCRIBE is there for 1: t", "does not work: DESCRIBE is missing for hidden"]
    );
    let todo: Vec<&str> =
        reported.report["lines"].as_array().unwrap().iter().filter_map(|line| line["todo"].as_str()).collect();
    let acl = format!(
        "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:ANONYMOUS --operation Describe --topic hidden",
        stage.address(1)
    );
    assert!(todo.contains(&&*acl), "{todo:?}");
}

#[test]
fn a_broker_that_is_down_is_no_lack_of_permissions() {
    let cluster = |scene: Scene| {
        let reported = preflight(&scene.describes_cluster(false).node(2, |node| node.voice = Voice::Closed).start());
        (reported.line("permissions", "cluster"), reported.lines("permissions", "groups"))
    };
    let (line, _) = cluster(scene(2));
    assert!(
        line.starts_with("works with less: DESCRIBE is missing, so brokers list, without an error, only"),
        "{line}"
    );
    let (line, groups) = cluster(Scene::of(2));
    assert!(line.starts_with("works with less: DESCRIBE is missing, and no group is listed, but not every"), "{line}");
    assert_eq!(groups, ["unknown: none was there to be tried"]);
}

#[test]
fn a_release_is_answered_from_the_table_without_a_broker() {
    let against = |release: &str| {
        let event = format!(r#"{{"mode":"preflight","against":"{release}"}}"#);
        answer(&[("KAFKA_BOOTSTRAP_SERVERS", "nowhere.invalid:9094")], &event)
    };
    assert_eq!(against("4.4").status, Verdict::Ok);
    assert_eq!(against("2.8").status, Verdict::Warn);
    assert_eq!(against("5.0").status, Verdict::Unknown);
}

#[test]
fn infras_readme_shows_the_lines_of_today() {
    let stand = Stand::start();
    let payments = Group::classic("payments-svc").commits("t", &[5]);
    let stage = scene(1).group(payments).start();
    let mut run = Command::new(env!("CARGO_BIN_EXE_meerkat"));
    run.args(["--preflight", "--table", "--bootstrap-server", &stage.bootstrap()]).env_clear();
    run.env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT").env("MEERKAT_CLUSTER", "prod");
    run.env("AWS_ENDPOINT_URL_CLOUDWATCH", stand.url()).env("AWS_REGION", "eu-central-1");
    run.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
    let said = run.output().expect("the program runs");
    let printed = String::from_utf8(said.stdout).expect("UTF-8");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/README.md")).expect("README.md");
    let shown = readme.split("$ meerkat --preflight\n").nth(1).and_then(|rest| rest.split("```").next()).expect("one");
    for section in ["configuration", "broker 1", "selected", "permissions", "CloudWatch"] {
        assert_eq!(subjects(shown, section), subjects(&printed, section), "{section} of\n{printed}");
    }
    // The lines of CloudWatch are the same on both except for figures.
    let words = |table: &str| section_of(table, "CloudWatch").replace(|c: char| c.is_ascii_digit(), "");
    assert_eq!(words(shown), words(&printed));
}

/// The lines of the section whose heading begins so.
fn section_of<'a>(table: &'a str, section: &str) -> &'a str {
    let here = table.split("\n\n").find(|part| part.starts_with(section)).and_then(|part| part.split_once('\n'));
    here.unwrap_or_else(|| panic!("{section} is not in\n{table}")).1.trim_end()
}

/// The subject of each line, without advice and without the lines of TLS and a login, which the example has.
fn subjects<'a>(table: &'a str, section: &str) -> Vec<&'a str> {
    let subject = |line: &'a str| line.trim_start().split("  ").next().unwrap_or_default();
    let all = section_of(table, section).lines().map(subject);
    all.filter(|subject| !["TLS", "certificate", "login"].contains(subject) && !subject.starts_with('→')).collect()
}

#[test]
fn infras_readme_has_the_table_of_releases() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/README.md")).expect("README.md");
    let table = meerkat::preflight::against::markdown();
    let between = readme.split("<!-- support-table -->").nth(1).map(str::trim);
    assert_eq!(between, Some(table.trim()), "infra/README.md needs this between two <!-- support-table -->:\n{table}");
}
