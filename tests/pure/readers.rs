//! The readers of Java's formats beside Java's own, and the advice on stores beside OpenSSL's own reader: `make test-readers`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use meerkat::config::properties;
use meerkat::keystore::Sealed;
use meerkat::model::secret::Secret;

use crate::fuzzing::{Choice, each};
use crate::keystores::{file, in_ber};

/// Java's result for each of these; `None` if it refuses.
fn java(reader: &str, texts: &[String]) -> Vec<Option<BTreeMap<String, String>>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/Readers.java");
    let mut command = Command::new("java");
    let mut child = command.arg(source).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Java 17");
    let lines: Vec<String> = texts.iter().map(|text| format!("{reader} {}\n", hex::encode(text))).collect();
    let lines = lines.concat();
    let mut input = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("an answer");
    writer.join().expect("a thread").expect("everything is read");
    let text = |digits: &str| String::from_utf8(hex::decode(digits).expect("digits")).expect("UTF-8");
    let answers = String::from_utf8(output.stdout).expect("ASCII");
    let read = answers.lines().map(|line| {
        let pairs = line.strip_prefix("read")?.split_whitespace();
        Some(
            pairs
                .map(|pair| pair.split_once(':').expect("a pair"))
                .map(|(key, value)| (text(key), text(value)))
                .collect(),
        )
    });
    let read: Vec<_> = read.collect();
    assert_eq!(read.len(), texts.len(), "each has an answer");
    read
}

fn texts(make: impl Fn(&mut Choice) -> String) -> Vec<String> {
    let mut texts = Vec::new();
    each(20_000, |choice| texts.push(make(choice)));
    texts
}

#[test]
#[ignore = "takes Java: make test-readers"]
fn properties_are_what_java_loads() {
    let pieces = [
        "a",
        "b.c",
        "key",
        "=",
        ":",
        " ",
        "\t",
        "\u{c}",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "\\\\",
        "\\\n",
        "\\\r\n",
        "\\u0041",
        "\\u12g4",
        "\\u+123",
        "\\ud83d\\ude00",
        "#",
        "!",
        "\\n",
        "\\=",
        "\\ ",
        "ä",
        "😀",
        "\u{a0}",
        "\u{85}",
        "\0",
        "\\u00fc",
    ];
    let texts = texts(|choice| choice.text(&pieces, 14));
    let mut read = 0;
    for (text, expected) in texts.iter().zip(java("properties", &texts)) {
        let Some(expected) = expected else {
            assert!(properties::value(text, "").is_err(), "{text:?} is refused by Java");
            continue;
        };
        // Half of a surrogate pair is a character of Java's, and a question mark once it is sent.
        if expected.iter().any(|(key, value)| key.contains('?') || value.contains('?')) {
            assert!(properties::value(text, "").is_err(), "{text:?}");
            continue;
        }
        for (key, value) in &expected {
            assert_eq!(properties::value(text, key).as_ref(), Ok(&Some(value.clone())), "{text:?} {key:?}");
            read += 1;
        }
        for key in ["a", "b.c", "key", "A", ""] {
            assert_eq!(
                properties::value(text, key).as_ref().map(Option::as_ref),
                Ok(expected.get(key)),
                "{text:?} {key:?}"
            );
        }
    }
    assert!(read > 1_000, "{read} were compared");
}

#[test]
#[ignore = "takes Java: make test-readers"]
fn logins_are_what_java_reads() {
    let values = [
        "u",
        "p-1_$",
        "a.b",
        "ä€😀",
        "\"a b\"",
        "'c\"d'",
        "\"\\n\\101\\0\\477\\q\\\\\"",
        "\"\"",
        "\"  p \"",
        "\"open\n",
        "7",
        "-5",
        "-",
        "5x",
        "x;y",
        "x=y",
        "x/y",
        "'\\'",
        "\"\u{85}\"",
        "a\u{85}b",
        "x+y",
        "\"a\rb\"",
    ];
    let blanks = ["", "", "", " ", "\n", " /* x */ ", "/**/", " // y\n", " / z\n", "\t", "/\n"];
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule required ";
    let texts = texts(|choice| {
        let mut text = String::new();
        for _ in 0..choice.below(4) {
            let name = choice.of(&["username", "password", "other", "-x", "'username'"]);
            let [before, between, behind] = [(); 3].map(|()| choice.of(&blanks));
            text.extend([name, before, "=", between, choice.of(&values), behind, " "]);
        }
        text.push_str(choice.of(&[";", ";", ";", ";", "", "; x", ";;", "; // z", "/*", "; /"]));
        let text = if choice.below(10) == 0 {
            String::from_utf8_lossy(&choice.mutated(text.as_bytes())).into_owned()
        } else {
            text
        };
        format!("{module}{text}").trim().to_owned()
    });
    let mut read = 0;
    for (text, expected) in texts.iter().zip(java("jaas", &texts)) {
        // As a line of a file, with everything escaped that a line cannot hold.
        let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
        let found = properties::parse(&format!("sasl.jaas.config={escaped}"), &|_| Ok(String::new()));
        let account = |variables: Vec<(String, String)>| -> BTreeMap<String, String> {
            let names = [("KAFKA_SASL_USERNAME", "username"), ("KAFKA_SASL_PASSWORD", "password")];
            let option =
                |name: &str| names.iter().find(|(variable, _)| *variable == name).expect("an option").1.to_owned();
            variables.into_iter().map(|(name, value)| (option(&name), value)).collect()
        };
        let found = found.ok().map(|found| account(found.variables));
        let known = |mut all: BTreeMap<String, String>| {
            all.retain(|name, _| name == "username" || name == "password");
            all
        };
        read += expected.iter().map(BTreeMap::len).sum::<usize>();
        assert_eq!(found, expected.map(known), "{text:?}");
    }
    assert!(read > 1_000, "{read} were compared");
}

#[test]
#[ignore = "takes OpenSSL 3: make test-readers"]
fn the_command_that_is_named_converts_what_is_not_read() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sealed = |bytes: Vec<u8>, password: Option<&str>| {
        let password = password.map(|password| Secret::new(password.to_owned()));
        Sealed { variable: "KAFKA_SSL_KEYSTORE", bytes, form: None, password, key_password: None }
    };
    for (name, bytes) in [
        ("ber", in_ber(&file("openssl.p12"))),
        ("md5des", file("md5des.p12")),
        ("rc4", file("rc4.p12")),
        ("old", in_ber(&file("old.p12"))),
    ] {
        let reported = sealed(bytes.clone(), Some("hunter2")).identity().expect_err(name).to_string();
        let (_, command) = reported.split_once("write it again with ").expect("a command");
        let (command, _) = command.split_once(", and name FILE.pem").expect("its end");
        std::fs::write(folder.join("FILE"), bytes).expect("a file");
        let words: Vec<&str> = command.split(' ').chain(["-passin", "pass:hunter2"]).collect();
        let done = Command::new(words[0]).args(&words[1..]).current_dir(&folder).output().expect("OpenSSL 3");
        assert!(done.status.success(), "{name}: {command}: {done:?}");
        let converted = std::fs::read(folder.join("FILE.pem")).expect("a file");
        assert_eq!(sealed(converted, None).identity().expect(name).key().cert.len(), 2, "{name}");
    }
}
