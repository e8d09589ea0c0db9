//! An alarm ends only when a run has read that it is over: the last published status is published again if this run
//! read too little.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Error, Run};
use crate::base::budget::STAND_SHARE;
use crate::base::fault;
use crate::base::moment::time_of_day;
use crate::cloudwatch::metrics;
use crate::cloudwatch::pages::key::OfGroup;
use crate::cloudwatch::pages::standing::{Standing, StandingGroup};
use crate::cloudwatch::past::{Past, Stood};
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::numbers::{GroupResult, Results};
use crate::judge::outcome::{Judged, LastKnown, Still};
use crate::model::snapshot::{Group, Problem};
use crate::model::unknown::Unknown;
use crate::otlp;

/// Statuses that are known beyond what this run could read.
#[derive(Debug, Default)]
pub(super) struct Stand {
    /// Groups that this run could not list, each with its last known status.
    pub(super) unlisted: BTreeMap<Box<str>, LastKnown>,
    /// Groups whose status is still valid from before the history was lost, as a roster knows them.
    pub(super) recalled: Vec<(u64, u8)>,
    /// Groups that are not OK, and whose names an earlier run could not store.
    left_out: usize,
    asks: bool,
    /// What is to be reported of this.
    pub(super) problems: Vec<Problem>,
}

impl Run<'_> {
    /// Gives groups their last status, if this run could not read that it is over.
    pub(super) async fn stand(
        &self,
        cluster: &str,
        past: &mut Past,
        sight: Sight<'_>,
        memories: &Memories,
        judged: &mut Judged,
        vanished: usize,
    ) -> Stand {
        let Some(store) = self.store.as_ref().filter(|_| self.remembers()) else { return Stand::default() };
        let snapshot = sight.snapshot;
        let mut undecided: Vec<(usize, Still)> = Vec::new();
        for (at, group) in snapshot.groups.iter().enumerate() {
            let thresholds = self.config.judgement.thresholds(&group.name);
            undecided.extend(judged.still(at, group, sight, memories, &thresholds).map(|still| (at, still)));
        }
        undecided.sort_by_key(|(at, _)| Reverse((judged.groups[*at].verdict.severity(), judged.groups[*at].max_lag)));
        let names: Vec<&str> = undecided.iter().map(|(at, _)| &*snapshot.groups[*at].name).collect();
        let unlisted = self.request.ask.groups().is_empty() && (snapshot.listed.is_err() || vanished > 0);
        let stood = past.standing(store, cluster, &names, unlisted, self.until(STAND_SHARE)).await;
        let Stood { mut groups, left_out, asks, problems } = stood;
        let mut stand = Stand { left_out, asks, ..Stand::default() };
        stand.problems.extend(problems.into_iter().map(|what| Problem { place: "history".into(), what }));
        for (at, still) in undecided {
            let name = &*snapshot.groups[at].name;
            let Some(last) = groups.remove(name).filter(|last| still == Still::Unmoved || self.is_recent(last)) else {
                continue;
            };
            if last.recalled {
                stand.recalled.push((OfGroup::new(name).long(), last.status));
            }
            match still {
                Still::Unread => judged.keep(at, last),
                // Its memory is there: then the rules alone decide.
                Still::Unmoved if last.recalled || judged.groups[at].warming_up_s.is_some() => {
                    judged.keep(at, LastKnown { recalled: true, ..last });
                }
                Still::Unmoved => {}
            }
        }
        if unlisted {
            let is_listed = |name: &str| snapshot.groups.iter().any(|group| &*group.name == name);
            stand.unlisted =
                groups.into_iter().filter(|(name, last)| self.is_recent(last) && !is_listed(name)).collect();
            stand
                .problems
                .extend(unlisted_problem(&stand.unlisted).map(|what| Problem { place: "groups".into(), what }));
        }
        stand
    }

    /// The statuses that are still valid, for the next run.
    pub(super) fn standing(&self, stand: &Stand, groups: &[Group], judged: &Judged) -> Standing {
        let now = LastKnown { status: 0, at_s: self.minute.seconds(), recalled: false };
        let stands = |(group, of_group): (&Group, &crate::judge::outcome::JudgedGroup)| {
            let status = of_group.published_status().filter(|status| *status > OK)?;
            let last = match of_group.last_known {
                Some(last) if of_group.is_unread() => last,
                last => LastKnown { status, recalled: last.is_some_and(|last| last.recalled), ..now },
            };
            Some(StandingGroup { name: (*group.name).into(), last })
        };
        let listed = groups.iter().zip(&judged.groups).filter_map(stands);
        let unlisted = stand.unlisted.iter().map(|(name, last)| StandingGroup { name: name.clone(), last: *last });
        // Names that were left out earlier are still unknown to a run that could not list them.
        let left_out = if stand.unlisted.is_empty() { 0 } else { stand.left_out };
        Standing::new(listed.chain(unlisted).collect(), left_out, stand.asks)
    }

    /// Writes for a run that could read nothing: that it was blind, and the last known statuses.
    pub(super) async fn leave_blind(&self, why: &Error) {
        let standing = self.publish_blindly().await;
        self.note_blind(why, &standing);
    }

    /// The last known statuses, which are published.
    async fn publish_blindly(&self) -> BTreeMap<Box<str>, LastKnown> {
        let (published, target) = (self.store.as_ref().filter(|_| self.publishes()), self.receiver());
        if !self.writes() || published.is_none() && target.is_none() {
            return BTreeMap::new();
        }
        let Some(cluster) = self.config.cluster.as_deref() else {
            tracing::warn!(
                "this run publishes nothing: set MEERKAT_CLUSTER, since Kafka did not give the cluster's id"
            );
            return BTreeMap::new();
        };
        let standing = match self.store.as_ref().filter(|_| self.remembers()) {
            Some(store) => {
                let asker = self.asker(cluster, self.part, Some(self.config.selection));
                Past::standing_blindly(store, &asker, self.until(STAND_SHARE)).await
            }
            None => Ok(Standing::default()),
        };
        let standing = standing.unwrap_or_else(|why| {
            tracing::error!("the statuses that stand are not published again: {why}");
            Standing::default()
        });
        let selected = |group: &StandingGroup| {
            self.is_recent(&group.last) && self.part.contains(&group.name) && self.config.groups.select(&group.name)
        };
        let standing: BTreeMap<Box<str>, LastKnown> =
            standing.groups.into_iter().filter(selected).map(|group| (group.name, group.last)).collect();
        let results = Results {
            cluster: cluster.to_owned(),
            part: self.part,
            groups: of_names(&standing).collect(),
            ..Results::default()
        };
        let to_cloudwatch = async {
            let Some(store) = published else { return };
            let written = store.publish(self.scheduled, &metrics::blind(&results), self.clock.deadline).await;
            for failure in &written.failures {
                tracing::error!("{}", fault::sentence(&**failure));
            }
        };
        let by_otlp = async {
            let Some(target) = target else { return };
            let bodies = otlp::message::blind(&results, &target.resource, self.scheduled.seconds());
            let sent = otlp::send(target, &self.warm.door, bodies, self.clock.deadline).await;
            for problem in &sent.problems {
                tracing::error!("{problem}");
            }
        };
        tokio::join!(to_cloudwatch, by_otlp);
        standing
    }

    /// Whether a status that was last read then is still published again: three hours, or three periods if those are
    /// longer.
    fn is_recent(&self, last: &LastKnown) -> bool {
        let most = STANDS_S.max(3 * self.schedule.period() * 60);
        self.minute.seconds() - last.at_s <= most
    }
}

/// The results of groups of which only the last status is known.
pub(super) fn of_names(standing: &BTreeMap<Box<str>, LastKnown>) -> impl Iterator<Item = GroupResult> {
    standing.iter().map(|(name, last)| GroupResult {
        group: name.to_string(),
        status: Some(last.status),
        ..GroupResult::default()
    })
}

/// The problem that groups could not be listed, with their last known statuses.
fn unlisted_problem(unlisted: &BTreeMap<Box<str>, LastKnown>) -> Option<Unknown> {
    let since = unlisted.values().map(|last| last.at_s).min()?;
    let mut named: Vec<String> =
        unlisted.iter().take(MOST_NAMED).map(|(name, last)| format!("{name} {}", last.verdict().word())).collect();
    if unlisted.len() > named.len() {
        named.push(format!("and {} more", unlisted.len() - named.len()));
    }
    Some(Unknown::because(format!(
        "not listed since {}, and published as last known: {}",
        time_of_day(since),
        named.join(", ")
    )))
}

/// The code of a group that is OK.
const OK: u8 = 1;
/// How long the status of a group that cannot be read is published again, in seconds.
const STANDS_S: i64 = 3 * 3_600;
/// Groups that one sentence names.
const MOST_NAMED: usize = 10;
