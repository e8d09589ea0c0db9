//! Bytes in slots: what is kept that is no partition.

use super::PARTITIONS_PER_PAGE;
use super::seconds::{APART, FEWEST_SAMPLES, Slot};

/// The slots of each page that these bytes fill.
pub(super) fn pages(bytes: &[u8]) -> Vec<Vec<Slot>> {
    bytes.chunks(BYTES_PER_PAGE).map(|page| page.chunks(BYTES_PER_SLOT).map(slot).collect()).collect()
}

/// The bytes that were written as these slots, one page after the other; the last slot was filled up with zeros.
pub(super) fn of(slots: &[Slot]) -> Vec<u8> {
    let of = |slot: &Slot| {
        let numbers = [(slot.low, 6), (slot.high - APART, 6), (slot.samples - FEWEST_SAMPLES, 3)];
        numbers.into_iter().flat_map(|(number, count)| number.to_be_bytes().into_iter().skip(8 - count))
    };
    slots.iter().flat_map(of).collect()
}

/// A number of what is stored, in two bytes.
pub(super) fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}

/// The next few bytes.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, more) = rest.split_first_chunk()?;
    *rest = more;
    Some(*taken)
}

/// Six bytes in the smaller value, six in the larger, three in the count.
fn slot(bytes: &[u8]) -> Slot {
    let number = |places: std::ops::Range<usize>| {
        places.fold(0, |number, at| number << 8 | i64::from(bytes.get(at).copied().unwrap_or_default()))
    };
    Slot { low: number(0..6), high: APART + number(6..12), samples: FEWEST_SAMPLES + number(12..BYTES_PER_SLOT) }
}

pub(super) const BYTES_PER_SLOT: usize = 15;
pub(super) const BYTES_PER_PAGE: usize = PARTITIONS_PER_PAGE * BYTES_PER_SLOT;
