//! Why a request has no answer, and how a connection ended.

use std::io;
use std::sync::Arc;

use tokio_rustls::rustls;

use crate::base::fault::Fault;
use crate::kafka::net::frame::FrameError;
use crate::kafka::net::tls;
use crate::kafka::protocol::versions::NoCommonVersion;
use crate::model::unknown::Cause;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(transparent)]
    Version(#[from] NoCommonVersion),
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// An honest answer that is larger than the configured limit; the connection goes on.
    #[error("the answer has {size} bytes; raise MEERKAT_FRAME_LIMIT, which is {limit}")]
    TooLarge { size: usize, limit: usize },
    #[error("no answer before the deadline")]
    Deadline,
    #[error("the connection was lost: {0}")]
    Lost(Arc<Loss>),
}

impl CallError {
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Version(why) => why.fault(),
            Self::Lost(loss) => loss.fault().within("the connection was lost"),
            other => Fault::of(other),
        }
    }

    /// Whether the peer just ended the connection.
    pub(crate) fn is_hang_up(&self) -> bool {
        matches!(self, Self::Lost(loss) if matches!(**loss, Loss::Closed | Loss::Reset))
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::TooLarge { .. } | Self::Frame(FrameError::Heavy { .. }) => Cause::TooLarge,
            Self::Deadline => Cause::Deadline,
            Self::Version(_) | Self::Frame(_) | Self::Lost(_) => Cause::Down,
        }
    }
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Loss {
    #[error("the broker closed it")]
    Closed,
    #[error("the broker reset it")]
    Reset,
    /// TLS 1.3 tells a client only now that its certificate was refused.
    #[error("{}", tls::ended(.0))]
    Tls(rustls::Error),
    #[error(transparent)]
    Socket(io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the broker sent an answer that nobody asked for")]
    Unasked,
    /// It was no longer needed.
    #[error("closed")]
    Dropped,
}

impl Loss {
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Tls(why) => tls::ended(why),
            other => Fault::of(other),
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
