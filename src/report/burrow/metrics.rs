//! Burrow's own metrics, as a text for Prometheus (`core/internal/httpserver/prometheus.go` of Burrow 1.9.5).
//!
//! An unknown value has no line: it is never 0.

use std::fmt::{Display, Write as _};

use super::{BurrowAnswer, PartitionStatus};
use crate::model::snapshot::{Logs, Topic};
use crate::report::openmetrics::Labels;

/// Every existing group with all of its partitions, and the topics that they read.
pub(crate) fn text(cluster: &str, answers: &[BurrowAnswer<'_>], topics: &[Topic]) -> String {
    let of_cluster = Labels::default().and("cluster", cluster);
    let found = || answers.iter().map(|answer| &answer.status).filter(|status| status.status != "NOTFOUND");
    let of_group = |group: &str| of_cluster.clone().and("consumer_group", group);
    let partitions = || {
        found().flat_map(|status| {
            status.partitions.iter().map(|partition| {
                let labels = of_group(status.group).and("topic", partition.topic).and("partition", partition.partition);
                (labels, partition)
            })
        })
    };
    let ends = topics.iter().flat_map(|topic| {
        let labels = of_cluster.clone().and("topic", &topic.name);
        let logs = topic.partitions.as_ref();
        (0..).take(logs.map_or(0, Logs::len)).filter_map(move |partition| {
            Some((labels.clone().and("partition", partition), logs.ok()?.of(partition).ok()?.end))
        })
    });

    let mut text = String::new();
    let total = found().filter_map(|status| Some((of_group(status.group), status.totallag?)));
    family(&mut text, "consumer_lag_total", "The sum of all partition current lag values for the group", total);
    let status = found().filter_map(|status| Some((of_group(status.group), number(status.status)?)));
    family(&mut text, "consumer_status", STATUS, status);
    let committed = partitions().filter_map(|(labels, partition)| Some((labels, committed(partition)?)));
    family(&mut text, "consumer_current_offset", "The newest commit of this partition", committed);
    let lag = partitions().filter_map(|(labels, partition)| Some((labels, partition.current_lag?)));
    family(&mut text, "consumer_partition_lag", "The number of records that the group is behind by", lag);
    family(&mut text, "topic_partition_offset", "The end of this partition's log", ends);
    text
}

/// Burrow shows it of partitions whose window is full.
fn committed(partition: &PartitionStatus<'_>) -> Option<i64> {
    partition.end.filter(|_| partition.complete >= 1.0).map(|end| end.offset)
}

fn family<V: Display>(text: &mut String, name: &str, help: &str, samples: impl Iterator<Item = (Labels, V)>) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "# HELP burrow_kafka_{name} {help}\n# TYPE burrow_kafka_{name} gauge");
    for (Labels(labels), value) in samples {
        let _ = writeln!(text, "burrow_kafka_{name}{{{labels}}} {value}");
    }
}

/// The number of a status; an unknown one has none.
fn number(status: &str) -> Option<usize> {
    ["NOTFOUND", "OK", "WARN", "ERR", "STOP", "STALL", "REWIND"].iter().position(|known| *known == status)
}

const STATUS: &str = "The status of the group, as an index into NOTFOUND, OK, WARN, ERR, STOP, STALL, REWIND; no line where it is unknown";
