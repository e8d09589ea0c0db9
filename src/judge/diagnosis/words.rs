//! A diagnosis as one sentence, made of its evidence alone.

use std::fmt;

use super::{Evidence, Place, Who};
use crate::base::figures::{grouped, records_of, shown};
use crate::judge::verdict::Finding;

/// The first partition, and how many more there are.
pub(super) fn places(evidence: &Evidence) -> impl fmt::Display {
    fmt::from_fn(|f| {
        let Some(Place { topic, partition, .. }) = evidence.partitions.first() else { return Ok(()) };
        write!(f, "{topic}/{partition}")?;
        match evidence.partition_count.unwrap_or_default() {
            0 | 1 => Ok(()),
            all => write!(f, " and {} more", grouped(all as u64 - 1)),
        }
    })
}

/// What could not be read, or which evidence is missing.
pub(super) fn missing(evidence: &Evidence) -> &str {
    evidence.missing.as_deref().unwrap_or("what its members and partitions show fits no cause that is known here")
}

/// A finding of a partition, with the partitions that have it.
pub(super) fn found(finding: Finding, evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{finding} ({})", places(evidence))
}

pub(super) fn broker_side(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(groups) = evidence.group_count else {
        return write!(f, "its brokers do not answer for it: {}", missing(evidence));
    };
    let s = if evidence.brokers.len() == 1 { "" } else { "s" };
    let ids: Vec<String> = evidence.brokers.iter().map(ToString::to_string).collect();
    let ids = ids.join(", ");
    write!(
        f,
        "all {} groups that read partitions led by broker{s} {ids} lag there, and nowhere else",
        grouped(groups as u64)
    )
}

pub(super) fn topic_recreated(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match evidence.offsets {
        Some(by) => found(Finding::PastEnd { by }, evidence, f),
        None => found(Finding::Recreated, evidence, f),
    }
}

pub(super) fn records_lost(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match evidence.offsets {
        Some(lost) => found(Finding::DataLoss { lost, new: 0 }, evidence, f),
        None => write!(f, "records were deleted before the group read them ({})", places(evidence)),
    }
}

pub(super) fn rewound(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("the commit went back")?;
    if let Some(back) = evidence.offsets {
        write!(f, " by {}", records_of(back))?;
    }
    write!(f, " ({})", places(evidence))
}

pub(super) fn rebalancing(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let (Some(rebalances), Some(minutes)) = (evidence.rebalances, evidence.minutes) {
        match (evidence.changed_in_runs, evidence.rebalances_at_least) {
            (Some(runs), _) => write!(f, "members changed in each of the last {runs} runs, {minutes} min")?,
            (None, true) => write!(f, "at least {rebalances} rebalances in {minutes} min: members join and leave")?,
            (None, false) => write!(f, "{rebalances} rebalances in {minutes} min: members join and leave")?,
        }
        let name = |who: &Who| shown(&who.member.chars().take(LONGEST_NAME).collect::<String>());
        let mut names: Vec<String> = evidence.members.iter().take(FEW).map(name).collect();
        return match evidence.member_count {
            None => Ok(()),
            Some(0) => f.write_str(" (none now)"),
            Some(all) => {
                names.extend((all > FEW).then(|| "…".to_owned()));
                write!(f, " ({all} now: {})", names.join(", "))
            }
        };
    }
    match &evidence.state {
        Some(state) => write!(f, "the group is rebalancing ({state})"),
        None => write!(f, "{}", Finding::Unstable),
    }
}

pub(super) fn nobody_there(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match evidence.partitions.first() {
        Some(_) => found(Finding::Unassigned, evidence, f),
        None => f.write_str("the group has no member"),
    }
}

pub(super) fn open_transaction(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    found(Finding::Blocked, evidence, f)?;
    match &evidence.since {
        Some(since) => write!(f, ", whose first record is of {since}"),
        None => Ok(()),
    }
}

pub(super) fn partition_stuck(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} ", places(evidence))?;
    let several = evidence.partition_count > Some(1);
    f.write_str(if several { "stand still" } else { "stands still" })?;
    if let Some(offset) = evidence.partitions.first().and_then(|place| place.offset).filter(|_| !several) {
        write!(f, " at offset {offset}")?;
    }
    match &*evidence.members {
        [] => f.write_str(", while other partitions move"),
        [member] => write!(f, ", while {} commits in others", named(member)),
        members => write!(f, ", while their {} members commit in others", members.len()),
    }
}

pub(super) fn member_stuck(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (stuck, all) = (evidence.member_count.unwrap_or_default(), evidence.of_members.unwrap_or_default());
    let partitions = evidence.partition_count.unwrap_or_default();
    let stand = fmt::from_fn(|f| match partitions {
        1 => write!(f, "a partition stands still ({})", places(evidence)),
        several => write!(f, "{} partitions stand still", grouped(several as u64)),
    });
    match &*evidence.members {
        [member] if stuck == 1 => {
            write!(f, "{} commits nothing: {stand}", named(member))?;
            if all > 1 { write!(f, ", the group has {} members", grouped(all as u64)) } else { Ok(()) }
        }
        [first, ..] if stuck == all => write!(f, "none of the {all} members commits, as {}: {stand}", named(first)),
        [first, ..] => write!(f, "{stuck} of {all} members commit nothing, as {}: {stand}", named(first)),
        [] => write!(f, "no member commits: {stand}"),
    }
}

pub(super) fn skew(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (some, all) = (evidence.partition_count.unwrap_or_default(), evidence.of_partitions.unwrap_or_default());
    let topic = evidence.partitions.first().map_or("", |place| &place.topic);
    let share = percent(evidence.share_of_lag.unwrap_or_default());
    let hold = if some == 1 { "holds" } else { "hold" };
    let numbers: Vec<String> = evidence.partitions.iter().take(FEW).map(|place| place.partition.to_string()).collect();
    let more = if some > FEW { ", …" } else { "" };
    write!(f, "{some} of the {all} partitions of {topic} {hold} {share} of its lag ({}{more})", numbers.join(", "))
}

pub(super) fn producer_burst(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let rate = |per_s: Option<f64>| rate(per_s.unwrap_or_default());
    let (before, now) = (rate(evidence.in_per_s_before), rate(evidence.in_per_s));
    let (read_before, read) = (rate(evidence.out_per_s_before), rate(evidence.out_per_s));
    write!(
        f,
        "records come faster than before, {before}/s then and {now}/s now, and are read as fast as before, {read_before}/s then and {read}/s now"
    )
}

pub(super) fn too_few_members(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (members, partitions) =
        (evidence.member_count.unwrap_or_default(), evidence.partition_count.unwrap_or_default());
    let (s, read) = if members == 1 { ("", "reads") } else { ("s", "read") };
    let of = if partitions == 1 { "" } else { "s" };
    let (shown, of_partitions) = (grouped(members as u64), grouped(partitions as u64));
    match evidence.idle_members {
        Some(idle) => {
            let have = if idle == 1 { "has" } else { "have" };
            write!(
                f,
                "{shown} members for {of_partitions} partition{of}, {} of them {have} nothing to read",
                grouped(idle as u64)
            )
        }
        None => write!(f, "{shown} member{s} {read} {of_partitions} partition{of}, and all of them fall behind evenly"),
    }
}

pub(super) fn too_slow(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &*evidence.members {
        [member] => write!(
            f,
            "{} is slow: {} of {} partitions hold {} of the lag",
            named(member),
            evidence.partition_count.unwrap_or_default(),
            evidence.of_partitions.unwrap_or_default(),
            percent(evidence.share_of_lag.unwrap_or_default())
        )?,
        _ => f.write_str("the group reads more slowly than records come")?,
    }
    match (evidence.in_per_s, evidence.out_per_s) {
        (Some(come), Some(read)) => write!(f, "; {}/s came and {}/s were read lately", rate(come), rate(read)),
        _ => Ok(()),
    }
}

/// A member for people: its client id and its address.
fn named(Who { member, member_host, .. }: &Who) -> String {
    // Brokers write addresses with a slash before them.
    let host = member_host.trim_start_matches('/');
    let on = if host.is_empty() { "" } else { " on " };
    format!("member {}{on}{host}", shown(member))
}

/// A share for people.
fn percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0).floor())
}

/// Records a second for people.
fn rate(per_s: f64) -> String {
    if per_s.abs() < 10.0 { format!("{per_s:.1}") } else { format!("{per_s:.0}") }
}

/// Letters of a client id in a sentence.
const LONGEST_NAME: usize = 60;
/// Partitions or members that one sentence names.
const FEW: usize = 3;
