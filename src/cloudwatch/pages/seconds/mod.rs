//! The content of one second of a state metric, and what is known of a page that did not arrive whole.
//!
//! Data for the same second merges in `CloudWatch` into one smallest value, one largest value and one number of
//! samples. A page is written so that these three give everything back, and so that a second, different write is
//! noticed:
//!
//! | second | values | counts | read back |
//! |---|---|---|---|
//! | header | *h*, 2⁵² + *h* | 1, 4,095 + slots written | after two runs the values are no longer 2⁵² apart; after a write repeated *k* times: *k* · (4,096 + slots) samples |
//! | slot | low, high | 1, samples − 1 | samples, times *k* |
//!
//! *h* is the time of the snapshot in milliseconds since its first second, times 2²⁴, plus a checksum over the whole
//! page. The checksum detects what the header alone cannot: slots of another run whose header is not visible yet, or a
//! repeated write that is only partly visible.

use super::SECONDS_PER_PAGE;
use crate::cloudwatch::address::{Minute, Schedule};
use crate::model::stable_hash::Hash;

/// Three whole numbers: exactly what a second gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The smaller value, from 0.
    pub low: i64,
    /// The larger one, up to [`LARGEST`].
    pub high: i64,
    /// The number of samples of both together: from [`FEWEST_SAMPLES`] to [`MOST_SAMPLES`].
    pub samples: i64,
}

/// A page's slots after the header, as one run wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// When the snapshot was taken, in milliseconds since the epoch.
    pub taken: i64,
    /// In order, without gaps.
    pub slots: Vec<Slot>,
}

/// What is written for one second.
#[derive(Clone, Debug, PartialEq)]
pub struct Second {
    /// The second since the epoch.
    pub time: i64,
    /// Distinct values.
    pub values: [f64; 2],
    /// How often each value is counted.
    pub counts: [f64; 2],
}

/// What is read for one second; `None` for a statistic that was not returned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Merged {
    /// The second since the epoch.
    pub time: i64,
    /// `SampleCount`.
    pub samples: Option<f64>,
    /// `Minimum`.
    pub minimum: Option<f64>,
    /// `Maximum`.
    pub maximum: Option<f64>,
}

/// Why a page that exists cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unusable {
    /// Slots without a header.
    #[error("its header is not visible")]
    NoHeader,
    /// The header is a merger of two, or was not written by this program.
    #[error("two runs wrote into the same minute")]
    TwoRuns,
    /// Some slots are not visible, or too many are.
    #[error("{written} slots were written and {visible} are visible")]
    InPart {
        /// Slots according to the header.
        written: usize,
        /// Slots found.
        visible: usize,
    },
    /// The slots are not those for which the header was written.
    #[error("its slots do not belong to its header")]
    Mixed,
    /// Complete, in a format that this version of the program does not read.
    #[error("another version of the program wrote it")]
    OtherFormat,
}

/// The header and the slots of a page; `None` if the snapshot is older or newer than a header can hold, or a number is
/// out of its range.
#[must_use]
pub fn write(schedule: Schedule, minute: Minute, page: &Slots) -> Option<Vec<Second>> {
    let fits = |slot: &Slot| {
        (0..slot.high).contains(&slot.low)
            && slot.high <= LARGEST
            && (FEWEST_SAMPLES..=MOST_SAMPLES).contains(&slot.samples)
    };
    let since = page.taken - schedule.span(minute).start * 1_000;
    if !(0..TIME_END).contains(&since) || page.slots.len() >= SECONDS_PER_PAGE || !page.slots.iter().all(fits) {
        return None;
    }
    let header = since * CHECKSUM_END + checksum(FORMAT, since, &page.slots);
    let header = Slot { low: header, high: APART + header, samples: WRITE + count(page.slots.len()) };
    let seconds = std::iter::once(&header).chain(&page.slots).enumerate().map(|(number, slot)| Second {
        time: schedule.time(minute, number),
        values: [float(slot.low), float(slot.high)],
        counts: [1.0, float(slot.samples - 1)],
    });
    Some(seconds.collect())
}

/// The pages in these points of one metric, newest first.
///
/// A minute without any point is not among them: nothing was written, or nothing is visible yet.
#[must_use]
pub fn read(schedule: Schedule, points: &[Merged]) -> Vec<(Minute, Result<Slots, Unusable>)> {
    let mut slots: Vec<_> = points.iter().filter_map(|point| Some((schedule.slot_at(point.time)?, point))).collect();
    slots.sort_by_key(|((minute, slot), _)| (std::cmp::Reverse(*minute), *slot));
    let minutes = slots.chunk_by(|((one, _), _), ((other, _), _)| one == other);
    minutes
        .filter_map(|slots| {
            let &((minute, _), _) = slots.first()?;
            Some((minute, read_one(schedule, minute, slots)))
        })
        .collect()
}

fn read_one(schedule: Schedule, minute: Minute, seconds: &[((Minute, usize), &Merged)]) -> Result<Slots, Unusable> {
    let Some(((_, 0), header)) = seconds.first() else { return Err(Unusable::NoHeader) };
    let header = whole(header).ok_or(Unusable::TwoRuns)?;
    let writes = header.samples / WRITE;
    if header.high - header.low != APART || writes == 0 || header.samples % writes != 0 {
        return Err(Unusable::TwoRuns);
    }
    let written = usize::try_from(header.samples / writes - WRITE).unwrap_or(usize::MAX);
    if written >= SECONDS_PER_PAGE {
        return Err(Unusable::TwoRuns);
    }
    let visible = seconds.len() - 1;
    if written != visible {
        return Err(Unusable::InPart { written, visible });
    }
    let slots = seconds.iter().enumerate().skip(1).map(|(place, ((_, number), point))| {
        let slot = whole(point).filter(|slot| place == *number && slot.samples % writes == 0)?;
        Some(Slot { samples: slot.samples / writes, ..slot })
    });
    let slots: Vec<Slot> = slots.collect::<Option<_>>().ok_or(Unusable::Mixed)?;
    let since = header.low / CHECKSUM_END;
    let is_of = |format: u64| header.low % CHECKSUM_END == checksum(format, since, &slots);
    if !is_of(FORMAT) {
        return Err(if (0..FORMATS_KNOWN).any(is_of) { Unusable::OtherFormat } else { Unusable::Mixed });
    }
    Ok(Slots { taken: schedule.span(minute).start * 1_000 + since, slots })
}

fn checksum(format: u64, since: i64, slots: &[Slot]) -> i64 {
    let numbers = slots.iter().flat_map(|slot| [slot.low, slot.high, slot.samples]);
    let hash = numbers.fold(Hash::new().number(format), |hash, number| hash.number(number.unsigned_abs()));
    i64::try_from(hash.number(since.unsigned_abs()).finish() >> 40).unwrap_or_default()
}

/// Minimum, maximum and samples, if all three exist and are whole numbers that this program could have written.
fn whole(point: &Merged) -> Option<Slot> {
    let whole = |number: Option<f64>| {
        let number = number.filter(|number| (0.0..=float(LARGEST)).contains(number) && number.fract() == 0.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "the filter admits whole numbers from 0 to 2^53 only")]
        Some(number as i64)
    };
    Some(Slot { low: whole(point.minimum)?, high: whole(point.maximum)?, samples: whole(point.samples)? })
}

/// Exact from 0 to [`LARGEST`]; every written number is within.
pub(crate) fn float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "numbers up to 2^53 are exact")]
    let float = number as f64;
    float
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A metric is a 64-bit floating point number, and holds every whole number up to here exactly.
pub(crate) const LARGEST: i64 = (1 << 53) - 1;
/// Two values need a count of at least 1 each.
pub(crate) const FEWEST_SAMPLES: i64 = 2;
/// A signed 32-bit counter counts up to here.
pub(crate) const MOST_SAMPLES: i64 = (1 << 31) - 1;
/// Above every smaller value where a second holds two numbers of 52 bits, and between the values of a header.
pub(crate) const APART: i64 = 1 << 52;

/// To be raised whenever slots or the bits of a memory change their meaning: pages of both kinds then are not taken for each other.
const FORMAT: u64 = 5;
/// Earlier formats, and some that are still to come, as after a step back to an earlier version.
const FORMATS_KNOWN: u64 = 16;
const CHECKSUM_END: i64 = 1 << 24;
/// Milliseconds since a page's first second are below this, which is three days.
const TIME_END: i64 = 1 << 28;
/// Samples of a header without slots. Slots times repetitions stay far below it, so both follow from their product.
const WRITE: i64 = 1 << 12;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
