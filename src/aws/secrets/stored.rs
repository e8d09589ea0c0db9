//! Secrets and parameters: how they are requested, and what they contain.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::aws::{AwsQuestion, Body, ask};
use super::reference::{Arn, ArnKind};
use super::{Door, SecretError};
use crate::model::secret::Secret;

/// The parts of `GetSecretValue` and `GetParameter` that matter here.
#[derive(Deserialize)]
struct StoredAnswer {
    #[serde(rename = "SecretString")]
    text: Option<String>,
    #[serde(rename = "SecretBinary")]
    base64: Option<String>,
    #[serde(rename = "Parameter")]
    parameter: Option<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Value")]
    value: String,
}

/// The value that is stored under the ARN.
pub(crate) async fn fetch(door: &Door, variable: &'static str, arn: &Arn) -> Result<Vec<u8>, SecretError> {
    let answer = ask(door, None, variable, question(arn)).await?;
    let unusable = |why| SecretError::Unusable { subject: format!("{variable} ({})", arn.text), why };
    let answer: StoredAnswer =
        serde_json::from_slice(&answer).map_err(|_| unusable(String::from("the service's answer cannot be read")))?;
    let binary = || STANDARD.decode(answer.base64.as_ref()?).ok();
    let text = answer.text.or_else(|| answer.parameter.map(|parameter| parameter.value));
    let kept = text.map(String::into_bytes).or_else(binary);
    kept.ok_or_else(|| unusable(String::from("the service's answer has nothing in it")))
}

/// `GetParameter` or `GetSecretValue`.
pub(crate) fn question(arn: &Arn) -> AwsQuestion<'_> {
    let (action, target, body) = match arn.kind {
        ArnKind::Parameter => {
            ("ssm:GetParameter", "AmazonSSM.GetParameter", json!({ "Name": arn.text, "WithDecryption": true }))
        }
        _ => ("secretsmanager:GetSecretValue", "secretsmanager.GetSecretValue", json!({ "SecretId": arn.text })),
    };
    AwsQuestion { arn, action, path: String::from("/"), body: Body::Json(target, body.to_string()) }
}

/// The whole value, or that of one key; a line break at the end comes from an editor and is removed.
pub(crate) fn value(text: &str, key: Option<&str>) -> Result<Secret, String> {
    let found = match key {
        None => text.to_owned(),
        Some(key) => field(&object(text)?, key)?,
    };
    let value = found.trim_end_matches(['\r', '\n']);
    if value.is_empty() {
        return Err(String::from("it is empty"));
    }
    Ok(Secret::new(value.to_owned()))
}

/// The form that Amazon MSK prescribes for SCRAM credentials.
pub(crate) fn pair(text: &str) -> Result<(String, Secret), String> {
    let object = object(text)?;
    Ok((field(&object, "username")?, Secret::new(field(&object, "password")?)))
}

/// A user name and a password as Basic authentication sends them, `name:password`; the stored text may have this form
/// or that of [`pair`].
pub(crate) fn login(text: &str) -> Result<Secret, String> {
    let text = text.trim_end_matches(['\r', '\n']);
    let (username, password) = match text.split_once(':') {
        _ if text.trim_start().starts_with('{') => pair(text)?,
        Some((username, password)) => (username.to_owned(), Secret::new(password.to_owned())),
        None => return Err(String::from("it has no colon between the user name and the password")),
    };
    if username.contains(':') {
        return Err(String::from("its user name has a colon, which Basic authentication cannot carry"));
    }
    if username.is_empty() || password.expose().is_empty() {
        return Err(String::from("its user name or its password is empty"));
    }
    Ok(Secret::new(format!("{username}:{}", password.expose())))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text)
        .map_err(|_| String::from(r#"it is not a JSON object such as {"username": "…", "password": "…"}"#))
}

fn field(object: &Map<String, Value>, key: &str) -> Result<String, String> {
    match object.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(number @ Value::Number(_)) => Ok(number.to_string()),
        Some(_) => Err(format!("its {key:?} is not text")),
        None => Err(format!("it has no {key:?}")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn shown(text: &str, key: Option<&str>) -> String {
        value(text, key).map_or_else(|why| why, |secret| secret.expose().to_owned())
    }

    #[test]
    fn a_secret_is_its_text_or_one_value_of_it() {
        assert_eq!(shown("hunter2\r\n", None), "hunter2");
        assert_eq!(shown(" two words ", None), " two words ");
        assert_eq!(shown(r#"{"a":"x","b":2}"#, Some("a")), "x");
        assert_eq!(shown(r#"{"a":"x","b":2}"#, Some("b")), "2");
    }

    #[test]
    fn a_secret_that_does_not_fit_is_reported_without_its_text() {
        assert_eq!(shown("\n", None), "it is empty");
        assert_eq!(shown(r#"{"a":"x"}"#, Some("b")), r#"it has no "b""#);
        assert_eq!(shown(r#"{"a":{"x":1}}"#, Some("a")), r#"its "a" is not text"#);
        assert!(shown("hunter2", Some("a")).starts_with("it is not a JSON object"));
        assert!(!shown("hunter2", Some("a")).contains("hunter2"));
    }

    #[test]
    fn a_login_is_two_words_with_a_colon_or_a_pair() {
        for text in ["alice:hunter2:x\n", r#"{"username":"alice","password":"hunter2:x"}"#] {
            assert_eq!(login(text).unwrap().expose(), "alice:hunter2:x", "{text}");
        }
        for (text, why) in [
            ("hunter2", "no colon between"),
            (":hunter2", "is empty"),
            ("alice:", "is empty"),
            (r#"{"username":"alice"}"#, "has no \"password\""),
            (r#"{"username":"a:b","password":"hunter2"}"#, "has a colon"),
        ] {
            let error = login(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn a_pair_is_that_of_amazon_msk() {
        let (username, password) = pair(r#"{"username":"alice","password":"hunter2","more":1}"#).unwrap();
        assert_eq!((username.as_str(), password.expose()), ("alice", "hunter2"));
        assert_eq!(pair(r#"{"username":"alice"}"#).unwrap_err(), r#"it has no "password""#);
    }
}
