//! What each commit of a consumer leaves although no record is left: the markers of transactions (KIP-98).
//!
//! A consumer that commits the offset of the last record plus one, as many clients did and some do, stays one short of
//! the end of a topic that is written with transactions, for ever: the last offset is a marker. So a rest that several
//! commits in a row left exactly is the end for this consumer.

use std::cmp::Ordering;

use super::{Memory, Reading, Sample};
use crate::model::lag::{Committed, Lag};

/// Whether the commits of a partition leave the same small rest each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Rest {
    /// They do not, or too few were seen.
    #[default]
    No,
    /// The last commit left what the one before it left.
    Once,
    /// The last two did.
    Twice,
    /// This many did, so the rest counts as this consumer's end while it stays the same.
    Known,
    /// It was known, and once more offsets arrived, few enough for an aborted transaction.
    Passed,
}

impl Rest {
    /// The rest after a reading, given the one before it.
    pub(crate) fn after(self, previous: &Sample, reading: &Reading) -> Self {
        let (Committed::At(before), Committed::At(now)) = (previous.committed, reading.committed) else {
            return Self::No;
        };
        let stands = now == before && reading.log.end == previous.end;
        let left = match reading.lag() {
            Lag::Offsets(left @ 1..=MOST_LEFT) => left,
            // Retention deletes markers as well as records.
            Lag::Lost { readable: 0, .. } if stands => return self,
            _ => return Self::No,
        };
        let left_before = u64::try_from(previous.end - before).ok();
        match (now.cmp(&before), self) {
            (Ordering::Equal, _) if stands => self,
            (Ordering::Equal, Self::Known) => Self::Passed,
            (Ordering::Less | Ordering::Equal, _) => Self::No,
            // What was read in the meantime ended there.
            (Ordering::Greater, Self::Passed) => Self::Known,
            (Ordering::Greater, _) if left_before != Some(left) => Self::No,
            (Ordering::Greater, Self::No) => Self::Once,
            (Ordering::Greater, Self::Once) => Self::Twice,
            (Ordering::Greater, Self::Twice | Self::Known) => Self::Known,
        }
    }
}

impl Memory {
    /// Whether only the rest of each commit is left.
    pub(crate) fn is_at_rest(self) -> bool {
        self.rest == Rest::Known
    }

    /// Whether what is left beyond that may be an aborted transaction.
    pub(crate) fn is_past_its_rest(self) -> bool {
        self.rest == Rest::Passed
    }
}

/// The largest rest in offsets: an aborted transaction and its marker are part of it.
const MOST_LEFT: u64 = 100;
