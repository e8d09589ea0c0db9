//! Why a question to a broker has no answer.

use std::rc::Rc;

use crate::kafka::connection::CallError;
use crate::kafka::dial::DialError;
use crate::unknown::{Cause, Unknown};

/// A question to a broker that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub(in crate::kafka) struct AskError {
    /// How people find the broker.
    pub(super) place: String,
    pub(super) why: Unanswered,
    /// It could be talked to before, in this very look.
    pub(in crate::kafka) was_open: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("not in the metadata")]
    Unlisted,
    /// Everybody who needs the connection is told.
    #[error("{0}")]
    Dial(Rc<DialError>),
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer as a whole has an error code of Kafka's.
    #[error("{0}")]
    Refused(Unknown),
}

impl AskError {
    pub(in crate::kafka) fn cause(&self) -> Cause {
        match &self.why {
            Unanswered::Unlisted => Cause::Down,
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
