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
use crate::judge::numbers::{GroupResult, Results};
use crate::report::sums::Sums;

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
    let groups: Vec<Level<'_>> = results.groups.iter().map(|group| (of_group(group), Sums::of(group))).collect();
    family(&mut text, &measures::GROUP_LOST, samples(&groups, Sums::lost));
    family(&mut text, &measures::GROUP_LOSS_AHEAD, samples(&groups, Sums::ahead));
    family(&mut text, &measures::GROUP_LOSS_AHEAD_SECONDS, samples(&groups, Sums::soonest_loss));
    levels(&mut text, OF_GROUP, &groups);
    if detail >= MetricsDetail::Topic {
        let topics: Vec<Level<'_>> = groups
            .iter()
            .flat_map(|(labels, sums)| sums.topics().map(|(topic, sums)| (labels.clone().and("topic", topic), sums)))
            .collect();
        levels(&mut text, OF_TOPIC, &topics);
        if detail == MetricsDetail::Partition {
            let each = topics.iter().flat_map(|(labels, sums)| {
                sums.each().map(|(number, sums)| (labels.clone().and("partition", number), sums))
            });
            levels(&mut text, OF_PARTITION, &each.collect::<Vec<_>>());
        }
    }
    text.push_str("# EOF");
    text
}

/// What is summed up, with its labels.
type Level<'a> = (Labels, Sums<'a>);

/// The measures of one level: lag, the largest of its partitions' lags, and lag in seconds.
type OfLevel = (&'static Measure, Option<&'static Measure>, &'static Measure);

const OF_GROUP: OfLevel = (&measures::GROUP_LAG, Some(&measures::GROUP_MAX_LAG), &measures::GROUP_LAG_SECONDS);
const OF_TOPIC: OfLevel = (&measures::TOPIC_LAG, Some(&measures::TOPIC_MAX_LAG), &measures::TOPIC_LAG_SECONDS);
const OF_PARTITION: OfLevel = (&measures::PARTITION_LAG, None, &measures::PARTITION_LAG_SECONDS);

/// Lag in records and in seconds.
fn levels(text: &mut String, (lag, most, seconds): OfLevel, all: &[Level<'_>]) {
    family(text, lag, samples(all, Sums::lag));
    if let Some(most) = most {
        family(text, most, samples(all, Sums::max_lag));
    }
    family(text, seconds, samples(all, Sums::oldest));
}

/// This sum of each of them, where it is known.
fn samples<'s, V>(all: &[Level<'s>], sum: impl Fn(&Sums<'s>) -> Option<V>) -> impl Iterator<Item = (Labels, V)> {
    all.iter().filter_map(move |(labels, sums)| Some((labels.clone(), sum(sums)?)))
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
