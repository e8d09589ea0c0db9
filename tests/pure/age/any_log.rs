//! Properties of any log, whatever its order and gaps, and wherever the search was stopped.

use meerkat::model::age::{Age, Limits, Search, Target, Tolerance};

use crate::age::log::{DAY_ONE, Log, Random, TO_THE_MS};

/// A small log: in order or shuffled, with every record or only some of them, with few stamps or many.
fn some_log(random: &mut Random, in_order: bool, whole: bool) -> Log {
    let spread = 1 << (1 + random.below(30));
    let mut stamps: Vec<_> = (0..=random.below(60)).map(|_| DAY_ONE + random.below(spread)).collect();
    if in_order {
        stamps.sort_unstable();
    }
    let records = (0..).zip(stamps).filter(|_| whole || random.below(3) == 0).collect::<Vec<_>>();
    Log::with_holes(if records.is_empty() { vec![(7, DAY_ONE)] } else { records })
}

/// Searches with random limits, and loses some answers on the way.
fn search(log: &Log, random: &mut Random) -> (i64, Age) {
    let committed = random.below(log.range.end);
    let target = Target { max_timestamp: random.below(2) == 0, ..log.target(committed) };
    let limits = Limits {
        rounds: u32::try_from(random.below(13)).unwrap(),
        tolerance: Tolerance { ms: 1 << random.below(12), percent: random.next() % 3 },
        ..TO_THE_MS
    };
    let lost = random.below(2) * 30;
    let mut search = Search::new([target], limits, log.now_ms);
    while let Some(layers) = search.round(|_, _| true) {
        for question in layers.into_iter().flatten() {
            if random.below(100) >= lost {
                search.answer(question, &log.answer(question.timestamp));
            }
        }
    }
    (committed, search.finish().remove(0))
}

fn check(in_order: bool, whole: bool, holds: fn(Age, u64) -> bool) {
    let mut random = Random(42);
    for _ in 0..20_000 {
        let log = some_log(&mut random, in_order, whole);
        let (committed, age) = search(&log, &mut random);
        let truth = log.true_age(committed);
        assert!(
            holds(age.clone(), truth),
            "{age:?} of {committed} is {truth} in {:?}, now {}",
            log.records,
            log.now_ms
        );
    }
}

#[test]
fn exact_is_exact_and_at_least_is_at_least_in_any_log() {
    check(false, false, |age, truth| match age {
        Age::Exact { ms } => ms == truth,
        Age::Tied { at_least_ms: ms, .. } | Age::AtMost { at_least_ms: ms, .. } | Age::AtLeast { ms } => ms <= truth,
        Age::Unknown(_) => true,
        // The search itself never interpolates.
        Age::CaughtUp | Age::Interpolated { .. } => false,
    });
}

#[test]
fn without_holes_a_tied_record_is_at_least_as_old_as_its_neighbour() {
    check(false, true, |age, truth| !matches!(age, Age::Tied { ms, .. } if ms > truth));
}

#[test]
fn in_order_the_older_bound_is_never_too_young() {
    check(true, false, |age, truth| !matches!(age, Age::Tied { ms, .. } | Age::AtMost { ms, .. } if ms < truth));
}

#[test]
fn in_order_and_without_holes_a_tied_record_is_exactly_as_old_as_its_neighbour() {
    check(true, true, |age, truth| !matches!(age, Age::Tied { ms, .. } if ms != truth));
}
