//! Tokens for client credentials, from an issuer that is a double.

use meerkat::aws::secrets::TokenRequest;
use meerkat::keystore::{Authorities, Sealed};
use meerkat::model::secret::Secret;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

const TOKEN: Answer<'static> =
    Answer { status: 200, body: r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":300}"# };

fn request(origin: &str) -> TokenRequest {
    TokenRequest {
        endpoint: format!("{origin}/oauth/token?tenant=a"),
        client_id: "meerkat".into(),
        client_secret: Secret::new("hunter2".into()),
        scope: Some("kafka read".into()),
        header_urlencode: false,
        ca: None,
    }
}

fn authorities(pem: String) -> Authorities {
    let variable = "KAFKA_SSL_TRUSTSTORE";
    let sealed = Sealed { variable, bytes: pem.into_bytes(), form: None, password: None, key_password: None };
    sealed.authorities().unwrap()
}

async fn asked(request: &TokenRequest) -> String {
    match Door::new(WAIT).token(request).await {
        Ok(token) => format!("{} for {:?}", token.token.expose(), token.lifetime),
        Err(error) => spelled(&error),
    }
}

#[tokio::test]
async fn client_credentials_become_a_token() {
    let double = Double::start(&[TOKEN]).await;
    assert_eq!(asked(&request(&double.origin)).await, "t0ken for Some(300s)");
    let seen = double.seen().await.remove(0);
    assert!(seen.starts_with("POST /oauth/token?tenant=a HTTP/1.1\r\n"), "{seen}");
    // meerkat:hunter2
    assert!(seen.contains("authorization: Basic bWVlcmthdDpodW50ZXIy\r\n"), "{seen}");
    assert!(seen.contains("content-type: application/x-www-form-urlencoded\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka%20read"), "{seen}");
}

#[tokio::test]
async fn a_refusal_has_the_issuers_words_and_the_way_out() {
    let cases = [
        (
            400,
            r#"{"error":"invalid_client","error_description":"no hunter2"}"#,
            "no ***: check KAFKA_SASL_OAUTHBEARER_CLIENT_ID",
        ),
        (401, "", "HTTP status 401: check KAFKA_SASL_OAUTHBEARER_CLIENT_ID"),
        (400, r#"{"error":"invalid_scope"}"#, "invalid_scope: check KAFKA_SASL_OAUTHBEARER_SCOPE"),
        (400, r#"{"error":"unsupported_grant_type"}"#, "let the issuer allow client credentials"),
        (404, "<html>", "HTTP status 404: check KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"),
        (302, "", "HTTP status 302: check KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"),
        (200, r#"{"token":"hunter2"}"#, "its answer has no access_token"),
        (200, "hunter2", "its answer has no access_token"),
    ];
    for (status, body, expected) in cases {
        let double = Double::start(&[Answer { status, body }]).await;
        let error = asked(&request(&double.origin)).await;
        assert!(error.contains(&double.origin) && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_secret_is_not_sent_in_the_clear() {
    let error = asked(&request("http://issuer.example")).await;
    assert!(error.contains("it must be an https URL"), "{error}");
}

#[tokio::test]
async fn an_issuer_may_be_trusted_by_the_truststore() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let double = Double::start_tls(&[TOKEN], tls).await;

    let strange = asked(&request(&double.origin)).await;
    assert!(strange.contains("no answer from") && strange.contains("UnknownIssuer"), "{strange}");
    let trusting = TokenRequest { ca: Some(authorities(cert.pem())), ..request(&double.origin) };
    assert_eq!(asked(&trusting).await, "t0ken for Some(300s)");
    assert_eq!(double.seen().await.len(), 1);
}
