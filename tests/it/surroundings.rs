//! The program in wrong surroundings: its environment, its event, another server instead of AWS.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::support::broker::{Authority, Scene, Validity};
use crate::support::http::{Answer, Server};

/// A run with only these variables.
pub(crate) struct Program(pub(crate) Command);

impl Program {
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meerkat"));
        command.env_clear().envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command)
    }

    pub(crate) fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    /// The exit code, and everything that was written.
    pub(crate) fn reported(&mut self, event: &[u8]) -> (Option<i32>, String) {
        let mut child = self.0.spawn().unwrap();
        // A run that ends early does not read it.
        let _ = child.stdin.take().expect("a pipe").write_all(event);
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }
}

#[test]
fn a_variable_of_meerkat_that_is_not_utf8_is_reported() {
    let reported = |name: &str| {
        let mut program = Program::with(&[]);
        program.0.env(name, OsString::from_vec(vec![0xff]));
        program.reported(b"")
    };
    let (code, text) = reported("FOO");
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("no broker is named: give --bootstrap-server HOST:PORT"), "{text}");
    let (code, text) = reported("MEERKAT_GROUPS");
    assert_eq!((code, text.trim()), (Some(4), "meerkat: MEERKAT_GROUPS is not UTF-8"));
}

#[test]
fn an_event_that_is_not_utf8_is_named_in_the_message() {
    let (code, text) =
        Program::with(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")]).reported(b"{\"groups\":[\"\xff\"]}");
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("the event on standard input cannot be read"), "{text}");
}

/// The output of a run with a `CloudWatch` at this address.
fn store_at(origin: &str) -> String {
    let stage = Scene::of(1).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_TIMEOUT", "10"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL_CLOUDWATCH", origin),
    ];
    let (_, text) = Program::with(&variables).reported(b"");
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[test]
fn another_servers_page_instead_of_cloudwatch_is_reported_and_ignored() {
    for status in [200, 404] {
        let page = move |_: &_| {
            let headers = vec![String::from("content-type: text/html")];
            Answer { status, headers, body: String::from("<html>Log in to the guest network") }
        };
        let server = Server::start(page);
        let text = store_at(&server.origin());
        let reported = format!("was answered by something else than CloudWatch (HTTP status {status}, text/html)");
        assert!(text.contains(&format!("reading the history {reported}")), "{text}");
        assert!(text.contains(&format!("publishing the metrics {reported}")), "{text}");
        assert!(!text.contains("guest network"), "{text}");
    }
}

#[test]
fn a_connection_that_ends_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let text = store_at(&origin);
    assert!(text.contains("did not reach CloudWatch"), "{text}");
    assert!(!text.contains("it needs a Region"), "{text}");
}

/// A server whose answers never end, and how many bytes of them were taken.
fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || {
                let head = b"HTTP/1.1 200 OK\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n";
                let chunk = [b"10000\r\n".to_vec(), vec![0; 0x10000], b"\r\n".to_vec()].concat();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(head);
                while stream.write_all(&chunk).is_ok() {
                    counted.fetch_add(chunk.len(), Ordering::Relaxed);
                }
            });
        }
    });
    (origin, sent)
}

#[test]
fn an_answer_without_an_end_is_given_up() {
    let (origin, sent) = endless();
    let text = store_at(&origin);
    let reported =
        format!("was answered by something else than CloudWatch (the answer of {origin} has more than 16 MB)");
    assert!(text.contains(&reported), "{text}");
    // One read and two writes, none tried again, and what the system keeps of each connection.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 100 * 1024 * 1024, "{sent} bytes were taken");
}

#[test]
fn credentials_without_an_end_are_given_up_and_whoever_gives_them_is_named() {
    let (origin, sent) = endless();
    let stage = Scene::of(1).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("MEERKAT_TIMEOUT", "10"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*format!("{origin}/credentials?key=hunter2")),
    ];
    let store = [("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"), ("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:1")];
    let secret = [
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
        ("KAFKA_SASL_MECHANISM", "PLAIN"),
        ("KAFKA_SASL_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
    ];
    for (more, most, tried) in
        [(&store[..], 16, "reading the history got no AWS credentials"), (&secret, 1, "needs valid AWS credentials")]
    {
        let (_, text) = Program::with(&[&variables, more].concat()).reported(b"");
        assert!(text.contains(tried), "{text}");
        assert!(text.contains(&format!("the answer of {origin} has more than {most} MB")), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 400 * 1024 * 1024, "{sent} bytes were taken");
}

#[test]
fn a_credentials_endpoint_that_hangs_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/credentials", silent.local_addr().unwrap());
    let stage = Scene::of(1).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_TIMEOUT", "10"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url),
        ("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:1"),
    ];
    let (_, text) = Program::with(&variables).reported(b"");
    for tried in ["reading the history", "publishing the metrics"] {
        assert!(text.contains(&format!("{tried} waited for credentials and received none")), "{text}");
    }
}

/// A self-signed certificate for 127.0.0.1, and the same with its key.
fn self_signed() -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
    (cert.pem(), cert.pem() + &signing_key.serialize_pem())
}

#[test]
fn a_certificate_that_is_not_trusted_has_its_own_word() {
    let server = Server::start_tls(&self_signed().1, |_| Answer::json(200, "{}"));
    let text = store_at(&server.origin());
    assert!(text.contains("met a certificate that is not trusted"), "{text}");
}

#[test]
fn an_endpoint_without_a_scheme_does_not_print_the_request() {
    let text = store_at("monitoring.example:443");
    assert!(!text.contains("Request {") && !text.contains("headers:") && text.len() < 8_000, "{text}");
}

#[test]
fn a_public_issuer_is_trusted_beside_brokers_with_an_authority_of_their_own() {
    let (certificate, pem) = self_signed();
    let public = std::env::temp_dir().join(format!("meerkat-public-{}.pem", std::process::id()));
    std::fs::write(&public, certificate).unwrap();
    let issuer = Server::start_tls(&pem, |_| Answer::json(200, r#"{"access_token":"t0ken","expires_in":300}"#));
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"], Validity::Now);
    let stage = Scene::of(1).every_node(|node| node.tls = Some(identity.clone())).start();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("KAFKA_SSL_TRUSTSTORE", &authority.pem()),
        ("KAFKA_SASL_MECHANISM", "OAUTHBEARER"),
        ("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", &format!("{}/token", issuer.origin())),
        ("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "meerkat"),
        ("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "hunter2"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        // It replaces the public authorities.
        ("SSL_CERT_FILE", public.to_str().unwrap()),
    ];
    let (_, text) = Program::with(&variables).reported(b"");
    std::fs::remove_file(&public).unwrap();
    assert_eq!(issuer.seen().len(), 1, "{text}");
    assert!(!text.contains("UnknownIssuer") && !text.contains("unknown CA"), "{text}");
}

#[test]
fn a_page_is_drawn_of_a_check_alone() {
    let stage = Scene::of(1).start();
    for option in [&["--preflight"][..], &["--history", "orders"]] {
        let page = std::env::temp_dir().join(format!("meerkat-no-page-{}", std::process::id()));
        let bootstrap = stage.bootstrap();
        let mut program =
            Program::with(&[("KAFKA_BOOTSTRAP_SERVERS", &bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")]);
        program.0.args(option).arg("--html").arg(&page);
        let (code, reported) = program.reported(b"");
        assert!(
            code != Some(0) && reported.contains("--html draws the report of a check: leave --preflight"),
            "{reported}"
        );
        assert!(stage.seen().is_empty() && !page.exists(), "nothing is asked for what cannot be drawn");
    }
}

#[test]
fn what_has_no_end_is_not_waited_for() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe");
    let _ = std::fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let off = [("MEERKAT_HISTORY", "off"), ("MEERKAT_PUBLISH", "off"), ("MEERKAT_TIMEOUT", "1")];
    let broker = ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1");
    let reported = |variables: &[(&str, &str)], arguments: &[&str]| {
        let (code, text) = Program::with(&[&off[..], variables].concat()).with_arguments(arguments).reported(b"");
        assert_eq!(code, Some(4), "{text}");
        text
    };
    for (source, expected) in [(pipe, "did not end within"), ("/dev/zero", "it has more than")] {
        for arguments in [&[source][..], &["--command-config", source], &["--from-burrow", source]] {
            let text = reported(&[broker], arguments);
            assert!(text.contains(expected), "{arguments:?}: {text}");
        }
        for variable in ["KAFKA_SSL_TRUSTSTORE", "KAFKA_SSL_KEYSTORE"] {
            let text = reported(&[broker, ("MEERKAT_TIMEOUT", "20"), (variable, source)], &[]);
            assert!(text.contains(expected) && text.contains(variable), "{text}");
        }
    }
    // Standard input that is never closed.
    let mut program = Program::with(&[&off[..], &[broker]].concat());
    let mut child = program.0.spawn().unwrap();
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert!(String::from_utf8_lossy(&output.stderr).contains("did not end within"), "{output:?}");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    for arguments in [&["--help"][..], &["--against", "all"], &["--man"]] {
        let mut child = Program::with(&[]).with_arguments(arguments).0.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
    }
}

const CLUSTER: &str = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b2c3d-7";

/// The program's requests to AWS while a proxy is configured, and those that the proxy receives: method and target of
/// each.
fn asked_of_a_proxy(more: &[(&str, &str)]) -> Vec<String> {
    let proxy = Server::start(|_| Answer::json(403, r#"{"message":"no"}"#));
    let origin = proxy.origin();
    let variables = [
        ("KAFKA_CLUSTER_ARN", CLUSTER),
        ("AWS_ENDPOINT_URL_KAFKA", "http://kafka.invalid"),
        ("AWS_ENDPOINT_URL_CLOUDWATCH", "http://monitoring.invalid"),
        ("HTTP_PROXY", &*origin),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_TIMEOUT", "5"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ];
    let (code, text) = Program::with(&[&variables, more].concat()).reported(b"");
    assert_eq!(code, Some(4), "{text}");
    proxy.seen().into_iter().map(|asked| asked.line.split("/v1").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn aws_is_asked_through_the_proxy_that_the_environment_names() {
    let seen = asked_of_a_proxy(&[]);
    for origin in ["GET http://kafka.invalid", "POST http://monitoring.invalid/"] {
        assert!(seen.iter().any(|line| line.starts_with(origin)), "{origin}: {seen:?}");
    }
    let seen = asked_of_a_proxy(&[("NO_PROXY", "monitoring.invalid")]);
    assert!(seen.iter().all(|line| line.starts_with("GET http://kafka.invalid")) && !seen.is_empty(), "{seen:?}");
    assert_eq!(asked_of_a_proxy(&[("NO_PROXY", "*")]), [""; 0]);
}

#[test]
fn a_cluster_of_another_account_is_asked_for_by_the_role_and_else_by_the_run_itself() {
    let role = "arn:aws:iam::999999999999:role/reader";
    for allowed in ["ASIAROLE", "AKIAOWN"] {
        let aws = Server::start(move |asked| {
            if asked.body.contains("Action=AssumeRole") {
                let key = "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>hunter2</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>";
                let answer = format!(
                    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>{key}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
                );
                return Answer { status: 200, headers: vec!["content-type: text/xml".into()], body: answer };
            }
            if asked.head.contains(&format!("credential={}/", allowed.to_ascii_lowercase())) {
                return Answer::json(200, r#"{"bootstrapBrokerStringSaslIam":"127.0.0.1:1"}"#);
            }
            Answer::json(403, r#"{"__type":"AccessDeniedException","message":"not authorized"}"#)
        });
        let origin = aws.origin();
        let variables = [
            ("KAFKA_CLUSTER_ARN", CLUSTER),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "AWS_MSK_IAM"),
            ("KAFKA_SASL_AWS_ROLE_ARN", role),
            ("MEERKAT_HISTORY", "off"),
            ("MEERKAT_PUBLISH", "off"),
            ("AWS_ENDPOINT_URL", &*origin),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAOWN"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ];
        let (_, text) = Program::with(&variables).reported(b"");
        assert!(text.contains("cannot connect to 127.0.0.1:1: "), "{allowed}: {text}");
        let lookups = aws.seen().into_iter().filter(|asked| asked.line.starts_with("GET /v1/clusters/"));
        let keys: Vec<&str> =
            lookups.map(|asked| if asked.head.contains("credential=asiarole/") { "role" } else { "own" }).collect();
        assert_eq!(keys, if allowed == "ASIAROLE" { &["role"][..] } else { &["role", "own"] });
    }
}
