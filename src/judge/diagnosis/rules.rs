//! When each kind holds, one function a row of the table.

use super::facts::Facts;
use super::{Evidence, Kind, storming};
use crate::judge::flow::Flow;
use crate::judge::verdict::{Finding, Reason, Verdict, per_s};
use crate::model::lag::Committed;
use crate::model::snapshot;
use crate::model::unknown::{Cause, Unknown};

pub(super) fn no_such_group(facts: &Facts<'_>) -> Option<Evidence> {
    (facts.case.verdict == Verdict::NotFound).then(Evidence::default)
}

pub(super) fn permissions(facts: &Facts<'_>) -> Option<Evidence> {
    let is_refused = |why: &&Unknown| matches!(why.cause(), Cause::Denied(_) | Cause::Hidden);
    unread(facts).into_iter().find(is_refused).map(because)
}

pub(super) fn broker_side(facts: &Facts<'_>) -> Option<Evidence> {
    let is_away = |why: &&Unknown| matches!(why.cause(), Cause::NoLeader | Cause::Away | Cause::Down);
    let away = unread(facts).into_iter().find(is_away).map(|why| {
        let brokers = facts.case.worst.into_iter().flat_map(|row| facts.lacking(row)).collect();
        Evidence { brokers, ..because(why) }
    });
    away.or_else(|| {
        let (broker, groups) = facts.suffering.of(facts.case.at)?;
        let about = facts.about(facts.bad(|_| true));
        Some(Evidence { brokers: vec![broker], group_count: Some(groups), ..about })
    })
}

/// The causes why the group could not be read whole, those of the group itself first.
fn unread<'a>(facts: &Facts<'a>) -> Vec<&'a Unknown> {
    if facts.case.verdict != Verdict::Unknown {
        return Vec::new();
    }
    let of_group = facts.group.rows.as_ref().err().into_iter().chain(&facts.group.gaps);
    let of_row = facts.judgement().and_then(|worst| match worst.reason.plain() {
        Reason::Unread(why) => Some(why),
        _ => None,
    });
    of_group.chain(of_row).collect()
}

fn because(why: &Unknown) -> Evidence {
    Evidence { missing: Some(why.to_string()), ..Evidence::default() }
}

pub(super) fn topic_recreated(facts: &Facts<'_>) -> Option<Evidence> {
    let is_recreated = facts.judgement()?.findings.has(Finding::Recreated);
    snapshot_shows(facts, Kind::TopicRecreated).or_else(|| {
        is_recreated.then(|| facts.about(facts.bad(|row| facts.case.judgements[row].findings.has(Finding::Recreated))))
    })
}

pub(super) fn records_lost(facts: &Facts<'_>) -> Option<Evidence> {
    let of = |reason: &Reason| matches!(reason, Reason::Lost { .. });
    if !of(facts.reason()?) {
        return facts.judgement()?.reason.is_unjudged().then(|| snapshot_shows(facts, Kind::RecordsLost)).flatten();
    }
    let lost: u64 = facts
        .case
        .judgements
        .iter()
        .map(|judgement| match judgement.reason.plain() {
            Reason::Lost { lost } => *lost,
            _ => 0,
        })
        .fold(0, u64::saturating_add);
    let about = facts.about(facts.bad(|row| of(facts.case.judgements[row].reason.plain())));
    Some(Evidence { offsets: Some(lost).filter(|lost| *lost > 0), ..about })
}

pub(super) fn expired_commits(facts: &Facts<'_>) -> Option<Evidence> {
    let expired = |row: usize| facts.rows()[row].committed == Ok(Committed::Never) && facts.had_a_commit(row);
    expired(facts.case.worst?).then(|| facts.about(facts.bad(expired)))
}

pub(super) fn never_commits(facts: &Facts<'_>) -> Option<Evidence> {
    let never = |row: usize| matches!(facts.case.judgements[row].reason.plain(), Reason::NoCommit { read: true });
    never(facts.case.worst?).then(|| facts.about(facts.bad(never)))
}

pub(super) fn rewound(facts: &Facts<'_>) -> Option<Evidence> {
    let Reason::SteppedBack(step) = facts.reason()? else { return None };
    let back = |row: usize| matches!(facts.case.judgements[row].reason.plain(), Reason::SteppedBack(_));
    let about = facts.about(facts.bad(back));
    Some(Evidence { offsets: Some(step.offsets()).filter(|_| about.partition_count == Some(1)), ..about })
}

pub(super) fn rebalancing(facts: &Facts<'_>) -> Option<Evidence> {
    if let Some(storm) = facts.case.storm.filter(|_| facts.case.worst.is_some_and(|row| facts.lag(row) > 0)) {
        return Some(storming(storm, facts.group).evidence);
    }
    if facts.judgement()?.findings.has(Finding::Unstable) {
        let state = facts.group.state.as_deref().ok().map(str::to_owned);
        return Some(Evidence { state, ..facts.about(facts.bad(|_| true)) });
    }
    snapshot_shows(facts, Kind::Rebalancing)
}

pub(super) fn nobody_there(facts: &Facts<'_>) -> Option<Evidence> {
    let is_empty = facts.group.members.as_ref().is_ok_and(Vec::is_empty);
    if is_empty && facts.lag(facts.case.worst?) > 0 {
        return Some(Evidence { of_members: Some(0), ..Evidence::default() });
    }
    snapshot_shows(facts, Kind::NobodyThere).filter(|_| !is_empty)
}

pub(super) fn open_transaction(facts: &Facts<'_>) -> Option<Evidence> {
    let worst = facts.case.worst?;
    let blocked = |row: usize| facts.case.judgements[row].findings.has(Finding::Blocked);
    let about = blocked(worst).then(|| facts.about(facts.bad(blocked)))?;
    Some(Evidence { since: facts.written_at(worst), ..about })
}

pub(super) fn partition_stuck(facts: &Facts<'_>) -> Option<Evidence> {
    let worst = facts.case.worst.filter(|row| facts.case.judgements[*row].stands)?;
    let motion = facts.motion();
    let moves = |row: usize| match facts.member_of(row) {
        Some(member) => motion.members.get(member).is_some_and(|part| part.moves > 0),
        None => facts.group.kind == snapshot::Kind::Share && motion.all.moves > 0,
    };
    let stuck = |row: usize| facts.case.judgements[row].stands && moves(row);
    if !stuck(worst) {
        return None;
    }
    let about = facts.about(facts.bad(stuck));
    let mut members: Vec<usize> = facts.bad(stuck).filter_map(|row| facts.member_of(row)).collect();
    members.sort_unstable();
    members.dedup();
    Some(Evidence {
        member_count: Some(members.len()).filter(|members| *members > 0),
        members: facts.named(&members),
        since: facts.silent_since(worst),
        ..about
    })
}

pub(super) fn member_stuck(facts: &Facts<'_>) -> Option<Evidence> {
    let worst = facts.case.worst.filter(|row| facts.case.judgements[*row].stands)?;
    let motion = facts.motion();
    let of_members = facts.group.members.as_ref().ok().map(Vec::len).filter(|all| *all > 0)?;
    let (members, about): (Vec<usize>, Evidence) = if let Some(member) = facts.member_of(worst) {
        motion.members.get(member).filter(|part| part.is_stuck())?;
        let stuck = |member: usize| motion.members[member].is_stuck();
        let mut members: Vec<usize> = (0..motion.members.len()).filter(|member| stuck(*member)).collect();
        // The one that the verdict is about comes first.
        members.sort_by_key(|other| *other != member);
        let of_them = |row: usize| facts.case.judgements[row].stands && facts.member_of(row).is_some_and(stuck);
        (members, facts.about(facts.bad(of_them)))
    } else if facts.group.kind == snapshot::Kind::Share && motion.all.is_stuck() {
        // Every member of a share group reads every partition.
        ((0..of_members).collect(), facts.about(facts.bad(|row| facts.case.judgements[row].stands)))
    } else {
        return None;
    };
    Some(Evidence {
        member_count: Some(members.len()),
        members: facts.named(&members),
        of_members: Some(of_members),
        since: facts.silent_since(worst),
        ..about
    })
}

/// Whether the group falls behind while it commits.
fn is_slow(facts: &Facts<'_>) -> bool {
    let is_behind = || facts.case.worst.is_some_and(|row| facts.course(row) == super::facts::Course::Moves);
    match facts.reason() {
        Some(Reason::Grew(_) | Reason::StillBehind(_)) => true,
        Some(Reason::Kept(_) | Reason::Late { .. }) => is_behind(),
        _ => false,
    }
}

/// The rows of the worst row's topic that hold most of its lag, a fifth of them, and which share of the topic's lag they hold.
struct Top {
    rows: Vec<usize>,
    of: usize,
    share: f64,
    /// Their share of the records that came since the snapshot before; `None` where none came.
    share_of_records: Option<f64>,
}

impl Top {
    fn of(facts: &Facts<'_>) -> Option<Self> {
        let topic = facts.rows()[facts.case.worst?].topic;
        let mut rows: Vec<usize> = (0..facts.rows().len()).filter(|row| facts.rows()[*row].topic == topic).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(facts.lag(*row)));
        let of = rows.len();
        let lag = |rows: &[usize]| rows.iter().map(|row| facts.lag(*row)).fold(0, u64::saturating_add);
        let came = |rows: &[usize]| rows.iter().filter_map(|row| Some(facts.since_before(*row)?.0)).sum::<i64>();
        let (all, all_came) = (lag(&rows), came(&rows));
        rows.truncate(of.div_ceil(5));
        let (top, top_came) = (lag(&rows), came(&rows));
        let share_of_records = (all_came > 0).then(|| ratio(top_came.unsigned_abs(), all_came.unsigned_abs()));
        (all > 0).then(|| Self { share: ratio(top, all), rows, of, share_of_records })
    }

    /// Whether few partitions hold nearly all.
    fn is_uneven(&self) -> bool {
        self.of >= LEAST_FOR_A_SKEW && self.share >= MOST_OF_THE_LAG
    }

    /// Whether no few partitions stand out.
    fn is_even(&self) -> bool {
        self.of < LEAST_FOR_A_SKEW || self.share < EVEN
    }

    /// Whether those partitions get no more records than others.
    fn gets_no_more(&self) -> bool {
        let fair = ratio(self.rows.len() as u64, self.of as u64);
        self.share_of_records.is_some_and(|share| share < fair * MORE_THAN_OTHERS)
    }
}

pub(super) fn skew(facts: &Facts<'_>) -> Option<Evidence> {
    let top = is_slow(facts).then(|| Top::of(facts)).flatten().filter(Top::is_uneven)?;
    let first = facts.member_of(*top.rows.first()?);
    let of_one = first.is_some() && top.rows.iter().all(|row| facts.member_of(*row) == first);
    if of_one && top.gets_no_more() {
        return None;
    }
    Some(Evidence {
        of_partitions: Some(top.of),
        share_of_lag: Some(hundredths(top.share)),
        ..facts.about(top.rows.iter().copied())
    })
}

pub(super) fn producer_burst(facts: &Facts<'_>) -> Option<Evidence> {
    let tempo = is_slow(facts).then(|| facts.motion().tempo).flatten().filter(|tempo| tempo.is_a_burst())?;
    Some(Evidence {
        in_per_s: Some(tempo.since.arrived_per_s()),
        out_per_s: Some(tempo.since.read_per_s()),
        in_per_s_before: Some(tempo.before.arrived_per_s()),
        out_per_s_before: Some(tempo.before.read_per_s()),
        ..Evidence::default()
    })
}

pub(super) fn too_few_members(facts: &Facts<'_>) -> Option<Evidence> {
    if !is_slow(facts) || facts.group.kind == snapshot::Kind::Share || !facts.group.is_settled() {
        return None;
    }
    let motion = facts.motion();
    let even = Top::of(facts)?.is_even();
    let readers = motion.members.iter().filter(|part| part.rows > 0);
    let partitions: usize = readers.clone().map(|part| part.rows).sum();
    let (members, idle) = (motion.members.len(), motion.members.len() - readers.clone().count());
    let all_lag = readers.clone().all(|part| part.lag > 0);
    if !even || !all_lag || partitions == 0 || (idle == 0 && members >= partitions) {
        return None;
    }
    Some(Evidence {
        member_count: Some(members),
        partition_count: Some(partitions),
        idle_members: Some(idle).filter(|idle| *idle > 0),
        ..rates(facts)
    })
}

pub(super) fn too_slow(facts: &Facts<'_>) -> Option<Evidence> {
    if !is_slow(facts) {
        return None;
    }
    let motion = facts.motion();
    // A member whose few partitions hold nearly all of the lag.
    let slow = |part: &super::facts::Part| {
        part.rows * 2 <= motion.all.rows && ratio(part.lag, motion.all.lag.max(1)) >= MOST_OF_THE_LAG
    };
    let slow = motion.members.iter().position(slow).filter(|_| facts.group.kind != snapshot::Kind::Share);
    Some(match slow {
        Some(member) => Evidence {
            members: facts.named(&[member]),
            partition_count: Some(motion.members[member].rows),
            of_partitions: Some(motion.all.rows),
            share_of_lag: Some(hundredths(ratio(motion.members[member].lag, motion.all.lag.max(1)))),
            ..rates(facts)
        },
        None => rates(facts),
    })
}

pub(super) fn unclear(facts: &Facts<'_>) -> Evidence {
    let of_group = unread(facts).first().map(ToString::to_string);
    let stands = || facts.judgement().is_some_and(|judgement| judgement.stands);
    let missing = of_group.or_else(|| match facts.reason()? {
        Reason::Unjudged(_) => Some("one snapshot shows the lag, and not what became of it".to_owned()),
        _ if stands() => Some("which member reads the partitions that stand still is not known".to_owned()),
        _ => None,
    });
    Evidence { missing, ..Evidence::default() }
}

/// How fast records came and were read since the snapshot before.
fn rates(facts: &Facts<'_>) -> Evidence {
    let flow = Flow::since_before(facts.sight, facts.group);
    let rate = |records: i64| (flow.took_ms > 0).then(|| per_s(records, flow.took_ms));
    Evidence { in_per_s: rate(flow.arrived), out_per_s: rate(flow.read), ..Evidence::default() }
}

/// What the snapshot alone shows of the rows that the verdict is about, if it is of this kind.
fn snapshot_shows(facts: &Facts<'_>, kind: Kind) -> Option<Evidence> {
    facts.shown().filter(|shown| shown.kind == kind).map(|shown| shown.evidence.clone())
}

#[expect(clippy::cast_precision_loss, reason = "a share has two digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn hundredths(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

/// Partitions of a topic below which one of them holds much by chance.
const LEAST_FOR_A_SKEW: usize = 3;
/// The share of a lag that is nearly all of it.
const MOST_OF_THE_LAG: f64 = 0.8;
/// The share below which a fifth of the partitions stands out no more.
const EVEN: f64 = 0.5;
/// Who gets so many times its fair share gets more than others.
const MORE_THAN_OTHERS: f64 = 1.5;
