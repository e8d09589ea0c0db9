//! The earlier looks of one shard, as they were read back.

use super::address::Minute;
use super::slots::{Entry, Look, Unusable};

/// Looks by minute, newest first. A minute that is not there has nothing visible in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looks(Vec<(Minute, Result<Look, Unusable>)>);

/// One partition in an earlier look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The look's minute.
    pub minute: Minute,
    /// When it was taken, in milliseconds since the epoch.
    pub taken: i64,
    /// What it saw.
    pub entry: Entry,
}

impl Looks {
    pub(super) fn new(looks: Vec<(Minute, Result<Look, Unusable>)>) -> Self {
        Self(looks)
    }

    /// Every look, the unusable ones with the reason.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Minute, Result<&Look, Unusable>)> {
        self.0.iter().map(|(minute, look)| (*minute, look.as_ref().map_err(|unusable| *unusable)))
    }

    /// Whether nothing is visible in this minute, so that a run may write into it.
    ///
    /// Only a minute that was asked for can be told to be empty.
    #[must_use]
    pub fn is_empty_at(&self, minute: Minute) -> bool {
        self.0.iter().all(|(other, _)| *other != minute)
    }

    /// The newest intact look before this minute.
    #[must_use]
    pub fn before(&self, minute: Minute) -> Option<(Minute, &Look)> {
        self.intact().find(|(other, _)| *other < minute)
    }

    /// The newest intact look before this minute that saw the partition at this position of the shard.
    #[must_use]
    pub fn last_seen(&self, position: usize, minute: Minute) -> Option<Seen> {
        self.seen(position).find(|seen| seen.minute < minute)
    }

    /// Every intact look that saw the partition at this position of the shard, newest first.
    pub fn seen(&self, position: usize) -> impl Iterator<Item = Seen> {
        self.intact().filter_map(move |(minute, look)| {
            let entry = (*look.entries.get(position)?)?;
            Some(Seen { minute, taken: look.taken, entry })
        })
    }

    fn intact(&self) -> impl Iterator<Item = (Minute, &Look)> {
        self.0.iter().filter_map(|(minute, look)| Some((*minute, look.as_ref().ok()?)))
    }
}
