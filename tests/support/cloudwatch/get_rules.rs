//! The rules of `GetMetricData`: a request becomes a read of checked queries, or one refusal that lists the wrong
//! members.

use std::collections::HashSet;

use super::clock::Moment;
use super::metric::{MetricId, UNITS};
use super::names;
use super::refusal::{Problems, Refusal};
use super::statistic::Statistic;
use super::wire::{GetMetricData, MetricDataQuery, MetricStat};

/// A checked request.
#[derive(Debug, Hash)]
pub(crate) struct Read {
    pub(crate) queries: Vec<Query>,
    /// Milliseconds since 1970, not yet rounded.
    pub(crate) start: i64,
    /// Milliseconds since 1970, exclusive.
    pub(crate) end: i64,
    pub(crate) newest_first: bool,
}

#[derive(Debug, Hash)]
pub(crate) struct Query {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) metric: MetricId,
    /// `None`: whatever unit the data came with.
    pub(crate) unit: Option<String>,
    /// Seconds.
    pub(crate) period: i64,
    pub(crate) statistic: Statistic,
    pub(crate) return_data: bool,
}

/// The read, and how many points a page may hold.
pub(crate) fn read(request: &GetMetricData) -> Result<(Read, usize), Refusal> {
    let mut problems = Problems::default();
    let queries = &request.metric_data_queries;
    if queries.is_empty() {
        problems.required("MetricDataQueries");
    }
    if queries.len() > QUERIES_MAX {
        problems.value(format!("The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."));
    }
    let mut ids = HashSet::new();
    if !queries.iter().filter_map(|query| query.id.as_deref()).all(|id| ids.insert(id)) {
        problems.value("The values for parameter id in MetricDataQueries are not unique.".to_owned());
    }
    let mut time = |parameter: &str, time: Option<Moment>| {
        if time.is_none() {
            problems.required(parameter);
        }
        time.map_or(0, Moment::milliseconds)
    };
    let start = time("StartTime", request.start_time.map(|time| time.0));
    let end = time("EndTime", request.end_time.map(|time| time.0));
    if request.start_time.is_some() && request.end_time.is_some() && start >= end {
        problems.value("The parameter StartTime must be less than the parameter EndTime.".to_owned());
    }
    let newest_first = match request.scan_by.as_deref() {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => {
            problems.value(format!("The value {other} for parameter ScanBy is invalid."));
            true
        }
    };
    let page = request.max_datapoints.map_or(Some(PAGE_MAX), |most| usize::try_from(most).ok());
    let page = page.filter(|most| (1..=PAGE_MAX).contains(most));
    if page.is_none() {
        problems.value(format!("The parameter MaxDatapoints must be between 1 and {PAGE_MAX}."));
    }
    let queries =
        queries.iter().enumerate().filter_map(|(index, query)| self::query(&mut problems, index + 1, query)).collect();
    match problems.validation() {
        Some(refusal) => Err(refusal),
        None => Ok((Read { queries, start, end, newest_first }, page.unwrap_or(PAGE_MAX))),
    }
}

fn query(problems: &mut Problems, member: usize, query: &MetricDataQuery) -> Option<Query> {
    let at = format!("MetricDataQueries.member.{member}");
    let id = query.id.as_deref().unwrap_or_default();
    let pattern = |id: &str| {
        id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if query.id.is_none() {
        problems.required(&format!("{at}.Id"));
    } else if !pattern(id) {
        problems.value(format!(
            "The value {id} for parameter {at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        ));
    } else if id.len() > names::NAME_MAX {
        problems.value(format!("The parameter {at}.Id must be no longer than {} characters.", names::NAME_MAX));
    }
    if query.expression.is_some() {
        problems
            .value(format!("The parameter {at}.Expression is beyond this stand-in, which answers MetricStat alone."));
        return None;
    }
    let Some(stat) = &query.metric_stat else {
        problems.required(&format!("{at}.MetricStat"));
        return None;
    };
    if query.period.is_some() {
        problems.value(format!(
            "The parameters {at}.Period and {at}.MetricStat are mutually exclusive and you have specified both."
        ));
    }
    let (metric, statistic) = metric_stat(problems, &format!("{at}.MetricStat"), stat)?;
    let label = query.label.clone().unwrap_or_else(|| metric.name.clone());
    let (unit, period) = (stat.unit.clone(), stat.period.unwrap_or_default());
    Some(Query {
        id: id.to_owned(),
        label,
        metric,
        unit,
        period,
        statistic,
        return_data: query.return_data.unwrap_or(true),
    })
}

fn metric_stat(problems: &mut Problems, at: &str, stat: &MetricStat) -> Option<(MetricId, Statistic)> {
    match stat.period {
        None => problems.required(&format!("{at}.Period")),
        Some(1 | 5 | 10 | 20 | 30) => {}
        Some(period) if period > 0 && period % 60 == 0 => {}
        Some(period) => problems.value(format!(
            "The value {period} for parameter {at}.Period is invalid: it must be 1, 5, 10, 20, 30 or a multiple of 60."
        )),
    }
    if let Some(unit) = stat.unit.as_deref().filter(|unit| !UNITS.contains(unit)) {
        problems.value(format!("The value {unit} for parameter {at}.Unit is invalid."));
    }
    let statistic = stat.stat.as_deref().and_then(Statistic::parse);
    if stat.stat.is_none() {
        problems.required(&format!("{at}.Stat"));
    } else if statistic.is_none() {
        let stat = stat.stat.as_deref().unwrap_or_default();
        problems.value(format!("The value {stat} for parameter {at}.Stat is not a valid statistic."));
    }
    let Some(metric) = &stat.metric else {
        problems.required(&format!("{at}.Metric"));
        return None;
    };
    let namespace = format!("{at}.Metric.Namespace");
    let metric = names::metric(
        problems,
        &format!("{at}.Metric"),
        (&namespace, metric.namespace.as_deref()),
        metric.metric_name.as_deref(),
        &metric.dimensions,
    );
    Some((metric, statistic?))
}

/// Queries of one call (`GetMetricData`).
pub(crate) const QUERIES_MAX: usize = 500;
/// Points of one page (`GetMetricData`, `MaxDatapoints`).
pub(crate) const PAGE_MAX: usize = 100_800;
