#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

const MOMENT: Moment<'static> =
    Moment { host: "b-1.a.b.c2.kafka.eu-west-1.amazonaws.com", unix_seconds: 1_795_403_019, nonce: [7; 24] };

const SECRET: &str = "hunter2/hunter2";

fn secret() -> Secret {
    Secret::new(SECRET.to_owned())
}

fn plain() -> Login {
    Login::Plain { username: "alice".into(), password: secret() }
}

fn scram(hash: ScramHash) -> Login {
    Login::Scram { hash, username: "alice".into(), password: secret(), token: false, salted: Salted::default() }
}

fn oauth() -> Login {
    Login::OauthBearer { token: secret(), extensions: Vec::new() }
}

fn msk_iam() -> Login {
    Login::MskIam {
        access_key: "AKIA".into(),
        secret_key: secret(),
        session_token: Some(secret()),
        region: None,
        own_region: None,
    }
}

fn all() -> [Login; 5] {
    [plain(), scram(ScramHash::Sha256), scram(ScramHash::Sha512), oauth(), msk_iam()]
}

fn begun(login: &Login) -> Exchange {
    let (exchange, first) = login.begin(&MOMENT).unwrap();
    assert!(!first.is_empty());
    exchange
}

#[test]
fn mechanisms_have_their_registered_names() {
    assert_eq!(
        all().map(|login| login.mechanism()),
        ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]
    );
}

#[test]
fn plain_is_one_message() {
    let (mut exchange, first) = plain().begin(&MOMENT).unwrap();
    assert_eq!(first, format!("\0alice\0{SECRET}").as_bytes());
    assert!(exchange.next(b"") == Ok(Turn::Done));
    assert!(exchange.next(b"").is_err());
}

#[test]
fn scram_begins_with_the_nonce_it_was_given() {
    let (_, first) = scram(ScramHash::Sha512).begin(&MOMENT).unwrap();
    assert_eq!(first, b"n,,n=alice,r=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH");
}

#[test]
fn msk_iam_wants_a_receipt() {
    assert!(begun(&msk_iam()).next(b"").is_err_and(|error| error == LoginError::NoReceipt));
    assert!(begun(&msk_iam()).next(br#"{"version":"2020_10_22","request-id":"1"}"#) == Ok(Turn::Done));
}

#[test]
fn msk_iam_names_the_variable_if_the_name_has_no_region() {
    let elsewhere = Moment { host: "broker.internal", ..MOMENT };
    let error = msk_iam().begin(&elsewhere).err().unwrap().to_string();
    assert_eq!(error, "the broker's name broker.internal does not contain its region: set KAFKA_SASL_AWS_REGION");
    let set = Login::MskIam {
        access_key: "AKIA".into(),
        secret_key: secret(),
        session_token: None,
        region: Some("eu-north-1".into()),
        own_region: Some("us-east-1".into()),
    };
    let region = |login: &Login, moment: &Moment<'_>, region: &str| {
        let first = String::from_utf8(login.begin(moment).unwrap().1).unwrap();
        assert!(first.contains(&format!("/{region}/kafka-cluster/")), "{first}");
    };
    region(&set, &elsewhere, "eu-north-1");
    // Otherwise the broker's name counts, and last the Region of the run.
    let Login::MskIam { access_key, secret_key, session_token, own_region, .. } = set else { unreachable!() };
    let unset = Login::MskIam { access_key, secret_key, session_token, region: None, own_region };
    region(&unset, &elsewhere, "us-east-1");
    let named = Moment { host: "b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com", ..MOMENT };
    region(&unset, &named, "eu-west-1");
}

#[test]
fn empty_and_unsendable_credentials_are_refused_here() {
    let refused = |username: &str, password: &str| {
        let login = Login::Plain { username: username.into(), password: Secret::new(password.into()) };
        login.begin(&MOMENT).err().unwrap().to_string()
    };
    assert!(refused("", "p").starts_with("the SASL user name is empty"));
    assert!(refused("u", "").starts_with("the SASL password is empty"));
    assert!(refused("u\0", "p").starts_with("the SASL user name has a NUL"));
    assert!(refused("u", "p\0q").starts_with("the SASL password has a NUL"));
}

#[test]
fn a_refusal_has_the_brokers_words_and_the_way_out() {
    let cases = [
        (plain(), "KAFKA_SASL_PASSWORD, or what KAFKA_SASL_SECRET refers to"),
        (scram(ScramHash::Sha512), "and that the user has SCRAM-SHA-512 credentials"),
        (oauth(), "the issuer, the audience and the scope"),
        (msk_iam(), "kafka-cluster:Connect"),
    ];
    for (login, way_out) in cases {
        let refusal = begun(&login).refusal(Some("Authentication failed"));
        assert!(refusal.starts_with("Authentication failed: ") && refusal.contains(way_out), "{refusal}");
        assert!(begun(&login).refusal(None).starts_with("no reason given: "));
        assert!(begun(&login).refusal(Some(" ")).starts_with("no reason given: "));
    }
}

/// The failure, and the error text that repeats it, are those of `OAuthBearerSaslServer` of kafka-clients 3.9.1 for a token
/// without the scope `kafka`.
#[test]
fn a_refused_token_is_reported_by_the_failure_and_its_scope() {
    let failure = r#"{"status":"insufficient_scope", "scope":"[kafka]"}"#;
    let expected = "insufficient_scope; it asks for the scope [kafka]: check that the token";
    for said in [Some(failure), None] {
        let mut exchange = begun(&oauth());
        assert!(exchange.next(failure.as_bytes()) == Ok(Turn::Send(b"\x01".to_vec())));
        assert!(exchange.refusal(said).starts_with(expected), "{}", exchange.refusal(said));
    }
}

/// The same server's words for a token that expired in 2025.
#[test]
fn an_expired_token_is_reported_with_its_time() {
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiaWF0IjoxLCJleHAiOjE3NjQ1NDcyMDB9.";
    let mut exchange = begun(&Login::OauthBearer { token: Secret::new(token.into()), extensions: Vec::new() });
    let failure = r#"{"status":"invalid_token"}"#;
    assert!(exchange.next(failure.as_bytes()) == Ok(Turn::Send(b"\x01".to_vec())));
    let refusal = exchange.refusal(Some(failure));
    assert_eq!(refusal, "invalid_token: the token expired at 2025-12-01T00:00:00Z: get a new one");
}

proptest! {
    #[test]
    fn no_challenge_makes_it_panic_or_shows_a_secret(
        challenges in prop::collection::vec(prop_oneof![".{0,40}", Just(format!("e={SECRET}")), Just(SECRET.to_owned())], 1..4),
    ) {
        for login in all() {
            let debug = format!("{login:?}");
            prop_assert!(!debug.contains(SECRET), "{}", debug);
            let mut exchange = begun(&login);
            for challenge in &challenges {
                if let Err(error) = exchange.next(challenge.as_bytes()) {
                    prop_assert!(!error.to_string().contains(SECRET), "{}", error);
                }
                let refusal = exchange.refusal(Some(challenge));
                prop_assert!(!refusal.contains(SECRET), "{}", refusal);
            }
        }
    }
}
