#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use crate::model::lag::{Assigned, Committed, LogRange};
use crate::model::memory::{Aged, Away, Members, Memory, Objective, Reading, Sample};
use crate::model::unknown::Unknown;
use crate::model::window::Horizon;

mod objective;
mod pace;
mod unread;

const DEFAULT: Thresholds = Thresholds::DEFAULT;

/// Eight commits in eight minutes, caught up at 80: a commit each minute is what is usual here.
const BUSY: &str = "0/0 10/10 20/20 30/30 40/40 50/50 60/60 70/70 80/80";

/// One snapshot a minute, `committed/end`, where `-` is never, `.` a run that did not happen and `x` one that could not read it. Then may come `m` (the group has no
/// members), `u` (it has, but none reads this), `?` (not known), `b` (what is committed is the last stable offset), and `*n` times.
fn judged(story: &str, thresholds: &Thresholds) -> Judgement {
    judged_without(None, story, thresholds)
}

fn judged_without(window: Option<&Unknown>, story: &str, thresholds: &Thresholds) -> Judgement {
    let mut samples: Vec<Sample> = Vec::new();
    let mut judgement: Option<Judgement> = None;
    let mut away = None;
    let tokens = story.split_whitespace().flat_map(|token| {
        let (token, times) = token.split_once('*').map_or((token, 1), |(token, times)| (token, times.parse().unwrap()));
        std::iter::repeat_n(token, times)
    });
    for (minute, token) in (0..).zip(tokens).filter(|(_, token)| *token != ".") {
        if token == "x" {
            let verdict = judgement.as_ref().unwrap().verdict;
            away = Some(Away { alarmed: group([verdict]) == Verdict::Err });
            continue;
        }
        let (point, flag) = token.split_at(token.trim_end_matches(['m', 'u', '?', 'b']).len());
        let (committed, end) = point.split_once('/').unwrap();
        let committed = committed.parse().map_or(Committed::Never, Committed::At);
        let end = end.parse().unwrap();
        let last_stable = match committed {
            Committed::At(offset) if flag == "b" => Some(offset),
            _ => Some(end),
        };
        let (assigned, members) = match flag {
            "m" => (Assigned::No, Members::Absent),
            "u" => (Assigned::No, Members::Present),
            "?" => (Assigned::Unknown, Members::Unknown),
            _ => (Assigned::Yes, Members::Present),
        };
        let time_ms = minute * thresholds.period_ms;
        let reading = Reading::new(time_ms, committed, LogRange { start: 0, end, last_stable }, assigned, members);
        let reading = reading.after(away.take());
        let mut memory = Memory::fold(samples.last(), &reading, thresholds);
        let read = read(&samples, time_ms, memory, thresholds);
        let earlier = window.map_or(Ok(read.as_slice()), |why| Err(why.clone()));
        judgement = Some(judge(samples.last(), &reading, &mut memory, earlier, None, thresholds));
        samples.push(Sample { time_ms, committed, end, memory });
    }
    judgement.unwrap()
}

/// The samples that a run would have read.
fn read(samples: &[Sample], now_ms: i64, memory: Memory, thresholds: &Thresholds) -> Vec<Sample> {
    let from_ms = now_ms - Horizon::of(thresholds).reach_ms(memory, thresholds);
    samples.iter().filter(|sample| sample.time_ms >= from_ms).copied().collect()
}

fn check(story: &str, expected: Verdict) {
    check_with(story, &DEFAULT, expected);
}

fn check_with(story: &str, thresholds: &Thresholds, expected: Verdict) {
    let judgement = judged(story, thresholds);
    assert_eq!(judgement.verdict, expected, "{story}: {}", judgement.reason);
}

fn after_busy(story: &str) -> String {
    format!("{BUSY} {story}")
}

#[test]
fn a_member_that_commits_nothing_stalls_after_three_periods() {
    check(&after_busy("80/90*3"), Verdict::Ok);
    check(&after_busy("80/90*4"), Verdict::Stall);
    check(&after_busy("80/90*3 81/90"), Verdict::Ok);
    check(&after_busy("80/90 . . 80/90*2"), Verdict::Stall);
    check(&after_busy("80/90*60"), Verdict::Stall);
}

#[test]
fn runs_that_could_not_read_it_count_towards_nothing() {
    for runs in [1, 4, 10, 100] {
        // Members come back within a snapshot or two, and commit.
        check(&after_busy(&format!("80/90 x*{runs} 80/99?")), Verdict::Ok);
        check(&after_busy(&format!("80/90 x*{runs} 80/99?*2")), Verdict::Ok);
        check(&after_busy(&format!("80/90 x*{runs} 80/99?*2 99/99")), Verdict::Ok);
        check(&after_busy(&format!("80/90m x*{runs} 80/99m 80/99")), Verdict::Ok);
        // A member that does not is found as soon as without those runs, and two snapshots.
        check(&after_busy(&format!("80/90 x*{runs} 80/99*3")), Verdict::Ok);
        check(&after_busy(&format!("80/90 x*{runs} 80/99*4")), Verdict::Stall);
        check(&after_busy(&format!("80/90m*2 x*{runs} 80/99m")), Verdict::Ok);
        check(&after_busy(&format!("80/90m*2 x*{runs} 80/99m*2")), Verdict::Stop);
    }
}

#[test]
fn what_was_an_error_before_runs_that_could_not_read_it_is_one_until_it_moves() {
    for runs in [1, 5, 60] {
        for (before, verdict) in [("80/90*4", Verdict::Stall), ("80/90m*3", Verdict::Stop)] {
            let back = |rest: &str| after_busy(&format!("{before} x*{runs} {rest}"));
            check(&after_busy(before), verdict);
            check(&back("80/99m"), Verdict::Stop);
            check(&back("80/99m*2 80/99"), Verdict::Stall);
            check(&back("80/99? 80/99m*3 80/99*20"), Verdict::Stall);
            check(&back("80/99m*3 80/99*3 x*9 80/99*30"), Verdict::Stall);
            check(&back("80/99m 81/99"), Verdict::Ok);
            check(&back("80/99m 99/99 99/109"), Verdict::Ok);
        }
    }
    let reason = judged(&after_busy("80/90m*3 x*5 80/99"), &DEFAULT).reason.to_string();
    assert_eq!(
        reason,
        "it stood still before the runs that could not read it, and no commit came since, 19 records behind"
    );
}

#[test]
fn a_member_with_nothing_to_commit_does_not_stall() {
    check(&after_busy("80/80*60 80/90*3"), Verdict::Ok);
    check(&after_busy("80/80*60 80/90*4"), Verdict::Stall);
}

#[test]
fn a_group_that_lost_its_members_stops_after_three_snapshots() {
    check(&after_busy("80/90m*2"), Verdict::Ok);
    check(&after_busy("80/90m*3"), Verdict::Stop);
    let seldom = "0/5*5 5/10*5 7/10*5 10/15*5"; // each five minutes
    check(&format!("{seldom} 10/20m*2 10/20 10/20m*2"), Verdict::Ok);
    check(&format!("{seldom} 10/20m*2 12/20m 12/20m*2"), Verdict::Ok);
    check(&format!("{seldom} 10/20m*2 10/20? 10/20m"), Verdict::Stop);
    check(&after_busy("80/80m*9"), Verdict::Ok);
}

#[test]
fn a_group_that_never_had_members_stops_once_it_is_silent() {
    let busy = BUSY.replace(' ', "m ") + "m";
    check(&format!("{busy} 80/90m*3"), Verdict::Ok);
    check(&format!("{busy} 80/90m*4"), Verdict::Stop);
    check(&format!("{busy} 80/80m*60 80/90m*3"), Verdict::Ok); // silent for long, behind only now
    check(&format!("{busy} 80/80m*60 80/90m*4"), Verdict::Stop);
}

#[test]
fn rebalancing_groups_keep_their_last_known_assignment_for_a_while() {
    check(&after_busy("80/90 80/90?*3"), Verdict::Stall);
    check(&after_busy("80/90 80/90?*4"), Verdict::Stop);
}

#[test]
fn seldom_commits_are_waited_for() {
    let seldom = "0/5*5 5/10*5 7/10*5 10/15*5"; // each five minutes
    check(&format!("{seldom} 10/20*12"), Verdict::Ok);
    check(&format!("{seldom} 10/20*14"), Verdict::Stall);
}

#[test]
fn without_a_usual_gap_a_member_has_half_an_hour() {
    check("0/9*28", Verdict::Ok);
    check("0/9*35", Verdict::Stall);
    check("0/9m*28", Verdict::Ok);
    check("0/9m*60", Verdict::Ok); // it may run by the hour
    check("0/9m*80", Verdict::Warn); // abandoned
    check("0/9m*3 1/9m*28", Verdict::Ok);
    check("0/9m*3 1/9m*35", Verdict::Stop);
}

#[test]
fn commits_that_lose_a_share_of_what_arrives_are_slow() {
    check("0/1500 900/2500 1800/3500 2700/4500 3600/5500", Verdict::Ok); // four commits
    check("0/1500 900/2500 1800/3500 2700/4500 3600/5500 4500/6500", Verdict::Warn);
    check("0/1500 950/2500 1900/3500 2850/4500 3800/5500 4750/6500", Verdict::Warn); // one in twenty
    check("0/1500 951/2500 1902/3500 2853/4500 3804/5500 4755/6500", Verdict::Ok);
    check("0/1500 1000/2500 2000/3500 3000/4500 4000/5500 5000/6500", Verdict::Ok); // behind, but not ever more
    check("0/1500 900/2500 1800/3500 2700/4500 3600/5500 4500/6500*3", Verdict::Warn); // no commit, no news
}

#[test]
fn a_little_ground_lost_at_each_of_ten_commits_is_slow() {
    let story = |commits: i64| {
        let snapshots: Vec<_> = (0..=commits).map(|n| format!("{}/{}", n * 960, n * 1_000 + 1_500)).collect();
        snapshots.join(" ")
    };
    check(&story(9), Verdict::Ok);
    check(&story(10), Verdict::Warn);
}

#[test]
fn commits_that_had_reached_the_previous_log_end_are_not_slow() {
    check("0/0 999/1000 1990/2000 2940/3000 3900/4000 4860/5000", Verdict::Ok);
    check("0/0 1000/1000 1100/2000 1200/3000 2000/4000 3000/5000 4400/6000", Verdict::Ok);
}

#[test]
fn a_warning_ends_at_the_first_snapshot_that_sees_it_on_time() {
    let slow = "0/1500 900/2500 1800/3500 2700/4500 3600/5500 4500/6500";
    check(&format!("{slow} 5400/7500*3"), Verdict::Warn);
    check(&format!("{slow} 5400/7500 8400/8500"), Verdict::Ok); // 100 behind, and past where the log ended before
    check(&format!("{slow} 5400/7500 7900/8500"), Verdict::Warn);
}

#[test]
fn a_slow_drain_ends_a_warning_once_a_tenth_is_gone() {
    let slow: Vec<_> = (0..20).map(|n| format!("{}/{}", n * 500, 1_500 + n * 1_000)).collect();
    // 11,000 behind, and 50 fewer each minute.
    let drain = |snapshots: i64| {
        let drained = (1..=snapshots).map(|n| format!("{}/{}", 9_500 + n * 1_050, 20_500 + n * 1_000));
        slow.iter().cloned().chain(drained).collect::<Vec<_>>().join(" ")
    };
    check(&drain(20), Verdict::Warn);
    check(&drain(60), Verdict::Ok);
}

#[test]
fn a_rule_that_a_period_has_no_snapshots_for_raises_nothing() {
    let slow: Vec<_> = (0..40).map(|n| format!("{}/{}", n * 500, 1_500 + n * 1_000)).collect();
    for (minutes, expected) in
        [(1, Verdict::Warn), (30, Verdict::Warn), (35, Verdict::Warn), (45, Verdict::Ok), (60, Verdict::Warn)]
    {
        check_with(&slow.join(" "), &Thresholds { period_ms: minutes * 60_000, ..DEFAULT }, expected);
    }
}

#[test]
fn a_step_backwards_stands_until_it_is_made_up_for() {
    check(&after_busy("20/90"), Verdict::Rewind);
    check(&after_busy("20/90 30/100 79/100"), Verdict::Rewind);
    check(&after_busy("20/90 30/100 80/100"), Verdict::Ok);
    check(&after_busy("20/79"), Verdict::Ok); // the log end went back as well: another log
}

#[test]
fn allowed_lag_is_allowed() {
    let one = Thresholds { allowed_lag: 1, ..DEFAULT };
    check_with(&after_busy("80/81m*9"), &one, Verdict::Ok);
    check_with(&after_busy("80/82m*9"), &one, Verdict::Stop);
    check_with(&after_busy("80/81*9"), &one, Verdict::Ok);
}

/// Transactions of ten records and a marker, of which each commit leaves the marker.
const TRANSACTIONS: &str = "0/0 10/11 21/22 32/33 43/44 54/55";

#[test]
fn what_each_commit_leaves_is_the_end() {
    let transactions = |story: &str| format!("{TRANSACTIONS} {story}");
    check(&transactions("54/55*600"), Verdict::Ok);
    check(&transactions("54/55m*600"), Verdict::Ok);
    check(&TRANSACTIONS.replace(' ', "m ").replace("55", "55m 54/55m*600"), Verdict::Ok);
    let quiet = judged(&transactions("54/55*9"), &DEFAULT);
    let why = "caught up but for 1 offset, which each commit leaves: markers of transactions are no records";
    assert_eq!((quiet.to_string().as_str(), quiet.supported), (why, true));
    // It goes on, and is caught on its way.
    check(&transactions("54/66 65/66 65/77 76/77*60"), Verdict::Ok);
    // Records that nobody reads.
    check(&transactions("54/66 54/77*9"), Verdict::Stall);
    check(&transactions("54/66 54/77m*3"), Verdict::Stop);
    check(&transactions("54/200*9"), Verdict::Stall);
}

#[test]
fn a_marker_that_retention_deletes_is_no_loss() {
    let at = |minute: i64, offset: i64, end: i64, start: i64| {
        let log = LogRange { start, end, last_stable: Some(end) };
        Reading::new(minute * 60_000, Committed::At(offset), log, Assigned::Yes, Members::Present)
    };
    let transactions = (0..9).map(|minute| at(minute, minute * 11 + 10, minute * 11 + 11, 0));
    let deleted = [at(9, 98, 99, 98), at(10, 98, 99, 99), at(11, 98, 99, 99)];
    let mut previous: Option<Sample> = None;
    for reading in transactions.chain(deleted) {
        let mut memory = Memory::fold(previous.as_ref(), &reading, &DEFAULT);
        let judgement = judge(previous.as_ref(), &reading, &mut memory, Ok(&[]), None, &DEFAULT);
        assert_eq!(judgement.verdict, Verdict::Ok, "{judgement}");
        assert!(!judgement.findings.has(Finding::LossAhead) && judgement.findings.newly_lost() == 0, "{judgement}");
        previous =
            Some(Sample { time_ms: reading.time_ms, committed: reading.committed, end: reading.log.end, memory });
    }
}

#[test]
fn a_transaction_that_was_aborted_behind_it_is_no_lag_while_somebody_is_there() {
    let aborted = |story: &str| format!("{TRANSACTIONS} {story}");
    check(&aborted("54/106*600"), Verdict::Ok);
    check(&aborted("54/106*20 116/117 116/117*60"), Verdict::Ok);
    check(&aborted("54/106*20 54/117*9"), Verdict::Stall);
    check(&aborted("54/106m*3"), Verdict::Stop); // who left may have left records
    let why = "caught up but for 52 offsets, no more than the marker that each commit leaves and a transaction that was aborted";
    assert_eq!(judged(&aborted("54/106*9"), &DEFAULT).to_string(), why);
    // The same rest each time, however it comes.
    check("0/0 10/62 72/124 134/186 196/248 258/310*60", Verdict::Ok);
}

#[test]
fn a_record_that_is_left_without_transactions_is_one() {
    check(&after_busy("80/81*4"), Verdict::Stall);
    check("0/0 10/10 20/21 30/30 40/41*9", Verdict::Stall);
    check("0/0 10/11 20/22 30/33 40/44 40/44*9", Verdict::Stall); // more each time
    check("0/0 10/11 21/22 32/33*40", Verdict::Stall); // too few to know
    check("0/9*40", Verdict::Stall);
}

#[test]
fn an_open_transaction_is_a_warning_and_no_stall() {
    check(&after_busy("80/90b*3"), Verdict::Ok);
    check(&after_busy("80/90b*4"), Verdict::Warn);
    check(&after_busy("80/90m*4"), Verdict::Stop);
    assert!(judged(&after_busy("80/90b"), &DEFAULT).findings.iter().eq([Finding::Blocked]));
    assert!(judged(&after_busy("90/90b"), &DEFAULT).findings.iter().eq([]));
}

#[test]
fn a_partition_that_nobody_subscribes_to_alarms_only_if_asked_to() {
    let asked = Thresholds { unassigned_alarms: true, ..DEFAULT };
    check(&after_busy("80/90u*60"), Verdict::Ok);
    check_with(&after_busy("80/90u*2"), &asked, Verdict::Ok);
    check_with(&after_busy("80/90u*3"), &asked, Verdict::Stop);
    assert!(judged(&after_busy("80/90u"), &DEFAULT).findings.iter().eq([Finding::Unassigned]));
}

#[test]
fn a_partition_without_a_commit_alarms_only_if_asked_to() {
    let asked = Thresholds { uncommitted_alarms: true, ..DEFAULT };
    check("-/9*60", Verdict::Ok);
    check_with("-/9*3", &asked, Verdict::Ok);
    check_with("-/9*4", &asked, Verdict::Warn);
    check_with("-/9m*60", &asked, Verdict::Ok);
    check_with("-/0*60", &asked, Verdict::Ok);
    assert!(judged("-/9", &DEFAULT).findings.iter().eq([Finding::NoCommit, Finding::Uncommitted]));
    assert!(judged("-/0", &DEFAULT).findings.iter().eq([Finding::NoCommit]));
    assert_eq!((judged("-/9", &DEFAULT).snapshots_missing, judged("-/9", &asked).snapshots_missing), (0, 2));
}

#[test]
fn warming_up_lasts_three_snapshots_and_spares_who_is_caught_up() {
    let still = |story| judged(story, &DEFAULT).snapshots_missing;
    assert_eq!((still("0/9"), still("0/9*2"), still("0/9*3")), (2, 1, 0));
    assert_eq!(still("9/9"), 0);
    assert_eq!(still("1/9 2/9 3/9 1/5"), 2);
}

#[test]
fn findings_carry_their_figures() {
    assert!(judged("12/9", &DEFAULT).findings.iter().eq([Finding::PastEnd { by: 3 }]));
    assert!(judged("1/9 1/5", &DEFAULT).findings.iter().eq([Finding::Recreated]));
    let log = LogRange { start: 40, end: 90, last_stable: None };
    let (assigned, members) = (Assigned::Yes, Members::Present);
    let reading = Reading::new(0, Committed::At(10), log, assigned, members);
    let judgement = judge(None, &reading, &mut Memory::fold(None, &reading, &DEFAULT), Ok(&[]), None, &DEFAULT);
    assert!(judgement.findings.iter().eq([Finding::DataLoss { lost: 30, new: 0 }]));
    assert_eq!(judgement.reason.to_string(), "first snapshot of three, 50 records behind");
}

#[test]
fn reasons_are_sentences_with_figures() {
    let reason = |story: &str| judged(&after_busy(story), &DEFAULT).reason.to_string();
    let silent = "no commit for 12 min (usually within 2 min), 48,210 records behind";
    assert_eq!(reason("80/80"), "caught up");
    assert_eq!(reason("90/80"), "committed 10 offsets past the log end: the topic was truncated or recreated");
    assert_eq!(reason("80/48290m*12"), format!("{silent}, no member assigned"));
    assert_eq!(reason("80/48290*12"), format!("{silent}, a member is assigned"));
    assert_eq!(reason("80/48290b*12"), format!("held up by an open transaction, {silent}, a member is assigned"));
    assert_eq!(reason("80/80 81/90"), "9 records behind, commits keep coming");
    assert_eq!(
        reason("80/90*2"),
        "no commit for 2 min (usually within 2 min), 10 records behind, a member is assigned"
    );
    assert_eq!(reason("20/90"), "the commit went 60 records back, from 80 to 20, and has not come up again");
    assert_eq!(
        judged("0/1500 900/2500 1800/3500 2700/4500 3600/5500 4500/6500", &DEFAULT).reason.to_string(),
        "falls behind, from 1,100 to 1,500 records within 4 commits and 4 min"
    );
    assert_eq!(
        judged("0/9*2400", &DEFAULT).reason.to_string(),
        "no commit for over 1 d 14 h (usual interval not known yet), 9 records behind, a member is assigned"
    );
}

#[test]
fn what_only_the_history_shows_is_unknown_without_it() {
    let throttled = Unknown::because("CloudWatch is throttling");
    let verdict = |story: &str| judged_without(Some(&throttled), &after_busy(story), &DEFAULT);
    assert_eq!(verdict("20/90").verdict, Verdict::Rewind); // the previous reading shows it
    assert_eq!(verdict("20/90 30/90").verdict, Verdict::Unknown);
    assert_eq!(verdict("20/90 30/90").reason.to_string(), "CloudWatch is throttling");
    assert_eq!(verdict("90/90").verdict, Verdict::Ok);
    assert_eq!(verdict("80/90*4").verdict, Verdict::Stall); // the memory alone shows it

    let log = LogRange { start: 0, end: 90, last_stable: None };
    let reading = |offset| Reading::new(0, Committed::At(offset), log, Assigned::Yes, Members::Present);
    let why = Unknown::because("no permission");
    let verdict = |reading: Reading| judge_without_history(&reading, &why, None, &DEFAULT).verdict;
    assert_eq!((verdict(reading(89)), verdict(reading(90))), (Verdict::Unknown, Verdict::Ok));
}

#[test]
fn a_group_is_as_bad_as_its_worst_partition() {
    use Verdict::{Err, Ok, Rewind, Stall, Stop, Unknown, Warn};
    assert_eq!(group([]), Ok);
    assert_eq!(group([Ok, Ok]), Ok);
    assert_eq!(group([Ok, Unknown, Ok]), Unknown);
    assert_eq!(group([Unknown, Warn]), Warn);
    for bad in [Stop, Stall, Rewind] {
        assert_eq!(group([Warn, bad, Unknown]), Err);
    }
}

#[test]
fn codes_are_burrows() {
    use Verdict::{Err, NotFound, Ok, Rewind, Stall, Stop, Warn};
    assert_eq!([NotFound, Ok, Warn, Err, Stop, Stall, Rewind].map(Verdict::code), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(Verdict::Unknown.code(), 0);
}
