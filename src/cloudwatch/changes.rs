//! Which groups' published status changed since the look before, and how that is told.
//!
//! A look keeps beside its roster which groups were told to be in trouble ([`Told`]). So a change is told once, whoever runs, and one that could
//! not be told is told by the next look. What was told is not read back from the metric `Status`: that would be one more metric read for
//! every group and look, 88 US dollars a month for 200 groups.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::pages::key::OfGroup;
use super::pages::roster::{MOST_TOLD, Told};
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::snapshot::Snapshot;

/// A group's published status that is another than the one that was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    /// The group, as [`Told`] knows it.
    key: u64,
    status: u8,
    before: Option<u8>,
    /// The group with its status, for a subject.
    title: String,
    /// What there is to say, in one line.
    text: String,
}

/// What is to be told of a look, and what will have been told.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The worst first, then by name.
    changes: Vec<Change>,
    /// Every group that will have been told to be in trouble when all of this is.
    next: Vec<(u64, u8)>,
}

impl Changes {
    /// What changed. A group about which nothing is published stays what it was last told to be, as its alarm does; so does
    /// one that is missing, unless the look is `whole` and tells that it is gone.
    ///
    /// `before` is `None` where no earlier look tells: then nothing has been told yet. After [`Told::TooMany`] nothing is told
    /// once more, and the groups that are in trouble now are taken for told.
    pub(crate) fn new(snapshot: &Snapshot, judged: &Judged, before: Option<&Told>, whole: bool) -> Self {
        let (known, before): (bool, &[(u64, u8)]) = match before {
            Some(Told::Groups(groups)) => (true, groups),
            Some(Told::TooMany) => (false, &[]),
            None => (true, &[]),
        };
        let mut all = Self::default();
        if !whole {
            let here: HashSet<u64> = snapshot.groups.iter().map(|group| OfGroup::new(&group.name).long()).collect();
            all.next.extend(before.iter().filter(|(key, _)| !here.contains(key)));
        }
        for (group, of_group) in snapshot.groups.iter().zip(&judged.groups) {
            let key = OfGroup::new(&group.name).long();
            let told = before.iter().find(|(other, _)| *other == key).map(|(_, status)| *status);
            let published = of_group.published_status().filter(|_| !of_group.is_unread());
            let now = published.or(told.filter(|_| !group.is_missing()));
            all.next.extend(now.filter(|status| *status > OK).map(|status| (key, status)));
            let Some(status) = published.filter(|status| known && *status != told.unwrap_or(OK)) else { continue };
            let title = format!("{} {}", group.name, of_group.verdict.word());
            let was = match told {
                Some(told) if told == Verdict::Warn.code() => " (was WARN)",
                Some(_) => " (was ERR)",
                None => "",
            };
            let text = format!("{title}{was}: {}", of_group.reason);
            all.changes.push(Change { key, status, before: told, title, text });
        }
        all.changes.sort_by(|one, other| (Reverse(one.status), &one.title).cmp(&(Reverse(other.status), &other.title)));
        all
    }

    /// The messages, each a subject and a text: one for each of the first [`MOST_MESSAGES`] changes, and one more for the rest.
    pub(crate) fn messages(&self, cluster: &str) -> Vec<(String, String)> {
        let (single, rest) = self.changes.split_at(self.changes.len().min(MOST_MESSAGES));
        let of = |change: &Change| (format!("{cluster}: {}", change.title), change.text.clone());
        let mut messages: Vec<_> = single.iter().map(of).collect();
        if !rest.is_empty() {
            let more = format!("and {} more", rest.len());
            let named: Vec<&str> = rest.iter().take(MOST_NAMED).map(|change| change.title.as_str()).collect();
            let dots = if rest.len() > named.len() { ", …" } else { "" };
            messages.push((format!("{cluster}: {more}"), format!("{more}: {}{dots}", named.join(", "))));
        }
        messages
    }

    /// What will have been told, given which of the messages were accepted; what was not is told anew.
    pub(crate) fn told(self, accepted: impl Fn(usize) -> bool) -> Told {
        let mut told = self.next;
        for (_, change) in self.changes.iter().enumerate().filter(|(at, _)| !accepted((*at).min(MOST_MESSAGES))) {
            told.retain(|(key, _)| *key != change.key);
            told.extend(change.before.map(|status| (change.key, status)));
        }
        if told.len() > MOST_TOLD { Told::TooMany } else { Told::Groups(told) }
    }
}

/// The code of a group that is fine; what was never told counts as it.
const OK: u8 = 1;
/// Messages a run, and one more for all that is left.
pub(crate) const MOST_MESSAGES: usize = 10;
/// Groups that the last one names.
const MOST_NAMED: usize = 50;
