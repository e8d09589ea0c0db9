//! `AWS_MSK_IAM` on the wire: what a broker receives, and what a user reads when the login is refused.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use kafka_protocol::messages::{ApiKey, SaslAuthenticateRequest, SaslHandshakeRequest};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::rotation::login;
use crate::support::broker::{Sasl, Scene, Stage};
use crate::support::http::{Answer, Server};
use crate::support::lambda::{Invoked, Lambda};

const KEY: &str = "an-aws-secret-key";
const TOKEN: &str = "an-aws/session+token=";

fn stage(right: Option<Vec<u8>>, receipt: &'static [u8], refusal: &'static str) -> Stage {
    Scene::of(1).sasl(Sasl { mechanism: "AWS_MSK_IAM", right, receipt, refusal }).start()
}

/// One run: its answer and its logs.
fn check(stage: &Stage, region: &str) -> (Invoked, String) {
    let nobody = Server::start(|_| Answer::json(500, "{}"));
    let mut variables = login(stage, "AWS_MSK_IAM", &nobody);
    variables.push(("KAFKA_SASL_AWS_REGION".into(), region.into()));
    let lambda = Lambda::start(&variables);
    let invoked = lambda.invoke("{}");
    (invoked, lambda.logs())
}

/// The signature of a presigned `GET /` at 127.0.0.1, made by Amazon's own signer for Rust.
fn signature(region: &str, date: &str) -> String {
    let [year, month, day] = [&date[..4], &date[4..6], &date[6..8]];
    let [hour, minute, second] = [&date[9..11], &date[11..13], &date[13..15]];
    let at =
        OffsetDateTime::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"), &Rfc3339).expect("a date");
    let key = Credentials::new("AKIAIOSFODNN7EXAMPLE", KEY, Some(TOKEN.into()), None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(15));
    let params = v4::SigningParams::builder()
        .identity(&key)
        .region(region)
        .name("kafka-cluster")
        .time(SystemTime::from(at))
        .settings(settings)
        .build()
        .expect("parameters");
    let url = "https://127.0.0.1/?Action=kafka-cluster%3AConnect";
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b"")).expect("a request");
    sign(request, &params.into()).expect("a signature").signature().to_owned()
}

#[test]
fn a_broker_gets_what_amazons_signer_signs() {
    let stage = stage(None, br#"{"version":"2020_10_22","request-id":"0a1b"}"#, "");
    let (invoked, logs) = check(&stage, "us-west-2");
    assert!(invoked.ok, "{invoked:?}");
    assert!(!logs.contains(KEY) && !logs.contains(TOKEN), "{logs}");
    assert_eq!(&*stage.asked(ApiKey::SaslHandshake)[0].request::<SaslHandshakeRequest>().mechanism, "AWS_MSK_IAM");
    let sent = stage.asked(ApiKey::SaslAuthenticate)[0].request::<SaslAuthenticateRequest>();
    let mut payload: BTreeMap<String, String> = serde_json::from_slice(&sent.auth_bytes).expect("a payload in JSON");
    let date = payload.remove("x-amz-date").expect("a date");
    let credential = format!("AKIAIOSFODNN7EXAMPLE/{}/us-west-2/kafka-cluster/aws4_request", &date[..8]);
    assert_eq!(payload.remove("x-amz-signature"), Some(signature("us-west-2", &date)));
    assert!(payload.remove("user-agent").is_some_and(|agent| agent.starts_with("meerkat/")));
    let expected = [
        ("action", "kafka-cluster:Connect"),
        ("host", "127.0.0.1"),
        ("version", "2020_10_22"),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-expires", "900"),
        ("x-amz-security-token", TOKEN),
        ("x-amz-signedheaders", "host"),
    ];
    assert_eq!(payload, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn a_refusal_reaches_the_user_with_permission_expiry_and_clock() {
    let stage = stage(Some(Vec::new()), b"", "[0a1b]: Access denied, an-aws-secret-key");
    let (invoked, logs) = check(&stage, "us-west-2");
    assert!(!invoked.ok, "{invoked:?}");
    for says in [
        "[0a1b]: Access denied, ***",
        "kafka-cluster:Connect",
        "must not have expired",
        "the clock must be right (it signed at 20",
    ] {
        assert!(invoked.body.contains(says), "{says}: {}", invoked.body);
    }
    for output in [&invoked.body, &logs] {
        assert!(!output.contains(KEY) && !output.contains(TOKEN), "{output}");
    }
}

#[test]
fn a_broker_without_a_receipt_is_reported() {
    let (invoked, _) = check(&stage(None, b"", ""), "us-west-2");
    assert!(invoked.body.contains("did not confirm the AWS_MSK_IAM login"), "{invoked:?}");
}

#[test]
fn without_a_region_in_the_name_the_region_of_the_run_counts() {
    let (invoked, _) = check(&stage(None, b"{}", ""), "");
    assert!(invoked.ok, "{invoked:?}");
}
