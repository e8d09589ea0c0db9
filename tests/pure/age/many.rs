//! Many commits in one search: what they share, who comes first, and what a limit leaves out.

use std::collections::HashSet;

use meerkat::model::age::{Age, Limits, Search, Target, TimeQuestion};

use crate::age::log::{DAY_ONE, Log, Random, TO_THE_MS};

fn seconds(n: i64) -> Log {
    Log::of((0..n).map(|at| DAY_ONE + at * 1_000).collect())
}

/// Answers every round from the same log; the questions, by round and layer.
fn drive(search: &mut Search, log: &Log) -> Vec<Vec<Vec<TimeQuestion>>> {
    std::iter::from_fn(|| {
        let layers = search.round(|_, _| true)?;
        layers.iter().flatten().for_each(|question| search.answer(*question, &log.answer(question.timestamp)));
        Some(layers)
    })
    .collect()
}

#[test]
fn groups_at_the_same_offset_ask_once() {
    let log = seconds(5_000);
    let alone = drive(&mut Search::new([log.target(1_234)], TO_THE_MS, log.now_ms), &log);
    let mut both = Search::new([log.target(1_234), log.target(1_234)], TO_THE_MS, log.now_ms);
    assert_eq!(drive(&mut both, &log), alone);
    assert_eq!(both.finish(), vec![Age::Exact { ms: log.true_age(1_234) }; 2]);
}

#[test]
fn commits_in_one_partition_share_the_first_round() {
    let log = seconds(5_000);
    let rounds = |commits: &[i64]| {
        let mut search = Search::new(commits.iter().map(|&at| log.target(at)), TO_THE_MS, log.now_ms);
        drive(&mut search, &log)
    };
    assert_eq!(rounds(&[1_000, 2_500, 4_000])[0], rounds(&[1_000])[0]);
}

#[test]
fn no_layer_names_a_partition_twice_and_no_partition_is_asked_a_timestamp_twice() {
    let mut random = Random(3);
    let log = seconds(5_000);
    let targets: Vec<_> = (0..200)
        .map(|_| Target { partition: i32::try_from(random.below(20)).unwrap(), ..log.target(random.below(5_000)) })
        .collect();
    let mut search = Search::new(targets.clone(), Limits { layers: 16, ..TO_THE_MS }, log.now_ms);
    let mut asked = HashSet::new();
    for layers in drive(&mut search, &log) {
        assert!(layers.len() <= 16);
        for layer in layers {
            let partitions: HashSet<_> = layer.iter().map(|question| question.partition).collect();
            assert_eq!(partitions.len(), layer.len());
            assert!(layer.into_iter().all(|question| asked.insert(question)));
        }
    }
    let ages: Vec<_> = targets.iter().map(|target| Age::Exact { ms: log.true_age(target.committed) }).collect();
    assert_eq!(search.finish(), ages);
}

#[test]
fn those_that_lag_most_come_first_and_alone_if_need_be() {
    let log = seconds(5_000);
    let targets = [4_000, 100, 3_000].into_iter().zip(0..).map(|(at, topic)| Target { topic, ..log.target(at) });
    let mut search = Search::new(targets, Limits { partitions: 2, ..TO_THE_MS }, log.now_ms);
    for layer in &drive(&mut search, &log)[0] {
        assert_eq!(layer.iter().map(|question| question.topic).collect::<Vec<_>>(), [1, 2]);
    }
    let ages = search.finish();
    assert!(
        matches!(&ages[0], Age::Unknown(why) if why.to_string().contains("2 partitions that lag most")),
        "{ages:?}"
    );
    assert_eq!(ages[1..], [100, 3_000].map(|at| Age::Exact { ms: log.true_age(at) }));
}

#[test]
fn a_limit_on_layers_costs_rounds_and_not_the_answer() {
    let log = seconds(5_000);
    for layers in [2, 5] {
        let (age, rounds, questions) = log.search(log.target(1_234), Limits { layers, ..TO_THE_MS });
        assert_eq!(age, Age::Exact { ms: log.true_age(1_234) }, "{layers}");
        assert!(questions <= 12 + layers * (rounds as usize - 1));
    }
}

#[test]
fn a_search_that_is_stopped_returns_the_best_answer_so_far() {
    let log = Log::of((0..5_000).map(|at| DAY_ONE + at * at * 100).collect());
    let ages: Vec<_> = (0..4).map(|rounds| log.search(log.target(4_000), Limits { rounds, ..TO_THE_MS }).0).collect();
    assert!(matches!(&ages[0], Age::Unknown(why) if why.to_string() == "no answer came in time"), "{ages:?}");
    let Age::AtMost { ms, at_least_ms } = ages[1] else { panic!("{ages:?}") };
    assert!(at_least_ms <= log.true_age(4_000) && log.true_age(4_000) <= ms);
    assert!(ages.iter().any(|age| *age == Age::Exact { ms: log.true_age(4_000) }), "{ages:?}");
}

#[test]
fn twelve_rounds_is_the_end_whatever_is_asked_for() {
    let log = seconds(5_000);
    let mut search = Search::new([log.target(1_234)], Limits { rounds: 1_000, ..TO_THE_MS }, log.now_ms);
    let rounds = std::iter::from_fn(|| search.round(|_, _| true)).count(); // nobody answers
    assert_eq!((rounds, search.rounds()), (12, 12));
}
