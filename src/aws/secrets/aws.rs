//! A signed request to an AWS service.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatch::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;

use super::call::{Failure, call};
use super::reference::{Arn, ArnKind};
use super::{Door, SecretError};

/// What is asked.
pub(crate) struct AwsQuestion<'a> {
    /// What the answer is about.
    pub(crate) arn: &'a Arn,
    /// The IAM action that it needs.
    pub(crate) action: &'static str,
    pub(crate) path: String,
    pub(crate) body: Body,
}

/// The body, in the protocol of the service.
pub(crate) enum Body {
    /// A `GET`; all others are sent by `POST`.
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
        let key = credentials(self.aws().await, None).await?;
        sign_request(request, origin, place, key, SystemTime::now())
    }
}

/// Sends the request with the identity of a role, or with this run's own, and explains a refusal; `variable` names what was
/// asked for.
pub(crate) async fn ask(
    door: &Door,
    role: Option<&str>,
    variable: &'static str,
    question: AwsQuestion<'_>,
) -> Result<Vec<u8>, SecretError> {
    let subject = format!("{variable} ({})", question.arn.text);
    let config = door.aws().await;
    let origin = origin(config, question.arn).await;
    let key = match credentials(config, role).await {
        Ok(key) => key,
        Err(error) => return Err(SecretError::no_key(subject, role.is_some(), error)),
    };
    let request = signed(&origin, &question, key, SystemTime::now())
        .map_err(|source| SecretError::Settings { subject: subject.clone(), source })?;
    call(&door.http, door.wait, &origin, request).await.map_err(|failure| match failure {
        Failure::Refused(refusal) => SecretError::refused(subject, question.action, question.arn, &refusal),
        Failure::TooLong(why) => SecretError::Unusable { subject, why: why.to_string() },
        Failure::Unreachable(source) => SecretError::Unreachable { subject, origin, source },
    })
}

/// The key that the SDK's chain finds, or that of a role that it assumes.
pub(crate) async fn credentials(config: &SdkConfig, role: Option<&str>) -> Result<Credentials, CredentialsError> {
    match (role, config.credentials_provider()) {
        (Some(arn), _) => {
            let role = AssumeRoleProvider::builder(arn).session_name("meerkat").configure(config).build().await;
            role.provide_credentials().await
        }
        (None, Some(provider)) => provider.provide_credentials().await,
        (None, None) => Err(CredentialsError::not_loaded_no_source()),
    }
}

/// The service's endpoint: the value of `AWS_ENDPOINT_URL_…`, `AWS_ENDPOINT_URL` or the profile, or its public name.
async fn origin(config: &SdkConfig, arn: &Arn) -> String {
    let id = match arn.kind {
        ArnKind::Secret => "Secrets Manager",
        ArnKind::Parameter => "SSM",
        ArnKind::Cluster => "Kafka",
        ArnKind::Topic => "SNS",
    };
    let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = config.service_config().zip(key).and_then(|(settings, key)| settings.load_config(key));
    match own.or_else(|| config.endpoint_url().map(str::to_owned)) {
        Some(origin) => origin,
        None => {
            public_origin(arn, config.use_fips().unwrap_or_default(), config.use_dual_stack().unwrap_or_default()).await
        }
    }
}

/// The public name, as in the services' own endpoint rules. The SDK's rules for `CloudWatch` know the domain of each
/// partition of AWS.
async fn public_origin(arn: &Arn, fips: bool, dual_stack: bool) -> String {
    let (service, region) = (arn.kind.service(), &*arn.region);
    let in_government = region.starts_with("us-gov-");
    let (name, suffixed) = match arn.kind {
        ArnKind::Cluster if dual_stack => ("kafka-api", fips && !in_government),
        // One name serves IPv4 and IPv6.
        ArnKind::Secret => (service, fips),
        // The usual endpoints there are the FIPS-validated ones.
        _ if in_government && !dual_stack => (service, false),
        _ => (service, fips),
    };
    let dual_stack = dual_stack && arn.kind != ArnKind::Secret;
    let fips = if suffixed { "-fips" } else { "" };
    let suffix = suffix(region, dual_stack).await.unwrap_or_else(|| "amazonaws.com".to_owned());
    format!("https://{name}{fips}.{region}.{suffix}")
}

/// The part after the Region in the names of a partition's services.
async fn suffix(region: &str, dual_stack: bool) -> Option<String> {
    let params = Params::builder().region(region).use_fips(false).use_dual_stack(dual_stack).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.ok()?;
    let rest = endpoint.url().strip_prefix("https://monitoring.")?.strip_prefix(region)?;
    rest.strip_prefix('.').map(str::to_owned)
}

fn signed(
    origin: &str,
    question: &AwsQuestion<'_>,
    key: Credentials,
    now: SystemTime,
) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
    let (method, kind, body) = match &question.body {
        Body::Nothing => ("GET", None, ""),
        Body::Json(_, body) => ("POST", Some("application/x-amz-json-1.1"), body.as_str()),
        Body::Form(body) => ("POST", Some("application/x-www-form-urlencoded"), body.as_str()),
    };
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(method)?;
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

    #[tokio::test]
    async fn a_service_has_its_name_in_every_partition() {
        // Expected values from the endpoint rules of botocore 1.44.8.
        let cases = [
            ("arn:aws:secretsmanager:eu-west-1:1:secret:a", false, false, "secretsmanager.eu-west-1.amazonaws.com"),
            ("arn:aws:secretsmanager:eu-west-1:1:secret:a", false, true, "secretsmanager.eu-west-1.amazonaws.com"),
            ("arn:aws:secretsmanager:us-east-1:1:secret:a", true, true, "secretsmanager-fips.us-east-1.amazonaws.com"),
            ("arn:aws:ssm:us-east-1:1:parameter/a", true, true, "ssm-fips.us-east-1.api.aws"),
            ("arn:aws:ssm:eu-west-1:1:parameter/a", false, true, "ssm.eu-west-1.api.aws"),
            ("arn:aws-us-gov:ssm:us-gov-west-1:1:parameter/a", true, false, "ssm.us-gov-west-1.amazonaws.com"),
            ("arn:aws-us-gov:ssm:us-gov-west-1:1:parameter/a", true, true, "ssm-fips.us-gov-west-1.api.aws"),
            ("arn:aws-us-gov:sns:us-gov-east-1:1:a", true, false, "sns.us-gov-east-1.amazonaws.com"),
            (
                "arn:aws-us-gov:secretsmanager:us-gov-west-1:1:secret:a",
                true,
                false,
                "secretsmanager-fips.us-gov-west-1.amazonaws.com",
            ),
            ("arn:aws-us-gov:kafka:us-gov-west-1:1:cluster/a", true, false, "kafka.us-gov-west-1.amazonaws.com"),
            ("arn:aws-us-gov:kafka:us-gov-west-1:1:cluster/a", true, true, "kafka-api.us-gov-west-1.api.aws"),
            ("arn:aws:kafka:us-east-1:1:cluster/a", true, false, "kafka-fips.us-east-1.amazonaws.com"),
            ("arn:aws:kafka:us-east-1:1:cluster/a", true, true, "kafka-api-fips.us-east-1.api.aws"),
            ("arn:aws:kafka:eu-west-1:1:cluster/a", false, true, "kafka-api.eu-west-1.api.aws"),
            ("arn:aws-cn:kafka:cn-north-1:1:cluster/a", false, false, "kafka.cn-north-1.amazonaws.com.cn"),
            ("arn:aws-cn:sns:cn-north-1:1:a", false, true, "sns.cn-north-1.api.amazonwebservices.com.cn"),
            ("arn:aws-eusc:sns:eusc-de-east-1:1:a", false, false, "sns.eusc-de-east-1.amazonaws.eu"),
        ];
        for (arn, fips, dual_stack, host) in cases {
            let origin = public_origin(&Arn::parse(arn).unwrap(), fips, dual_stack).await;
            assert_eq!(origin, format!("https://{host}"), "{arn}, FIPS {fips}, dual stack {dual_stack}");
        }
        for (region, suffix) in [
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
        ] {
            let arn = Arn::parse(&format!("arn:aws-iso:secretsmanager:{region}:1:secret:a")).unwrap();
            let expected = format!("https://secretsmanager.{region}.{suffix}");
            assert_eq!(public_origin(&arn, false, false).await, expected);
        }
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
        let origin = format!("https://{}.{}.amazonaws.com", question.arn.kind.service(), question.arn.region);
        let request = signed(&origin, question, key, now).unwrap();
        assert_eq!(request.headers().get("x-amz-date"), Some("20261123T030339Z"));
        request.headers().get("authorization").unwrap().to_owned()
    }

    // The signatures are those of `SigV4Auth` of botocore 1.44.5 (the topic's: 1.34.22) for the same requests at that
    // second.

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
    fn a_topic_is_reported_as_botocore_does() {
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
