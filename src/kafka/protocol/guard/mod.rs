//! The shapes of answers, by which an answer is checked before the codec reads it.
//!
//! The codec sets memory aside for every length that it reads, whatever the length promises. So what is to be decoded is first
//! gone through from front to back, field by field: a length that promises more than is there is refused, and what the answer will take
//! in memory is added up, since an entry of a few bytes takes a hundred once it is taken apart.
//!
//! `infra/kafka-protocol.patch` has the codec reserve a bounded number of entries: when a release has it, lengths need no look of ours.

mod answers;

pub(crate) use answers::{ASSIGNMENT, SUBSCRIPTION, of};

use std::ops::Range;

use kafka_protocol::protocol::StrBytes;

use crate::kafka::protocol::unreadable::Unreadable;

/// A structure on the wire.
pub(crate) struct Shape {
    /// The first version with compact lengths and tagged fields (KIP-482).
    flexible: i16,
    fields: &'static [Field],
}

/// A field, and the versions that have it.
struct Field(i16, i16, FieldKind);

enum FieldKind {
    /// This many bytes.
    Fixed(usize),
    /// A text, or null.
    Text,
    /// Bytes with a length of their own, or null.
    Bytes,
    /// An array of items of this many bytes each.
    Numbers(usize),
    Texts,
    /// An array of structures, each of this many bytes in memory.
    Items(usize, &'static [Field]),
    Struct(&'static [Field]),
    /// The position of the tagged fields of the whole answer: those that the codec reads by their numbers.
    Tagged(&'static [(usize, FieldKind)]),
}

impl Shape {
    /// Bytes of memory that these need when they are decoded; what follows after the shape's end is ignored.
    ///
    /// # Errors
    /// [`Unreadable`] if they are shorter than they announce.
    pub(crate) fn weigh(&self, bytes: &[u8], version: i16) -> Result<usize, Unreadable> {
        let mut walk = Walk { left: bytes, version, flexible: version >= self.flexible, weight: 0, texts: None };
        walk.structure(self.fields)?;
        Ok(walk.weight)
    }

    /// The same bytes with readable texts: each byte that is not UTF-8 becomes [`SPOILED`]. One odd name is no reason
    /// to lose the others.
    ///
    /// # Errors
    /// As [`Shape::weigh`].
    pub(crate) fn readable(&self, bytes: &[u8], version: i16) -> Result<Vec<u8>, Unreadable> {
        let flexible = version >= self.flexible;
        let mut walk = Walk { left: bytes, version, flexible, weight: 0, texts: Some(Vec::new()) };
        walk.structure(self.fields)?;
        let mut whole = bytes.to_vec();
        for Range { start, end } in walk.texts.into_iter().flatten() {
            let text = bytes.len() - start..bytes.len() - end;
            let mut at = text.start;
            for chunk in bytes[text].utf8_chunks() {
                at += chunk.valid().len();
                let odd = at..at + chunk.invalid().len();
                at = odd.end;
                whole[odd].fill(SPOILED);
            }
        }
        Ok(whole)
    }
}

/// Bytes of memory that the tagged fields of an answer's header need (KIP-482), after the correlation id.
pub(crate) fn weigh_header(bytes: &[u8], header: i16) -> Result<usize, Unreadable> {
    let mut walk = Walk { left: bytes, version: 0, flexible: header > 0, weight: 0, texts: None };
    walk.structure(&[])?;
    Ok(walk.weight)
}

struct Walk<'b> {
    left: &'b [u8],
    version: i16,
    flexible: bool,
    weight: usize,
    /// The bytes left at the beginning and at the end of each text, if the caller needs them.
    texts: Option<Vec<Range<usize>>>,
}

impl Walk<'_> {
    fn structure(&mut self, fields: &'static [Field]) -> Result<(), Unreadable> {
        let mut tagged: &[(usize, FieldKind)] = &[];
        for Field(from, to, kind) in fields {
            if (*from..=*to).contains(&self.version) {
                match kind {
                    FieldKind::Tagged(known) => tagged = known,
                    kind => self.field(kind)?,
                }
            }
        }
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.number()? {
            let tag = self.number()?;
            let size = self.number()?;
            // The codec reads the known ones by their types, not by their sizes.
            if let Some((_, kind)) = tagged.iter().find(|(known, _)| *known == tag) {
                self.field(kind)?;
            } else {
                self.skip(size)?;
                self.weight += TAG;
            }
        }
        Ok(())
    }

    fn field(&mut self, kind: &'static FieldKind) -> Result<(), Unreadable> {
        match kind {
            FieldKind::Fixed(size) => self.skip(*size),
            FieldKind::Text => self.text(),
            FieldKind::Bytes => {
                let length = self.length()?;
                self.skip(length)
            }
            FieldKind::Numbers(size) => {
                let length = self.length()?;
                self.weight += length.saturating_mul(*size);
                self.skip(length.saturating_mul(*size))
            }
            FieldKind::Texts => {
                let length = self.entries(size_of::<StrBytes>())?;
                (0..length).try_for_each(|_| self.text())
            }
            FieldKind::Items(size, fields) => {
                let length = self.entries(*size)?;
                (0..length).try_for_each(|_| self.structure(fields))
            }
            FieldKind::Struct(fields) => self.structure(fields),
            FieldKind::Tagged(_) => Ok(()),
        }
    }

    /// The length of an array of items that need `size` bytes of memory, and at least one on the wire.
    fn entries(&mut self, size: usize) -> Result<usize, Unreadable> {
        let length = self.length()?;
        if length > self.left.len() {
            return Err(self.short(length));
        }
        self.weight += length.saturating_mul(size);
        Ok(length)
    }

    fn text(&mut self) -> Result<(), Unreadable> {
        let length = if self.flexible {
            self.number()?.saturating_sub(1)
        } else {
            sized(i32::from(i16::from_be_bytes(self.take()?)))?
        };
        let before = self.left.len();
        self.skip(length)?;
        if let Some(texts) = &mut self.texts {
            texts.push(before..self.left.len());
        }
        Ok(())
    }

    /// The length of bytes or of an array; null has none.
    fn length(&mut self) -> Result<usize, Unreadable> {
        if self.flexible { Ok(self.number()?.saturating_sub(1)) } else { sized(i32::from_be_bytes(self.take()?)) }
    }

    /// A variable-length number of at most five bytes.
    fn number(&mut self) -> Result<usize, Unreadable> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (taken, left) = self.left.split_first_chunk().ok_or_else(|| self.short(N))?;
        self.left = left;
        Ok(*taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.left = self.left.get(bytes..).ok_or_else(|| self.short(bytes))?;
        Ok(())
    }

    fn short(&self, promised: usize) -> Unreadable {
        Unreadable::Short { promised, left: self.left.len() }
    }
}

/// A plain length, where -1 means null.
fn sized(length: i32) -> Result<usize, Unreadable> {
    match length {
        -1 => Ok(0),
        length => usize::try_from(length).map_err(|_| Unreadable::Negative(length)),
    }
}

/// Replaces a byte that is not text: SUBSTITUTE of ASCII.
pub(crate) const SPOILED: u8 = 0x1a;

/// Bytes of memory for a tagged field that the codec does not know: it keeps it.
const TAG: usize = 64;

#[cfg(test)]
mod tests;
