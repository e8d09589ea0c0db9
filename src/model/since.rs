//! The beginning of something that lasts.

/// When something began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Since {
    /// Before the memory began.
    Before,
    /// At this snapshot, in seconds since 1970.
    At(i64),
}

impl Since {
    /// For how many seconds it has lasted; `None` if not known.
    pub(crate) fn lasts_s(self, now_s: i64) -> Option<i64> {
        match self {
            Self::Before => None,
            Self::At(then_s) => Some((now_s - then_s).max(0)),
        }
    }
}

/// For how long a change that is over is reported, in seconds.
pub(crate) const REPORTED_S: i64 = 3_600;
