//! Logins that fail: what is printed, and that no secret is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Run;
use super::logins::token;
use super::permissions::guarded;
use crate::support::http::{Answer, Server};
use crate::support::kafka::Cluster;
use crate::support::lambda::Lambda;

/// A login that fails.
struct Failing {
    run: Run,
    /// What no output may show.
    secrets: Vec<String>,
    /// What the user reads, in part.
    says: String,
}

impl Failing {
    fn new(run: Run, secrets: &[&str], says: &str) -> Self {
        Self { run, secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(), says: says.to_owned() }
    }

    /// Makes the run as a command and as a Lambda function.
    fn make(&self, lambda: bool) -> (bool, String) {
        if lambda {
            let lambda = Lambda::start(&self.run.variables);
            let invoked = lambda.invoke("{}");
            (invoked.ok, format!("{}\n{}", invoked.body, lambda.logs()))
        } else {
            let run = Run { variables: self.run.variables.clone(), arguments: Vec::new(), event: String::new() };
            let ran = run.make();
            assert_eq!(ran.report.0, serde_json::Value::Null, "{ran:?}");
            (ran.code != 4, ran.said)
        }
    }

    /// Fails with a message, and shows no secret.
    fn check(&self) {
        for lambda in [false, true] {
            let (ok, output) = self.make(lambda);
            let reported = |says: &str| output.contains(says);
            assert!(
                !ok && (reported(&self.says) || self.run.lacks().is_some_and(reported)),
                "{} is missed in: {output}",
                self.says
            );
            for secret in &self.secrets {
                let spellings = [secret.clone(), STANDARD.encode(secret), STANDARD.encode(format!("meerkat:{secret}"))];
                assert!(spellings.iter().all(|secret| !output.contains(secret)), "{secret:?} shows in: {output}");
            }
        }
    }
}

fn with_login(mechanism: &str) -> Run {
    Run::with_login(Cluster::shared(), mechanism).with("MEERKAT_LOG", "trace")
}

const PASSWORD: &str = "hunter2-is-wrong";

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_wrong_password_and_an_unknown_user_are_asked_to_check_both() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for user in ["alice", "mallory"] {
            let run = with_login(mechanism).account(user, PASSWORD);
            let says = "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or what KAFKA_SASL_SECRET refers to";
            Failing::new(run, &[PASSWORD], says).check();
        }
    }
    let run = with_login("SCRAM-SHA-256").account("mallory", PASSWORD);
    Failing::new(run, &[PASSWORD], "and that the user has SCRAM-SHA-256 credentials").check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_wrong_password_that_is_kept_elsewhere_is_not_shown_either() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong-login.json");
    std::fs::write(&path, format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#)).expect("a file");
    let path = path.to_str().expect("a path in UTF-8");
    let run = with_login("SCRAM-SHA-512").with("KAFKA_SASL_SECRET", &format!("file:{path}"));
    Failing::new(run, &[PASSWORD], "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD").check();
    let run = with_login("PLAIN").account("alice", &format!("file:{path}#passphrase"));
    Failing::new(run, &[PASSWORD], "is of no use: it has no ").check();
    let run =
        with_login("PLAIN").with("KAFKA_SASL_SECRET", &format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#));
    Failing::new(run, &[PASSWORD], "KAFKA_SASL_SECRET must refer to").check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_secret_that_may_not_be_read_names_the_permission() {
    let denied = r#"{"__type":"AccessDeniedException","Message":"not for you"}"#;
    let keeper = Server::start(move |_| Answer::json(400, denied));
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_orders-AbCdEf";
    let run = with_login("SCRAM-SHA-512")
        .with("KAFKA_SASL_SECRET", arn)
        .with("AWS_ENDPOINT_URL", &keeper.origin())
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "an-aws-secret-key")
        .with("AWS_SESSION_TOKEN", "an-aws-session-token");
    let says = "allow secretsmanager:GetSecretValue on it to the role of this run";
    Failing::new(run, &["an-aws-secret-key", "an-aws-session-token"], says).check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_rejected_token_is_distinguished_from_an_expired_one() {
    let cases = [
        (token("alice", -7_200), "the token expired at 20"),
        (String::from("bm8.dG9rZW4.YXQtYWxs"), "check that the token is of the issuer, the audience and the scope"),
        (String::from("two words"), "characters that no bearer token has"),
    ];
    for (token, says) in &cases {
        let run = with_login("OAUTHBEARER").with("KAFKA_SASL_OAUTHBEARER_TOKEN", token);
        let claims = token.split('.').nth(1).unwrap_or(token);
        Failing::new(run, &[token, claims], says).check();
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_endpoint_without_a_good_token_is_reported_with_its_words() {
    let cluster = Cluster::shared();
    let old = token("alice", -7_200);
    let cases = [
        (
            401,
            format!(r#"{{"error":"invalid_client","error_description":"{PASSWORD}"}}"#),
            "invalid_client: ***: check KAFKA_SASL_OAUTHBEARER_CLIENT_ID",
        ),
        (200, format!(r#"{{"access_token":"{old}"}}"#), "the token expired at 20"),
        (200, format!(r#"{{"token":"{old}"}}"#), "its answer has no access_token"),
    ];
    for (status, body, says) in cases {
        let issuer = Server::start_tls(&cluster.pem("broker"), move |_| Answer::json(status, &body));
        let url = format!("{}/token?key=in-the-query", issuer.origin());
        let run = with_login("OAUTHBEARER").token_endpoint(&url, PASSWORD);
        Failing::new(run, &[PASSWORD, &old, "in-the-query"], says).check();
    }
    let run = with_login("OAUTHBEARER").token_endpoint("https://meerkat:in-the-url@issuer.example/t", PASSWORD);
    Failing::new(run, &[PASSWORD, "in-the-url"], "it must be an https URL with a host and without a user").check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_mechanism_that_is_not_offered_is_reported_with_those_that_are() {
    let run = with_login("AWS_MSK_IAM")
        .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "an-aws-secret-key")
        .with("AWS_REGION", "eu-west-1");
    // Kafka 0.11 has only the raw exchange from before KIP-43, which meerkat does not speak.
    if !Cluster::shared().is_at_least(1, 0) {
        let says = "no common version of SaslHandshake: the broker offers v0, this build knows v1; upgrade the broker to Kafka 1.0 or later";
        Failing::new(run, &["an-aws-secret-key"], says).check();
        return;
    }
    let says = "the broker does not offer the SASL mechanism AWS_MSK_IAM; it offers ";
    Failing::new(run, &["an-aws-secret-key"], says).check();
    let ran = with_login("AWS_MSK_IAM").with("AWS_ACCESS_KEY_ID", "A").with("AWS_SECRET_ACCESS_KEY", "B").make();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        assert!(ran.said.contains(mechanism), "{}", ran.said);
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_login_at_a_listener_without_one_and_the_reverse_are_reported() {
    let cluster = Cluster::shared();
    let run = with_login("PLAIN").account("alice", PASSWORD).with("KAFKA_BOOTSTRAP_SERVERS", &cluster.ssl());
    Failing::new(run, &[PASSWORD], "the listener accepts no SASL login: set KAFKA_SECURITY_PROTOCOL to SSL").check();
    let run = Run::on(cluster).with("KAFKA_BOOTSTRAP_SERVERS", &cluster.sasl_ssl());
    Failing::new(run, &[], "set KAFKA_SECURITY_PROTOCOL to SASL_SSL, and KAFKA_SASL_MECHANISM").check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_password_is_not_sent_to_a_broker_that_nobody_vouches_for() {
    let cluster = Cluster::shared();
    let run = with_login("PLAIN").account("alice", PASSWORD).with("KAFKA_SSL_TRUSTSTORE", &cluster.pem("other-ca"));
    Failing::new(run, &[PASSWORD], "put that CA's PEM into KAFKA_SSL_TRUSTSTORE").check();
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_refused_client_certificate_is_reported_with_or_without_a_password() {
    let cluster = guarded();
    let refused = "the broker refused the client certificate of KAFKA_SSL_KEYSTORE";
    // Java sends bad_certificate or certificate_required if there is none, depending on its patch release.
    let cases =
        [("client-expired", refused), ("client-unknown-ca", refused), ("", "the broker wants a client certificate")];
    for (name, says) in cases {
        let pem = if name.is_empty() { String::new() } else { cluster.pem(name) };
        let line = pem.lines().nth(2).unwrap_or("no line of a key");
        let run = || Run::on(cluster).with("MEERKAT_LOG", "trace").with("KAFKA_SSL_KEYSTORE", &pem);
        Failing::new(run(), &[line], says).check();
        let run = run()
            .with("KAFKA_BOOTSTRAP_SERVERS", &cluster.sasl_ssl())
            .with("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
            .with("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
            .account("alice", cluster.password("alice"));
        Failing::new(run, &[line], says).check();
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn an_unusable_key_store_is_reported_without_its_key() {
    let cluster = Cluster::shared();
    let pem = cluster.pem("client");
    let line = pem.lines().nth(1).expect("a line of the key");
    let decimals = line.bytes().take(9).map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let (_, chain) = pem.split_once("-----END PRIVATE KEY-----").expect("a key and a chain");
    let other = format!(
        "{}-----END PRIVATE KEY-----{chain}",
        cluster.pem("broker_key").split("-----END").next().expect("a key")
    );
    let cases = [
        (pem.replace("-----END PRIVATE KEY-----", ""), "KAFKA_SSL_KEYSTORE has a section without an end line"),
        (
            pem.replace("PRIVATE KEY-----\n", "PRIVATE KEY----- "),
            "KAFKA_SSL_KEYSTORE has a section whose first line is malformed",
        ),
        (format!("{line}\n{pem}").replace("-----BEGIN", "BEGIN"), "KAFKA_SSL_KEYSTORE must be PEM"),
        (line.to_owned(), "KAFKA_SSL_KEYSTORE must be PEM"),
        (other, "KAFKA_SSL_KEYSTORE has a private key that fits none of its"),
    ];
    for (given, says) in cases {
        let run = Run::on(cluster).with("MEERKAT_LOG", "trace").with("KAFKA_SSL_KEYSTORE", &given);
        Failing::new(run, &[line, &decimals], says).check();
    }
}
