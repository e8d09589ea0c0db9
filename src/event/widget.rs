//! What a dashboard asks its custom widget, read from the event that it sends.

use std::ops::Range;

use serde_json::{Map, Value};

use super::names::Names;

/// What is asked, and how it will be displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// What to show.
    pub asked: Asked,
    /// How it will be displayed.
    pub context: Context,
}

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The documentation, which needs no run.
    Describe,
    /// These groups; empty means the configured ones.
    Groups(Vec<String>),
    /// One group's partitions, by the group's name.
    Partitions(String),
}

/// How it will be displayed (AWS, custom widgets, `widgetContext`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The dashboard's theme.
    pub theme: Theme,
    /// The widget's width, in pixels.
    pub width: u32,
    /// The time range of the dashboard, in milliseconds since 1970; `None` if the event has none. A zoomed range has
    /// priority.
    pub range_ms: Option<Range<i64>>,
    /// The function that a click calls: the ARN of this function, which the event does not contain. Empty if clicks
    /// lead nowhere.
    pub endpoint: String,
}

/// The dashboard's theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

impl Default for Context {
    fn default() -> Self {
        Self { theme: Theme::Light, width: USUAL_WIDTH, range_ms: None, endpoint: String::new() }
    }
}

impl Widget {
    /// Whether a dashboard sent this event, and not a schedule or a person.
    pub(crate) fn is_event(event: &Value) -> bool {
        event.get("widgetContext").is_some() || event.get("describe").is_some()
    }

    /// Reads a dashboard's event: the widget's own parameters, and its `widgetContext`.
    ///
    /// # Errors
    /// The expected value of a parameter, and the value found.
    pub fn from_event(event: Value) -> Result<Self, String> {
        let Value::Object(mut keys) = event else {
            return Err(format!("a dashboard sends an object, found {event}"));
        };
        let context = Context::read(keys.remove("widgetContext").unwrap_or_default());
        let describe = keys.remove("describe") == Some(Value::Bool(true));
        let group = keys.remove("group");
        let groups = keys.remove("groups");
        if let Some((name, value)) = keys.iter().next() {
            return Err(format!("the widget needs group or groups, found {name:?}: {value}"));
        }
        let asked = match (describe, group, groups) {
            (true, ..) => Asked::Describe,
            (_, Some(Value::String(group)), None) => Asked::Partitions(group),
            (_, None, None | Some(Value::Null)) => Asked::Groups(Vec::new()),
            (_, None, Some(groups)) => match serde_json::from_value(groups) {
                Ok(Names(groups)) => Asked::Groups(groups),
                Err(error) => return Err(format!("groups must be a list of names: {error}")),
            },
            (_, Some(group), None) => return Err(format!("group must be a name, found {group}")),
            (_, Some(_), Some(_)) => return Err("the widget needs group or groups, found both".to_owned()),
        };
        Ok(Self { asked, context })
    }
}

impl Context {
    /// Seconds between two points of a line, at this second since 1970: few enough points for the widget, and a period
    /// for which `CloudWatch` still has points as old as the first one (`GetMetricData`, `MetricStat`, `Period`).
    pub(crate) fn step_s(&self, now_s: i64) -> i64 {
        let (start_ms, end_ms) = self.range_ms.as_ref().map_or((0, 0), |range| (range.start, range.end));
        let age_s = now_s.saturating_sub(start_ms / 1_000);
        let unit_s = if self.range_ms.is_none() || age_s <= MINUTES_KEPT_S {
            60
        } else if age_s <= FIVE_MINUTES_KEPT_S {
            300
        } else {
            3_600
        };
        (end_ms.saturating_sub(start_ms) / 1_000 / POINTS / unit_s + 1) * unit_s
    }

    /// A missing value, or one of another type than documented, gets its default: a picture is better than an error.
    fn read(context: Value) -> Self {
        let usual = Self::default();
        let Value::Object(context) = context else { return usual };
        let range = |range: &Map<String, Value>| {
            let end = |name| range.get(name).and_then(Value::as_i64);
            Some(end("start")?..end("end")?).filter(|range| !range.is_empty())
        };
        let shown = context.get("timeRange").and_then(Value::as_object);
        let zoomed = shown.and_then(|shown| shown.get("zoom")).and_then(Value::as_object);
        Self {
            theme: match context.get("theme").and_then(Value::as_str) {
                Some("dark") => Theme::Dark,
                _ => Theme::Light,
            },
            width: width(context.get("width")).unwrap_or(usual.width),
            range_ms: zoomed.and_then(range).or_else(|| shown.and_then(range)),
            ..usual
        }
    }
}

fn width(value: Option<&Value>) -> Option<u32> {
    value?.as_u64().and_then(|width| u32::try_from(width).ok()).filter(|width| *width > 0)
}

/// How long `CloudWatch` keeps points of a minute: 15 days, minus the time of a run.
const MINUTES_KEPT_S: i64 = 15 * 86_400 - 300;
/// The same for points of five minutes: 63 days; points of an hour are kept for 455 days.
const FIVE_MINUTES_KEPT_S: i64 = 63 * 86_400 - 300;
/// Approximate points of a line.
const POINTS: i64 = 90;
/// Half a dashboard, in pixels.
const USUAL_WIDTH: u32 = 900;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn widget(event: Value) -> Result<Widget, String> {
        Widget::from_event(event)
    }

    #[test]
    fn a_dashboard_is_reported_from_a_schedule() {
        assert!(Widget::is_event(&json!({"describe": true})));
        assert!(Widget::is_event(&json!({"widgetContext": {}})));
        for other in [json!({}), json!(null), json!([]), json!({"source": "aws.events"}), json!({"groups": ["a"]})] {
            assert!(!Widget::is_event(&other), "{other}");
        }
    }

    #[test]
    fn the_context_is_read_as_documented() {
        let event = json!({
            "groups": ["orders"],
            "widgetContext": {
                "dashboardName": "d", "widgetId": "widget-16", "theme": "dark", "width": 588, "height": 369,
                "timeRange": { "mode": "relative", "start": 1_627_236_199_729_i64, "end": 1_627_322_599_729_i64,
                               "relativeStart": 86_400_012 }
            }
        });
        let widget = widget(event).unwrap();
        assert_eq!(widget.asked, Asked::Groups(vec!["orders".to_owned()]));
        let range_ms = Some(1_627_236_199_729..1_627_322_599_729);
        assert_eq!(widget.context, Context { theme: Theme::Dark, width: 588, range_ms, endpoint: String::new() });
    }

    #[test]
    fn a_zoom_goes_before_the_dashboards_range() {
        let range = json!({"start": 1, "end": 100, "zoom": {"start": 10, "end": 20}});
        let widget = widget(json!({"widgetContext": {"timeRange": range}})).unwrap();
        assert_eq!(widget.context.range_ms, Some(10..20));
    }

    #[test]
    fn a_line_has_whole_minutes_and_few_points() {
        let step_s =
            |hours: i64| Context { range_ms: Some(0..hours * 3_600_000), ..Context::default() }.step_s(hours * 3_600);
        assert_eq!((Context::default().step_s(7), step_s(1), step_s(3), step_s(24)), (60, 60, 180, 1_020));
    }

    #[test]
    fn points_are_as_long_as_those_that_are_kept_of_that_time() {
        let day = 86_400;
        let step_s = |days_ago: i64| {
            let (now_s, start_s) = (500 * day, (500 - days_ago) * day);
            Context { range_ms: Some(start_s * 1_000..(start_s + 3_600) * 1_000), ..Context::default() }.step_s(now_s)
        };
        assert_eq!([1, 14, 15, 62, 63, 400].map(step_s), [60, 60, 300, 300, 3_600, 3_600]);
        let of_all =
            |days: i64| Context { range_ms: Some(0..days * day * 1_000), ..Context::default() }.step_s(days * day);
        assert_eq!([28, 90].map(of_all).map(|step_s| (step_s % 300, step_s % 3_600)), [(0, 27_000 % 3_600), (0, 0)]);
    }

    #[test]
    fn a_context_that_is_not_as_documented_is_as_usual() {
        for context in
            [json!(null), json!(7), json!({"width": "wide", "theme": 3, "timeRange": {"start": 5, "end": 5}})]
        {
            assert_eq!(widget(json!({"widgetContext": context})).unwrap().context, Context::default(), "{context}");
        }
    }

    #[test]
    fn a_click_asks_for_one_groups_partitions() {
        let asked = |event| widget(event).map(|widget| widget.asked);
        assert_eq!(asked(json!({"group": "a", "widgetContext": {}})), Ok(Asked::Partitions("a".to_owned())));
        assert_eq!(asked(json!({"widgetContext": {}})), Ok(Asked::Groups(Vec::new())));
        assert_eq!(asked(json!({"describe": true})), Ok(Asked::Describe));
    }

    #[test]
    fn a_parameter_that_is_not_understood_is_reported() {
        let error = |event| widget(event).unwrap_err();
        assert_eq!(error(json!({"gruop": "a"})), "the widget needs group or groups, found \"gruop\": \"a\"");
        assert_eq!(error(json!({"group": 7})), "group must be a name, found 7");
        assert!(error(json!({"groups": "a"})).starts_with("groups must be a list of names: "));
        assert_eq!(error(json!({"group": "a", "groups": []})), "the widget needs group or groups, found both");
        assert_eq!(error(json!("x")), "a dashboard sends an object, found \"x\"");
    }
}
