//! What is published for people: which metrics, how many of them, and what has to be left out.

use std::sync::Arc;

use super::metric::{Metric, encode};
use super::names;
use crate::config::MetricsDetail;
use crate::judge::numbers::{GroupResult, PartitionResult, Results};
use crate::report::sums::Sums;

/// One metric's values for the scheduled minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    pub(crate) metric: Arc<Metric>,
    /// Distinct finite values, at most [`VALUES_PER_DATUM`].
    pub(crate) values: Vec<f64>,
    pub(crate) counts: Vec<f64>,
}

/// What will be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Everything within the limit.
    pub datums: Vec<Datum>,
    /// Distinct metrics among them.
    pub metrics: usize,
    pub(crate) refused: Option<Refused>,
}

/// Too many metrics: fewer are published than configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} metrics were asked for and MEERKAT_METRICS_LIMIT allows {limit}: {published}; raise the limit, or choose less in MEERKAT_METRICS_DETAIL"
)]
pub(crate) struct Refused {
    /// Metrics of the configured detail.
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
    pub(crate) published: Instead,
}

/// What is published if not everything fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Instead {
    /// All groups, in less detail.
    #[error("published by group{}", if *.0 == MetricsDetail::Topic { " and topic" } else { "" })]
    Coarser(MetricsDetail),
    /// Only some groups.
    #[error("the lag of {without_lag} groups is left out, and the status of {left_out}, the healthy ones first")]
    Fewer {
        /// Groups whose lag is not published.
        without_lag: usize,
        /// Groups whose status is not.
        left_out: usize,
    },
}

/// All configured metrics if their number is within the limit; else the finest detail within the limit for all groups;
/// else the statuses of the worst groups, then of the rest, then as much lag as fits. The metrics of the cluster are
/// always published, and a group whose status is left out counts as unknown.
#[must_use]
pub fn plan(results: &Results, detail: MetricsDetail, limit: usize) -> Plan {
    let cluster = (names::CLUSTER, encode(&results.cluster));
    let whole = of_cluster(results, &cluster, 0);
    let mut wanted = None;
    for fitting in [MetricsDetail::Partition, MetricsDetail::Topic, MetricsDetail::Group] {
        if fitting > detail.max(MetricsDetail::Group) {
            continue;
        }
        let mut datums = whole.clone();
        for group in &results.groups {
            of_group(group, fitting, &cluster, &mut datums);
        }
        let metrics = count(&datums);
        if metrics <= limit {
            let refused = wanted.map(|wanted| Refused { wanted, limit, published: Instead::Coarser(fitting) });
            return Plan { datums, metrics, refused };
        }
        wanted = wanted.or(Some(metrics));
    }
    // The worst first: a healthy group needs no alarm.
    let mut groups: Vec<&GroupResult> = results.groups.iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.status));
    let mut datums = Vec::new();
    let mut left = limit.saturating_sub(count(&whole));
    let mut take = |more: Vec<Datum>| {
        let metrics = count(&more);
        let fits = metrics <= left;
        if fits {
            left -= metrics;
            datums.extend(more);
        }
        fits
    };
    let (mut without_lag, mut left_out) = (0, 0);
    let mut published = Vec::with_capacity(groups.len());
    for group in &groups {
        let mut status = Vec::new();
        of_status(group, &of_name(group, &cluster), &mut status);
        published.push(take(status));
        left_out += usize::from(published.last() == Some(&false));
    }
    for (group, published) in groups.into_iter().zip(published) {
        let mut lag = Vec::new();
        losses(&of_name(group, &cluster), &group.partitions, &mut lag);
        if group.whole {
            lags(&of_name(group, &cluster), &group.partitions.iter().collect::<Vec<_>>(), &mut lag);
        }
        without_lag += usize::from(!take(lag) && published);
    }
    let mut all = of_cluster(results, &cluster, left_out);
    all.extend(datums);
    // From here on the statuses and lags of a group are no longer next to each other.
    let metrics = count(&all);
    let published = Instead::Fewer { without_lag, left_out };
    Plan { datums: all, metrics, refused: wanted.map(|wanted| Refused { wanted, limit, published }) }
}

/// The metrics of a run that could read nothing from Kafka: that it was blind, and the last known statuses.
pub(crate) fn blind(results: &Results) -> Vec<Datum> {
    let cluster = (names::CLUSTER, encode(&results.cluster));
    let mut datums = Vec::new();
    once_a_run(names::BLIND_RUNS, results, &cluster, &mut datums);
    for group in &results.groups {
        of_status(group, &of_name(group, &cluster), &mut datums);
    }
    datums
}

/// 1 for the cluster, and for its part if there are parts.
fn once_a_run(name: &'static str, results: &Results, cluster: &(&'static str, String), datums: &mut Vec<Datum>) {
    distribution(Metric { name, dimensions: vec![cluster.clone()] }, [1.0], datums);
    if !results.part.is_whole() {
        let part = (names::PART, results.part.to_string());
        distribution(Metric { name, dimensions: vec![cluster.clone(), part] }, [1.0], datums);
    }
}

/// `left_out` groups have a status that is not published: they count as unknown, like groups that could not be read.
fn of_cluster(results: &Results, cluster: &(&'static str, String), left_out: usize) -> Vec<Datum> {
    let mut datums = Vec::new();
    once_a_run(names::HEARTBEAT, results, cluster, &mut datums);
    let mut add = |name, more: Option<(&'static str, String)>, value: f64| {
        let dimensions = std::iter::once(cluster.clone()).chain(more).collect();
        distribution(Metric { name, dimensions }, [value], &mut datums);
    };
    let left_out = u32::try_from(left_out).unwrap_or(u32::MAX);
    add(names::UNKNOWN_GROUPS, None, results.unknown_groups.saturating_add(left_out).into());
    add(names::DURATION_MS, None, results.duration_ms.into());
    for (topic, status) in &results.topics {
        add(names::TOPIC_STATUS, Some((names::TOPIC, encode(topic))), (*status).into());
    }
    if let Some(problems) = results.cluster_problems {
        add(names::CLUSTER_PROBLEMS, None, problems.into());
    }
    for (status, groups) in &results.by_status {
        add(names::GROUPS, Some((names::STATUS, encode(status))), (*groups).into());
    }
    datums
}

fn of_name(result: &GroupResult, cluster: &(&'static str, String)) -> Vec<(&'static str, String)> {
    vec![cluster.clone(), (names::GROUP, encode(&result.group))]
}

fn of_status(result: &GroupResult, group: &[(&'static str, String)], datums: &mut Vec<Datum>) {
    distribution(Metric { name: names::STATUS, dimensions: group.to_vec() }, result.status.map(f64::from), datums);
}

fn of_group(result: &GroupResult, detail: MetricsDetail, cluster: &(&'static str, String), datums: &mut Vec<Datum>) {
    let group = of_name(result, cluster);
    of_status(result, &group, datums);
    losses(&group, &result.partitions, datums);
    if result.whole {
        lags(&group, &result.partitions.iter().collect::<Vec<_>>(), datums);
    }
    if detail < MetricsDetail::Topic {
        return;
    }
    for (name, sums) in Sums::of(result).topics() {
        let mut topic = group.clone();
        topic.push((names::TOPIC, encode(name)));
        if result.whole {
            lags(&topic, &sums.partitions, datums);
        }
        for partition in sums.partitions.iter().filter(|_| detail == MetricsDetail::Partition) {
            let mut dimensions = topic.clone();
            dimensions.push((names::PARTITION, partition.partition.to_string()));
            lags(&dimensions, &[partition], datums);
        }
    }
}

fn lags(dimensions: &[(&'static str, String)], partitions: &[&PartitionResult], datums: &mut Vec<Datum>) {
    #[expect(clippy::cast_precision_loss, reason = "a lag beyond 2^53 is shown to people rounded")]
    let lags = partitions.iter().filter_map(|partition| partition.lag).map(|lag| lag as f64);
    distribution(Metric { name: names::LAG, dimensions: dimensions.to_vec() }, lags, datums);
    let ages = partitions.iter().filter_map(|partition| partition.lag_seconds);
    distribution(Metric { name: names::LAG_SECONDS, dimensions: dimensions.to_vec() }, ages, datums);
}

fn losses(group: &[(&'static str, String)], partitions: &[PartitionResult], datums: &mut Vec<Datum>) {
    #[expect(clippy::cast_precision_loss, reason = "a loss beyond 2^53 is shown to people rounded")]
    let lost = partitions.iter().filter(|partition| partition.lost > 0).map(|partition| partition.lost as f64);
    distribution(Metric { name: names::LOST_OFFSETS, dimensions: group.to_vec() }, lost, datums);
    let ahead = partitions.iter().filter(|partition| partition.loss_ahead).map(|_| 1.0);
    distribution(Metric { name: names::LOSS_AHEAD, dimensions: group.to_vec() }, ahead, datums);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
    let seconds = partitions.iter().filter_map(|partition| partition.loss_ahead_s).map(|seconds| seconds as f64);
    distribution(Metric { name: names::LOSS_AHEAD_SECONDS, dimensions: group.to_vec() }, seconds, datums);
}

/// Empty if there are no values: an unknown value is not a number.
fn distribution(metric: Metric, values: impl IntoIterator<Item = f64>, datums: &mut Vec<Datum>) {
    let mut values: Vec<_> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let metric = Arc::new(metric);
    let runs: Vec<_> = values.chunk_by(|one, other| one.total_cmp(other).is_eq()).collect();
    for runs in runs.chunks(VALUES_PER_DATUM) {
        #[expect(clippy::cast_precision_loss, reason = "a number of partitions")]
        let counts = runs.iter().map(|run| run.len() as f64).collect();
        let values = runs.iter().filter_map(|run| run.first().copied()).collect();
        datums.push(Datum { metric: Arc::clone(&metric), values, counts });
    }
}

/// Datums of the same metric are next to each other.
fn count(datums: &[Datum]) -> usize {
    datums.chunk_by(|one, other| Arc::ptr_eq(&one.metric, &other.metric)).count()
}

/// `PutMetricData`, API reference (`MetricDatum`, `Values`).
pub(crate) const VALUES_PER_DATUM: usize = 150;

#[cfg(test)]
mod tests;
