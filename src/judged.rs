//! Every row of a snapshot beside its past: memories folded, suspicious ones named, verdicts given.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::acknowledged::{self, as_commits};
use crate::age::Age;
use crate::ages::Ages;
use crate::lag::{Known, Unknown};
use crate::memory::{Aged, Look, Members, Memory, Sample, Thresholds};
use crate::snapshot::{Group, Kind, Row, Snapshot};
use crate::verdict::{self, Judgement, Reason, Verdict};

/// What the store knows of a row: its newest earlier sample, `None` where there is none.
pub type Previous = Known<Option<Sample>>;

/// What the store knows of each row, or why it knows nothing of any.
#[derive(Debug)]
pub struct Before(pub Known<Vec<Previous>>);

/// One memory for each row; `None` where the partition could not be read.
#[derive(Debug)]
pub struct Memories {
    remembered: Vec<Option<Memory>>,
    /// Rows whose window is needed to tell whether anything is left at all.
    doubtful: BTreeSet<usize>,
}

/// The verdicts.
#[derive(Debug)]
pub struct Judged {
    /// Parallel to [`Snapshot::groups`].
    pub groups: Vec<JudgedGroup>,
    /// Parallel to [`Snapshot::rows`].
    pub rows: Vec<Judgement>,
}

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
    /// Whether the total leaves out partitions that could not be read, so that it is a lower bound.
    pub at_least: bool,
    /// Whether every verdict rests on something that was seen.
    supported: bool,
    /// Seconds until every partition has snapshots enough; `None` when no partition waits for any.
    pub warming_up_s: Option<i64>,
}

/// What this run saw of a row.
///
/// # Errors
/// Why it could not be read.
pub fn look(snapshot: &Snapshot, group: &Group, row: &Row, time_ms: i64) -> Known<Look> {
    let committed = row.committed.clone()?;
    let log = snapshot.ahead(row)?;
    let members = match &group.members {
        Ok(members) if members.is_empty() => Members::Absent,
        Ok(_) => Members::Present,
        Err(_) => Members::Unknown,
    };
    Ok(Look { time_ms, committed, log, assigned: group.assigned(row), members })
}

impl Before {
    /// A row's newest earlier sample.
    ///
    /// # Errors
    /// Why the history could not be read.
    pub fn of(&self, row: usize) -> Result<Option<&Sample>, &Unknown> {
        Ok(self.0.as_ref()?[row].as_ref()?.as_ref())
    }
}

impl Memories {
    /// Folds what was seen into what is remembered. Where the history cannot be read, the memory starts afresh.
    pub fn fold(snapshot: &Snapshot, time_ms: i64, before: &Before, thresholds: impl Fn(&Group) -> Thresholds) -> Self {
        let mut memories = Vec::with_capacity(snapshot.rows.len());
        let mut doubtful = BTreeSet::new();
        for group in &snapshot.groups {
            let thresholds = thresholds(group);
            memories.extend(group.range().map(|row| {
                let mut look = look(snapshot, group, &snapshot.rows[row], time_ms).ok()?;
                let mut previous = before.of(row).ok().flatten().copied();
                if group.kind == Kind::Share {
                    if acknowledged::is_doubtful(&snapshot.rows[row], previous.as_ref(), &look) {
                        doubtful.insert(row);
                    }
                    as_commits(&mut Vec::new(), previous.as_mut(), &mut look);
                }
                Some(Memory::fold(previous.as_ref(), &look, &thresholds))
            }));
        }
        Self { remembered: memories, doubtful }
    }

    /// The rows whose window of samples is needed for a verdict.
    pub fn suspicious(&self) -> impl Iterator<Item = usize> {
        (0..self.remembered.len()).filter(|row| self.is_suspicious(*row))
    }

    fn is_suspicious(&self, row: usize) -> bool {
        self.of(row).is_some_and(Memory::is_suspicious) || self.doubtful.contains(&row)
    }

    /// What is to be remembered of a row.
    #[must_use]
    pub fn of(&self, row: usize) -> Option<Memory> {
        *self.remembered.get(row)?
    }
}

impl Judged {
    /// Gives every row and group its verdict.
    ///
    /// `earlier` is asked for the rows that [`Memories::suspicious`] named. The memories learn what is to be remembered of
    /// the verdicts.
    pub fn new(
        snapshot: &Snapshot,
        time_ms: i64,
        memories: &mut Memories,
        before: &Before,
        ages: &Ages,
        earlier: impl Fn(usize) -> Known<Vec<Sample>>,
        thresholds: impl Fn(&Group) -> Thresholds,
    ) -> Self {
        let mut rows = Vec::with_capacity(snapshot.rows.len());
        let mut groups = Vec::with_capacity(snapshot.groups.len());
        for group in &snapshot.groups {
            let thresholds = thresholds(group);
            let first = rows.len();
            rows.extend(group.range().map(|row| {
                let mut look = match look(snapshot, group, &snapshot.rows[row], time_ms) {
                    Ok(look) => look,
                    Err(why) => return unread(&why),
                };
                let is_suspicious = memories.is_suspicious(row);
                let Some(memory) = memories.remembered.get_mut(row).and_then(Option::as_mut) else {
                    return unread(&Unknown::because("nothing is remembered"));
                };
                let age = ages.of(row).and_then(aged);
                let mut previous = match before.of(row) {
                    Ok(previous) => previous.copied(),
                    Err(why) => return verdict::judge_without_history(&look, why, age, &thresholds),
                };
                let mut samples = if is_suspicious { earlier(row) } else { Ok(Vec::new()) };
                let mut certain = true;
                if group.kind == Kind::Share {
                    certain = acknowledged::left_some(samples.as_deref().unwrap_or_default(), &look);
                    as_commits(samples.as_mut().unwrap_or(&mut Vec::new()), previous.as_mut(), &mut look);
                }
                let samples = samples.as_deref().map_err(Clone::clone);
                let judgement = verdict::judge(previous.as_ref(), &look, memory, samples, age, &thresholds);
                match group.kind {
                    Kind::Share => acknowledged::told(snapshot, &snapshot.rows[row], judgement, certain),
                    _ => judgement,
                }
            }));
            groups.push(JudgedGroup::new(snapshot, group, &rows[first..]));
        }
        Self { groups, rows }
    }

    /// The verdicts on a group's rows.
    #[must_use]
    pub fn rows_of(&self, group: &Group) -> &[Judgement] {
        &self.rows[group.range()]
    }
}

impl JudgedGroup {
    /// The code to publish, and `None` where an alarm is to keep its state.
    ///
    /// | the group is | published | what an alarm sees |
    /// |---|---|---|
    /// | OK, and everything that lags was seen to move or caught up since it is remembered | 1 | it closes |
    /// | OK, but warming up, or after a cold start nothing supports it yet | nothing | no change |
    /// | WARN | 2 | it opens where it asks for 2 |
    /// | ERR | 3 | it opens |
    /// | UNKNOWN, or NOTFOUND | nothing | no change; `UnknownGroups` counts it |
    #[must_use]
    pub fn published_status(&self) -> Option<u8> {
        match self.verdict {
            Verdict::Ok if self.warming_up_s.is_some() || !self.supported => None,
            Verdict::Unknown | Verdict::NotFound => None,
            verdict => Some(verdict.code()),
        }
    }

    fn new(snapshot: &Snapshot, group: &Group, judgements: &[Judgement]) -> Self {
        let rows = snapshot.rows_of(group);
        let unread = |row: &Row| snapshot.lag(row).ok()?.unread();
        let (mut total_lag, mut max_lag) = (None, None);
        for lag in rows.iter().filter_map(unread) {
            total_lag = Some(total_lag.unwrap_or(0_u64).saturating_add(lag));
            max_lag = max_lag.max(Some(lag));
        }
        let is_bound = |row: &Row| row.unacknowledged.is_none() && unread(row) > Some(0);
        let at_most = group.kind == Kind::Share && rows.iter().any(is_bound);
        let missing = group.rows.as_ref().err().or(group.gaps.first());
        let verdicts = judgements.iter().map(|judgement| judgement.verdict);
        let verdict = match missing {
            None if group.is_missing() => Verdict::NotFound,
            None => verdict::group(verdicts),
            Some(_) => verdict::group(verdicts.chain([Verdict::Unknown])),
        };
        let worst = rows.iter().zip(judgements).max_by_key(|(row, judgement)| {
            (judgement.verdict.severity(), unread(row), std::cmp::Reverse((row.topic, row.partition)))
        });
        let mut reason = match (verdict, missing, worst) {
            (Verdict::NotFound, ..) => String::from("there is no such group"),
            (Verdict::Unknown, Some(why), _) => why.to_string(),
            (_, _, None) => String::from("the group reads nothing"),
            (Verdict::Ok, _, Some(_)) => {
                let early = judgements.iter().filter_map(|judgement| judgement.reason.looks_missing());
                let early = early.max().map_or(String::new(), |missing| format!("{}, ", verdict::early(missing)));
                let behind = match total_lag {
                    Some(lag) if at_most => format!("at most {} records behind in all", verdict::grouped(lag)),
                    Some(lag) => format!("{} records behind in all", verdict::grouped(lag)),
                    None if group.kind == Kind::Share => String::from("nothing was read yet"),
                    None => String::from("nothing was ever committed"),
                };
                format!("{early}{}, {behind}", partitions_of(rows))
            }
            (_, _, Some((row, judgement))) => {
                let topic = &snapshot.topic(row).name;
                let alike = judgements.iter().filter(|other| other.verdict == judgement.verdict).count() - 1;
                let mut reason =
                    format!("{topic}/{} {}: {}", row.partition, judgement.verdict.word(), judgement.reason);
                if alike > 0 {
                    let _ = write!(reason, " (and {alike} more)");
                }
                reason
            }
        };
        let at_least = missing.is_some() || rows.iter().any(|row| row.committed.is_err() || snapshot.log(row).is_err());
        if let Some(lag) = total_lag.filter(|_| at_least) {
            let _ = write!(reason, "; at least {} records behind in all", verdict::grouped(lag));
        }
        let supported = judgements.iter().all(|judgement| judgement.supported);
        let warming_up_s = judgements.iter().filter_map(|judgement| judgement.warming_up_s).max();
        Self { verdict, reason, total_lag, max_lag, at_least, supported, warming_up_s }
    }
}

fn partitions_of(rows: &[Row]) -> String {
    match rows.len() {
        1 => String::from("1 partition"),
        several => format!("{several} partitions"),
    }
}

fn unread(why: &Unknown) -> Judgement {
    let reason = Reason::Unread(why.clone());
    Judgement { verdict: Verdict::Unknown, reason, supported: false, warming_up_s: None, findings: Vec::new() }
}

/// Between which bounds an age lies; `None` where nothing is known of it.
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
