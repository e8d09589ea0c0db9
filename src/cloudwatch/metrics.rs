//! What is published for people: which metrics, how many of them, and what has to be left out.

use std::sync::Arc;

use super::layout::{Metric, encode};
use super::names;

/// How finely lag is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing about single groups: only what is told about the cluster. Chosen where nothing else fits.
    Cluster,
    /// For each group, distributions over its partitions.
    #[default]
    Group,
    /// For each topic of a group too.
    Topic,
    /// For each partition of a group too.
    Partition,
}

/// The results of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// The cluster's name.
    pub cluster: String,
    /// Groups, in the order in which they should be kept when not all fit: the worst first.
    pub groups: Vec<GroupResult>,
    /// How many groups have each status, zeros included.
    pub by_status: Vec<(&'static str, u32)>,
    /// Groups about which nothing could be told.
    pub unknown_groups: u32,
    /// How long the run took.
    pub duration_ms: u32,
}

/// The results for one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupResult {
    /// Its name.
    pub group: String,
    /// As for [`names::STATUS`]; `None` while warming up: nothing is published, and an alarm keeps its state.
    pub status: Option<u8>,
    /// Partitions that were looked at.
    pub partitions: Vec<PartitionResult>,
}

/// The results for one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionResult {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Unread offsets; `None` without a commit, or where it could not be told.
    pub lag: Option<u64>,
    /// Age of the oldest unread record in seconds; `None` where it could not be told.
    pub lag_seconds: Option<f64>,
}

/// One metric's values for the scheduled minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// Which metric.
    pub metric: Arc<Metric>,
    /// Distinct finite values, at most [`VALUES_PER_DATUM`].
    pub values: Vec<f64>,
    /// How often each occurs.
    pub counts: Vec<f64>,
}

/// What will be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Everything that fits.
    pub datums: Vec<Datum>,
    /// Distinct metrics among them.
    pub metrics: usize,
    /// What did not fit.
    pub refused: Option<Refused>,
}

/// Too many metrics: less is published than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} metrics were asked for and {limit} are allowed: published down to detail {published:?}, {groups_left_out} groups left out; raise the limit or choose less detail"
)]
pub struct Refused {
    /// Metrics that were asked for.
    pub wanted: usize,
    /// Metrics that are allowed.
    pub limit: usize,
    /// The detail that fits, if only for the worst groups.
    pub published: Detail,
    /// Groups without any metric.
    pub groups_left_out: usize,
}

/// Everything that was asked for if its number of metrics stays within the limit; else the finest detail that does for all
/// groups; else as many groups as fit, in their order. What is told about the cluster is always published.
#[must_use]
pub fn plan(results: &Results, detail: Detail, limit: usize) -> Plan {
    let cluster = (names::CLUSTER, encode(&results.cluster));
    let whole = of_cluster(results, &cluster);
    let mut refused = None;
    for fitting in [Detail::Partition, Detail::Topic, Detail::Group].into_iter().filter(|fitting| *fitting <= detail) {
        let mut datums = whole.clone();
        for group in &results.groups {
            of_group(group, fitting, &cluster, &mut datums);
        }
        let metrics = count(&datums);
        if metrics <= limit {
            return Plan { datums, metrics, refused };
        }
        let wanted = refused.map_or(metrics, |refused: Refused| refused.wanted);
        let next = match fitting {
            Detail::Partition => Detail::Topic,
            _ => Detail::Group,
        };
        refused = Some(Refused { wanted, limit, published: next, groups_left_out: 0 });
    }
    let (mut datums, mut kept) = (whole, 0);
    let mut metrics = count(&datums);
    for group in &results.groups {
        let mut more = Vec::new();
        of_group(group, detail.min(Detail::Group), &cluster, &mut more);
        if metrics + count(&more) > limit {
            break;
        }
        metrics += count(&more);
        datums.extend(more);
        kept += 1;
    }
    if let Some(refused) = &mut refused {
        refused.groups_left_out = results.groups.len() - kept;
        refused.published = if kept == 0 { Detail::Cluster } else { Detail::Group };
    }
    Plan { datums, metrics, refused }
}

fn of_cluster(results: &Results, cluster: &(&'static str, String)) -> Vec<Datum> {
    let mut datums = Vec::new();
    let mut add = |name, status: Option<&str>, value: f64| {
        let status = status.map(|status| (names::STATUS, encode(status)));
        let dimensions = std::iter::once(cluster.clone()).chain(status).collect();
        distribution(Metric { name, dimensions }, [value], &mut datums);
    };
    add(names::HEARTBEAT, None, 1.0);
    add(names::UNKNOWN_GROUPS, None, results.unknown_groups.into());
    add(names::DURATION_MS, None, results.duration_ms.into());
    for (status, groups) in &results.by_status {
        add(names::GROUPS, Some(status), (*groups).into());
    }
    datums
}

fn of_group(result: &GroupResult, detail: Detail, cluster: &(&'static str, String), datums: &mut Vec<Datum>) {
    if detail < Detail::Group {
        return;
    }
    let group = vec![cluster.clone(), (names::GROUP, encode(&result.group))];
    distribution(Metric { name: names::STATUS, dimensions: group.clone() }, result.status.map(f64::from), datums);
    lags(&group, &result.partitions.iter().collect::<Vec<_>>(), datums);
    if detail < Detail::Topic {
        return;
    }
    let mut partitions: Vec<_> = result.partitions.iter().collect();
    partitions.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
    for partitions in partitions.chunk_by(|one, other| one.topic == other.topic) {
        let mut topic = group.clone();
        topic.extend(partitions.first().map(|first| (names::TOPIC, encode(&first.topic))));
        lags(&topic, partitions, datums);
        for partition in partitions.iter().filter(|_| detail == Detail::Partition) {
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

/// Nothing at all if there are no values: what is not known is no number.
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

/// Datums of the same metric stand together.
fn count(datums: &[Datum]) -> usize {
    datums.chunk_by(|one, other| Arc::ptr_eq(&one.metric, &other.metric)).count()
}

/// Metrics of one run, unless configured otherwise: what a mistake may cost at most.
pub const DEFAULT_LIMIT: usize = 500;
/// `PutMetricData`, API reference (`MetricDatum`, `Values`).
pub const VALUES_PER_DATUM: usize = 150;

#[cfg(test)]
mod tests;
