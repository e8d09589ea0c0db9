//! How many rounds and questions the search needs on logs in order, and how wrong it is when stopped early.

#![expect(clippy::print_stdout, reason = "the table is for people, by --nocapture")]

use meerkat::model::age::{Age, Limits, Tolerance};

use crate::age::log::{Log, Random, TO_THE_MS};
use crate::age::shapes::IN_ORDER;

const TO_A_SECOND: Limits = Limits { tolerance: Tolerance { ms: 1_000, percent: 0 }, ..TO_THE_MS };
const TO_A_PERCENT: Limits = Limits { tolerance: Tolerance { ms: 1_000, percent: 1 }, ..TO_THE_MS };

#[test]
fn logs_in_order_need_few_rounds() {
    let mut totals: [Vec<Cost>; 3] = Default::default();
    println!("{HEAD}");
    for (name, shape) in IN_ORDER {
        let logs = [1, 2, 3].map(|seed| {
            let mut random = Random(seed);
            let log = shape(&mut random);
            let commits = commits(&log, &mut random);
            (log, commits)
        });
        let commits = || logs.iter().flat_map(|(log, commits)| commits.iter().map(move |&at| (log, at)));
        let runs = |limits: Limits| -> Vec<Run> { commits().map(|(log, at)| Run::of(log, at, limits)).collect() };
        let stopped_after = |rounds| worst_error(&runs(Limits { rounds, ..TO_THE_MS }));

        let (percent, second, end) = (runs(TO_A_PERCENT), runs(TO_A_SECOND), runs(TO_THE_MS));
        let (after_5, after_8) = (stopped_after(5), stopped_after(8));
        let costs = [&percent, &second, &end].map(|runs| Cost::of(runs));
        println!("{name:16} | {} | {} | {} | {after_5:7} | {after_8:5}", costs[0], costs[1], costs[2]);

        assert!(percent.iter().all(Run::is_within_a_percent), "{name}: beyond 1 % or 1 s");
        assert!(worst_error(&second) <= 1_000, "{name}: beyond 1 s");
        assert_eq!(worst_error(&end), 0, "{name}: not exact in the end");
        assert!(end.iter().all(|run| !matches!(run.age, Age::AtMost { .. })), "{name}: some brackets stay open");
        assert!(
            after_5 <= 200_000 && after_8 <= 1_000,
            "{name}: off by {after_5} ms after 5 rounds, {after_8} after 8"
        );
        assert!(costs[0].p95 <= 4 && costs[0].max <= 6, "{name}: {}", costs[0]);
        assert!(costs[1].p95 <= 8 && costs[1].max <= 9, "{name}: {}", costs[1]);
        assert!(costs[2].p95 <= 9 && costs[2].max <= 11, "{name}: {}", costs[2]);
        for (total, cost) in totals.iter_mut().zip(costs) {
            total.push(cost);
        }
    }

    let means = totals.each_ref().map(|costs| (mean_rounds(&costs[..6]), mean_rounds(costs)));
    println!("mean rounds, the first six and all: {means:.2?}");
    assert!(means[0].0 <= 2.4 && means[0].1 <= 2.5);
    assert!(means[1].0 <= 3.3 && means[1].1 <= 3.6);
    assert!(means[2].0 <= 3.7 && means[2].1 <= 4.1);
}

/// The search for one commit.
struct Run {
    age: Age,
    truth: u64,
    rounds: u32,
    questions: usize,
}

impl Run {
    fn of(log: &Log, committed: i64, limits: Limits) -> Self {
        let (age, rounds, questions) = log.search(log.target(committed), limits);
        Self { age, truth: log.true_age(committed), rounds, questions }
    }

    fn error(&self) -> u64 {
        self.age.ms().map_or(u64::MAX, |ms| ms.abs_diff(self.truth))
    }

    fn is_within_a_percent(&self) -> bool {
        self.error() <= (self.truth / 100).max(1_000)
    }
}

fn worst_error(runs: &[Run]) -> u64 {
    runs.iter().map(Run::error).max().unwrap_or(u64::MAX)
}

/// The sums of all runs on one log, in rounds and (`asked`) questions.
struct Cost {
    mean: f64,
    p95: u32,
    max: u32,
    asked_mean: f64,
    asked_max: usize,
}

impl Cost {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred runs")]
    fn of(runs: &[Run]) -> Self {
        let mut rounds: Vec<_> = runs.iter().map(|run| run.rounds).collect();
        rounds.sort_unstable();
        Self {
            mean: f64::from(rounds.iter().sum::<u32>()) / runs.len() as f64,
            p95: rounds[runs.len() * 95 / 100],
            max: rounds[runs.len() - 1],
            asked_mean: runs.iter().map(|run| run.questions).sum::<usize>() as f64 / runs.len() as f64,
            asked_max: runs.iter().map(|run| run.questions).max().unwrap_or(0),
        }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mean, p95, max, asked_mean, asked_max } = self;
        write!(f, "{mean:5.2} {p95:3} {max:3} {asked_mean:6.1} {asked_max:4}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "ten logs")]
fn mean_rounds(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.mean).sum::<f64>() / costs.len() as f64
}

/// The commits tried on a log: half anywhere, half by the magnitude of their lag.
fn commits(log: &Log, random: &mut Random) -> Vec<i64> {
    let end = log.range.end;
    let anywhere: Vec<_> = (0..200).map(|_| random.below(end)).collect();
    let near_the_end = (0..200).map(|_| {
        let magnitude = 1 + random.below(i64::from(end.ilog2()));
        end - 1 - random.below(1 << magnitude).min(end - 1)
    });
    anywhere.into_iter().chain(near_the_end).collect()
}

const HEAD: &str = "\
rounds mean p95  | within 1 % or 1 s         | within 1 s                | to the end                | worst error, ms
max, asked mean  |                           |                           |                           | after 5 | after 8
max";
