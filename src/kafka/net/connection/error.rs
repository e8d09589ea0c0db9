//! Why a request has no answer, and how a connection ended.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls;

use crate::base::fault::Fault;
use crate::kafka::net::frame::FrameError;
use crate::kafka::net::tls;
use crate::kafka::protocol::versions::NoCommonVersion;
use crate::model::unknown::Cause;

/// Why a request has no answer; its text is its [`CallError::fault`].
#[derive(Debug, thiserror::Error)]
#[error("{}", self.fault())]
pub(crate) enum CallError {
    Version(#[from] NoCommonVersion),
    Frame(#[from] FrameError),
    /// A valid answer that is larger than the configured limit; the connection stays open.
    TooLarge {
        size: usize,
        limit: usize,
    },
    Deadline {
        /// How long the answer was waited for.
        after: Duration,
        /// Milliseconds for which the broker reported that it throttled this connection.
        held_back_ms: u64,
    },
    Lost(Arc<Loss>),
}

impl CallError {
    /// The message and its advice; no arm of it may print the error itself.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Version(why) => why.fault(),
            Self::Frame(why) => Fault::of(why),
            Self::TooLarge { size, limit } => Fault::with(
                format!("the answer has {size} bytes"),
                format!("raise MEERKAT_FRAME_LIMIT, which is {limit}"),
            ),
            Self::Deadline { after, held_back_ms: 0 } => Fault::of(format!("no answer {}", waited(*after))),
            Self::Deadline { after, held_back_ms } => Fault::of(format!(
                "no answer {}: a quota of this user, or of the client id meerkat, holds answers back (by {held_back_ms} ms so far)",
                waited(*after)
            )),
            Self::Lost(loss) => loss.fault().within("the connection was lost"),
        }
    }

    /// No request was waiting for an answer.
    pub(crate) const LATE: Self = Self::Deadline { after: Duration::ZERO, held_back_ms: 0 };

    /// Whether the peer just ended the connection.
    pub(crate) fn is_hang_up(&self) -> bool {
        matches!(self, Self::Lost(loss) if matches!(**loss, Loss::Closed | Loss::Reset))
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::TooLarge { .. } | Self::Frame(FrameError::Heavy { .. }) => Cause::TooLarge,
            Self::Deadline { .. } => Cause::Deadline,
            Self::Version(_) | Self::Frame(_) | Self::Lost(_) => Cause::Down,
        }
    }
}

/// How long a request waited, if that is worth a word.
pub(crate) fn waited(after: Duration) -> String {
    let s = after.as_secs_f64();
    if s < 0.05 { "before the deadline".into() } else { format!("before the deadline, after {s:.1} s") }
}

/// How a connection ended; its text is its [`Loss::fault`].
#[derive(Debug, thiserror::Error)]
#[error("{}", self.fault())]
pub(crate) enum Loss {
    Closed,
    Reset,
    /// In TLS 1.3 a client learns only now that its certificate was refused.
    Tls(rustls::Error),
    Socket(io::Error),
    Frame(#[from] FrameError),
    Unasked,
    /// It was no longer needed.
    Dropped,
}

impl Loss {
    /// The message and its advice; no arm of it may print the loss itself.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Closed => Fault::of("the broker closed it"),
            Self::Reset => Fault::of("the broker reset it"),
            Self::Tls(why) => tls::ended(why),
            Self::Socket(why) => Fault::of(why),
            Self::Frame(why) => Fault::of(why),
            Self::Unasked => Fault::of("the broker sent an answer without a request"),
            Self::Dropped => Fault::of("closed"),
        }
    }
}

impl From<io::Error> for Loss {
    fn from(error: io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (tls, error.kind()) {
            (Some(tls), _) => Self::Tls(tls.clone()),
            (None, io::ErrorKind::UnexpectedEof) => Self::Closed,
            (None, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Self::Reset,
            (None, _) => Self::Socket(error),
        }
    }
}
