//! What a Lambda function logs of a run: one line for the run, and one for each group or watched topic that needs attention or whose status
//! changed, and for each problem of the cluster.
//!
//! The answer of an asynchronous invocation is lost, so people read in the log why a group was ERR at night. Each line
//! is a JSON object whose fields `CloudWatch` Logs Insights knows by themselves; `record` is the kind of line.

use crate::model::age::Age;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Error, Run, Taken};
use crate::base::fault;
use crate::base::moment::rfc3339;
use crate::cloudwatch::changes::announced_word;
use crate::cloudwatch::pages::key::OfGroup;
use crate::judge::outcome::LastKnown;
use crate::judge::verdict::Verdict;
use crate::report::Report;

impl Run<'_> {
    /// Logs a run that has a status; `failure` is why it still counts as failed.
    pub(super) fn note(&self, taken: &Taken<'_>, report: &Report<'_>, failure: Option<&str>) {
        if !self.is_logged() {
            return;
        }
        let groups = worth_a_line(taken);
        let totals = &report.totals;
        let count = |verdict: Verdict| totals.by_status.get(verdict.word()).copied().unwrap_or_default();
        tracing::info!(
            record = "run",
            cluster = taken.cluster,
            part = %self.part,
            scheduled = rfc3339(self.scheduled.seconds()),
            status = report.status.word(),
            complete = report.complete,
            groups = totals.groups,
            ok = count(Verdict::Ok),
            warn = count(Verdict::Warn),
            err = count(Verdict::Err),
            unknown = count(Verdict::Unknown) + count(Verdict::NotFound),
            partitions = totals.partitions,
            total_lag = totals.lag,
            problems = report.problems.len(),
            cluster_problems = taken.cluster_problems.len(),
            failure,
            duration_ms = report.duration_ms,
            late_s = report.late_s,
            kafka_requests = report.kafka.requests,
            groups_logged = groups.len().min(MOST_GROUPS),
            groups_left_out = groups.len().saturating_sub(MOST_GROUPS),
            meerkat = env!("CARGO_PKG_VERSION"),
            "run finished"
        );
        let statuses = self.cluster_statuses(taken);
        for problem in taken.cluster_problems.iter().take(MOST_CLUSTER_PROBLEMS) {
            let part = statuses.iter().find(|part| part.problem == Some(problem));
            tracing::info!(
                record = "cluster",
                cluster = taken.cluster,
                kind = problem.kind.word(),
                status = part.map(|part| part.status.word()),
                before = part.map(|part| part.before.word()),
                scheduled = rfc3339(self.scheduled.seconds()),
                "{problem}"
            );
        }
        for part in statuses.iter().filter(|part| part.problem.is_none()).take(MOST_CLUSTER_PROBLEMS) {
            tracing::info!(
                record = "cluster",
                cluster = taken.cluster,
                status = part.status.word(),
                before = part.before.word(),
                scheduled = rfc3339(self.scheduled.seconds()),
                "{}: {}",
                part.part,
                part.reason()
            );
        }
        let topics = taken.watched.iter().filter(|topic| topic.verdict != Verdict::Ok || topic.is_news());
        for topic in topics.take(MOST_GROUPS) {
            tracing::info!(
                record = "topic",
                cluster = taken.cluster,
                topic = &*topic.topic,
                status = topic.verdict.word(),
                before = topic.before.word(),
                new_records = topic.new,
                silent_seconds = topic.silent_s,
                scheduled = rfc3339(self.scheduled.seconds()),
                "{}",
                topic.reason
            );
        }
        for (at, before) in groups.into_iter().take(MOST_GROUPS) {
            let (group, judged) = (&taken.sight.snapshot.groups[at], &taken.judged.groups[at]);
            let last = judged.last_known;
            tracing::info!(
                record = "group",
                cluster = taken.cluster,
                group = &*group.name,
                status = judged.verdict.word(),
                before,
                owner = self.config.owners.of(&group.name).as_deref(),
                total_lag = judged.total_lag,
                max_lag = judged.max_lag,
                lag_seconds = taken.ages.oldest(group.range()).and_then(Age::seconds),
                last_known = last.map(|last| last.verdict().word()),
                last_read = last.map(|last| rfc3339(last.at_s)),
                kind = judged.diagnosis.as_ref().map(|diagnosis| diagnosis.kind.rule().word),
                cause = judged.diagnosis.as_ref().map(ToString::to_string),
                scheduled = rfc3339(self.scheduled.seconds()),
                "{}",
                judged.reason
            );
        }
    }

    /// Logs a run that could read nothing from Kafka, with the last known statuses.
    pub(super) fn note_blind(&self, why: &Error, standing: &BTreeMap<Box<str>, LastKnown>) {
        if !self.is_logged() {
            if !standing.is_empty() {
                tracing::warn!(
                    groups = standing.len(),
                    "this run saw nothing of Kafka; statuses are published as last known"
                );
            }
            return;
        }
        let cluster = self.config.cluster.as_deref();
        tracing::error!(
            record = "run",
            cluster,
            part = %self.part,
            scheduled = rfc3339(self.scheduled.seconds()),
            status = Verdict::Unknown.word(),
            complete = false,
            blind = true,
            standing = standing.len(),
            failure = fault::sentence(why),
            duration_ms = self.clock.elapsed_ms(),
            late_s = self.clock.unix_ms / 1_000 - self.scheduled.seconds(),
            meerkat = env!("CARGO_PKG_VERSION"),
            "this run saw nothing of Kafka"
        );
        for (name, last) in standing.iter().take(MOST_GROUPS) {
            tracing::info!(
                record = "group",
                cluster,
                group = &**name,
                status = Verdict::Unknown.word(),
                owner = self.config.owners.of(name).as_deref(),
                last_known = last.verdict().word(),
                last_read = rfc3339(last.at_s),
                scheduled = rfc3339(self.scheduled.seconds()),
                "not read, and published as last known"
            );
        }
    }

    /// Requests of dashboards and tools between scheduled runs are no events to log.
    fn is_logged(&self) -> bool {
        self.config.in_lambda && self.request.writes()
    }
}

/// The groups whose status changed, then those that are not OK, the worst first; each with its status before.
fn worth_a_line(taken: &Taken<'_>) -> Vec<(usize, Option<&'static str>)> {
    let announced = taken.past.announced();
    let mut lines = Vec::new();
    for (at, (group, judged)) in taken.sight.snapshot.groups.iter().zip(&taken.judged.groups).enumerate() {
        // For a group that is not listed nothing is known if there were more than the list holds.
        let announced = announced.map(|announced| (announced.of(OfGroup::new(&group.name)), announced.more));
        let before =
            announced.filter(|(status, more)| status.is_some() || *more == 0).map(|(status, _)| announced_word(status));
        let changed = !judged.is_unread()
            && judged.published_status().is_some()
            && before.is_some_and(|word| word != judged.verdict.word());
        if changed || judged.verdict != Verdict::Ok {
            lines.push((changed, at, before));
        }
    }
    lines.sort_by_key(|(changed, at, _)| {
        let judged = &taken.judged.groups[*at];
        Reverse((*changed, judged.verdict.severity(), judged.max_lag))
    });
    lines.into_iter().map(|(_, at, before)| (at, before)).collect()
}

/// Troubles of the cluster that a run logs.
const MOST_CLUSTER_PROBLEMS: usize = 10;
/// Groups that a run logs, and watched topics: a line has about 400 bytes, and a day 1,440 runs.
const MOST_GROUPS: usize = 100;
