//! Event JSON → [`Request`]: `EventBridge` rules, `EventBridge` Scheduler with and without input, and our own events.

use serde::Deserialize;
use serde_json::Value;

use crate::base::moment;
use crate::config::{Detail, Format};
use crate::model::part::{PART_EXPECTED, Part};

pub mod http;
mod names;
pub mod origin;
pub mod widget;

use http::{Call, Payload, Question};
use names::Names;
use origin::View;
use widget::{Asked, Widget};

/// The task of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Which kind of run.
    pub ask: Ask,
    /// When the run was scheduled, in seconds since 1970; `None` means now.
    pub scheduled: Option<i64>,
    /// The part of the groups to check, if none is named; `None` means as configured.
    pub part: Option<Part>,
    /// Which partitions to report; `None` means as configured.
    pub detail: Option<Detail>,
    /// The shape of a check's report; `None` means as configured.
    pub format: Option<Format>,
    /// Which of Burrow's two answers, in its shape.
    pub view: View,
    /// Whether to read and write the history; `None` means as configured.
    pub history: Option<bool>,
    /// Whether to publish metrics; `None` means as configured.
    pub publish: Option<bool>,
    /// The present time for the run, in milliseconds since 1970; `None` means the clock. For rehearsals, where
    /// scheduled minutes pass faster than real ones.
    pub now_ms: Option<i64>,
    /// Whether the run writes neither history nor metrics, whatever is configured, because a person asked for it.
    pub read_only: bool,
}

/// Which kind of run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// Check every selected group, publish, and store this snapshot.
    #[default]
    Check,
    /// Check these groups only; such a run writes nothing, because the stored pages are shared by all groups.
    Partial(Vec<String>),
    /// Print the history of one group.
    History {
        /// The group's name.
        group: String,
        /// How far back, in minutes.
        minutes: u32,
    },
    /// Test each step and report how to fix what fails: [`crate::preflight`].
    Preflight {
        /// Groups to try; empty means the configured ones.
        groups: Vec<String>,
        /// A release of Kafka to compare this build with, without asking any broker.
        against: Option<String>,
    },
    /// A dashboard's request; the answer is HTML, and nothing is written.
    Widget(Widget),
    /// An HTTP request; the answer has a status code, and nothing is written.
    Http(Call),
}

impl Ask {
    /// A check of these groups, or of all configured ones.
    #[must_use]
    pub fn about(groups: Vec<String>) -> Self {
        if groups.is_empty() { Self::Check } else { Self::Partial(groups) }
    }

    /// The groups that are named; empty means the configured ones.
    pub(crate) fn groups(&self) -> &[String] {
        match self {
            Self::Partial(groups)
            | Self::Preflight { groups, .. }
            | Self::Widget(Widget { asked: Asked::Groups(groups), .. }) => groups,
            Self::Widget(Widget { asked: Asked::Partitions(group), .. }) | Self::History { group, .. } => {
                std::slice::from_ref(group)
            }
            Self::Http(Call { question: Ok(Question::Consumer { group, .. }), .. }) => std::slice::from_ref(group),
            Self::Check | Self::Widget(_) | Self::Http(_) => &[],
        }
    }
}

/// An event that no run can follow.
#[derive(Debug, thiserror::Error)]
#[error("the event is not understood: {0}")]
pub struct EventError(String);

impl Request {
    /// Parses an event; an empty one (white space, `null`, `{}`) is a plain check.
    ///
    /// # Errors
    /// [`EventError`] with the key, what it expects and what was found.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let event = serde_json::from_str(text)
            .map_err(|error| EventError(format!("it is not valid JSON: {}", few(&error.to_string()))))?;
        Self::from_event(event)
    }

    /// Reads an event that has been parsed.
    ///
    /// # Errors
    /// As [`Request::parse`].
    pub fn from_event(event: Value) -> Result<Self, EventError> {
        match event {
            Value::Null => Ok(Self::default()),
            Value::Object(mut keys) if keys.contains_key("source") && keys.contains_key("detail-type") => {
                let scheduled = keys.get("time").map(seconds).transpose()?;
                // A rule sends an object, Scheduler a string with one; either may contain our own keys.
                let detail = match keys.remove("detail") {
                    Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
                    Some(Value::String(text)) => serde_json::from_str(&text).map_err(|error| {
                        EventError(format!(
                            "its detail is a string that is not valid JSON: {}",
                            few(&error.to_string())
                        ))
                    })?,
                    Some(detail) => detail,
                    None => Value::Null,
                };
                let own = Self::own(detail)?;
                Ok(Self { scheduled: own.scheduled.or(scheduled), ..own })
            }
            Value::Object(keys) if keys.contains_key("rawPath") => {
                let payload: Payload = serde_json::from_value(Value::Object(keys)).map_err(|error| {
                    EventError(format!("it has the form of a function URL's event, and {}", few(&error.to_string())))
                })?;
                Ok(Self::over_http(Call::new(payload)))
            }
            event if Widget::is_event(&event) => {
                Widget::from_event(event).map(Self::on_a_dashboard).map_err(|error| EventError(few(&error)))
            }
            own => Self::own(own),
        }
    }

    /// Whether the run may write history and metrics. Only a check of everything that is configured may: it owns the
    /// history slot of its minute.
    pub(crate) fn writes(&self) -> bool {
        self.ask == Ask::Check && !self.read_only
    }

    fn on_a_dashboard(widget: Widget) -> Self {
        let detail = matches!(widget.asked, Asked::Partitions(_)).then_some(Detail::All);
        Self { ask: Ask::Widget(widget), detail, ..Self::default() }
    }

    fn over_http(call: Call) -> Self {
        let view = match &call.question {
            Ok(Question::Consumer { view, .. }) => view.unwrap_or_default(),
            _ => View::default(),
        };
        Self { ask: Ask::Http(call), view, ..Self::default() }
    }

    fn own(event: Value) -> Result<Self, EventError> {
        if event.is_null() {
            return Ok(Self::default());
        }
        if !event.is_object() {
            return Err(EventError(format!("it must be an object, found {}", few(&event.to_string()))));
        }
        let own: OwnEvent = serde_path_to_error::deserialize(event).map_err(|error| EventError(of_a_key(&error)))?;
        let ask = match (own.mode.as_deref(), own.group, own.minutes) {
            (None | Some("check"), None, None) => Ask::about(own.groups.0),
            (None | Some("check"), ..) => {
                return Err(EventError(
                    "group and minutes belong to mode history; use groups to select groups for a check".into(),
                ));
            }
            (Some("history"), Some(group), minutes) => {
                Ask::History { group, minutes: minutes.unwrap_or(DEFAULT_HISTORY_MINUTES) }
            }
            (Some("history"), None, _) => return Err(EventError("mode history needs a group".into())),
            (Some("preflight"), None, None) => Ask::Preflight { groups: own.groups.0, against: own.against.clone() },
            (Some("preflight"), ..) => return Err(EventError("group and minutes go with mode history".into())),
            (Some(other), ..) => {
                return Err(EventError(format!("mode must be check, history or preflight, found {:?}", few(other))));
            }
        };
        if !matches!(ask, Ask::Check | Ask::Partial(_)) && (own.format.is_some() || own.view.is_some()) {
            return Err(EventError("format and view go with a check".into()));
        }
        if own.against.is_some() && !matches!(ask, Ask::Preflight { .. }) {
            return Err(EventError("against goes with mode preflight".into()));
        }
        let part = own.part.map(|text| {
            Part::parse(&text).ok_or_else(|| EventError(format!("part {PART_EXPECTED}, found {:?}", few(&text))))
        });
        let part = part.transpose()?;
        let now = own.now.as_ref().map(seconds).transpose()?;
        Ok(Self {
            ask,
            history: own.history,
            publish: own.publish,
            now_ms: now.map(|seconds| seconds * 1_000),
            scheduled: own.scheduled.as_ref().map(seconds).transpose()?,
            part,
            detail: own.detail,
            format: own.format,
            view: own.view.unwrap_or_default(),
            read_only: false,
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
    groups: Names,
    scheduled: Option<Value>,
    part: Option<String>,
    detail: Option<Detail>,
    format: Option<Format>,
    view: Option<View>,
    against: Option<String>,
    history: Option<bool>,
    publish: Option<bool>,
    now: Option<Value>,
    /// What Scheduler can fill in besides the time; useful in its logs, not needed here.
    #[serde(rename = "execution")]
    _execution: Option<String>,
    #[serde(rename = "attempt")]
    _attempt: Option<Value>,
}

/// The problem, with its key; the library's own message names only types.
fn of_a_key(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (key, what) = (few(&error.path().to_string()), few(&error.inner().to_string()));
    if what.contains("unknown field") || key == "." { what } else { format!("{key}: {what}") }
}

/// The readable part of a text from outside.
fn few(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn seconds(value: &Value) -> Result<i64, EventError> {
    value.as_str().and_then(moment::parse).ok_or_else(|| {
        EventError(format!(
            "the scheduled time must be like \"2026-11-23T01:05:00Z\" (RFC 3339), found {}",
            few(&value.to_string())
        ))
    })
}

/// How far back a history goes if the event does not set it.
pub const DEFAULT_HISTORY_MINUTES: u32 = 30;

#[cfg(test)]
mod tests;
