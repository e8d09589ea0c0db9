//! Variables as text, read one by one; what is wrong is collected on the way.

use std::collections::BTreeMap;
use std::fmt;

use super::{Bootstrap, ConfigError, Endpoint, Pem};
use crate::pattern::Rules;
use crate::secret::Secret;
use crate::secrets::reference::{Arn, Kind};
use crate::secrets::{Network, Source};
use crate::variables::{self, VARIABLES};

/// The variables while they are read, and what is wrong so far.
pub(super) struct Variables {
    found: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Variables {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| name.starts_with("KAFKA_") || name.starts_with("MEERKAT_");
        let found: BTreeMap<_, _> = variables.into_iter().filter(|(name, _)| ours(name)).collect();
        // A misspelt name of ours would be ignored in silence; names of Kafka's own scripts begin with KAFKA_ too.
        let unknown =
            |name: &&String| name.starts_with("MEERKAT_") && VARIABLES.iter().all(|known| known.name != **name);
        let problems = found.keys().filter(unknown).map(|name| variables::unknown(name)).collect();
        Self { found, problems }
    }

    /// The text of a variable, or its default; empty is the same as absent.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let default = || VARIABLES.iter().find(|known| known.name == name)?.default.map(str::to_owned);
        self.found.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).or_else(default)
    }

    pub(super) fn wrong(&mut self, name: &str, expectation: impl fmt::Display) {
        self.problems.push(format!("{name} {expectation}"));
    }

    /// Addresses, or the ARN of a cluster that has them.
    pub(super) fn bootstrap(&mut self) -> Bootstrap {
        let name = "KAFKA_BOOTSTRAP_SERVERS";
        let text = self.text(name).unwrap_or_default();
        let network = self.choice(
            "KAFKA_CLUSTER_NETWORK",
            &[
                ("private", Network::Private),
                ("public", Network::Public),
                ("vpc-connectivity", Network::VpcConnectivity),
            ],
        );
        if let (Some(arn), true) = (self.text("KAFKA_CLUSTER_ARN"), text.is_empty()) {
            match Arn::parse(&arn).filter(|arn| arn.kind == Kind::Cluster) {
                Some(arn) => return Bootstrap::Cluster { arn, network },
                None => self.wrong(
                    "KAFKA_CLUSTER_ARN",
                    format_args!("must be like arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID, found {arn:?}"),
                ),
            }
            return Bootstrap::Addresses(Vec::new());
        }
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
        Bootstrap::Addresses(endpoints)
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let text = self.text(name).unwrap_or_default();
        let chosen = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if chosen.is_none() {
            let expected: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(name, format_args!("must be one of {}, found {text:?}", expected.join(", ")));
        }
        chosen.unwrap_or(&words[0]).1
    }

    pub(super) fn number(&mut self, name: &str, least: usize, most: usize) -> usize {
        let text = self.text(name).unwrap_or_default();
        text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            self.wrong(name, format_args!("must be a whole number from {least} to {most}, found {text:?}"));
            least
        })
    }

    pub(super) fn optional_number(&mut self, name: &str, least: usize, most: usize) -> Option<usize> {
        self.found.get(name).is_some_and(|text| !text.trim().is_empty()).then(|| self.number(name, least, most))
    }

    /// Items separated by commas.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Numbers by glob: the first glob that matches counts, a number alone is for everything else.
    pub(super) fn rules(&mut self, name: &str) -> Rules<u64> {
        let mut rules = Rules::new(0);
        for item in self.list(name) {
            let (glob, number) = item.rsplit_once('=').map_or((None, &*item), |(glob, number)| (Some(glob), number));
            match (glob, number.trim().parse()) {
                (Some(glob), Ok(number)) => rules.add(glob.trim(), number),
                (None, Ok(number)) => rules.set_default(number),
                (_, Err(_)) => self.wrong(
                    name,
                    format_args!("must be a whole number, or GLOB=NUMBER, separated by commas, found {item:?}"),
                ),
            }
        }
        rules
    }

    /// A namespace of `CloudWatch`'s (`PutMetricData`: 1 to 255 characters of a small set, `AWS/` is taken).
    pub(super) fn namespace(&mut self, name: &str) -> String {
        let text = self.text(name).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/#:".contains(c);
        if text.len() > 255 || !text.chars().all(plain) || text.starts_with("AWS/") || text.starts_with(':') {
            self.wrong(
                name,
                format_args!(
                    "must be at most 255 letters, digits and . _ - / # :, not beginning with AWS/, found {text:?}"
                ),
            );
        }
        text
    }

    pub(super) fn pem(&mut self, name: &str) -> Option<Pem> {
        self.text(name).map(|text| {
            match Source::parse(&text) {
                // Variables often carry line breaks as \n.
                Ok(Source::Inline(_)) if text.starts_with("-----BEGIN") => {
                    Pem::Value(Secret::new(text.replace("\\n", "\n")))
                }
                Ok(Source::Inline(_)) => Pem::Path(text),
                Ok(Source::Elsewhere(reference)) => Pem::Kept(reference),
                Err(expectation) => {
                    self.wrong(name, expectation);
                    Pem::Path(text)
                }
            }
        })
    }

    /// What is wrong, if anything is.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError(self.problems)) }
    }
}
