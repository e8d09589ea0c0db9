//! What a look leaves behind: pages of 58 partitions each, shared by all groups, and how an earlier look's are read with today's eyes.
//!
//! All partitions of a run stand in one order ([`key`]) and fill pages, bucket by bucket ([`binding`]). A page is the 60 seconds of one
//! state metric: a header that tells when the look was taken and vouches for the rest ([`seconds`]), an anchor with the keys of the first
//! and the last partition ([`page`]), and up to [`PARTITIONS_PER_PAGE`] partitions ([`entry`]). Whose slot it is, a slot tells by a
//! fingerprint alone, and by its place: two sequences in the same order are merged ([`merge`]).

pub mod binding;
pub mod entry;
pub(crate) mod key;
pub(crate) mod merge;
pub(crate) mod page;
pub(crate) mod recall;
pub(crate) mod roster;
pub(crate) mod rosters;
pub mod seconds;
pub(crate) mod sheets;
pub mod shelf;
pub(crate) mod standing;

/// Partitions beside a header and an anchor, in a minute of seconds or an hour of minutes.
pub(crate) const PARTITIONS_PER_PAGE: usize = SECONDS_PER_PAGE - 2;
/// Slots of a page.
pub(crate) const SECONDS_PER_PAGE: usize = 60;
