//! Why bytes are not an answer, and why a request cannot be encoded.

use std::fmt;

use bytes::TryGetError;

/// Why bytes are not an answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// They end before their announced length.
    #[error("it promises {promised} bytes or entries more, and {left} bytes are left")]
    Short { promised: usize, left: usize },
    /// A length below the one that means null.
    #[error("it has a length of {0}")]
    Negative(i32),
    /// A field is longer than the rest.
    #[error("it ends early: {0}")]
    Ended(#[from] TryGetError),
    #[error("a text is not UTF-8")]
    Text,
    #[error("{0} is null")]
    Null(&'static str),
    #[error("{0} is there, and was not asked for")]
    Unasked(&'static str),
    /// The codec's message.
    #[error("{0}")]
    Codec(Box<str>),
    /// There are more bytes than the answer has.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    /// Decoded, they need at least this many bytes of memory.
    #[error("it would need {0} bytes of memory")]
    Heavy(usize),
    /// Their schema is not known.
    #[error("its structure is not known")]
    Unknown,
}

impl Unreadable {
    pub(crate) fn codec(error: impl fmt::Display) -> Self {
        Self::Codec(error.to_string().into())
    }
}

/// A request that cannot be encoded, with the codec's message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unwritable(Box<str>);

impl Unwritable {
    pub(crate) fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string().into())
    }
}
