//! Answers to `GetMetricData`: periods, retention and pages.

use std::hash::{DefaultHasher, Hash, Hasher};

use ciborium::Value;

use super::clock::Moment;
use super::get_rules::{Query, Read};
use super::metric::Sample;
use super::refusal::{Kind, Refusal};
use super::store::Store;
use super::wire::{map, text, timestamp};

/// What a planned fault does to an answer that is otherwise right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spoil {
    #[default]
    Nothing,
    /// Half of the points, `PartialData`, and a token for the rest.
    HalfNow,
    /// Half of the points, `PartialData`, and no token: the rest cannot be had.
    HalfForGood,
    /// No points, `InternalError` for each query.
    InternalError,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Value,
    /// Points on this page.
    pub(crate) points: usize,
}

/// One point of one query. The order is the order of paging: by time, then by query, then by unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    /// Seconds since 1970: the start of the period.
    time: i64,
    query: usize,
    unit: usize,
    value: f64,
}

impl Point {
    fn place(&self, newest_first: bool) -> (i64, usize, usize) {
        (if newest_first { -self.time } else { self.time }, self.query, self.unit)
    }
}

impl Read {
    /// Points that this call may return, whether data exists or not: what the service's quota on data points counts.
    pub(crate) fn estimated_points(&self, now: Moment) -> u64 {
        let of_query = |query: &Query| {
            let start = rounded_start(self.start, query.period, now) * 1_000;
            u64::try_from(self.end - start).unwrap_or(0).div_ceil(query.period.unsigned_abs() * 1_000)
        };
        self.queries.iter().map(of_query).sum()
    }

    /// One page of points. Every query has a result on every page, and a result's points may be spread over any number of pages.
    pub(crate) fn page(
        &self,
        store: &Store,
        now: Moment,
        token: Option<&str>,
        most: usize,
        spoil: Spoil,
    ) -> Result<Page, Refusal> {
        let place = token.map(|token| self.place(token)).transpose()?.flatten();
        let mut points = self.points(store, now);
        points.sort_by_key(|point| point.place(self.newest_first));
        points.retain(|point| place.is_none_or(|place| point.place(self.newest_first) > place));
        let most = match spoil {
            Spoil::Nothing => most,
            Spoil::HalfNow | Spoil::HalfForGood => most.min(points.len() / 2),
            Spoil::InternalError => 0,
        };
        let rest = points.split_off(most.min(points.len()));
        let next = match spoil {
            Spoil::HalfForGood | Spoil::InternalError => None,
            Spoil::Nothing if rest.is_empty() => None,
            Spoil::Nothing | Spoil::HalfNow => {
                Some(self.token(points.last().map(|point| point.place(self.newest_first)).or(place)))
            }
        };
        let results = self.queries.iter().enumerate().filter(|(_, query)| query.return_data);
        let results = results.map(|(index, query)| {
            let status = match spoil {
                Spoil::InternalError => "InternalError",
                Spoil::HalfNow | Spoil::HalfForGood => "PartialData",
                Spoil::Nothing if rest.iter().any(|point| point.query == index) => "PartialData",
                Spoil::Nothing => "Complete",
            };
            result(query, status, points.iter().filter(|point| point.query == index))
        });
        let mut body = vec![
            (text("MetricDataResults"), Value::Array(results.collect())),
            (text("Messages"), Value::Array(Vec::new())),
        ];
        body.extend(next.map(|token| (text("NextToken"), text(token))));
        Ok(Page { body: Value::Map(body), points: points.len() })
    }

    fn points(&self, store: &Store, now: Moment) -> Vec<Point> {
        let mut points = Vec::new();
        for (index, query) in self.queries.iter().enumerate().filter(|(_, query)| query.return_data) {
            if query.period % finest_period(self.start, now) != 0 {
                continue;
            }
            let start = rounded_start(self.start, query.period, now);
            let streams =
                store.visible(&query.metric, query.unit.as_deref(), (start, self.end), query.period < 60, now);
            for (unit, stream) in streams.into_iter().enumerate() {
                let values = periods(&stream, start, query.period).into_iter();
                let values = values.filter_map(|(time, sample)| query.statistic.of(&sample).map(|value| (time, value)));
                points.extend(values.map(|(time, value)| Point { time, query: index, unit, value }));
            }
        }
        points
    }

    /// A token holds all that the next page needs, and fits no other request.
    fn token(&self, place: Option<(i64, usize, usize)>) -> String {
        let place = place.map(|(time, query, unit)| format!("{time}.{query}.{unit}"));
        format!("{:016x}.{}", self.fingerprint(), place.as_deref().unwrap_or("start"))
    }

    /// `None`: from the beginning.
    fn place(&self, token: &str) -> Result<Option<(i64, usize, usize)>, Refusal> {
        let place = token.split_once('.').filter(|(request, _)| *request == format!("{:016x}", self.fingerprint()));
        let place = place.and_then(|(_, place)| {
            if place == "start" {
                return Some(None);
            }
            let mut parts = place.split('.');
            let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Some(place))
        });
        place.ok_or_else(|| Refusal::of_kind(Kind::Token, "The next token specified is invalid.".to_owned()))
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

fn result<'a>(query: &Query, status: &str, points: impl Iterator<Item = &'a Point>) -> Value {
    let (times, values) = points.map(|point| (timestamp(point.time), Value::Float(point.value))).unzip();
    let message =
        map([("Code", text("InternalError")), ("Value", text("An internal error occurred. Repeat the request."))]);
    let messages = if status == "InternalError" { vec![message] } else { Vec::new() };
    map([
        ("Id", text(&*query.id)),
        ("Label", text(&*query.label)),
        ("Timestamps", Value::Array(times)),
        ("Values", Value::Array(values)),
        ("StatusCode", text(status)),
        ("Messages", Value::Array(messages)),
    ])
}

/// Data of one period is one point, at the period's start; periods are counted from the rounded start of the read.
fn periods(stream: &[(i64, Sample)], start: i64, period: i64) -> Vec<(i64, Sample)> {
    let mut periods: Vec<(i64, Sample)> = Vec::new();
    for (second, sample) in stream {
        let time = second - (second - start).rem_euclid(period);
        match periods.last_mut() {
            Some((last, merged)) if *last == time => merged.merge(sample),
            _ => periods.push((time, sample.clone())),
        }
    }
    periods
}

/// In seconds since 1970: down to the minute, or to the step that such old data is kept in; to the period where that is 5 to 30 seconds.
fn rounded_start(start: i64, period: i64, now: Moment) -> i64 {
    let age = now.milliseconds() - start;
    let step = match period {
        5 | 10 | 20 | 30 => period,
        _ if age < DAYS_15 * 1_000 => 60,
        _ if age < DAYS_63 * 1_000 => 300,
        _ => 3_600,
    };
    start.div_euclid(step * 1_000) * step
}

/// Retention: what a period must be a multiple of, in seconds, or there are no data points (`MetricStat`, `Period`).
fn finest_period(start: i64, now: Moment) -> i64 {
    match now.milliseconds() - start {
        age if age <= HOURS_3 * 1_000 => 1,
        age if age <= DAYS_15 * 1_000 => 60,
        age if age <= DAYS_63 * 1_000 => 300,
        _ => 3_600,
    }
}

pub(crate) const HOURS_3: i64 = 3 * 3_600;
const DAYS_15: i64 = 15 * 86_400;
const DAYS_63: i64 = 63 * 86_400;
