//! The content of a secret's variable: the secret itself, or a reference to where it is stored.

use std::fmt;

use crate::base::shown;
use crate::model::secret::Secret;

/// A secret, or a reference to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The secret itself.
    Inline(Secret),
    /// Where it is stored.
    Elsewhere(Reference),
}

/// Where a secret is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub(crate) place: Storage,
    /// The key of one value, after a `#`, for a secret that is a JSON object; `None` means the whole text.
    pub(crate) key: Option<String>,
}

/// What stores a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// A file, by its path: `file:` comes before it.
    File(String),
    /// A secret of Secrets Manager or a parameter of Systems Manager, by its ARN.
    Aws(Arn),
}

/// The ARN of a resource that meerkat can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn {
    /// What it names.
    pub(crate) kind: ArnKind,
    /// Where it is.
    pub(crate) region: String,
    /// The whole ARN.
    pub(crate) text: String,
}

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArnKind {
    /// A secret of AWS Secrets Manager.
    Secret,
    /// A parameter of AWS Systems Manager's Parameter Store.
    Parameter,
    /// A cluster of Amazon MSK.
    Cluster,
    /// A topic of Amazon SNS.
    Topic,
}

impl Source {
    /// Reads a variable's text; only `file:` and `arn:` begin a reference.
    ///
    /// # Errors
    ///
    /// The expected form, if a reference is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("file:") || text.starts_with("arn:") {
            Reference::parse(text).map(Self::Elsewhere)
        } else {
            Ok(Self::Inline(Secret::new(text.to_owned())))
        }
    }
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    ///
    /// The expected form; the text is not repeated, since it may be a secret in the wrong variable.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (place, key) = match text.split_once('#') {
            Some((place, key)) => (place, Some(key.to_owned())),
            None => (text, None),
        };
        let named = key.as_deref().is_none_or(|key| !key.is_empty());
        let path = place.strip_prefix("file://").or_else(|| place.strip_prefix("file:"));
        match (path, Arn::parse(place)) {
            (Some(path), _) if named && !path.is_empty() => Ok(Self { place: Storage::File(path.to_owned()), key }),
            (None, Some(arn)) if named && matches!(arn.kind, ArnKind::Secret | ArnKind::Parameter) => {
                Ok(Self { place: Storage::Aws(arn), key })
            }
            _ => Err(String::from(
                "must refer to file:PATH, to arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME or to arn:aws:ssm:REGION:ACCOUNT:parameter/NAME, with #KEY for one value of a JSON object",
            )),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Storage::File(path) => write!(f, "file:{}", shown::path(path))?,
            Storage::Aws(arn) => f.write_str(&arn.text)?,
        }
        self.key.as_ref().map_or(Ok(()), |key| write!(f, "#{}", shown::path(key)))
    }
}

impl Arn {
    /// Reads an ARN; `None` if it names nothing that meerkat can ask for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, _account, resource] = parts[..] else {
            return None;
        };
        let (kind, name) = match service {
            "secretsmanager" => (ArnKind::Secret, resource.strip_prefix("secret:")?),
            "ssm" => (ArnKind::Parameter, resource.strip_prefix("parameter/")?),
            "kafka" => (ArnKind::Cluster, resource.strip_prefix("cluster/")?),
            "sns" if !resource.contains(':') => (ArnKind::Topic, resource),
            _ => return None,
        };
        let placed = partition.starts_with("aws") && !region.is_empty() && !name.is_empty();
        // The Region becomes part of a host name.
        let safe = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (placed && safe).then(|| Self { kind, region: region.to_owned(), text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_orders-AbCdEf";
    const PARAMETER: &str = "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/kafka/password";

    fn parsed(text: &str) -> String {
        match Source::parse(text) {
            Ok(Source::Inline(secret)) => format!("inline {}", secret.expose()),
            Ok(Source::Elsewhere(Reference { place: Storage::File(path), key })) => format!("file {path} {key:?}"),
            Ok(Source::Elsewhere(Reference { place: Storage::Aws(arn), key })) => {
                format!("{:?} in {} {key:?}", arn.kind, arn.region)
            }
            Err(expectation) => expectation,
        }
    }

    #[test]
    fn a_variable_holds_a_secret_or_a_reference() {
        assert_eq!(parsed("hunter2#1"), "inline hunter2#1");
        assert_eq!(parsed("file:/run/secrets/password"), "file /run/secrets/password None");
        assert_eq!(
            parsed("file:///run/secrets/kafka.json#password"),
            r#"file /run/secrets/kafka.json Some("password")"#
        );
        assert_eq!(parsed(SECRET), "Secret in eu-west-1 None");
        assert_eq!(parsed(&format!("{SECRET}#api.key")), r#"Secret in eu-west-1 Some("api.key")"#);
        assert_eq!(parsed(PARAMETER), "Parameter in cn-north-1 None");
    }

    #[test]
    fn a_reference_shows_as_it_was_written() {
        for text in ["file:/a/b", "file:/a/b#c", SECRET, PARAMETER, "arn:aws:ssm:us-east-1:1:parameter/a#b"] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_and_not_repeated() {
        for wrong in [
            "file:",
            "file:/a#",
            "arn:",
            "arn:aws:s3:::bucket",
            "arn:aws:secretsmanager::1:secret:a",
            "arn:aws:secretsmanager:eu-west-1:1:secret:",
            "arn:aws:secretsmanager:eu-west-1:1:a",
            "arn:aws:secretsmanager:evil.example/:1:secret:a",
            "arn:aws:ssm:eu-west-1:1:document/a",
            "arn:aws:kafka:eu-west-1:1:cluster/a/b",
            "arn:aws:sns:eu-west-1:1:a",
            "arn:google:ssm:eu-west-1:1:parameter/a",
        ] {
            assert!(parsed(wrong).starts_with("must refer to"), "{wrong}");
        }
        assert!(Reference::parse("hunter2").is_err_and(|error| !error.contains("hunter2")));
    }

    #[test]
    fn a_topic_has_an_arn_and_a_subscription_is_none() {
        let arn = Arn::parse("arn:aws:sns:eu-west-1:123456789012:changes").unwrap();
        assert_eq!((arn.kind, arn.region.as_str()), (ArnKind::Topic, "eu-west-1"));
        assert_eq!(Arn::parse("arn:aws:sns:eu-west-1:123456789012:changes:0a1b"), None);
    }

    #[test]
    fn a_cluster_has_an_arn_too() {
        let arn = Arn::parse("arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b-2").unwrap();
        assert_eq!((arn.kind, arn.region.as_str()), (ArnKind::Cluster, "eu-west-1"));
    }
}
