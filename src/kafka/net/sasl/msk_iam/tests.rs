#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use super::*;

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const TEMPORARY: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn payload(access_key: &str, token: Option<&str>, region: &str, host: &str, at: i64) -> BTreeMap<String, String> {
    let secret_key = Secret::new(SECRET_KEY.to_owned());
    let token = token.map(|token| Secret::new(token.to_owned()));
    let key = SigningKey { id: access_key, secret: &secret_key, token: token.as_ref(), region };
    serde_json::from_slice(&key.sign(host, at).unwrap().payload()).unwrap()
}

/// Ours with the recorded user agent, which is free to choose and not signed.
fn assert_same(mut ours: BTreeMap<String, String>, recorded: &str) {
    assert_eq!(
        ours.insert("user-agent".into(), "meerkat/1.0".into()).unwrap(),
        format!("meerkat/{}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(ours, serde_json::from_str(recorded).unwrap());
}

// The next two are what `AWS4SignedPayloadGenerator` of aws-msk-iam-auth 2.3.5 (Maven) made at that second.

#[test]
fn an_access_key_signs_as_the_official_java_client_does() {
    let host = "b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com";
    assert_same(
        payload(ACCESS_KEY, None, "eu-west-1", host, 1_795_403_019),
        r#"{"x-amz-date":"20261123T030339Z","x-amz-signedheaders":"host","x-amz-signature":"42df31bcb649768dabd52d92fd258d92e3acd0eb56d1225a60f1a0cc50b13966","host":"b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com","action":"kafka-cluster:Connect","x-amz-expires":"900","version":"2020_10_22","x-amz-algorithm":"AWS4-HMAC-SHA256","x-amz-credential":"AKIAIOSFODNN7EXAMPLE/20261123/eu-west-1/kafka-cluster/aws4_request","user-agent":"meerkat/1.0"}"#,
    );
}

#[test]
fn temporary_credentials_sign_as_the_official_java_client_does() {
    let host = "boot-x1y2.c3.kafka-serverless.us-east-1.amazonaws.com";
    assert_same(
        payload(TEMPORARY, Some("IQoJb3JpZ2luX2VjE+/a=b c~d%e=="), "us-east-1", host, 1_795_403_019),
        r#"{"x-amz-date":"20261123T030339Z","x-amz-signedheaders":"host","x-amz-signature":"98a08f34c64538c565dc88c7dc72b73f6576d730b524c55e0085bad26b3e8cfe","host":"boot-x1y2.c3.kafka-serverless.us-east-1.amazonaws.com","action":"kafka-cluster:Connect","x-amz-expires":"900","x-amz-security-token":"IQoJb3JpZ2luX2VjE+/a=b c~d%e==","version":"2020_10_22","x-amz-algorithm":"AWS4-HMAC-SHA256","x-amz-credential":"ASIAIOSFODNN7EXAMPLE/20261123/us-east-1/kafka-cluster/aws4_request","user-agent":"meerkat/1.0"}"#,
    );
}

/// What `generate_auth_token_from_credentials_provider` of aws-msk-iam-sasl-signer-python 1.0.2 (botocore 1.44.5) put into its URL.
#[test]
fn the_signature_is_that_of_the_official_python_signer() {
    let host = "kafka.us-west-2.amazonaws.com";
    let ours = payload(TEMPORARY, Some("IQoJb3JpZ2luX2VjE+/a=b~d%e=="), "us-west-2", host, 1_795_403_021);
    assert_eq!(ours["x-amz-date"], "20261123T030341Z");
    assert_eq!(ours["x-amz-signature"], "af06201bfca065830c5b752e269a09019f7d5e242d77e16c0595c4167cdf6a43");
}

#[test]
fn the_region_is_in_the_brokers_name() {
    let cases = [
        ("b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com", Some("eu-west-1")),
        ("b-1-public.orders.abc123.c2.kafka.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
        ("boot-x1y2.c3.kafka-serverless.us-east-1.amazonaws.com", Some("us-east-1")),
        ("b-1.orders.abc123.c2.kafka.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
        ("kafka.orders.abc123.c2.example", None),
        ("kafka.internal", None),
        ("kafka", None),
        ("127.0.0.1", None),
        ("", None),
    ];
    for (host, expected) in cases {
        assert_eq!(region(host), expected, "{host}");
    }
    let named_kafka = "b-1.kafka.abc123.c2.kafka.eu-west-1.amazonaws.com";
    assert_eq!(region(named_kafka), Some("eu-west-1"));
}

#[test]
fn a_clock_that_is_no_time_and_a_host_that_is_no_name_are_reported() {
    let secret = Secret::new(SECRET_KEY.to_owned());
    let key = SigningKey { id: ACCESS_KEY, secret: &secret, token: None, region: "eu-west-1" };
    let error = |host, at| key.sign(host, at).map(|_| ()).unwrap_err().to_string();
    assert!(error("kafka.us-west-2.amazonaws.com", i64::MAX).contains("clock is wrong"));
    let unsigned = error("not a host", 1_795_403_019);
    assert!(unsigned.contains("not a host") && !unsigned.contains(SECRET_KEY), "{unsigned}");
}
