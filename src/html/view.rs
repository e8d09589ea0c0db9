//! What is read of a report: the JSON contract ([`crate::report`]) from its other side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::verdict::Verdict;

/// A report, as far as it is drawn.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnReport {
    /// The cluster's name.
    pub cluster: String,
    /// The worst group's status.
    #[serde(deserialize_with = "status")]
    pub status: Verdict,
    /// Whether everything that was asked for could be read.
    pub complete: bool,
    /// The minute that the run was scheduled for, RFC 3339.
    pub scheduled: String,
    /// Milliseconds that the run took.
    pub duration_ms: u64,
    /// The groups, the worst first.
    #[serde(deserialize_with = "worst_first")]
    pub groups: Vec<DrawnGroup>,
    /// What could not be read and belongs to no single group or partition.
    #[serde(default)]
    pub problems: Vec<DrawnProblem>,
    /// Every broker of the cluster.
    #[serde(default)]
    pub brokers: Vec<DrawnBroker>,
    /// What the size limit cut away; `None` when nothing.
    #[serde(default)]
    pub cut: Option<DrawnCut>,
    /// What became of the history.
    #[serde(default)]
    pub history: DrawnKept,
    /// What became of the metrics.
    #[serde(default)]
    pub metrics: DrawnKept,
}

/// One group.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnGroup {
    /// Its name.
    pub group: String,
    /// Which protocol it uses.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its state as the coordinator names it; `None` where it could not be told.
    pub state: Option<String>,
    /// How many members it has; `None` where it could not be told.
    pub members: Option<u64>,
    /// The verdict.
    #[serde(deserialize_with = "status")]
    pub status: Verdict,
    /// Why, as one sentence.
    pub reason: String,
    /// Unread offsets of all partitions.
    pub total_lag: Option<u64>,
    /// Whether partitions that could not be read are missing in it.
    #[serde(default)]
    pub lag_at_least: bool,
    /// Whether it may be less.
    #[serde(default)]
    pub lag_at_most: bool,
    /// The largest of them.
    pub max_lag: Option<u64>,
    /// The age of the oldest unread record, in seconds.
    pub lag_seconds: Option<f64>,
    /// How many partitions it has to do with, listed or not.
    #[serde(default)]
    pub partition_count: u64,
    /// Seconds until there are looks enough for a verdict; `None` when there are.
    pub warming_up_seconds: Option<i64>,
    /// What could not be read of it.
    #[serde(default)]
    pub gaps: Vec<String>,
    /// The partitions that the report lists, the worst first.
    #[serde(deserialize_with = "worst_partitions_first")]
    pub partitions: Vec<DrawnPartition>,
}

/// One partition of a group.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnPartition {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// The verdict.
    #[serde(deserialize_with = "status")]
    pub status: Verdict,
    /// The next offset to read.
    pub committed: Option<i64>,
    /// What a share group has in its place.
    pub start: Option<i64>,
    /// The high watermark.
    pub log_end: Option<i64>,
    /// Unread offsets.
    pub lag: Option<u64>,
    /// How the lag of a share group is known: `bound` where it may be less.
    pub lag_source: Option<String>,
    /// The age of the oldest unread record, in seconds.
    pub lag_seconds: Option<f64>,
    /// What else is worth knowing.
    #[serde(default)]
    pub findings: Vec<String>,
    /// The `client.id` of the member that reads it.
    pub member: Option<String>,
    /// The member's id, as its coordinator gave it.
    pub member_id: Option<String>,
    /// From where it connected.
    pub member_host: Option<String>,
    /// Why, as one sentence.
    pub reason: String,
}

/// What could not be read.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnProblem {
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// What.
    pub what: String,
}

/// One broker.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawnBroker {
    /// Its id.
    pub id: i32,
    /// Its address.
    pub address: String,
    /// Whether it answered.
    pub reachable: bool,
    /// Why it did not.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What the size limit cut away.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct DrawnCut {
    /// Groups that are not listed.
    pub groups: u64,
    /// Partitions that are not listed.
    pub partitions: u64,
}

/// What became of the history, or of the metrics.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DrawnKept {
    /// `false`: nothing was read or written.
    #[serde(default)]
    pub enabled: bool,
    /// What to set so that more can be told.
    #[serde(default)]
    pub advice: Option<String>,
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
    pub(super) fn by_status(&self) -> Vec<(Verdict, usize)> {
        let mut counts: BTreeMap<Reverse<u8>, (Verdict, usize)> = BTreeMap::new();
        for group in &self.groups {
            counts.entry(Reverse(group.status.severity())).or_insert((group.status, 0)).1 += 1;
        }
        counts.into_values().collect()
    }
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<Verdict, D::Error> {
    let word = String::deserialize(from)?;
    Ok(VERDICTS.into_iter().find(|verdict| verdict.word() == word).unwrap_or(Verdict::Unknown))
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
        let place = |partition: &DrawnPartition| (partition.topic.clone(), partition.partition);
        key(one).cmp(&key(other)).then_with(|| place(one).cmp(&place(other)))
    });
    Ok(partitions)
}

/// Every verdict that has a word.
const VERDICTS: [Verdict; 8] = [
    Verdict::NotFound,
    Verdict::Ok,
    Verdict::Warn,
    Verdict::Err,
    Verdict::Stop,
    Verdict::Stall,
    Verdict::Rewind,
    Verdict::Unknown,
];
