//! Committed offsets and log ranges, and the arithmetic between them.

/// Where a group will read next in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Committed {
    /// The offset of the next record to read.
    At(i64),
    /// The group never committed here, or its commit expired.
    ///
    /// Kafka answers `-1` in both cases (`OffsetFetch`, `committed_offset`).
    Never,
}

/// The range of one partition's log, in offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogRange {
    /// The log start offset: the first record that still exists (`ListOffsets`, timestamp −2).
    pub start: i64,
    /// The high watermark: one past the last record that consumers may see (`ListOffsets`, timestamp −1, `read_uncommitted`).
    pub end: i64,
    /// The last stable offset: where the first open transaction starts, else the high watermark (KIP-98).
    ///
    /// `None` if it was not asked for; every supported broker returns it.
    pub last_stable: Option<i64>,
}

/// The distance between a commit and the end of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lag {
    /// This many offsets are unread.
    Offsets(u64),
    /// Retention passed the commit: `lost` offsets were deleted unread, `readable` are left.
    Lost {
        /// Offsets between the log start and the high watermark.
        readable: u64,
        /// Offsets between the commit and the log start.
        lost: u64,
    },
    /// The commit is this many offsets past the high watermark: the topic was recreated or truncated.
    PastEnd(u64),
    /// There is no commit to measure from.
    NoCommit,
}

/// Whether a partition has a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assigned {
    /// A member of a stable group is assigned to it.
    Yes,
    /// The group is known, and none of its members is assigned to it.
    No,
    /// The group is rebalancing, or it could not be described.
    Unknown,
}

/// `committed` must have been read before `log`; otherwise a healthy group can seem to be past the end.
pub(crate) fn lag(committed: Committed, log: LogRange) -> Lag {
    let Committed::At(offset) = committed else {
        return Lag::NoCommit;
    };
    if offset < log.start {
        Lag::Lost { readable: log.len(), lost: offset.abs_diff(log.start) }
    } else if offset <= log.end {
        Lag::Offsets(offset.abs_diff(log.end))
    } else {
        Lag::PastEnd(log.end.abs_diff(offset))
    }
}

/// The lag of a share group, whose records are acknowledged in any order: of the records after its start offset, only
/// `unacknowledged` are left.
pub(crate) fn of_share(start: Committed, log: LogRange, unacknowledged: u64) -> Lag {
    match lag(start, log) {
        Lag::Offsets(offsets) => Lag::Offsets(offsets.min(unacknowledged)),
        Lag::Lost { readable, lost } => Lag::Lost { readable: readable.min(unacknowledged), lost },
        other => other,
    }
}

impl LogRange {
    /// Offsets between the log start and the high watermark, compacted and control records included.
    pub(crate) fn len(self) -> u64 {
        u64::try_from(self.end.saturating_sub(self.start)).unwrap_or(0)
    }

    /// Whether nothing is left to read from the log start on.
    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Lag {
    /// Offsets still to read; `None` if there is no commit to measure from.
    pub(crate) fn unread(self) -> Option<u64> {
        match self {
            Self::Offsets(offsets) | Self::Lost { readable: offsets, .. } => Some(offsets),
            Self::PastEnd(_) => Some(0),
            Self::NoCommit => None,
        }
    }
}
