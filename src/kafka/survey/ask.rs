//! Why a question to a broker has no answer.

use crate::kafka::net::connection::CallError;
use crate::kafka::net::error::DialError;
use crate::model::unknown::{Cause, Unknown};

/// A question to a broker that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{}{why}", at(.place.as_deref()))]
pub(crate) struct AskError {
    /// How people find the broker; `None` where it is told anyway.
    pub(crate) place: Option<String>,
    pub(crate) why: Unknown,
    /// It could be talked to before, in this very look.
    pub(crate) was_open: bool,
}

fn at(place: Option<&str>) -> String {
    place.map_or(String::new(), |place| format!("{place}: "))
}

impl AskError {
    /// The same for a place that is told beside it.
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
