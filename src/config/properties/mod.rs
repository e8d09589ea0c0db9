//! Kafka's own client properties (`--command-config`) → the variables that say the same here.
//!
//! The names are those of Kafka's `ClientConfigs`, `SaslConfigs` and `SslConfigs`; what is not understood is named, never dropped in silence.

mod file;
mod jaas;

pub use file::BadLine;

/// What a file of properties comes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Properties {
    /// Variables in the order of the file; values may be secrets.
    pub variables: Vec<(String, String)>,
    /// Keys, and options of `sasl.jaas.config`, that mean nothing here, each with the reason where there is one.
    pub ignored: Vec<String>,
}

/// A file of properties that is none. No value is shown: any may be a secret.
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
}

/// Reads the text of a file.
///
/// # Errors
/// [`PropertiesError`], which shows no value.
pub fn parse(text: &str) -> Result<Properties, PropertiesError> {
    let pairs = file::pairs(text).map_err(PropertiesError::Line)?;
    let mut found = Properties { variables: Vec::new(), ignored: Vec::new() };
    let (mut chain, mut key) = (None, None);
    for (name, value) in pairs {
        let value = value.trim().to_owned();
        match name.as_str() {
            _ if value.is_empty() && name != "ssl.endpoint.identification.algorithm" => {}
            "sasl.jaas.config" => jaas::read(&value, &mut found).map_err(PropertiesError::Jaas)?,
            "ssl.keystore.certificate.chain" => chain = Some(value),
            "ssl.keystore.key" => key = Some(value),
            "ssl.endpoint.identification.algorithm" if value.eq_ignore_ascii_case("https") => {}
            "ssl.endpoint.identification.algorithm" => {
                found.ignored.push(format!("{name} (names are always verified)"));
            }
            // Which class does it follows from the mechanism.
            "sasl.client.callback.handler.class" | "sasl.login.callback.handler.class" => {}
            name => match COUNTERPARTS.iter().find(|(property, _)| *property == name) {
                Some((_, variable)) => found.variables.push(((*variable).to_owned(), value)),
                None => found.ignored.push(name.to_owned()),
            },
        }
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

impl std::fmt::Debug for Properties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("Properties").field("variables", &names).field("ignored", &self.ignored).finish()
    }
}

/// Properties that have a variable.
const COUNTERPARTS: [(&str, &str); 16] = [
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
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let found = parse(text).unwrap();
        let variables = found.variables.iter().map(|(name, value)| format!("{name}={value}"));
        variables.chain(found.ignored.iter().map(|key| format!("ignored {key}"))).collect()
    }

    #[test]
    fn each_login_module_becomes_its_variables() {
        let scram = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
                     sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"alice\" password=\"a\\\\\"b\";";
        assert_eq!(
            told(scram),
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
            told(iam),
            [
                "KAFKA_SASL_AWS_ROLE_ARN=arn:aws:iam::1:role/r",
                "ignored awsProfileName of sasl.jaas.config (AWS_PROFILE says it)"
            ]
        );
        let oauth = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                     clientId='a' clientSecret='b' scope='c' extension_logicalCluster='lkc-1' extension_identityPoolId='p';";
        assert_eq!(
            told(oauth),
            [
                "KAFKA_SASL_OAUTHBEARER_CLIENT_ID=a",
                "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET=b",
                "KAFKA_SASL_OAUTHBEARER_SCOPE=c",
                "KAFKA_SASL_OAUTHBEARER_EXTENSIONS=logicalCluster=lkc-1,identityPoolId=p"
            ]
        );
        let plain =
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=k password=s;";
        assert_eq!(told(plain), ["KAFKA_SASL_USERNAME=k", "KAFKA_SASL_PASSWORD=s"]);
    }

    #[test]
    fn stores_are_paths_or_text() {
        assert_eq!(
            told("ssl.truststore.location : /etc/ca.jks\nssl.truststore.password pw"),
            ["KAFKA_SSL_TRUSTSTORE=/etc/ca.jks", "KAFKA_SSL_TRUSTSTORE_PASSWORD=pw"]
        );
        let both = "ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\nA\nssl.keystore.key=-----BEGIN PRIVATE KEY-----\\nB";
        assert_eq!(told(both), ["KAFKA_SSL_KEYSTORE=-----BEGIN PRIVATE KEY-----\nB\n-----BEGIN CERTIFICATE-----\nA\n"]);
        assert_eq!(
            parse("ssl.keystore.key=x"),
            Err(PropertiesError::Half("ssl.keystore.key", "ssl.keystore.certificate.chain"))
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert_eq!(
            told("# a comment\n! another\nclient.id=x\nssl.protocol=TLSv1.3\nssl.endpoint.identification.algorithm="),
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
            let error = parse(text).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
