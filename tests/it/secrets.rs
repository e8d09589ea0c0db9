//! The door to stored secrets, with doubles that answer as the services document.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error as _;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use meerkat::aws::secrets::reference::Arn;
use meerkat::aws::secrets::{Door, Listener, Network, Reference, SecretError, Source};

use double::{Answer, Double};

mod double;
mod issuer;
mod moto;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";
const PARAMETER: &str = "arn:aws:ssm:eu-west-1:123456789012:parameter/kafka/password";
const CLUSTER: &str = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b-2";
const VARIABLE: &str = "KAFKA_SASL_PASSWORD";

/// Long enough for two retries.
const WAIT: Duration = Duration::from_secs(20);

/// A door to the services at this address.
async fn door(origin: &str, wait: Duration) -> Door {
    let key =
        Credentials::new("AKIAIOSFODNN7EXAMPLE", "the-secret-key", Some("the-session-token".into()), None, "test");
    let aws = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(origin)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(key))
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .load()
        .await;
    Door::with_aws(wait, aws)
}

/// The secret that this text leads to, or the error.
async fn read(door: &Door, text: &str) -> String {
    match door.read(VARIABLE, &Source::parse(text).unwrap()).await {
        Ok(secret) => secret.expose().to_owned(),
        Err(error) => spelled(&error),
    }
}

/// An error with its causes, which must not contain our secrets.
fn spelled(error: &SecretError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    for hidden in ["the-secret-key", "the-session-token", "hunter2"] {
        assert!(!text.contains(hidden) && !format!("{error:?}").contains(hidden), "{text}");
    }
    text
}

async fn refused(reference: &str, status: u16, body: &str) -> String {
    let double = Double::start(&[Answer { status, body }]).await;
    read(&door(&double.origin, WAIT).await, reference).await
}

#[tokio::test]
async fn a_secret_is_asked_for_in_the_services_protocol() {
    let double = Double::start(&[Answer { status: 200, body: r#"{"SecretString":"hunter2"}"# }]).await;
    assert_eq!(read(&door(&double.origin, WAIT).await, SECRET).await, "hunter2");
    let request = double.seen().await.remove(0);
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("x-amz-target: secretsmanager.GetSecretValue\r\n"), "{request}");
    assert!(request.contains("/eu-west-1/secretsmanager/aws4_request"), "{request}");
    assert!(request.contains("x-amz-security-token: the-session-token\r\n"), "{request}");
    assert!(request.ends_with(&format!(r#"{{"SecretId":"{SECRET}"}}"#)), "{request}");
}

#[tokio::test]
async fn a_refusal_names_the_permission_that_is_missing() {
    let denied = |message| format!(r#"{{"__type":"AccessDeniedException","Message":"{message}"}}"#);
    let cases = [
        (SECRET, denied("User: x is not authorized"), "allow secretsmanager:GetSecretValue on it"),
        (PARAMETER, denied("User: x is not authorized"), "allow ssm:GetParameter on it"),
        (SECRET, denied("Access to KMS is not allowed"), "allow kms:Decrypt on it"),
        (SECRET, r#"{"__type":"ResourceNotFoundException"}"#.into(), "does not exist"),
        (PARAMETER, r#"{"__type":"ParameterNotFound"}"#.into(), "does not exist"),
        (SECRET, r#"{"__type":"ExpiredTokenException"}"#.into(), "needs valid AWS credentials"),
        (SECRET, r#"{"__type":"InvalidSignatureException"}"#.into(), "clock right"),
        (SECRET, r#"{"__type":"InvalidRequestException"}"#.into(), "cannot be read: InvalidRequestException"),
        (SECRET, "<html>hello</html>".into(), "cannot be read: HTTP status 400"),
    ];
    for (reference, body, expected) in cases {
        let error = refused(reference, 400, &body).await;
        assert!(error.starts_with(&format!("{VARIABLE} ({reference})")) && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_answer_of_another_kind_is_of_no_use_and_not_repeated() {
    for body in ["hunter2", "{}", r#"{"SecretBinary":"/w=="}"#, r#"{"SecretString":""}"#] {
        let error = refused(SECRET, 200, body).await;
        assert!(error.contains("is of no use"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_longer_than_any_secret_is_given_up() {
    let most = format!(r#"{{"SecretString":"{}"}}"#, "x".repeat(1024 * 1024 - 19));
    assert!(refused(SECRET, 200, &most).await.starts_with("xxx"), "one of a whole megabyte is read");
    let longer = format!("{most} ");
    let double = Double::start(&[Answer { status: 200, body: &longer }]).await;
    let error = read(&door(&double.origin, WAIT).await, SECRET).await;
    let reported = format!("is of no use: the answer of {} has more than 1 MB", double.origin);
    assert!(error.ends_with(&reported), "{error}");
}

#[tokio::test]
async fn a_hiccup_is_asked_again() {
    let throttled = Answer { status: 400, body: r#"{"__type":"ThrottlingException"}"# };
    let busy = Answer { status: 503, body: "" };
    let found = Answer { status: 200, body: r#"{"Parameter":{"Value":"hunter2"}}"# };
    let double = Double::start(&[throttled, busy, found]).await;
    assert_eq!(read(&door(&double.origin, WAIT).await, PARAMETER).await, "hunter2");
    assert_eq!(double.seen().await.len(), 3);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_reported_with_its_address() {
    let silent = Double::start(&[]).await;
    let error = read(&door(&silent.origin, Duration::from_millis(300)).await, SECRET).await;
    assert!(error.contains(&format!("no answer from {}", silent.origin)) && error.contains("NAT gateway"), "{error}");
}

#[tokio::test]
async fn without_credentials_the_error_names_their_sources() {
    let door = Door::with_aws(WAIT, aws_config::SdkConfig::builder().build());
    let error = read(&door, SECRET).await;
    assert!(error.contains("needs valid AWS credentials: run with a role"), "{error}");
    let error = spelled(&door.aws_key(None).await.unwrap_err());
    assert!(error.starts_with("the AWS_MSK_IAM login needs valid AWS credentials"), "{error}");
}

#[tokio::test]
async fn a_file_holds_a_secret_or_is_reported() {
    let folder = std::env::temp_dir().join(format!("meerkat-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("kafka.json");
    std::fs::write(&path, "{\"username\": \"alice\", \"password\": \"hunter2\"}\n").unwrap();
    let (door, path) = (Door::new(WAIT), path.to_str().unwrap());
    assert_eq!(read(&door, &format!("file:{path}#password")).await, "hunter2");
    let reference = Reference::parse(&format!("file://{path}")).unwrap();
    assert_eq!(door.read_pair(VARIABLE, &reference).await.unwrap().0, "alice");
    let missing = read(&door, "file:/nowhere/kafka.json").await;
    assert!(missing.starts_with("KAFKA_SASL_PASSWORD refers to the file /nowhere/kafka.json"), "{missing}");
    let listed = read(&door, &format!("file:{}", folder.display())).await;
    assert!(listed.ends_with("which is a folder: name the file in it"), "{listed}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// The answer has the form of the example in Amazon MSK's API reference.
#[tokio::test]
async fn a_clusters_addresses_fit_the_listener() {
    let body = r#"{"bootstrapBrokerStringTls":"b-1.a:9094","bootstrapBrokerStringSaslIam":"b-1.a:9098,b-2.a:9098"}"#;
    let found = Answer { status: 200, body };
    let double = Double::start(&[found, found]).await;
    let (door, cluster) = (door(&double.origin, WAIT).await, Arn::parse(CLUSTER).unwrap());
    let ask = async |listener| door.bootstrap("KAFKA_CLUSTER_ARN", &cluster, listener, Network::Private, None).await;
    assert_eq!(ask(Listener::SaslIam).await.unwrap(), "b-1.a:9098,b-2.a:9098");
    let error = spelled(&ask(Listener::SaslScram).await.unwrap_err());
    assert!(error.contains("the cluster has no bootstrapBrokerStringSaslScram, it has"), "{error}");
    let path =
        "/v1/clusters/arn%3Aaws%3Akafka%3Aeu-west-1%3A123456789012%3Acluster%2Forders%2F0a1b-2/bootstrap-brokers";
    assert!(double.seen().await[0].starts_with(&format!("GET {path} HTTP/1.1\r\n")));
}

#[tokio::test]
async fn a_cluster_that_may_not_be_asked_for_names_the_permission() {
    let double =
        Double::start(&[Answer { status: 403, body: r#"{"message":"no","code":"AccessDeniedException"}"# }]).await;
    let (door, cluster) = (door(&double.origin, WAIT).await, Arn::parse(CLUSTER).unwrap());
    let found = door.bootstrap("KAFKA_CLUSTER_ARN", &cluster, Listener::Tls, Network::Private, None).await;
    let error = spelled(&found.unwrap_err());
    assert!(error.contains("allow kafka:GetBootstrapBrokers on it"), "{error}");
}
