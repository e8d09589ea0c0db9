//! Environment variables → [`Config`], or every problem at once.
//!
//! Nothing here reads the environment or a file: variables come in as pairs, and PEM files stay paths.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::pattern::Patterns;
use crate::secret::Secret;
use crate::variables::{self, VARIABLES};

/// Everything that a run can be told by variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach the brokers.
    pub kafka: Kafka,
    /// The cluster's name in metrics and reports; `None` takes Kafka's own cluster id.
    pub cluster: Option<String>,
    /// Groups to look at, where an event names none.
    pub groups: Patterns,
    /// Topics to look at.
    pub topics: Patterns,
    /// How much of the partitions goes into the report.
    pub detail: Detail,
    /// Bytes that a report may have; `None` means [`LAMBDA_REPORT_LIMIT`] in Lambda and no limit elsewhere.
    pub report_limit: Option<usize>,
    /// How long a run outside Lambda may take.
    pub timeout: Duration,
}

/// How to reach the brokers.
#[derive(Clone, Debug)]
pub struct Kafka {
    /// Addresses to begin with, without duplicates.
    pub bootstrap: Vec<Endpoint>,
    /// Whether connections are encrypted.
    pub encryption: Encryption,
    /// The CAs to trust; `None` trusts Mozilla's roots.
    pub truststore: Option<Pem>,
    /// The client's certificate chain and private key, for brokers that ask for one.
    pub keystore: Option<Pem>,
    /// Bytes that one answer may have.
    pub frame_limit: usize,
}

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host name or IP address, IPv6 without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS, always verified.
    Tls,
    /// None; only when the configuration says so in so many words.
    None,
}

/// PEM text, or the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pem {
    /// The text itself; it may hold a private key.
    Value(Secret),
    /// A path.
    Path(String),
}

/// How much of the partitions a report lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Groups alone.
    Groups,
    /// The partitions that are not OK, or have a finding.
    Problems,
    /// Every partition.
    All,
}

/// Everything that is wrong with the variables.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads the variables; names that do not begin with `KAFKA_` or `MEERKAT_` are left alone.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem at once, each with the variable, what it expects and what was found.
    pub fn parse(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut vars = Variables::new(variables);
        let bootstrap = vars.bootstrap();
        let encryption = vars.choice(
            "KAFKA_SECURITY_PROTOCOL",
            &[
                ("SSL", Encryption::Tls),
                ("SASL_SSL", Encryption::Tls),
                ("PLAINTEXT", Encryption::None),
                ("SASL_PLAINTEXT", Encryption::None),
            ],
        );
        let config = Self {
            kafka: Kafka {
                bootstrap,
                encryption,
                truststore: vars.pem("KAFKA_SSL_TRUSTSTORE"),
                keystore: vars.pem("KAFKA_SSL_KEYSTORE"),
                frame_limit: vars.number("MEERKAT_FRAME_LIMIT", 64 * 1024, 1 << 30),
            },
            cluster: vars.text("MEERKAT_CLUSTER"),
            groups: Patterns::parse(&vars.text("MEERKAT_GROUPS").unwrap_or_default()),
            topics: Patterns::parse(&vars.text("MEERKAT_TOPICS").unwrap_or_default()),
            detail: vars.choice("MEERKAT_DETAIL", &Detail::WORDS),
            report_limit: vars.optional_number("MEERKAT_REPORT_LIMIT", 4 * 1024, 6 * 1024 * 1024),
            timeout: Duration::from_secs(vars.number("MEERKAT_TIMEOUT", 1, 900) as u64),
        };
        vars.finish().map(|()| config)
    }
}

impl Detail {
    /// The words for it in variables and events.
    pub const WORDS: [(&str, Self); 3] = [("problems", Self::Problems), ("groups", Self::Groups), ("all", Self::All)];
}

impl Endpoint {
    /// Reads `host:port`, `[v6]:port`, or either after a listener's name (`SSL://host:port`).
    ///
    /// # Errors
    /// What was expected, where the text is something else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = text.split_once("://").map_or(text, |(_, address)| address);
        let wrong = || format!("must be host:port, found {text:?}");
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(v6)) => v6,
            None if !host.contains(':') => host,
            _ => return Err(format!("must be host:port with an IPv6 address in brackets, found {text:?}")),
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether both name the same place; the letter case of a host name means nothing.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// The variables while they are read, and what is wrong so far.
struct Variables {
    found: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Variables {
    fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| name.starts_with("KAFKA_") || name.starts_with("MEERKAT_");
        let found: BTreeMap<_, _> = variables.into_iter().filter(|(name, _)| ours(name)).collect();
        // A misspelt name of ours would be ignored in silence; names of Kafka's own scripts begin with KAFKA_ too.
        let unknown =
            |name: &&String| name.starts_with("MEERKAT_") && VARIABLES.iter().all(|known| known.name != **name);
        let problems = found.keys().filter(unknown).map(|name| variables::unknown(name)).collect();
        Self { found, problems }
    }

    /// The text of a variable, or its default; empty is the same as absent.
    fn text(&mut self, name: &str) -> Option<String> {
        let default = || VARIABLES.iter().find(|known| known.name == name)?.default.map(str::to_owned);
        self.found.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).or_else(default)
    }

    fn wrong(&mut self, name: &str, expectation: impl fmt::Display) {
        self.problems.push(format!("{name} {expectation}"));
    }

    fn bootstrap(&mut self) -> Vec<Endpoint> {
        let name = "KAFKA_BOOTSTRAP_SERVERS";
        let text = self.text(name).unwrap_or_default();
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for address in text.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            match Endpoint::parse(address) {
                Ok(endpoint) if endpoints.iter().any(|known| known.is_same(&endpoint)) => {}
                Ok(endpoint) => endpoints.push(endpoint),
                Err(expectation) => self.wrong(name, expectation),
            }
        }
        if endpoints.is_empty() && text.is_empty() {
            self.wrong(name, "must name at least one broker as host:port, found nothing");
        }
        endpoints
    }

    fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let text = self.text(name).unwrap_or_default();
        let chosen = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if chosen.is_none() {
            let expected: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(name, format_args!("must be one of {}, found {text:?}", expected.join(", ")));
        }
        chosen.unwrap_or(&words[0]).1
    }

    fn number(&mut self, name: &str, least: usize, most: usize) -> usize {
        let text = self.text(name).unwrap_or_default();
        text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            self.wrong(name, format_args!("must be a whole number from {least} to {most}, found {text:?}"));
            least
        })
    }

    fn optional_number(&mut self, name: &str, least: usize, most: usize) -> Option<usize> {
        self.found.get(name).is_some_and(|text| !text.trim().is_empty()).then(|| self.number(name, least, most))
    }

    fn pem(&mut self, name: &str) -> Option<Pem> {
        self.text(name).map(|text| {
            if text.starts_with("-----BEGIN") {
                // Variables often carry line breaks as \n.
                Pem::Value(Secret::new(text.replace("\\n", "\n")))
            } else {
                Pem::Path(text)
            }
        })
    }

    fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError(self.problems)) }
    }
}

/// What an asynchronous invocation's result may carry: 256 KB, less room for what Lambda puts around it (AWS Lambda, destinations).
pub const LAMBDA_REPORT_LIMIT: usize = 240 * 1024;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Config, String> {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(pairs).map_err(|error| error.to_string())
    }

    fn bootstrap(list: &str) -> String {
        match parse(&[("KAFKA_BOOTSTRAP_SERVERS", list)]) {
            Ok(config) => config.kafka.bootstrap.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            Err(error) => error,
        }
    }

    #[test]
    fn one_variable_is_enough() {
        let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b-1.example:9094")]).unwrap();
        assert_eq!(config.kafka.encryption, Encryption::Tls);
        assert_eq!(config.detail, Detail::Problems);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let error = parse(&[("MEERKAT_TIMEOUT", "0"), ("KAFKA_SECURITY_PROTOCOL", "TLS"), ("MEERKAT_GRUOPS", "x")]);
        assert_eq!(
            error.unwrap_err(),
            "MEERKAT_GRUOPS is not a variable of meerkat; did you mean MEERKAT_GROUPS?; \
             KAFKA_BOOTSTRAP_SERVERS must name at least one broker as host:port, found nothing; \
             KAFKA_SECURITY_PROTOCOL must be one of SSL, SASL_SSL, PLAINTEXT, SASL_PLAINTEXT, found \"TLS\"; \
             MEERKAT_TIMEOUT must be a whole number from 1 to 900, found \"0\""
        );
    }

    #[test]
    fn addresses_are_folded_and_may_be_ipv6() {
        assert_eq!(
            bootstrap("B-1.example:9094, b-1.EXAMPLE:9094,b-2.example:9094,"),
            "b-1.example:9094,b-2.example:9094"
        );
        assert_eq!(bootstrap("[::1]:9094"), "[::1]:9094");
        assert_eq!(bootstrap("SASL_SSL://b-1.example:9096"), "b-1.example:9096");
    }

    #[test]
    fn an_address_that_is_none_is_told() {
        for wrong in ["b-1.example", "b-1.example:", "b-1:0", "b-1:65536", ":9092", "::1:9092", "a b:1"] {
            assert!(bootstrap(wrong).starts_with("KAFKA_BOOTSTRAP_SERVERS must be host:port"), "{wrong}");
        }
    }

    #[test]
    fn pem_is_text_or_a_path() {
        let pem = |text| {
            let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("KAFKA_SSL_TRUSTSTORE", text)]);
            config.unwrap().kafka.truststore.unwrap()
        };
        assert_eq!(pem("/etc/ca.pem"), Pem::Path("/etc/ca.pem".into()));
        assert_eq!(pem("-----BEGIN A-----\\nx"), Pem::Value(Secret::new("-----BEGIN A-----\nx".into())));
    }
}
