//! Bytes: negotiated versions, messages that the codec lacks, error codes, and limits on what an answer may announce.

pub(crate) mod error_codes;
pub(crate) mod guard;
pub(crate) mod internal_topics;
pub(crate) mod messages;
pub mod releases;
pub(crate) mod unreadable;
pub mod versions;
