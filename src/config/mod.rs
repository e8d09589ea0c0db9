//! Environment variables → [`Config`], or every problem at once.
//!
//! Nothing here reads the environment or a file: variables come in as pairs, and paths of PEM files stay paths.

use std::time::Duration;

use crate::aws::secrets::reference::{Arn, Reference};
use crate::aws::secrets::{Network, Source};
use crate::keystore::Form;
use crate::model::endpoint::Endpoint;
use crate::model::memory::{Abandoned, Objective, Thresholds};
use crate::model::part::Part;
use crate::model::pattern::{Pattern, Patterns, Rules};
use crate::model::secret::Secret;
use crate::model::watched::WatchRule;

pub mod from_burrow;
mod material;
pub(crate) mod otlp;
pub mod precedence;
pub mod properties;
mod reader;
pub(crate) mod sasl;
pub mod variables;
mod words;

use otlp::Otlp;
use reader::Variables;
use sasl::Sasl;
use words::{ABANDONED, SWITCH};

pub use words::{Detail, Format, MetricsDetail};

/// All settings of a run from variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to connect to the brokers.
    pub(crate) kafka: Kafka,
    /// The cluster's name in metrics and reports; `None` takes Kafka's own cluster id.
    pub(crate) cluster: Option<String>,
    /// Groups to check, unless an event names some.
    pub groups: Patterns,
    pub(crate) topics: Patterns,
    /// The part of the groups to check, unless an event names groups.
    pub(crate) part: Part,
    /// The number of parts that write the history; at least as many as [`Self::part`] has.
    pub(crate) parts: u32,
    /// Selected groups and topics as one hash below 2⁴⁰: runs with different selections must not share one history.
    pub(crate) selection: u64,
    /// Who owns a group, by its name.
    pub(crate) owners: Rules<Option<Box<str>>>,
    /// Whether this is a Lambda function, which logs its results and has no shell where variables could be set.
    pub in_lambda: bool,
    /// The login of Burrow's clients, as `name:password`; `None` leaves authentication to the front.
    pub(crate) burrow_login: Option<Source>,
    /// Which partitions the report lists.
    pub(crate) detail: Detail,
    /// The shape of a check's report.
    pub format: Format,
    /// The largest report in bytes; `None` means [`LAMBDA_REPORT_LIMIT`] in Lambda and no limit elsewhere.
    pub report_limit: Option<usize>,
    /// The maximum time of a run outside Lambda.
    pub timeout: Duration,
    /// Thresholds of lag, and what is an alarm.
    pub(crate) judgement: Judging,
    /// What is stored in `CloudWatch`, and what is published there.
    pub(crate) store: Keeping,
    /// Sentences about values that may be mistakes.
    pub doubts: Vec<String>,
}

/// Thresholds of lag, and what is an alarm.
#[derive(Clone, Debug)]
pub(crate) struct Judging {
    /// Minutes from one scheduled run to the next.
    pub(crate) period: u32,
    /// Records that a group may be behind and still count as caught up, by the group's name.
    pub(crate) allowed_lag: Rules<u64>,
    /// The maximum age of the oldest unread record, by the group's name.
    pub(crate) objective: Rules<Option<Objective>>,
    /// The status of a group that has had no reader since the first run that saw it; an expected group is always an
    /// error.
    pub(crate) abandoned: Abandoned,
    /// Whether a partition that no member of a living group subscribes to counts as stopped.
    pub(crate) unassigned_alarms: bool,
    /// Whether a partition that is read but never committed counts as slow.
    pub(crate) uncommitted_alarms: bool,
    /// Whether what is wrong with the cluster itself counts in the report's status, and is published.
    pub(crate) cluster_alarms: bool,
    /// Topics that are watched although no group may read them.
    pub(crate) watched: Vec<WatchRule>,
    /// How many partitions' lag in seconds is searched for, those that lag most; 0 turns it off.
    pub(crate) aged_partitions: usize,
    /// Patterns, each of which must match a group; one that matches none is reported as `NOTFOUND`.
    pub(crate) expected: Vec<Pattern>,
}

/// What is stored in `CloudWatch`, and what is published there.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    /// Whether earlier snapshots are read and this one is written.
    pub(crate) history: bool,
    /// Whether results are published to `CloudWatch`.
    pub(crate) publish: bool,
    /// The receiver of OTLP that results are sent to, if any.
    pub(crate) otlp: Option<Otlp>,
    /// The namespace of the metrics for people.
    pub(crate) namespace: String,
    /// The namespace of the history.
    pub(crate) state_namespace: String,
    /// How finely lag is published.
    pub(crate) detail: MetricsDetail,
    /// Metrics that a run may publish.
    pub(crate) limit: usize,
    /// The topic that receives each change of a group's published status; `None` sends nothing.
    pub(crate) changes: Option<Arn>,
}

/// How to connect to the brokers.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// The addresses to connect to first.
    pub(crate) bootstrap: Bootstrap,
    pub(crate) encryption: Encryption,
    /// The CAs to trust; `None` trusts Mozilla's roots.
    pub(crate) truststore: Option<Keystore>,
    /// The client's certificate chain and private key, for brokers that ask for one.
    pub(crate) keystore: Option<Keystore>,
    /// How to log in; `None` for listeners without SASL.
    pub(crate) sasl: Option<Sasl>,
    /// The largest answer of a broker in bytes.
    pub(crate) frame_limit: usize,
}

/// The addresses to connect to first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bootstrap {
    /// Configured ones, without duplicates.
    Addresses(Vec<Endpoint>),
    /// Those that Amazon MSK returns.
    Cluster {
        arn: Arn,
        /// The network from which it is reached.
        network: Network,
    },
}

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// TLS, always verified.
    Tls,
    /// No encryption; only if the configuration asks for it explicitly.
    None,
}

/// A trust store or key store: where it is, and its passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keystore {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    pub(crate) place: KeystorePlace,
    /// The configured format; `None` derives it from the bytes.
    pub(crate) form: Option<Form>,
    /// Its password; `None` if it has none.
    pub(crate) password: Option<Source>,
    /// The private key's password; `None` means the store's.
    pub(crate) key_password: Option<Source>,
}

/// A store itself, or where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeystorePlace {
    /// PEM; it may hold a private key.
    Pem(Secret),
    Path(String),
    Kept(Reference),
}

/// Everything that is wrong with the variables.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads the variables; names that do not begin with `KAFKA_`, `MEERKAT_` or `OTEL_` are ignored.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem at once, each with the variable, what it expects and what was found.
    pub fn parse(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut vars = Variables::new(variables);
        vars.conflicts();
        let bootstrap = vars.bootstrap();
        let (encryption, with_login) = vars.choice(
            "KAFKA_SECURITY_PROTOCOL",
            &[
                ("SSL", (Encryption::Tls, false)),
                ("SASL_SSL", (Encryption::Tls, true)),
                ("PLAINTEXT", (Encryption::None, false)),
                ("SASL_PLAINTEXT", (Encryption::None, true)),
            ],
        );
        // If the protocol is not understood, its consequences are no separate mistakes.
        let mut sasl = match (with_login, vars.is_understood("KAFKA_SECURITY_PROTOCOL")) {
            (_, false) => None,
            (true, _) => vars.sasl(),
            (false, _) => vars.no_sasl(),
        };
        if let (Bootstrap::Cluster { arn, .. }, Some(Sasl::MskIam { region: region @ None, .. })) =
            (&bootstrap, &mut sasl)
        {
            *region = Some(arn.region.clone());
        }
        let history = vars.choice("MEERKAT_HISTORY", &SWITCH);
        let (publish, otlp) = vars.targets("MEERKAT_PUBLISH");
        let part = vars.part();
        let config = Self {
            kafka: Kafka {
                bootstrap,
                encryption,
                truststore: vars.truststore(),
                keystore: vars.keystore(),
                sasl,
                frame_limit: vars.number("MEERKAT_FRAME_LIMIT", 64 * 1024, 1 << 30),
            },
            cluster: vars.text("MEERKAT_CLUSTER"),
            groups: vars.patterns("MEERKAT_GROUPS"),
            topics: vars.patterns("MEERKAT_TOPICS"),
            part,
            parts: vars.parts(part),
            selection: vars.selection(),
            owners: vars.owners("MEERKAT_OWNERS"),
            in_lambda: false,
            burrow_login: vars.burrow_login(),
            detail: vars.choice("MEERKAT_DETAIL", &Detail::WORDS),
            format: vars.choice("MEERKAT_FORMAT", &Format::WORDS),
            report_limit: vars.optional_number("MEERKAT_REPORT_LIMIT", 4 * 1024, 6 * 1024 * 1024),
            timeout: Duration::from_secs(vars.number("MEERKAT_TIMEOUT", 1, 900) as u64),
            judgement: Judging {
                period: u32::try_from(vars.number("MEERKAT_PERIOD", 1, 24 * 60)).unwrap_or(1),
                allowed_lag: vars.rules("MEERKAT_ALLOWED_LAG"),
                objective: vars.objectives("MEERKAT_OBJECTIVE"),
                abandoned: vars.choice("MEERKAT_ABANDONED", &ABANDONED),
                unassigned_alarms: vars.choice("MEERKAT_UNASSIGNED_ALARMS", &SWITCH),
                uncommitted_alarms: vars.choice("MEERKAT_UNCOMMITTED_ALARMS", &SWITCH),
                watched: vars.watched("MEERKAT_WATCH"),
                cluster_alarms: vars.choice("MEERKAT_CLUSTER_ALARMS", &SWITCH),
                aged_partitions: vars.number("MEERKAT_LAG_SECONDS", 0, 100_000),
                expected: vars.each_pattern("MEERKAT_EXPECT"),
            },
            store: Keeping {
                history,
                publish,
                otlp: otlp.then(|| vars.otlp()),
                namespace: vars.namespace("MEERKAT_NAMESPACE"),
                state_namespace: vars.namespace("MEERKAT_STATE_NAMESPACE"),
                detail: vars.choice("MEERKAT_METRICS_DETAIL", &MetricsDetail::WORDS),
                limit: vars.number("MEERKAT_METRICS_LIMIT", 10, 100_000),
                changes: vars.changes(history),
            },
            doubts: Vec::new(),
        };
        vars.finish().map(|doubts| Self { doubts, ..config })
    }
}

impl Judging {
    /// The settings of one group.
    pub(crate) fn thresholds(&self, group: &str) -> Thresholds {
        let expected = self.expected.iter().any(|pattern| pattern.matches(group));
        Thresholds {
            allowed_lag: *self.allowed_lag.of(group),
            period_ms: i64::from(self.period) * 60_000,
            unassigned_alarms: self.unassigned_alarms,
            uncommitted_alarms: self.uncommitted_alarms,
            objective: *self.objective.of(group),
            abandoned: if expected { Abandoned::Err } else { self.abandoned },
        }
    }
}

/// The result of an asynchronous invocation may have 256 KB, including what Lambda adds to it (AWS Lambda,
/// destinations).
pub const LAMBDA_REPORT_LIMIT: usize = 240 * 1024;

/// The variable of [`Config::burrow_login`].
pub(crate) const BURROW_LOGIN: &str = "MEERKAT_BURROW_LOGIN";

/// The variable of [`Keeping::changes`].
pub(crate) const CHANGES_TOPIC: &str = "MEERKAT_CHANGES_TOPIC";

#[cfg(test)]
mod tests;
