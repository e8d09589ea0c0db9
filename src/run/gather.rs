//! The first half of a run: the present state from Kafka, and the earlier one from the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Error, Run};
use crate::base::budget::{HISTORY_SHARE, KAFKA_SHARE};
use crate::base::clock::Laps;
use crate::base::progress::Progress;
use crate::cloudwatch::pages::addresses::Addresses;
use crate::cloudwatch::pages::key::Mark;
use crate::cloudwatch::pages::roster::GroupCount;
use crate::cloudwatch::past::{Asker, Ghost, Past};
use crate::kafka::{self, Access, Credentials, Missed, Selection, Survey, SurveyError, Tls};
use crate::model::endpoint::Endpoint;
use crate::model::lags::Lags;
use crate::model::part::Part;
use crate::model::snapshot::{Gone, Snapshot, Topic, Vanished};
use crate::model::unknown::{Cause, Unknown};

/// A snapshot and its past.
pub(super) struct Gathered<'a> {
    pub(super) survey: Survey<'a>,
    pub(super) snapshot: Snapshot,
    pub(super) lags: Lags,
    pub(super) cluster: String,
    pub(super) past: Past,
    /// When the logs had been read.
    pub(super) time_ms: i64,
    /// How many groups existed in the last run and do not now.
    pub(super) vanished: usize,
}

impl Run<'_> {
    /// Surveys the cluster, and reads its logs and its history in parallel. A cluster with fewer groups than in the
    /// last run may only be starting up, so it is read again before that is believed.
    ///
    /// It is believed if every coordinator is there and has listed its groups, unless this user may see only some of
    /// them: then the others were deleted.
    pub(super) async fn gather(&self, selection: &Selection) -> Result<Gathered<'_>, Error> {
        let mut pauses = [500, 1_000, 2_000].into_iter();
        loop {
            let mut gathered = Box::pin(self.gather_once(selection)).await?;
            let (vanished, whole) = (gathered.vanished > 0, gathered.snapshot.listed.is_ok());
            // A service without the offsets topic no longer lists them, however often it is asked.
            let elsewhere = gathered.snapshot.blind.as_ref().is_some_and(|why| why.cause() == Cause::NoTopic);
            let pause = pauses.next().map(Duration::from_millis).filter(|_| vanished && whole && !elsewhere);
            let Some(pause) = pause.filter(|pause| Instant::now() + *pause < self.until(KAFKA_SHARE / 2.0)) else {
                if vanished && whole && gathered.snapshot.blind.is_none() {
                    let until = self.until(KAFKA_SHARE);
                    match gathered.survey.may_describe_cluster(until).await {
                        Some(false) => gathered.snapshot.blind = Some(Unknown::of(Cause::Hidden, SOME_SHOWN)),
                        _ => gathered.vanished = 0,
                    }
                }
                return Ok(gathered);
            };
            tracing::info!(vanished = gathered.vanished, "fewer groups than in the last run; reading them again");
            gathered.survey.keep_connections();
            drop(gathered);
            sleep(pause).await;
        }
    }

    pub(super) async fn gather_once(&self, selection: &Selection) -> Result<Gathered<'_>, Error> {
        let (mut survey, mut snapshot) = self.renewing(async || Box::pin(self.survey(selection)).await).await?;
        let cluster = self.config.cluster.clone().or_else(|| snapshot.cluster_id.as_deref().map(str::to_owned));
        let cluster = cluster.unwrap_or_else(|| UNNAMED.to_owned());
        let past = async {
            match self.store.as_ref().filter(|_| self.remembers()) {
                Some(store) => {
                    let _reading = Progress::with("reading the history");
                    let mut laps = Laps::start();
                    let until = self.until(HISTORY_SHARE);
                    let past = Past::read(store, self.askers(&cluster, selection), &snapshot, until).await;
                    tracing::debug!(ms = laps.lap(), "history read");
                    past
                }
                None => Past::unread(Unknown::of(Cause::Off, "no earlier snapshot: the history is turned off")),
            }
        };
        let (topics, past) = tokio::join!(survey.read_logs(self.until(KAFKA_SHARE)), past);
        let time_ms = self.clock.now_ms();
        snapshot.topics = topics;
        let mut lags = Lags::new(&snapshot);
        // With its own time: a leader that hangs has used up the time of the logs.
        if survey.confirm_losses(&mut snapshot, &lags, self.until(HISTORY_SHARE)).await {
            lags = Lags::new(&snapshot);
        }
        let mut past = past;
        self.explain_ghosts(&survey, &mut snapshot, &mut past).await;
        snapshot.brokers = survey.brokers();
        // Named groups may belong to another part, whose number differs from this one's.
        let before = past.roster().filter(|_| selection.named.is_empty() && !self.only_reads_parts());
        let before = before.map_or(0, |before| GroupCount::of(before.groups).groups);
        let before = usize::try_from(before).unwrap_or_default();
        let vanished = before.saturating_sub(snapshot.present());
        Ok(Gathered { survey, snapshot, lags, cluster, past, time_ms, vanished })
    }

    /// Finds out why partitions vanished from their groups. A group for which that is not known counts as incomplete.
    ///
    /// After a while, those are forgotten for which it is known, or can never be known.
    async fn explain_ghosts(&self, survey: &Survey<'_>, snapshot: &mut Snapshot, past: &mut Past) {
        let ghosts = past.ghosts();
        if ghosts.is_empty() {
            return;
        }
        let mut by_topic: BTreeMap<(usize, Mark), Vec<Ghost>> = BTreeMap::new();
        for ghost in ghosts {
            by_topic.entry((ghost.group, ghost.mark)).or_default().push(ghost);
        }
        let is_it: Vec<_> =
            by_topic.keys().map(|(_, mark)| |name: &str, id: Option<u128>| Mark::of(name, id) == *mark).collect();
        let missed = by_topic.iter().zip(&is_it).map(|(((group, mark), ghosts), is_it)| {
            let group = &snapshot.groups[*group];
            let mut partitions: Vec<i32> = ghosts.iter().map(|ghost| ghost.partition).collect();
            partitions.sort_unstable();
            Missed { group: &group.name, kind: group.kind, id: mark.id(), is_it, partitions }
        });
        let missed: Vec<Missed<'_>> = missed.collect();
        let explained = survey.explain(&missed, self.until(HISTORY_SHARE)).await;
        let explained: Vec<Vanished> = missed
            .into_iter()
            .zip(explained)
            .zip(by_topic.values())
            .map(|((Missed { id, partitions, .. }, (topic, why)), ghosts)| {
                // Nobody names a topic that is gone. Names are unique: if a topic of now has its name, it was deleted.
                let mut topics = snapshot.topics.iter().filter(|_| topic.is_none());
                match topics.find(|topic| ghosts.iter().any(|ghost| ghost.is_created_anew_as(topic))) {
                    Some(Topic { name, .. }) => {
                        Vanished { topic: Some(Arc::clone(name)), id, partitions, why: Gone::Recreated }
                    }
                    None => Vanished { topic, id, partitions, why },
                }
            })
            .collect();
        let mut forgotten = BTreeSet::new();
        for ((of, ghosts), vanished) in by_topic.iter().zip(explained) {
            let runs = ghosts.iter().map(|ghost| ghost.snapshots).max().unwrap_or_default();
            if runs > RUNS_REMEMBERED && vanished.why != Gone::Hidden {
                forgotten.insert(*of);
                continue;
            }
            let group = &mut snapshot.groups[of.0];
            let all = by_topic
                .range((of.0, Mark(0))..=(of.0, Mark(u128::MAX)))
                .map(|(_, ghosts)| ghosts.len())
                .sum::<usize>();
            let had = group.range().len() + all;
            if !vanished.why.is_known() {
                let what = format!("the group had {had} partitions, and lacks {vanished}");
                group.gaps.push(Unknown::of(Cause::Vanished, what));
            }
            group.vanished.push(vanished);
        }
        past.keep_ghosts(|ghost| !forgotten.contains(&(ghost.group, ghost.mark)));
    }

    /// A run over all groups reads the pages of its own part, and will write them; one that names groups reads every
    /// part that has some of them, and one that is none of the parts reads all.
    fn askers(&self, cluster: &str, selection: &Selection) -> Vec<Asker> {
        let (all, own) = (self.only_reads_parts(), Part::all(self.parts).next().unwrap_or_default());
        let parts: BTreeSet<Part> = match &*selection.named {
            [] if all => Part::all(self.parts).collect(),
            [] => [self.part].into(),
            named => named.iter().map(|name| own.with(name)).collect(),
        };
        // A person's selection is not the schedule's, so such a run does not write into the same history.
        let is_own = selection.named.is_empty() && !all && !self.request.read_only;
        let writer = is_own.then_some(self.config.selection);
        let few = !selection.named.is_empty();
        parts.into_iter().map(|part| Asker { few, ..self.asker(cluster, part, writer) }).collect()
    }

    pub(super) fn asker(&self, cluster: &str, part: Part, writer: Option<u64>) -> Asker {
        Asker {
            addresses: Addresses::new(cluster, part, self.schedule),
            minute: self.minute,
            now: self.clock.now_ms() / 1_000,
            part,
            few: false,
            writer,
        }
    }

    /// Asks, and once more with fresh credentials if those of an earlier run are refused: a password may have been
    /// rotated since, or a certificate replaced.
    pub(super) async fn renewing<T>(&self, ask: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        let kept = self.warm.keeps();
        match ask().await {
            Err(Error::Survey(SurveyError::Unreachable(cause)))
                if kept && cause.is_refused() && Instant::now() < self.until(KAFKA_SHARE) =>
            {
                tracing::info!("{cause}; fetching the credentials again");
                self.warm.forget();
                // The first failure is the cause, whatever the second attempt returns.
                ask().await.map_err(|_| Error::Survey(SurveyError::Unreachable(cause)))
            }
            other => other,
        }
    }

    /// Connects, with credentials that may still be on their way, and surveys the cluster.
    pub(super) async fn survey(&self, selection: &Selection) -> Result<(Survey<'_>, Snapshot), Error> {
        let access = self.access().await?;
        Ok(kafka::survey(access, selection, self.login_s, self.until(KAFKA_SHARE)).await?)
    }

    /// How to connect to the cluster, with credentials that may still be on their way.
    pub(super) async fn access(&self) -> Result<Access<'_>, Error> {
        let kafka = &self.config.kafka;
        let _fetching = Progress::with("fetching what to log in with");
        let fetched = async { tokio::try_join!(self.warm.addresses(kafka), self.warm.tls(kafka)) };
        let what = "the cluster's addresses, or what KAFKA_SSL_TRUSTSTORE and KAFKA_SSL_KEYSTORE name";
        let (bootstrap, tls) = self.in_time(KAFKA_SHARE, what, Box::pin(fetched)).await?;
        Ok(self.access_to(bootstrap, tls))
    }

    /// How to connect to these addresses; the credentials are fetched when a connection needs them.
    ///
    /// Compiled where it is called: a future that is made into a `dyn` here is compiled for the library and again for the
    /// binary, with all that fetches a secret: 310 KB.
    #[inline]
    pub(super) fn access_to(&self, bootstrap: Vec<Endpoint>, tls: Option<Tls>) -> Access<'_> {
        let kafka = &self.config.kafka;
        let login = |sasl| Credentials::coming(self.warm.login(sasl, kafka.truststore.as_ref(), self.login_s));
        let credentials = kafka.sasl.as_ref().map(login);
        Access { bootstrap, tls, credentials, frame_limit: kafka.frame_limit, kept: &self.warm.connections }
    }
}

/// Runs for which a group's vanished partitions are reported.
const RUNS_REMEMBERED: u16 = 10;

/// A cluster without a name of its own (Kafka before 0.10.1).
pub(super) const UNNAMED: &str = "unnamed";

/// The problem of a user without DESCRIBE on the cluster.
const SOME_SHOWN: &str = "this user is shown only groups that it may describe: grant it DESCRIBE on the cluster";
