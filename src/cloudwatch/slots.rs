//! What stands in a slot, and what is told about a look that did not arrive whole.
//!
//! Data for the same second merges in `CloudWatch` into one smallest value, one largest value and one number of samples. A slot
//! is written so that these three give everything back, and so that a second, different write is seen:
//!
//! | slot | values | counts | comes back |
//! |---|---|---|---|
//! | header | *h*, 2⁵¹ + *h* | 1, 4,095 + slots written | two runs: the values are no longer 2⁵¹ apart; a write repeated *k* times: *k* · (4,096 + slots) samples |
//! | partition | committed, log end (once, if equal or if there is no commit) | 1, the rest | 2 + 3 · memory + kind samples, times *k* |
//!
//! *h* is the time of the look in milliseconds since its first slot, times 2²⁴, plus a checksum over the whole look. The checksum
//! sees what the header alone cannot: slots of another run whose header is not visible yet, or a repeated write visible in part.

use crate::lag::Committed;

use super::address::{Minute, Schedule};
use super::layout::Hash;

/// One partition in a look: offsets that a metric can hold exactly, and a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    committed: Committed,
    log_end: i64,
    memory: u64,
}

/// One shard as one run saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When, in milliseconds since the epoch.
    pub taken: i64,
    /// By position within the shard; `None` for a partition that was not read then.
    pub entries: Vec<Option<Entry>>,
}

/// What is written for one second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The second since the epoch.
    pub time: i64,
    /// Distinct values.
    pub values: Vec<f64>,
    /// How often each value is counted.
    pub counts: Vec<f64>,
}

/// What is read for one second; `None` for a statistic that was not returned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// The second since the epoch.
    pub time: i64,
    /// `SampleCount`.
    pub samples: Option<f64>,
    /// `Minimum`.
    pub minimum: Option<f64>,
    /// `Maximum`.
    pub maximum: Option<f64>,
}

/// Why a look that is there cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Slots without a header.
    #[error("its header is not visible")]
    NoHeader,
    /// The header is a merger, or none that this program writes.
    #[error("two runs wrote into the same minute")]
    TwoRuns,
    /// Some slots are not visible, or too many are.
    #[error("{written} slots were written and {visible} are visible")]
    InPart {
        /// Slots that the header tells of.
        written: usize,
        /// Slots found.
        visible: usize,
    },
    /// The slots are not those that the header was written with.
    #[error("its slots do not belong to its header")]
    Mixed,
    /// It was taken no earlier than the look of a later minute.
    #[error("it was taken later than the look after it")]
    OutOfOrder,
}

/// Why a look cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstorable {
    /// The run is earlier or later than its scheduled minute allows ([`Schedule::taken_within`]).
    #[error("the look was taken {late} s after its scheduled minute, which is not within one period")]
    OutOfTime {
        /// Seconds after the scheduled minute; negative if before it.
        late: i64,
    },
    /// More partitions than a shard holds.
    #[error("a look of {found} partitions does not fit into {most} slots")]
    TooManyPartitions {
        /// Partitions in the look.
        found: usize,
        /// Slots beside the header.
        most: usize,
    },
}

impl Entry {
    /// `None` where a number does not fit: offsets from 0 to [`LARGEST`], memories below [`MEMORY_END`].
    #[must_use]
    pub fn new(committed: Committed, log_end: i64, memory: u64) -> Option<Self> {
        let fits = |offset| (0..=LARGEST).contains(&offset);
        let commit_fits = match committed {
            Committed::At(offset) => fits(offset),
            Committed::Never => true,
        };
        (commit_fits && fits(log_end) && memory < MEMORY_END).then_some(Self { committed, log_end, memory })
    }

    /// Where the group would have read next.
    #[must_use]
    pub fn committed(self) -> Committed {
        self.committed
    }

    /// The log end (high watermark).
    #[must_use]
    pub fn log_end(self) -> i64 {
        self.log_end
    }

    /// What the run remembered about the partition.
    #[must_use]
    pub fn memory(self) -> u64 {
        self.memory
    }

    /// Smaller value, larger value, samples.
    fn parts(self) -> (i64, i64, i64) {
        let (kind, low, high) = match self.committed {
            Committed::At(committed) if committed <= self.log_end => (WITHIN, committed, self.log_end),
            Committed::At(committed) => (PAST_END, self.log_end, committed),
            Committed::Never => (NO_COMMIT, self.log_end, self.log_end),
        };
        (low, high, FEWEST_SAMPLES + KINDS * i64::try_from(self.memory).unwrap_or(i64::MAX / KINDS) + kind)
    }

    fn from_parts(low: i64, high: i64, samples: i64) -> Option<Self> {
        let rest = samples.checked_sub(FEWEST_SAMPLES).filter(|rest| *rest >= 0)?;
        let (committed, log_end) = match rest % KINDS {
            WITHIN => (Committed::At(low), high),
            PAST_END if low < high => (Committed::At(high), low),
            NO_COMMIT if low == high => (Committed::Never, low),
            _ => return None,
        };
        Self::new(committed, log_end, u64::try_from(rest / KINDS).ok()?)
    }
}

/// The header and the slots of a look, for the shard's metric.
///
/// # Errors
///
/// Where the look does not belong to the minute, or not into one shard.
pub fn write(schedule: Schedule, minute: Minute, look: &Look) -> Result<Vec<Sample>, Unstorable> {
    let most = schedule.partitions_per_shard();
    if look.entries.len() > most {
        return Err(Unstorable::TooManyPartitions { found: look.entries.len(), most });
    }
    let second = look.taken.div_euclid(1_000);
    if !schedule.taken_within(minute).contains(&second) {
        return Err(Unstorable::OutOfTime { late: second - schedule.align(minute).seconds() });
    }
    let since = look.taken - schedule.span(minute).start * 1_000;
    let header = since * CHECKSUM_END + checksum(since, &look.entries);
    let slots = look.entries.iter().flatten().count();
    let mut samples = vec![Sample {
        time: schedule.time(minute, 0),
        values: vec![float(header), float(APART + header)],
        counts: vec![1.0, float(WRITE + count(slots) - 1)],
    }];
    samples.extend(look.entries.iter().zip(1..).filter_map(|(entry, slot)| {
        let (low, high, samples) = (*entry)?.parts();
        let time = schedule.time(minute, slot);
        Some(if low == high {
            Sample { time, values: vec![float(low)], counts: vec![float(samples)] }
        } else {
            Sample { time, values: vec![float(low), float(high)], counts: vec![1.0, float(samples - 1)] }
        })
    }));
    Ok(samples)
}

/// The looks that stand in these points of a shard with `size` partitions, newest first.
///
/// A minute without any point is not among them: nothing was written, or nothing of it is visible yet.
#[must_use]
pub fn read(schedule: Schedule, size: usize, points: &[Point]) -> Vec<(Minute, Result<Look, Unusable>)> {
    let mut slots: Vec<_> = points.iter().filter_map(|point| Some((schedule.slot_at(point.time)?, point))).collect();
    slots.sort_by_key(|((minute, slot), _)| (std::cmp::Reverse(*minute), *slot));
    let mut looks: Vec<(Minute, Result<Look, Unusable>)> = Vec::new();
    let mut next_taken = i64::MAX;
    for slots in slots.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
        let Some(&((minute, _), _)) = slots.first() else { continue };
        let mut look = read_look(schedule, minute, size, slots.iter().map(|((_, slot), point)| (*slot, *point)));
        if let Ok(found) = &look {
            let taken = found.taken;
            if taken < next_taken {
                next_taken = taken;
            } else {
                look = Err(Unusable::OutOfOrder);
            }
        }
        looks.push((minute, look));
    }
    looks
}

fn read_look<'a>(
    schedule: Schedule,
    minute: Minute,
    size: usize,
    slots: impl ExactSizeIterator<Item = (usize, &'a Point)>,
) -> Result<Look, Unusable> {
    let visible = slots.len() - 1;
    let mut slots = slots;
    let Some((0, header)) = slots.next() else { return Err(Unusable::NoHeader) };
    let (low, high, samples) = whole(header).ok_or(Unusable::TwoRuns)?;
    let writes = samples / WRITE;
    if high - low != APART || writes == 0 || samples % writes != 0 {
        return Err(Unusable::TwoRuns);
    }
    let written = usize::try_from(samples / writes - WRITE).unwrap_or(usize::MAX);
    if written > size {
        return Err(Unusable::TwoRuns);
    }
    if written != visible {
        return Err(Unusable::InPart { written, visible });
    }
    let mut entries = vec![None; size];
    for (slot, point) in slots {
        let (low, high, samples) = whole(point).ok_or(Unusable::Mixed)?;
        if samples % writes != 0 {
            return Err(Unusable::Mixed);
        }
        let entry = Entry::from_parts(low, high, samples / writes).ok_or(Unusable::Mixed)?;
        *entries.get_mut(slot - 1).ok_or(Unusable::Mixed)? = Some(entry);
    }
    let since = low / CHECKSUM_END;
    if low % CHECKSUM_END != checksum(since, &entries) {
        return Err(Unusable::Mixed);
    }
    Ok(Look { taken: schedule.span(minute).start * 1_000 + since, entries })
}

fn checksum(since: i64, entries: &[Option<Entry>]) -> i64 {
    let mut hash = Hash::new().number(since.unsigned_abs());
    for (position, entry) in entries.iter().enumerate() {
        let Some(entry) = entry else { continue };
        let (low, high, samples) = entry.parts();
        for number in [count(position), low, high, samples] {
            hash = hash.number(number.unsigned_abs());
        }
    }
    i64::try_from(hash.finish() >> 40).unwrap_or_default()
}

/// Minimum, maximum and samples, if all three are there and whole numbers that this program could have written.
fn whole(point: &Point) -> Option<(i64, i64, i64)> {
    let whole = |number: Option<f64>| {
        let number = number.filter(|number| (0.0..=float(LARGEST)).contains(number) && number.fract() == 0.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number from 0 to 2^53, as the filter just said")]
        Some(number as i64)
    };
    Some((whole(point.minimum)?, whole(point.maximum)?, whole(point.samples)?))
}

/// Exact from 0 to [`LARGEST`]; every number that is written stays within.
fn float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "numbers up to 2^53 are exact")]
    let float = number as f64;
    float
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The largest whole number up to which a metric, a 64-bit floating point number, holds every one exactly.
pub const LARGEST: i64 = 1 << 53;
/// Memories are below this, so that no count reaches 2³¹.
pub const MEMORY_END: u64 = 1 << 29;

const WITHIN: i64 = 0;
const PAST_END: i64 = 1;
const NO_COMMIT: i64 = 2;
const KINDS: i64 = 3;
/// Two values need a count of at least 1 each.
const FEWEST_SAMPLES: i64 = 2;

/// Checksums are below this; times since the first slot are below 2²⁷ ms, which is more than a day and an hour.
const CHECKSUM_END: i64 = 1 << 24;
/// Between the values of a header, and above every *h*.
const APART: i64 = 1 << 51;
/// Samples of a header without slots. Slots times repetitions stay far below it, so both can be told from their product.
const WRITE: i64 = 1 << 12;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
