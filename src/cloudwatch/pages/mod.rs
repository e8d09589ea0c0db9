//! How a snapshot is stored: pages of 58 partitions each, shared by all groups; and how a later run finds its
//! partitions on them again.
//!
//! All partitions of a run have one order ([`key`]) and fill pages, bucket by bucket ([`binding`]). A page is the 60
//! seconds of one state metric: a header with the time of the snapshot and a checksum ([`seconds`]), an anchor with
//! the keys of the first and the last partition ([`page`]), and up to [`PARTITIONS_PER_PAGE`] partitions ([`entry`]).
//! A slot has no name, only a fingerprint and its position: the present keys and the stored slots are two sequences in
//! the same order, which are merged ([`merge`]).
//!
//! One partition through the store and back, with the numbers that `golden.rs` tests:
//!
//! | what | how | here |
//! |---|---|---|
//! | names | group, topic with its id, partition | `orders-svc`, `orders` (7), 12 |
//! | key | 24 bits of the group's hash, 40 of a hash over all of them ([`key`]) | 13,701,920,266,224,504,086 |
//! | bucket | the first bits of the key, 2 of them where there are 4 buckets ([`binding`]) | 2, the third: dimension `Bucket` is `3/4` |
//! | page | 58 keys of the bucket each, in order | 0 |
//! | fingerprint | 14 bits of key and minute, so it differs in each minute | 14,112 |
//! | entry | commit, log end, memory ([`entry`]) | 1,400, 4,321, 6,543,210,987 |
//! | smaller value | commit · 512 + fingerprint / 32 | 717,241 |
//! | larger value | (log end + 1) · 512 + fingerprint % 32 · 16 + memory % 16 | 2,212,875 |
//! | samples | 2 + 3 · (memory / 16) | 1,226,852,060 |
//! | second | header, anchor, then the fourth partition of its page ([`seconds`]) | 5 of the minute before the scheduled one |
//! | written | values with their counts | 717,241 once, 2,212,875 as often as needed for the samples |
//! | read back | `Minimum`, `Maximum`, `SampleCount`, divided by the number of repeated writes, and checked against the header's checksum | the same three |
//! | whose it is | the fourth present key has this fingerprint, and those before it match too ([`merge`]) | partition 12 again |

pub mod addresses;
pub mod binding;
mod bytes;
pub mod entry;
#[cfg(test)]
mod golden;
pub(crate) mod key;
pub(crate) mod merge;
pub(crate) mod notes;
pub(crate) mod page;
pub(crate) mod pages_read;
pub(crate) mod recall;
pub(crate) mod roster;
pub(crate) mod rosters;
pub mod seconds;
pub(crate) mod standing;

/// Partitions besides a header and an anchor, in a minute of seconds or an hour of minutes.
pub(crate) const PARTITIONS_PER_PAGE: usize = SECONDS_PER_PAGE - 2;
/// Slots of a page.
pub(crate) const SECONDS_PER_PAGE: usize = 60;
