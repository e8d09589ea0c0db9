//! The verdict if the earlier snapshots that it needs were not read.

use super::*;
use crate::model::unknown::Cause;

/// The verdicts that were given, in their order of first appearance, each once.
fn each_once(verdicts: &[(Verdict, String)]) -> Vec<Verdict> {
    let mut each: Vec<Verdict> = Vec::new();
    for (verdict, _) in verdicts {
        if !each.contains(verdict) {
            each.push(*verdict);
        }
    }
    each
}

/// One snapshot a minute, each `(committed, end)`; from this one on the window is not read.
fn verdicts(snapshots: &[(i64, i64)], unread_from: usize, cause: Cause) -> Vec<(Verdict, String)> {
    let why = Unknown::of(cause, "others came first");
    let mut samples: Vec<Sample> = Vec::new();
    let mut judged = Vec::new();
    for (minute, &(committed, end)) in snapshots.iter().enumerate() {
        let time_ms = i64::try_from(minute).unwrap() * 60_000;
        let (committed, log) = (Committed::At(committed), LogRange { start: 0, end, last_stable: Some(end) });
        let reading = Reading::new(time_ms, committed, log, Assigned::Yes, Members::Present);
        let mut memory = Memory::fold(samples.last(), &reading, &DEFAULT);
        let earlier = if minute < unread_from { Ok(samples.as_slice()) } else { Err(why.clone()) };
        let judgement = judge(samples.last(), &reading, &mut memory, earlier, None, &DEFAULT);
        judged.push((judgement.verdict, judgement.to_string()));
        samples.push(Sample { time_ms, committed, end, memory });
    }
    judged
}

/// It reads 12 of 20 records a minute for a while, then all that arrive for as long, then everything.
fn slow(snapshots: i64, then: i64) -> Vec<(i64, i64)> {
    let behind = (0..snapshots).map(|n| (n * 12, n * 20));
    let keeps = (snapshots..snapshots + then).map(|n| (snapshots * 12 + (n - snapshots) * 20, n * 20));
    behind.chain(keeps).chain([((snapshots + then) * 20, (snapshots + then) * 20)]).collect()
}

#[test]
fn a_warning_lasts_until_a_snapshot_shows_that_it_is_over() {
    for cause in [Cause::LeftOut, Cause::Other, Cause::Deadline] {
        let judged = verdicts(&slow(20, 60), 15, cause);
        let (caught_up, behind) = judged.split_last().unwrap();
        assert_eq!(behind[14].0, Verdict::Warn, "{behind:?}");
        assert!(behind[15..].iter().all(|(verdict, _)| *verdict == Verdict::Warn), "{cause:?}: {behind:?}");
        assert_eq!(behind[15].1, "120 records behind, the verdict of an earlier run is kept: others came first");
        assert_eq!(caught_up.0, Verdict::Ok);
    }
}

#[test]
fn a_warning_goes_on_where_windows_are_read_again() {
    let snapshots = slow(40, 0);
    let why = Unknown::of(Cause::LeftOut, "others came first");
    let mut samples: Vec<Sample> = Vec::new();
    for (minute, &(committed, end)) in snapshots[..40].iter().enumerate() {
        let time_ms = i64::try_from(minute).unwrap() * 60_000;
        let (committed, log) = (Committed::At(committed), LogRange { start: 0, end, last_stable: Some(end) });
        let reading = Reading::new(time_ms, committed, log, Assigned::Yes, Members::Present);
        let mut memory = Memory::fold(samples.last(), &reading, &DEFAULT);
        // Every other window is read, and of those only the newest twelve snapshots.
        let short = &samples[samples.len().saturating_sub(12)..];
        let earlier = if minute % 2 == 0 { Ok(short) } else { Err(why.clone()) };
        let judgement = judge(samples.last(), &reading, &mut memory, earlier, None, &DEFAULT);
        assert!(minute < 12 || judgement.verdict == Verdict::Warn, "{minute}: {judgement}");
        samples.push(Sample { time_ms, committed, end, memory });
    }
}

#[test]
fn who_was_not_slow_before_stays_ok_where_others_came_first_and_is_unknown_where_the_store_failed() {
    let of = |cause| each_once(&verdicts(&slow(20, 0), 3, cause)[..20]);
    assert_eq!(of(Cause::LeftOut), [Verdict::Ok]);
    assert_eq!(of(Cause::Other), [Verdict::Ok, Verdict::Unknown]);
    let kept = &verdicts(&slow(20, 0), 3, Cause::LeftOut)[19].1;
    assert_eq!(kept, "152 records behind, the verdict of an earlier run is kept: others came first");
}

#[test]
fn an_error_after_a_step_back_stands_and_nothing_is_made_of_one_that_was_none() {
    let mut snapshots: Vec<(i64, i64)> = (0..10).map(|n| (n * 20, n * 20)).collect();
    snapshots.extend((10..20).map(|n| (20 + (n - 10) * 20, n * 20)));
    let of = |cause| each_once(&verdicts(&snapshots, 11, cause)[11..]);
    assert_eq!(verdicts(&snapshots, 99, Cause::Other)[10].0, Verdict::Rewind);
    assert_eq!(of(Cause::Stands), [Verdict::Rewind]);
    assert_eq!(of(Cause::LeftOut), [Verdict::Ok]);
    assert_eq!(of(Cause::Other), [Verdict::Unknown]);
}
