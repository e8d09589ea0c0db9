//! The numbers of a run, as a text for Prometheus: `OpenMetrics` 1.0, for its push gateway or the textfile collector
//! of its node exporter.
//!
//! Only gauges without timestamps, so that readers of the older text format (`text/plain; version=0.0.4`) accept it
//! too.
//! It is written here, since client libraries hold the registry of a process that is scraped repeatedly; this is one
//! text.

use std::fmt::{Display, Write as _};

use crate::config::MetricsDetail;
use crate::judge::measures::{self, Measure};
use crate::judge::numbers::{GroupResult, PartitionResult, Results};

/// The text, its last line without a line break. `read_at_ms` is when the logs had been read, in milliseconds since
/// 1970.
///
/// An unknown value has no line: it is never 0, -1 or NaN.
#[must_use]
pub fn text(results: &Results, detail: MetricsDetail, read_at_ms: i64) -> String {
    let mut text = String::new();
    let mut cluster = Labels::default().and("cluster", &results.cluster);
    if !results.part.is_whole() {
        cluster = cluster.and("part", results.part);
    }
    let once = |value: String| [(cluster.clone(), value)];
    let moment = format!("{}.{:03}", read_at_ms.div_euclid(1_000), read_at_ms.rem_euclid(1_000));
    family(&mut text, &measures::CHECKED_AT, once(moment));
    let duration = format!("{}.{:03}", results.duration_ms / 1_000, results.duration_ms % 1_000);
    family(&mut text, &measures::DURATION, once(duration));
    let by_status = results.by_status.iter().map(|(status, groups)| (cluster.clone().and("status", status), *groups));
    family(&mut text, &measures::GROUPS, by_status);
    family(&mut text, &measures::UNKNOWN_GROUPS, once(results.unknown_groups.to_string()));
    let topics = results.topics.iter().map(|(topic, status)| (cluster.clone().and("topic", topic), *status));
    family(&mut text, &measures::TOPIC_STATUS, topics);
    let problems = results.cluster_problems.map(|problems| (cluster.clone(), problems));
    family(&mut text, &measures::CLUSTER_PROBLEMS, problems);

    // A group belongs to one part, so its series need no label for it.
    let of_group = |group: &GroupResult| Labels::default().and("cluster", &results.cluster).and("group", &group.group);
    let status = results.groups.iter().filter_map(|group| Some((of_group(group), group.status?)));
    family(&mut text, &measures::GROUP_STATUS, status);
    let kinds = results.groups.iter().filter_map(|group| Some((of_group(group).and("kind", group.diagnosis?), 1)));
    family(&mut text, &measures::GROUP_DIAGNOSIS, kinds);
    let groups: Vec<_> = results.groups.iter().map(|group| Level::of(group, of_group(group))).collect();
    let lost = groups.iter().filter_map(|group| Some((group.labels.clone(), group.lost()?)));
    family(&mut text, &measures::GROUP_LOST, lost);
    let ahead = groups.iter().filter_map(|group| Some((group.labels.clone(), group.ahead()?)));
    family(&mut text, &measures::GROUP_LOSS_AHEAD, ahead);
    let soonest = groups.iter().filter_map(|group| Some((group.labels.clone(), group.soonest_loss()?)));
    family(&mut text, &measures::GROUP_LOSS_AHEAD_SECONDS, soonest);
    levels(&mut text, OF_GROUP, &groups);
    if detail >= MetricsDetail::Topic {
        let topics: Vec<_> = groups.iter().flat_map(Level::topics).collect();
        levels(&mut text, OF_TOPIC, &topics);
        if detail == MetricsDetail::Partition {
            levels(&mut text, OF_PARTITION, &topics.iter().flat_map(Level::each).collect::<Vec<_>>());
        }
    }
    text.push_str("# EOF");
    text
}

/// Partitions that are summed up, in the order of topic and number.
struct Level<'a> {
    labels: Labels,
    /// If false, the sums of its lags are only partial, and are not printed as if they were whole.
    whole: bool,
    partitions: Vec<&'a PartitionResult>,
}

impl<'a> Level<'a> {
    fn of(group: &'a GroupResult, labels: Labels) -> Self {
        let mut partitions: Vec<_> = group.partitions.iter().collect();
        partitions.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
        Self { labels, whole: group.whole, partitions }
    }

    fn topics(&self) -> Vec<Self> {
        let topics = self.partitions.chunk_by(|one, other| one.topic == other.topic);
        let named = topics.filter_map(|partitions| {
            let labels = self.labels.clone().and("topic", &partitions.first()?.topic);
            Some(Self { labels, whole: self.whole, partitions: partitions.to_vec() })
        });
        named.collect()
    }

    fn each(&self) -> Vec<Self> {
        let labels = |partition: &PartitionResult| self.labels.clone().and("partition", partition.partition);
        let each = self.partitions.iter();
        each.map(|partition| Self { labels: labels(partition), whole: true, partitions: vec![partition] }).collect()
    }

    fn lags(&self) -> impl Iterator<Item = u64> {
        self.partitions.iter().filter(|_| self.whole).filter_map(|partition| partition.lag)
    }

    fn lost(&self) -> Option<u64> {
        self.partitions.iter().map(|partition| partition.lost).filter(|lost| *lost > 0).reduce(u64::saturating_add)
    }

    fn ahead(&self) -> Option<usize> {
        Some(self.partitions.iter().filter(|partition| partition.loss_ahead).count()).filter(|ahead| *ahead > 0)
    }

    fn soonest_loss(&self) -> Option<u64> {
        self.partitions.iter().filter_map(|partition| partition.loss_ahead_s).min()
    }

    fn oldest(&self) -> Option<f64> {
        let ages = self.partitions.iter().filter(|_| self.whole).filter_map(|partition| partition.lag_seconds);
        ages.filter(|age| age.is_finite()).max_by(f64::total_cmp)
    }
}

/// The measures of one level: lag, the largest of its partitions' lags, and lag in seconds.
type OfLevel = (&'static Measure, Option<&'static Measure>, &'static Measure);

const OF_GROUP: OfLevel = (&measures::GROUP_LAG, Some(&measures::GROUP_MAX_LAG), &measures::GROUP_LAG_SECONDS);
const OF_TOPIC: OfLevel = (&measures::TOPIC_LAG, Some(&measures::TOPIC_MAX_LAG), &measures::TOPIC_LAG_SECONDS);
const OF_PARTITION: OfLevel = (&measures::PARTITION_LAG, None, &measures::PARTITION_LAG_SECONDS);

/// Lag in records and in seconds.
fn levels(text: &mut String, (lag, most, seconds): OfLevel, all: &[Level<'_>]) {
    let of = |value: fn(&Level<'_>) -> Option<u64>| {
        all.iter().filter_map(move |level| Some((level.labels.clone(), value(level)?)))
    };
    family(text, lag, of(|level| level.lags().reduce(u64::saturating_add)));
    if let Some(most) = most {
        family(text, most, of(|level| level.lags().max()));
    }
    let oldest = all.iter().filter_map(|level| Some((level.labels.clone(), level.oldest()?)));
    family(text, seconds, oldest);
}

/// One family of gauges; empty if it has no sample.
fn family<V: Display>(text: &mut String, measure: &Measure, samples: impl IntoIterator<Item = (Labels, V)>) {
    let mut samples = samples.into_iter().peekable();
    let Some(name) = measure.openmetrics.filter(|_| samples.peek().is_some()) else { return };
    let _ = writeln!(text, "# TYPE meerkat_{name} gauge");
    if measure.unit == "s" {
        let _ = writeln!(text, "# UNIT meerkat_{name} seconds");
    }
    let _ = writeln!(text, "# HELP meerkat_{name} {}", measure.meaning);
    for (Labels(labels), value) in samples {
        let _ = writeln!(text, "meerkat_{name}{{{labels}}} {value}");
    }
}

/// The labels of a sample, as they are written.
#[derive(Clone, Default)]
pub(super) struct Labels(pub(super) String);

impl Labels {
    /// One label more.
    pub(super) fn and(mut self, name: &str, value: impl Display) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        let _ = write!(self.0, "{comma}{name}=\"");
        for c in value.to_string().chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
        self.0.push('"');
        self
    }
}
