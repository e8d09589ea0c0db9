//! A group before anything but its name and place is known.

use crate::lag::Known;
use crate::snapshot::Kind;

/// A group that is to be read.
pub(super) struct Listed {
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    /// As the listing tells it (KIP-518).
    pub(super) state: Known<Box<str>>,
    /// The broker that answers for the group.
    pub(super) coordinator: Known<i32>,
}
