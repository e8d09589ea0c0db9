//! The usual mistakes, numbered as in the list of observed ones, and the advice in the message of each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kafka_protocol::messages::ApiKey;

use super::*;
use crate::support::broker::{Act, Identity, Sasl, When};

/// The mistakes of each test, and how many there are in all.
const OF_ADDRESSES: [u8; 9] = [1, 2, 3, 15, 19, 24, 25, 26, 32];
const OF_LOGINS: [u8; 12] = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16];
const OF_WORDS: [u8; 10] = [17, 18, 20, 21, 22, 23, 27, 28, 30, 31];
const OF_AWS: [u8; 1] = [29];
const ALL: u8 = 32;

#[test]
fn no_mistake_is_left_out() {
    let tested: BTreeSet<u8> = [&OF_ADDRESSES[..], &OF_LOGINS, &OF_WORDS, &OF_AWS].concat().into_iter().collect();
    assert_eq!(tested, (1..=ALL).collect());
}

/// What somebody typed, and what the run prints then, and what it does not.
struct Mistake<'a> {
    number: u8,
    stage: &'a Stage,
    arguments: String,
    variables: Vec<(&'a str, &'a str)>,
    prints: &'a [&'a str],
    not: &'a [&'a str],
}

fn mistake<'a>(number: u8, stage: &'a Stage, arguments: &str) -> Mistake<'a> {
    // No mistake takes longer to be noticed.
    let variables = vec![("MEERKAT_TIMEOUT", "10")];
    Mistake { number, stage, arguments: arguments.to_owned(), variables, prints: &[], not: &[] }
}

impl<'a> Mistake<'a> {
    fn with(mut self, variables: &[(&'a str, &'a str)]) -> Self {
        self.variables.extend(variables);
        self
    }

    fn prints(self, prints: &'a [&'a str]) -> Self {
        Self { prints, ..self }
    }

    fn not(self, not: &'a [&'a str]) -> Self {
        Self { not, ..self }
    }
}

/// Makes each mistake, of which there is at least one of each of these numbers.
fn check(numbers: &[u8], mistakes: &[Mistake<'_>]) {
    let made: BTreeSet<u8> = mistakes.iter().map(|mistake| mistake.number).collect();
    assert_eq!(made, numbers.iter().copied().collect());
    let mut wrong = Vec::new();
    for Mistake { number, stage, arguments, variables, prints, not } in mistakes {
        let (code, text) = typed(stage, arguments, variables);
        let mut miss = |what: String| wrong.push(format!("{number} {arguments} {variables:?}: {what} {text}"));
        // Groups lag here, so not even a run that goes well ends with 0.
        if code == Some(0) {
            miss("exit 0".into());
        }
        prints.iter().filter(|wanted| !text.contains(**wanted)).for_each(|wanted| miss(format!("lacks {wanted:?}:")));
        not.iter().filter(|unwanted| text.contains(**unwanted)).for_each(|unwanted| miss(format!("has {unwanted:?}:")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A cluster whose brokers show this certificate.
fn secured(identity: &Identity) -> Scene {
    scene().every_node(|node| node.tls = Some(identity.clone()))
}

#[test]
fn a_mistake_about_addresses_and_names_is_answered_with_its_way_out() {
    let authority = Authority::new();
    let ca = authority.pem();
    let web = Scene::of(1).node(1, |node| node.voice = Voice::Says(b"<!DOCTYPE html><title>400</title>")).start();
    let plain = scene().start();
    let elsewhere = secured(&authority.identity(&["other.example"], Validity::Now)).start();
    let expired = secured(&authority.identity(&["127.0.0.1"], Validity::Past)).start();
    let unreachable = scene().node(1, |node| node.advertised = Some("nowhere.invalid".to_owned())).start();
    let both = format!("{} answered and gave this address (advertised.listeners)", unreachable.bootstrap());
    let advertised = [&*both, "nowhere.invalid", "make the address reachable from here"];
    let ssl = [("KAFKA_SECURITY_PROTOCOL", "SSL"), ("KAFKA_SSL_TRUSTSTORE", &*ca)];
    let behind = |scheme: &str| format!("-b {scheme}://{}", plain.bootstrap());
    check(
        &OF_ADDRESSES,
        &[
            mistake(1, &plain, "-b 127.0.0.1:1")
                .prints(&["cannot connect to 127.0.0.1:1: Connection refused", "9092"])
                .not(&["bootstrap address of"]),
            mistake(2, &web, "").with(&ssl).prints(&["an HTTP server answered"]).not(&["3c, 21"]),
            mistake(3, &web, "").prints(&["an HTTP server answered"]),
            mistake(15, &elsewhere, "")
                .with(&ssl)
                .prints(&["it names other.example, not 127.0.0.1", "connect by a name that it holds"]),
            mistake(15, &expired, "")
                .with(&ssl)
                .prints(&["the certificate expired at 2001-01-01", "renew it on the broker"]),
            mistake(19, &unreachable, "--all-groups --table").prints(&advertised).not(&["No consumer group was found"]),
            mistake(19, &unreachable, "--preflight").prints(&advertised),
            mistake(24, &plain, &behind("http")).prints(&["\"orders-svc\""]).not(&["must be"]),
            mistake(24, &plain, &behind("PLAINTEXT")).prints(&["\"orders-svc\""]).not(&["must be"]),
            mistake(25, &plain, "-b https://host:9092/").prints(&["must be host:port"]),
            mistake(25, &plain, "-b host").prints(&["the port is missing"]),
            mistake(26, &plain, "-b nowhere.invalid:9092").prints(&["the host name cannot be resolved"]),
            mistake(32, &plain, "--all-groups")
                .with(&[("HTTPS_PROXY", "http://127.0.0.1:1")])
                .prints(&["\"orders-svc\""])
                .not(&["127.0.0.1:1\""]),
        ],
    );
}

/// A file of properties, by its lines, as an option.
fn properties(name: &str, lines: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, lines).unwrap();
    format!("--command-config {}", path.display())
}

#[test]
fn a_mistake_about_protocols_logins_and_rights_is_answered_with_its_way_out() {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let (ca, foreign) = (authority.pem(), stranger.client_pem(Validity::Now));
    let here = authority.identity(&["127.0.0.1"], Validity::Now);
    let plain = scene().start();
    // A listener without SASL answers a handshake of SASL so (KafkaApis, ILLEGAL_SASL_STATE).
    let tls = secured(&here).fault(When::on(ApiKey::SaslHandshake), Act::Code(34)).start();
    let right = Some(b"\0watcher\0hunter2".to_vec());
    let account = Sasl { mechanism: "PLAIN", right, receipt: b"", refusal: "Authentication failed" };
    let login = secured(&here).sasl(account).start();
    let mutual = secured(&authority.guarded(&["127.0.0.1"], &clients)).start();
    let refused = |api| (When::on(api), Act::Code(30));
    let no_rights = Scene::of(1).describes_cluster(false).start();
    let none_of_groups = [ApiKey::ConsumerGroupDescribe, ApiKey::DescribeGroups, ApiKey::OffsetFetch].map(refused);
    let no_groups = none_of_groups.into_iter().fold(scene(), |scene, (when, act)| scene.fault(when, act)).start();

    let ssl = [("KAFKA_SECURITY_PROTOCOL", "SSL"), ("KAFKA_SSL_TRUSTSTORE", &*ca)];
    let sasl_ssl = [("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"), ssl[1]];
    let mechanism = |name| [sasl_ssl[0], sasl_ssl[1], ("KAFKA_SASL_MECHANISM", name)];
    let guess = [("KAFKA_SASL_USERNAME", "watcher"), ("KAFKA_SASL_PASSWORD", "guess")];
    let guess = [&mechanism("PLAIN")[..], &guess].concat();
    let store: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/support/keystores/trust.p12"].iter().collect();
    let store = format!("file:{}", store.display());
    let locked = [ssl[0], ("KAFKA_SSL_TRUSTSTORE", &*store)];
    let no_kerberos = ["Kerberos (GSSAPI) is not supported: use a listener with SCRAM"];
    let kerberos = "security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n\
                    sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;\n";
    let speaks_tls =
        ["the port speaks TLS, and plaintext was sent to it: set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL"];
    check(
        &OF_LOGINS,
        &[
            mistake(4, &plain, "")
                .with(&ssl)
                .prints(&["if this is a plaintext listener", "set KAFKA_SECURITY_PROTOCOL=PLAINTEXT"]),
            mistake(5, &tls, "").prints(&speaks_tls),
            mistake(5, &login, "").prints(&speaks_tls),
            mistake(6, &login, "")
                .with(&ssl)
                .prints(&["set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM"]),
            mistake(7, &tls, "")
                .with(&guess)
                .prints(&["the listener accepts no SASL login: set KAFKA_SECURITY_PROTOCOL to SSL"])
                .not(&["guess"]),
            mistake(8, &tls, "")
                .with(&[ssl[0]])
                .prints(&["issued by an unknown CA", "put that CA's PEM into KAFKA_SSL_TRUSTSTORE"]),
            mistake(9, &tls, "")
                .with(&[ssl[0], ("KAFKA_SSL_TRUSTSTORE", "/nowhere/ca.pem")])
                .prints(&["KAFKA_SSL_TRUSTSTORE refers to the file /nowhere/ca.pem, which cannot be read"]),
            mistake(10, &tls, "")
                .with(&locked)
                .prints(&["KAFKA_SSL_TRUSTSTORE needs a password: set KAFKA_SSL_TRUSTSTORE_PASSWORD"]),
            mistake(10, &tls, "")
                .with(&[locked[0], locked[1], ("KAFKA_SSL_TRUSTSTORE_PASSWORD", "guess")])
                .prints(&["KAFKA_SSL_TRUSTSTORE is not opened by its password"])
                .not(&["guess"]),
            mistake(11, &login, "")
                .with(&guess)
                .prints(&["check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"])
                .not(&["guess"]),
            mistake(12, &plain, "").with(&mechanism("GSSAPI")).prints(&no_kerberos),
            mistake(12, &plain, &properties("kerberos.properties", kerberos)).prints(&no_kerberos),
            mistake(12, &plain, "")
                .with(&mechanism("SCRAM"))
                .prints(&["KAFKA_SASL_MECHANISM must be one of PLAIN, SCRAM-SHA-256", "found \"SCRAM\""]),
            mistake(13, &no_rights, "--all-groups --table")
                .prints(&["grant it DESCRIBE on the cluster"])
                .not(&["No consumer group was found"]),
            mistake(14, &no_groups, "orders-svc").prints(&["this user may not describe the group: grant it DESCRIBE"]),
            mistake(16, &mutual, "").with(&ssl).prints(&[
                "the broker wants a client certificate (CertificateRequired): give one in KAFKA_SSL_KEYSTORE",
            ]),
            mistake(16, &mutual, "")
                .with(&[ssl[0], ssl[1], ("KAFKA_SSL_KEYSTORE", &foreign)])
                .prints(&["the broker refused the client certificate of KAFKA_SSL_KEYSTORE"])
                .not(&["PRIVATE KEY"]),
        ],
    );
}

#[test]
fn a_mistake_in_a_word_is_answered_with_what_was_meant() {
    let plain = scene().start();
    let unused = "sasl.kerberos.service.name=kafka\nrequest.timeout.ms=3000\nssl.endpoint.identification.algorithm=\n";
    let ignored = [
        "ignored in",
        "sasl.kerberos.service.name, request.timeout.ms, ssl.endpoint.identification.algorithm (names are always verified)",
    ];
    let at = |number, arguments: &str| mistake(number, &plain, arguments);
    check(
        &OF_WORDS,
        &[
            at(17, "--group order-svc").prints(&["there is no such group; did you mean orders-svc?"]),
            at(18, "--group orders-svc --topic nosuch").prints(&["nosuch"]).not(&["\"status\":\"OK\""]),
            at(20, "")
                .with(&[("KAFKA_BOOTSTRAP_SERVERS", "")])
                .prints(&["no broker is named: give --bootstrap-server HOST:PORT", "see meerkat --help"])
                .not(&["AWS"]),
            at(21, "")
                .with(&[("KAFKA_BOOTSTRAP_SERVER", "b:1")])
                .prints(&["is not a variable of meerkat; did you mean KAFKA_BOOTSTRAP_SERVERS?"]),
            at(21, "").with(&[("MEERKAT_GROUP", "a")]).prints(&["did you mean MEERKAT_GROUPS?"]),
            at(21, "").with(&[("MEERKAT_OBJECTIV", "5")]).prints(&["did you mean MEERKAT_OBJECTIVE?"]),
            at(21, "")
                .with(&[("KAFKA_SASL_USER", "hunter2")])
                .prints(&["did you mean KAFKA_SASL_USERNAME? It is ignored"])
                .not(&["hunter2"]),
            at(22, "--bootstrap-srver x:1").prints(&["did you mean --bootstrap-server?"]),
            at(22, "--lst").prints(&["did you mean --list?", "See meerkat --help"]),
            at(22, "-v").prints(&["did you mean --version?"]),
            at(22, "--zookeeper x").prints(&["--zookeeper is not an option of meerkat; see meerkat --help"]),
            at(22, "--describe --members --output json --timeout 9 --group behind")
                .prints(&["\"behind\""])
                .not(&["is not an option"]),
            at(23, "order-svc").prints(&["did you mean orders-svc?"]),
            at(23, "nowhere.json").prints(&["the event file nowhere.json cannot be read"]),
            at(27, "").with(&[("MEERKAT_OBJECTIVE", "5m")]).prints(&["MEERKAT_OBJECTIVE must be seconds", "\"5m\""]),
            at(27, "")
                .with(&[("KAFKA_SECURITY_PROTOCOL", "SASL-SSL")])
                .prints(&["KAFKA_SECURITY_PROTOCOL must be one of"])
                .not(&["KAFKA_SASL_MECHANISM"]),
            at(28, "--detail topics")
                .prints(&["--detail must be one of groups, problems, all, found \"topics\""])
                .not(&["event"]),
            at(28, "--format prometheus").prints(&["did you mean openmetrics?"]),
            at(30, "--against 44 -o table").prints(&["\"44\" is not a release of Kafka", "did you mean 4.4?"]),
            at(30, "--against four -o table").prints(&["\"four\" is not a release of Kafka"]),
            at(31, &properties("unused.properties", unused)).prints(&ignored),
        ],
    );
}

#[test]
fn a_pattern_that_is_no_regular_expression_is_named_with_what_has_it() {
    let plain = scene().start();
    for (arguments, variable, sentence) in [
        (
            "--group /a(b/",
            ("HOME", "/"),
            "--group has the regular expression /a(b/, and found open group without closing",
        ),
        ("", ("MEERKAT_TOPICS", "/(?=a)/"), "MEERKAT_TOPICS has the regular expression /(?=a)/, and look-around"),
        ("", ("MEERKAT_OWNERS", "/a[/=x"), "MEERKAT_OWNERS has the regular expression /a[/, and "),
    ] {
        let (code, printed) = typed(&plain, arguments, &[variable]);
        assert!(code == Some(4) && printed.contains(sentence), "{printed}");
        assert!(printed.contains(": change it, or use a glob such as orders-*"), "{printed}");
    }
}

#[test]
fn a_history_that_is_off_is_no_history() {
    let (code, printed) = typed(&scene().start(), "--history orders-svc", &[("MEERKAT_HISTORY", "off")]);
    assert!(code == Some(4) && printed.contains("MEERKAT_HISTORY"), "{printed}");
}

#[test]
fn what_aws_lacks_has_one_sentence_each() {
    let plain = scene().start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let nowhere = [("HOME", "/nowhere"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let region = [("AWS_REGION", "eu-west-1")];
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    let not = ["dispatch failure", "hunter2"];
    let none = "reading the history needs AWS credentials, and none were found: use a role, or set AWS_PROFILE";
    let at = || mistake(29, &plain, "--all-groups").with(&nowhere);
    check(
        &OF_AWS,
        &[
            at().with(&[("AWS_PROFILE", "no-such-profile")]).with(&region).not(&not).prints(&[
                "the AWS profile no-such-profile is not in the AWS config and credentials files",
                "needs AWS credentials, and none were found",
            ]),
            at().with(&region).prints(&[none, "MEERKAT_HISTORY=off"]).not(&["AWS_ENDPOINT_URL", "dispatch failure"]),
            at().with(&keys)
                .prints(&["reading the history needs an AWS Region, and none is set: set AWS_REGION"])
                .not(&not),
            at().with(&keys)
                .with(&[("AWS_REGION", "eu-wset-1")])
                .prints(&["the AWS Region eu-wset-1 has no Region's name"])
                .not(&["hunter2"]),
            at().with(&keys)
                .with(&region)
                .with(&[("AWS_ENDPOINT_URL", "127.0.0.1:1")])
                .prints(&["reading the history needs an endpoint with a scheme: write AWS_ENDPOINT_URL"])
                .not(&not),
            at().with(&keys)
                .with(&region)
                .with(&[("AWS_ENDPOINT_URL_CLOUDWATCH", &closed)])
                .prints(&["did not reach CloudWatch"])
                .not(&["hunter2"]),
        ],
    );
}
