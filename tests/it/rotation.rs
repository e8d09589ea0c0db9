//! Logins of a process that stays warm: a secret is fetched once, and again when the login is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use serde_json::{Value, json};

use crate::support::broker::{Act, Authority, Sasl, Scene, Stage, Validity, Voice, When};
use crate::support::check::some_attempt_gives;
use crate::support::http::{Answer, Server};
use crate::support::lambda::Lambda;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_orders-AbCdEf";

/// A broker that demands a password, a store of the password, and a function that needs both to agree.
struct Warm {
    stage: Stage,
    kept: Arc<Mutex<String>>,
    keeper: Server,
    lambda: Lambda,
}

impl Warm {
    fn start() -> Self {
        let sasl =
            Sasl { mechanism: "PLAIN", right: Some(plain("hunter-first")), receipt: b"", refusal: "no such password" };
        let stage = Scene::of(1).sasl(sasl).start();
        let kept = Arc::new(Mutex::new(String::from("hunter-first")));
        let reported = Arc::clone(&kept);
        let keeper = Server::start(move |_| {
            let password = reported.lock().expect("a password").clone();
            secret_of(&password)
        });
        let mut variables = login(&stage, "PLAIN", &keeper);
        variables.push(("KAFKA_SASL_SECRET".into(), SECRET.into()));
        let lambda = Lambda::start(&variables);
        Self { stage, kept, keeper, lambda }
    }

    /// The broker has another password from now on, and ends the connections with the previous one.
    fn rotate_broker(&self, password: &str) {
        self.stage.change(|scene| {
            scene.rotate(plain(password));
            scene.hang_up();
        });
    }

    /// The store has another password from now on.
    fn rotate_secret(&self, password: &str) {
        password.clone_into(&mut self.kept.lock().expect("a password"));
    }

    /// Invokes the function; returns whether it succeeded, and how often the secret has been fetched so far.
    fn check(&self) -> (bool, usize) {
        let invoked = self.lambda.invoke("{}");
        (invoked.ok, self.keeper.seen().len())
    }
}

/// A login over plaintext, with AWS credentials, to this broker.
pub(super) fn login(stage: &Stage, mechanism: &str, aws: &Server) -> Vec<(String, String)> {
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT".into()),
        ("KAFKA_SASL_MECHANISM", mechanism.into()),
        ("MEERKAT_HISTORY", "off".into()),
        ("MEERKAT_PUBLISH", "off".into()),
        ("MEERKAT_LOG", "trace".into()),
        ("AWS_ENDPOINT_URL", aws.origin()),
        ("AWS_REGION", "eu-west-1".into()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".into()),
        ("AWS_SECRET_ACCESS_KEY", "an-aws-secret-key".into()),
        ("AWS_SESSION_TOKEN", "an-aws/session+token=".into()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The store's answer with this password.
fn secret_of(password: &str) -> Answer {
    let secret = json!({ "username": "meerkat", "password": password }).to_string();
    Answer::json(200, &json!({ "SecretString": secret }).to_string())
}

/// The message of RFC 4616.
fn plain(password: &str) -> Vec<u8> {
    format!("\0meerkat\0{password}").into_bytes()
}

#[test]
fn a_secret_is_fetched_once_a_process() {
    let warm = Warm::start();
    assert_eq!([warm.check(), warm.check(), warm.check()], [(true, 1), (true, 1), (true, 1)]);
}

/// The store needs several head starts of one address before the next.
#[test]
fn while_a_secret_is_on_its_way_no_other_address_is_connected_to() {
    some_attempt_gives(&(3, 1), || {
        let sasl = Sasl { mechanism: "PLAIN", right: Some(plain("hunter-first")), receipt: b"", refusal: "" };
        let stage = Scene::of(3).sasl(sasl).start();
        let keeper = Server::start(|_| {
            std::thread::sleep(Duration::from_millis(800));
            secret_of("hunter-first")
        });
        let mut variables = login(&stage, "PLAIN", &keeper);
        variables.push(("KAFKA_SASL_SECRET".into(), SECRET.into()));
        assert!(Lambda::start(&variables).invoke("{}").ok);
        (stage.connections(), keeper.seen().len())
    });
}

/// The broker is silent until the store is asked.
#[test]
fn a_secret_is_fetched_while_connections_are_opened() {
    let sasl = Sasl { mechanism: "PLAIN", right: Some(plain("hunter-first")), receipt: b"", refusal: "" };
    let stage = Arc::new(Scene::of(1).sasl(sasl).fault(When::on(ApiKey::ApiVersions), Act::Held).start());
    let held = Arc::clone(&stage);
    let keeper = Server::start(move |_| {
        held.change(Scene::let_go);
        secret_of("hunter-first")
    });
    let mut variables = login(&stage, "PLAIN", &keeper);
    variables.push(("KAFKA_SASL_SECRET".into(), SECRET.into()));
    variables.push(("MEERKAT_TIMEOUT".into(), "5".into()));
    let reported = Lambda::start(&variables).invoke("{}");
    assert!(reported.ok, "{}", reported.body);
}

#[test]
fn connections_stay_open_between_runs_and_a_closed_one_is_opened_again() {
    let warm = Warm::start();
    let check = || (warm.check().0, warm.stage.connections());
    let (_, first) = check();
    assert_eq!([check(), check()], [(true, first); 2]);
    warm.stage.change(Scene::hang_up);
    assert_eq!([check(), check()], [(true, first + 1); 2]);
    let logins = warm.stage.asked(ApiKey::SaslAuthenticate).len();
    assert_eq!(logins, first + 1);
}

#[test]
fn a_rotated_secret_is_fetched_anew_and_kept() {
    let warm = Warm::start();
    assert_eq!(warm.check(), (true, 1));
    warm.rotate_broker("hunter-second");
    warm.rotate_secret("hunter-second");
    assert_eq!([warm.check(), warm.check()], [(true, 2), (true, 2)]);
}

#[test]
fn a_preflight_judges_the_secret_of_now() {
    let warm = Warm::start();
    assert_eq!(warm.check(), (true, 1));
    warm.rotate_broker("hunter-second");
    warm.rotate_secret("hunter-second");
    let reported = warm.lambda.invoke(r#"{"mode":"preflight"}"#).body;
    assert!(reported.contains("PLAIN accepted") && !reported.contains("no such password"), "{reported}");
    assert_eq!(warm.keeper.seen().len(), 2);
}

#[test]
fn a_login_that_is_refused_anew_fails_and_is_tried_with_a_fresh_secret_next_time() {
    let warm = Warm::start();
    assert_eq!(warm.check(), (true, 1));
    warm.rotate_broker("hunter-second");
    // The stored secret is still the old one: it is fetched once more, then the refusal is reported.
    let invoked = warm.lambda.invoke("{}");
    let error: Value = serde_json::from_str(&invoked.body).expect("an error in JSON");
    assert!(!invoked.ok && warm.keeper.seen().len() == 2, "{invoked:?}");
    let reported = error["errorMessage"].as_str().expect("a message");
    assert!(reported.contains("no such password: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"), "{reported}");
    warm.rotate_secret("hunter-second");
    assert!(warm.check().0, "a fresh secret is right");
    let logs = warm.lambda.logs();
    for secret in ["hunter-first", "hunter-second", "an-aws-secret-key", "an-aws/session+token="] {
        assert!(!logs.contains(secret) && !invoked.body.contains(secret), "{logs}");
    }
}

#[test]
fn brokers_that_fall_silent_are_the_cause_at_every_invocation() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"], Validity::Now);
    let stage = Scene::of(1).node(1, |node| node.tls = Some(identity)).start();
    let pem = std::env::temp_dir().join(format!("meerkat-silent-{}.pem", std::process::id()));
    std::fs::write(&pem, authority.pem()).expect("a file");
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", stage.bootstrap()),
        ("KAFKA_SSL_TRUSTSTORE", pem.display().to_string()),
        ("MEERKAT_HISTORY", "off".into()),
        ("MEERKAT_PUBLISH", "off".into()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let lambda = Lambda::within(Duration::from_secs(4), &variables);
    assert!(lambda.invoke("{}").ok);
    stage.change(|scene| {
        scene.hang_up();
        *scene = std::mem::take(scene).node(1, |node| node.voice = Voice::Silent);
    });
    for _ in 0..3 {
        let invoked = lambda.invoke("{}");
        assert!(
            !invoked.ok && invoked.body.contains("no answer to a TLS handshake before the deadline"),
            "{invoked:?}"
        );
    }
    std::fs::remove_file(&pem).expect("the file");
}
