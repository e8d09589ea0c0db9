//! A secret in the wrong place: it is in every variable and in every value of every file, and no output shows it.

use std::path::{Path, PathBuf};

use meerkat::config::variables::VARIABLES;

use crate::surroundings::Program;

/// A word that no expected output contains.
const SECRET: &str = "hunter2hunter2";

/// What reports show because people named it: groups, topics, the cluster, namespaces, files, users and hosts.
const NAMES: &[&str] = &[
    "KAFKA_COMMAND_CONFIG",
    "KAFKA_SASL_USERNAME",
    "KAFKA_SSL_KEYSTORE",
    "KAFKA_SSL_TRUSTSTORE",
    "MEERKAT_CLUSTER",
    "MEERKAT_EXPECT",
    "MEERKAT_GROUPS",
    "MEERKAT_NAMESPACE",
    "MEERKAT_STATE_NAMESPACE",
    "MEERKAT_TOPICS",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];

/// Nothing listens there.
const BASE: [(&str, &str); 6] = [
    ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
    ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
    ("MEERKAT_HISTORY", "off"),
    ("MEERKAT_PUBLISH", "off"),
    ("MEERKAT_TIMEOUT", "2"),
    ("MEERKAT_LOG", "trace"),
];

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("markers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Everything that a run prints.
fn reported(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let (code, reported) = Program::with(variables).with_arguments(arguments).reported(b"");
    assert!(code.is_some() && !reported.contains("panicked"), "{variables:?}: {reported}");
    reported
}

#[test]
fn no_variable_shows_a_secret_that_was_put_into_it() {
    let logins = [
        [("KAFKA_SASL_MECHANISM", "PLAIN"), ("KAFKA_SASL_USERNAME", "u"), ("KAFKA_SASL_PASSWORD", SECRET)],
        [
            ("KAFKA_SASL_MECHANISM", "OAUTHBEARER"),
            ("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", SECRET),
            ("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", SECRET),
        ],
        [("KAFKA_SASL_MECHANISM", "AWS_MSK_IAM"), ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", SECRET)],
    ];
    let ours = VARIABLES.iter().map(|variable| variable.name).filter(|name| !NAMES.contains(name));
    for (number, name) in ours.enumerate() {
        let login = &logins[if name.contains("OAUTH") {
            1
        } else if name.contains("_AWS_") {
            2
        } else {
            0
        }];
        let long = format!("SASL_SSL sasl.mechanism=PLAIN password=\"{SECRET}\"");
        let value = if number % 2 == 0 { SECRET } else { &*long };
        let target = if name.contains("OTLP") || name.starts_with("OTEL") { "otlp" } else { "off" };
        let others = BASE.iter().chain(login).filter(|(known, _)| ![name, "MEERKAT_PUBLISH"].contains(known));
        let variables: Vec<_> = others.copied().chain([("MEERKAT_PUBLISH", target), (name, value)]).collect();
        for arguments in [&[][..], &["--preflight"], &["--table", "--all-groups"]] {
            let reported = reported(&variables, arguments);
            assert!(!reported.contains(SECRET), "{name}={value} {arguments:?}: {reported}");
        }
    }
}

#[test]
fn no_name_shows_what_ran_into_it() {
    let long = format!("x sasl.jaas.config=a.PlainLoginModule required username=\"u\" password=\"{SECRET}\";");
    for name in [
        "KAFKA_COMMAND_CONFIG",
        "KAFKA_SASL_USERNAME",
        "KAFKA_SSL_KEYSTORE",
        "KAFKA_SSL_TRUSTSTORE",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
    ] {
        let login = [("KAFKA_SASL_MECHANISM", "PLAIN"), ("KAFKA_SASL_USERNAME", "u"), ("KAFKA_SASL_PASSWORD", "p")];
        let others = BASE
            .iter()
            .chain(&login)
            .filter(|(known, _)| !["KAFKA_SECURITY_PROTOCOL", "MEERKAT_PUBLISH", name].contains(known));
        let variables: Vec<_> = others
            .copied()
            .chain([(name, &*long), ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"), ("MEERKAT_PUBLISH", "otlp")])
            .collect();
        for arguments in [&[][..], &["--preflight"]] {
            let reported = reported(&variables, arguments);
            assert!(!reported.contains(SECRET), "{name} {arguments:?}: {reported}");
        }
    }
}

#[test]
fn a_file_of_properties_whose_lines_ran_together_shows_none_of_them() {
    let lines = [
        "bootstrap.servers=127.0.0.1:1",
        "security.protocol=SASL_SSL",
        "sasl.mechanism=SCRAM-SHA-512",
        "ssl.truststore.type=JKS",
        "sasl.oauthbearer.token.endpoint.url=https://issuer.example/t",
        &format!(
            "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"{SECRET}\";"
        ),
    ];
    let path = folder().join("together.properties");
    for between in [" ", "\\n", "\\\\n", ",", ";", "\t", "\r", "\\r\\n", "  \\\n", "\u{2028}"] {
        for turn in 0..lines.len() {
            let mut lines = lines;
            lines.rotate_left(turn);
            std::fs::write(&path, lines.join(between)).expect("a file");
            for more in [&[][..], &["--preflight"]] {
                let arguments = [&["--command-config", path.to_str().expect("UTF-8")], more].concat();
                let reported = reported(&BASE[2..], &arguments);
                assert!(!reported.contains(SECRET), "{between:?} {turn} {more:?}: {reported}");
            }
        }
    }
}

#[test]
fn no_property_shows_a_secret_that_was_put_into_it() {
    let path = folder().join("each.properties");
    let keys = [
        "security.protocol",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.jaas.config",
        "sasl.password",
        "ssl.keystore.key",
        "ssl.key.password",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.oauthbearer.scope",
        "sasl.oauthbearer.client.credentials.client.secret",
        "ssl.truststore.type",
        "ssl.keystore.type",
        "ssl.truststore.password",
        "ssl.keystore.password",
        "ssl.endpoint.identification.algorithm",
        "client.id",
        "ssl.keystore.certificate.chain",
        "sasl.oauthbearer.header.urlencode",
        "bootstrap.servers",
        SECRET,
        "hunter2hunter2 x",
        "\\ud83d",
        "config.providers",
    ];
    for key in keys {
        for value in [
            SECRET,
            "${env:hunter2hunter2}",
            "${vault:hunter2hunter2}",
            "${file:/nowhere:hunter2hunter2}",
            "\\u12hunter2hunter2",
        ] {
            std::fs::write(&path, format!("bootstrap.servers=127.0.0.1:1\n{key}={value}\n")).expect("a file");
            let reported = reported(&BASE[2..], &["--preflight", "--command-config", path.to_str().expect("UTF-8")]);
            assert!(!reported.contains(SECRET), "{key}={value}: {reported}");
        }
    }
}

#[test]
fn a_burrow_configuration_shows_no_password() {
    let path = folder().join("burrow.toml");
    for line in [
        "password=\"S\"",
        "password=\"S\" oops",
        "password=S",
        "password=\"S",
        "password=\"S\"\npassword=\"S\"",
        "S",
        "[S",
        "password=[\"S\"",
    ] {
        let line = line.replace('S', SECRET);
        let text = format!(
            "[cluster.a]\nservers=[\"b:1\"]\nclient-profile=\"p\"\n[client-profile.p]\nsasl=\"s\"\n[sasl.s]\nusername=\"u\"\n{line}\n"
        );
        std::fs::write(&path, text).expect("a file");
        let reported = reported(&[], &["--from-burrow", path.to_str().expect("UTF-8")]);
        assert!(!reported.contains(SECRET), "{line}: {reported}");
    }
}
