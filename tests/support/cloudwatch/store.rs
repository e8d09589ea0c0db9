//! What was written, and who may see it when.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::clock::Moment;
use super::metric::{MetricId, Resolution, Sample, Write};

#[derive(Debug, Default)]
pub(crate) struct Store {
    metrics: BTreeMap<MetricId, Metric>,
}

#[derive(Debug)]
struct Metric {
    created: Moment,
    /// By unit, then by slot. A slot keeps what was written into it one by one: what is visible is merged only when it is read.
    streams: BTreeMap<String, BTreeMap<(i64, Resolution), Vec<Accepted>>>,
}

#[derive(Debug)]
struct Accepted {
    request: u64,
    visible_at: Moment,
    sample: Sample,
}

/// How long a write stays unseen; the service promises no order of reads after writes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Visibility {
    pub(crate) after: Duration,
    /// For a metric's first minutes, counted from the write that created it.
    pub(crate) of_new_metric_after: Duration,
}

/// One slot, as `GET /control/metrics` shows it: everything written, visible or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Stored {
    #[serde(flatten)]
    pub(crate) metric: MetricId,
    pub(crate) unit: String,
    /// Seconds since 1970.
    pub(crate) timestamp: i64,
    /// Seconds.
    pub(crate) storage_resolution: i64,
    pub(crate) sample_count: f64,
    pub(crate) sum: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// The number of each request that wrote here, in order of arrival.
    pub(crate) requests: Vec<u64>,
}

impl Store {
    pub(crate) fn accept(&mut self, writes: Vec<Write>, request: u64, now: Moment, visibility: Visibility) {
        for write in writes {
            let metric =
                self.metrics.entry(write.metric).or_insert_with(|| Metric { created: now, streams: BTreeMap::new() });
            let visible_at = now.after(visibility.after).max(metric.created.after(visibility.of_new_metric_after));
            let slot =
                metric.streams.entry(write.unit).or_default().entry((write.second, write.resolution)).or_default();
            slot.push(Accepted { request, visible_at, sample: write.sample });
        }
    }

    /// What can be seen of a metric between two times (seconds since 1970; the second one exclusive, in milliseconds), by unit.
    /// Standard resolution has no answer to a period below a minute.
    pub(crate) fn visible(
        &self,
        metric: &MetricId,
        unit: Option<&str>,
        (start, end): (i64, i64),
        sub_minute: bool,
        now: Moment,
    ) -> Vec<Vec<(i64, Sample)>> {
        let Some(metric) = self.metrics.get(metric) else {
            return Vec::new();
        };
        let wanted = metric.streams.iter().filter(|(name, _)| unit.is_none_or(|unit| unit == name.as_str()));
        wanted
            .map(|(_, stream)| {
                let slots =
                    stream.range((start, Resolution::Second)..).take_while(|((second, _), _)| second * 1_000 < end);
                let slots = slots.filter(|((_, resolution), _)| !sub_minute || *resolution == Resolution::Second);
                let seen = slots.filter_map(|((second, _), slot)| {
                    merged(slot.iter().filter(|write| write.visible_at <= now)).map(|sample| (*second, sample))
                });
                seen.collect()
            })
            .collect()
    }

    pub(crate) fn dump(&self) -> Vec<Stored> {
        let mut stored = Vec::new();
        for (id, metric) in &self.metrics {
            for (unit, stream) in &metric.streams {
                for (&(timestamp, resolution), slot) in stream {
                    let Some(sample) = merged(slot.iter()) else { continue };
                    stored.push(Stored {
                        metric: id.clone(),
                        unit: unit.clone(),
                        timestamp,
                        storage_resolution: resolution.seconds(),
                        sample_count: sample.count,
                        sum: sample.sum,
                        minimum: sample.minimum,
                        maximum: sample.maximum,
                        requests: slot.iter().map(|write| write.request).collect(),
                    });
                }
            }
        }
        stored
    }
}

fn merged<'a>(mut slot: impl Iterator<Item = &'a Accepted>) -> Option<Sample> {
    let mut sample = slot.next()?.sample.clone();
    slot.for_each(|write| sample.merge(&write.sample));
    Some(sample)
}
