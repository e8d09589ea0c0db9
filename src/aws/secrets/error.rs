//! Why a value that is stored elsewhere could not be read, and what to do.

use aws_credential_types::provider::error::CredentialsError;

use super::call::Refusal;
use super::reference::{Arn, ArnKind, Reference};

/// What went wrong. `subject` names the variable and its reference; `said` are the peer's words, never a secret.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each field has its place in the sentence above it")]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{variable} refers to the file {path}, which cannot be read")]
    File { variable: &'static str, path: String, source: std::io::Error },
    /// The file is a folder.
    #[error("{variable} names {path}, which is a folder: name the file in it")]
    Folder { variable: &'static str, path: String },
    /// There is no AWS identity, or its credentials are refused.
    #[error("{subject} needs valid AWS credentials: {said}")]
    Credentials { subject: String, said: String, source: Option<Box<dyn std::error::Error + Send + Sync>> },
    /// The identity may not read it.
    #[error("{subject} cannot be read: allow {action} on it to the role of this run ({said})")]
    Denied { subject: String, action: &'static str, said: String },
    /// It does not exist.
    #[error("{subject} does not exist: check name and account ({said})")]
    NotFound { subject: String, said: String },
    /// Another refusal.
    #[error("{subject} cannot be read: {said}")]
    Refused { subject: String, said: String },
    /// A topic refused a message.
    #[error("{subject} accepted no message: {said}; {way_out}")]
    Unsent { subject: String, said: String, way_out: &'static str },
    /// No answer arrived.
    #[error(
        "{subject}: no answer from {origin}; from a VPC it needs a NAT gateway, or an interface endpoint where the service has one"
    )]
    Unreachable { subject: String, origin: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// The request cannot be written.
    #[error("{subject} cannot be asked for")]
    Settings { subject: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// Something else answered.
    #[error("{subject} is of no use: {why}")]
    Unusable { subject: String, why: String },
    /// The token endpoint refused.
    #[error("the token endpoint {endpoint} gives no token: {said}: {way_out}")]
    NoToken { endpoint: String, said: String, way_out: &'static str },
}

impl SecretError {
    pub(crate) fn unusable(variable: &'static str, reference: &Reference, why: String) -> Self {
        Self::Unusable { subject: format!("{variable} ({reference})"), why }
    }

    /// No credentials from the chain, or none for the role.
    pub(crate) fn no_key(subject: String, role: bool, error: CredentialsError) -> Self {
        let said = String::from(if role {
            "the role cannot be assumed: allow sts:AssumeRole on it to this run's role, and let its trust policy name that role"
        } else {
            "run with a role; from a shell AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do too"
        });
        Self::Credentials { subject, said, source: Some(Box::new(error)) }
    }

    /// The meaning of a service's refusal.
    pub(crate) fn refused(subject: String, action: &'static str, arn: &Arn, refusal: &Refusal) -> Self {
        let said = refusal.words();
        // The services have no code of their own for a KMS key that may not be used: only their words show it.
        let about_key = ["KMS", "kms", "ciphertext"].iter().any(|word| refusal.message().contains(word));
        match refusal.code() {
            "ExpiredTokenException" | "ExpiredToken" | "UnrecognizedClientException" | "InvalidClientTokenId" => {
                Self::Credentials { subject, said, source: None }
            }
            "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" => {
                let said = format!("{said}; is this machine's clock right, and {} the Region?", arn.region);
                Self::Credentials { subject, said, source: None }
            }
            // A refused message is not about reading, and the query protocol has codes of its own (SNS, Common Errors).
            code if arn.kind == ArnKind::Topic => Self::Unsent { subject, said, way_out: unsent(code) },
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedException" | "ForbiddenException" if about_key => {
                Self::Denied { subject, action: "kms:Decrypt", said }
            }
            "DecryptionFailure" | "InvalidKeyId" => Self::Denied { subject, action: "kms:Decrypt", said },
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedException" | "ForbiddenException" => {
                Self::Denied { subject, action, said }
            }
            "ResourceNotFoundException" | "ParameterNotFound" | "NotFoundException" => Self::NotFound { subject, said },
            _ => Self::Refused { subject, said },
        }
    }
}

/// What to do about a topic that refuses a message.
fn unsent(code: &str) -> &'static str {
    match code {
        "NotFound" | "NotFoundException" => "check its name, Region and account",
        code if code.starts_with("KMS") => {
            "allow kms:GenerateDataKey and kms:Decrypt on its key to the role of this run, in the key's policy too"
        }
        _ => "allow sns:Publish on it to the role of this run, and in the policy of the VPC endpoint if there is one",
    }
}
