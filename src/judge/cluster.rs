//! Problems of the cluster itself: partitions without a leader or with missing replicas, brokers that are away, and
//! brokers whose API versions differ or changed.
//!
//! Only topics that groups read count. A rolling restart causes all of these for a few minutes, so none is an alarm by
//! itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::base::figures::grouped;
use crate::base::moment::time_of_day;
use crate::judge::verdict::Verdict;
use crate::model::cluster_memory::{Change, ClusterMemory, Direction};
use crate::model::since::Since;
use crate::model::snapshot::{Impaired, Lack, Offer, Snapshot, Topic};

/// A problem of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterProblem {
    pub(crate) kind: ClusterKind,
    /// Its brokers, in order.
    pub(crate) brokers: Vec<i32>,
    /// Its partitions, the first [`MOST_NAMED`] in order.
    pub(crate) partitions: Vec<(Arc<str>, i32)>,
    /// How many there are.
    pub(crate) partition_count: usize,
    /// The groups that cannot read because of it, the first [`MOST_NAMED`] in order.
    pub(crate) groups: Vec<Arc<str>>,
    /// How many there are.
    pub(crate) group_count: usize,
    /// When it was first seen, in seconds since 1970; `None` if it is older than the memory.
    pub(crate) since_s: Option<i64>,
    /// Whether it has lasted longer than a restart.
    pub(crate) lasts: bool,
    change: Option<Change>,
    /// Brokers by the versions that they offer, if those differ.
    camps: Vec<Vec<i32>>,
}

/// The kind of a problem, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ClusterKind {
    /// Partitions have no leader: they cannot be read or written.
    Leaderless,
    /// A broker is in replica lists, and not in the metadata.
    BrokerAway,
    /// A broker is there, and some of its replicas are offline: a disk has failed.
    ReplicaOffline,
    /// Replicas on a broker that is there are not in sync.
    UnderReplicated,
    /// A broker's API versions changed since an earlier run.
    VersionsChanged,
    /// Brokers offer different API versions.
    VersionsDiffer,
}

impl ClusterKind {
    /// The word in a report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Leaderless => "leaderless",
            Self::BrokerAway => "broker_away",
            Self::ReplicaOffline => "replica_offline",
            Self::UnderReplicated => "under_replicated",
            Self::VersionsChanged => "versions_changed",
            Self::VersionsDiffer => "versions_differ",
        }
    }

    /// Whether partitions lack the one broker that it names.
    const fn is_of_a_broker(self) -> bool {
        matches!(self, Self::BrokerAway | Self::ReplicaOffline | Self::UnderReplicated)
    }
}

impl ClusterProblem {
    /// The verdict for an alarm; `None` if it is no trouble, or may be a restart.
    ///
    /// | kind | lasts for five minutes | else |
    /// |---|---|---|
    /// | partitions without a leader | ERR | nothing |
    /// | replicas that are missing, brokers that are away | WARN | nothing |
    /// | API versions that differ or changed | nothing | nothing |
    pub(crate) fn alarm(&self) -> Option<Verdict> {
        match self.kind {
            _ if !self.lasts => None,
            ClusterKind::Leaderless => Some(Verdict::Err),
            ClusterKind::BrokerAway | ClusterKind::ReplicaOffline | ClusterKind::UnderReplicated => Some(Verdict::Warn),
            ClusterKind::VersionsChanged | ClusterKind::VersionsDiffer => None,
        }
    }

    fn new(kind: ClusterKind) -> Self {
        Self {
            kind,
            brokers: Vec::new(),
            partitions: Vec::new(),
            partition_count: 0,
            groups: Vec::new(),
            group_count: 0,
            since_s: None,
            lasts: true,
            change: None,
            camps: Vec::new(),
        }
    }

    fn of(kind: ClusterKind, gathered: Gathered, memory: &ClusterMemory, now_s: i64) -> Self {
        // The broker that has been missing the longest began it.
        let since =
            gathered.brokers.iter().filter_map(|id| memory.brokers.get(id)?.lacked).min().unwrap_or(Since::Before);
        Self {
            brokers: gathered.brokers.into_iter().collect(),
            partitions: gathered.partitions,
            partition_count: gathered.count,
            since_s: if let Since::At(since_s) = since { Some(since_s) } else { None },
            lasts: since.lasts_s(now_s).is_none_or(|lasts_s| lasts_s >= RESTART_S),
            ..Self::new(kind)
        }
    }
}

/// What has a status of its own where `MEERKAT_CLUSTER_ALARMS` is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClusterPart {
    /// All partitions together: whether they have leaders.
    Leaders,
    /// A broker: whether partitions lack it.
    Broker(i32),
}

/// The status of a part of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct PartStatus<'a> {
    pub(crate) part: ClusterPart,
    pub(crate) status: Verdict,
    /// What was announced last: OK too where nothing was.
    pub(crate) before: Verdict,
    /// The problem that it has; `None` where it has none.
    pub(crate) problem: Option<&'a ClusterProblem>,
}

impl PartStatus<'_> {
    pub(crate) fn is_news(&self) -> bool {
        self.status != self.before
    }

    /// One sentence without a full stop.
    pub(crate) fn reason(&self) -> String {
        match (self.problem, self.part) {
            (Some(problem), _) => problem.to_string(),
            (None, ClusterPart::Leaders) => "every partition that groups read has a leader".to_owned(),
            (None, ClusterPart::Broker(_)) => "no partition that groups read lacks a replica on it".to_owned(),
        }
    }
}

impl fmt::Display for ClusterPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaders => f.write_str("leaders"),
            Self::Broker(id) => write!(f, "broker {id}"),
        }
    }
}

/// The status of each part of the cluster that has a problem, or that was announced with one. `memory` includes this snapshot already.
///
/// What was announced ends only in a `whole` run, which lists all groups: the topics of groups that are not listed are not read.
pub(crate) fn statuses<'a>(problems: &'a [ClusterProblem], memory: &ClusterMemory, whole: bool) -> Vec<PartStatus<'a>> {
    let before = |announced: bool, verdict| if announced { verdict } else { Verdict::Ok };
    let of = |part, before, problem: Option<&'a ClusterProblem>| {
        let status = match problem {
            // Since when it lasts may have been forgotten.
            Some(problem) => problem.alarm().unwrap_or(before),
            None if whole => Verdict::Ok,
            None => before,
        };
        PartStatus { part, status, before, problem }
    };
    let leaderless = problems.iter().find(|problem| problem.kind == ClusterKind::Leaderless);
    let leaders = of(ClusterPart::Leaders, before(memory.leaderless_announced, Verdict::Err), leaderless);
    let brokers = memory.brokers.iter().filter_map(|(id, broker)| {
        let problem = problems.iter().find(|problem| problem.kind.is_of_a_broker() && problem.brokers == [*id]);
        // Of many brokers some problems are not listed.
        let is_known = problem.is_some() || broker.lacked.is_none();
        is_known.then(|| of(ClusterPart::Broker(*id), before(broker.announced, Verdict::Warn), problem))
    });
    std::iter::once(leaders).chain(brokers).filter(|part| part.problem.is_some() || part.is_news()).collect()
}

/// Partitions with the same trouble.
#[derive(Default)]
struct Gathered {
    brokers: BTreeSet<i32>,
    partitions: Vec<(Arc<str>, i32)>,
    count: usize,
}

impl Gathered {
    fn add(&mut self, topic: &Topic, impaired: &Impaired) {
        self.count += 1;
        if self.partitions.len() < MOST_NAMED {
            self.partitions.push((Arc::clone(&topic.name), impaired.partition));
        }
    }
}

/// The problems of the cluster, the worst first. `memory` includes this snapshot already.
#[must_use]
pub fn problems(snapshot: &Snapshot, memory: &ClusterMemory, now_s: i64) -> Vec<ClusterProblem> {
    let mut leaderless = Gathered::default();
    let mut lacking: BTreeMap<(ClusterKind, i32), Gathered> = BTreeMap::new();
    for topic in &snapshot.topics {
        for impaired in &topic.placement.impaired {
            if !impaired.has_leader {
                leaderless.add(topic, impaired);
                leaderless.brokers.extend(impaired.lacks.iter().map(|(id, _)| *id));
            }
            for (id, lack) in &impaired.lacks {
                let kind = match lack {
                    Lack::Away => ClusterKind::BrokerAway,
                    Lack::Offline => ClusterKind::ReplicaOffline,
                    Lack::Behind => ClusterKind::UnderReplicated,
                };
                let gathered = lacking.entry((kind, *id)).or_default();
                gathered.brokers.insert(*id);
                gathered.add(topic, impaired);
            }
        }
    }
    let mut problems = Vec::new();
    if leaderless.count > 0 {
        let mut problem = ClusterProblem::of(ClusterKind::Leaderless, leaderless, memory, now_s);
        (problem.groups, problem.group_count) = groups_without_a_leader(snapshot);
        problems.push(problem);
    }
    let of_brokers = lacking.into_iter().take(MOST_NAMED);
    problems.extend(of_brokers.map(|((kind, _), gathered)| ClusterProblem::of(kind, gathered, memory, now_s)));
    let changes = memory.brokers.iter().filter_map(|(id, broker)| Some((id, broker.change?)));
    problems.extend(changes.map(|(id, change)| ClusterProblem {
        brokers: vec![*id],
        since_s: Some(change.to_s),
        change: Some(change),
        ..ClusterProblem::new(ClusterKind::VersionsChanged)
    }));
    problems.extend(versions_differ(snapshot));
    problems
}

/// The groups that read partitions without a leader.
fn groups_without_a_leader(snapshot: &Snapshot) -> (Vec<Arc<str>>, usize) {
    let is_leaderless = |topic: u32, partition: i32| {
        let impaired = &snapshot.topics[topic as usize].placement.impaired;
        let found = impaired.binary_search_by_key(&partition, |impaired| impaired.partition);
        found.is_ok_and(|at| !impaired[at].has_leader)
    };
    let reads = |rows: &[crate::model::snapshot::Row]| rows.iter().any(|row| is_leaderless(row.topic, row.partition));
    let groups = snapshot.groups.iter().filter(|group| reads(snapshot.rows_of(group)));
    let named = groups.clone().take(MOST_NAMED).map(|group| Arc::clone(&group.name));
    (named.collect(), groups.count())
}

/// Brokers that offer different API versions, the larger part first.
fn versions_differ(snapshot: &Snapshot) -> Option<ClusterProblem> {
    let mut camps: Vec<(Offer, Vec<i32>)> = Vec::new();
    for (id, offer) in snapshot.brokers.iter().filter_map(|broker| Some((broker.id, broker.offer?))) {
        match camps.iter_mut().find(|(known, _)| known.hash == offer.hash) {
            Some((_, ids)) => ids.push(id),
            None => camps.push((offer, vec![id])),
        }
    }
    camps.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let camps: Vec<Vec<i32>> = camps.into_iter().map(|(_, ids)| ids).collect();
    (camps.len() > 1).then(|| {
        let mut brokers = camps[1..].concat();
        brokers.sort_unstable();
        ClusterProblem { brokers, camps, ..ClusterProblem::new(ClusterKind::VersionsDiffer) }
    })
}

impl fmt::Display for ClusterProblem {
    /// One sentence without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brokers = named_brokers(&self.brokers);
        match self.kind {
            ClusterKind::Leaderless => {
                let (have, are) = if self.partition_count == 1 { ("has", "it") } else { ("have", "them") };
                write!(f, "{} {have} no leader, so no group can read {are}", self.shown())?;
                if !self.brokers.is_empty() {
                    write!(f, "; replicas are missing on {brokers}")?;
                }
                if self.group_count > 0 {
                    let named = &self.groups[..self.groups.len().min(MOST_SHOWN)];
                    write!(f, "; read by {}", named.join(", "))?;
                    if self.group_count > named.len() {
                        write!(f, " and {} more", grouped((self.group_count - named.len()) as u64))?;
                    }
                }
            }
            ClusterKind::BrokerAway => write!(f, "{brokers} is away, and has replicas of {}", self.shown())?,
            ClusterKind::ReplicaOffline => {
                write!(f, "{brokers} is there, and its replicas of {} are offline: a disk has failed", self.shown())?;
            }
            ClusterKind::UnderReplicated => {
                write!(f, "{brokers} is there, and its replicas of {} are not in sync", self.shown())?;
            }
            ClusterKind::VersionsChanged => {
                let Some(Change { from_s, to_s, direction }) = self.change else { return Ok(()) };
                let what = match direction {
                    Direction::Up => "was upgraded",
                    Direction::Down => "was downgraded",
                    Direction::Other => "began to offer other API versions (another release, or other settings)",
                };
                return write!(f, "{brokers} {what} between {} and {}", time_of_day(from_s), time_of_day(to_s));
            }
            ClusterKind::VersionsDiffer => {
                f.write_str("brokers offer different API versions: ")?;
                for (at, camp) in self.camps.iter().enumerate() {
                    write!(f, "{}{}", if at > 0 { " unlike " } else { "" }, named_brokers(camp))?;
                }
                f.write_str("; an upgrade is under way, or was not finished")?;
            }
        }
        match self.since_s {
            Some(since_s) => write!(f, " (since {})", time_of_day(since_s)),
            None => Ok(()),
        }
    }
}

impl ClusterProblem {
    /// The partitions, for people.
    fn shown(&self) -> String {
        let places = self.partitions.iter().map(|(topic, partition)| format!("{topic}/{partition}"));
        let s = if self.partition_count == 1 { "" } else { "s" };
        format!("{} partition{s} ({})", grouped(self.partition_count as u64), first(places, self.partition_count))
    }
}

fn named_brokers(ids: &[i32]) -> String {
    format!("broker{} {}", if ids.len() == 1 { "" } else { "s" }, first(ids.iter().map(i32::to_string), ids.len()))
}

/// The first of so many, with a mark if there are more.
fn first(names: impl Iterator<Item = String>, all: usize) -> String {
    let shown: Vec<String> = names.take(MOST_SHOWN).collect();
    let more = if all > shown.len() { ", …" } else { "" };
    shown.join(", ") + more
}

/// A problem of this many seconds is no restart any more.
pub(crate) const RESTART_S: i64 = 300;
/// Partitions, groups and brokers that are named in a report.
const MOST_NAMED: usize = 20;
/// How many one sentence names.
const MOST_SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snapshot::{Broker, Placement, Unacknowledged};
    use crate::model::unknown::Unknown;

    const NOON: i64 = 1_800_014_400;

    fn broker(id: i32, offer: (u32, u16)) -> Broker {
        let offer = Some(Offer { hash: offer.0, height: offer.1 });
        Broker { id, address: format!("b-{id}:9092"), versions: Ok(Vec::new()), offer, held_back_ms: 0 }
    }

    fn impaired(partition: i32, has_leader: bool, lacks: &[(i32, Lack)]) -> Impaired {
        Impaired { partition, has_leader, lacks: lacks.to_vec() }
    }

    fn snapshot(brokers: Vec<Broker>, impaired: Vec<Impaired>) -> Snapshot {
        let placement = Placement { each: Vec::new(), impaired };
        let partitions = Err(Unknown::because("not needed here"));
        Snapshot {
            topics: vec![Topic { name: "orders".into(), id: None, partitions, placement }],
            brokers,
            cluster_id: None,
            groups: Vec::new(),
            rows: Vec::new(),
            unacknowledged: Unacknowledged::default(),
            watched: Vec::new(),
            listed: Ok(Vec::new()),
            left_out: BTreeMap::new(),
            problems: Vec::new(),
            shown: 0,
            blind: None,
        }
    }

    /// The problems of the last of several snapshots, this many seconds apart.
    fn problems_of(snapshots: &[&Snapshot], apart_s: i64) -> Vec<(String, Option<Verdict>)> {
        let (mut memory, mut now_s) = (None, NOON);
        for snapshot in snapshots {
            memory = Some(ClusterMemory::fold(memory.as_ref(), snapshot, 60_000, now_s));
            now_s += apart_s;
        }
        let (last, memory) = (snapshots[snapshots.len() - 1], memory.unwrap_or_default());
        let problems_of = problems(last, &memory, now_s - apart_s);
        problems_of.into_iter().map(|problem| (problem.to_string(), problem.alarm())).collect()
    }

    /// Each part that has a status, with that and the one before.
    fn statuses_of(snapshot: &Snapshot, memory: &ClusterMemory, whole: bool) -> Vec<String> {
        let problems = problems(snapshot, memory, NOON);
        let of = |part: &PartStatus<'_>| format!("{} {:?} {:?}", part.part, part.before, part.status);
        statuses(&problems, memory, whole).iter().map(of).collect()
    }

    #[test]
    fn what_was_announced_ends_when_a_whole_run_saw_that_it_is_over() {
        let began_at = |began_s: i64| {
            let before = ClusterMemory::fold(None, &whole(), 60_000, began_s - 60);
            let began = ClusterMemory::fold(Some(&before), &without_3(), 60_000, began_s);
            ClusterMemory::fold(Some(&began), &without_3(), 60_000, NOON)
        };
        let lasts = began_at(NOON - RESTART_S);
        assert_eq!(statuses_of(&without_3(), &lasts, true), ["leaders Ok Err", "broker 3 Ok Warn"]);
        assert_eq!(statuses_of(&without_3(), &began_at(NOON), true), ["leaders Ok Ok", "broker 3 Ok Ok"]);
        let announced = |mut memory: ClusterMemory| {
            memory.leaderless_announced = true;
            memory.brokers.entry(3).or_default().announced = true;
            memory
        };
        // A run that missed it made it begin anew.
        let again = announced(began_at(NOON));
        assert_eq!(statuses_of(&without_3(), &again, true), ["leaders Err Err", "broker 3 Warn Warn"]);
        let over = ClusterMemory::fold(Some(&announced(lasts)), &whole(), 60_000, NOON);
        assert_eq!(statuses_of(&whole(), &over, true), ["leaders Err Ok", "broker 3 Warn Ok"]);
        assert_eq!(statuses_of(&whole(), &over, false), [""; 0]);
    }

    fn whole() -> Snapshot {
        snapshot(vec![broker(1, (7, 9)), broker(2, (7, 9)), broker(3, (7, 9))], Vec::new())
    }

    fn without_3() -> Snapshot {
        let lacks = [(3, Lack::Away)];
        let brokers = vec![broker(1, (7, 9)), broker(2, (7, 9))];
        snapshot(brokers, vec![impaired(0, false, &lacks), impaired(4, true, &lacks)])
    }

    #[test]
    fn a_whole_cluster_is_not_mentioned() {
        assert_eq!(problems_of(&[&whole()], 60), []);
        assert_eq!(problems_of(&[&whole(), &whole()], 60), []);
    }

    #[test]
    fn a_broker_that_is_away_is_named_with_its_partitions() {
        let none = [
            (
                "1 partition (orders/0) has no leader, so no group can read it; replicas are missing on broker 3"
                    .into(),
                Some(Verdict::Err),
            ),
            ("broker 3 is away, and has replicas of 2 partitions (orders/0, orders/4)".into(), Some(Verdict::Warn)),
        ];
        // There is no memory: it may have lasted long.
        assert_eq!(problems_of(&[&without_3()], 60), none);
    }

    #[test]
    fn what_lasts_for_less_than_five_minutes_may_be_a_restart() {
        let (whole, away) = (whole(), without_3());
        let alarms = |apart_s| -> Vec<_> {
            problems_of(&[&whole, &away, &away], apart_s).into_iter().map(|(_, alarm)| alarm).collect()
        };
        assert_eq!(alarms(RESTART_S - 1), [None, None]);
        assert_eq!(alarms(RESTART_S), [Some(Verdict::Err), Some(Verdict::Warn)]);
        let sentences = problems_of(&[&whole, &away, &away], 60);
        assert!(sentences[1].0.ends_with("(orders/0, orders/4) (since 12:01)"), "{sentences:?}");
        // A broker that came back and goes again starts again.
        let again = problems_of(&[&whole, &away, &whole, &away], RESTART_S);
        assert_eq!(again[1].1, None, "{again:?}");
    }

    #[test]
    fn a_rolling_restart_is_no_alarm_however_long_it_takes() {
        let one_less = |id| {
            let there = [1, 2, 3].into_iter().filter(|other| *other != id).map(|id| broker(id, (7, 9)));
            snapshot(there.collect(), vec![impaired(0, true, &[(id, Lack::Away)])])
        };
        let all: Vec<Snapshot> = [1, 1, 2, 2, 3, 3].map(one_less).into();
        let mut story = vec![whole()];
        story.extend(all);
        for last in 2..=story.len() {
            let problems_of = problems_of(&story[..last].iter().collect::<Vec<_>>(), 120);
            assert!(problems_of.len() == 1 && problems_of[0].1.is_none(), "{problems_of:?}");
        }
    }

    #[test]
    fn replicas_that_are_behind_are_distinguished_from_disks_that_failed() {
        let lacks = [(1, Lack::Offline), (2, Lack::Behind)];
        let brokers = vec![broker(1, (7, 9)), broker(2, (7, 9)), broker(3, (7, 9))];
        let problems_of = problems_of(&[&snapshot(brokers, vec![impaired(5, true, &lacks)])], 60);
        let sentences: Vec<&str> = problems_of.iter().map(|(what, _)| &**what).collect();
        assert_eq!(
            sentences,
            [
                "broker 1 is there, and its replicas of 1 partition (orders/5) are offline: a disk has failed",
                "broker 2 is there, and its replicas of 1 partition (orders/5) are not in sync",
            ]
        );
    }

    #[test]
    fn an_upgrade_is_reported_with_its_minutes_for_an_hour_and_is_no_alarm() {
        let upgraded = snapshot(vec![broker(1, (7, 9)), broker(2, (8, 11)), broker(3, (7, 9))], Vec::new());
        let whole = whole();
        let expected = [
            ("broker 2 was upgraded between 12:00 and 12:01".into(), None),
            ("brokers offer different API versions: brokers 1, 3 unlike broker 2; an upgrade is under way, or was not finished".into(), None),
        ];
        assert_eq!(problems_of(&[&whole, &upgraded], 60), expected);
        let later = problems_of(&[&whole, &upgraded, &upgraded], 1_800);
        assert!(later[0].0.starts_with("broker 2 was upgraded between 12:00 and 12:30"), "{later:?}");
        let much_later = problems_of(&[&whole, &upgraded, &upgraded], 3_600);
        assert!(much_later.len() == 1 && much_later[0].0.starts_with("brokers offer"), "{much_later:?}");
    }

    #[test]
    fn other_versions_are_an_upgrade_only_where_they_are_higher() {
        let with = |offer| snapshot(vec![broker(1, offer)], Vec::new());
        let what = |offer| problems_of(&[&with((7, 9)), &with(offer)], 60).remove(0).0;
        assert!(what((8, 8)).starts_with("broker 1 was downgraded between"));
        assert!(what((8, 9)).starts_with("broker 1 began to offer other API versions"));
    }

    #[test]
    fn a_broker_that_was_upgraded_while_it_was_away_is_reported_from_when_it_was_last_asked() {
        let upgraded = snapshot(vec![broker(1, (7, 9)), broker(2, (7, 9)), broker(3, (8, 11))], Vec::new());
        let problems_of = problems_of(&[&whole(), &without_3(), &without_3(), &upgraded], 60);
        assert_eq!(problems_of[0].0, "broker 3 was upgraded between 12:00 and 12:03");
    }
}
