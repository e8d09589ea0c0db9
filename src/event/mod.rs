//! Event JSON → [`Request`]: `EventBridge` rules, `EventBridge` Scheduler with and without input, and our own events.

use serde::Deserialize;
use serde_json::Value;

use crate::base::moment;
use crate::config::{Detail, Format};
use crate::model::part::{PART_EXPECTED, Part};

pub mod http;
pub mod origin;
pub mod widget;

use http::{Call, Payload};
use origin::View;
use widget::{Asked, Widget};

/// What one run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Which kind of run.
    pub mode: Mode,
    /// When the run was scheduled, in seconds since 1970; `None` means now.
    pub scheduled: Option<i64>,
    /// Groups to look at, by name; empty means those of the configuration.
    pub groups: Vec<String>,
    /// Which part of the groups to look at, where none is named; `None` means as configured.
    pub part: Option<Part>,
    /// How much of the partitions to report; `None` means as configured.
    pub detail: Option<Detail>,
    /// The shape of a check's report; `None` means as configured.
    pub format: Option<Format>,
    /// Which of Burrow's two answers, in its shape.
    pub view: View,
    /// What was asked by HTTP, and is to be answered so; such a check writes nothing.
    pub http: Option<Call>,
    /// What a dashboard asked for, which is answered by a picture; such a check writes nothing.
    pub widget: Option<Widget>,
    /// Whether to read and keep history; `None` means as configured.
    pub history: Option<bool>,
    /// Whether to publish metrics; `None` means as configured.
    pub publish: Option<bool>,
    /// What the run takes for the present, in milliseconds since 1970; `None` means the clock. For rehearsals, where
    /// scheduled minutes pass faster than real ones.
    pub now_ms: Option<i64>,
}

/// Which kind of run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Look, judge, publish.
    #[default]
    Check,
    /// Print what is kept of one group.
    History {
        /// The group's name.
        group: String,
        /// How far back, in minutes.
        minutes: u32,
    },
    /// Tell what works, and what to do where something does not: [`crate::preflight`].
    Preflight {
        /// A release of Kafka to hold this build against, without asking any broker.
        against: Option<String>,
    },
}

/// An event that says nothing a run could do.
#[derive(Debug, thiserror::Error)]
#[error("the event is not understood: {0}")]
pub struct EventError(String);

impl Request {
    /// Reads an event; nothing at all (white space, `null`, `{}`) is a plain check.
    ///
    /// # Errors
    /// [`EventError`] that names the key, what it expects and what was found.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let event = serde_json::from_str(text)
            .map_err(|error| EventError(format!("it is no JSON: {}", few(&error.to_string()))))?;
        Self::from_event(event)
    }

    /// Takes an event that has been parsed.
    ///
    /// # Errors
    /// As [`Request::parse`].
    pub fn from_event(event: Value) -> Result<Self, EventError> {
        match event {
            Value::Null => Ok(Self::default()),
            Value::Object(mut keys) if keys.contains_key("source") && keys.contains_key("detail-type") => {
                let scheduled = keys.get("time").map(seconds).transpose()?;
                // A rule sends an object, Scheduler a string that holds one; either may carry our own keys.
                let detail = match keys.remove("detail") {
                    Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
                    Some(Value::String(text)) => serde_json::from_str(&text).map_err(|error| {
                        EventError(format!("its detail is a string that is no JSON: {}", few(&error.to_string())))
                    })?,
                    Some(detail) => detail,
                    None => Value::Null,
                };
                let own = Self::own(detail)?;
                Ok(Self { scheduled: own.scheduled.or(scheduled), ..own })
            }
            Value::Object(keys) if keys.contains_key("rawPath") => {
                let payload: Payload = serde_json::from_value(Value::Object(keys)).map_err(|error| {
                    EventError(format!("it looks like a function URL's, and {}", few(&error.to_string())))
                })?;
                Ok(Self::over_http(Call::new(&payload)))
            }
            event if Widget::is_event(&event) => {
                Widget::from_event(event).map(Self::on_a_dashboard).map_err(|error| EventError(few(&error)))
            }
            own => Self::own(own),
        }
    }

    /// Whether the run may write: what people ask for in between must not spoil the minute of a scheduled run, and a run about some
    /// groups must not write what all of them share.
    pub(crate) fn writes(&self) -> bool {
        self.http.is_none() && self.widget.is_none() && self.groups.is_empty()
    }

    fn on_a_dashboard(widget: Widget) -> Self {
        let (groups, detail) = match &widget.asked {
            Asked::Describe => (Vec::new(), None),
            Asked::Groups(groups) => (groups.clone(), None),
            Asked::Partitions(group) => (vec![group.clone()], Some(Detail::All)),
        };
        let format = Some(Format::Meerkat);
        Self { groups, detail, format, publish: Some(false), widget: Some(widget), ..Self::default() }
    }

    fn over_http(call: Call) -> Self {
        let asked = call.question.as_ref().ok();
        Self {
            groups: asked.map(|asked| asked.group.clone()).into_iter().collect(),
            format: Some(Format::Burrow),
            view: asked.map(|asked| asked.view).unwrap_or_default(),
            publish: Some(false),
            http: Some(call),
            ..Self::default()
        }
    }

    fn own(event: Value) -> Result<Self, EventError> {
        if event.is_null() {
            return Ok(Self::default());
        }
        if !event.is_object() {
            return Err(EventError(format!("it must be an object, found {}", few(&event.to_string()))));
        }
        let own: OwnEvent =
            serde_json::from_value(event.clone()).map_err(|error| EventError(wrong_key(event, &error)))?;
        let detail = choice("detail", own.detail, &Detail::WORDS)?;
        let format = choice("format", own.format, &Format::WORDS)?;
        let view = choice("view", own.view, &View::WORDS)?;
        let mode = match (own.mode.as_deref(), own.group, own.minutes) {
            (None | Some("check"), None, None) => Mode::Check,
            (None | Some("check"), ..) => {
                return Err(EventError("group and minutes go with mode history; a check takes groups".into()));
            }
            (Some("history"), Some(group), minutes) => {
                Mode::History { group, minutes: minutes.unwrap_or(DEFAULT_HISTORY_MINUTES) }
            }
            (Some("history"), None, _) => return Err(EventError("mode history takes a group".into())),
            (Some("preflight"), None, None) => Mode::Preflight { against: own.against.clone() },
            (Some("preflight"), ..) => return Err(EventError("group and minutes go with mode history".into())),
            (Some(other), ..) => {
                return Err(EventError(format!("mode must be check, history or preflight, found {:?}", few(other))));
            }
        };
        if mode != Mode::Check && (format.is_some() || view.is_some()) {
            return Err(EventError("format and view go with a check".into()));
        }
        if own.against.is_some() && !matches!(mode, Mode::Preflight { .. }) {
            return Err(EventError("against goes with mode preflight".into()));
        }
        let part = own.part.map(|text| {
            Part::parse(&text).ok_or_else(|| EventError(format!("part {PART_EXPECTED}, found {:?}", few(&text))))
        });
        let part = part.transpose()?;
        let now = own.now.as_ref().map(seconds).transpose()?;
        Ok(Self {
            mode,
            history: own.history,
            publish: own.publish,
            now_ms: now.map(|seconds| seconds * 1_000),
            scheduled: own.scheduled.as_ref().map(seconds).transpose()?,
            groups: own.groups,
            part,
            detail,
            format,
            view: view.unwrap_or_default(),
            http: None,
            widget: None,
        })
    }
}

/// Our own event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnEvent {
    mode: Option<String>,
    group: Option<String>,
    minutes: Option<u32>,
    #[serde(default)]
    groups: Vec<String>,
    scheduled: Option<Value>,
    part: Option<String>,
    detail: Option<String>,
    format: Option<String>,
    view: Option<String>,
    against: Option<String>,
    history: Option<bool>,
    publish: Option<bool>,
    now: Option<Value>,
    /// What Scheduler can fill in besides the time; good for its logs, not needed here.
    #[serde(rename = "execution")]
    _execution: Option<String>,
    #[serde(rename = "attempt")]
    _attempt: Option<Value>,
}

/// Which key has a value of the wrong type; the library names the types alone.
fn wrong_key(event: Value, error: &serde_json::Error) -> String {
    let keys = match event {
        Value::Object(keys) => keys,
        _ => serde_json::Map::new(),
    };
    let culprit = keys.into_iter().find_map(|(key, value)| {
        let alone = |value| {
            let event = serde_json::Map::from_iter([(key.clone(), value)]);
            serde_json::from_value::<OwnEvent>(event.into()).err()
        };
        // Each key that is known takes one of these.
        let known = [Value::Null, Value::Array(Vec::new())].into_iter().any(|value| alone(value).is_none());
        let error = alone(value).filter(|_| known);
        error.map(|error| (key, error))
    });
    culprit.map_or_else(|| few(&error.to_string()), |(key, error)| format!("{key}: {}", few(&error.to_string())))
}

/// As much of somebody's words as is worth reading.
fn few(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One of a few words.
fn choice<T: Copy>(key: &str, word: Option<String>, words: &[(&str, T)]) -> Result<Option<T>, EventError> {
    let Some(word) = word else { return Ok(None) };
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice);
    let known = || words.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
    found.map(Some).ok_or_else(|| EventError(format!("{key} must be one of {}, found {:?}", known(), few(&word))))
}

fn seconds(value: &Value) -> Result<i64, EventError> {
    value.as_str().and_then(moment::parse).ok_or_else(|| {
        EventError(format!(
            "the scheduled time must be like \"2026-11-23T01:05:00Z\" (RFC 3339), found {}",
            few(&value.to_string())
        ))
    })
}

/// How far back a history goes where the event does not say.
const DEFAULT_HISTORY_MINUTES: u32 = 30;

#[cfg(test)]
mod tests;
