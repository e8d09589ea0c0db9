//! Bytes on their way into the codec, which sets memory aside for every length that it reads: one that promises more
//! than is left is refused before.

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::buf::ByteBuf;

/// What is left of an answer, or of a structure within one.
///
/// The codec reads a length as a variable-length number of at most five bytes, byte by byte, or as a plain `i32`. Of the former
/// each is a length, the number of a tag, or a truth value, none of which is ever larger than what is left, and one. Where such a
/// number begins cannot be seen from here, since a truth value is a byte too, and a hostile one looks like the beginning of a
/// number: so what is judged at each byte is the largest number that may end with it, that of the longest run. An honest peer's runs
/// begin where its numbers do. Of plain numbers only some are lengths, so there the bound is `largest`, where more than that is not left.
pub(super) struct Measured {
    bytes: Bytes,
    largest: i32,
    /// The last bytes that a variable-length number may consist of, and how many they are.
    run: [u8; LONGEST],
    length: usize,
}

impl Measured {
    pub(super) fn new(bytes: Bytes, largest: i32) -> Self {
        Self { bytes, largest, run: [0; LONGEST], length: 0 }
    }

    fn refuse(&self, requested: u32) -> TryGetError {
        TryGetError { requested: usize::try_from(requested).unwrap_or(usize::MAX), available: self.bytes.len() }
    }
}

/// Bytes of the longest variable-length number.
const LONGEST: usize = 5;

impl Buf for Measured {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        let byte = self.bytes.try_get_u8()?;
        if byte < 0x80 && self.length == 0 {
            // Most are of one byte.
            return if usize::from(byte) > self.bytes.len() + 1 { Err(self.refuse(byte.into())) } else { Ok(byte) };
        }
        if self.length == LONGEST {
            self.run.rotate_left(1);
            self.length -= 1;
        }
        self.run[self.length] = byte;
        self.length += 1;
        let run = &self.run[..self.length];
        let number = run.iter().rev().fold(0_u64, |number, byte| number << 7 | u64::from(byte & 0x7f));
        // A number ends with a byte below 0x80, or with its fifth.
        let ends = byte < 0x80 || self.length == LONGEST;
        if byte < 0x80 {
            self.length = 0;
        }
        // Compact lengths are one more than they mean (KIP-482).
        if ends && usize::try_from(number).is_ok_and(|number| number > self.bytes.len() + 1) {
            return Err(self.refuse(u32::try_from(number).unwrap_or(u32::MAX)));
        }
        Ok(byte)
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        let number = self.bytes.try_get_i32()?;
        let left = i32::try_from(self.bytes.len()).unwrap_or(i32::MAX);
        if number > self.largest.max(left) {
            return Err(self.refuse(number.unsigned_abs()));
        }
        Ok(number)
    }
}

impl ByteBuf for Measured {
    fn peek_bytes(&mut self, range: std::ops::Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        self.bytes.split_to(size)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use kafka_protocol::messages::{ListGroupsResponse, MetadataResponse, OffsetFetchResponse};
    use kafka_protocol::protocol::Decodable;
    use proptest::prelude::*;

    fn groups(bytes: &'static [u8], version: i16) -> Result<usize, String> {
        let mut measured = Measured::new(Bytes::from_static(bytes), 1_000);
        let answer = ListGroupsResponse::decode(&mut measured, version).map_err(|error| error.to_string())?;
        Ok(answer.groups.len())
    }

    #[test]
    fn a_length_that_promises_more_than_is_left_is_refused() {
        assert_eq!(groups(b"\0\0\0\0\0\0\x01\0", 3), Ok(0));
        let refusal = groups(b"\0\0\0\0\0\0\xff\xff\xff\xff\x0f", 3).unwrap_err();
        assert!(refusal.contains("4294967295"), "{refusal}");
        let refusal = groups(b"\0\0\0\0\0\0\x7f\xff\xff\xff", 2).unwrap_err();
        assert!(refusal.contains("2147483647"), "{refusal}");
    }

    #[test]
    fn a_plain_number_may_be_as_large_as_it_is_allowed_to() {
        let read = |number: i32, largest| {
            Measured::new(Bytes::copy_from_slice(&number.to_be_bytes()), largest).try_get_i32().is_ok()
        };
        assert!(read(1_000, 1_000) && read(-1, 1_000) && read(i32::MAX, i32::MAX));
        assert!(!read(1_001, 1_000));
    }

    #[test]
    fn a_truth_value_does_not_hide_the_length_behind_it() {
        // Metadata v9: no brokers, and one topic that is "internal" by 0x80, with 4,026,531,839 partitions.
        let head = b"\0\0\0\0\x01\0\0\0\0\0\x02\0\0\x02t";
        for internal in [0x00, 0x01, 0x80, 0xff] {
            let bytes = [&head[..], &[internal, 0x80, 0x80, 0x80, 0x80, 0x0f], &[0; 64]].concat();
            let mut measured = Measured::new(Bytes::from(bytes), i32::MAX);
            let refusal = MetadataResponse::decode(&mut measured, 9).unwrap_err().to_string();
            assert!(refusal.starts_with("Not enough bytes remaining"), "{internal:#x}: {refusal}");
        }
    }

    #[test]
    fn numbers_of_five_bytes_do_not_shift_what_follows() {
        let mut measured = Measured::new(Bytes::from_static(&[0x80, 0x80, 0x80, 0x80, 0x00, 0x80, 0x01]), i32::MAX);
        for _ in 0..5 {
            measured.try_get_u8().unwrap();
        }
        measured.try_get_u8().unwrap();
        assert!(measured.try_get_u8().is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..128), version in 0_i16..=13) {
            let measured = || Measured::new(Bytes::from(bytes.clone()), 1_000);
            let _ = ListGroupsResponse::decode(&mut measured(), version.min(5));
            let _ = OffsetFetchResponse::decode(&mut measured(), version.min(9));
            let _ = MetadataResponse::decode(&mut measured(), version);
        }
    }
}
