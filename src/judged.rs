//! Every partition of a snapshot beside its past: memories folded, suspicious ones named, verdicts given.

use std::fmt::Write as _;

use crate::lag::{self, Known, Unknown};
use crate::memory::{Look, Members, Memory, Sample, Thresholds};
use crate::snapshot::{Claim, Group, Snapshot};
use crate::verdict::{self, Judgement, Verdict};

/// Where a partition stands in a snapshot: index of the group, index of the claim within it.
pub type Position = (usize, usize);

/// What the store knows of a partition: its newest earlier sample, `None` where there is none.
pub type Previous = Known<Option<Sample>>;

/// One memory for each claim of each group; `None` where the partition could not be read.
#[derive(Debug)]
pub struct Memories(Vec<Vec<Option<Memory>>>);

/// The verdicts, parallel to [`Snapshot::groups`].
#[derive(Debug)]
pub struct Judged(pub Vec<JudgedGroup>);

/// A group with its verdict.
#[derive(Debug)]
pub struct JudgedGroup {
    /// The worst of its partitions, or what could not be read.
    pub verdict: Verdict,
    /// Why, as one sentence.
    pub reason: String,
    /// Unread offsets of all partitions that could be read; `None` where there is not one.
    pub total_lag: Option<u64>,
    /// The largest of them.
    pub max_lag: Option<u64>,
    /// Seconds until every partition has snapshots enough; `None` when no partition waits for any.
    pub warming_up_s: Option<i64>,
    /// Parallel to the group's claims.
    pub partitions: Vec<Judgement>,
}

/// What this run saw of a partition.
///
/// # Errors
/// Why it could not be read.
pub fn look(snapshot: &Snapshot, group: &Group, claim: &Claim, time_ms: i64) -> Known<Look> {
    let committed = claim.committed.clone()?;
    let log = snapshot.log(claim)?;
    let members = match &group.members {
        Ok(members) if members.is_empty() => Members::Absent,
        Ok(_) => Members::Present,
        Err(_) => Members::Unknown,
    };
    Ok(Look { time_ms, committed, log, assigned: group.assigned(claim), members })
}

impl Memories {
    /// Folds what was seen into what is remembered. Where the history cannot be read, the memory starts afresh.
    pub fn fold(
        snapshot: &Snapshot,
        time_ms: i64,
        previous: impl Fn(Position) -> Previous,
        thresholds: impl Fn(&Group) -> Thresholds,
    ) -> Self {
        let groups = snapshot.groups.iter().enumerate().map(|(g, group)| {
            let thresholds = thresholds(group);
            let claims = group.claims.iter().flatten().enumerate().map(|(c, claim)| {
                let look = look(snapshot, group, claim, time_ms).ok()?;
                let previous = previous((g, c)).ok().flatten();
                Some(Memory::fold(previous.as_ref(), &look, &thresholds))
            });
            claims.collect()
        });
        Self(groups.collect())
    }

    /// The partitions whose window of samples is needed for a verdict.
    pub fn suspicious(&self) -> impl Iterator<Item = Position> {
        let groups = self.0.iter().enumerate();
        groups.flat_map(|(g, memories)| {
            let claims = memories.iter().enumerate();
            claims.filter(|(_, memory)| memory.is_some_and(Memory::is_suspicious)).map(move |(c, _)| (g, c))
        })
    }

    /// What is to be remembered of a partition.
    #[must_use]
    pub fn of(&self, (group, claim): Position) -> Option<Memory> {
        *self.0.get(group)?.get(claim)?
    }
}

impl Judged {
    /// Gives every partition and group its verdict.
    ///
    /// `earlier` is asked for the partitions that [`Memories::suspicious`] named.
    pub fn new(
        snapshot: &Snapshot,
        time_ms: i64,
        memories: &Memories,
        previous: impl Fn(Position) -> Previous,
        earlier: impl Fn(Position) -> Known<Vec<Sample>>,
        thresholds: impl Fn(&Group) -> Thresholds,
    ) -> Self {
        let groups = snapshot.groups.iter().enumerate().map(|(g, group)| {
            let thresholds = thresholds(group);
            let judge = |c, claim: &Claim| {
                let look = match look(snapshot, group, claim, time_ms) {
                    Ok(look) => look,
                    Err(why) => return unread(&why),
                };
                let Some(memory) = memories.of((g, c)) else {
                    return unread(&Unknown::because("nothing is remembered"));
                };
                match previous((g, c)) {
                    Err(why) => verdict::judge_without_history(&look, &why, &thresholds),
                    Ok(previous) if memory.is_suspicious() => match earlier((g, c)) {
                        Ok(samples) => verdict::judge(previous.as_ref(), &look, memory, Ok(&samples), &thresholds),
                        Err(why) => verdict::judge(previous.as_ref(), &look, memory, Err(why), &thresholds),
                    },
                    Ok(previous) => verdict::judge(previous.as_ref(), &look, memory, Ok(&[]), &thresholds),
                }
            };
            let claims = group.claims.iter().flatten().enumerate();
            JudgedGroup::new(snapshot, group, claims.map(|(c, claim)| judge(c, claim)).collect())
        });
        Self(groups.collect())
    }
}

impl JudgedGroup {
    /// The code to publish; `None` while the group warms up, so that an alarm keeps its state.
    #[must_use]
    pub fn published_status(&self) -> Option<u8> {
        (self.warming_up_s.is_none() || self.verdict != Verdict::Ok).then(|| self.verdict.code())
    }

    fn new(snapshot: &Snapshot, group: &Group, partitions: Vec<Judgement>) -> Self {
        let claims = group.claims.as_deref().unwrap_or_default();
        let unread = |claim: &Claim| lag::lag(*claim.committed.as_ref().ok()?, snapshot.log(claim).ok()?).unread();
        let (mut total_lag, mut max_lag) = (None, None);
        for lag in claims.iter().filter_map(unread) {
            total_lag = Some(total_lag.unwrap_or(0_u64).saturating_add(lag));
            max_lag = max_lag.max(Some(lag));
        }
        let missing = group.claims.as_ref().err().or(group.gaps.first());
        let verdicts = partitions.iter().map(|judgement| judgement.verdict);
        let verdict = match missing {
            None if group.is_missing() => Verdict::NotFound,
            None => verdict::group(verdicts),
            Some(_) => verdict::group(verdicts.chain([Verdict::Unknown])),
        };
        let worst = claims.iter().zip(&partitions).max_by_key(|(claim, judgement)| {
            (judgement.verdict.severity(), unread(claim), std::cmp::Reverse((claim.topic, claim.partition)))
        });
        let reason = match (verdict, missing, worst) {
            (Verdict::NotFound, ..) => String::from("there is no such group"),
            (Verdict::Unknown, Some(why), _) => why.to_string(),
            (_, _, None) => String::from("the group reads nothing"),
            (Verdict::Ok, _, Some(_)) => match total_lag {
                Some(lag) => format!("{}, {} records behind in all", partitions_of(claims), verdict::grouped(lag)),
                None => format!("{}, nothing was ever committed", partitions_of(claims)),
            },
            (_, _, Some((claim, judgement))) => {
                let topic = &snapshot.topics[claim.topic].name;
                let alike = partitions.iter().filter(|other| other.verdict == judgement.verdict).count() - 1;
                let mut reason =
                    format!("{topic}/{} {}: {}", claim.partition, judgement.verdict.word(), judgement.reason);
                if alike > 0 {
                    let _ = write!(reason, " (and {alike} more)");
                }
                reason
            }
        };
        let warming_up_s = partitions.iter().filter_map(|judgement| judgement.warming_up_s).max();
        Self { verdict, reason, total_lag, max_lag, warming_up_s, partitions }
    }
}

fn partitions_of(claims: &[Claim]) -> String {
    match claims.len() {
        1 => String::from("1 partition"),
        several => format!("{several} partitions"),
    }
}

fn unread(why: &Unknown) -> Judgement {
    Judgement { verdict: Verdict::Unknown, reason: why.to_string().into(), warming_up_s: None, findings: Vec::new() }
}
