#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

/// One recorded login: client, broker, client, broker.
struct Recorded {
    hash: ScramHash,
    username: &'static str,
    password: &'static str,
    nonce: &'static str,
    messages: [&'static str; 4],
}

/// RFC 7677, section 3.
const RFC: Recorded = Recorded {
    hash: ScramHash::Sha256,
    username: "user",
    password: "pencil",
    nonce: "rOprNGfwEbeRWgbNEkqO",
    messages: [
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
};

// The next three were recorded between `ScramSaslClient` and `ScramSaslServer` of kafka-clients 3.9.1, in one process.

const KAFKA_256: Recorded = Recorded {
    hash: ScramHash::Sha256,
    username: "alice",
    password: "alice-secret",
    nonce: "1o9a1zt177snomov0hng5jqgy7",
    messages: [
        "n,,n=alice,r=1o9a1zt177snomov0hng5jqgy7",
        "r=1o9a1zt177snomov0hng5jqgy75rnvu1b8014mcii73qyu8a0si,s=MTRvbG83OWptc3JoYXd0ZnR5NXpldDViMDk=,i=4096",
        "c=biws,r=1o9a1zt177snomov0hng5jqgy75rnvu1b8014mcii73qyu8a0si,p=EUITlViQIMOu31qVyfNIZ8Zn6iUxV2guPTmm0fEChKc=",
        "v=iL9bQVV/mImji0os+GW5GgI1kgsawLe7bH2vqqvqRVI=",
    ],
};

const KAFKA_512: Recorded = Recorded {
    hash: ScramHash::Sha512,
    username: "bob",
    password: "bob-secret",
    nonce: "gw5jqxnm5mc6yfxasfakzluo3",
    messages: [
        "n,,n=bob,r=gw5jqxnm5mc6yfxasfakzluo3",
        "r=gw5jqxnm5mc6yfxasfakzluo3hoa0jt3hhjy5sjhf4e564bb1u,s=MTlibGwyOHUyNzZkcTMxMHE1NXBuZDBpNDc=,i=8192",
        "c=biws,r=gw5jqxnm5mc6yfxasfakzluo3hoa0jt3hhjy5sjhf4e564bb1u,p=Z2E54hvRgLxNXKWDTlk+tx1fKZnJurTK+J3gVbfTwPeofX7LMTrGKbgYccjvBm6263UExhlF0o2vjm+x7bEjow==",
        "v=YA++4VemtDgELkFHir3ket0LIRBDJtfkoBTiIP0owLMlJAwUE156QEVmysYo0i/pUvae705OtIzKHU2OswJqyQ==",
    ],
};

/// `SASLprep` would drop the soft hyphen and turn the Roman numeral into two letters; Kafka does neither.
const KAFKA_UNPREPARED: Recorded = Recorded {
    hash: ScramHash::Sha512,
    username: "a=b,c",
    password: "p\u{e4}ss\u{ad}w\u{2168}rd,=",
    nonce: "1iycjox5omxem7hcsdm9pys73p",
    messages: [
        "n,,n=a=3Db=2Cc,r=1iycjox5omxem7hcsdm9pys73p",
        "r=1iycjox5omxem7hcsdm9pys73plkfluk8iuezmcjpg853alujut,s=MWE2a2NhZXR6b3BjOXRsY3p4N2djOTV3cWc=,i=4096",
        "c=biws,r=1iycjox5omxem7hcsdm9pys73plkfluk8iuezmcjpg853alujut,p=rSu6zuJ4+VfY8or9eHqBOe5igHMkc0dIgQhenpB7aeoNDXf6tMLrSnfsm5hyl7ZoNlNmQQepjIE4KAqTkWX3ew==",
        "v=WC6AXVMlwYIrBT3wxBFsJN4ALHiyfKZxIti4XaWjwPI7WeVUzRNsBGc51Meq86SVeOGY10M+lE0r0e0Q5r1fhw==",
    ],
};

fn client(recorded: &Recorded) -> ScramClient {
    knowing(recorded, recorded.password, &Salted::default())
}

fn knowing(recorded: &Recorded, password: &str, salted: &Salted) -> ScramClient {
    let password = Secret::new(password.to_owned());
    let mask = Mask::new([&password]);
    let who = Who { username: recorded.username, password: &password, token: false };
    ScramClient::new(recorded.hash, &who, salted, recorded.nonce, mask)
}

/// The answer to a challenge: what is sent, `done`, or the error.
fn answer(client: &mut ScramClient, challenge: &str) -> String {
    match client.next(challenge.as_bytes()) {
        Ok(Turn::Send(message)) => String::from_utf8(message).unwrap(),
        Ok(Turn::Done) => String::from("done"),
        Err(error) => error.to_string(),
    }
}

fn first_answer(challenge: &str) -> String {
    answer(&mut client(&RFC), challenge)
}

fn last_answer(challenge: &str) -> String {
    let mut client = client(&RFC);
    answer(&mut client, RFC.messages[1]);
    answer(&mut client, challenge)
}

#[test]
fn logins_are_those_of_the_rfc_and_of_kafka() {
    for recorded in [RFC, KAFKA_256, KAFKA_512, KAFKA_UNPREPARED] {
        let mut client = client(&recorded);
        assert_eq!(client.first(), recorded.messages[0].as_bytes());
        assert_eq!(answer(&mut client, recorded.messages[1]), recorded.messages[2]);
        assert_eq!(answer(&mut client, recorded.messages[3]), "done");
    }
}

/// A wrong password shows whether it was checked.
#[test]
fn what_was_derived_for_one_broker_serves_for_the_next_with_the_same_salt() {
    let salted = Salted::default();
    assert_eq!(answer(&mut knowing(&RFC, RFC.password, &salted), RFC.messages[1]), RFC.messages[2]);
    assert_eq!(answer(&mut knowing(&RFC, "wrong", &salted), RFC.messages[1]), RFC.messages[2]);
    for changed in [RFC.messages[1].replace("i=4096", "i=4097"), RFC.messages[1].replace("s=", "s=AAAA")] {
        let fresh = answer(&mut knowing(&RFC, "wrong", &Salted::default()), &changed);
        assert_eq!(answer(&mut knowing(&RFC, "wrong", &salted), &changed), fresh);
    }
    assert_ne!(answer(&mut knowing(&RFC, "wrong", &salted), RFC.messages[1]), RFC.messages[2]);
}

#[test]
fn extensions_after_what_is_known_are_passed_over_but_signed() {
    assert!(first_answer(&format!("{},x=y", RFC.messages[1])).starts_with("c=biws,r="));
    assert_eq!(last_answer(&format!("{},x=y", RFC.messages[3])), "done");
}

#[test]
fn a_broker_that_does_not_know_the_password_is_found_out() {
    let other = last_answer("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert!(other.contains("not the cluster that it claims to be"), "{other}");
    let shorter = last_answer("v=6rriTRBi");
    assert!(shorter.contains("not the cluster that it claims to be"), "{shorter}");
    for missing in ["", "v=", "v=*", "w=6rriTRBi", RFC.messages[1]] {
        let error = last_answer(missing);
        assert!(error.contains("not the cluster") || error.contains("no signature"), "{missing}: {error}");
    }
}

#[test]
fn a_nonce_must_go_on_from_ours() {
    let replayed = first_answer("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assert!(replayed.contains("another SCRAM login than ours"), "{replayed}");
    let ours_alone = first_answer("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assert!(ours_alone.contains("another SCRAM login than ours"), "{ours_alone}");
}

#[test]
fn the_iteration_count_has_bounds() {
    let challenge =
        |count: &str| first_answer(&format!("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={count}"));
    assert!(challenge("4096").starts_with("c=biws"));
    for outside in ["4095", "1000001", "0", "-1", "many", "4294967296", ""] {
        let error = challenge(outside);
        assert!(error.starts_with(&format!("the broker wants {outside} SCRAM iterations")), "{error}");
    }
    assert!(ITERATIONS.contains(&1_000_000));
}

#[test]
fn a_challenge_without_its_fields_cannot_be_read() {
    let cases = [
        ("", "does not begin with a nonce"),
        ("m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=AA==,i=4096", "does not begin with a nonce"),
        ("r=rOprNGfwEbeRWgbNEkqOx", "has no salt"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096", "its salt is not base64"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=AA==", "has no iteration count"),
    ];
    for (challenge, expected) in cases {
        let error = first_answer(challenge);
        assert!(error.ends_with(expected), "{challenge}: {error}");
    }
    assert!(client(&RFC).next(b"\xff").is_err_and(|error| error.to_string().ends_with("it is not text")));
}

#[test]
fn the_brokers_own_error_reaches_the_user_without_the_password() {
    let first = first_answer("e=unknown-user");
    assert!(
        first.starts_with("the broker refused the SCRAM login: unknown-user: check KAFKA_SASL_USERNAME"),
        "{first}"
    );
    let last = last_answer("e=invalid-proof for pencil");
    assert!(last.starts_with("the broker refused the SCRAM login: invalid-proof for ***: check"), "{last}");
}

#[test]
fn a_nonce_is_printable_and_has_no_comma() {
    assert_eq!(nonce([0xfb; 24]), "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7");
}

proptest! {
    #[test]
    fn no_challenge_makes_it_panic(first in ".{0,60}", second in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut client = client(&RFC);
        let _ = client.next(first.as_bytes());
        prop_assert!(client.next(&second) != Ok(Turn::Done));
    }

    #[test]
    fn no_salt_or_count_makes_it_panic(salt in "[A-Za-z0-9+/=]{0,12}", count in "[0-9]{0,3}|[0-9]{9,12}") {
        let mut client = client(&RFC);
        let _ = client.next(format!("r=rOprNGfwEbeRWgbNEkqOx,s={salt},i={count}").as_bytes());
    }
}

#[test]
fn a_delegation_token_is_announced_in_the_first_message() {
    let password = Secret::new("aG1hYw==".to_owned());
    let who = Who { username: "tokenid", password: &password, token: true };
    let client = ScramClient::new(ScramHash::Sha256, &who, &Salted::default(), "nonce", Mask::new([&password]));
    assert_eq!(client.first(), b"n,,n=tokenid,r=nonce,tokenauth=true");
}
