//! The configuration as it was understood, with every secret hidden, and the selection of its patterns.

use super::Line;
use crate::aws::secrets::Source;
use crate::base::shown;
use crate::config::sasl::{Account, Issuer, Sasl};
use crate::config::{Bootstrap, Config, Encryption, Keystore, KeystorePlace, MetricsDetail};
use crate::model::memory::Thresholds;
use crate::model::snapshot::Snapshot;
use crate::model::unknown::Cause;
use crate::model::window::Horizon;

/// The settings from the variables.
pub(crate) fn lines(config: &Config) -> Vec<Line> {
    let kafka = &config.kafka;
    let bootstrap = match &kafka.bootstrap {
        Bootstrap::Addresses(addresses) => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Bootstrap::Cluster { arn, network } => format!("those that Amazon MSK returns for {} ({network:?})", arn.text),
    };
    let protocol = match (kafka.encryption, &kafka.sasl) {
        (Encryption::Tls, None) => "SSL",
        (Encryption::Tls, Some(_)) => "SASL_SSL",
        (Encryption::None, None) => "PLAINTEXT",
        (Encryption::None, Some(_)) => "SASL_PLAINTEXT",
    };
    let detail = |wanted: MetricsDetail| {
        MetricsDetail::WORDS.iter().find(|(_, detail)| *detail == wanted).map(|(word, _)| *word)
    };
    let store = &config.store;
    let switch = |on: bool| if on { "on" } else { "off" };
    let schedule = match config.judgement.period {
        1 => Line::works(SECTION, "a run", "every minute"),
        minutes if DAY.is_multiple_of(minutes) => Line::works(SECTION, "a run", format!("every {minutes} minutes")),
        minutes => {
            let found = format!("every {minutes} minutes, which do not divide a day: its last period is shorter");
            let fits = |wanted: &u32| DAY.is_multiple_of(*wanted);
            let (below, above) =
                ((1..minutes).rev().find(fits).unwrap_or(1), (minutes..=DAY).find(fits).unwrap_or(DAY));
            Line::less(SECTION, "a run", found, format!("set MEERKAT_PERIOD, and the schedule, to {below} or {above}"))
        }
    };
    let mut lines = vec![
        Line::works(SECTION, "brokers to connect first", bootstrap),
        Line::works(SECTION, "protocol", protocol),
        Line::works(SECTION, "trust store", store_of(kafka.truststore.as_ref(), "Mozilla's roots")),
        Line::works(SECTION, "key store", store_of(kafka.keystore.as_ref(), "none")),
    ];
    if let Some(sasl) = &kafka.sasl {
        lines.push(Line::works(SECTION, "login", login(sasl)));
    }
    lines.extend([
        Line::works(SECTION, "cluster", config.cluster.as_deref().unwrap_or("Kafka's own cluster id")),
        schedule,
        Line::works(SECTION, "history", format!("{}, in {}", switch(store.history), store.state_namespace)),
        Line::works(
            SECTION,
            "metrics",
            format!(
                "{}, in {}, down to detail {}, at most {}",
                switch(store.publish),
                store.namespace,
                detail(store.detail).unwrap_or_default(),
                store.limit
            ),
        ),
    ]);
    lines.extend(rules(&config.judgement.thresholds("")));
    lines
}

/// What cannot be found at this period, because too few earlier snapshots are stored; `None` if nothing is missing.
fn rules(thresholds: &Thresholds) -> Option<Line> {
    let horizon = Horizon::of(thresholds);
    let (minutes, kept) = (thresholds.period_ms / 60_000, horizon.kept());
    let (missing, todo) = if !horizon.has_trend() {
        ("slow groups cannot be found (WARN)", "set MEERKAT_PERIOD, and the schedule, to 30 or 60")
    } else if !horizon.has_ten_commits() {
        let missing = "a group that loses less than a twentieth of what arrives, or loses it from burst to burst, is not found slow";
        (missing, "set MEERKAT_PERIOD, and the schedule, to 15 or 60")
    } else {
        return None;
    };
    let found = format!("at MEERKAT_PERIOD={minutes}: {missing}, since CloudWatch keeps {kept} earlier snapshots");
    Some(Line::less(SECTION, "rules", found, todo))
}

/// The selection of the patterns: counts and a few names.
pub(crate) fn selected(snapshot: &Snapshot) -> Vec<Line> {
    let few = |names: Vec<&str>| {
        let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        match names.len() {
            0 => String::from("0"),
            all if all > SHOWN => format!("{all}: {shown}, …"),
            all => format!("{all}: {shown}"),
        }
    };
    let groups: Vec<&str> =
        snapshot.groups.iter().filter(|group| !group.is_missing()).map(|group| &*group.name).collect();
    let missing: Vec<&str> =
        snapshot.groups.iter().filter(|group| group.is_missing()).map(|group| &*group.name).collect();
    let topics: Vec<&str> = snapshot.topics.iter().map(|topic| &*topic.name).collect();
    let listed = snapshot.listed.as_ref().map_or_else(|why| format!(" ({why})"), |all| format!(" of {}", all.len()));
    let mut lines = Vec::new();
    if groups.is_empty() {
        let todo = "check MEERKAT_GROUPS, and the permissions below";
        lines.push(Line::less(SELECTED, "groups", format!("none{listed}"), todo));
    } else {
        lines.push(Line::works(SELECTED, "groups", few(groups) + &listed));
    }
    if let Some(why) = snapshot.blind.as_ref().filter(|why| snapshot.shown > 0 || why.cause() != Cause::NoTopic) {
        let found = format!("whether a coordinator is away cannot be seen here: {why}");
        let todo = "grant DESCRIBE on __consumer_offsets where the service allows it; until then, groups that vanish are noticed by their number alone";
        lines.push(Line::less(SELECTED, "coordinators", found, todo));
    }
    if !missing.is_empty() {
        let todo = "check their names in MEERKAT_EXPECT, or the event's groups";
        lines.push(Line::fails(SELECTED, "groups", format!("expected and not there: {}", few(missing)), todo));
    }
    lines.push(Line::works(SELECTED, "topics that they read", few(topics)));
    for (protocol, groups) in &snapshot.left_out {
        lines.push(Line::works(
            SELECTED,
            "left out",
            format!("{groups} groups of {protocol}, which are no consumer groups"),
        ));
    }
    lines
}

fn store_of(store: Option<&Keystore>, none: &str) -> String {
    match store.map(|store| &store.place) {
        None => none.to_owned(),
        Some(KeystorePlace::Pem(_)) => String::from("given as PEM"),
        Some(KeystorePlace::Path(path)) => format!("the file {}", shown::path(path)),
        Some(KeystorePlace::Kept(reference)) => format!("kept in {reference}"),
    }
}

fn login(sasl: &Sasl) -> String {
    let account = |account: &Account| match account {
        Account::One(reference) => format!("user and password kept in {reference}"),
        Account::Two { username: Source::Inline(name), .. } => {
            format!("user {}, password ***", shown::path(name.expose()))
        }
        Account::Two { username: Source::Elsewhere(reference), .. } => {
            format!("user kept in {reference}, password ***")
        }
    };
    let with = match sasl {
        Sasl::Plain(one) | Sasl::Scram { account: one, .. } => account(one),
        Sasl::OauthBearer { from: Issuer::Token(_), .. } => String::from("token ***"),
        Sasl::OauthBearer { from: Issuer::Endpoint { .. }, .. } => String::from("token from an endpoint"),
        Sasl::MskIam { role: Some(role), .. } => format!("role {role}"),
        Sasl::MskIam { role: None, .. } => String::from("own role"),
    };
    format!("{}, {with}", sasl.mechanism())
}

/// Minutes of a day, which schedules divide.
const DAY: u32 = 24 * 60;

const SECTION: &str = "configuration";
const SELECTED: &str = "selected";
/// How many names are shown.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let variables = [
            ("KAFKA_BOOTSTRAP_SERVERS", "b-1.example:9096"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"),
            ("KAFKA_SASL_USERNAME", "reader"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
            ("KAFKA_SSL_KEYSTORE", "-----BEGIN hunter3"),
        ];
        let config = Config::parse(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let text = format!("{:?}", lines(&config));
        assert!(!text.contains("hunter"), "{text}");
        for shown in [
            "b-1.example:9096",
            "SASL_SSL",
            "SCRAM-SHA-512, user reader, password ***",
            "given as PEM",
            "Mozilla's roots",
            "Meerkat/State",
        ] {
            assert!(text.contains(shown), "{shown} in {text}");
        }
    }

    #[test]
    fn a_period_with_too_few_snapshots_for_a_rule_is_named() {
        let rules = |minutes: i64| {
            rules(&Thresholds { period_ms: minutes * 60_000, ..Thresholds::DEFAULT }).map(|line| line.found)
        };
        assert_eq!([1, 5, 15, 60, 1_440].map(rules), [const { None }; 5]);
        let slow =
            "at MEERKAT_PERIOD=45: slow groups cannot be found (WARN), since CloudWatch keeps 3 earlier snapshots";
        assert_eq!(rules(45).unwrap(), slow);
        assert!(rules(30).unwrap().contains("less than a twentieth"));
    }

    #[test]
    fn a_period_that_divides_no_day_is_reported() {
        let schedule = |period: &str| {
            let variables = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_PERIOD", period)];
            let config = Config::parse(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
            lines(&config).into_iter().find(|line| line.subject == "a run").unwrap().todo
        };
        for fits in ["1", "5", "60", "1440"] {
            assert_eq!(schedule(fits), None, "{fits}");
        }
        assert_eq!(schedule("7").unwrap(), "set MEERKAT_PERIOD, and the schedule, to 6 or 8");
        assert_eq!(schedule("1000").unwrap(), "set MEERKAT_PERIOD, and the schedule, to 720 or 1440");
    }
}
