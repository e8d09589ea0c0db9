//! What the codec does not know is written by hand, in the flexible form of KIP-482.

use bytes::{BufMut, BytesMut};

/// No tagged fields.
pub(super) const NO_TAGS: u8 = 0;

pub(super) fn text(to: &mut BytesMut, text: &str) {
    length(to, text.len());
    to.put_slice(text.as_bytes());
}

/// No text and no array.
pub(super) fn null(to: &mut BytesMut) {
    to.put_u8(0);
}

pub(super) fn array<T>(to: &mut BytesMut, items: &[T], mut item: impl FnMut(&mut BytesMut, &T)) {
    length(to, items.len());
    for each in items {
        item(to, each);
    }
}

/// One more than it means, seven bits a byte from the lowest on.
fn length(to: &mut BytesMut, length: usize) {
    let mut left = length + 1;
    while left >= 0x80 {
        to.put_u8(u8::try_from(left % 0x80).expect("seven bits") | 0x80);
        left /= 0x80;
    }
    to.put_u8(u8::try_from(left).expect("seven bits"));
}
