//! Kafka's own client properties (`--command-config`) → the variables of the same meaning here.
//!
//! The names are those of Kafka's `ClientConfigs`, `SaslConfigs` and `SslConfigs`; a key that is not understood is
//! reported, never dropped silently.

mod file;
mod jaas;
mod providers;
mod tokens;

pub use file::BadLine;
pub use providers::Lookup;

use providers::Providers;

/// The translation of a file of properties.
#[derive(Clone, PartialEq, Eq)]
pub struct Properties {
    /// Variables in the order of the file; values may be secrets.
    pub variables: Vec<(String, String)>,
    /// Keys, and options of `sasl.jaas.config`, that are ignored here, each with the reason if there is one.
    pub ignored: Vec<String>,
}

/// A file that is not valid. No value is shown: any may be a secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PropertiesError {
    /// It is not in the format of `java.util.Properties`.
    #[error("line {} is not KEY=VALUE: {}", .0.line, .0.what)]
    Line(BadLine),
    /// `sasl.jaas.config` is not `MODULE required KEY="VALUE" …;`.
    #[error("sasl.jaas.config must be like: MODULE required username=\"…\" password=\"…\"; {0}")]
    Jaas(String),
    /// One half of a key store is missing.
    #[error("{0} goes with {1}")]
    Half(&'static str, &'static str),
    /// A value contains what are separate lines elsewhere.
    #[error("the value of {0} has {1} in it: put each property on a line of its own")]
    RunTogether(&'static str, &'static str),
    /// A reference has no target.
    #[error("{0} {1}")]
    Reference(&'static str, String),
}

/// The text of a file, and a note on its encoding. Kafka's tools read ISO 8859-1 (`Properties.load` of a stream), most
/// editors write UTF-8: a character that is neither ASCII nor an escape differs between the two.
#[must_use]
pub fn decoded(bytes: Vec<u8>) -> (String, Option<&'static str>) {
    match String::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => (text, None),
        Ok(text) => (
            text,
            Some(
                "has letters beyond ASCII, read as UTF-8 here and as ISO 8859-1 by Kafka's tools: write them as \\uXXXX",
            ),
        ),
        Err(other) => (
            other.into_bytes().into_iter().map(char::from).collect(),
            Some("is not UTF-8, so it was read as ISO 8859-1"),
        ),
    }
}

/// The value of one key, for a reference to it; `None` if the file has no such key.
///
/// # Errors
/// [`PropertiesError::Line`].
pub fn value(text: &str, key: &str) -> Result<Option<String>, PropertiesError> {
    let pairs = file::pairs(text).map_err(PropertiesError::Line)?;
    Ok(pairs.into_iter().find_map(|(name, value)| (name == key).then_some(value)))
}

/// Parses the text of a file; `look_up` resolves its references.
///
/// # Errors
/// [`PropertiesError`], which shows no value.
pub fn parse(text: &str, look_up: &dyn Fn(&Lookup) -> Result<String, String>) -> Result<Properties, PropertiesError> {
    let pairs = file::pairs(text).map_err(PropertiesError::Line)?;
    let providers = Providers::of(&pairs);
    let mut found = Properties { variables: Vec::new(), ignored: Vec::new() };
    let (mut chain, mut key) = (None, None);
    let mut hidden = 0_usize;
    for (name, value) in &pairs {
        let known = KNOWN.iter().chain(COUNTERPARTS.iter().map(|(known, _)| known)).find(|known| **known == name);
        let Some(known) = known.copied() else {
            match name.as_str() {
                name if name.starts_with("config.providers") => {}
                // The class follows from the mechanism.
                "sasl.client.callback.handler.class" | "sasl.login.callback.handler.class" => {}
                name if is_property(name) && found.ignored.len() < MOST_NAMED => found.ignored.push(name.to_owned()),
                _ => hidden += 1,
            }
            continue;
        };
        let value = providers.resolve(value, look_up).map_err(|what| PropertiesError::Reference(known, what))?;
        let value = value.trim().to_owned();
        if let Some(other) = inside(known, &value) {
            return Err(PropertiesError::RunTogether(known, other));
        }
        match known {
            "ssl.endpoint.identification.algorithm" if value.eq_ignore_ascii_case("https") => {}
            "ssl.endpoint.identification.algorithm" => {
                found.ignored.push(format!("{known} (names are always verified)"));
            }
            _ if value.is_empty() => {}
            "sasl.jaas.config" => jaas::read(&value, &mut found).map_err(PropertiesError::Jaas)?,
            "ssl.keystore.certificate.chain" => chain = Some(value),
            "ssl.keystore.key" => key = Some(value),
            known => {
                let counterpart = COUNTERPARTS.iter().find(|(property, _)| *property == known);
                found.variables.extend(counterpart.map(|(_, variable)| ((*variable).to_owned(), value)));
            }
        }
    }
    if hidden > 0 {
        found.ignored.push(format!("{hidden} that {} not shown here", if hidden == 1 { "is" } else { "are" }));
    }
    match (chain, key) {
        (Some(chain), Some(key)) => {
            found.variables.push(("KAFKA_SSL_KEYSTORE".into(), format!("{}\n{}\n", key.trim_end(), chain.trim_end())));
        }
        (Some(_), None) => return Err(PropertiesError::Half("ssl.keystore.certificate.chain", "ssl.keystore.key")),
        (None, Some(_)) => return Err(PropertiesError::Half("ssl.keystore.key", "ssl.keystore.certificate.chain")),
        (None, None) => {}
    }
    Ok(found)
}

/// The property that a value swallowed, if its line was joined with the next one. `sasl.jaas.config` is parsed to its
/// end, where nothing else may follow.
fn inside(known: &str, value: &str) -> Option<&'static str> {
    if known == "sasl.jaas.config" {
        return None;
    }
    let begins =
        |at: usize| !value[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let goes_on = |rest: &str| rest.trim_start().starts_with(['=', ':']);
    let all = KNOWN.iter().chain(COUNTERPARTS.iter().map(|(known, _)| known));
    all.copied().find(|other| {
        // After a line break that was written as \\n, the n is the first letter.
        value
            .match_indices(other)
            .any(|(at, found)| (begins(at) || value[..at].ends_with("\\n")) && goes_on(&value[at + found.len()..]))
    })
}

/// Whether a key may be shown: if lines were broken, a line of a private key or the rest of a password is read as a
/// key.
fn is_property(name: &str) -> bool {
    name.len() < 100 && name.split(['.', '_', '-']).all(|part| WORDS.split(' ').any(|word| word == part))
}

impl std::fmt::Debug for Properties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("Properties").field("variables", &names).field("ignored", &self.ignored).finish()
    }
}

/// Properties that have a variable.
const COUNTERPARTS: [(&str, &str); 20] = [
    ("bootstrap.servers", "KAFKA_BOOTSTRAP_SERVERS"),
    ("security.protocol", "KAFKA_SECURITY_PROTOCOL"),
    ("sasl.mechanism", "KAFKA_SASL_MECHANISM"),
    ("sasl.oauthbearer.token.endpoint.url", "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"),
    ("sasl.oauthbearer.client.credentials.client.id", "KAFKA_SASL_OAUTHBEARER_CLIENT_ID"),
    ("sasl.oauthbearer.client.credentials.client.secret", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"),
    ("sasl.oauthbearer.scope", "KAFKA_SASL_OAUTHBEARER_SCOPE"),
    ("sasl.oauthbearer.header.urlencode", "KAFKA_SASL_OAUTHBEARER_HEADER_URLENCODE"),
    ("ssl.truststore.location", "KAFKA_SSL_TRUSTSTORE"),
    ("ssl.truststore.certificates", "KAFKA_SSL_TRUSTSTORE"),
    ("ssl.truststore.password", "KAFKA_SSL_TRUSTSTORE_PASSWORD"),
    ("ssl.truststore.type", "KAFKA_SSL_TRUSTSTORE_TYPE"),
    ("ssl.keystore.location", "KAFKA_SSL_KEYSTORE"),
    ("ssl.keystore.password", "KAFKA_SSL_KEYSTORE_PASSWORD"),
    ("ssl.keystore.type", "KAFKA_SSL_KEYSTORE_TYPE"),
    ("ssl.key.password", "KAFKA_SSL_KEY_PASSWORD"),
    // The names of librdkafka.
    ("sasl.mechanisms", "KAFKA_SASL_MECHANISM"),
    ("sasl.username", "KAFKA_SASL_USERNAME"),
    ("sasl.password", "KAFKA_SASL_PASSWORD"),
    ("ssl.ca.location", "KAFKA_SSL_TRUSTSTORE"),
];

/// Properties that are read without a variable of the same meaning.
const KNOWN: [&str; 4] =
    ["sasl.jaas.config", "ssl.endpoint.identification.algorithm", "ssl.keystore.certificate.chain", "ssl.keystore.key"];

/// The parts of clients' property names: Kafka's, librdkafka's and Confluent's.
const WORDS: &str = "\
access acknowledgement acks adaptive age agent algorithm alias all allow api application assignment assignor audience auth auto autocommit \
available backoff balance basic batch block bootstrap broker brokers buffer builtin bytes ca cache callback cert certificate certificates \
chain check cipher class classes client clock close codec command commit compression config configuration confluent connect connection \
connections consume consumer context controller coordinator count crcs credentials crl curve cycle debug default delay delete delivery \
deserializer dns dr duration e2e early enable enabled endpoint error event exclude expiry factor factory fallback fetch file filter first \
flight for force grant group handler header heartbeat high host id idempotence identification idle ignore in include increase incremental \
info initial instance interceptor internal interval intervals isolation iterations jitter join jwks jwt keepalive kerberos key keystore \
keytab kinit lag latency leader level limit linger list listener load local location log logger login lookup low max maximum md5 mechanism \
mechanisms mem members memory message messages metadata metric metrics min mode module ms msk nagle name near next no num number \
oauthbearer of offset offsets on out outage override partition partitioner partitions password path pem pending per percentage period \
permit poll pool port prefix principal processing producer progress properties protocol protocols provider providers push queue queued \
rack ratio rebalance receive reconnect recording records recovery refresh registry remote report reporter reporters request requests reset \
resolution restart retention retries retriever retry role rotation samples sampling sasl schema scope secret secure security send \
serializer service session share size skew socket source sparse ssl stability static statistics sticky store strategy stream streams \
strict subscription suites supported suppress switch tcp telemetry thread threads threshold throttle ticket time timeout timestamp token \
topic topics total trace transaction transactional transport trust trustmanager truststore type unclean uncommitted unsecured unused \
update uri url urlencode use user username validate validator value verification version wait warmup watermark window with worker zone";

/// How many ignored keys are named.
const MOST_NAMED: usize = 20;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn nowhere(_: &Lookup) -> Result<String, String> {
        Err("has a reference without a target".to_owned())
    }

    fn lines(text: &str) -> Vec<String> {
        let found = parse(text, &nowhere).unwrap();
        let variables = found.variables.iter().map(|(name, value)| format!("{name}={value}"));
        variables.chain(found.ignored.iter().map(|key| format!("ignored {key}"))).collect()
    }

    #[test]
    fn each_login_module_becomes_its_variables() {
        let scram = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
                     sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"alice\" password=\"a\\\\\"b\";";
        assert_eq!(
            lines(scram),
            [
                "KAFKA_SECURITY_PROTOCOL=SASL_SSL",
                "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
                "KAFKA_SASL_USERNAME=alice",
                "KAFKA_SASL_PASSWORD=a\"b"
            ]
        );
        let iam = "sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsRoleArn=\"arn:aws:iam::1:role/r\" awsProfileName=\"dev\";\n\
                   sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler";
        assert_eq!(
            lines(iam),
            [
                "KAFKA_SASL_AWS_ROLE_ARN=arn:aws:iam::1:role/r",
                "ignored awsProfileName of sasl.jaas.config (set AWS_PROFILE)"
            ]
        );
        let oauth = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                     clientId='a' clientSecret='b' scope='c' extension_logicalCluster='lkc-1' extension_identityPoolId='p';";
        assert_eq!(
            lines(oauth),
            [
                "KAFKA_SASL_OAUTHBEARER_CLIENT_ID=a",
                "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET=b",
                "KAFKA_SASL_OAUTHBEARER_SCOPE=c",
                "KAFKA_SASL_OAUTHBEARER_EXTENSIONS=logicalCluster=lkc-1,identityPoolId=p"
            ]
        );
        let plain =
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=k password=s;";
        assert_eq!(lines(plain), ["KAFKA_SASL_USERNAME=k", "KAFKA_SASL_PASSWORD=s"]);
    }

    #[test]
    fn stores_are_paths_or_text() {
        assert_eq!(
            lines("ssl.truststore.location : /etc/ca.jks\nssl.truststore.password pw"),
            ["KAFKA_SSL_TRUSTSTORE=/etc/ca.jks", "KAFKA_SSL_TRUSTSTORE_PASSWORD=pw"]
        );
        let both = "ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\nA\nssl.keystore.key=-----BEGIN PRIVATE KEY-----\\nB";
        assert_eq!(
            lines(both),
            ["KAFKA_SSL_KEYSTORE=-----BEGIN PRIVATE KEY-----\nB\n-----BEGIN CERTIFICATE-----\nA\n"]
        );
        assert_eq!(
            parse("ssl.keystore.key=x", &nowhere),
            Err(PropertiesError::Half("ssl.keystore.key", "ssl.keystore.certificate.chain"))
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert_eq!(
            lines("# a comment\n! another\nclient.id=x\nssl.protocol=TLSv1.3\nssl.endpoint.identification.algorithm="),
            [
                "ignored client.id",
                "ignored ssl.protocol",
                "ignored ssl.endpoint.identification.algorithm (names are always verified)"
            ]
        );
    }

    #[test]
    fn no_error_shows_a_value() {
        for text in [
            "sasl.jaas.config=hunter2",
            "sasl.jaas.config=a.Krb5LoginModule required password=\"hunter2\";",
            "a=\\u00zzhunter2",
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required password=\"hunter2",
        ] {
            let error = parse(text, &nowhere).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_names_of_librdkafka_and_strimzi_are_read_too() {
        let rdkafka = "sasl.mechanisms=PLAIN\nsasl.username=u\nsasl.password=p\nssl.ca.location=/ca.pem";
        let expected = [
            "KAFKA_SASL_MECHANISM=PLAIN",
            "KAFKA_SASL_USERNAME=u",
            "KAFKA_SASL_PASSWORD=p",
            "KAFKA_SSL_TRUSTSTORE=/ca.pem",
        ];
        assert_eq!(lines(rdkafka), expected);
        let strimzi = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                       oauth.client.id=\"a\" oauth.client.secret=\"b\" oauth.token.endpoint.uri=\"https://i/t\" \
                       oauth.access.token.location=\"/run/token\" oauth.audience=\"c\";";
        assert_eq!(
            lines(strimzi),
            [
                "KAFKA_SASL_OAUTHBEARER_CLIENT_ID=a",
                "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET=b",
                "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL=https://i/t",
                "KAFKA_SASL_OAUTHBEARER_TOKEN=file:/run/token",
                "ignored oauth.audience of sasl.jaas.config"
            ]
        );
    }

    #[test]
    fn a_login_is_what_kafka_reads_of_it() {
        let scram = "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required";
        let account = |options: &str| lines(&format!("{scram} {options}"));
        for (options, name, password) in [
            ("username = \"u\" password = \"p\";", "u", "p"),
            ("/* who */ username=u // she\\n password=p;", "u", "p"),
            (r#"username="u" password="a\\nb";"#, "u", "a\nb"),
            (r#"username="u" password="a\\101b";"#, "u", "aAb"),
            ("username=\"u\" password=\"  p  \";", "u", "  p  "),
            ("username=a username=\"u\" password=\"p\\ud83d\\ude00\";", "u", "p😀"),
        ] {
            let expected = [format!("KAFKA_SASL_USERNAME={name}"), format!("KAFKA_SASL_PASSWORD={password}")];
            assert_eq!(account(options), expected, "{options}");
        }
        assert_eq!(account("username=u password=p tokenauth=\"TRUE\";")[2], "KAFKA_SASL_TOKENAUTH=true");
        for wrong in [
            "username=u password=Endpoint=sb://ns.example.net/;SharedAccessKeyName=k;",
            "username=u password=p; x",
            "username=u password=p;;",
            "username=u password=4711;",
            "username=u password=p",
            "username u password=p;",
            "password=\"p;",
        ] {
            assert!(parse(&format!("{scram} {wrong}"), &nowhere).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_line_of_a_key_counts() {
        assert_eq!(lines("security.protocol=SSL\nsecurity.protocol=SASL_SSL"), ["KAFKA_SECURITY_PROTOCOL=SASL_SSL"]);
    }

    #[test]
    fn a_reference_is_followed_before_a_login_is_read() {
        let text = "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=u password=\"${env:PW}\";";
        let found = parse(text, &|lookup| Ok(format!("{lookup:?}").replace('"', ""))).unwrap();
        assert_eq!(found.variables[1], ("KAFKA_SASL_PASSWORD".to_owned(), "Variable(PW)".to_owned()));
        let error = parse(text, &nowhere).err().unwrap();
        assert_eq!(error.to_string(), "sasl.jaas.config has a reference without a target");
    }

    #[test]
    fn lines_that_ran_together_are_reported_by_their_names() {
        let login = "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"hunter2\";";
        for between in [" ", "\\\\n", ",", "; ", "\t"] {
            let text = format!("security.protocol=SASL_SSL{between}sasl.mechanism=SCRAM-SHA-512{between}{login}");
            let error = parse(&text, &nowhere).err().unwrap().to_string();
            assert!(error.starts_with("the value of security.protocol has sasl."), "{between}: {error}");
            let text = format!("{login}{between}security.protocol=SASL_SSL");
            let error = parse(&text, &nowhere).err().unwrap().to_string();
            assert!(error.contains("unexpected text after the semicolon"), "{between}: {error}");
        }
    }

    #[test]
    fn a_key_that_may_be_a_secret_is_counted_and_not_named() {
        let key =
            "ssl.keystore.key=-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\nhunter2\nssl.keystore.certificate.chain=a";
        assert_eq!(lines(key)[1], "ignored 2 that are not shown here");
        let many: Vec<String> = WORDS.split(' ').take(100).map(|word| format!("client.{word}=1")).collect();
        assert_eq!(lines(&many.join("\n")).len(), MOST_NAMED + 1);
    }

    #[test]
    fn text_that_is_not_ascii_is_read_in_one_of_two_encodings_and_reported() {
        assert_eq!(decoded(b"a=b".to_vec()), ("a=b".to_owned(), None));
        let (text, said) = decoded("a=ä".into());
        assert!(text == "a=ä" && said.unwrap().contains("UTF-8 here"));
        let (text, said) = decoded(b"a=\xe4".to_vec());
        assert!(text == "a=ä" && said.unwrap().contains("ISO 8859-1"));
    }
}
