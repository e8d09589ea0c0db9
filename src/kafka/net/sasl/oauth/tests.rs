#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn secret(value: &str) -> Secret {
    Secret::new(value.to_owned())
}

fn message(token: &str, extensions: &[(&str, &str)]) -> Result<String, String> {
    let extensions: Vec<_> = extensions.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let first = first(&secret(token), &extensions).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(first).unwrap())
}

fn jwt(claims: &str) -> Secret {
    secret(&format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(claims)))
}

/// The example of RFC 7628, section 4.1, without the host and port that Kafka's client does not send.
#[test]
fn the_message_is_that_of_the_rfc() {
    assert_eq!(
        message("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", &[]).unwrap(),
        "n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    );
}

/// The pair that Confluent Cloud asks for.
#[test]
fn extensions_follow_the_token_in_their_order() {
    let sent = message("t", &[("logicalCluster", "lkc-1"), ("identityPoolId", "pool-2")]).unwrap();
    assert_eq!(sent, "n,,\x01auth=Bearer t\x01logicalCluster=lkc-1\x01identityPoolId=pool-2\x01\x01");
}

#[test]
fn what_cannot_be_sent_is_refused_here() {
    assert!(message("", &[]).is_err_and(|error| error.contains("set KAFKA_SASL_OAUTHBEARER_TOKEN")));
    for token in ["two words", "quoted\"", "line\n", "\x01auth=Bearer other", "t\u{fc}"] {
        assert!(
            message(token, &[]).is_err_and(|error| error.contains("RFC 6750") && !error.contains(token)),
            "{token}"
        );
    }
    for (key, value) in [("", "v"), ("auth", "v"), ("a1", "v"), ("k", ""), ("k", "v\x01"), ("k", "\u{fc}")] {
        assert!(message("t", &[(key, value)]).is_err_and(|error| error.contains("_EXTENSIONS")), "{key}={value}");
    }
}

#[test]
fn an_empty_answer_is_success() {
    assert!(TokenClient::new(Mask::new([])).next(b"") == Ok(Turn::Done));
}

/// The failure is the example of RFC 7628, section 4.3.
#[test]
fn a_failure_is_acknowledged_and_remembered() {
    let mut client = TokenClient::new(Mask::new([&secret("t0ken")]));
    let said = br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#;
    assert!(client.next(said) == Ok(Turn::Send(b"\x01".to_vec())));
    let failure = client.refused.as_ref().unwrap();
    assert_eq!((&*failure.words, failure.scope.as_deref()), ("invalid_token", Some("example_scope")));
    assert_eq!(client.next(b"").err().unwrap().to_string(), "the broker refused the OAUTHBEARER token: invalid_token");
}

#[test]
fn a_failure_that_is_no_json_is_reported_as_it_is_without_the_token() {
    let mut client = TokenClient::new(Mask::new([&secret("t0ken")]));
    assert!(client.next(b"bad token t0ken\xff") == Ok(Turn::Send(b"\x01".to_vec())));
    let failure = client.refused.as_ref().unwrap();
    assert_eq!((&*failure.words, failure.scope.as_deref()), ("bad token ***\u{fffd}", None));
}

#[test]
fn an_expired_token_is_reported_to_be_one() {
    assert_eq!(
        hint(&jwt(r#"{"exp":1764547200}"#), 1_764_547_200),
        "the token expired at 2025-12-01T00:00:00Z: get a new one"
    );
    assert_eq!(
        hint(&jwt(r#"{"exp":1764547200.9}"#), 1_764_547_201),
        "the token expired at 2025-12-01T00:00:00Z: get a new one"
    );
    for alive in
        [jwt(r#"{"exp":1764547201}"#), jwt(r#"{"exp":1e300}"#), jwt(r#"{"exp":"soon"}"#), jwt("{}"), secret("opaque")]
    {
        assert!(hint(&alive, 1_764_547_200).starts_with("check that the token"));
    }
}

proptest! {
    #[test]
    fn no_challenge_makes_it_panic(first in prop::collection::vec(any::<u8>(), 0..60), second in ".{0,60}") {
        let mut client = TokenClient::new(Mask::new([]));
        let begun = client.next(&first);
        prop_assert!(begun.is_ok());
        let _ = client.next(second.as_bytes());
    }

    #[test]
    fn no_token_makes_the_hint_panic(token in ".{0,60}", claims in ".{0,40}", now in any::<i64>()) {
        let _ = hint(&secret(&token), now);
        let _ = hint(&jwt(&claims), now);
    }
}
