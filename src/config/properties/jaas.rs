//! `sasl.jaas.config`: `MODULE FLAG KEY=VALUE …;` (Java's `javax.security.auth.login.Configuration`, as Kafka reads it).
//! It is read here: the format is Java's own.

use super::Properties;

/// Reads one entry into variables.
pub(crate) fn read(text: &str, found: &mut Properties) -> Result<(), String> {
    let words = words(text)?;
    let mut words = words.into_iter();
    let module = words.next().unwrap_or_default();
    let class = module.rsplit('.').next().unwrap_or_default();
    let known: &[(&str, &str)] = match class {
        "PlainLoginModule" | "ScramLoginModule" => &ACCOUNT,
        "OAuthBearerLoginModule" => &OAUTH,
        "IAMLoginModule" => &IAM,
        // A module's name is no secret; anything else may be one.
        _ if class.ends_with("LoginModule") && class.chars().all(|c| c.is_ascii_alphanumeric()) => {
            return Err(format!("the modules are those of Plain, Scram, OAuthBearer and IAM, found {class}"));
        }
        _ => return Err("it begins with no login module".to_owned()),
    };
    let flag = words.next().unwrap_or_default();
    if !["required", "requisite", "sufficient", "optional"].iter().any(|known| flag.eq_ignore_ascii_case(known)) {
        return Err("after the module comes required".to_owned());
    }
    let mut extensions = Vec::new();
    for word in words {
        let Some((key, value)) = word.split_once('=') else { return Err("its options are KEY=\"VALUE\"".to_owned()) };
        if let (Some(name), "OAuthBearerLoginModule") = (key.strip_prefix("extension_"), class) {
            extensions.push(format!("{name}={value}"));
        } else if let Some((_, variable)) = known.iter().find(|(option, _)| *option == key) {
            found.variables.push(((*variable).to_owned(), value.to_owned()));
        } else {
            let why = if key == "awsProfileName" { " (AWS_PROFILE says it)" } else { "" };
            found.ignored.push(format!("{key} of sasl.jaas.config{why}"));
        }
    }
    if !extensions.is_empty() {
        found.variables.push(("KAFKA_SASL_OAUTHBEARER_EXTENSIONS".to_owned(), extensions.join(",")));
    }
    Ok(())
}

/// The words up to the semicolon, quotes taken off; `\` keeps what follows as it is.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ';') => {
                words.extend(word);
                return Ok(words);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    Err(if quote.is_some() { "a quote is not closed" } else { "it ends with a semicolon" }.to_owned())
}

const ACCOUNT: [(&str, &str); 2] = [("username", "KAFKA_SASL_USERNAME"), ("password", "KAFKA_SASL_PASSWORD")];

const OAUTH: [(&str, &str); 3] = [
    ("clientId", "KAFKA_SASL_OAUTHBEARER_CLIENT_ID"),
    ("clientSecret", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"),
    ("scope", "KAFKA_SASL_OAUTHBEARER_SCOPE"),
];

const IAM: [(&str, &str); 2] = [("awsRoleArn", "KAFKA_SASL_AWS_ROLE_ARN"), ("awsStsRegion", "KAFKA_SASL_AWS_REGION")];
