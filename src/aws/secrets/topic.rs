//! Sends a text to a topic of Amazon SNS, for those who subscribe to it.

use percent_encoding::utf8_percent_encode;

use super::aws::{AwsQuestion, Body, ask};
use super::msk::RESERVED;
use super::reference::Arn;
use super::{Door, SecretError};

impl Door {
    /// Sends a text; without an answer, or after a hiccup, it is sent again, and may arrive twice.
    pub(crate) async fn send(
        &self,
        variable: &'static str,
        topic: &Arn,
        subject: &str,
        text: &str,
    ) -> Result<(), SecretError> {
        ask(self, variable, question(topic, subject, text)).await.map(drop)
    }
}

/// `Publish` of AWS's query protocol.
pub(crate) fn question<'a>(topic: &'a Arn, subject: &str, text: &str) -> AwsQuestion<'a> {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let form = format!(
        "Action=Publish&Version=2010-03-31&TopicArn={}&Subject={}&Message={}",
        encode(&topic.text),
        encode(&fitting(subject)),
        encode(text)
    );
    AwsQuestion { arn: topic, action: "sns:Publish", method: "POST", path: String::from("/"), body: Body::Form(form) }
}

/// A subject as the service takes it: printable ASCII, fewer than a hundred characters (`Publish`, API reference).
fn fitting(subject: &str) -> String {
    let printable = |char: char| if char.is_ascii_graphic() || char == ' ' { char } else { '?' };
    subject.chars().map(printable).take(SUBJECT_CHARACTERS).collect()
}

const SUBJECT_CHARACTERS: usize = 99;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_text_is_a_form_and_its_subject_fits() {
        let topic = Arn::parse("arn:aws:sns:eu-west-1:123456789012:changes").unwrap();
        let Body::Form(form) = question(&topic, "größe\n", "a & b = 2,921 records").body else { panic!("no form") };
        assert_eq!(
            form,
            "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Achanges&Subject=gr%3F%3Fe%3F&Message=a%20%26%20b%20%3D%202%2C921%20records"
        );
        assert_eq!(fitting(&"x".repeat(300)).len(), 99);
    }
}
