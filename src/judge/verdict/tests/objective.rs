//! The maximum age of the oldest unread record, with a history and without one.

use super::*;

const WITHIN_FIVE: Thresholds =
    Thresholds { objective: Some(Objective { warn_s: 300, err_s: Some(900) }), ..Thresholds::DEFAULT };

fn aged(seconds: u64) -> Aged {
    Aged { at_least_ms: seconds * 1_000, at_most_ms: Some(seconds * 1_000 + 400) }
}

/// The last verdict of snapshots a minute apart, `committed/end` with the age of the oldest unread record in seconds;
/// `m` for no member.
fn judgement_of(story: &str, thresholds: &Thresholds) -> Judgement {
    let mut before: Vec<Sample> = Vec::new();
    let mut judgement = None;
    for (minute, token) in (0..).zip(story.split_whitespace()) {
        let gone = token.ends_with('m');
        let (point, age) = token.trim_end_matches('m').split_once('@').unwrap();
        let (committed, end) = point.split_once('/').unwrap();
        let (committed, end) = (Committed::At(committed.parse().unwrap()), end.parse().unwrap());
        let log = LogRange { start: 0, end, last_stable: None };
        let (assigned, members) =
            if gone { (Assigned::No, Members::Absent) } else { (Assigned::Yes, Members::Present) };
        let reading = Reading::new(minute * 60_000, committed, log, assigned, members);
        let mut memory = Memory::fold(before.last(), &reading, thresholds);
        let age = Some(aged(age.parse().unwrap()));
        let earlier = read(&before, reading.time_ms, memory, thresholds);
        judgement = Some(judge(before.last(), &reading, &mut memory, Ok(&earlier), age, thresholds));
        before.push(Sample { time_ms: reading.time_ms, committed, end, memory });
    }
    judgement.unwrap()
}

fn repeated(count: usize, token: &str) -> String {
    vec![token; count].join(" ")
}

#[test]
fn younger_is_never_slow_stalled_or_stopped() {
    let busy = "0/0@0 10/10@0 20/20@0 30/30@0 40/40@0 50/50@0";
    for standing in ["50/90@299", "50/90@299m"] {
        let story = format!("{busy} {}", repeated(60, standing));
        assert_eq!(judgement_of(&story, &WITHIN_FIVE).verdict, Verdict::Ok);
        assert_ne!(judgement_of(&story, &Thresholds::DEFAULT).verdict, Verdict::Ok);
    }
    let slow: Vec<_> = (0..20).map(|n| format!("{}/{}@290", n * 900, 1_500 + n * 1_000)).collect();
    assert_eq!(judgement_of(&slow.join(" "), &WITHIN_FIVE).verdict, Verdict::Ok);
    assert_eq!(judgement_of(&slow.join(" "), &Thresholds::DEFAULT).verdict, Verdict::Warn);
    let judgement = judgement_of("0/9@100", &WITHIN_FIVE);
    assert_eq!(judgement.to_string(), "9 records behind, none older than the objective of 5 min");
    assert!(judgement.supported);
}

#[test]
fn a_step_back_is_reported_however_young() {
    let busy = "0/0@0 10/10@0 20/20@0 30/30@0 40/40@0 50/50@0";
    assert_eq!(judgement_of(&format!("{busy} 20/55@60"), &WITHIN_FIVE).verdict, Verdict::Rewind);
    // While the commit stays there, the verdict stays.
    assert_eq!(judgement_of(&format!("{busy} {}", repeated(9, "20/55@60m")), &WITHIN_FIVE).verdict, Verdict::Rewind);
}

#[test]
fn older_in_two_snapshots_in_a_row_is_a_warning_and_much_older_an_error() {
    let verdict = |story: &str| judgement_of(story, &WITHIN_FIVE).verdict;
    assert_eq!(verdict("0/9@301"), Verdict::Ok);
    assert_eq!(verdict("0/9@100 1/9@301"), Verdict::Ok);
    assert_eq!(verdict("0/9@301 1/9@301"), Verdict::Warn);
    assert_eq!(verdict("0/9@301 1/9@100 2/9@301"), Verdict::Ok);
    assert_eq!(verdict("0/9@901 1/9@901"), Verdict::Err);
    assert_eq!(verdict("0/9@301 1/9@901"), Verdict::Err);
    assert_eq!(verdict("0/9@901 9/9@0"), Verdict::Ok);
    let late = judgement_of("0/9@720 1/9@720", &WITHIN_FIVE).to_string();
    assert_eq!(late, "late: its oldest unread record is 12 min old, objective 5 min");
}

#[test]
fn without_a_history_one_snapshot_decides() {
    let log = LogRange { start: 0, end: 9, last_stable: None };
    let (assigned, members) = (Assigned::Yes, Members::Present);
    let reading = Reading::new(0, Committed::At(0), log, assigned, members);
    let off = Unknown::because("no history");
    let verdict = |age, thresholds: &Thresholds| judge_without_history(&reading, &off, age, thresholds).verdict;
    assert_eq!(verdict(Some(aged(100)), &WITHIN_FIVE), Verdict::Ok);
    assert_eq!(verdict(Some(aged(301)), &WITHIN_FIVE), Verdict::Warn);
    assert_eq!(verdict(Some(aged(901)), &WITHIN_FIVE), Verdict::Err);
    assert_eq!(verdict(None, &WITHIN_FIVE), Verdict::Unknown);
    assert_eq!(verdict(Some(aged(901)), &Thresholds::DEFAULT), Verdict::Unknown);
}
