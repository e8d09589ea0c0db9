//! The primitives of flexible versions (KIP-482): compact lengths, texts and arrays, and tagged fields.

use bytes::{Buf, BufMut, Bytes, BytesMut, TryGetError};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::protocol::buf::ByteBuf;

use crate::kafka::protocol::unreadable::Unreadable;

/// Decodes an answer from front to back.
///
/// No memory is reserved for a length before its items have been read.
pub(crate) struct Reader<'a> {
    bytes: &'a mut Bytes,
    /// The memory limit for items in bytes, and what they need so far.
    most: usize,
    weight: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a mut Bytes, most: usize) -> Self {
        Self { bytes, most, weight: 0 }
    }

    /// This many bytes, of fields with fixed lengths.
    #[inline]
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let taken = *self.bytes.first_chunk().ok_or(TryGetError { requested: N, available: self.bytes.len() })?;
        self.bytes.advance(N);
        Ok(taken)
    }

    /// What `read` makes of this many bytes, which are passed over then; `None` leaves them.
    #[inline]
    pub(crate) fn take_if<const N: usize, T>(&mut self, read: impl FnOnce(&[u8; N]) -> Option<T>) -> Option<T> {
        let taken = read(self.bytes.first_chunk()?)?;
        self.bytes.advance(N);
        Some(taken)
    }

    pub(crate) fn int8(&mut self) -> Result<i8, Unreadable> {
        Ok(i8::from_be_bytes(self.take()?))
    }

    pub(crate) fn int16(&mut self) -> Result<i16, Unreadable> {
        Ok(i16::from_be_bytes(self.take()?))
    }

    pub(crate) fn int32(&mut self) -> Result<i32, Unreadable> {
        Ok(i32::from_be_bytes(self.take()?))
    }

    pub(crate) fn int64(&mut self) -> Result<i64, Unreadable> {
        Ok(i64::from_be_bytes(self.take()?))
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<StrBytes, Unreadable> {
        self.nullable_text()?.ok_or(Unreadable::Null(what))
    }

    pub(crate) fn nullable_text(&mut self) -> Result<Option<StrBytes>, Unreadable> {
        let Some(length) = self.length()? else { return Ok(None) };
        self.holds(length)?;
        StrBytes::from_utf8(self.bytes.get_bytes(length)).map(Some).map_err(|_| Unreadable::Text)
    }

    pub(crate) fn array<T>(
        &mut self,
        what: &'static str,
        item: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        self.nullable_array(item)?.ok_or(Unreadable::Null(what))
    }

    pub(crate) fn nullable_array<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Option<Vec<T>>, Unreadable> {
        let Some(length) = self.length()? else { return Ok(None) };
        let mut items = Vec::new();
        for _ in 0..length {
            self.weigh::<T>()?;
            items.push(item(self)?);
        }
        Ok(Some(items))
    }

    /// Counts an item that is kept in memory.
    pub(crate) fn weigh<T>(&mut self) -> Result<(), Unreadable> {
        self.weight += size_of::<T>();
        if self.weight > self.most { Err(Unreadable::Heavy(self.weight)) } else { Ok(()) }
    }

    /// How many items a list has that is read one by one; each of them has at least one byte.
    pub(crate) fn count(&mut self, what: &'static str) -> Result<usize, Unreadable> {
        self.length()?.ok_or(Unreadable::Null(what))
    }

    /// How many items of at least this many bytes can be in the rest.
    pub(crate) fn at_most(&self, smallest: usize) -> usize {
        self.bytes.remaining() / smallest
    }

    /// Skips a text that may be null.
    #[inline]
    pub(crate) fn skip_text(&mut self) -> Result<(), Unreadable> {
        let length = self.length()?;
        self.skip(length.unwrap_or(0))
    }

    /// Skips this many bytes.
    #[inline]
    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.holds(bytes)?;
        self.bytes.advance(bytes);
        Ok(())
    }

    fn holds(&self, requested: usize) -> Result<(), Unreadable> {
        let available = self.bytes.remaining();
        if requested > available { Err(TryGetError { requested, available }.into()) } else { Ok(()) }
    }

    /// Skips the tagged fields at the end of a structure, by their lengths.
    pub(crate) fn tags(&mut self) -> Result<(), Unreadable> {
        for _ in 0..self.number()? {
            self.number()?;
            let size = self.number()?;
            self.skip(size)?;
        }
        Ok(())
    }

    /// A compact length, which is stored plus one; `None` means null.
    fn length(&mut self) -> Result<Option<usize>, Unreadable> {
        Ok(self.number()?.checked_sub(1))
    }

    #[inline]
    fn number(&mut self) -> Result<usize, Unreadable> {
        // Nearly all of them have one byte.
        if let Some(&byte @ ..0x80) = self.bytes.first() {
            self.bytes.advance(1);
            return Ok(byte.into());
        }
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.bytes.try_get_u8()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Ok(number)
    }
}

/// The encoded length of a text or an array of this many.
pub(crate) fn put_length(to: &mut BytesMut, length: usize) {
    let mut number = length + 1;
    while number >= 0x80 {
        to.put_u8(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    to.put_u8(u8::try_from(number).unwrap_or_default());
}

pub(crate) fn put_text(to: &mut BytesMut, text: &str) {
    put_length(to, text.len());
    to.put_slice(text.as_bytes());
}

/// No tagged fields.
pub(crate) const NO_TAGS: u8 = 0;
/// A compact length that means null.
pub(crate) const NULL: u8 = 0;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn read<T>(bytes: &[u8], with: impl FnOnce(&mut Reader) -> Result<T, Unreadable>) -> Result<T, Unreadable> {
        with(&mut Reader::new(&mut Bytes::copy_from_slice(bytes), usize::MAX))
    }

    #[test]
    fn a_length_is_one_more_than_it_means_and_none_may_promise_more_than_is_left() {
        assert_eq!(read(b"\x03ab", |reader| reader.text("it")).unwrap().as_str(), "ab");
        assert_eq!(read(b"\x00", |reader| Ok(reader.nullable_text()?.is_none())), Ok(true));
        assert_eq!(read(b"\x00", |reader| reader.text("it")), Err(Unreadable::Null("it")));
        assert_eq!(read(b"\x02\xff", |reader| reader.text("it")), Err(Unreadable::Text));
        for promises in [b"\x04ab".as_slice(), b"\xff\xff\xff\xff\x0fab", b"\xff\xff\xff\xff\xff\xff", b""] {
            let text = read(promises, |reader| reader.text("it"));
            assert!(matches!(text, Err(Unreadable::Ended(_))), "{promises:?}: {text:?}");
            let array = read(promises, |reader| reader.array("it", |item| item.text("a part")));
            assert!(matches!(array, Err(Unreadable::Ended(_))), "{promises:?}: {array:?}");
        }
    }

    #[test]
    fn tagged_fields_are_passed_over_by_their_lengths() {
        let behind = |bytes| read(bytes, |reader| reader.tags().and_then(|()| reader.int8()));
        assert_eq!(behind(b"\x00\x07"), Ok(7));
        assert_eq!(behind(b"\x02\x00\x01a\x05\x02bc\x07"), Ok(7));
        assert!(matches!(behind(b"\x01\x00\x03ab"), Err(Unreadable::Ended(_))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in ".{0,300}") {
            let mut bytes = BytesMut::new();
            put_text(&mut bytes, &text);
            let read = read(&bytes, |reader| reader.text("it")).unwrap();
            prop_assert_eq!(read.as_str(), text);
        }
    }
}
