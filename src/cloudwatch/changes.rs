//! Which published statuses changed since the last run, of groups, watched topics and the cluster itself, and the messages about it.
//!
//! A run stores beside its roster which groups were announced as not OK ([`Announced`]), and in its notes which topics, and what of the cluster
//! ([`ClusterMemory`]). So each change is sent once, whichever run finds it, and a change that could not be sent is sent by the next run. The announced statuses are not
//! read back from the metric `Status`: that would be one more metric read for every group and run, 88 US dollars a
//! month for 200 groups.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;

use super::pages::key::OfGroup;
use super::pages::roster::{Announced, MOST_ANNOUNCED, MOST_MORE};
use crate::aws::secrets::topic::Notice;
use crate::base::moment::rfc3339;
use crate::judge::cluster::{ClusterPart, ClusterProblem, PartStatus};
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::judge::watched::JudgedTopic;
use crate::model::cluster_memory::{ClusterMemory, key_of};
use crate::model::pattern::Rules;
use crate::model::snapshot::Snapshot;
use crate::report::DiagnosisEntry;

/// A published status that differs from the one that was announced last.
#[derive(Debug)]
struct Change<'a> {
    status: u8,
    /// What it is about with its status, for the subject of a message.
    title: String,
    /// The message, in one line.
    text: String,
    subject: Subject<'a>,
}

/// What a change is about: as it is remembered, and the change for machines.
#[derive(Debug)]
enum Subject<'a> {
    /// A group, as [`Announced`] knows it, with the status that was announced last.
    Group(u64, Option<u8>, Box<GroupEntry<'a>>),
    /// A watched topic, as [`ClusterMemory`] knows it.
    Topic(u32, TopicEntry<'a>),
    Cluster(ClusterPart, ClusterEntry),
}

/// A change of a watched topic, for machines.
#[derive(Debug, Serialize)]
struct TopicEntry<'a> {
    topic: &'a str,
    status: &'static str,
    before: &'static str,
    reason: &'a str,
    /// Records that came since the last run; `null` where that is not known.
    new_records: Option<u64>,
    /// For how many seconds at least no record has come; `null` where that is not known.
    silent_seconds: Option<u64>,
}

/// A change of the cluster itself, for machines.
#[derive(Debug, Serialize)]
struct ClusterEntry {
    /// Absent where it is about partitions without a leader.
    #[serde(skip_serializing_if = "Option::is_none")]
    broker: Option<i32>,
    /// What is wrong; absent where nothing is any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    status: &'static str,
    before: &'static str,
    reason: String,
}

/// A change of a group, for machines.
#[derive(Debug, Serialize)]
struct GroupEntry<'a> {
    group: &'a str,
    status: &'static str,
    /// `OK` too if the group was never announced.
    before: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    reason: &'a str,
    /// Why it is not OK; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<DiagnosisEntry<'a>>,
    total_lag: Option<u64>,
}

/// The content of a message for machines.
#[derive(Serialize)]
struct Body<'a> {
    meerkat: &'static str,
    cluster: &'a str,
    /// The scheduled minute, RFC 3339.
    scheduled: String,
    changes: Vec<&'a GroupEntry<'a>>,
    /// Changes of watched topics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    topic_changes: Vec<&'a TopicEntry<'a>>,
    /// Changes of the cluster itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cluster_changes: Vec<&'a ClusterEntry>,
    /// Problems of the cluster itself, in sentences.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cluster_problems: &'a [String],
    /// Changes of the run that no message names.
    more: usize,
}

/// The messages of a run, and what will have been announced with them.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    /// The worst first, then by title.
    all: Vec<Change<'a>>,
    /// Groups that were not OK and no longer exist, each with the status that was announced last.
    gone: Vec<(u64, u8)>,
    /// Every group that will have been announced as not OK once all messages are sent, errors first.
    next: Vec<(u64, u8)>,
    /// The names of the groups that are in error now.
    in_error: Vec<&'a str>,
    /// Problems of the cluster itself, in sentences.
    cluster_problems: Vec<String>,
    /// How many groups beyond the listed ones were announced.
    more_before: u32,
}

impl<'a> Changes<'a> {
    /// The changes of a run. A group without a published status keeps its announced status, as its alarm does; so does
    /// a missing group, unless the run is `whole` and shows that the group is gone.
    ///
    /// `before` is `None` if no earlier run is known: then nothing has been announced yet. If more groups are not OK
    /// than can be listed, errors are listed first, and of the others only the number is announced.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        judged: &'a Judged,
        cluster_problems: &[ClusterProblem],
        before: Option<&Announced>,
        whole: bool,
        owners: &'a Rules<Option<Box<str>>>,
    ) -> Self {
        let nothing = Announced::default();
        let before = before.unwrap_or(&nothing);
        // A group that is not listed was no error, or all listed ones are errors.
        let errors_listed = before.more == 0 || before.groups.iter().any(|(_, status)| *status < ERR);
        let here: HashSet<u64> = snapshot.groups.iter().map(|group| OfGroup::new(&group.name).long()).collect();
        let away = before.groups.iter().copied().filter(|(key, _)| !here.contains(key));
        let mut all = Self { more_before: before.more, ..Self::default() };
        all.cluster_problems = cluster_problems.iter().take(MOST_CLUSTER_PROBLEMS).map(ToString::to_string).collect();
        let cluster = all.cluster_problems.first().map(|what| format!("; the cluster: {what}")).unwrap_or_default();
        if whole {
            all.gone.extend(away);
        } else {
            all.next.extend(away);
        }
        for (group, of_group) in snapshot.groups.iter().zip(&judged.groups) {
            let of = OfGroup::new(&group.name);
            let (key, announced) = (of.long(), before.of(of));
            let published = of_group.published_status().filter(|_| !of_group.is_unread());
            let now = published.or(announced.filter(|_| !group.is_missing()));
            all.next.extend(now.filter(|status| *status > OK).map(|status| (key, status)));
            if now == Some(ERR) {
                all.in_error.push(&group.name);
            }
            let is_news = match (published, announced) {
                (Some(status), Some(announced)) => status != announced,
                (Some(ERR), None) => errors_listed,
                (Some(status), None) => status > OK && before.more == 0,
                (None, announced) => announced.is_some() && group.is_missing(),
            };
            if !is_news {
                continue;
            }
            let status = published.unwrap_or(OK);
            let title = format!("{} {}", group.name, of_group.verdict.word());
            let known_before = announced_word(announced);
            let was = if announced.is_some() { format!(" (was {known_before})") } else { String::new() };
            let owner = owners.of(&group.name).as_deref();
            let suffix = owner.map_or(String::new(), |owner| format!("; owner {owner}"));
            let diagnosis = of_group.diagnosis.as_deref().map(|diagnosis| DiagnosisEntry::new(diagnosis, snapshot));
            let cause = diagnosis.as_ref().filter(|diagnosis| diagnosis.is_clear());
            let cause = cause.map_or(String::new(), |diagnosis| format!("; {}", diagnosis.beside(&of_group.reason)));
            let cluster = if status > OK { &*cluster } else { "" };
            let text = format!("{title}{was}: {}{cluster}{suffix}{cause}", of_group.reason);
            let entry = GroupEntry {
                group: &group.name,
                status: of_group.verdict.word(),
                before: known_before,
                owner,
                reason: &of_group.reason,
                diagnosis,
                total_lag: of_group.total_lag,
            };
            all.all.push(Change { status, title, text, subject: Subject::Group(key, announced, Box::new(entry)) });
        }
        all.next.sort_by_key(|(_, status)| Reverse(*status));
        all
    }

    /// With the changes of watched topics and of the cluster itself, in order.
    pub(crate) fn with(mut self, topics: &'a [JudgedTopic], parts: &[PartStatus<'_>]) -> Self {
        self.all.extend(topics.iter().filter(|topic| topic.is_news()).map(|topic| {
            let entry = TopicEntry {
                topic: &topic.topic,
                status: topic.verdict.word(),
                before: topic.before.word(),
                reason: &topic.reason,
                new_records: topic.new,
                silent_seconds: topic.silent_s,
            };
            let title = format!("topic {}", topic.topic);
            let of = (topic.verdict, topic.before);
            Change::beside_groups(of, &title, &topic.reason, Subject::Topic(key_of(&topic.topic), entry))
        }));
        self.all.extend(parts.iter().filter(|part| part.is_news()).map(|part| {
            let reason = part.reason();
            let entry = ClusterEntry {
                broker: if let ClusterPart::Broker(id) = part.part { Some(id) } else { None },
                kind: part.problem.map(|problem| problem.kind.word()),
                status: part.status.word(),
                before: part.before.word(),
                reason: reason.clone(),
            };
            let of = (part.status, part.before);
            let title = part.part.to_string();
            Change::beside_groups(of, &title, &reason, Subject::Cluster(part.part, entry))
        }));
        self.all.sort_by(|one, other| (Reverse(one.status), &one.title).cmp(&(Reverse(other.status), &other.title)));
        self
    }

    /// The messages: one for each of the first [`MOST_MESSAGES`] changes, one for the other changes, one for groups
    /// that are gone, and one for the number of groups that are not OK and cannot be listed. `scheduled` is in seconds
    /// since 1970.
    pub(crate) fn messages(&self, cluster: &str, scheduled: i64) -> Vec<Notice> {
        let (single, rest) = self.all.split_at(self.all.len().min(MOST_MESSAGES));
        let body = |all: &[Change<'_>], more| {
            let mut body = Body {
                meerkat: env!("CARGO_PKG_VERSION"),
                cluster,
                scheduled: rfc3339(scheduled),
                changes: Vec::new(),
                topic_changes: Vec::new(),
                cluster_changes: Vec::new(),
                cluster_problems: &self.cluster_problems,
                more,
            };
            for change in all {
                match &change.subject {
                    Subject::Group(.., entry) => body.changes.push(entry),
                    Subject::Topic(_, entry) => body.topic_changes.push(entry),
                    Subject::Cluster(_, entry) => body.cluster_changes.push(entry),
                }
            }
            // Names are UTF-8 and there are no maps, so nothing here can fail.
            serde_json::to_string(&body).unwrap_or_default()
        };
        let of = |change: &Change<'_>| {
            let mut attributes = attributes(cluster, change.subject.status());
            attributes.extend(change.subject.attributes());
            Notice {
                subject: format!("{cluster}: {}", change.title),
                text: change.text.clone(),
                body: body(std::slice::from_ref(change), 0),
                attributes,
            }
        };
        let mut messages: Vec<_> = single.iter().map(of).collect();
        let of_several = |what: String, text: String, (named, more): (&[Change<'_>], usize), status| Notice {
            subject: format!("{cluster}: {what}"),
            text: format!("{what}: {text}"),
            body: body(named, more),
            attributes: attributes(cluster, status),
        };
        if let Some(worst) = rest.first() {
            let (named, left) = rest.split_at(rest.len().min(MOST_NAMED));
            let titles: Vec<&str> = rest.iter().map(|change| change.title.as_str()).collect();
            let more = format!("and {} more", rest.len());
            messages.push(of_several(more, some_of(&titles), (named, left.len()), worst.subject.status()));
        }
        if let Some((_, worst)) = self.gone.iter().max_by_key(|(_, status)| *status) {
            let was = announced_word(Some(*worst));
            let gone = match self.gone.len() {
                1 => format!("a group that was {was} is gone"),
                several => format!("{several} groups that were not OK are gone, one of them was {was}"),
            };
            let left = match &*self.in_error {
                [] => String::from("no group is ERR now"),
                groups => format!("ERR now: {}", some_of(groups)),
            };
            let text = format!("deleted, or not selected any more; names of groups are not kept. {left}");
            messages.push(of_several(gone, text, (&[], self.gone.len()), Verdict::Ok.word()));
        }
        if self.more_is_news() {
            let (more, status) = match self.more() {
                0 => (format!("at most {MOST_ANNOUNCED} groups are not OK again"), Verdict::Ok),
                more => (format!("{more} more groups are not OK"), Verdict::Warn),
            };
            let text = format!("changes are sent one by one for the {MOST_ANNOUNCED} worst, ERR first");
            messages.push(of_several(more, text, (&[], self.more() as usize), status.word()));
        }
        messages
    }

    /// What will have been announced if these messages were accepted; the rest is sent again by the next run.
    pub(crate) fn announced(self, accepted: impl Fn(usize) -> bool) -> Announced {
        let (more, more_is_news) = (self.more(), self.more_is_news());
        let of_changes = self.all.len().min(MOST_MESSAGES + 1);
        let mut groups = self.next;
        for (at, change) in self.all.iter().enumerate() {
            if let (Subject::Group(of, before, _), false) = (&change.subject, accepted(at.min(MOST_MESSAGES))) {
                groups.retain(|(key, _)| key != of);
                groups.extend(before.map(|status| (*of, status)));
            }
        }
        let is_gone = !self.gone.is_empty();
        if is_gone && !accepted(of_changes) {
            groups.extend(self.gone);
        }
        groups.sort_by_key(|(_, status)| Reverse(*status));
        groups.truncate(MOST_ANNOUNCED);
        let is_announced = more_is_news && accepted(of_changes + usize::from(is_gone));
        Announced { groups, more: if is_announced { more } else { self.more_before } }
    }

    /// The same of watched topics and of the cluster itself, in what is remembered of them. Records that no message reported count as new in the
    /// next run too: `before` has the log ends of the last run.
    pub(crate) fn keep(
        &self,
        memory: &mut ClusterMemory,
        before: Option<&ClusterMemory>,
        accepted: impl Fn(usize) -> bool,
    ) {
        for (at, change) in self.all.iter().enumerate() {
            let accepted = accepted(at.min(MOST_MESSAGES));
            let announced = match &change.subject {
                Subject::Group(..) => None,
                Subject::Topic(key, _) => memory.topics.get_mut(key).map(|topic| {
                    let before = before.and_then(|before| before.topics.get(key)).filter(|_| !accepted);
                    topic.ends = before.map_or(topic.ends, |before| before.ends);
                    &mut topic.announced
                }),
                Subject::Cluster(ClusterPart::Leaders, _) => Some(&mut memory.leaderless_announced),
                Subject::Cluster(ClusterPart::Broker(id), _) => {
                    memory.brokers.get_mut(id).map(|broker| &mut broker.announced)
                }
            };
            if let (Some(announced), true) = (announced, accepted) {
                *announced = change.status > OK;
            }
        }
    }

    /// How many groups are not OK beyond those that can be listed.
    fn more(&self) -> u32 {
        u32::try_from(self.next.len().saturating_sub(MOST_ANNOUNCED)).unwrap_or(MOST_MORE).min(MOST_MORE)
    }

    /// Whether there are such groups for the first time or no longer, or twice or half as many as announced.
    fn more_is_news(&self) -> bool {
        let (more, before) = (self.more(), self.more_before);
        more != before && (more >= before.saturating_mul(2) || before >= more.saturating_mul(2))
    }
}

impl<'a> Change<'a> {
    /// A change of what is no group, and was announced with such a status before.
    fn beside_groups((status, before): (Verdict, Verdict), name: &str, reason: &str, subject: Subject<'a>) -> Self {
        let title = format!("{name} {}", status.word());
        let was = if before == Verdict::Ok { String::new() } else { format!(" (was {})", before.word()) };
        Self { status: status.code(), text: format!("{title}{was}: {reason}"), title, subject }
    }
}

impl Subject<'_> {
    fn status(&self) -> &'static str {
        match self {
            Self::Group(.., entry) => entry.status,
            Self::Topic(_, entry) => entry.status,
            Self::Cluster(_, entry) => entry.status,
        }
    }

    /// The attributes of a message about this change alone, besides those of every message.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let before = |before: &str| ("before", before.to_owned());
        match self {
            Self::Group(.., entry) => {
                let owner = entry.owner.map(|owner| ("owner", owner.to_owned()));
                [("group", entry.group.to_owned()), before(entry.before)].into_iter().chain(owner).collect()
            }
            Self::Topic(_, entry) => vec![("topic", entry.topic.to_owned()), before(entry.before)],
            Self::Cluster(_, entry) => {
                let broker = entry.broker.map(|id| ("broker", id.to_string()));
                let kind = entry.kind.map(|kind| ("kind", kind.to_owned()));
                std::iter::once(before(entry.before)).chain(broker).chain(kind).collect()
            }
        }
    }
}

/// The first [`MOST_NAMED`] of these.
fn some_of(names: &[impl AsRef<str>]) -> String {
    let first: Vec<&str> = names.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    format!("{}{}", first.join(", "), if names.len() > first.len() { ", …" } else { "" })
}

/// The attributes that subscriptions can filter by; a message for several groups has the worst status.
fn attributes(cluster: &str, status: &str) -> Vec<(&'static str, String)> {
    vec![("cluster", cluster.to_owned()), ("status", status.to_owned())]
}

/// The word for an announced status; a group that was never announced counts as OK.
pub(crate) fn announced_word(announced: Option<u8>) -> &'static str {
    match announced {
        Some(announced) if announced == Verdict::Warn.code() => Verdict::Warn.word(),
        Some(_) => Verdict::Err.word(),
        None => Verdict::Ok.word(),
    }
}

/// Problems of the cluster that a message holds.
const MOST_CLUSTER_PROBLEMS: usize = 5;
/// The code of a group that is OK; a group that was never announced counts as OK.
const OK: u8 = 1;
/// The code of a group that is in error, which is the worst.
const ERR: u8 = 3;
/// Messages of a run, besides one for all other changes and two for groups without a message of their own.
pub(crate) const MOST_MESSAGES: usize = 10;
/// Groups that the last message names.
const MOST_NAMED: usize = 50;
