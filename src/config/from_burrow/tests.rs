#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::config::Config;

const EXAMPLE: &str = r#"
[general]
pidfile="burrow.pid"

[client-profile.secure]
kafka-version="2.0.0"
tls="ca"
sasl="scram"

[tls.ca]
cafile="/etc/ssl/our ca.pem"

[sasl.scram]
mechanism="SCRAM-SHA-512"
username="watcher"
password="hunter2"

[cluster.local]
class-name="kafka"
servers=[ "kafka01.example.com:10251", "kafka02.example.com:10251" ]
client-profile="secure"
offset-refresh=30

[consumer.local]
class-name="kafka"
cluster="local"
group-denylist="^(console-consumer-|quick-).*$"
group-allowlist=""
surprise=1

[consumer.old]
class-name="kafka_zk"
cluster="local"
group-allowlist="zk-only"

[evaluator.default]
allowed-lag=5
"#;

fn text(file: &str) -> String {
    translate(file).unwrap().text
}

/// A translation of one cluster whose sections have these lists: its groups, and whether they are exact.
fn groups(sections: &str) -> (Option<String>, bool) {
    let file = format!("[cluster.a]\nservers=['b:1']\n{sections}");
    let Translation { text, is_exact } = translate(&file).unwrap();
    let found = variables(&text).into_iter().find(|(name, _)| name == "MEERKAT_GROUPS");
    (found.map(|(_, value)| value), is_exact)
}

#[test]
fn lists_of_groups_are_carried_over_exactly_or_said_not_to_be() {
    let allow = |name: &str, list: &str| format!("[consumer.{name}]\ncluster='a'\ngroup-allowlist='{list}'\n");
    let deny = |list: &str| format!("group-denylist='{list}'\n");
    let storage = |key: &str| format!("[storage.s]\n{key}='^s'\n");
    let all = "[consumer.all]\ncluster='a'\n";
    let exact = |list: &str| (Some(list.to_owned()), true);
    assert_eq!(groups(&allow("x", "")), (None, true));
    assert_eq!(groups(&allow("x", "^[a-f]+$")), exact("/^[a-f]+$/"));
    assert_eq!(groups(&(allow("x", "^a,b/c") + &deny("-test$"))), exact("/^a,b\\/c/,!/-test$/"));
    assert_eq!(groups(&(allow("x", "^a") + &allow("y", "^b"))), exact("/^a/,/^b/"));
    assert_eq!(groups(&(allow("x", "^a") + all)), (None, true));
    assert_eq!(groups(&(allow("x", "^a") + &storage("group-denylist"))), exact("/^a/,!/^s/"));
    assert_eq!(groups(&(all.to_owned() + &storage("group-allowlist"))), exact("/^s/"));

    assert_eq!(groups(&allow("x", "(?i)a")), (None, false));
    assert_eq!(groups(&(allow("x", "^a") + &deny("-test$") + &allow("y", "^b"))), (None, false));
    assert_eq!(groups(&(allow("x", "^a") + &storage("group-allowlist"))), (Some("/^a/".into()), false));
    assert_eq!(groups("[notifier.n]\ngroup-allowlist='^a'\n"), (None, false));
}

/// The variables that a translation prints.
fn variables(said: &str) -> Vec<(String, String)> {
    let pairs = said.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

#[test]
fn a_configuration_becomes_variables_that_a_run_takes() {
    let said = text(EXAMPLE);
    let mut found = variables(&said);
    assert_eq!(
        found.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        [
            "KAFKA_BOOTSTRAP_SERVERS=kafka01.example.com:10251,kafka02.example.com:10251",
            "KAFKA_SECURITY_PROTOCOL=SASL_SSL",
            "KAFKA_SSL_TRUSTSTORE=/etc/ssl/our ca.pem",
            "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME=watcher",
            "MEERKAT_CLUSTER=local",
            "MEERKAT_GROUPS=!/^(console-consumer-|quick-).*$/",
            "MEERKAT_ALLOWED_LAG=5",
        ]
    );
    found.push(("KAFKA_SASL_PASSWORD".into(), "x".into()));
    Config::parse(found).unwrap();
}

#[test]
fn the_password_stays_where_it_is() {
    let said = text(EXAMPLE);
    assert!(!said.contains("hunter2") && said.contains("password is not repeated here"), "{said}");
}

#[test]
fn the_parameters_are_those_of_the_template() {
    let said = text(EXAMPLE);
    let line = said.lines().find_map(|line| line.strip_prefix("# --parameter-overrides ")).unwrap();
    assert!(line.contains(" Cluster=local Groups='!/^(console-consumer-|quick-).*$/' AllowedLag=5"), "{line}");
    let template = include_str!("../../../infra/template.yaml");
    for pair in ["Authentication=SCRAM-SHA-512", "BootstrapServers=kafka01"] {
        assert!(line.contains(pair), "{line}");
    }
    for word in line.split(' ').filter_map(|word| Some(word.split_once('=')?.0)) {
        assert!(template.contains(&format!("\n  {word}:\n")), "{word} is no parameter");
    }
}

#[test]
fn every_key_is_answered() {
    let said = text(EXAMPLE);
    for line in [
        "# [consumer.local] surprise: Burrow does not know this key",
        "# [cluster.local] offset-refresh: the schedule, with MEERKAT_PERIOD (Period) in minutes beside it",
        "# [consumer.old] class-name: offsets in ZooKeeper are not read",
    ] {
        assert!(said.lines().any(|other| other == line), "{line} in\n{said}");
    }
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("# not needed here: "), "{last}");
    for unneeded in ["[general] pidfile", "[client-profile.secure] kafka-version", "[cluster.local] class-name"] {
        assert!(last.contains(unneeded) && said.matches(unneeded).count() == 1, "{unneeded} in\n{said}");
    }
    assert!(!said.contains("zk-only"), "groups that are kept in ZooKeeper are not selected");
}

#[test]
fn whom_a_notifier_notifies_and_from_when_is_read_off_its_values() {
    let said = |threshold: i32, url| {
        let notifier = format!("[notifier.a]\nclass-name='http'\nthreshold={threshold}\nurl-open='{url}'");
        text(&format!("[cluster.a]\nservers=['b:1']\n{notifier}"))
    };
    for (threshold, from) in
        [(1, "AlarmFrom=WARN\n"), (2, "AlarmFrom=WARN\n"), (3, "AlarmFrom=ERR;"), (4, "AlarmFrom=ERR;")]
    {
        let said = said(threshold, "https://pager.example/hook");
        assert!(said.contains(&format!("threshold: {from}")), "{said}");
        assert!(said.contains("url-open: an alarm on Status"), "{said}");
    }
    let said = said(2, "https://hooks.slack.com/services/T0/B0/hunter2");
    assert!(said.contains("url-open: Slack's webhooks") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_list_that_is_not_carried_over_is_reported_with_its_reason() {
    let said = text("[cluster.a]\nservers=['b:1']\n[consumer.a]\ncluster='a'\ngroup-allowlist='\\pL'");
    let reason = "cannot be carried over exactly (Unicode character classes are not supported): write MEERKAT_GROUPS";
    assert!(said.contains(reason), "{said}");
}

#[test]
fn iam_and_client_certificates_have_their_variables() {
    let said = text(
        "[cluster.a]\nservers=['b:1']\nclient-profile='p'\n[client-profile.p]\niam='eks'\ntls='t'\n[tls.t]\ncertfile='c.pem'\nkeyfile='k.pem'\nnoverify=true\n[iam.eks]\nregion='us-west-1'\nrole-arn='arn:aws:iam::1:role/r'",
    );
    for part in [
        "KAFKA_SASL_MECHANISM=AWS_MSK_IAM",
        "cat c.pem k.pem > keystore.pem",
        "noverify: certificates",
        "Authentication=MSK-IAM",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}

#[test]
fn what_is_no_configuration_of_burrow_is_refused() {
    assert!(matches!(translate("[cluster"), Err(NotBurrow::Toml { .. })));
    assert!(matches!(translate("[general]\npidfile='x'"), Err(NotBurrow::NoCluster)));
}

/// A file with every section and key of the configurations that come with Burrow.
const WHOLE: &str = r#"
[general]
pidfile="/run/b.pid"
stdout-logfile="b.out"
access-control-allow-origin="site.example"
[logging]
filename="b.log"
level="info"
maxsize=100
maxbackups=30
maxage=10
use-localtime=false
use-compression=true
[zookeeper]
servers=[ "z1.example:2181", "z2.example:2181" ]
timeout=6
root-path="/burrow"
[client-profile.test]
client-id="b"
kafka-version="0.10.0"
[cluster.local]
class-name="kafka"
servers=[ "k1.example:10251", "k2.example:10251" ]
client-profile="test"
topic-refresh=120
offset-refresh=30
groups-reaper-refresh=0
[consumer.local]
class-name="kafka"
cluster="local"
servers=[ "k1.example:10251" ]
client-profile="test"
group-denylist="^(console-consumer-|python-kafka-consumer-|quick-).*$"
group-allowlist=""
[consumer.local_zk]
class-name="kafka_zk"
cluster="local"
servers=[ "z1.example:2181" ]
zookeeper-path="/k"
zookeeper-timeout=30
group-denylist="^(console-consumer-).*$"
group-allowlist=""
[httpserver.default]
address=":8000"
[storage.default]
class-name="inmemory"
workers=20
intervals=15
expire-group=604800
min-distance=1
[notifier.default]
class-name="http"
cluster="local"
url-open="http://some.example:1467/v1/event"
interval=60
timeout=5
keepalive=30
extras={ api_key="x", app="burrow" }
template-open="a.tmpl"
template-close="b.tmpl"
method-close="DELETE"
send-close=true
threshold=1
"#;

/// The least that starts Burrow, with a list of groups.
const LEAST: &str = r#"
[zookeeper]
servers=[ "zk.example:2181" ]

[cluster.small]
class-name="kafka"
servers=[ "kafka.example:9092" ]

[consumer.small]
class-name="kafka"
cluster="small"
servers=[ "kafka.example:9092" ]
group-denylist="^(console-consumer-|connect-v\\d+-).*$"

[httpserver.default]
address=":8000"
"#;

#[test]
fn no_key_of_the_configurations_that_come_with_burrow_is_unknown() {
    for text in [WHOLE, LEAST] {
        let said = super::translate(text).unwrap().text;
        assert!(!said.contains("does not know"), "{said}");
        Config::parse(variables(&said)).unwrap();
    }
    let said = text(WHOLE);
    assert!(said.contains("MEERKAT_GROUPS='!/^(console-consumer-|python-kafka-consumer-|quick-).*$/'\n"), "{said}");
    let said = text(LEAST);
    assert!(said.contains("MEERKAT_GROUPS='!/^(console-consumer-|connect-v\\d+-).*$/'\n"), "{said}");
}

#[test]
fn no_line_of_the_file_is_shown_where_it_is_not_toml() {
    for (text, expected) in [
        ("[sasl.a]\npassword=\"hunter2\" oops", "it is not valid TOML: line 2, column 20: "),
        ("[sasl.a]\npassword=hunter2", "it is not valid TOML: line 2, column 10: "),
        ("[sasl.a]\npassword=\"hunter2", "it is not valid TOML: line 2, column 18: "),
        ("[sasl.a]\npassword=\"hunter2\"\npassword=\"hunter2\"", "it is not valid TOML: line 3, column 1: "),
        ("[sasl.a]\nhunter2", "it is not valid TOML: line 2, column "),
        ("[sasl.hunter2]\n[sasl.hunter2]", "it is not valid TOML: line 2, column "),
    ] {
        let error = translate(text).unwrap_err();
        let sentence = crate::base::fault::sentence(&error);
        assert!(sentence.starts_with(expected) && !sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn no_name_leaves_its_comment() {
    let name = r"x\ntouch PWNED #\u001b[2J";
    let file = format!(
        "[cluster.\"{name}\"]\nservers=[\"b:1\"]\nclient-profile=\"p\"\n\"{name}\"=1\n\
         [client-profile.p]\ntls=\"{name}\"\nsasl=\"{name}\"\n\
         [tls.\"{name}\"]\nnoverify=true\ncafile=\"{name}\"\ncertfile=\"{name}\"\nkeyfile=\"{name}\"\n\
         [sasl.\"{name}\"]\nusername=\"u\"\n\
         [consumer.\"{name}\"]\ncluster=\"{name}\"\ngroup-allowlist=\"(?i){name}\"\n[\"{name}\"]\na=1\n"
    );
    let said = text(&file);
    let mut quoted = false;
    for line in said.lines() {
        let command = !quoted && line.starts_with("touch");
        assert!(!command, "{said}");
        if quoted || !line.starts_with('#') {
            quoted ^= line.matches('\'').count() % 2 == 1;
        }
    }
    assert!(said.lines().filter(|line| line.starts_with('#')).all(|line| !line.contains('\x1b')), "{said}");
}
