//! Why bytes are no answer, and why a request cannot be put into bytes.

use std::fmt;

use bytes::TryGetError;

/// Why bytes are no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// They end before what they promise.
    #[error("it promises {promised} bytes or entries more, and {left} bytes are left")]
    Short { promised: usize, left: usize },
    /// A length below that which stands for null.
    #[error("it has a length of {0}")]
    Negative(i32),
    /// A field is longer than what is left.
    #[error("it ends early: {0}")]
    Ended(#[from] TryGetError),
    #[error("a text is not UTF-8")]
    Text,
    #[error("{0} is null")]
    Null(&'static str),
    #[error("{0} is there, and was not asked for")]
    Unasked(&'static str),
    /// The codec's words.
    #[error("{0}")]
    Codec(Box<str>),
    /// More came than the answer has.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    /// Taken apart, they need so many bytes of memory at the least.
    #[error("it would need {0} bytes of memory")]
    Heavy(usize),
    /// It is not known what they should look like.
    #[error("nobody knows its shape")]
    Unknown,
}

impl Unreadable {
    pub(crate) fn codec(error: impl fmt::Display) -> Self {
        Self::Codec(error.to_string().into())
    }
}

/// A request that cannot be put into bytes, in the codec's words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unwritable(Box<str>);

impl Unwritable {
    pub(crate) fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string().into())
    }
}
