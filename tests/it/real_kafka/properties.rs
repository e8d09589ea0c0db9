//! Files of Kafka's own properties (`--command-config`): every login and every form of a store, on a real broker.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::logins::token;
use super::{Ran, Run, hand};
use crate::support::kafka::Cluster;

/// A folder of a test's own, with the authority's certificate and the client's key.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("properties-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let cluster = Cluster::shared();
        std::fs::write(folder.join("ca.pem"), cluster.ca_pem()).expect("a file");
        std::fs::write(folder.join("client.pem"), cluster.pem("client")).expect("a file");
        Self(folder)
    }

    /// The path of a file in it.
    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Has OpenSSL or keytool make a store in it.
    fn make(&self, line: &str) {
        let mut words = line.split_whitespace();
        let done = Command::new(words.next().expect("a program")).args(words).current_dir(&self.0).output();
        let done = done.unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(done.status.success(), "{line}: {done:?}");
    }

    /// A run that knows nothing but a file with these lines.
    fn run(&self, lines: &[(&str, &str)]) -> Run {
        let mut text = String::from("# what kafka-consumer-groups.sh takes, too\n");
        for (key, value) in lines {
            writeln!(text, "{key}={}", value.replace('\n', "\\n")).expect("a line");
        }
        std::fs::write(self.0.join("client.properties"), text).expect("a file");
        let nothing = ["KAFKA_BOOTSTRAP_SERVERS", "KAFKA_SSL_TRUSTSTORE"];
        let run = Run::on(Cluster::shared()).argument("--command-config").argument(&self.path("client.properties"));
        nothing.into_iter().fold(run, |run, name| run.with(name, ""))
    }
}

/// The run sees a group, and that it is caught up, unless this release lacks the mechanism.
#[track_caller]
fn logs_in(name: &str, run: Run, mechanism: &str) {
    let Some(lacking) = Run::lacking(mechanism) else { return gets_in(name, run, "") };
    let Ran { code, said, .. } = run.make();
    assert!(code == 3 && said.contains(lacking), "{said}");
}

/// The run sees a group that is caught up, and prints nothing but `said`.
#[track_caller]
fn gets_in(name: &str, run: Run, said: &str) {
    hand(&format!("create-topic {name} 1"));
    hand(&format!("commit {name} {name} 0 0"));
    let Ran { code, report, said: reported } = run.groups(&[name]).make();
    assert_eq!((code, report.lags(name)), (0, format!("{name}/0 0")), "{reported}");
    assert!(reported.contains(said) && said.is_empty() == reported.is_empty(), "{reported}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_file_of_properties_logs_in_by_each_mechanism() {
    let cluster = Cluster::shared();
    let folder = Folder::new("logins");
    let security = "org.apache.kafka.common.security";
    let account = format!("required username=\"alice\" password=\"{}\";", cluster.password("alice"));
    for (mechanism, jaas) in [
        ("PLAIN", format!("{security}.plain.PlainLoginModule {account}")),
        ("SCRAM-SHA-256", format!("{security}.scram.ScramLoginModule {account}")),
        ("SCRAM-SHA-512", format!("{security}.scram.ScramLoginModule {account}")),
    ] {
        let run = folder.run(&[
            ("bootstrap.servers", &cluster.sasl_ssl()),
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", mechanism),
            ("sasl.jaas.config", &jaas),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", &folder.path("ca.pem")),
        ]);
        logs_in(&format!("properties-{}", mechanism.to_lowercase()), run, mechanism);
    }
    // A ready token has no property of Kafka's; the file has the rest.
    let run = folder.run(&[
        ("bootstrap.servers", &cluster.sasl_ssl()),
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.jaas.config", &format!("{security}.oauthbearer.OAuthBearerLoginModule required;")),
        ("ssl.truststore.location", &folder.path("ca.pem")),
    ]);
    let run = run.with("KAFKA_SASL_OAUTHBEARER_TOKEN", &token("alice", 600));
    logs_in("properties-token", run, "OAUTHBEARER");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_file_of_properties_names_stores_of_every_form() {
    let cluster = Cluster::shared();
    let folder = Folder::new("stores");
    folder.make("openssl pkcs12 -export -in client.pem -out client.p12 -name client -passout pass:hunter2");
    folder.make("keytool -importkeystore -noprompt -srckeystore client.p12 -srcstoretype PKCS12 -srcstorepass hunter2 -destkeystore client.jks -deststoretype JKS -deststorepass hunter2");
    for (kind, file) in [("PKCS12", "ca.p12"), ("JKS", "ca.jks")] {
        folder.make(&format!(
            "keytool -importcert -noprompt -alias ca -file ca.pem -keystore {file} -storetype {kind} -storepass hunter2"
        ));
    }
    for (kind, ending) in [("PEM", "pem"), ("PKCS12", "p12"), ("JKS", "jks")] {
        let (trusted, own) = (folder.path(&format!("ca.{ending}")), folder.path(&format!("client.{ending}")));
        let stores = [
            ("bootstrap.servers", cluster.ssl()),
            ("security.protocol", "SSL".into()),
            ("security.protocol", "SSL".into()),
            ("ssl.truststore.type", kind.into()),
            ("ssl.truststore.location", trusted),
            ("ssl.keystore.type", kind.into()),
            ("ssl.keystore.location", own),
        ];
        let password =
            ["ssl.truststore.password", "ssl.keystore.password", "ssl.key.password"].map(|key| (key, "hunter2"));
        let lines: Vec<(&str, &str)> = stores.iter().map(|(key, value)| (*key, &**value)).collect();
        let lines = if kind == "PEM" { lines } else { [lines, password.to_vec()].concat() };
        gets_in(&format!("properties-{ending}"), folder.run(&lines), "");
    }
    let (key, chain) = (cluster.pem("client_key"), cluster.pem("client_crt"));
    let by_value = folder.run(&[
        ("bootstrap.servers", &cluster.ssl()),
        ("security.protocol", "SSL"),
        ("ssl.truststore.certificates", &cluster.ca_pem()),
        ("ssl.keystore.certificate.chain", &chain),
        ("ssl.keystore.key", &key),
    ]);
    gets_in("properties-by-value", by_value, "");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_argument_counts_before_a_variable_and_a_variable_before_the_file() {
    let cluster = Cluster::shared();
    let folder = Folder::new("precedence");
    let file =
        [("bootstrap.servers", "127.0.0.1:1"), ("ssl.truststore.location", &folder.path("ca.pem")), ("client.id", "x")];
    let run = || folder.run(&file);
    let differ = "KAFKA_BOOTSTRAP_SERVERS overrides KAFKA_BOOTSTRAP_SERVERS of";
    gets_in("properties-variable", run().with("KAFKA_BOOTSTRAP_SERVERS", &cluster.ssl()), differ);
    let argument = |run: Run| run.argument("--bootstrap-server").argument(&cluster.ssl());
    let differ = "--bootstrap-server overrides KAFKA_BOOTSTRAP_SERVERS";
    gets_in("properties-argument", argument(run().with("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:2")), differ);
    gets_in("properties-ignored", argument(run()), "client.properties: client.id");
}
