//! The verdicts on every row and group of a snapshot, and why a group is not OK.

use crate::base::moment::rfc3339;
use crate::judge::acknowledged::{self, as_commits};
use crate::judge::ages::Ages;
use crate::judge::diagnosis::{Case, Diagnosis, Suffering};
use crate::judge::input::Sight;
use crate::judge::memories::{Eye, Memories};
use crate::judge::verdict::{self, Finding, Judgement, Reason, Verdict};
use crate::model::age::Age;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::memory::{Aged, Memory, Reading, Sample};
use crate::model::snapshot::{Gone, Group, Kind};
use crate::model::unknown::Known;

mod group;
mod standing;

pub use group::JudgedGroup;
pub use standing::LastKnown;
pub(crate) use standing::Still;

/// The verdicts.
#[derive(Debug)]
pub struct Judged {
    /// Parallel to [`crate::model::snapshot::Snapshot::groups`].
    pub groups: Vec<JudgedGroup>,
    /// Parallel to [`crate::model::snapshot::Snapshot::rows`].
    pub(crate) rows: Vec<Judgement>,
}

impl Judged {
    /// Gives every row and group its verdict.
    ///
    /// `earlier` is called for the rows that [`Memories::suspicious`] named. The memories store what the verdicts add
    /// to them.
    pub fn new(
        sight: Sight<'_>,
        memories: &mut Memories,
        ages: &Ages<'_>,
        earlier: impl Fn(usize) -> Known<Vec<Sample>>,
    ) -> Self {
        let Sight { snapshot, before, .. } = sight;
        let mut rows = Vec::with_capacity(snapshot.rows.len());
        let mut groups = Vec::with_capacity(snapshot.groups.len());
        for (group, thresholds) in snapshot.groups.iter().zip(sight.thresholds) {
            let eye = Eye::new(sight, group);
            let first = rows.len();
            let is_share = group.kind == Kind::Share;
            let mut judge = |row: usize, mut reading: Reading| {
                let age = ages.of(row).and_then(aged);
                let previous = match before.of(row) {
                    Ok(previous) => previous,
                    Err(why) => {
                        let judgement = verdict::judge_without_history(&reading, why, age, thresholds);
                        return if is_share {
                            acknowledged::of_share_group(sight, row, judgement, true)
                        } else {
                            judgement
                        };
                    }
                };
                let is_suspicious = memories.is_suspicious(row);
                let begun = || Memory::fold(None, &reading, thresholds);
                let mut passing = None;
                let memory = memories.place_of(row).unwrap_or(&mut passing).get_or_insert_with(begun);
                let mut samples = if is_suspicious { earlier(row) } else { Ok(Vec::new()) };
                if !is_share {
                    let samples = samples.as_deref().map_err(Clone::clone);
                    return verdict::judge(previous, &reading, memory, samples, age, thresholds);
                }
                let mut previous = previous.copied();
                let certain = acknowledged::left_some(samples.as_deref().unwrap_or_default(), &reading);
                as_commits(samples.as_mut().unwrap_or(&mut Vec::new()), previous.as_mut(), &mut reading);
                let samples = samples.as_deref().map_err(Clone::clone);
                let judgement = verdict::judge(previous.as_ref(), &reading, memory, samples, age, thresholds);
                acknowledged::of_share_group(sight, row, judgement, certain)
            };
            for row in group.range() {
                let reading = match eye.reading(row) {
                    Ok(reading) => reading,
                    Err(why) => {
                        rows.push(Judgement::plain(Verdict::Unknown, Reason::Unread(why)));
                        continue;
                    }
                };
                // Most rows of a run without history need no rules, and their judgements are made where they stay.
                let age = || ages.of(row).and_then(aged);
                let why = before.of(row).err().filter(|_| !is_share);
                match why.and_then(|why| verdict::judge_at_sight(&reading, why, age, thresholds)) {
                    Some(plain) => rows.push(plain),
                    None => rows.push(judge(row, reading)),
                }
            }
            for again in group.vanished.iter().filter(|vanished| vanished.why == Gone::Recreated) {
                let of_group = snapshot.rows_of(group).iter().zip(&mut rows[first..]);
                let of_topic = of_group.filter(|(row, _)| Some(&snapshot.topic(row).name) == again.topic.as_ref());
                of_topic.for_each(|(_, judgement)| judgement.findings.add(Finding::Recreated));
            }
            groups.push(JudgedGroup::new(sight, group, &rows[first..], thresholds));
        }
        Self { groups, rows }
    }

    /// Names the groups that rebalance again and again.
    pub fn find_storms(&mut self, sight: Sight<'_>, memory: &ClusterMemory) {
        for ((group, judged), thresholds) in sight.snapshot.groups.iter().zip(&mut self.groups).zip(sight.thresholds) {
            if let Some(storm) = memory.storm(group, thresholds.period_ms) {
                judged.storms(storm, group);
            }
        }
    }

    /// Gives every group that is not OK its diagnosis. A group that is OK costs nothing.
    ///
    /// `replaced_s` is asked since when all members of a group are others than before, in seconds since 1970.
    pub fn diagnose(
        &mut self,
        sight: Sight<'_>,
        memories: &Memories,
        ages: &Ages<'_>,
        replaced_s: impl Fn(&Group) -> Option<i64>,
    ) {
        let suffering = Suffering::new(sight, |at| self.groups[at].verdict, &self.rows);
        for (at, group) in sight.snapshot.groups.iter().enumerate() {
            let judged = &mut self.groups[at];
            if judged.verdict == Verdict::Ok {
                continue;
            }
            let case = Case {
                at,
                verdict: judged.verdict,
                judgements: &self.rows[group.range()],
                worst: judged.worst(),
                storm: judged.storm,
                has_finding: judged.finding.is_some(),
            };
            let mut diagnosis = Diagnosis::of(sight, &case, memories, ages, &suffering);
            // Members that come and go again and again are no deployment.
            let is_storm = diagnosis.evidence.rebalances.is_some();
            let replaced_s = replaced_s(group).filter(|_| !is_storm);
            diagnosis.evidence.members_replaced_at = replaced_s.map(rfc3339);
            judged.diagnosis = Some(Box::new(diagnosis));
        }
    }

    /// The verdicts on a group's rows.
    pub(crate) fn rows_of(&self, group: &Group) -> &[Judgement] {
        &self.rows[group.range()]
    }
}

/// The bounds of an age; `None` if nothing is known of it.
fn aged(age: &Age) -> Option<Aged> {
    let (at_least_ms, at_most_ms) = match *age {
        Age::CaughtUp => (0, Some(0)),
        Age::Exact { ms } | Age::Interpolated { ms } => (ms, Some(ms)),
        Age::Tied { ms, at_least_ms } | Age::AtMost { ms, at_least_ms } => (at_least_ms, Some(ms)),
        Age::AtLeast { ms } => (ms, None),
        Age::Unknown(_) => return None,
    };
    Some(Aged { at_least_ms, at_most_ms })
}
