//! Event JSON → [`Request`]: `EventBridge` rules, `EventBridge` Scheduler with and without input, and our own events.

use serde::Deserialize;
use serde_json::Value;

use crate::config::Detail;
use crate::moment;

/// What one run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Which kind of run.
    pub mode: Mode,
    /// When the run was scheduled, in seconds since 1970; `None` means now.
    pub scheduled: Option<i64>,
    /// Groups to look at, by name; empty means those of the configuration.
    pub groups: Vec<String>,
    /// How much of the partitions to report; `None` means as configured.
    pub detail: Option<Detail>,
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
        let event = serde_json::from_str(text).map_err(|error| EventError(format!("it is no JSON: {error}")))?;
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
                    Some(Value::String(text)) => serde_json::from_str(&text)
                        .map_err(|error| EventError(format!("its detail is a string that is no JSON: {error}")))?,
                    Some(detail) => detail,
                    None => Value::Null,
                };
                let own = Self::own(detail)?;
                Ok(Self { scheduled: own.scheduled.or(scheduled), ..own })
            }
            own => Self::own(own),
        }
    }

    fn own(event: Value) -> Result<Self, EventError> {
        if event.is_null() {
            return Ok(Self::default());
        }
        let own: Own = serde_json::from_value(event).map_err(|error| EventError(error.to_string()))?;
        let detail = own.detail.map(|word| {
            let found = Detail::WORDS.iter().find(|(known, _)| *known == word).map(|(_, detail)| *detail);
            found.ok_or_else(|| EventError(format!("detail must be groups, problems or all, found {word:?}")))
        });
        let mode = match (own.mode.as_deref(), own.group, own.minutes) {
            (None | Some("check"), None, None) => Mode::Check,
            (None | Some("check"), ..) => {
                return Err(EventError("group and minutes go with mode history; a check takes groups".into()));
            }
            (Some("history"), Some(group), minutes) => {
                Mode::History { group, minutes: minutes.unwrap_or(DEFAULT_HISTORY_MINUTES) }
            }
            (Some("history"), None, _) => return Err(EventError("mode history takes a group".into())),
            (Some(other), ..) => {
                return Err(EventError(format!("mode must be check or history, found {other:?}")));
            }
        };
        let now = own.now.as_ref().map(seconds).transpose()?;
        Ok(Self {
            mode,
            history: own.history,
            publish: own.publish,
            now_ms: now.map(|seconds| seconds * 1_000),
            scheduled: own.scheduled.as_ref().map(seconds).transpose()?,
            groups: own.groups,
            detail: detail.transpose()?,
        })
    }
}

/// Our own event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    mode: Option<String>,
    group: Option<String>,
    minutes: Option<u32>,
    #[serde(default)]
    groups: Vec<String>,
    scheduled: Option<Value>,
    detail: Option<String>,
    history: Option<bool>,
    publish: Option<bool>,
    now: Option<Value>,
    /// What Scheduler can fill in besides the time; good for its logs, not needed here.
    #[serde(rename = "execution")]
    _execution: Option<String>,
    #[serde(rename = "attempt")]
    _attempt: Option<Value>,
}

fn seconds(value: &Value) -> Result<i64, EventError> {
    value.as_str().and_then(moment::parse).ok_or_else(|| {
        EventError(format!("the scheduled time must be like \"2026-11-23T01:05:00Z\" (RFC 3339), found {value}"))
    })
}

/// How far back a history goes where the event does not say.
const DEFAULT_HISTORY_MINUTES: u32 = 30;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn error(text: &str) -> String {
        Request::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_a_plain_check() {
        for nothing in ["", "  \n", "null", "{}"] {
            assert_eq!(Request::parse(nothing).unwrap(), Request::default(), "{nothing:?}");
        }
    }

    #[test]
    fn a_rule_and_a_schedule_bring_their_minute() {
        for detail in ["{}", r#""{}""#, r#""""#, "null"] {
            let event = format!(
                r#"{{"source":"aws.events","detail-type":"Scheduled Event","time":"2015-10-08T16:53:06Z","detail":{detail}}}"#
            );
            assert_eq!(Request::parse(&event).unwrap().scheduled, Some(1_444_323_186), "{detail}");
        }
    }

    #[test]
    fn our_own_keys_may_travel_in_the_detail() {
        let event = r#"{"source":"aws.scheduler","detail-type":"Scheduled Event","detail":"{\"groups\":[\"a\"]}"}"#;
        assert_eq!(Request::parse(event).unwrap().groups, ["a"]);
    }

    #[test]
    fn an_event_that_is_not_understood_is_refused_with_what_was_found() {
        assert!(error("{").contains("no JSON"));
        assert!(error("[]").contains("invalid type"), "{}", error("[]"));
        assert!(error(r#"{"gruops":[]}"#).contains("unknown field `gruops`, expected one of `mode`, `group`"));
        assert!(error(r#"{"mode":"chekc"}"#).contains("check or history, found \"chekc\""));
        assert!(error(r#"{"detail":"some"}"#).contains("groups, problems or all, found \"some\""));
        assert!(error(r#"{"scheduled":"yesterday"}"#).contains("(RFC 3339), found \"yesterday\""));
        assert!(error(r#"{"scheduled":7}"#).contains("found 7"));
    }

    #[test]
    fn the_scheduled_time_may_have_any_offset() {
        let seconds = |text: &str| Request::parse(&format!(r#"{{"scheduled":"{text}"}}"#)).unwrap().scheduled.unwrap();
        assert_eq!(seconds("2026-11-23T02:05:00+01:00"), seconds("2026-11-23T01:05:00Z"));
    }
}
