//! When a lag will be over, how fast it grows, and how long it has been there.

use super::*;

/// This many snapshots a minute apart, starting with a lag: `reads` and `comes` records a minute.
fn story(snapshots: i64, behind: i64, reads: i64, comes: i64) -> String {
    let reading = |n: i64| format!("{}/{}", n * reads, behind + n * comes);
    (0..snapshots).map(reading).collect::<Vec<_>>().join(" ")
}

#[test]
fn who_gains_ground_is_reported_when_it_will_be_over() {
    let judgement = judged(&story(8, 20_000, 1_500, 1_000), &DEFAULT);
    // 16,500 are left, and each minute 500 fewer.
    assert_eq!((judgement.verdict, judgement.findings.pace()), (Verdict::Ok, Some(Pace::CatchesUp { in_s: 33 * 60 })));
    assert_eq!(judgement.to_string(), "16,500 records behind, commits keep coming, caught up in about 33 min");
}

#[test]
fn who_loses_ground_is_reported_how_fast() {
    let judgement = judged(&story(8, 20_000, 900, 1_000), &DEFAULT);
    assert_eq!(judgement.verdict, Verdict::Warn);
    assert_eq!(judgement.findings.pace(), Some(Pace::FallsBehind { records: 100, ms: 6_000 }));
    assert!(judgement.to_string().ends_with(", by 100 records and 6 s a minute"), "{judgement}");
}

#[test]
fn who_keeps_its_distance_or_has_just_begun_goes_nowhere() {
    assert_eq!(judged(&story(8, 20_000, 1_000, 1_000), &DEFAULT).findings.pace(), None);
    assert_eq!(judged(&story(4, 20_000, 1_500, 1_000), &DEFAULT).findings.pace(), None);
    assert_eq!(judged(BUSY, &DEFAULT).findings.pace(), None);
    // It stands.
    assert_eq!(judged(&(story(8, 20_000, 1_500, 1_000) + " 10500/28000*12"), &DEFAULT).findings.pace(), None);
}

#[test]
fn a_lag_that_stays_for_an_hour_is_a_backlog_with_its_age() {
    let judgement = judged(&story(61, 1_000_000, 1_000, 1_000), &DEFAULT);
    let found: Vec<_> = judgement.findings.iter().collect();
    assert_eq!((judgement.verdict, found), (Verdict::Ok, vec![Finding::Backlog { since_ms: 0 }]));
    let text = "1,000,000 records behind, commits keep coming, never caught up for at least 1 h";
    assert_eq!(judgement.to_string(), text);
    assert!(judged(&story(60, 1_000_000, 1_000, 1_000), &DEFAULT).findings.is_empty());
    assert!(judged(&format!("0/0 {}", story(70, 0, 1_000, 1_000)), &DEFAULT).findings.is_empty());
}

#[test]
fn what_was_caught_up_within_the_hour_is_no_backlog() {
    let began = story(40, 1_000_000, 1_000, 1_000);
    let caught_up = format!("{began} 1040000/1040000");
    let again: Vec<_> = (1..40).map(|n| format!("{}/{}", 1_040_000 + n * 1_000, 1_070_000 + n * 1_000)).collect();
    assert!(judged(&format!("{caught_up} {}", again.join(" ")), &DEFAULT).findings.is_empty());
}

#[test]
fn the_usual_interval_is_reported_only_if_it_was_observed() {
    for few in ["0/5 1/10 2/15 2/20*2", "0/5 1/10 2/15 3/20 3/25*2"] {
        let text = judged(few, &DEFAULT).to_string();
        assert!(text.contains("(usual interval not known yet)"), "{text}");
    }
    let text = judged(&after_busy("80/90*3"), &DEFAULT).to_string();
    assert!(text.contains("(usually within 2 min)"), "{text}");
}
