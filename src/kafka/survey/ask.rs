//! Why a request to a broker has no answer.

use crate::kafka::net::connection::CallError;
use crate::kafka::net::error::DialError;
use crate::model::unknown::{Cause, Unknown};

/// A request to a broker without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{}{why}", at(.place.as_deref()))]
pub(crate) struct AskError {
    /// The broker's name for people; `None` if the message has it anyway.
    pub(crate) place: Option<String>,
    pub(crate) why: Unknown,
    /// It could be reached earlier in this very run.
    pub(crate) was_open: bool,
}

fn at(place: Option<&str>) -> String {
    place.map_or(String::new(), |place| format!("{place}: "))
}

impl AskError {
    /// The same for a place that the message names already.
    pub(crate) fn here(self) -> Self {
        Self { place: None, ..self }
    }

    pub(crate) fn cause(&self) -> Cause {
        self.why.cause()
    }
}

impl From<AskError> for Unknown {
    fn from(error: AskError) -> Self {
        Self::of(error.cause(), error.to_string())
    }
}

impl From<&DialError> for Unknown {
    fn from(error: &DialError) -> Self {
        Self::of(error.cause(), error.to_string())
    }
}

impl From<&CallError> for Unknown {
    fn from(error: &CallError) -> Self {
        Self::of(error.cause(), error.to_string())
    }
}
