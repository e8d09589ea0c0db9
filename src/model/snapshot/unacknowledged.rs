//! What members of share groups have not acknowledged.

use std::num::NonZeroU64;

/// How many offsets from a share group's start on are not acknowledged, as the coordinator reports (KIP-1226); a column
/// beside [`super::Snapshot::rows`] that ends after the last row with a number, so that other groups need no memory.
#[derive(Debug, Default)]
pub struct Unacknowledged {
    /// One more than the number, so that a missing one needs no extra memory.
    column: Vec<Option<NonZeroU64>>,
}

impl Unacknowledged {
    pub(crate) fn set(&mut self, row: usize, offsets: u64) {
        if self.column.len() <= row {
            self.column.resize(row + 1, None);
        }
        self.column[row] = Some(NonZeroU64::MIN.saturating_add(offsets));
    }

    /// `None` for other groups, and if the coordinator does not report it: then everything up to the log end may be
    /// unacknowledged.
    #[inline]
    pub(crate) fn of(&self, row: usize) -> Option<u64> {
        Some(self.column.get(row).copied().flatten()?.get() - 1)
    }
}
