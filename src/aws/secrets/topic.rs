//! Sends a message to a topic of Amazon SNS: a text for people, JSON for machines, attributes for filter policies.

use std::fmt::Write as _;

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value};

use super::aws::{AwsQuestion, Body, ask};
use super::msk::RESERVED;
use super::reference::Arn;
use super::{Door, SecretError};

/// A message for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The subject of an e-mail.
    pub(crate) subject: String,
    /// What people read: by e-mail, text message or push notification.
    pub(crate) text: String,
    /// What programs read: SQS, Lambda, HTTP and HTTPS endpoints, Firehose.
    pub(crate) body: String,
    /// Attributes for filters of subscriptions; none of them is empty.
    pub(crate) attributes: Vec<(&'static str, String)>,
}

impl Door {
    /// Sends a message; without an answer, or after a temporary error, it is sent again, and may arrive twice.
    pub(crate) async fn send(&self, variable: &'static str, topic: &Arn, notice: &Notice) -> Result<(), SecretError> {
        ask(self, None, variable, question(topic, notice)).await.map(drop)
    }
}

/// `Publish` of AWS's query protocol.
pub(crate) fn question<'a>(topic: &'a Arn, notice: &Notice) -> AwsQuestion<'a> {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let texts = std::iter::once(("default", &notice.text)).chain(FOR_MACHINES.map(|name| (name, &notice.body)));
    let texts: Map<String, Value> = texts.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))).collect();
    let mut form = format!(
        "Action=Publish&Version=2010-03-31&TopicArn={}&Subject={}&MessageStructure=json&Message={}",
        encode(&topic.text),
        encode(&fitting(&notice.subject)),
        encode(&Value::from(texts).to_string())
    );
    for (at, (name, value)) in notice.attributes.iter().enumerate() {
        let entry = format!("&MessageAttributes.entry.{}", at + 1);
        for (key, text) in [("Name", *name), ("Value.DataType", "String"), ("Value.StringValue", value.as_str())] {
            // Writing into a string cannot fail.
            let _ = write!(form, "{entry}.{key}={}", encode(text));
        }
    }
    AwsQuestion { arn: topic, action: "sns:Publish", path: String::from("/"), body: Body::Form(form) }
}

/// A subject that the service accepts: printable ASCII, fewer than a hundred characters (`Publish`, API reference).
fn fitting(subject: &str) -> String {
    let printable = |char: char| if char.is_ascii_graphic() || char == ' ' { char } else { '?' };
    subject.chars().map(printable).take(SUBJECT_CHARACTERS).collect()
}

const SUBJECT_CHARACTERS: usize = 99;
/// Protocols of subscriptions with a message of their own (`Publish`, `MessageStructure`); all others receive the
/// text.
const FOR_MACHINES: [&str; 5] = ["sqs", "lambda", "http", "https", "firehose"];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_message_is_a_form_and_its_subject_fits() {
        let topic = Arn::parse("arn:aws:sns:eu-west-1:123456789012:changes").unwrap();
        let notice = Notice {
            subject: "größe\n".into(),
            text: "a & b = 2,921 records".into(),
            body: "{\"a\":1}".into(),
            attributes: vec![("group", "größe".into()), ("status", "ERR".into())],
        };
        let Body::Form(form) = question(&topic, &notice).body else { panic!("no form") };
        let field = |name: &str| {
            let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
            percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned()
        };
        assert!(form.starts_with("Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Achanges&Subject=gr%3F%3Fe%3F&MessageStructure=json&Message=%7B"), "{form}");
        let message: Value = serde_json::from_str(&field("Message")).unwrap();
        let expected = serde_json::json!({
            "default": "a & b = 2,921 records",
            "sqs": "{\"a\":1}", "lambda": "{\"a\":1}", "http": "{\"a\":1}", "https": "{\"a\":1}", "firehose": "{\"a\":1}",
        });
        assert_eq!(message, expected);
        let attribute = |at: u8| {
            ["Name", "Value.DataType", "Value.StringValue"]
                .map(|key| field(&format!("MessageAttributes.entry.{at}.{key}")))
        };
        assert_eq!([attribute(1), attribute(2)], [["group", "String", "größe"], ["status", "String", "ERR"]]);
        assert_eq!(fitting(&"x".repeat(300)).len(), 99);
    }
}
