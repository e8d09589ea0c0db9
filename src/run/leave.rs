//! The last part of a run: what it stores for the next run and publishes for people, and when it writes nothing.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::timeout_at;

use super::stand::of_names;
use super::{Run, Taken};
use crate::base::budget::CHANGES_SHARE;
use crate::base::fault;
use crate::base::moment::rfc3339;
use crate::base::progress::Progress;
use crate::cloudwatch::changes::Changes;
use crate::cloudwatch::cost::{PRICES_OF, Volume};
use crate::cloudwatch::metrics::{self, Plan};
use crate::cloudwatch::pages::roster::{Announced, GroupCount, Restless};
use crate::cloudwatch::pages::rosters::Own;
use crate::cloudwatch::past::{Leaving, Past};
use crate::cloudwatch::publish::Written;
use crate::cloudwatch::restless::restless;
use crate::config::otlp::Otlp;
use crate::config::{CHANGES_TOPIC as CHANGES, MetricsDetail};
use crate::judge::cluster::{self, PartStatus};
use crate::judge::numbers::Results;
use crate::judge::verdict::Verdict;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::snapshot::Group;
use crate::model::unknown::{Cause, Unknown};
use crate::otlp;
use crate::report::{HistoryEntry, MetricsEntry, OtlpEntry, openmetrics};

impl Taken<'_> {
    fn lists_all_groups(&self) -> bool {
        self.sight.snapshot.listed.is_ok() && self.vanished == 0
    }
}

impl Run<'_> {
    /// Stores this snapshot beside the earlier ones, and publishes the results for people.
    pub(super) async fn leave(&self, taken: &Taken<'_>) -> (HistoryEntry, MetricsEntry) {
        let _writing = self.store.is_some().then(|| Progress::with("writing to CloudWatch"));
        let before = taken.past.roster().map(|roster| &roster.restless);
        let (mut published, next) = restless(taken.sight, &taken.judged, before);
        if self.config.store.detail != MetricsDetail::Problems {
            published.fill(true);
        }
        // A change that could not be sent is sent by the next run, so the snapshot is stored afterwards.
        let remember = async {
            let mut cluster = taken.cluster_memory.clone();
            let (announced, unsent) = self.announce_changes(taken, &mut cluster).await;
            (self.remember(taken, next, announced, cluster).await, unsent)
        };
        let ((history, unsent), mut metrics, otlp) =
            tokio::join!(remember, self.publish(taken, &published), self.send(taken, &published));
        metrics.otlp = otlp;
        metrics.problems.extend(unsent);
        if metrics.enabled {
            let partitions = taken.sight.snapshot.rows.len();
            let pages = history.metrics.saturating_sub(1);
            let volume = Volume { partitions, pages, published: metrics.published, windows: history.windows_read };
            let dollars = volume.used().dollars_a_month(self.schedule);
            metrics.dollars_a_month = Some((dollars * 100.0).round() / 100.0);
        }
        (history, metrics)
    }

    /// Sends the changes to the topic; returns which groups will have been announced, and why some messages were not sent. What else was announced
    /// is added to what is remembered of the cluster.
    async fn announce_changes(&self, taken: &Taken<'_>, cluster: &mut ClusterMemory) -> (Announced, Vec<String>) {
        if !(self.writes() && self.remembers() && taken.past.own() == Some(Own::Empty)) {
            // The snapshot is not stored either.
            return (Announced::default(), Vec::new());
        }
        let whole = taken.lists_all_groups();
        // What was announced before the history was lost is what was published before.
        let recalled = Announced { groups: taken.stand.recalled.clone(), more: 0 };
        let before = taken.past.announced().or(Some(&recalled));
        let (problems, notes) = (&taken.cluster_problems, taken.past.notes());
        let changes = Changes::new(taken.sight.snapshot, &taken.judged, problems, before, whole, &self.config.owners)
            .with(&taken.watched, &self.cluster_statuses(taken));
        let Some(topic) = &self.config.store.changes else {
            changes.keep(cluster, notes, |_| true);
            return (changes.announced(|_| true), Vec::new());
        };
        let messages = changes.messages(&taken.cluster, self.scheduled.seconds());
        let sends = messages.iter().map(|notice| {
            let sent = self.warm.door.send(CHANGES, topic, notice);
            async { timeout_at(self.until(CHANGES_SHARE), sent).await }
        });
        let mut problems: Vec<String> = Vec::new();
        let mut accepted = Vec::with_capacity(messages.len());
        for sent in join_all(sends).await {
            let problem = match sent {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(fault::sentence(&error)),
                Err(_) => {
                    Some(format!("{CHANGES} ({}) accepted no message in time; the next run sends it", topic.text))
                }
            };
            accepted.push(problem.is_none());
            problems.extend(problem.filter(|problem| !problems.contains(problem)));
        }
        tracing::debug!(messages = messages.len(), "changes sent");
        let accepted = |message: usize| accepted.get(message).copied().unwrap_or(false);
        changes.keep(cluster, notes, accepted);
        (changes.announced(accepted), problems)
    }

    /// The statuses of the cluster itself, where they are asked for.
    pub(super) fn cluster_statuses<'t>(&self, taken: &'t Taken<'_>) -> Vec<PartStatus<'t>> {
        if self.config.judgement.cluster_alarms {
            cluster::statuses(&taken.cluster_problems, &taken.cluster_memory, taken.lists_all_groups())
        } else {
            Vec::new()
        }
    }

    async fn remember(
        &self,
        taken: &Taken<'_>,
        restless: Restless,
        announced: Announced,
        cluster: ClusterMemory,
    ) -> HistoryEntry {
        let Some(store) = self.store.as_ref().filter(|_| self.remembers()) else {
            let unjudged =
                self.watch.is_none() && taken.judged.rows.iter().any(|judgement| judgement.reason.is_unjudged());
            let advice = unjudged.then_some(WHAT_TO_SET.into());
            return HistoryEntry { advice, ..HistoryEntry::default() };
        };
        let snapshot = taken.sight.snapshot;
        let mut written = Written::default();
        if self.writes() {
            // If groups may be missing, the earlier number is the one to compare with.
            let before = taken.past.roster().map(|roster| GroupCount::of(roster.groups));
            let listed = snapshot.listed.as_ref().ok().and_then(|_| u32::try_from(snapshot.present()).ok());
            let elsewhere = snapshot.blind.as_ref().is_some_and(|why| why.cause() == Cause::NoTopic);
            let groups = match (listed, before) {
                // A service without the offsets topic no longer lists a group once its members are gone.
                (Some(listed), Some(before)) if elsewhere && taken.vanished > 0 => {
                    before.doubted_again(listed, self.schedule.period())
                }
                (Some(groups), _) => GroupCount { groups, doubted: 0 },
                (None, before) => before.unwrap_or_default(),
            };
            let groups = groups.packed();
            // Partitions that vanished keep their slots, so that nothing is missing.
            let read =
                |group: &Group| group.rows.is_ok() && group.gaps.iter().all(|why| why.cause() == Cause::Vanished);
            let whole = taken.lists_all_groups() && snapshot.groups.iter().all(read);
            let standing = self.standing(&taken.stand, &snapshot.groups, &taken.judged);
            let leaving = Leaving { taken: taken.sight.time_ms, groups, whole, restless, announced, standing, cluster };
            written = taken.past.write(store, snapshot, &taken.memories, leaving, self.clock.deadline).await;
        }
        HistoryEntry {
            metrics: written.metrics,
            datums_written: written.datums,
            problems: problems(&written),
            ..taken.past.entry()
        }
    }

    async fn publish(&self, taken: &Taken<'_>, published: &[bool]) -> MetricsEntry {
        let Some(store) = self.store.as_ref().filter(|_| self.publishes() && self.writes()) else {
            return MetricsEntry::default();
        };
        let results = self.results(taken, |group| published[group]);
        let Plan { datums, metrics, refused } =
            metrics::plan(&results, self.config.store.detail, self.config.store.limit);
        if let Some(refused) = &refused {
            tracing::error!("{refused}");
        }
        let written = store.publish(self.scheduled, &datums, self.clock.deadline).await;
        MetricsEntry {
            enabled: true,
            published: metrics,
            prices_of: PRICES_OF.into(),
            refused: refused.map(|refused| refused.to_string()),
            problems: problems(&written),
            ..MetricsEntry::default()
        }
    }

    /// Sends the results to a receiver of OTLP, if one is configured.
    async fn send(&self, taken: &Taken<'_>, published: &[bool]) -> Option<OtlpEntry> {
        let target = self.receiver().filter(|_| self.writes())?;
        let results = self.results(taken, |group| published[group]);
        let minute = self.scheduled.seconds();
        let bodies = otlp::message::requests(&results, self.config.store.detail, &target.resource, minute);
        let sent = otlp::send(target, &self.warm.door, bodies, self.clock.deadline).await;
        let a_month = otlp::bytes_a_month(sent.weight, self.config.judgement.period);
        Some(OtlpEntry { points: sent.points, bytes: sent.bytes, bytes_a_month: a_month, problems: sent.problems })
    }

    /// The receiver of OTLP, unless the event turns publishing off.
    pub(super) fn receiver(&self) -> Option<&Otlp> {
        self.config.store.otlp.as_ref().filter(|_| self.request.publish != Some(false))
    }

    fn results(&self, taken: &Taken<'_>, reported: impl Fn(usize) -> bool) -> Results {
        let Taken { cluster, sight, judged, ages, vanished, stand, .. } = taken;
        let of = (cluster.as_str(), self.part);
        let mut results = Results::new(of, *sight, judged, ages, reported, *vanished, self.clock.elapsed_ms());
        results.groups.extend(of_names(&stand.unlisted));
        let topics = taken.watched.iter().filter(|topic| topic.verdict != Verdict::Unknown);
        results.topics = topics.map(|topic| (Arc::clone(&topic.topic), topic.verdict.code())).collect();
        results.cluster_problems = self.config.judgement.cluster_alarms.then(|| {
            let lasting = taken.cluster_problems.iter().filter(|problem| problem.alarm().is_some());
            u32::try_from(lasting.count()).unwrap_or(u32::MAX)
        });
        results
    }

    /// What is published, of all groups, for Prometheus.
    pub(super) fn openmetrics(&self, taken: &Taken<'_>) -> String {
        openmetrics::text(&self.results(taken, |_| true), self.config.store.detail, taken.sight.time_ms)
    }

    /// Whether anything is written at all.
    pub(super) fn writes(&self) -> bool {
        self.request.writes() && self.late().is_none() && !self.only_reads_parts()
    }

    /// The problem that a scheduled run is none of the parts, and so writes nothing.
    pub(super) fn is_no_part(&self) -> Option<Unknown> {
        (self.only_reads_parts() && self.request.writes() && self.request.scheduled.is_some()).then(|| {
            Unknown::because(format!(
                "MEERKAT_PARTS={} expects a part of the groups per run, and this run has none: nothing is written; set MEERKAT_PART, or part in the event",
                self.parts
            ))
        })
    }

    /// Why nothing is written: an event that was redriven or copied must not damage the history of its minute.
    pub(super) fn late(&self) -> Option<Unknown> {
        let scheduled = self.scheduled.seconds();
        if self.schedule.is_in_time(scheduled, self.clock.unix_ms) {
            return None;
        }
        let late = self.clock.unix_ms / 1_000 - scheduled;
        let when = if late < 0 { "still to come" } else { "over" };
        let minute = rfc3339(scheduled);
        Some(Unknown::because(format!(
            "the event was scheduled for {minute}, which is {when} by {} s; neither history nor metrics are written: leave scheduled out of events that are sent by hand",
            late.abs()
        )))
    }

    /// Whether a snapshot of another event in the same period is stored already.
    pub(super) fn too_often(&self, past: &Past) -> Option<Unknown> {
        let Some(Own::Kept(taken)) = past.own().filter(|_| self.writes() && self.request.scheduled.is_some()) else {
            return None;
        };
        let early = self.scheduled.seconds() - taken / 1_000;
        (early > TWICE_DELIVERED_S).then(|| {
            Unknown::because(format!(
                "runs come more often than every {} minutes: the snapshot of {} stays; set MEERKAT_PERIOD to the schedule's interval",
                self.schedule.period(),
                rfc3339(taken / 1_000)
            ))
        })
    }

    pub(super) fn publishes(&self) -> bool {
        self.request.publish.unwrap_or(self.config.store.publish)
    }
}

/// What gives a lag a verdict without history.
const WHAT_TO_SET: &str = "for verdicts run meerkat --watch, or set MEERKAT_OBJECTIVE=300 (maximum age in seconds); with AWS set MEERKAT_HISTORY=on";
/// The same event may be delivered twice, within a minute.
const TWICE_DELIVERED_S: i64 = 30;

/// What could not be written, with causes, each once.
fn problems(written: &Written) -> Vec<String> {
    let mut problems: Vec<String> = Vec::new();
    for problem in written.failures.iter().map(|error| fault::sentence(&**error)) {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}
