//! A configuration of Burrow → the variables and parameters with the same meaning here, and the keys without a
//! counterpart.
//!
//! Keys are those of linkedin/Burrow v1.9.5 (`config/burrow.toml` and the places that read it). Every key of the file
//! has an answer: a variable, a sentence about its counterpart, or a note that Burrow itself does not know it.

use std::fmt::Write as _;

use toml::{Table, Value};

use crate::base::figures::quoted;
use crate::base::shown::plain;

mod counterparts;
mod expressions;

use counterparts::{Counterpart, counterpart};

/// A file that is not a configuration of Burrow.
#[derive(Debug, thiserror::Error)]
pub enum NotBurrow {
    /// It is not valid TOML. The line itself is not shown: it may hold a password.
    #[error("it is not valid TOML: line {line}, column {column}: {what}")]
    Toml {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// It names no cluster.
    #[error("it has no [cluster.NAME] section, so it names no cluster to check")]
    NoCluster,
}

/// The translation of a configuration of Burrow.
#[derive(Debug)]
pub struct Translation {
    /// The lines of an environment, with comments.
    pub text: String,
    /// Whether every list of groups was translated; if not, more groups are checked than Burrow read.
    pub is_exact: bool,
}

/// The environment of a run for each cluster of the file, the parameters of the template, and the keys without a
/// counterpart.
///
/// Passwords are not repeated: the line says where to put them.
///
/// # Errors
/// [`NotBurrow`] if there is nothing to translate.
pub fn translate(text: &str) -> Result<Translation, NotBurrow> {
    let file: Table = text.parse().map_err(|error| NotBurrow::toml(text, &error))?;
    let clusters: Vec<&String> = sections(&file, "cluster").map(|(name, _)| name).collect();
    if clusters.is_empty() {
        return Err(NotBurrow::NoCluster);
    }
    let (mut said, mut is_exact) = (String::new(), true);
    for cluster in &clusters {
        let Settings { variables, parameters, notes, left_out } = settings(&file, cluster);
        is_exact &= left_out == 0;
        comment(&mut said, &format!("cluster {cluster}: the variables of a run"));
        for (variable, value) in &variables {
            // Writing into a string cannot fail.
            let _ = writeln!(said, "{variable}={}", quoted(value));
        }
        for note in &notes {
            comment(&mut said, note);
        }
        let parameters = parameters.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let parameters: Vec<String> = parameters.collect();
        comment(&mut said, "the same as parameters of infra/template.yaml:");
        comment(&mut said, &format!("--parameter-overrides {}", parameters.join(" ")));
        said.push('\n');
    }
    if clusters.len() > 1 {
        comment(&mut said, &format!("{} clusters: one stack, or one environment, for each\n", clusters.len()));
    }
    let (elsewhere, unneeded) = elsewhere(&file);
    comment(&mut said, "what went elsewhere");
    for line in &elsewhere {
        comment(&mut said, line);
    }
    if !unneeded.is_empty() {
        comment(&mut said, &format!("not needed here: {}", unneeded.join("; ")));
    }
    Ok(Translation { text: said, is_exact })
}

/// Exactly one line, whatever names are in it: a shell reads the lines below a comment.
fn comment(said: &mut String, text: &str) {
    let _ = writeln!(said, "# {}", plain(text));
}

impl NotBurrow {
    fn toml(text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let (number, column) = (before.matches('\n').count() + 1, line.chars().count() + 1);
        // The library's message may name a key; quoted text may be more than that, and is left out.
        let what = error.message().lines().next().unwrap_or_default();
        let what = what.split_once('`').map_or(what, |(begin, _)| begin.trim_end());
        Self::Toml { line: number, column, what: plain(what) }
    }
}

/// The settings of a run for one cluster.
#[derive(Default)]
struct Settings {
    variables: Vec<(&'static str, String)>,
    /// Parameters of the template.
    parameters: Vec<(&'static str, String)>,
    /// What has to be done by hand.
    notes: Vec<String>,
    /// Lists of groups that cannot be carried over exactly.
    left_out: usize,
}

fn settings(file: &Table, cluster: &str) -> Settings {
    let mut found = Settings::default();
    let section = sections(file, "cluster").find(|(name, _)| *name == cluster).map(|(_, section)| section);
    let Some(section) = section else { return found };
    let servers = section.get("servers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    found.add("KAFKA_BOOTSTRAP_SERVERS", Some("BootstrapServers"), servers.collect::<Vec<_>>().join(","));
    let named = |key| Some((file.get(key)?, section));
    let profile = named("client-profile").and_then(|(all, section)| all.get(section.get("client-profile")?.as_str()?));
    found.login(file, profile);
    found.add("MEERKAT_CLUSTER", Some("Cluster"), cluster.to_owned());
    found.groups(file, cluster);
    let lag = sections(file, "evaluator").find_map(|(_, evaluator)| evaluator.get("allowed-lag")?.as_integer());
    if let Some(lag) = lag {
        found.add("MEERKAT_ALLOWED_LAG", Some("AllowedLag"), lag.to_string());
    }
    found
}

impl Settings {
    fn add(&mut self, variable: &'static str, parameter: Option<&'static str>, value: String) {
        self.parameters.extend(parameter.map(|name| (name, value.clone())));
        self.variables.push((variable, value));
    }

    /// Encryption and login, by the client profile of the cluster.
    fn login(&mut self, file: &Table, profile: Option<&Value>) {
        let part = |kind| {
            let name = profile?.get(kind)?.as_str()?;
            Some((name.to_owned(), file.get(kind)?.get(name)?))
        };
        let text = |section: &Value, key| section.get(key).and_then(Value::as_str).map(str::to_owned);
        let (tls, sasl, iam) = (part("tls"), part("sasl"), part("iam"));
        let protocol = match (tls.is_some(), sasl.is_some() || iam.is_some()) {
            (true, true) => "SASL_SSL",
            (true, false) => "SSL",
            (false, true) => "SASL_PLAINTEXT",
            (false, false) => "PLAINTEXT",
        };
        self.add("KAFKA_SECURITY_PROTOCOL", None, protocol.into());
        if tls.is_none() {
            self.notes.push("Burrow uses plaintext for this cluster; the template needs a TLS listener".into());
        }
        let mut authentication = "TLS";
        if let Some((name, tls)) = &tls {
            if let Some(path) = text(tls, "cafile").filter(|path| !path.is_empty()) {
                self.notes.push(format!(
                    "Truststore={path}: in Lambda give the certificates themselves, or a reference to them"
                ));
                self.add("KAFKA_SSL_TRUSTSTORE", None, path);
            }
            if let (Some(chain), Some(key)) = (text(tls, "certfile"), text(tls, "keyfile")) {
                authentication = "MTLS";
                self.notes.push(format!(
                    "KAFKA_SSL_KEYSTORE is one PEM: cat {} {} > keystore.pem",
                    quoted(&chain),
                    quoted(&key)
                ));
                self.add("KAFKA_SSL_KEYSTORE", None, "keystore.pem".into());
            }
            if tls.get("noverify").and_then(Value::as_bool) == Some(true) {
                self.notes.push(format!("[tls.{name}] noverify: certificates and names are always verified here; set KAFKA_SSL_TRUSTSTORE to your own CA"));
            }
        }
        if let Some((name, sasl)) = &sasl {
            let mechanism = text(sasl, "mechanism").filter(|word| !word.is_empty()).unwrap_or_else(|| "PLAIN".into());
            authentication = match &*mechanism {
                "SCRAM-SHA-256" => "SCRAM-SHA-256",
                "SCRAM-SHA-512" => "SCRAM-SHA-512",
                _ => "PLAIN",
            };
            self.add("KAFKA_SASL_MECHANISM", None, mechanism);
            self.add("KAFKA_SASL_USERNAME", None, text(sasl, "username").unwrap_or_default());
            self.notes.push(format!("[sasl.{name}] password is not repeated here: put it into KAFKA_SASL_PASSWORD, or both into a secret (KAFKA_SASL_SECRET, SecretArn)"));
        }
        if let Some((_, iam)) = &iam {
            authentication = "MSK-IAM";
            self.add("KAFKA_SASL_MECHANISM", None, "AWS_MSK_IAM".into());
            if let Some(role) = text(iam, "role-arn") {
                self.notes.push(format!("role {role}: let the function's role read the cluster, or assume that role (KAFKA_SASL_AWS_ROLE_ARN)"));
            }
        }
        if tls.is_some() || iam.is_some() {
            self.parameters.push(("Authentication", authentication.into()));
        }
    }

    /// Which groups, by the consumer sections that read this cluster: Burrow reads a group that one of them selects.
    fn groups(&mut self, file: &Table, cluster: &str) {
        let text = |section: &Table, key: &str| section.get(key).and_then(Value::as_str).map(str::to_owned);
        let reads = |section: &Table| {
            text(section, "cluster").as_deref() == Some(cluster)
                && text(section, "class-name").as_deref() != Some("kafka_zk")
        };
        let list = |section, key| text(section, key).filter(|list| !list.is_empty());
        let reading = sections(file, "consumer").filter(|(_, section)| reads(section));
        let consumers: Vec<_> = reading
            .map(|(name, section)| (name, list(section, "group-allowlist"), list(section, "group-denylist")))
            .collect();
        let every = |(_, allow, deny): &(_, Option<String>, Option<String>)| allow.is_none() && deny.is_none();
        let mut lists: Vec<(String, String, bool)> = Vec::new();
        if consumers.len() > 1 && consumers.iter().any(|(_, _, deny)| deny.is_some()) && !consumers.iter().any(every) {
            self.inexact(&format!(
                "{} consumer sections read this cluster, and a group-denylist counts for its own section alone",
                consumers.len()
            ));
        } else if !consumers.iter().any(every) {
            for (name, allow, deny) in consumers {
                lists.extend(allow.map(|list| (format!("[consumer.{name}] group-allowlist"), list, true)));
                lists.extend(deny.map(|list| (format!("[consumer.{name}] group-denylist"), list, false)));
            }
        }
        // What the storage leaves out, Burrow does not know, whoever reads it.
        for (name, section) in sections(file, "storage") {
            let place = format!("[storage.{name}] group-allowlist");
            if let Some(list) = list(section, "group-allowlist") {
                if lists.iter().any(|(_, _, includes)| *includes) {
                    self.inexact(&format!("{place} = {list:?} narrows the list of a consumer section"));
                } else {
                    lists.push((place, list, true));
                }
            }
            lists.extend(
                list(section, "group-denylist").map(|list| (format!("[storage.{name}] group-denylist"), list, false)),
            );
        }
        let mut patterns: Vec<String> = Vec::new();
        for (place, expression, includes) in lists {
            match expressions::pattern(&expression) {
                Ok(pattern) => patterns.push(format!("{}{pattern}", if includes { "" } else { "!" })),
                Err(why) => self.inexact(&format!("{place} = {expression:?} cannot be carried over exactly ({why})")),
            }
        }
        if !patterns.is_empty() {
            self.add("MEERKAT_GROUPS", Some("Groups"), patterns.join(","));
        }
        for (name, section) in sections(file, "notifier") {
            let here = text(section, "cluster").is_none_or(|of| of.is_empty() || of == cluster);
            if here && (list(section, "group-allowlist").is_some() || list(section, "group-denylist").is_some()) {
                self.left_out += 1;
                self.notes.push(format!("[notifier.{name}] has a list of groups: filter the subscription of MEERKAT_CHANGES_TOPIC (ChangesTopicArn) by the attribute group"));
            }
        }
    }

    /// Notes a list that is not carried over.
    fn inexact(&mut self, what: &str) {
        self.left_out += 1;
        self.notes.push(format!("{what}: write MEERKAT_GROUPS by hand"));
    }
}

/// Where every other key of the file went, in the order of the file's sections; then those that are not needed, a section each.
fn elsewhere(file: &Table) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut unneeded) = (Vec::new(), Vec::new());
    for (kind, value) in file {
        let Some(table) = value.as_table() else {
            lines.push(format!("{kind}: Burrow has no such key outside of sections"));
            continue;
        };
        let named = table.values().all(Value::is_table) && !table.is_empty();
        let mut sort = |place: &str, keys: &Table| {
            let mut of_place: Vec<&str> = Vec::new();
            for (key, value) in keys {
                match by_value(kind, key, value).or_else(|| counterpart(kind, key)) {
                    Some(Counterpart::Variable) => {}
                    Some(Counterpart::Unneeded) => of_place.push(key),
                    Some(Counterpart::Elsewhere(where_to)) => lines.push(format!("[{place}] {key}: {where_to}")),
                    None => lines.push(format!("[{place}] {key}: Burrow does not know this key")),
                }
            }
            if !of_place.is_empty() {
                unneeded.push(format!("[{place}] {}", of_place.join(", ")));
            }
        };
        if named {
            for (name, keys) in table.iter().filter_map(|(name, keys)| Some((name, keys.as_table()?))) {
                sort(&format!("{kind}.{name}"), keys);
            }
        } else {
            sort(kind, table);
        }
    }
    (lines, unneeded)
}

/// What became of a key whose value decides it: from which status on a notifier notifies, and whom; where offsets are kept.
fn by_value(kind: &str, key: &str, value: &Value) -> Option<Counterpart> {
    let text = value.as_str().unwrap_or_default();
    match (kind, key, value.as_integer()) {
        ("notifier", "threshold", Some(0..=2)) => Some(Counterpart::Elsewhere("AlarmFrom=WARN")),
        ("notifier", "threshold", Some(3..)) => {
            Some(Counterpart::Elsewhere("AlarmFrom=ERR; Burrow's worse statuses are ERR here"))
        }
        ("notifier", "url-open" | "url-close", _) if text.contains("hooks.slack.com") => {
            Some(Counterpart::Elsewhere(SLACK))
        }
        ("consumer", "class-name", _) if text == "kafka_zk" => {
            Some(Counterpart::Elsewhere("offsets in ZooKeeper are not read"))
        }
        (_, "group-allowlist" | "group-denylist", _) if text.is_empty() => Some(Counterpart::Unneeded),
        _ => None,
    }
}

/// Why a webhook of Slack is no subscription.
const SLACK: &str = "Slack's webhooks do not confirm a subscription of SNS: let Amazon Q Developer in chat applications post what AlarmTopicArn gets";

/// `[kind.NAME]` sections.
fn sections<'a>(file: &'a Table, kind: &str) -> impl Iterator<Item = (&'a String, &'a Table)> {
    let named = file.get(kind).and_then(Value::as_table).into_iter().flatten();
    named.filter_map(|(name, section)| Some((name, section.as_table()?)))
}

#[cfg(test)]
mod tests;
