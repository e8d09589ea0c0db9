//! Answers to `ListMetrics`.

use ciborium::Value;

use super::clock::Moment;
use super::metric::MetricId;
use super::put_rules::PAST_MAX;
use super::refusal::{Kind, Problems, Refusal};
use super::store::{Store, Visibility};
use super::wire::{ListMetrics, map, text};

/// One page of the metrics that the filters let through, in an order that stays.
pub(crate) fn page(
    request: &ListMetrics,
    store: &Store,
    now: Moment,
    visibility: Visibility,
) -> Result<Value, Refusal> {
    let active_within = match request.recently_active.as_deref() {
        None => PAST_MAX,
        Some("PT3H") => 3 * 3_600,
        Some(other) => {
            let mut problems = Problems::default();
            problems.value(format!("The value {other} for parameter RecentlyActive is invalid."));
            return problems.refusal().map_or(Ok(Value::Null), Err);
        }
    };
    let token = request.next_token.as_deref().map_or(Ok(0), str::parse::<usize>);
    let skip = token.map_err(|_| Refusal::of_kind(Kind::Value, "The next token specified is invalid.".to_owned()))?;
    let mut metrics = store.listed(now, visibility, active_within).filter(|metric| wanted(request, metric)).skip(skip);
    let page: Vec<Value> = metrics.by_ref().take(PAGE_MAX).map(described).collect();
    let next = metrics.next().map(|_| (text("NextToken"), text((skip + page.len()).to_string())));
    let mut body = vec![(text("Metrics"), Value::Array(page))];
    body.extend(next);
    Ok(Value::Map(body))
}

fn wanted(request: &ListMetrics, metric: &MetricId) -> bool {
    let same = |asked: &Option<String>, text: &str| asked.as_deref().is_none_or(|asked| asked == text);
    same(&request.namespace, &metric.namespace)
        && same(&request.metric_name, &metric.name)
        && request.dimensions.iter().all(|filter| {
            let value = filter.name.as_ref().and_then(|name| metric.dimensions.get(name));
            value.is_some_and(|value| same(&filter.value, value))
        })
}

fn described(metric: &MetricId) -> Value {
    let dimensions =
        metric.dimensions.iter().map(|(name, value)| map([("Name", text(&**name)), ("Value", text(&**value))]));
    map([
        ("Namespace", text(&*metric.namespace)),
        ("MetricName", text(&*metric.name)),
        ("Dimensions", Value::Array(dimensions.collect())),
    ])
}

/// Metrics of one page (`ListMetrics`).
pub(crate) const PAGE_MAX: usize = 500;
