//! A signed question to an AWS service.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatch::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use futures_util::FutureExt;

use super::call::{Failure, call};
use super::reference::{Arn, ArnKind};
use super::{Door, SecretError};

/// What is asked.
pub(crate) struct AwsQuestion<'a> {
    /// What the answer is about.
    pub(crate) arn: &'a Arn,
    /// The IAM action that it takes.
    pub(crate) action: &'static str,
    /// `GET` has no body.
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Body,
}

/// What is sent, by the protocol that the service speaks.
pub(crate) enum Body {
    Nothing,
    /// AWS JSON 1.1, with the `X-Amz-Target`.
    Json(&'static str, String),
    /// The query protocol.
    Form(String),
}

impl Door {
    /// Signs a request as of now with the key of this run's AWS identity, for a service in a Region.
    pub(crate) async fn sign(
        &self,
        request: &mut HttpRequest,
        origin: &str,
        place: (&str, &str),
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let key = credentials(self.aws().await).await?;
        sign_request(request, origin, place, key, SystemTime::now())
    }
}

/// Asks, and judges a refusal; `variable` is the one that says what to ask for.
pub(crate) async fn ask(
    door: &Door,
    variable: &'static str,
    question: AwsQuestion<'_>,
) -> Result<Vec<u8>, SecretError> {
    let subject = format!("{variable} ({})", question.arn.text);
    let config = door.aws().await;
    let origin = origin(config, question.arn);
    let key = match credentials(config).await {
        Ok(key) => key,
        Err(error) => return Err(SecretError::no_key(subject, false, error)),
    };
    let request = signed(&origin, &question, key, SystemTime::now())
        .map_err(|source| SecretError::Settings { subject: subject.clone(), source })?;
    call(&door.http, door.wait, &origin, request).await.map_err(|failure| match failure {
        Failure::Refused(refusal) => SecretError::refused(subject, question.action, question.arn, &refusal),
        Failure::TooLong(why) => SecretError::Unusable { subject, why: why.to_string() },
        Failure::Unreachable(source) => SecretError::Unreachable { subject, origin, source },
    })
}

/// The key that the SDK's chain finds.
pub(crate) async fn credentials(config: &SdkConfig) -> Result<Credentials, CredentialsError> {
    match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await,
        None => Err(CredentialsError::not_loaded_no_source()),
    }
}

/// Where the service is: what `AWS_ENDPOINT_URL_…`, `AWS_ENDPOINT_URL` or the profile say, or its public name.
fn origin(config: &SdkConfig, arn: &Arn) -> String {
    let id = match arn.kind {
        ArnKind::Secret => "Secrets Manager",
        ArnKind::Parameter => "SSM",
        ArnKind::Cluster => "Kafka",
        ArnKind::Topic => "SNS",
    };
    let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = config.service_config().zip(key).and_then(|(settings, key)| settings.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned)).unwrap_or_else(|| {
        public_origin(arn, config.use_fips().unwrap_or_default(), config.use_dual_stack().unwrap_or_default())
    })
}

fn public_origin(arn: &Arn, fips: bool, dual_stack: bool) -> String {
    let suffix = suffix(&arn.region, dual_stack).or_else(|| suffix(&arn.region, false));
    let suffix = suffix.unwrap_or_else(|| String::from("amazonaws.com"));
    let fips = if fips { "-fips" } else { "" };
    format!("https://{}{fips}.{}.{suffix}", arn.kind.service(), arn.region)
}

/// What stands behind the Region in the host names of its partition, as the SDK knows it; `None` where it has no such names.
fn suffix(region: &str, dual_stack: bool) -> Option<String> {
    let params = Params::builder().region(region).use_dual_stack(dual_stack).build().ok()?;
    let resolved = DefaultResolver::new().resolve_endpoint(&params).now_or_never()?.ok()?;
    let (_, suffix) = resolved.url().split_once(&format!(".{region}."))?;
    Some(suffix.to_owned())
}

fn signed(
    origin: &str,
    question: &AwsQuestion<'_>,
    key: Credentials,
    now: SystemTime,
) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
    let (kind, body) = match &question.body {
        Body::Nothing => (None, ""),
        Body::Json(_, body) => (Some("application/x-amz-json-1.1"), body.as_str()),
        Body::Form(body) => (Some("application/x-www-form-urlencoded"), body.as_str()),
    };
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(question.method)?;
    request.set_uri(question.path.as_str())?;
    if let Some(kind) = kind {
        request.headers_mut().insert("content-type", kind);
    }
    if let Body::Json(target, _) = question.body {
        request.headers_mut().insert("x-amz-target", target);
    }
    sign_request(&mut request, origin, (&question.arn.region, question.arn.kind.service()), key, now)?;
    Ok(request)
}

/// Adds the headers of a signature (AWS Signature Version 4) for a service in a Region. The request's URI is a path below `origin`.
fn sign_request(
    request: &mut HttpRequest,
    origin: &str,
    (region, service): (&str, &str),
    key: Credentials,
    now: SystemTime,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let identity = key.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let url = format!("{}{}", origin.trim_end_matches('/'), request.uri());
    let body = SignableBody::Bytes(request.body().bytes().unwrap_or_default());
    let signable = SignableRequest::new(request.method(), &url, request.headers().iter(), body)?;
    let (headers, _) = sign(signable, &params)?.into_parts().0.into_parts();
    for header in headers {
        request.headers_mut().insert(header.name(), header.value().to_owned());
    }
    Ok(())
}

impl ArnKind {
    /// The service's name in host names and signatures.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Secret => "secretsmanager",
            Self::Parameter => "ssm",
            Self::Cluster => "kafka",
            Self::Topic => "sns",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use super::super::{msk, stored, topic};
    use super::*;

    #[test]
    fn a_service_has_its_name_in_every_partition() {
        let origin = |text: &str, fips, dual_stack| public_origin(&Arn::parse(text).unwrap(), fips, dual_stack);
        let secret = "arn:aws:secretsmanager:eu-west-1:1:secret:a";
        assert_eq!(origin(secret, false, false), "https://secretsmanager.eu-west-1.amazonaws.com");
        assert_eq!(origin(secret, false, true), "https://secretsmanager.eu-west-1.api.aws");
        assert_eq!(
            origin("arn:aws-us-gov:ssm:us-gov-west-1:1:parameter/a", true, false),
            "https://ssm-fips.us-gov-west-1.amazonaws.com"
        );
        assert_eq!(
            origin("arn:aws-cn:kafka:cn-north-1:1:cluster/a", false, false),
            "https://kafka.cn-north-1.amazonaws.com.cn"
        );
        for (region, suffix) in [
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "amazonaws.eu"),
        ] {
            let arn = format!("arn:aws-iso:secretsmanager:{region}:1:secret:a");
            assert_eq!(origin(&arn, false, false), format!("https://secretsmanager.{region}.{suffix}"));
        }
        // There is no other stack there.
        assert!(
            origin("arn:aws-iso-e:ssm:eu-isoe-west-1:1:parameter/a", false, true)
                .starts_with("https://ssm.eu-isoe-west-1.")
        );
    }

    /// The authorization of a request that is signed at 2026-11-23T03:03:39Z.
    fn authorization(question: &AwsQuestion<'_>) -> String {
        let key = Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some("IQoJb3JpZ2luX2VjE+/a=b~d%e==".into()),
            None,
            "test",
        );
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_403_019);
        let request = signed(&public_origin(question.arn, false, false), question, key, now).unwrap();
        assert_eq!(request.headers().get("x-amz-date"), Some("20261123T030339Z"));
        request.headers().get("authorization").unwrap().to_owned()
    }

    // The signatures are what `SigV4Auth` of botocore 1.44.5 (the topic's: 1.34.22) made for the same requests at that second.

    #[test]
    fn a_cluster_is_asked_for_as_botocore_does() {
        let arn = Arn::parse("arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b-2").unwrap();
        assert_eq!(
            authorization(&msk::question(&arn)),
            "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261123/eu-west-1/kafka/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=cb2231fc473b9a1906ae518e1bf9909a061c2af586f9a5fef174034e22d3dae2"
        );
    }

    #[test]
    fn a_secret_is_asked_for_as_botocore_does() {
        let arn = Arn::parse("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf").unwrap();
        assert_eq!(
            authorization(&stored::question(&arn)),
            "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261123/eu-west-1/secretsmanager/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=75f2f8e1ef535dfb3a30491cf58baee7b23e241800119af6c81dac1e126568cc"
        );
    }

    #[test]
    fn a_topic_is_told_as_botocore_does() {
        let arn = Arn::parse("arn:aws:sns:eu-west-1:123456789012:changes").unwrap();
        assert_eq!(
            authorization(&topic::question(
                &arn,
                &topic::Notice {
                    subject: "orders-svc ERR".into(),
                    text: "a & b = 2,921 records".into(),
                    body: "{}".into(),
                    attributes: vec![("status", "ERR".into())]
                }
            )),
            "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261123/eu-west-1/sns/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=e0963f9c877d631d45bcb722cd3e2f2af6d0dd02a29804be0d6f10a8d5bdee52"
        );
    }
}
