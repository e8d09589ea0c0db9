//! Why a question to a broker has no answer.

use std::rc::Rc;

use crate::kafka::net::connection::CallError;
use crate::kafka::net::dial::DialError;
use crate::model::unknown::{Cause, Unknown};

/// A question to a broker that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{}{why}", at(.place.as_deref()))]
pub(crate) struct AskError {
    /// How people find the broker; `None` where it is told anyway.
    pub(crate) place: Option<String>,
    pub(crate) why: Unanswered,
    /// It could be talked to before, in this very look.
    pub(crate) was_open: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("not in the metadata")]
    Unlisted,
    #[error("its metadata names no brokers")]
    NoBrokers,
    /// Everybody who needs the connection is told.
    #[error("{0}")]
    Dial(Rc<DialError>),
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer as a whole has an error code of Kafka's.
    #[error("{0}")]
    Refused(Unknown),
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
        match &self.why {
            Unanswered::Unlisted | Unanswered::NoBrokers => Cause::Down,
            Unanswered::Dial(why) => why.cause(),
            Unanswered::Call(why) => why.cause(),
            Unanswered::Refused(why) => why.cause(),
        }
    }
}

impl From<AskError> for Unknown {
    fn from(error: AskError) -> Self {
        Self::of(error.cause(), error.to_string())
    }
}
