//! A cluster's addresses by its ARN, so that a template needs no broker names.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::aws::{AwsQuestion, Body, ask};
use super::reference::Arn;
use super::{Door, SecretError};

/// How to connect to the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Neither encrypted nor authenticated.
    Plaintext,
    /// TLS, with or without a client certificate.
    Tls,
    /// SASL/SCRAM over TLS.
    SaslScram,
    /// `AWS_MSK_IAM` over TLS.
    SaslIam,
}

/// From which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The cluster's own VPC, or one that is connected to it.
    Private,
    /// The internet, if the cluster has public access.
    Public,
    /// Another VPC by `PrivateLink`, which MSK calls multi-VPC connectivity.
    VpcConnectivity,
}

impl Door {
    /// Addresses in the form of `KAFKA_BOOTSTRAP_SERVERS`.
    ///
    /// A role that is assumed for the login asks first: the cluster may belong to another account. If the role is not
    /// allowed to, this run's own identity asks.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if MSK refuses, or the cluster has no such listener.
    pub async fn bootstrap(
        &self,
        variable: &'static str,
        cluster: &Arn,
        listener: Listener,
        network: Network,
        role: Option<&str>,
    ) -> Result<String, SecretError> {
        let answer = match ask(self, role, variable, question(cluster)).await {
            Err(SecretError::Denied { .. }) if role.is_some() => ask(self, None, variable, question(cluster)).await?,
            answer => answer?,
        };
        choose(&answer, listener, network)
            .map_err(|why| SecretError::Unusable { subject: format!("{variable} ({})", cluster.text), why })
    }
}

/// `GetBootstrapBrokers`.
pub(crate) fn question(cluster: &Arn) -> AwsQuestion<'_> {
    let path = format!("/v1/clusters/{}/bootstrap-brokers", utf8_percent_encode(&cluster.text, RESERVED));
    AwsQuestion { arn: cluster, action: "kafka:GetBootstrapBrokers", path, body: Body::Nothing }
}

/// The addresses of this listener in an answer to `GetBootstrapBrokers`.
fn choose(answer: &[u8], listener: Listener, network: Network) -> Result<String, String> {
    let answer: Map<String, Value> =
        serde_json::from_slice(answer).map_err(|_| String::from("the service's answer cannot be read"))?;
    let name = format!("{FIRST}{}{}", network.infix(), listener.suffix());
    let wanted = answer.iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).and_then(|(_, value)| value.as_str());
    if let Some(brokers) = wanted.filter(|brokers| !brokers.is_empty()) {
        return Ok(brokers.to_owned());
    }
    let others: Vec<_> = answer.keys().map(String::as_str).collect();
    let others =
        if others.is_empty() { String::from("nothing: is it still being created?") } else { others.join(", ") };
    Err(format!(
        "the cluster has no {name}, it has {others}: check KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM and KAFKA_CLUSTER_NETWORK"
    ))
}

impl Network {
    fn infix(self) -> &'static str {
        match self {
            Self::Private => "",
            Self::Public => "Public",
            Self::VpcConnectivity => "VpcConnectivity",
        }
    }
}

impl Listener {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plaintext => "",
            Self::Tls => "Tls",
            Self::SaslScram => "SaslScram",
            Self::SaslIam => "SaslIam",
        }
    }
}

/// The prefix of every field of the answer.
const FIRST: &str = "bootstrapBrokerString";

/// Everything but RFC 3986's unreserved characters; a signature is wrong if one of those is encoded.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"bootstrapBrokerStringTls":"b-1:9094,b-2:9094","bootstrapBrokerStringSaslScram":"b-1:9096",
        "bootstrapBrokerStringPublicSaslIam":"b-1-public:9198","bootstrapBrokerStringVpcConnectivitySaslScram":"b-1:14001"}"#;

    fn chosen(listener: Listener, network: Network) -> String {
        choose(ANSWER.as_bytes(), listener, network).unwrap_or_else(|why| why)
    }

    #[test]
    fn the_string_fits_the_listener_and_the_network() {
        assert_eq!(chosen(Listener::Tls, Network::Private), "b-1:9094,b-2:9094");
        assert_eq!(chosen(Listener::SaslScram, Network::Private), "b-1:9096");
        assert_eq!(chosen(Listener::SaslIam, Network::Public), "b-1-public:9198");
        assert_eq!(chosen(Listener::SaslScram, Network::VpcConnectivity), "b-1:14001");
    }

    #[test]
    fn a_listener_that_is_not_there_is_reported_with_those_that_are() {
        let why = chosen(Listener::Plaintext, Network::Private);
        assert!(why.starts_with("the cluster has no bootstrapBrokerString, it has bootstrapBrokerString"), "{why}");
        assert!(choose(b"{}", Listener::Tls, Network::Private).is_err_and(|why| why.contains("being created")));
        assert!(choose(b"[]", Listener::Tls, Network::Private).is_err_and(|why| why.contains("cannot be read")));
    }
}
