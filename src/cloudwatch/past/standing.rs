//! Which published statuses are still valid: from the pages beside the newest roster, or, without a roster, from the
//! published metrics.

use std::collections::HashMap;

use tokio::time::Instant;

use super::of_part::PartPast;
use super::reads::{Reads, joined, last_minutes};
use super::{Asker, Past};
use crate::base::fault::sentence;
use crate::cloudwatch::address::Minute;
use crate::cloudwatch::history::Store;
use crate::cloudwatch::names;
use crate::cloudwatch::pages::addresses::Addresses;
use crate::cloudwatch::pages::key::OfGroup;
use crate::cloudwatch::pages::pages_read::StoredSnapshot;
use crate::cloudwatch::pages::roster::{Announced, Restless, Roster};
use crate::cloudwatch::pages::rosters::Rosters;
use crate::cloudwatch::pages::seconds::Slots;
use crate::cloudwatch::pages::standing::Standing;
use crate::judge::outcome::LastKnown;
use crate::model::unknown::{Known, Unknown};

/// Statuses that were published as WARN or ERR, and are not known to have ended.
#[derive(Debug, Default)]
pub(crate) struct Stood {
    /// By the group's name.
    pub groups: HashMap<Box<str>, LastKnown>,
    /// How many more there are, whose names are not stored.
    pub left_out: usize,
    /// Whether the published statuses of some groups still have to be read.
    pub asks: bool,
    /// What could not be read.
    pub problems: Vec<Unknown>,
}

impl Past {
    /// The valid statuses of the `undecided` groups, and of unlisted groups if `unlisted` states that some may be
    /// missing.
    ///
    /// If the history begins with this run, or an earlier run failed, the last published status of the undecided
    /// groups is read, of the first [`MOST_ASKED`] of them.
    pub(crate) async fn standing(
        &mut self,
        store: &Store,
        cluster: &str,
        undecided: &[&str],
        unlisted: bool,
        until: Instant,
    ) -> Stood {
        let mut stood = Stood::default();
        for found in self.0.iter_mut().flatten() {
            let undecided: Vec<&str> =
                undecided.iter().copied().filter(|name| found.asker.part.contains(name)).collect();
            found.standing(store, cluster, &undecided, unlisted, until, &mut stood).await;
        }
        stood
    }

    /// What is valid by the newest snapshot of a part, if Kafka could not be read.
    pub(crate) async fn standing_blindly(store: &Store, asker: &Asker, until: Instant) -> Known<Standing> {
        let mut reads = Reads::default();
        let kept = (0, store.schedule().snapshots_kept(asker.minute, asker.now));
        let rosters = reads.rosters(store, asker, kept, until).await?;
        match rosters.snapshots.first() {
            Some(newest) => read(store, &asker.addresses, newest, &mut reads, until).await,
            None => Ok(Standing::default()),
        }
    }
}

impl PartPast {
    async fn standing(
        &mut self,
        store: &Store,
        cluster: &str,
        undecided: &[&str],
        unlisted: bool,
        until: Instant,
        stood: &mut Stood,
    ) {
        let Ok(Rosters { snapshots, .. }) = &self.rosters else { return };
        let mut asks = true;
        if let Some(newest) = snapshots.first() {
            let wanted = unlisted && may_stand(&newest.roster)
                || undecided.iter().any(|name| newest.roster.restless.runs_left(OfGroup::new(name).short()) > 0);
            if !wanted {
                return;
            }
            match read(store, &self.asker.addresses, newest, &mut self.reads, until).await {
                Ok(standing) => {
                    asks = standing.asks;
                    stood.left_out += standing.left_out;
                    stood.groups.extend(standing.groups.into_iter().map(|group| (group.name, group.last)));
                }
                Err(why) => {
                    stood.problems.push(why);
                    stood.asks = true;
                    return;
                }
            }
        }
        let wanted: Vec<&str> = undecided.iter().copied().filter(|name| !stood.groups.contains_key(*name)).collect();
        if !asks || wanted.is_empty() {
            return;
        }
        let (asked, beyond) = wanted.split_at(wanted.len().min(MOST_ASKED));
        let published = store.last_statuses(cluster, asked, self.asker.minute, until).await;
        self.reads.metrics += published.metrics;
        for (at, last) in published.standing {
            stood.groups.insert(asked[at].into(), last);
        }
        if let Some(error) = published.failure {
            stood.asks = true;
            stood.problems.push(Unknown::because(format!(
                "the statuses that were published before the history began: {}; the next run asks again",
                sentence(&*error)
            )));
        }
        if !beyond.is_empty() {
            stood.problems.push(Unknown::because(format!(
                "the history begins with this run, and the last published status was read of {MOST_ASKED} groups that lag; that of {} more was not, so their alarms may end",
                beyond.len()
            )));
        }
    }
}

/// What is valid by the snapshot of this roster.
async fn read(
    store: &Store,
    addresses: &Addresses,
    newest: &StoredSnapshot,
    reads: &mut Reads,
    until: Instant,
) -> Known<Standing> {
    let minutes = last_minutes(store, newest.minute);
    let count = |first: &HashMap<Minute, Slots>| {
        first.values().map(|first| Standing::count(&first.slots)).max().unwrap_or_default()
    };
    let metric = |page| addresses.of_bytes(names::STANDING, page);
    let pages = reads.bytes(store, (metric, 1), &minutes, count, until).await;
    let pages = pages.map_err(|error| Unknown::because(format!("the statuses that stand: {}", sentence(&*error))))?;
    let stands =
        |minute: Minute| Standing::of(&joined(&pages, minute, |first| Some(Standing::count(first)))?, minute.seconds());
    // A page may become visible later than the roster beside it; if the roster has nothing of this kind, an older page
    // does not count.
    let nothing = newest.roster.announced == Announced::default();
    let mut minutes = minutes.into_iter().take(if nothing { 1 } else { minutes.len() });
    Ok(minutes.find_map(stands).unwrap_or_default())
}

/// Whether this roster may have valid statuses.
fn may_stand(roster: &Roster) -> bool {
    roster.announced != Announced::default() || roster.restless != Restless::Groups(Vec::new())
}

/// How many groups' published statuses one run reads: 360,000 estimated points, which need about six seconds.
const MOST_ASKED: usize = 1_000;
