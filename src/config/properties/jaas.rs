//! `sasl.jaas.config`: `MODULE FLAG KEY=VALUE …;`, parsed as Kafka's `JaasConfig` and `JaasContext` do: the format is
//! Java's own.

use super::Properties;
use super::tokens::{Token, Tokens};
use crate::config::sasl::NO_KERBEROS;

/// Translates one entry into variables.
pub(crate) fn read(text: &str, found: &mut Properties) -> Result<(), String> {
    let mut tokens = Tokens::new(text);
    let Some(Token::Word(module)) = tokens.next() else { return Err("it begins with no login module".to_owned()) };
    let class = module.rsplit('.').next().unwrap_or_default();
    let known: &[(&str, &str)] = match class {
        "PlainLoginModule" | "ScramLoginModule" => &ACCOUNT,
        "OAuthBearerLoginModule" => &OAUTH,
        "IAMLoginModule" => &IAM,
        "Krb5LoginModule" => return Err(format!("{class}: {NO_KERBEROS}")),
        // A module's name is no secret; anything else may be one.
        _ if is_module(class) => {
            return Err(format!("the modules are those of Plain, Scram, OAuthBearer and IAM, found {class}"));
        }
        _ => return Err("it begins with no login module".to_owned()),
    };
    let flags = ["required", "requisite", "sufficient", "optional"];
    if !matches!(tokens.next(), Some(Token::Word(flag)) if flags.iter().any(|known| flag.eq_ignore_ascii_case(known))) {
        return Err("after the module comes required".to_owned());
    }
    let mut extensions = Vec::new();
    for (key, value) in options(&mut tokens)? {
        if let (Some(name), "OAuthBearerLoginModule") = (key.strip_prefix("extension_"), class) {
            extensions.push(format!("{name}={value}"));
        } else if key == "oauth.access.token.location" {
            found.variables.push(("KAFKA_SASL_OAUTHBEARER_TOKEN".to_owned(), format!("file:{value}")));
        } else if key == "tokenauth" && class == "ScramLoginModule" {
            let token = value.eq_ignore_ascii_case("true").to_string();
            found.variables.push(("KAFKA_SASL_TOKENAUTH".to_owned(), token));
        } else if let Some((_, variable)) = known.iter().find(|(option, _)| *option == key) {
            found.variables.push(((*variable).to_owned(), value));
        } else {
            let why = if key == "awsProfileName" { " (set AWS_PROFILE)" } else { "" };
            let shown = if NAMES.contains(&&*key) { &*key } else { "an option" };
            found.ignored.push(format!("{shown} of sasl.jaas.config{why}"));
        }
    }
    if !extensions.is_empty() {
        found.variables.push(("KAFKA_SASL_OAUTHBEARER_EXTENSIONS".to_owned(), extensions.join(",")));
    }
    Ok(())
}

/// `KEY=VALUE` up to the semicolon, after which nothing follows; for a repeated key the last value counts.
fn options(tokens: &mut Tokens<'_>) -> Result<Vec<(String, String)>, String> {
    let mut options: Vec<(String, String)> = Vec::new();
    loop {
        match tokens.next() {
            None => return Err("it ends with a semicolon".to_owned()),
            Some(Token::Sign(';')) => break,
            Some(first) => {
                let option = (first, tokens.next(), tokens.next());
                let (Token::Word(key), Some(Token::Sign('=')), Some(Token::Word(value))) = option else {
                    return Err("its options are KEY=\"VALUE\", with quotes around all but words".to_owned());
                };
                options.retain(|(known, _)| *known != key);
                options.push((key, value));
            }
        }
    }
    if tokens.next().is_some() {
        // An unquoted password with a semicolon would be cut, and sent cut.
        return Err(
            "unexpected text after the semicolon: quote a value that contains a semicolon, and give only one module"
                .to_owned(),
        );
    }
    Ok(options)
}

fn is_module(class: &str) -> bool {
    class.ends_with("LoginModule") && class.len() < 60 && class.chars().all(|c| c.is_ascii_alphanumeric())
}

const ACCOUNT: [(&str, &str); 2] = [("username", "KAFKA_SASL_USERNAME"), ("password", "KAFKA_SASL_PASSWORD")];

/// Kafka's own options, and those of Strimzi's client (`oauth.…`).
const OAUTH: [(&str, &str); 8] = [
    ("clientId", "KAFKA_SASL_OAUTHBEARER_CLIENT_ID"),
    ("clientSecret", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"),
    ("scope", "KAFKA_SASL_OAUTHBEARER_SCOPE"),
    ("oauth.client.id", "KAFKA_SASL_OAUTHBEARER_CLIENT_ID"),
    ("oauth.client.secret", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"),
    ("oauth.scope", "KAFKA_SASL_OAUTHBEARER_SCOPE"),
    ("oauth.token.endpoint.uri", "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"),
    ("oauth.access.token", "KAFKA_SASL_OAUTHBEARER_TOKEN"),
];

const IAM: [(&str, &str); 2] = [("awsRoleArn", "KAFKA_SASL_AWS_ROLE_ARN"), ("awsStsRegion", "KAFKA_SASL_AWS_REGION")];

/// Options of login modules that are ignored here. An unknown one is not shown: it may be part of a password.
const NAMES: [&str; 22] = [
    "awsDebugCreds",
    "awsMaxBackOffTimeMs",
    "awsMaxRetries",
    "awsProfileName",
    "awsRoleExternalId",
    "awsRoleSessionName",
    "debug",
    "oauth.audience",
    "oauth.config.id",
    "oauth.refresh.token",
    "oauth.ssl.endpoint.identification.algorithm",
    "oauth.ssl.truststore.certificates",
    "oauth.ssl.truststore.location",
    "oauth.ssl.truststore.password",
    "oauth.ssl.truststore.type",
    "password",
    "principal",
    "serviceName",
    "tokenauth",
    "unsecuredLoginStringClaim_sub",
    "username",
    "useTicketCache",
];
