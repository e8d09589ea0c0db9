#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::packed::RADICES;
use super::*;
use crate::model::lag::LogRange;
use proptest::prelude::*;

const MINUTE: Thresholds = Thresholds::DEFAULT;

fn reading(minute: i64, committed: i64, end: i64) -> Reading {
    Reading::new(
        minute * 60_000,
        if committed < 0 { Committed::Never } else { Committed::At(committed) },
        LogRange { start: 0, end, last_stable: None },
        Assigned::Yes,
        Members::Present,
    )
}

fn fold(readings: impl IntoIterator<Item = Reading>) -> Memory {
    fold_with(&MINUTE, readings)
}

fn fold_with(thresholds: &Thresholds, readings: impl IntoIterator<Item = Reading>) -> Memory {
    let mut previous = None;
    for reading in readings {
        let memory = Memory::fold(previous.as_ref(), &reading, thresholds);
        assert_eq!(Memory::unpack(memory.pack()), Some(memory));
        previous =
            Some(Sample { time_ms: reading.time_ms, committed: reading.committed, end: reading.log.end, memory });
    }
    previous.unwrap().memory
}

#[test]
fn the_greatest_memory_fits_in_33_bits_and_no_greater_number_is_one() {
    let numbers: u64 = RADICES.iter().product();
    assert!(numbers <= Memory::PACKED_LIMIT);
    assert!(Memory::unpack(numbers - 1).is_some());
    assert_eq!(Memory::unpack(numbers), None);
}

#[test]
fn a_long_silence_is_counted_within_an_eighth_however_often_it_is_packed() {
    for minutes in 1..=900 {
        let memory = fold((1_003..=1_003 + minutes).map(|minute| reading(minute, 5, 9)));
        let counted = memory.silent_ms(&MINUTE) / 60_000;
        assert!((counted - minutes).abs() * 8 <= minutes, "{counted} for {minutes}");
    }
}

#[test]
fn missing_snapshots_age_the_silence_by_the_time_that_passed() {
    let memory = fold([reading(0, 5, 9), reading(1, 5, 9), reading(9, 5, 9)]);
    assert_eq!(memory.silent_ms(&MINUTE), 9 * 60_000);
}

#[test]
fn the_first_snapshot_with_lag_counts_one_however_long_none_was_taken() {
    let memory = fold([reading(0, 5, 5), reading(1, 5, 5), reading(90, 5, 9)]);
    assert_eq!(memory.silent_ms(&MINUTE), 60_000);
}

#[test]
fn snapshots_closer_than_a_period_lose_no_time() {
    let memory = fold((0..=80).map(|quarter| Reading { time_ms: quarter * 15_000, ..reading(0, 5, 9) }));
    assert!((18..=22).contains(&(memory.silent_ms(&MINUTE) / 60_000)), "{memory:?}");
}

#[test]
fn a_gap_is_known_from_the_third_commit_on_and_jumps_up_and_comes_down_slowly() {
    let gap_after = |minutes: &[i64]| {
        let made = |minute: i64| minutes.iter().filter(|commit| **commit <= minute).count();
        let last = minutes.last().copied().unwrap();
        let readings = (0..=last).map(|minute| reading(minute, i64::try_from(made(minute)).unwrap(), 1_000));
        fold(readings).usual_gap_ms(&MINUTE).map(|gap_ms| gap_ms / 1_000)
    };
    assert_eq!(gap_after(&[10]), None);
    assert_eq!(gap_after(&[10, 11]), None);
    assert_eq!(gap_after(&[10, 11, 12]), Some(180));
    assert_eq!(gap_after(&[1, 2, 12]), Some(600));
    assert_eq!(gap_after(&[1, 2, 3, 13]), Some(600));
    assert_eq!(gap_after(&[1, 2, 12, 13]), Some(480));
    let each_minute: Vec<_> = (1..=12).collect();
    assert_eq!(gap_after(&each_minute), Some(60));
}

#[test]
fn a_hole_does_not_lengthen_the_gap() {
    let each_minute = (0..=12).map(|minute| reading(minute, minute, 99));
    let memory = fold(each_minute.chain([reading(40, 40, 99)]));
    assert_eq!(memory.usual_gap_ms(&MINUTE), Some(60_000));
}

#[test]
fn one_outage_is_no_habit_of_outages_and_a_second_one_is() {
    let hours = |outages: i64, members: Members| {
        let assigned = if members == Members::Absent { Assigned::No } else { Assigned::Yes };
        let days = (0..=outages * 1_200 + 12).map(|minute| match (minute / 1_200, minute % 1_200) {
            (day, committed @ 0..=12) => reading(minute, day * 12 + committed, 9_999),
            (day, _) => Reading { assigned, members, ..reading(minute, day * 12 + 12, 9_999) },
        });
        fold(days).usual_gap_ms(&MINUTE).map(|gap_ms| gap_ms / 3_600_000)
    };
    assert_eq!([0, 1, 2].map(|outages| hours(outages, Members::Absent)), [Some(0), Some(4), Some(19)]);
    assert!(hours(2, Members::Present) <= Some(4), "who stays and commits nothing is stuck");
}

#[test]
fn a_step_back_after_a_commit_past_the_end_is_none() {
    let back = |end| fold([reading(0, 50, end), reading(1, 50, end + 1), reading(2, 10, end + 2)]).has_stepped_back();
    assert_eq!((back(60), back(20)), (true, false));
}

#[test]
fn who_was_never_settled_is_counted_from_the_first_snapshot_that_shows_it() {
    let unknown = |minute| Reading { assigned: Assigned::Unknown, ..reading(minute, 5, 9) };
    let memory = fold([reading(0, 5, 9), reading(1, 5, 9), unknown(40)]);
    assert_eq!(memory.unstable_ms(&MINUTE), 60_000);
}

#[test]
fn another_log_starts_afresh() {
    let memory = fold([reading(0, 5, 9), reading(1, 6, 9), reading(2, 7, 9), reading(3, 1, 8)]);
    assert_eq!((memory.snapshots_missing(), memory.may_be_slow()), (2, false));
}

#[test]
fn a_step_backwards_is_suspicious_for_an_hour() {
    let after = |commits: i64| {
        let readings = (0..=commits).map(|n| reading(n + 1, n, 99));
        fold_with(&Thresholds { allowed_lag: 99, ..MINUTE }, [reading(0, 50, 99)].into_iter().chain(readings))
    };
    assert_eq!([0, 60, 75].map(|commits| after(commits).has_stepped_back()), [true, true, false]);
}

#[test]
fn the_last_known_assignment_stands_for_three_periods() {
    let after = |unknown: i64| {
        let unknown = (1..=unknown).map(|n| Reading { assigned: Assigned::Unknown, ..reading(n, 5, 9) });
        fold([reading(0, 5, 9)].into_iter().chain(unknown)).assigned()
    };
    assert_eq!((after(3), after(4)), (Assigned::Yes, Assigned::Unknown));
}

proptest! {
    #[test]
    fn any_story_is_packed_without_loss(
        steps in prop::collection::vec((0_i64..400, -1_i64..60, -2_i64..30, 0_u8..9), 1..80),
    ) {
        let (mut minute, mut end) = (0, 30);
        fold(steps.into_iter().map(|(passed, committed, more, group)| {
            minute += passed / (1 + passed % 40);
            end += more;
            let assigned = [Assigned::Yes, Assigned::No, Assigned::Unknown][usize::from(group % 3)];
            let members = [Members::Present, Members::Absent, Members::Unknown][usize::from(group / 3)];
            Reading { assigned, members, ..reading(minute, committed, end) }
        }));
    }

    #[test]
    fn any_number_is_unpacked_into_what_packs_to_it(packed in 0..RADICES.iter().product::<u64>()) {
        prop_assert_eq!(Memory::unpack(packed).unwrap().pack(), packed);
    }
}
