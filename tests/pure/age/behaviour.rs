//! Ages of records that the search cannot see directly, one test for each documented behaviour.

use meerkat::model::age::{Age, Answer, Basis, Limits, MAX_TIMESTAMP, Search, Target};
use meerkat::model::lag::LogRange;
use meerkat::model::unknown::Unknown;

use crate::age::log::{DAY_ONE, Log, Random, TO_THE_MS};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// A record a second, `n` of them.
fn seconds(n: i64) -> Vec<i64> {
    (0..n).map(|at| DAY_ONE + at * SECOND).collect()
}

#[test]
fn a_record_in_order_has_its_own_age() {
    let log = Log::of(seconds(10_000));
    for committed in [1, 2, 500, 9_998, 9_999] {
        assert_eq!(log.age(committed), Age::Exact { ms: log.true_age(committed) }, "{committed}");
    }
}

#[test]
fn the_first_record_needs_one_round() {
    let log = Log::of(seconds(10_000));
    assert_eq!(log.search(log.target(0), TO_THE_MS).1, 1);
}

#[test]
fn a_commit_below_the_log_start_has_the_age_of_the_first_record_that_exists() {
    let mut log = Log::of(seconds(10_000));
    log.range.start = 4_000;
    for committed in [0, 3_999, 4_000] {
        assert_eq!(log.age(committed), Age::Exact { ms: log.true_age(4_000) }, "{committed}");
    }
}

#[test]
fn records_appended_at_once_are_tied_and_right() {
    let log = Log::of((0..10_000).map(|at| DAY_ONE + at / 500 * 5 * SECOND).collect());
    assert_eq!(log.age(5_000), Age::Exact { ms: log.true_age(5_000) });
    for committed in [5_001, 5_250, 5_499] {
        let ms = log.true_age(committed);
        let age = Age::Tied { ms, at_least_ms: ms - 5_000 };
        assert_eq!((log.age(committed), age.source()), (age, Some(Basis::Bound)), "{committed}");
    }
}

#[test]
fn records_appended_at_once_at_the_end_are_at_least_so_old() {
    let log = Log::of((0..10_000).map(|at| DAY_ONE + at / 500 * 5 * SECOND).collect());
    assert_eq!(log.age(9_501), Age::AtLeast { ms: log.true_age(9_501) });
}

#[test]
fn a_reader_held_by_an_open_transaction_has_the_age_of_its_first_record() {
    let mut log = Log::of(seconds(10_000));
    log.range.last_stable = Some(7_000);
    assert_eq!(log.age(7_000), Age::Exact { ms: log.true_age(7_000) });
}

#[test]
fn a_transaction_marker_counts_as_a_record() {
    let log = Log::of(seconds(101)); // the last is the marker: to the broker there is no difference
    assert_eq!(log.age(100), Age::Exact { ms: log.true_age(100) });
}

#[test]
fn a_compacted_record_lies_between_its_surviving_neighbours() {
    let mut random = Random(11);
    let mut at = DAY_ONE;
    let kept = (0..50_000).filter_map(|offset| {
        at += 1 + random.below(2_000);
        (random.below(10) == 0 || offset == 0 || offset == 49_999).then_some((offset, at))
    });
    let log = Log::with_holes(kept.collect());
    for _ in 0..300 {
        let committed = random.below(log.range.end);
        let truth = log.true_age(committed);
        match log.age(committed) {
            Age::Exact { ms } => assert_eq!(ms, truth),
            // What a reader gets next is the surviving neighbour above, the younger bound itself.
            Age::Tied { ms, at_least_ms } => assert!(at_least_ms == truth && truth < ms, "{committed}: {truth}, {ms}"),
            other => panic!("{committed}: {other:?}"),
        }
    }
}

#[test]
fn a_commit_before_the_first_surviving_record_is_at_least_as_old_as_that() {
    let log = Log::with_holes(vec![(57, DAY_ONE), (199, DAY_ONE + HOUR)]);
    assert_eq!(log.age(10), Age::AtLeast { ms: log.true_age(10) });
    assert_eq!(log.age(57), Age::Exact { ms: log.true_age(57) });
}

#[test]
fn jitter_makes_a_hidden_record_seem_younger_by_at_most_the_jitter() {
    let mut random = Random(5);
    let log = Log::of(seconds(20_000).into_iter().map(|at| at / 10 + random.below(10_001) - 5_000).collect());
    let mut hidden = 0;
    for _ in 0..400 {
        let committed = random.below(log.range.end);
        let truth = log.true_age(committed);
        match log.age(committed) {
            Age::Exact { ms } => assert_eq!(ms, truth),
            Age::Tied { ms, .. } | Age::AtLeast { ms } => {
                hidden += 1;
                assert!(ms <= truth && truth - ms <= 10_000, "{committed}: {truth}, {ms}");
            }
            other => panic!("{committed}: {other:?}"),
        }
    }
    assert!(hidden > 300, "most records are behind a later stamp, {hidden}");
}

#[test]
fn inside_a_replayed_block_the_age_is_a_bound_and_outside_it_is_exact() {
    let mut stamps = seconds(20_000);
    for stamp in &mut stamps[8_000..9_000] {
        *stamp -= 6 * HOUR;
    }
    let log = Log::of(stamps);
    for committed in [7_998, 7_999, 9_000, 9_001] {
        assert_eq!(log.age(committed), Age::Exact { ms: log.true_age(committed) }, "{committed}");
    }
    for committed in [8_000, 8_500, 8_999] {
        let before = log.true_age(7_999);
        assert_eq!(log.age(committed), Age::Tied { ms: before, at_least_ms: log.true_age(9_000) }, "{committed}");
        assert!(before < log.true_age(committed));
    }
}

#[test]
fn a_stamp_from_the_future_hides_every_later_record() {
    let mut stamps = seconds(20_000);
    stamps[9_000] += 48 * HOUR;
    let mut log = Log::of(stamps);
    log.now_ms = DAY_ONE + 20_000 * SECOND;
    for max_timestamp in [true, false] {
        let age = |committed| log.search(Target { max_timestamp, ..log.target(committed) }, TO_THE_MS).0;
        assert_eq!(age(8_999), Age::Exact { ms: log.true_age(8_999) });
        assert_eq!(age(9_000), Age::AtLeast { ms: 0 });
        for committed in [9_001, 15_000, 19_999] {
            assert_eq!((age(committed).ms(), age(committed).source()), (None, None), "{committed}");
            assert!(matches!(age(committed), Age::Unknown(why) if why.to_string().contains("in the future")));
        }
    }
}

#[test]
fn a_greatest_stamp_before_the_commit_is_a_lower_bound() {
    let mut stamps = seconds(20_000);
    for stamp in &mut stamps[15_000..] {
        *stamp -= 6 * HOUR;
    }
    let log = Log::of(stamps);
    assert_eq!(log.age(16_000), Age::AtLeast { ms: log.true_age(14_999) });
    assert!(log.true_age(14_999) < log.true_age(16_000));
}

#[test]
fn a_producer_clock_a_little_ahead_is_age_0() {
    let mut log = Log::of(seconds(1_000));
    log.now_ms = DAY_ONE + 999 * SECOND - 500;
    assert_eq!(log.age(999), Age::AtLeast { ms: 0 });
}

fn age_of(target: Target, answer: &Answer) -> Age {
    let mut search = Search::new([target], TO_THE_MS, DAY_ONE);
    while let Some(layers) = search.round(|_, _| true) {
        layers.into_iter().flatten().for_each(|question| search.answer(question, answer));
    }
    search.finish().remove(0)
}

#[test]
fn messages_without_timestamps_have_no_age_but_a_reason() {
    let log = Log::of(seconds(10));
    let Age::Unknown(why) = age_of(log.target(5), &Answer::NoRecord) else { panic!("an age of nothing") };
    assert!(why.to_string().contains("message format before Kafka 0.10"), "{why}");
}

#[test]
fn a_refusal_is_the_reason() {
    let refused = Unknown::because("not authorized to describe the topic");
    let log = Log::of(seconds(10));
    assert_eq!(age_of(log.target(5), &Answer::Refused(refused.clone())), Age::Unknown(refused));
}

#[test]
fn a_leader_that_refuses_the_greatest_stamp_is_asked_the_rest() {
    let log = Log::of(seconds(1_000));
    let mut search = Search::new([log.target(500)], Limits { rounds: 12, ..TO_THE_MS }, log.now_ms);
    let mut asked = 0;
    while let Some(layers) = search.round(|_, _| true) {
        for question in layers.into_iter().flatten() {
            let refused = question.timestamp == MAX_TIMESTAMP;
            asked += u32::from(refused);
            let answer =
                if refused { Answer::Refused(Unknown::because("unsupported")) } else { log.answer(question.timestamp) };
            search.answer(question, &answer);
        }
    }
    assert_eq!((search.finish(), asked), (vec![Age::Exact { ms: log.true_age(500) }], 1));
}

#[test]
fn nothing_unread_is_caught_up_and_asks_nothing() {
    let log = Log::of(seconds(10));
    let emptied = Target { log: LogRange { start: 10, ..log.range }, ..log.target(3) };
    for target in [log.target(10), emptied] {
        assert_eq!(log.search(target, TO_THE_MS), (Age::CaughtUp, 0, 0));
    }
}

#[test]
fn a_commit_past_the_end_has_no_age() {
    let log = Log::of(seconds(10));
    assert!(matches!(log.search(log.target(11), TO_THE_MS), (Age::Unknown(_), 0, 0)));
}
