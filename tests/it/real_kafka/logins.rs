//! Ways into a cluster that succeed: each mechanism, certificates, and both at once.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Run, hand};
use crate::support::http::{Answer, Server};
use crate::support::kafka::Cluster;

impl Run {
    /// Over TLS with a login, at the listener that wants one.
    pub(super) fn with_login(cluster: &Cluster, mechanism: &str) -> Self {
        Self::on(cluster)
            .with("KAFKA_BOOTSTRAP_SERVERS", &cluster.sasl_ssl())
            .with("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
            .with("KAFKA_SASL_MECHANISM", mechanism)
    }

    pub(super) fn account(self, username: &str, password: &str) -> Self {
        self.with("KAFKA_SASL_USERNAME", username).with("KAFKA_SASL_PASSWORD", password)
    }

    /// The answer of a release of the shared cluster to every login that it does not have.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let (_, mechanism) = self.variables.iter().find(|(name, _)| name == "KAFKA_SASL_MECHANISM")?;
        Self::lacking(mechanism)
    }

    /// The same of a mechanism.
    pub(super) fn lacking(mechanism: &str) -> Option<&'static str> {
        let cluster = Cluster::shared();
        let token = mechanism == "OAUTHBEARER";
        match (cluster.is_at_least(1, 0), cluster.is_at_least(2, 0)) {
            (false, _) => Some("no common version of SaslHandshake"),
            (true, false) if token => Some("the broker does not offer the SASL mechanism OAUTHBEARER"),
            _ => None,
        }
    }

    /// With client credentials for a token of this endpoint's.
    pub(super) fn token_endpoint(self, url: &str, client_secret: &str) -> Self {
        self.with("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", url)
            .with("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "meerkat")
            .with("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", client_secret)
    }
}

/// A token that a broker accepts without a key of the issuer (KIP-255), which expires this many seconds from now.
pub(super) fn token(user: &str, expires_in: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let expires = i64::try_from(now).expect("a time before the end of time") + expires_in;
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({ "sub": user, "iat": expires - 3_600, "exp": expires });
    format!("{}.{}.", part(json!({ "alg": "none" })), part(claims))
}

/// The run sees a group, and that it is caught up.
fn gets_in(name: &str, run: Run) {
    hand(&format!("create-topic {name} 1"));
    hand(&format!("commit {name} {name} 0 0"));
    let lacking = run.lacks();
    let ran = run.groups(&[name]).make();
    if let Some(says) = lacking {
        assert!(ran.code == 3 && ran.said.contains(says), "{ran:?}");
        return;
    }
    assert_eq!((ran.code, ran.report.lags(name)), (0, format!("{name}/0 0")), "{ran:?}");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_password_opens_the_door_by_each_mechanism() {
    let cluster = Cluster::shared();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let run = Run::with_login(cluster, mechanism).account("alice", cluster.password("alice"));
        gets_in(&format!("login-{}", mechanism.to_lowercase()), run);
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_password_may_be_kept_in_a_file() {
    let cluster = Cluster::shared();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("login.json");
    let secret = json!({ "username": "alice", "password": cluster.password("alice") });
    std::fs::write(&path, secret.to_string()).expect("a file");
    let path = path.to_str().expect("a path in UTF-8");
    let run = || Run::with_login(cluster, "SCRAM-SHA-512");
    gets_in("login-by-pair", run().with("KAFKA_SASL_SECRET", &format!("file:{path}")));
    gets_in("login-by-key", run().account("alice", &format!("file:{path}#password")));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_token_opens_the_door() {
    let cluster = Cluster::shared();
    let run = Run::with_login(cluster, "OAUTHBEARER");
    gets_in("login-token", run.with("KAFKA_SASL_OAUTHBEARER_TOKEN", &token("alice", 600)));
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_token_is_fetched_from_an_endpoint_that_the_truststore_trusts() {
    let cluster = Cluster::shared();
    let issuer = Server::start_tls(&cluster.pem("broker"), |_| {
        Answer::json(200, &json!({ "access_token": token("alice", 600), "expires_in": 600 }).to_string())
    });
    let url = format!("{}/token", issuer.origin());
    let run = Run::with_login(cluster, "OAUTHBEARER").token_endpoint(&url, "hunter2");
    gets_in("login-endpoint", run.with("KAFKA_SASL_OAUTHBEARER_SCOPE", "kafka"));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("client.json");
    std::fs::write(&path, json!({ "client_id": "meerkat", "client_secret": "hunter2" }).to_string()).expect("a file");
    let run = Run::with_login(cluster, "OAUTHBEARER").with("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", &url);
    let secret = format!("file:{}", path.to_str().expect("a path in UTF-8"));
    gets_in("login-client", run.with("KAFKA_SASL_SECRET", &secret).with("KAFKA_SASL_OAUTHBEARER_SCOPE", "kafka"));
    let seen = issuer.seen();
    assert_eq!(seen.len(), 2, "{seen:?}");
    for request in seen {
        assert_eq!((&*request.line, &*request.body), ("POST /token", "grant_type=client_credentials&scope=kafka"));
        // meerkat:hunter2
        assert!(request.sent.contains("Basic bWVlcmthdDpodW50ZXIy"), "{request:?}");
    }
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_certificate_opens_the_door_as_it_was_given() {
    let cluster = Cluster::shared();
    let pem = cluster.pem("client");
    for (name, given) in
        [("lines", pem.clone()), ("escaped", pem.replace('\n', "\\n")), ("folded", pem.replace('\n', " "))]
    {
        gets_in(&format!("login-pem-{name}"), Run::on(cluster).with("KAFKA_SSL_KEYSTORE", &given));
    }
}
