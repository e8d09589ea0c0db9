//! The variables that a run knows: one table for `--help` and the check for misspelt names.

use std::fmt::Write as _;

mod spelling;

pub(crate) use spelling::{mistyped, unknown};

/// One environment variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is when absent or empty; `None` means nothing.
    pub default: Option<&'static str>,
    /// What it says, in one sentence.
    pub meaning: &'static str,
}

/// Every variable, in the order in which `--help` tells them.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "KAFKA_BOOTSTRAP_SERVERS",
        default: None,
        meaning: "brokers to begin with, as host:port, separated by commas; this or KAFKA_CLUSTER_ARN is required",
    },
    Variable {
        name: "KAFKA_CLUSTER_ARN",
        default: None,
        meaning: "an Amazon MSK cluster that is asked for its addresses, in place of KAFKA_BOOTSTRAP_SERVERS",
    },
    Variable {
        name: "KAFKA_CLUSTER_NETWORK",
        default: Some("private"),
        meaning: "private, public or vpc-connectivity: which of the MSK cluster's addresses",
    },
    Variable {
        name: "KAFKA_COMMAND_CONFIG",
        default: None,
        meaning: "a file of Kafka's own client properties; what a variable says counts before what it says",
    },
    Variable {
        name: "KAFKA_SECURITY_PROTOCOL",
        default: Some("SSL"),
        meaning: "SSL, SASL_SSL, or in so many words PLAINTEXT, SASL_PLAINTEXT",
    },
    Variable {
        name: "KAFKA_SSL_TRUSTSTORE",
        default: None,
        meaning: "CA certificates to trust: PEM, or the path of a file with PEM, PKCS#12 or JKS; without it Mozilla's roots",
    },
    Variable {
        name: "KAFKA_SSL_TRUSTSTORE_TYPE",
        default: None,
        meaning: "PEM, PKCS12 or JKS; without it the file itself tells",
    },
    Variable {
        name: "KAFKA_SSL_TRUSTSTORE_PASSWORD",
        default: None,
        meaning: "the trust store's password, or a reference to it",
    },
    Variable {
        name: "KAFKA_SSL_KEYSTORE",
        default: None,
        meaning: "client certificate chain and private key: PEM, or the path of a file with PEM, PKCS#12 or JKS",
    },
    Variable {
        name: "KAFKA_SSL_KEYSTORE_TYPE",
        default: None,
        meaning: "PEM, PKCS12 or JKS; without it the file itself tells",
    },
    Variable {
        name: "KAFKA_SSL_KEYSTORE_PASSWORD",
        default: None,
        meaning: "the key store's password, or a reference to it",
    },
    Variable {
        name: "KAFKA_SSL_KEY_PASSWORD",
        default: None,
        meaning: "the private key's password, or a reference to it; without it the key store's",
    },
    Variable {
        name: "KAFKA_SASL_MECHANISM",
        default: None,
        meaning: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM; for a protocol that begins with SASL_",
    },
    Variable { name: "KAFKA_SASL_USERNAME", default: None, meaning: "the user's name, or a reference to it" },
    Variable { name: "KAFKA_SASL_PASSWORD", default: None, meaning: "the password, or a reference to it" },
    Variable {
        name: "KAFKA_SASL_SECRET",
        default: None,
        meaning: "a reference to {\"username\": …, \"password\": …}, in place of the two",
    },
    Variable { name: "KAFKA_SASL_OAUTHBEARER_TOKEN", default: None, meaning: "a bearer token, or a reference to it" },
    Variable {
        name: "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
        default: None,
        meaning: "the https URL that gives a token for client credentials",
    },
    Variable {
        name: "KAFKA_SASL_OAUTHBEARER_CLIENT_ID",
        default: None,
        meaning: "the client's id, or a reference to it",
    },
    Variable {
        name: "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET",
        default: None,
        meaning: "the client's secret, or a reference to it",
    },
    Variable { name: "KAFKA_SASL_OAUTHBEARER_SCOPE", default: None, meaning: "the scope to ask the endpoint for" },
    Variable {
        name: "KAFKA_SASL_OAUTHBEARER_HEADER_URLENCODE",
        default: Some("false"),
        meaning: "true percent-encodes id and secret first (RFC 6749)",
    },
    Variable {
        name: "KAFKA_SASL_OAUTHBEARER_EXTENSIONS",
        default: None,
        meaning: "SASL extensions as KEY=VALUE, separated by commas",
    },
    Variable {
        name: "KAFKA_SASL_AWS_REGION",
        default: None,
        meaning: "the cluster's Region; without it that of KAFKA_CLUSTER_ARN, in the broker's name, or AWS_REGION",
    },
    Variable { name: "KAFKA_SASL_AWS_ROLE_ARN", default: None, meaning: "a role to take on for AWS_MSK_IAM" },
    Variable {
        name: "MEERKAT_CLUSTER",
        default: None,
        meaning: "the cluster's name in metrics and reports; without it Kafka's cluster id",
    },
    Variable {
        name: "MEERKAT_GROUPS",
        default: None,
        meaning: "globs of groups to look at, separated by commas, ! excludes; without it all",
    },
    Variable {
        name: "MEERKAT_TOPICS",
        default: None,
        meaning: "globs of topics to look at, separated by commas, ! excludes; without it all",
    },
    Variable {
        name: "MEERKAT_PART",
        default: Some("1/1"),
        meaning: "part of the groups to look at, such as 2/8, by a hash of their names: eight functions see together what one would",
    },
    Variable {
        name: "MEERKAT_EXPECT",
        default: None,
        meaning: "globs, separated by commas, each of which must match a group; one that matches none is NOTFOUND",
    },
    Variable {
        name: "MEERKAT_PERIOD",
        default: Some("1"),
        meaning: "minutes from one scheduled run to the next, up to 1440; choose one that divides a day",
    },
    Variable {
        name: "MEERKAT_ALLOWED_LAG",
        default: Some("0"),
        meaning: "records a group may be behind and still count as caught up: a number, or GLOB=NUMBER by group, separated by commas",
    },
    Variable {
        name: "MEERKAT_OBJECTIVE",
        default: None,
        meaning: "seconds that the oldest unread record may be old: 300, 300/900 (WARN, and later ERR) or GLOB=300/900 by group, separated by commas; younger is never an alarm, and no history is needed",
    },
    Variable {
        name: "MEERKAT_ABANDONED",
        default: Some("warn"),
        meaning: "ok, warn or err: what a group comes to that nobody has read with since the first look; one of MEERKAT_EXPECT is an error",
    },
    Variable {
        name: "MEERKAT_UNASSIGNED_ALARMS",
        default: Some("off"),
        meaning: "on: a partition that no member of a living group reads any more counts as stopped",
    },
    Variable {
        name: "MEERKAT_UNCOMMITTED_ALARMS",
        default: Some("off"),
        meaning: "on: a partition that is read but never committed counts as slow",
    },
    Variable {
        name: "MEERKAT_LAG_SECONDS",
        default: Some("1000"),
        meaning: "partitions whose lag in seconds is searched for, those that lag most; the rest is interpolated; 0 turns it off",
    },
    Variable {
        name: "MEERKAT_HISTORY",
        default: Some("on"),
        meaning: "off: earlier looks are not read and this one is not kept, so only lag is told, not what it means",
    },
    Variable { name: "MEERKAT_PUBLISH", default: Some("on"), meaning: "off: no metrics are published" },
    Variable {
        name: "MEERKAT_NAMESPACE",
        default: Some("Meerkat"),
        meaning: "CloudWatch namespace of the metrics for people",
    },
    Variable {
        name: "MEERKAT_STATE_NAMESPACE",
        default: Some("Meerkat/State"),
        meaning: "CloudWatch namespace of the history",
    },
    Variable {
        name: "MEERKAT_METRICS_DETAIL",
        default: Some("group"),
        meaning: "lag metrics per group, or per topic or partition too; problems: per group, only while something is the matter and for three looks after",
    },
    Variable {
        name: "MEERKAT_METRICS_LIMIT",
        default: Some("500"),
        meaning: "metrics a run may publish; what does not fit is left out, and said",
    },
    Variable {
        name: "MEERKAT_CHANGES_TOPIC",
        default: None,
        meaning: "ARN of an SNS topic that gets a line for each group whose published status changes; takes the history",
    },
    Variable {
        name: "MEERKAT_DETAIL",
        default: Some("problems"),
        meaning: "partitions in the report: groups (none), problems (what is not OK), all",
    },
    Variable {
        name: "MEERKAT_FORMAT",
        default: Some("meerkat"),
        meaning: "shape of a check's report: meerkat, burrow for that of Burrow's /v3/kafka/CLUSTER/consumer/GROUP/status, or openmetrics for Prometheus",
    },
    Variable {
        name: "MEERKAT_REPORT_LIMIT",
        default: None,
        meaning: "bytes that a report may have, the worst groups and partitions stay; without it 245760 in Lambda, else none",
    },
    Variable { name: "MEERKAT_TIMEOUT", default: Some("30"), meaning: "seconds that a run outside Lambda may take" },
    Variable {
        name: "MEERKAT_FRAME_LIMIT",
        default: Some("67108864"),
        meaning: "bytes that one answer of a broker may have",
    },
    Variable {
        name: "MEERKAT_LOG",
        default: Some("info"),
        meaning: "off, error, warn, info, debug or trace; logs go to standard error",
    },
];

/// The table as `--help` shows it.
#[must_use]
pub fn help() -> String {
    let mut text = String::new();
    for Variable { name, default, meaning } in VARIABLES {
        let _ = write!(text, "  {name:<41} {meaning}");
        if let Some(default) = default {
            let _ = write!(text, " [{default}]");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_variable_once() {
        for (index, variable) in VARIABLES.iter().enumerate() {
            assert!(VARIABLES[index + 1..].iter().all(|other| other.name != variable.name), "{}", variable.name);
        }
    }
}
