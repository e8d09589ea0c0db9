//! Which groups' published status changed since the look before, and how that is told.
//!
//! A look keeps beside its roster which groups were told to be in trouble ([`Told`]). So a change is told once, whoever runs, and one that could
//! not be told is told by the next look. What was told is not read back from the metric `Status`: that would be one more metric read for
//! every group and look, 88 US dollars a month for 200 groups.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;

use super::pages::key::OfGroup;
use super::pages::roster::{MOST_TOLD, Told};
use crate::aws::secrets::topic::Notice;
use crate::base::moment::rfc3339;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::model::pattern::Rules;
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
    /// The same for machines.
    entry: Entry,
}

/// A change, for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Entry {
    group: String,
    status: &'static str,
    /// `OK` too where the group was never told of.
    before: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Box<str>>,
    reason: String,
    total_lag: Option<u64>,
}

/// What a message holds for machines.
#[derive(Serialize)]
struct Body<'a> {
    meerkat: &'static str,
    cluster: &'a str,
    /// The scheduled minute, RFC 3339.
    scheduled: String,
    changes: Vec<&'a Entry>,
    /// Changes of the run that no message names.
    more: usize,
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
    pub(crate) fn new(
        snapshot: &Snapshot,
        judged: &Judged,
        before: Option<&Told>,
        whole: bool,
        owners: &Rules<Option<Box<str>>>,
    ) -> Self {
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
            let known_before = told_word(told);
            let was = if told.is_some() { format!(" (was {known_before})") } else { String::new() };
            let owner = owners.of(&group.name).clone();
            let suffix = owner.as_ref().map_or(String::new(), |owner| format!("; owner {owner}"));
            let text = format!("{title}{was}: {}{suffix}", of_group.reason);
            let entry = Entry {
                group: group.name.to_string(),
                status: of_group.verdict.word(),
                before: known_before,
                owner,
                reason: of_group.reason.clone(),
                total_lag: of_group.total_lag,
            };
            all.changes.push(Change { key, status, before: told, title, text, entry });
        }
        all.changes.sort_by(|one, other| (Reverse(one.status), &one.title).cmp(&(Reverse(other.status), &other.title)));
        all
    }

    /// The messages: one for each of the first [`MOST_MESSAGES`] changes, and one more for the rest. `scheduled` is in seconds since 1970.
    pub(crate) fn messages(&self, cluster: &str, scheduled: i64) -> Vec<Notice> {
        let (single, rest) = self.changes.split_at(self.changes.len().min(MOST_MESSAGES));
        let body = |changes: &[Change], more| {
            let changes = changes.iter().map(|change| &change.entry).collect();
            let version = env!("CARGO_PKG_VERSION");
            let body = Body { meerkat: version, cluster, scheduled: rfc3339(scheduled), changes, more };
            // Names are UTF-8 and there are no maps, so nothing here can fail.
            serde_json::to_string(&body).unwrap_or_default()
        };
        let of = |change: &Change| {
            let Entry { group, status, before, owner, .. } = &change.entry;
            let mut attributes = attributes(cluster, status);
            attributes.extend([("group", group.clone()), ("before", (*before).to_owned())]);
            attributes.extend(owner.as_ref().map(|owner| ("owner", owner.to_string())));
            Notice {
                subject: format!("{cluster}: {}", change.title),
                text: change.text.clone(),
                body: body(std::slice::from_ref(change), 0),
                attributes,
            }
        };
        let mut messages: Vec<_> = single.iter().map(of).collect();
        if let Some(worst) = rest.first() {
            let more = format!("and {} more", rest.len());
            let (named, left) = rest.split_at(rest.len().min(MOST_NAMED));
            let titles: Vec<&str> = named.iter().map(|change| change.title.as_str()).collect();
            let dots = if left.is_empty() { "" } else { ", …" };
            messages.push(Notice {
                subject: format!("{cluster}: {more}"),
                text: format!("{more}: {}{dots}", titles.join(", ")),
                body: body(named, left.len()),
                attributes: attributes(cluster, worst.entry.status),
            });
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

/// What every message can be filtered by; of the one for several groups the status is the worst.
fn attributes(cluster: &str, status: &str) -> Vec<(&'static str, String)> {
    vec![("cluster", cluster.to_owned()), ("status", status.to_owned())]
}

/// The word for a status that was told; what was never told counts as fine.
pub(crate) fn told_word(told: Option<u8>) -> &'static str {
    match told {
        Some(told) if told == Verdict::Warn.code() => Verdict::Warn.word(),
        Some(_) => Verdict::Err.word(),
        None => Verdict::Ok.word(),
    }
}

/// The code of a group that is fine; what was never told counts as it.
const OK: u8 = 1;
/// Messages a run, and one more for all that is left.
pub(crate) const MOST_MESSAGES: usize = 10;
/// Groups that the last one names.
const MOST_NAMED: usize = 50;
