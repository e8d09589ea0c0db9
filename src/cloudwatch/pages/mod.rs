//! What a look leaves behind: pages of 58 partitions each, shared by all groups, and how an earlier look's are read with today's eyes.
//!
//! All partitions of a run stand in one order ([`key`]) and fill pages, bucket by bucket ([`binding`]). A page is the 60 seconds of one
//! state metric: a header that tells when the look was taken and vouches for the rest ([`seconds`]), an anchor with the keys of the first
//! and the last partition ([`page`]), and up to [`PARTITIONS_PER_PAGE`] partitions ([`entry`]). Whose slot it is, a slot tells by a
//! fingerprint alone, and by its place: two sequences in the same order are merged ([`merge`]).
//!
//! One partition on its way there and back, by the numbers that `golden.rs` holds fast:
//!
//! | what | how | here |
//! |---|---|---|
//! | names | group, topic with its id, partition | `orders-svc`, `orders` (7), 12 |
//! | key | 24 bits of the group's hash, 40 of a hash over all of them ([`key`]) | 13,701,920,266,224,504,086 |
//! | bucket | the first bits of the key, 2 of them where there are 4 buckets ([`binding`]) | 2, the third: dimension `Bucket` is `3/4` |
//! | page | 58 keys of the bucket each, in order | 0 |
//! | fingerprint | 14 bits of key and minute, so another one in each minute | 14,112 |
//! | what was seen | commit, log end, memory ([`entry`]) | 1,400, 4,321, 6,543,210,987 |
//! | smaller value | commit · 512 + fingerprint / 32 | 717,241 |
//! | larger value | (log end + 1) · 512 + fingerprint % 32 · 16 + memory % 16 | 2,212,875 |
//! | samples | 2 + 3 · (memory / 16) | 1,226,852,060 |
//! | second | header, anchor, then the fourth partition of its page ([`seconds`]) | 5 of the minute before the scheduled one |
//! | written | values with their counts | 717,241 once, 2,212,875 so often that it makes the samples |
//! | read back | `Minimum`, `Maximum`, `SampleCount`, halved where the write was repeated, and held against the header's checksum | the same three |
//! | whose it is | the fourth key of now has this fingerprint, as those before it have theirs ([`merge`]) | partition 12 again |

pub mod binding;
mod bytes;
pub mod entry;
#[cfg(test)]
mod golden;
pub(crate) mod key;
pub(crate) mod merge;
pub(crate) mod notes;
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
