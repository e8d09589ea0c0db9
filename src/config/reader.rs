//! Variables as text, read one by one; problems are collected on the way.

use std::collections::BTreeMap;
use std::fmt;

use super::CHANGES_TOPIC as CHANGES;
use super::{Bootstrap, ConfigError, Endpoint};
use crate::aws::secrets::Network;
use crate::aws::secrets::reference::{Arn, ArnKind};
use crate::base::shown;
use crate::config::variables::{Stranger, VARIABLES, stranger};
use crate::model::memory::Objective;
use crate::model::part::{MOST_PARTS, PART_EXPECTED, Part};
use crate::model::pattern::{self, Pattern, Patterns, Rules};
use crate::model::stable_hash::Hash;
use crate::model::watched::{Wanted, WatchRule};

/// The variables while they are read, and the problems so far.
pub(super) struct Variables {
    found: BTreeMap<String, String>,
    problems: Vec<String>,
    /// Values that may be mistakes.
    doubts: Vec<String>,
}

impl Variables {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| ["KAFKA_", "MEERKAT_", "OTEL_"].iter().any(|prefix| name.starts_with(prefix));
        let found: BTreeMap<_, _> = variables.into_iter().filter(|(name, _)| ours(name)).collect();
        // A misspelt name of ours would be ignored silently; an empty variable of Kafka's does no harm.
        let said = found.iter().filter(|(name, text)| name.starts_with("MEERKAT_") || !text.trim().is_empty());
        let (mut problems, mut doubts) = (Vec::new(), Vec::new());
        for (name, _) in said {
            match stranger(name) {
                Stranger::None => {}
                Stranger::Doubt(sentence) => doubts.push(sentence),
                Stranger::Slip(sentence) => problems.push(sentence),
            }
        }
        Self { found, problems, doubts }
    }

    /// The text of a variable, or its default; empty means absent.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let default = || VARIABLES.iter().find(|known| known.name == name)?.default.map(str::to_owned);
        self.found.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).or_else(default)
    }

    /// The text of a secret, whose blanks count as in Kafka; line breaks around it come from an editor and are
    /// removed.
    pub(super) fn secret_text(&mut self, name: &str) -> Option<String> {
        let text = self.found.get(name)?.trim_matches(['\r', '\n']);
        // A reference begins with a word of its own.
        let refers = ["file:", "arn:"].iter().any(|begin| text.trim_start().starts_with(begin));
        let text = if refers { text.trim() } else { text };
        Some(text.to_owned()).filter(|text| !text.trim().is_empty())
    }

    /// One of several parts.
    pub(super) fn part(&mut self) -> Part {
        let name = "MEERKAT_PART";
        let text = self.text(name).unwrap_or_default();
        Part::parse(&text).unwrap_or_else(|| {
            self.unexpected(name, PART_EXPECTED, &text, &[]);
            Part::WHOLE
        })
    }

    /// The number of parts, for a run that is none of them.
    pub(super) fn parts(&mut self, part: Part) -> u32 {
        let name = "MEERKAT_PARTS";
        let parts = u32::try_from(self.number(name, 1, MOST_PARTS as usize)).unwrap_or(1);
        if parts > 1 && !part.is_whole() && parts != part.of() {
            self.wrong(
                name,
                format_args!(
                    "is {parts}, and MEERKAT_PART is {part}: leave MEERKAT_PARTS out, or set it to {}",
                    part.of()
                ),
            );
        }
        parts.max(part.of())
    }

    /// The selected groups and topics, as a hash.
    pub(super) fn selection(&mut self) -> u64 {
        let names = ["MEERKAT_GROUPS", "MEERKAT_TOPICS", "MEERKAT_PART"];
        let hash = names.iter().fold(Hash::new(), |hash, name| hash.text(&self.text(name).unwrap_or_default()));
        hash.finish() >> (u64::BITS - SELECTION_BITS)
    }

    pub(super) fn wrong(&mut self, name: &str, expectation: impl fmt::Display) {
        self.problems.push(format!("{name} {expectation}"));
    }

    /// A value that is not as expected, as far as it may be shown; `known` are words that it may nearly be.
    pub(super) fn unexpected(&mut self, name: &str, expectation: impl fmt::Display, value: &str, known: &[&str]) {
        self.wrong(name, format_args!("{expectation}, {}", shown::found(value, known)));
    }

    /// Refuses two variables of the same meaning: one of them would have no effect, and its owner would wonder why.
    pub(super) fn conflicts(&mut self) {
        for (one, other, what) in CONFLICTS {
            if self.text(one).is_some() && self.text(other).is_some() {
                self.wrong(one, format_args!("and {other} both set {what}: remove one of them"));
            }
        }
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
            if let Some(arn) = Arn::parse(&arn).filter(|arn| arn.kind == ArnKind::Cluster) {
                return Bootstrap::Cluster { arn, network };
            }
            let expected = "must be like arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID";
            self.unexpected("KAFKA_CLUSTER_ARN", expected, &arn, &[]);
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
            self.problems.push(NO_BROKER.to_owned());
        }
        Bootstrap::Addresses(endpoints)
    }

    /// Whether a variable has no problem so far.
    pub(super) fn is_understood(&self, name: &str) -> bool {
        !self.problems.iter().any(|problem| problem.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let text = self.text(name).unwrap_or_default();
        let chosen = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if chosen.is_none() {
            let expected: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.unexpected(name, format_args!("must be one of {}", expected.join(", ")), &text, &expected);
        }
        chosen.unwrap_or(&words[0]).1
    }

    pub(super) fn number(&mut self, name: &str, least: usize, most: usize) -> usize {
        let text = self.text(name).unwrap_or_default();
        text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            self.unexpected(name, format_args!("must be a whole number from {least} to {most}"), &text, &[]);
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

    /// Names to include and to exclude.
    pub(super) fn patterns(&mut self, name: &str) -> Patterns {
        let text = self.text(name).unwrap_or_default();
        Patterns::parse(&text).map_err(|error| self.wrong(name, error)).unwrap_or_default()
    }

    /// Patterns that count separately.
    pub(super) fn each_pattern(&mut self, name: &str) -> Vec<Pattern> {
        let text = self.text(name).unwrap_or_default();
        let parsed = pattern::items(&text).map(Pattern::parse).collect::<Result<_, _>>();
        parsed.map_err(|error| self.wrong(name, error)).unwrap_or_default()
    }

    /// Numbers by pattern: the first one that matches counts, a number alone is for everything else.
    pub(super) fn rules(&mut self, name: &str) -> Rules<u64> {
        self.by_group(
            name,
            0,
            |number| number.parse().ok(),
            "must be a whole number, or PATTERN=NUMBER, separated by commas",
        )
    }

    /// Ages in seconds, one or two per group: the first for a warning, the second for an error.
    pub(super) fn objectives(&mut self, name: &str) -> Rules<Option<Objective>> {
        let objective = |text: &str| {
            let (warn, err) = text.split_once('/').map_or((text, None), |(warn, err)| (warn, Some(err)));
            let warn_s = warn.trim().parse().ok().filter(|seconds| *seconds > 0)?;
            let err_s = err.map(|err| err.trim().parse().ok().filter(|seconds| *seconds >= warn_s).ok_or(()));
            Some(Some(Objective { warn_s, err_s: err_s.transpose().ok()? }))
        };
        let expected =
            "must be seconds, as 300 or 300/900 (WARN and the later ERR), or PATTERN=300/900, separated by commas";
        self.by_group(name, None, objective, expected)
    }

    /// Who owns which groups.
    pub(super) fn owners(&mut self, name: &str) -> Rules<Option<Box<str>>> {
        let owner = |text: &str| (!text.is_empty()).then(|| Some(text.into()));
        self.by_group(
            name,
            None,
            owner,
            "must be PATTERN=OWNER, or one OWNER for every other group, separated by commas",
        )
    }

    fn by_group<T>(&mut self, name: &str, default: T, read: impl Fn(&str) -> Option<T>, expected: &str) -> Rules<T> {
        let mut rules = Rules::new(default);
        let text = self.text(name).unwrap_or_default();
        let items: Vec<&str> = pattern::items(&text).collect();
        for (number, item) in items.iter().enumerate() {
            let (names, value) = item.rsplit_once('=').map_or((None, *item), |(names, value)| (Some(names), value));
            match (names, read(value.trim())) {
                (Some(names), Some(value)) => match Pattern::parse(names.trim()) {
                    Ok(names) => rules.rules.push((names, value)),
                    Err(error) => self.wrong(name, error),
                },
                (None, Some(value)) => rules.default = value,
                (_, None) => {
                    let found = shown::found(item, &[]);
                    let place = if items.len() > 1 { format!(" as item {}", number + 1) } else { String::new() };
                    self.wrong(name, format_args!("{expected}, {found}{place}"));
                }
            }
        }
        rules
    }

    /// Topics that are watched, each pattern with what is expected of them.
    pub(super) fn watched(&mut self, name: &str) -> Vec<WatchRule> {
        let text = self.text(name).unwrap_or_default();
        let items: Vec<&str> = pattern::items(&text).collect();
        if items.len() > MOST_WATCHED {
            self.wrong(
                name,
                format_args!("has {} items, and may have {MOST_WATCHED}: join some by patterns", items.len()),
            );
        }
        let mut rules = Vec::new();
        for item in items.into_iter().take(MOST_WATCHED) {
            let (topics, wanted) =
                item.rsplit_once('=').map_or((item, ""), |(topics, wanted)| (topics.trim(), wanted.trim()));
            let seconds = wanted.parse().ok().filter(|seconds| (1..=MOST_SILENT_S).contains(seconds));
            let wanted = if wanted == "new" { Some(Wanted::Empty) } else { seconds.map(Wanted::Within) };
            match (wanted, Pattern::parse(topics)) {
                (Some(wanted), Ok(topics)) if !topics.text().is_empty() => rules.push(WatchRule { topics, wanted }),
                (Some(_), Err(error)) => self.wrong(name, error),
                _ => self.wrong(
                    name,
                    format_args!(
                        "must be PATTERN=new or PATTERN=SECONDS, from 1 to {MOST_SILENT_S}, separated by commas, such as *-dlt=new,orders=600; {}",
                        shown::found(item, &[])
                    ),
                ),
            }
        }
        rules
    }

    /// The topic that receives changes, which only the history shows.
    pub(super) fn changes(&mut self, history: bool) -> Option<Arn> {
        let text = self.text(CHANGES)?;
        let arn = Arn::parse(&text).filter(|arn| arn.kind == ArnKind::Topic && !text.contains('.'));
        if arn.is_none() {
            self.unexpected(CHANGES, "must be like arn:aws:sns:REGION:ACCOUNT:TOPIC, a standard topic", &text, &[]);
        }
        if !history {
            self.wrong(CHANGES, "requires MEERKAT_HISTORY=on: a change of status is known only from the history");
        }
        arn
    }

    /// Where results are published: to `CloudWatch`, and by OTLP.
    pub(super) fn targets(&mut self, name: &str) -> (bool, bool) {
        let words = self.list(name);
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let alone = words.len() == 1;
        let known =
            |word: &&String| is(word, "cloudwatch") || is(word, "otlp") || alone && (is(word, "on") || is(word, "off"));
        if let Some(word) = words.iter().find(|word| !known(word)) {
            let expected = "must be cloudwatch, otlp, both with a comma between them, or off";
            self.unexpected(name, expected, word, &["cloudwatch", "otlp", "off"]);
        }
        let any = |known: &[&str]| words.iter().any(|word| known.iter().any(|known| is(word, known)));
        (any(&["on", "cloudwatch"]), any(&["otlp"]))
    }

    /// A namespace of `CloudWatch`'s (`PutMetricData`: 1 to 255 characters of a small set, `AWS/` is taken).
    pub(super) fn namespace(&mut self, name: &str) -> String {
        let text = self.text(name).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/#:".contains(c);
        if text.len() > 255 || !text.chars().all(plain) || text.starts_with("AWS/") || text.starts_with(':') {
            let expected = "must be at most 255 letters, digits and . _ - / # :, not beginning with AWS/";
            self.unexpected(name, expected, &text, &[]);
        }
        text
    }

    /// Possible mistakes, if there is no certain one; a possible mistake is often its cause.
    pub(super) fn finish(self) -> Result<Vec<String>, ConfigError> {
        if self.problems.is_empty() { Ok(self.doubts) } else { Err(ConfigError([self.problems, self.doubts].concat())) }
    }
}

/// The problem if no variable names a broker.
const NO_BROKER: &str = "no broker is named: give --bootstrap-server HOST:PORT, or set KAFKA_BOOTSTRAP_SERVERS, or KAFKA_CLUSTER_ARN for Amazon MSK; see meerkat --help";

/// Items of `MEERKAT_WATCH`.
const MOST_WATCHED: usize = 100;
/// A week: for longer nothing is remembered of a topic that is silent.
const MOST_SILENT_S: u64 = 604_800;
/// Bits of a selection's hash.
const SELECTION_BITS: u32 = 40;

/// Variables of the same meaning.
const CONFLICTS: [(&str, &str, &str); 4] = [
    ("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_CLUSTER_ARN", "where the brokers are"),
    ("KAFKA_SASL_SECRET", "KAFKA_SASL_USERNAME", "who logs in"),
    ("KAFKA_SASL_SECRET", "KAFKA_SASL_PASSWORD", "the password"),
    ("KAFKA_SASL_OAUTHBEARER_TOKEN", "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", "where the token comes from"),
];

#[cfg(test)]
mod tests {
    use crate::config::{Config, Encryption};

    fn parse(variables: &[(&str, &str)]) -> Result<Config, String> {
        let base = [("KAFKA_BOOTSTRAP_SERVERS", "b:1")];
        let pairs = base.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn a_login_in_plaintext_must_be_configured_explicitly() {
        let login =
            [("KAFKA_SASL_MECHANISM", "PLAIN"), ("KAFKA_SASL_USERNAME", "a"), ("KAFKA_SASL_PASSWORD", "hunter2")];
        let encryption = |protocol| {
            let variables = [&login[..], &[("KAFKA_SECURITY_PROTOCOL", protocol)]].concat();
            parse(&variables).map(|config| (config.kafka.encryption, config.kafka.sasl.is_some()))
        };
        assert_eq!(encryption("SASL_SSL"), Ok((Encryption::Tls, true)));
        assert_eq!(encryption("SASL_PLAINTEXT"), Ok((Encryption::None, true)));
        for protocol in ["", "SSL", "PLAINTEXT"] {
            let error = encryption(protocol).err().unwrap_or_default();
            assert!(error.starts_with("KAFKA_SASL_MECHANISM needs KAFKA_SECURITY_PROTOCOL=SASL_SSL"), "{error}");
        }
    }

    #[test]
    fn changes_require_the_history_however_its_absence_is_spelled() {
        let topic = ("MEERKAT_CHANGES_TOPIC", "arn:aws:sns:eu-west-1:123456789012:oncall");
        for off in ["off", "OFF", "Off"] {
            let error = parse(&[topic, ("MEERKAT_HISTORY", off)]).err().unwrap_or_default();
            assert!(error.starts_with("MEERKAT_CHANGES_TOPIC requires MEERKAT_HISTORY=on"), "{off}: {error}");
        }
        assert!(parse(&[topic, ("MEERKAT_HISTORY", "On")]).is_ok());
    }

    #[test]
    fn no_secret_shows_in_a_configuration_or_in_what_is_wrong_with_one() {
        let secrets = [
            ("KAFKA_SSL_KEYSTORE", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"),
            ("KAFKA_SASL_USERNAME", "hunter2"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
            ("KAFKA_SASL_OAUTHBEARER_TOKEN", "hunter2"),
            ("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "hunter2"),
            ("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "hunter2"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ];
        let endpoint = ("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", "https://issuer.example/t?key=hunter2");
        let mistaken = ("KAFKA_SASL_SECRET", r#"{"username":"a","password":"hunter2"}"#);
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM", "none"] {
            for more in [("KAFKA_SASL_OAUTHBEARER_SCOPE", "s"), endpoint, mistaken] {
                let variables = [&secrets[..], &[("KAFKA_SASL_MECHANISM", mechanism), more]].concat();
                let shown = format!("{:?}", parse(&variables));
                assert!(shown.contains("KAFKA_SASL") || shown.contains("sasl: Some"), "{shown}");
                assert!(!shown.contains("hunter2"), "{mechanism}: {shown}");
            }
        }
    }
}
