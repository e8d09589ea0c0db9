//! Environment variables → [`Config`], or every problem at once.
//!
//! Nothing here reads the environment or a file: variables come in as pairs, and PEM files stay paths.

use std::fmt;
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

/// Everything that a run can be told by variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach the brokers.
    pub(crate) kafka: Kafka,
    /// The cluster's name in metrics and reports; `None` takes Kafka's own cluster id.
    pub(crate) cluster: Option<String>,
    /// Groups to look at, where an event names none.
    pub groups: Patterns,
    pub(crate) topics: Patterns,
    /// Which part of the groups to look at, where an event names none.
    pub(crate) part: Part,
    /// How many parts write the history that is read; at least as many as [`Self::part`] is one of.
    pub(crate) parts: u32,
    /// Groups and topics to look at as one hash below 2⁴⁰: who looks at others is another writer of the same history.
    pub(crate) selection: u64,
    /// Who owns a group, by its name.
    pub(crate) owners: Rules<Option<Box<str>>>,
    /// Whether this is a Lambda function, which logs what it found and has no shell whose variables could be set.
    pub in_lambda: bool,
    /// What Burrow's clients log in with, as `name:password`; `None` where the front lets in whom it wants.
    pub(crate) burrow_login: Option<Source>,
    /// How much of the partitions goes into the report.
    pub(crate) detail: Detail,
    /// The shape of a check's report.
    pub format: Format,
    /// Bytes that a report may have; `None` means [`LAMBDA_REPORT_LIMIT`] in Lambda and no limit elsewhere.
    pub report_limit: Option<usize>,
    /// How long a run outside Lambda may take.
    pub timeout: Duration,
    /// What counts as late, and what raises an alarm.
    pub(crate) judgement: Judging,
    /// What is kept in `CloudWatch`, and what is published there.
    pub(crate) store: Keeping,
    /// What may be a mistake in the variables, in sentences.
    pub doubts: Vec<String>,
}

/// What counts as late, and what raises an alarm.
#[derive(Clone, Debug)]
pub(crate) struct Judging {
    /// Minutes from one scheduled run to the next.
    pub(crate) period: u32,
    /// Offsets that a group may be behind and still count as caught up, by the group's name.
    pub(crate) allowed_lag: Rules<u64>,
    /// How old the oldest unread record may be, by the group's name.
    pub(crate) objective: Rules<Option<Objective>>,
    /// What a group comes to that nobody has read with since the first look; one that is expected is an error.
    pub(crate) abandoned: Abandoned,
    /// Whether a partition that nobody in a living group subscribes to counts as stopped.
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

/// What is kept in `CloudWatch`, and what is published there.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    /// Whether earlier looks are read and this one is written.
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
    /// The topic that is told of each group whose published status changes; `None` tells nobody.
    pub(crate) changes: Option<Arn>,
}

/// How to reach the brokers.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// Where the addresses to begin with come from.
    pub(crate) bootstrap: Bootstrap,
    pub(crate) encryption: Encryption,
    /// The CAs to trust; `None` trusts Mozilla's roots.
    pub(crate) truststore: Option<Keystore>,
    /// The client's certificate chain and private key, for brokers that ask for one.
    pub(crate) keystore: Option<Keystore>,
    /// How to log in; `None` on listeners without SASL.
    pub(crate) sasl: Option<Sasl>,
    /// Bytes that one answer may have.
    pub(crate) frame_limit: usize,
}

/// Where the addresses to begin with come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bootstrap {
    /// They are configured, without duplicates.
    Addresses(Vec<Endpoint>),
    /// Amazon MSK tells them.
    Cluster {
        arn: Arn,
        /// From where it is reached.
        network: Network,
    },
}

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// TLS, always verified.
    Tls,
    /// None; only when the configuration says so in so many words.
    None,
}

/// A trust store or key store: where it is, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keystore {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    pub(crate) place: KeystorePlace,
    /// What it is said to be; `None` lets its bytes tell.
    pub(crate) form: Option<Form>,
    /// Its password; `None` where it has none.
    pub(crate) password: Option<Source>,
    /// The private key's; `None` means the store's.
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
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads the variables; names that do not begin with `KAFKA_`, `MEERKAT_` or `OTEL_` are left alone.
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
        // Where the protocol is not understood, nothing that follows from it is a mistake.
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
    /// What applies to one group.
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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// What an asynchronous invocation's result may carry: 256 KB, less room for what Lambda puts around it (AWS Lambda, destinations).
pub const LAMBDA_REPORT_LIMIT: usize = 240 * 1024;

/// The variable of [`Config::burrow_login`].
pub(crate) const BURROW_LOGIN: &str = "MEERKAT_BURROW_LOGIN";

/// The variable that names the topic of [`Keeping::changes`].
pub(crate) const CHANGES_TOPIC: &str = "MEERKAT_CHANGES_TOPIC";

#[cfg(test)]
mod tests;
