//! One partition in a slot: offsets below 2⁴⁴, a memory below 2³³, and the fingerprint of the partition.
//!
//! | case | low | high | samples |
//! |---|---|---|---|
//! | commit up to the log end | committed | log end + 1 | 2 + 3 · memory |
//! | commit past the log end | log end | committed + 1 | 3 + 3 · memory |
//! | no commit | 0 | log end + 1 | 4 + 3 · memory |
//! | not read | snapshots since it was read | 1 more | 4 |
//!
//! Below each of the two values are nine more bits: 14 of the fingerprint and the last 4 of the memory; the count
//! holds the first 29 of the memory. The larger offset is stored plus one, so that the two values always differ.

use super::seconds::{FEWEST_SAMPLES, Slot};
use crate::model::lag::Committed;

/// The entry of a partition in one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// What was read, and the memory.
    Seen(Sighting),
    /// It existed and could not be read.
    Unread {
        /// The newest snapshot that read it is this many snapshots before this one.
        snapshots: u16,
    },
}

/// A partition that was read: offsets that a metric can hold besides all the rest, and a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    committed: Committed,
    log_end: i64,
    memory: u64,
}

impl Sighting {
    /// `None` where a number does not fit: offsets from 0 to [`LARGEST_OFFSET`], memories below [`MEMORY_END`].
    #[must_use]
    pub fn new(committed: Committed, log_end: i64, memory: u64) -> Option<Self> {
        let fits = |offset| (0..=LARGEST_OFFSET).contains(&offset);
        let commit_fits = match committed {
            Committed::At(offset) => fits(offset),
            Committed::Never => true,
        };
        (commit_fits && fits(log_end) && memory < MEMORY_END).then_some(Self { committed, log_end, memory })
    }

    /// Where the group would have read next.
    pub(crate) fn committed(self) -> Committed {
        self.committed
    }

    /// The log end (high watermark).
    pub(crate) fn log_end(self) -> i64 {
        self.log_end
    }

    /// What the run remembered about the partition.
    pub(crate) fn memory(self) -> u64 {
        self.memory
    }
}

impl Entry {
    /// The slot of the partition with this fingerprint.
    #[must_use]
    pub fn slot(self, fingerprint: u16) -> Slot {
        let (kind, low, high, memory) = match self {
            Self::Seen(Sighting { committed: Committed::At(committed), log_end, memory }) if committed <= log_end => {
                (WITHIN, committed, log_end + 1, memory)
            }
            Self::Seen(Sighting { committed: Committed::At(committed), log_end, memory }) => {
                (PAST_END, log_end, committed + 1, memory)
            }
            Self::Seen(Sighting { committed: Committed::Never, log_end, memory }) => {
                (NO_COMMIT, 0, log_end + 1, memory)
            }
            Self::Unread { snapshots } => (NO_COMMIT, snapshots.max(1).into(), i64::from(snapshots.max(1)) + 1, 0),
        };
        let memory = i64::try_from(memory).unwrap_or_default();
        let fingerprint = i64::from(fingerprint);
        Slot {
            low: low * BENEATH + fingerprint / FINGERPRINT_BELOW,
            high: high * BENEATH + fingerprint % FINGERPRINT_BELOW * MEMORY_BELOW + memory % MEMORY_BELOW,
            samples: FEWEST_SAMPLES + KINDS * (memory / MEMORY_BELOW) + kind,
        }
    }

    /// The entry of a slot, and the fingerprint; `None` if no entry has such a slot.
    pub(crate) fn of(slot: Slot) -> Option<(u16, Self)> {
        let (low, high) = (slot.low / BENEATH, slot.high / BENEATH - 1);
        let (of_low, of_high) = (slot.low % BENEATH, slot.high % BENEATH);
        let fingerprint = u16::try_from(of_low * FINGERPRINT_BELOW + of_high / MEMORY_BELOW).ok()?;
        let rest = slot.samples.checked_sub(FEWEST_SAMPLES).filter(|rest| *rest >= 0)?;
        let memory = u64::try_from(rest / KINDS * MEMORY_BELOW + of_high % MEMORY_BELOW).ok()?;
        let seen = match rest % KINDS {
            WITHIN if low <= high => Sighting::new(Committed::At(low), high, memory)?,
            PAST_END if low < high => Sighting::new(Committed::At(high), low, memory)?,
            NO_COMMIT if low == 0 => Sighting::new(Committed::Never, high, memory)?,
            NO_COMMIT if low == high && memory == 0 => {
                return Some((fingerprint, Self::Unread { snapshots: u16::try_from(low).ok()? }));
            }
            _ => return None,
        };
        Some((fingerprint, Self::Seen(seen)))
    }
}

/// One less than an offset that makes the larger value too large.
pub const LARGEST_OFFSET: i64 = (1 << 44) - 2;
/// Memories are below this.
pub const MEMORY_END: u64 = 1 << 33;

const WITHIN: i64 = 0;
const PAST_END: i64 = 1;
const NO_COMMIT: i64 = 2;
const KINDS: i64 = 3;
/// Nine bits below an offset.
const BENEATH: i64 = 1 << 9;
/// The last five bits of a fingerprint are below the larger offset.
const FINGERPRINT_BELOW: i64 = 1 << 5;
/// So are the last four of a memory.
const MEMORY_BELOW: i64 = 1 << 4;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::key::FINGERPRINT_BITS;
    use super::super::seconds::{LARGEST, MOST_SAMPLES};
    use super::*;
    use proptest::prelude::*;

    const OFFSETS: [i64; 5] = [0, 1, 7, LARGEST_OFFSET - 1, LARGEST_OFFSET];
    const FINGERPRINTS: [u16; 3] = [0, 31, (1 << FINGERPRINT_BITS) - 1];

    fn check(entry: Entry, fingerprint: u16) {
        let slot = entry.slot(fingerprint);
        assert!(0 <= slot.low && slot.low < slot.high && slot.high <= LARGEST, "{slot:?}");
        assert!((FEWEST_SAMPLES..=MOST_SAMPLES).contains(&slot.samples), "{slot:?}");
        assert_eq!(Entry::of(slot), Some((fingerprint, entry)), "{slot:?}");
    }

    #[test]
    fn both_ends_of_every_range_come_back() {
        for fingerprint in FINGERPRINTS {
            for log_end in OFFSETS {
                for memory in [0, 15, 16, MEMORY_END - 1] {
                    for committed in OFFSETS.map(Committed::At).into_iter().chain([Committed::Never]) {
                        check(Entry::Seen(Sighting::new(committed, log_end, memory).unwrap()), fingerprint);
                    }
                }
            }
            for snapshots in [1, 2, u16::MAX] {
                check(Entry::Unread { snapshots }, fingerprint);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_no_entry() {
        let fits = |committed, log_end, memory| Sighting::new(committed, log_end, memory).is_some();
        assert!(fits(Committed::At(LARGEST_OFFSET), LARGEST_OFFSET, MEMORY_END - 1));
        assert!(!fits(Committed::At(LARGEST_OFFSET + 1), 0, 0));
        assert!(!fits(Committed::At(0), LARGEST_OFFSET + 1, 0));
        assert!(!fits(Committed::At(-1), 0, 0));
        assert!(!fits(Committed::Never, -1, 0));
        assert!(!fits(Committed::Never, 0, MEMORY_END));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_entry_comes_back(
            committed in prop::option::of(0..=LARGEST_OFFSET),
            log_end in 0..=LARGEST_OFFSET,
            memory in 0..MEMORY_END,
            fingerprint in 0u16..1 << FINGERPRINT_BITS,
        ) {
            let committed = committed.map_or(Committed::Never, Committed::At);
            check(Entry::Seen(Sighting::new(committed, log_end, memory).unwrap()), fingerprint);
        }

        #[test]
        fn any_slot_is_read_without_a_panic_and_only_as_what_makes_it(
            low in 0..=LARGEST, high in 0..=LARGEST, samples in 0..=MOST_SAMPLES,
        ) {
            let slot = Slot { low, high, samples };
            if let Some((fingerprint, entry)) = Entry::of(slot) {
                prop_assert_eq!(entry.slot(fingerprint), slot);
            }
        }
    }
}
