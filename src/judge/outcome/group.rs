//! A group's verdict, from those of its rows.

use std::fmt::Write as _;

use super::LastKnown;
use crate::base::figures::{records_of, seconds, shown};
use crate::base::spelling::nearest;
use crate::judge::diagnosis::{Diagnosis, at_sight, storming};
use crate::judge::flow;
use crate::judge::input::Sight;
use crate::judge::verdict::{self, Judgement, Pace, Reason, Verdict};
use crate::model::lags::Left;
use crate::model::memory::Thresholds;
use crate::model::snapshot::{Group, Kind, Snapshot};
use crate::model::turnover::Storm;

/// A group with its verdict.
#[derive(Debug)]
pub struct JudgedGroup {
    /// The worst of its partitions, or what could not be read.
    pub verdict: Verdict,
    pub(crate) reason: String,
    /// What this snapshot shows besides the lag; part of the reason of a group that is OK or cannot be judged.
    pub(crate) finding: Option<String>,
    /// Unread offsets of all partitions that could be read; `None` if there is none.
    pub(crate) total_lag: Option<u64>,
    /// The largest of them.
    pub(crate) max_lag: Option<u64>,
    /// Whether the total leaves out partitions that could not be read, so that it is a lower bound.
    pub(crate) at_least: bool,
    /// Whether a coordinator does not return how much is left, so that the total is an upper bound.
    pub(crate) at_most: bool,
    /// The direction of the lag; `None` if it has none, or that of the partition with the largest is not known.
    pub(crate) pace: Option<Pace>,
    /// That it rebalances again and again; `None` where it does not, or too little is remembered.
    pub(crate) storm: Option<Storm>,
    /// In how many seconds unread records of it will be deleted, at the pace of the last run; `None` where none will, or nobody knows.
    pub(crate) loss_ahead_s: Option<u64>,
    /// Whether every verdict rests on something that was seen.
    supported: bool,
    /// Seconds until every partition has snapshots enough; `None` when no partition waits for any.
    pub(crate) warming_up_s: Option<i64>,
    /// The status that was published earlier and that this run did not see end; `None` if this run read enough.
    pub(crate) last_known: Option<LastKnown>,
    /// Why it is not OK; `None` where it is, and before [`super::Judged::diagnose`].
    pub(crate) diagnosis: Option<Box<Diagnosis>>,
    /// The row that the verdict is about, counted from the first of the group.
    worst: Option<usize>,
}

impl JudgedGroup {
    /// The code to publish; `None` if an alarm is to keep its state.
    ///
    /// | the group is | published | what an alarm sees |
    /// |---|---|---|
    /// | OK, and everything that lags was seen to move or caught up since it is remembered | 1 | it closes |
    /// | OK, and nothing was ever committed: what it has read is unknown | nothing | no change |
    /// | OK, but warming up, or after a cold start nothing supports it yet | nothing | no change |
    /// | WARN | 2 | it opens where it asks for 2 |
    /// | ERR | 3 | it opens |
    /// | UNKNOWN, and WARN or ERR was published within three hours | that | it stays; `UnknownGroups` counts the group |
    /// | UNKNOWN otherwise, or NOTFOUND | nothing | `UnknownGroups` counts it |
    ///
    /// An alarm over many groups (Metrics Insights) turns to OK for a group of which nothing is published.
    pub(crate) fn published_status(&self) -> Option<u8> {
        match self.verdict {
            Verdict::Ok if self.warming_up_s.is_some() || !self.supported || self.total_lag.is_none() => None,
            Verdict::Unknown => self.last_known.map(|last| last.status),
            Verdict::NotFound => None,
            verdict => Some(verdict.code()),
        }
    }

    /// The row that the verdict is about, counted from the first of the group; `None` where it has no rows.
    pub(crate) fn worst(&self) -> Option<usize> {
        self.worst
    }

    /// Adds that the group rebalances again and again: that is a finding, and no status by itself.
    pub(crate) fn storms(&mut self, storm: Storm, group: &Group) {
        let what = storming(storm, group).to_string();
        let _ = write!(self.reason, "; {what}");
        self.finding = Some(self.finding.take().map_or(what.clone(), |finding| format!("{finding}; {what}")));
        self.storm = Some(storm);
    }

    /// Whether it could not be read well enough for a verdict.
    pub(crate) fn is_unread(&self) -> bool {
        self.verdict == Verdict::Unknown
    }

    /// The group, as soon as its rows are judged.
    pub(crate) fn new(sight: Sight<'_>, group: &Group, judgements: &[Judgement], thresholds: &Thresholds) -> Self {
        let period_ms = thresholds.period_ms;
        let (snapshot, lags) = (sight.snapshot, sight.lags.of_rows(group.range()));
        let sum = Sum::of(judgements, lags);
        let missing = group.incomplete();
        let verdicts = sum.worst.map(|worst| judgements[worst].verdict);
        let verdict = match missing {
            None if group.is_missing() => Verdict::NotFound,
            None => verdict::group(verdicts),
            Some(_) => verdict::group(verdicts.into_iter().chain([Verdict::Unknown])),
        };
        let partitions = lags.len();
        let at_most = at_most(snapshot, group, lags);
        let pace = sum.pace.filter(|pace| sum.most_goes || matches!(pace, Pace::FallsBehind { .. }));
        // Most groups have no findings.
        let found = if sum.found > 0 { judgements } else { &[] };
        let finding = at_sight(snapshot, group, found, lags, |_| true).map(|finding| finding.to_string());
        let unjudged = |worst: usize| verdict == Verdict::Unknown && judgements[worst].reason.is_unjudged();
        let mut reason = match (verdict, missing, sum.worst) {
            (Verdict::NotFound, ..) => no_such_group(&group.name, snapshot),
            (Verdict::Unknown, Some(why), _) => why.to_string(),
            (_, _, None) => String::from("the group reads nothing"),
            (Verdict::Ok, _, Some(_)) => {
                let mut reason = String::with_capacity(USUAL_REASON);
                if let Some(missing) = sum.early {
                    let _ = write!(reason, "{}, ", verdict::early(missing));
                }
                let s = if partitions == 1 { "" } else { "s" };
                let _ = match sum.total {
                    Some(lag) => {
                        let bound = if at_most { "at most " } else { "" };
                        write!(reason, "{partitions} partition{s}, {bound}{} behind in all", records_of(lag))
                    }
                    None if group.kind == Kind::Share => {
                        write!(reason, "{partitions} partition{s}, nothing was read yet")
                    }
                    None => write!(reason, "{partitions} partition{s}, nothing was ever committed"),
                };
                if let Some(s) = sum.backlog_s {
                    let _ = write!(reason, ", never caught up for at least {}", seconds(s.into()));
                }
                if let Some(pace) = pace {
                    let _ = write!(reason, ", {pace}");
                }
                if let Some(finding) = &finding {
                    let _ = write!(reason, "; {finding}");
                }
                reason
            }
            (_, _, Some(worst)) if unjudged(worst) => finding.clone().unwrap_or_else(|| {
                let bound = if at_most { "at most " } else { "" };
                format!("{bound}{} unread; no earlier run to compare with", records_of(sum.total.unwrap_or_default()))
            }),
            (_, _, Some(worst)) => {
                let (row, judgement) = (&snapshot.rows_of(group)[worst], &judgements[worst]);
                let topic = &snapshot.topic(row).name;
                let mut reason = String::with_capacity(topic.len() + USUAL_REASON);
                let _ = write!(reason, "{topic}/{} {}: {judgement}", row.partition, judgement.verdict.word());
                let alike = judgements.iter().filter(|other| other.verdict == judgement.verdict).count() - 1;
                if alike > 0 {
                    let _ = write!(reason, " (and {alike} more)");
                }
                // A missing age or history does not explain itself.
                if let (Reason::Unread(_) | Reason::Late { .. }, Some(finding)) = (judgement.reason.plain(), &finding) {
                    let _ = write!(reason, "; {finding}");
                }
                reason
            }
        };
        for topic in &group.missing_topics {
            let _ = write!(reason, "; topic {topic} does not exist");
        }
        let at_least = missing.is_some() || sum.at_least;
        if let Some(lag) = sum.total.filter(|_| at_least) {
            let _ = write!(reason, "; at least {} behind in all", records_of(lag));
        }
        for vanished in group.vanished.iter().filter(|vanished| vanished.why.is_known()) {
            let _ = write!(reason, "; no longer there: {vanished}");
        }
        let soon = |at| flow::loss_ahead_s(sight, group, at, thresholds.allowed_lag);
        let loss_ahead_s = sight.before.0.as_ref().ok().and_then(|_| group.range().filter_map(soon).min());
        if let Some(s) = loss_ahead_s.filter(|s| verdict != Verdict::Ok && *s <= flow::LOSS_SHOWN_S) {
            let _ = write!(reason, "; unread records will be deleted in about {}", seconds(s));
        }
        let Sum { worst, total, most, supported, snapshots_missing, .. } = sum;
        let warming_up_s = (snapshots_missing > 0).then(|| i64::from(snapshots_missing) * period_ms / 1_000);
        Self {
            verdict,
            reason,
            finding,
            total_lag: total,
            max_lag: most,
            at_least,
            at_most,
            pace,
            storm: None,
            loss_ahead_s,
            supported,
            warming_up_s,
            last_known: None,
            diagnosis: None,
            worst,
        }
    }
}

fn no_such_group(name: &str, snapshot: &Snapshot) -> String {
    let listed = snapshot.listed.iter().flatten().map(|listed| &**listed);
    let near: Vec<String> = nearest(name, listed).into_iter().map(shown).collect();
    match &*near {
        [] => String::from("there is no such group"),
        near => format!("there is no such group; did you mean {}?", near.join(" or ")),
    }
}

/// Bytes that most reasons need besides the topic's name, so that there is one piece of memory for each group.
const USUAL_REASON: usize = 100;

/// Whether the coordinator of a share group does not return everywhere how much of what is behind its start is
/// acknowledged.
fn at_most(snapshot: &Snapshot, group: &Group, lags: &[Left]) -> bool {
    let is_bound = |(row, left): (usize, &Left)| snapshot.unacknowledged.of(row).is_none() && left.offsets() > Some(0);
    group.kind == Kind::Share && group.range().zip(lags).any(is_bound)
}

/// The sums over the rows of a group.
#[derive(Default)]
struct Sum {
    /// The first of the worst, the one with the largest lag counting as worst.
    worst: Option<usize>,
    total: Option<u64>,
    most: Option<u64>,
    at_least: bool,
    /// How many rows have findings.
    found: usize,
    supported: bool,
    /// Until there are enough for every verdict.
    snapshots_missing: u8,
    /// Snapshots that the youngest memory still needs.
    early: Option<u8>,
    pace: Option<Pace>,
    /// Whether that of the partition that lags most is known.
    most_goes: bool,
    /// For how many seconds at least one of them was never caught up.
    backlog_s: Option<u32>,
}

impl Sum {
    fn of(judgements: &[Judgement], lags: &[Left]) -> Self {
        let mut sum = Self { supported: true, ..Self::default() };
        // One more than what is left, so that 0 means unknown.
        let (mut total, mut most, mut badness) = (0_u64, 0, (0, 0));
        for (at, (judgement, left)) in judgements.iter().zip(lags).enumerate() {
            let behind = left.offsets().map_or(0, |offsets| offsets + 1);
            let pace = judgement.findings.pace();
            total = total.saturating_add(behind.saturating_sub(1));
            if behind > most {
                (most, sum.most_goes) = (behind, pace.is_some());
            }
            if let Some(pace) = pace {
                sum.pace = Some(sum.pace.map_or(pace, |known| known.with(pace)));
            }
            sum.at_least |= left.is_unread();
            sum.found += usize::from(!judgement.findings.is_empty());
            sum.supported &= judgement.supported;
            sum.snapshots_missing = sum.snapshots_missing.max(judgement.snapshots_missing);
            match judgement.reason.plain() {
                Reason::Backlog { s, .. } => sum.backlog_s = sum.backlog_s.max(Some(*s)),
                Reason::WarmingUp { missing, .. } => sum.early = sum.early.max(Some(*missing)),
                _ => {}
            }
            let bad = (judgement.verdict.severity(), behind);
            if bad > badness || at == 0 {
                (badness, sum.worst) = (bad, Some(at));
            }
        }
        sum.most = most.checked_sub(1);
        sum.total = sum.most.map(|_| total);
        sum
    }
}
