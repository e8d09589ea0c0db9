//! The status that was published last of a group: what a new history knows of the time before it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::MetricDataResult;
use tokio::time::Instant;

use super::address::Minute;
use super::bodies::Queries;
use super::error::StoreError;
use super::history::Store;
use super::metric::{Metric, encode};
use super::names;
use crate::judge::outcome::LastKnown;

/// What was published of some groups before a minute.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// By the group's index among the requested ones: those whose last status is WARN or ERR.
    pub(super) standing: BTreeMap<usize, LastKnown>,
    /// Metrics that were requested.
    pub(super) metrics: usize,
    /// Why the rest is not known.
    pub(super) failure: Option<Arc<StoreError>>,
}

impl Store {
    /// Finds the newest `Status` of each group within the days that `CloudWatch` keeps single minutes: the hour that holds it first, then
    /// the minute.
    pub(super) async fn last_statuses(
        &self,
        cluster: &str,
        groups: &[&str],
        before: Minute,
        until: Instant,
    ) -> Published {
        let mut published = Published::default();
        let end = before.seconds();
        let days = (end - KEPT_S).div_euclid(HOUR) * HOUR..end;
        let of_group = |group: &&str| Metric {
            name: names::STATUS,
            dimensions: vec![(names::CLUSTER, encode(cluster)), (names::GROUP, encode(group))],
        };
        let metrics: Vec<Metric> = groups.iter().map(of_group).collect();
        let all: Vec<usize> = (0..groups.len()).collect();
        let newest = self.newest(&metrics, &all, &days, HOUR, until, &mut published).await;
        let mut by_hour: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (at, (hour, _)) in newest.into_iter().filter(|(_, (_, worst))| *worst > OK) {
            by_hour.entry(hour).or_default().push(at);
        }
        for (hour, some) in by_hour {
            let minutes = hour..(hour + HOUR).min(end);
            for (at, (at_s, status)) in self.newest(&metrics, &some, &minutes, MINUTE, until, &mut published).await {
                if status > OK {
                    published.standing.insert(at, LastKnown { status, at_s, recalled: true });
                }
            }
        }
        published
    }

    /// The newest value of some of the groups, with the start of its step.
    async fn newest(
        &self,
        metrics: &[Metric],
        some: &[usize],
        seconds: &Range<i64>,
        step: i64,
        until: Instant,
        published: &mut Published,
    ) -> BTreeMap<usize, (i64, u8)> {
        let mut newest = BTreeMap::new();
        let points = (seconds.end - seconds.start) / step;
        let together =
            usize::try_from(self.pace.points_per_call() / points.max(1)).unwrap_or(1).clamp(1, GROUPS_PER_CALL);
        for some in some.chunks(together) {
            let mut queries = Queries::new(&self.results, step);
            for at in some {
                queries.add(&metrics[*at], &["Maximum"]);
            }
            published.metrics += some.len();
            let estimated = points * i64::try_from(some.len()).unwrap_or(i64::MAX);
            let add = |number: usize, result: &MetricDataResult| {
                let values = result.timestamps().iter().map(DateTime::secs).zip(result.values());
                let values = values.filter_map(|(time, value)| Some((time, status(*value)?)));
                if let (Some(at), Some(last)) = (some.get(number), values.max_by_key(|(time, _)| *time)) {
                    let known = newest.entry(*at).or_insert(last);
                    *known = (*known).max(last);
                }
            };
            if let Err(error) = self.ask(&queries, seconds, estimated, until, add).await {
                published.failure = Some(Arc::new(error));
                break;
            }
        }
        newest
    }
}

/// A published status.
fn status(value: f64) -> Option<u8> {
    (OK..=ERR).find(|status| (f64::from(*status) - value).abs() < 0.5)
}

const OK: u8 = 1;
const ERR: u8 = 3;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
/// `CloudWatch` keeps data of one minute for 15 days (metrics retention); an hour less, so that the first hour is
/// whole.
const KEPT_S: i64 = 15 * 24 * HOUR - HOUR;
/// Names of the greatest length still fit into a request.
const GROUPS_PER_CALL: usize = 200;
