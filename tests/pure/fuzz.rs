//! Parsers of files and events with random texts: none panics, none shows a secret, none uses too much.
//!
//! Sums are checked in tests, so one that wraps is a panic. The readers of brokers' answers have their own in `src/kafka/protocol/guard`,
//! the issuer's in `src/aws/secrets/token.rs`, the tables in `src/cli/table/text.rs` and `src/preflight/table.rs`.

use meerkat::config::properties::{self, Lookup};
use meerkat::config::{Config, from_burrow};
use meerkat::event::Request;
use meerkat::keystore::Sealed;
use meerkat::model::secret::Secret;

use crate::fuzzing::{Choice, HOSTILE, each};
use crate::keystores::{file, in_ber};

/// It is wherever a secret may be.
const SECRET: &str = "hunter2hunter2";

#[track_caller]
fn hides(reported: &str, input: &str) {
    assert!(!reported.contains(SECRET), "{input:?} is reported as {reported}");
}

#[test]
fn properties_and_logins_are_read_or_refused_without_a_secret() {
    const PIECES: &[&str] = &[
        "security.protocol",
        "sasl.mechanism",
        "sasl.jaas.config",
        "ssl.keystore.key",
        "ssl.keystore.certificate.chain",
        "client.id",
        "bootstrap.servers",
        "ssl.truststore.location",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.password",
        "config.providers.x.class",
        "=",
        "=",
        ":",
        " ",
        "\t",
        "\u{c}",
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "\\\\",
        "\\\n",
        "\\u0041",
        "\\u12",
        "\\ud83d",
        "\\ude00",
        "#",
        "!",
        ",",
        "SASL_SSL",
        "PLAIN",
        "org.apache.kafka.common.security.plain.PlainLoginModule",
        "a.ScramLoginModule",
        " required ",
        "username",
        "password",
        "\"",
        "'",
        ";",
        "/*",
        "*/",
        "//",
        "/",
        "-",
        "1",
        ".5",
        "${env:A}",
        "${file:/a:k}",
        "${x:y}",
        "${",
        "}",
        "b:1",
        SECRET,
        SECRET,
        "-----BEGIN PRIVATE KEY-----",
        "ä",
        "😀",
        "\0",
    ];
    let look_up = |_: &Lookup| Ok(SECRET.to_owned());
    each(20_000, |choice| {
        let mut text = choice.text(PIECES, 24);
        if choice.below(3) == 0 {
            text.insert_str(0, "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ");
        }
        let (text, _) =
            properties::decoded(if choice.below(4) == 0 { choice.mutated(text.as_bytes()) } else { text.into() });
        match properties::parse(&text, &look_up) {
            Err(error) => hides(&error.to_string(), &text),
            Ok(found) => {
                hides(&format!("{found:?}"), &text);
                let named = |name: &str| matches!(name, "KAFKA_SSL_TRUSTSTORE" | "KAFKA_BOOTSTRAP_SERVERS");
                // A path and an address are shown, and are no secret where they are nothing else.
                if !found.variables.iter().any(|(name, value)| named(name) && value.contains(SECRET)) {
                    let config = Config::parse(found.variables);
                    hides(&config.err().map(|error| error.to_string()).unwrap_or_default(), &text);
                }
            }
        }
    });
}

#[test]
fn a_burrow_configuration_is_translated_or_refused_without_its_password() {
    let base = format!(
        "[general]\npidfile=\"burrow.pid\"\n[zookeeper]\nservers=[\"z:2181\"]\n[cluster.a]\nclass-name=\"kafka\"\nservers=[\"b:1\"]\n\
         client-profile=\"p\"\n[client-profile.p]\ntls=\"t\"\nsasl=\"s\"\n[tls.t]\ncafile=\"/ca\"\nnoverify=true\n[sasl.s]\nmechanism=\"PLAIN\"\n\
         username=\"u\"\npassword=\"{SECRET}\"\n[consumer.c]\ncluster=\"a\"\ngroup-allowlist=\"^(a|b.*)$\"\n[notifier.n]\npassword=\"{SECRET}\"\n"
    );
    let pieces = ["(", ")", "|", ".*", "a", "^", "$", "[", "\\\\", "?", "{2}", "+", "(?:", "*", ","];
    each(5_000, |choice| {
        let text = base.replace("^(a|b.*)$", &choice.text(&pieces, 12));
        // Letters are left as they are, so that a password stays where it was.
        let text = mutated_around(choice, &text);
        let reported = match from_burrow::translate(&text) {
            Ok(translation) => translation.text,
            Err(error) => meerkat::base::fault::sentence(&error),
        };
        // A password under another key is no password any more.
        let secrets = text.lines().filter(|line| line.contains(SECRET));
        if secrets.clone().all(|line| line.starts_with("password")) {
            hides(&reported, &text);
        }
        let mut comments = reported.lines().filter(|line| line.starts_with('#'));
        assert!(comments.all(|line| !line.chars().any(char::is_control)), "{reported:?}");
    });
}

/// A few signs more or fewer between the letters.
fn mutated_around(choice: &mut Choice, text: &str) -> String {
    const SIGNS: &[&str] = &["\"", "\n", "[", "]", "=", ".", " ", "#", "'", "\\", "{", "}", ",", "\u{1b}"];
    let mut text = text.to_owned();
    for _ in 0..choice.below(5) {
        let at = choice.below(text.len());
        let letter = |at: usize| text.as_bytes()[at].is_ascii_alphanumeric();
        if text.is_char_boundary(at) && !(letter(at) && at > 0 && letter(at - 1)) {
            match choice.below(2) {
                0 => text.insert_str(at, choice.of(SIGNS)),
                _ if !letter(at) => drop(text.remove(at)),
                _ => {}
            }
        }
    }
    text
}

#[test]
fn a_store_opens_or_is_refused_with_a_sentence() {
    let names = [
        "java.jks",
        "trust.jks",
        "two.jks",
        "open.p12",
        "java.p12",
        "openssl.p12",
        "old.p12",
        "aes.key",
        "ca.pem",
        "ca.der",
    ];
    let mut stores: Vec<Vec<u8>> = names.into_iter().map(file).collect();
    stores.push(in_ber(&file("openssl.p12")));
    stores.push([file("client.pem"), file("client.key")].concat());
    each(150, |choice| {
        let store = stores[choice.below(stores.len())].clone();
        let bytes = choice.mutated(&store);
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        // Key derivation is slow in a test, so most are tried without a password.
        let password = if choice.below(5) == 0 { secret("hunter2") } else { None };
        let sealed =
            Sealed { variable: "KAFKA_SSL_KEYSTORE", bytes, form: None, password, key_password: secret("hunter3") };
        for error in [sealed.authorities().err(), sealed.identity().err()].into_iter().flatten() {
            let reported = error.to_string();
            assert!(reported.starts_with("KAFKA_SSL_KEYSTORE ") && !reported.contains("hunter"), "{reported}");
        }
    });
}

#[test]
fn an_event_is_understood_or_refused_in_few_words() {
    const VALUES: &[&str] = &[
        "null",
        "true",
        "7",
        "-1",
        "1e400",
        "18446744073709551616",
        "\"\"",
        "\"a\"",
        "[]",
        "[\"a\",\"a\"]",
        "{}",
        "[{}]",
        "\"2026-11-23T01:05:00Z\"",
        "\"+262143-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:60Z\"",
        "\"1/1\"",
        "\"4294967296/4294967296\"",
        "\"all\"",
        "\"burrow\"",
        "\"history\"",
        "\"preflight\"",
        "\"\\u001b[2J\"",
        "\"/v3/kafka/a/consumer/%ff/lag\"",
        "\"/v3/kafka/p/consumer/g/status\"",
        "\"\\ud83d\"",
        "{\"theme\":\"dark\"}",
        "{\"timeRange\":{\"start\":-9223372036854775808,\"end\":9223372036854775807}}",
        "{\"http\":{\"method\":\"GET\"},\"stage\":\"v3\"}",
        "{\"width\":0}",
    ];
    const KEYS: &[&str] = &[
        "mode",
        "group",
        "groups",
        "minutes",
        "scheduled",
        "part",
        "detail",
        "format",
        "view",
        "against",
        "history",
        "publish",
        "now",
        "execution",
        "attempt",
        "source",
        "detail-type",
        "time",
        "rawPath",
        "requestContext",
        "widgetContext",
        "describe",
        "gruops",
        "\\u001b]0;x\\u0007",
    ];
    each(20_000, |choice| {
        let keys: Vec<String> =
            (0..choice.below(6)).map(|_| format!("\"{}\":{}", choice.of(KEYS), choice.of(VALUES))).collect();
        let own = format!("{{{}}}", keys.join(","));
        let event = match choice.below(4) {
            0 => format!(
                "{{\"source\":\"aws.events\",\"detail-type\":\"x\",\"time\":{},\"detail\":{own}}}",
                choice.of(VALUES)
            ),
            1 => String::from_utf8_lossy(&choice.mutated(own.as_bytes())).into_owned(),
            _ => own,
        };
        if let Err(error) = Request::parse(&event) {
            assert!(error.to_string().chars().count() < 1_000, "{event}: {error}");
        }
    });
}

#[test]
fn a_hostile_name_in_an_event_is_a_name() {
    each(2_000, |choice| {
        let name = choice.text(HOSTILE, 8);
        let event = serde_json::json!({ "groups": [name] }).to_string();
        assert!(Request::parse(&event).is_ok(), "{event}");
    });
}
