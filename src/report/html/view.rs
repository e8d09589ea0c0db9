//! What is read of a report: the JSON contract ([`crate::report`]) from its other side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::judge::verdict::Verdict;

/// A report, as far as it is drawn; the keys mean what [`crate::report`] says of them.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnReport {
    pub(crate) cluster: String,
    #[serde(deserialize_with = "status")]
    pub(crate) status: Verdict,
    pub(crate) complete: bool,
    pub(crate) scheduled: String,
    pub(crate) duration_ms: u64,
    /// The groups, the worst first.
    #[serde(deserialize_with = "worst_first")]
    pub groups: Vec<DrawnGroup>,
    #[serde(default)]
    pub(crate) problems: Vec<DrawnProblem>,
    #[serde(default)]
    pub(crate) brokers: Vec<DrawnBroker>,
    pub(crate) cut: Option<DrawnCut>,
    #[serde(default)]
    pub(crate) history: DrawnHistory,
}

/// One group.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnGroup {
    /// Its name.
    pub group: String,
    /// Who owns it, where that is said.
    pub(crate) owner: Option<String>,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) state: Option<String>,
    pub(crate) members: Option<u64>,
    /// The verdict.
    #[serde(deserialize_with = "status")]
    pub status: Verdict,
    pub(crate) reason: String,
    pub(crate) total_lag: Option<u64>,
    #[serde(default)]
    pub(crate) lag_at_least: bool,
    #[serde(default)]
    pub(crate) lag_at_most: bool,
    /// The largest lag of its partitions.
    pub max_lag: Option<u64>,
    pub(crate) lag_seconds: Option<f64>,
    #[serde(default)]
    pub(crate) partition_count: u64,
    pub(crate) warming_up_seconds: Option<i64>,
    #[serde(default)]
    pub(crate) gaps: Vec<String>,
    /// The partitions that the report lists, the worst first.
    #[serde(deserialize_with = "worst_partitions_first")]
    pub(crate) partitions: Vec<DrawnPartition>,
}

/// One partition of a group.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DrawnPartition {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    #[serde(deserialize_with = "status")]
    pub(crate) status: Verdict,
    committed: Option<i64>,
    start: Option<i64>,
    pub(crate) log_end: Option<i64>,
    pub(crate) lag: Option<u64>,
    lag_source: Option<String>,
    pub(crate) lag_seconds: Option<f64>,
    #[serde(default)]
    pub(crate) findings: Vec<String>,
    pub(crate) member: Option<String>,
    pub(crate) member_id: Option<String>,
    pub(crate) member_host: Option<String>,
    pub(crate) reason: String,
}

/// What could not be read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DrawnProblem {
    #[serde(rename = "where")]
    place: String,
    what: String,
}

/// One broker.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DrawnBroker {
    id: i32,
    address: String,
    reachable: bool,
    reason: Option<String>,
}

/// What the size limit cut away.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct DrawnCut {
    /// Groups that are not listed.
    pub(crate) groups: u64,
}

/// What became of the history.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DrawnHistory {
    pub(crate) enabled: bool,
    /// What to set so that more can be told.
    pub(crate) advice: Option<String>,
}

impl DrawnGroup {
    /// What stands before its lag.
    pub(crate) fn bound(&self) -> &'static str {
        match (self.lag_at_least, self.lag_at_most) {
            (true, _) => "≥ ",
            (_, true) => "≤ ",
            _ => "",
        }
    }
}

impl DrawnPartition {
    /// Where its group stands.
    pub(crate) fn position(&self) -> Option<i64> {
        self.committed.or(self.start)
    }

    /// What stands before its lag.
    pub(crate) fn bound(&self) -> &'static str {
        if self.lag > Some(0) && self.lag_source.as_deref() == Some("bound") { "≤ " } else { "" }
    }
}

impl DrawnReport {
    /// Reads a report's JSON.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Everything that could not be read or written, as (place, what) in the order in which it matters.
    pub(crate) fn trouble(&self) -> Vec<(String, String)> {
        let unreachable = self.brokers.iter().filter(|broker| !broker.reachable).map(|broker| {
            let place = format!("broker {} ({})", broker.id, broker.address);
            (place, broker.reason.clone().unwrap_or_else(|| "could not be talked to".to_owned()))
        });
        let problems = self.problems.iter().map(|problem| (problem.place.clone(), problem.what.clone()));
        unreachable.chain(problems).collect()
    }

    /// How many groups have each status, the worst first.
    pub(crate) fn by_status(&self) -> Vec<(Verdict, usize)> {
        let mut counts: BTreeMap<Reverse<u8>, (Verdict, usize)> = BTreeMap::new();
        for group in &self.groups {
            counts.entry(Reverse(group.status.severity())).or_insert((group.status, 0)).1 += 1;
        }
        counts.into_values().collect()
    }
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<Verdict, D::Error> {
    let word = String::deserialize(from)?;
    let mut verdicts = Verdict::OF_GROUPS.into_iter().chain([Verdict::Stop, Verdict::Stall, Verdict::Rewind]);
    Ok(verdicts.find(|verdict| verdict.word() == word).unwrap_or(Verdict::Unknown))
}

fn worst_first<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<DrawnGroup>, D::Error> {
    let mut groups = Vec::<DrawnGroup>::deserialize(from)?;
    groups.sort_by(|one, other| {
        let key = |group: &DrawnGroup| Reverse((group.status.severity(), group.max_lag));
        key(one).cmp(&key(other)).then_with(|| one.group.cmp(&other.group))
    });
    Ok(groups)
}

fn worst_partitions_first<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<DrawnPartition>, D::Error> {
    let mut partitions = Vec::<DrawnPartition>::deserialize(from)?;
    partitions.sort_by(|one, other| {
        let key = |partition: &DrawnPartition| Reverse((partition.status.severity(), partition.lag));
        let place = || (&one.topic, one.partition).cmp(&(&other.topic, other.partition));
        key(one).cmp(&key(other)).then_with(place)
    });
    Ok(partitions)
}
