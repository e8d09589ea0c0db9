//! Healthy consumers of many kinds: how often each may be called anything else.

use super::world::{Consumer, Load, Presence};
use super::{BUSY, SELDOM, WORLDS, reads, watch_through};
use meerkat::judge::verdict::Verdict;

/// A kind of healthy consumer.
struct Family {
    name: &'static str,
    consumer: Consumer,
    /// Runs in a hundred that never happen.
    missing: u64,
    /// Times that an alarm may be raised, in a thousand partition-days.
    bar: u64,
}

fn family(name: &'static str, consumer: Consumer, bar: u64) -> Family {
    Family { name, consumer, missing: super::MISSING, bar }
}

fn job(every: u64, runs: u64, load: Load) -> Consumer {
    Consumer { presence: Presence::Runs(runs, every), ..reads(load, 50_000.0, 5) }
}

fn flink(load: Load, checkpoints_each: u64) -> Consumer {
    Consumer { presence: Presence::Never, ..reads(load, 5_000.0, checkpoints_each) }
}

fn late(works: usize, load: Load, commits_each: u64) -> Consumer {
    Consumer { works, ..reads(load, 5_000.0, commits_each) }
}

fn batches(load: Load) -> Consumer {
    Consumer { batches: 240, ..reads(load, 5_000.0, 5) }
}

fn families() -> Vec<Family> {
    let mut families = vec![
        // Once after some cold starts, and never again: a consumer that leaves for the first time may have crashed.
        family("job by the hour", job(3_600, 300, BUSY), 300),
        family("job each ten minutes", job(600, 120, BUSY), 0),
        family("job each five minutes", job(300, 60, BUSY), 0),
        family("job each five minutes, few records", job(300, 60, Load::OneIn(20)), 0),
        family("memberless, checkpoints of a minute", flink(BUSY, 60), 0),
        family("memberless, checkpoints of five minutes", flink(BUSY, 300), 0),
        family("memberless, checkpoints of ten minutes", flink(BUSY, 600), 0),
        family("memberless, producer pauses", flink(Load::Pauses(1_000.0), 600), 0),
        family("memberless, one record in two hours", flink(Load::OneIn(7_200), 600), 50),
        Family { missing: 20, ..family("memberless, a fifth of the runs missing", flink(BUSY, 600), 0) },
        family(
            "memberless, checkpoint takes two minutes, by the day",
            Consumer { checkpoints: 120, ..flink(Load::ByDay(1_000.0), 60) },
            0,
        ),
        family("batches of four minutes", batches(BUSY), 0),
        family("batches of four minutes, by the day", batches(Load::ByDay(1_000.0)), 100),
        family("batches of four minutes, trickle", batches(SELDOM), 0),
        family("two minutes late, by the day", late(120, Load::ByDay(1_000.0), 5), 0),
        family("five minutes late, by the day", late(300, Load::ByDay(1_000.0), 5), 0),
        family("bursts", reads(super::BURSTS, 120.0, 5), 0),
        family("job each quarter of an hour, a quarter of it", job(900, 225, BUSY), 0),
        family("job each half hour", job(1_800, 120, BUSY), 300),
        family("job each twenty minutes, few records", job(1_200, 90, Load::OneIn(20)), 0),
        family("memberless, checkpoints of three minutes, trickle", flink(SELDOM, 180), 0),
        family("memberless, checkpoints of two minutes, bursts", flink(super::BURSTS, 120), 0),
        Family { missing: 20, ..family("a fifth of the runs missing", reads(BUSY, 5_000.0, 60), 0) },
        Family { missing: 20, ..family("a fifth of the runs missing, bursts", reads(super::BURSTS, 120.0, 5), 200) },
        Family { missing: 20, ..family("a fifth missing, two minutes late", late(120, BUSY, 119), 0) },
        family("batches of seven minutes", Consumer { batches: 420, ..reads(BUSY, 5_000.0, 5) }, 0),
        family(
            "batches of ten minutes, producer pauses",
            Consumer { batches: 600, ..reads(Load::Pauses(1_000.0), 5_000.0, 5) },
            0,
        ),
        family("ten minutes late", late(600, BUSY, 30), 0),
        family("ten minutes late, commits as long", late(600, BUSY, 600), 0),
        family("five minutes late, bursts", late(300, Load::Bursts(500.0, 120, 600), 5), 0),
        family("as much as it can read, Poisson", reads(Load::Poisson(900.0), 1_000.0, 5), 0),
        family("producer pauses, seldom commits", reads(Load::Pauses(1_000.0), 5_000.0, 900), 0),
    ];
    for (each, bar) in [(59, 5_000), (119, 0), (179, 0), (239, 0), (299, 0), (57, 5_000), (31, 0), (90, 0), (61, 5_000)]
    {
        families.push(family("two minutes late", late(120, BUSY, each), bar));
    }
    families
}

/// What is wrong with a family whose alarms are more than its bar allows.
fn above_its_bar(Family { name, consumer, missing, bar }: Family) -> Option<String> {
    // As much time in all, and whole days for what needs a day.
    let (worlds, hours) = match (consumer.load, consumer.presence) {
        (Load::ByDay(_), _) => (WORLDS, 24),
        (_, Presence::Runs(_, 3_600)) => (WORLDS, 48),
        (_, Presence::Runs(..)) => (WORLDS, 12),
        _ => (WORLDS, 4),
    };
    let mut episodes = 0;
    for seed in 0..worlds {
        let verdicts = watch_through(consumer, 60, hours * 3_600, seed, missing);
        let mut was_ok = true;
        for (_, verdict) in &verdicts {
            let is_ok = *verdict == Verdict::Ok;
            episodes += u64::from(was_ok && !is_ok);
            was_ok = is_ok;
        }
    }
    let a_day = episodes * 1_000 * 24 / (worlds * hours);
    let wrong = || format!("{name}, commits each {} s: {a_day} alarms in 1,000 days, bar {bar}", consumer.commits_each);
    (a_day > bar).then(wrong)
}

#[test]
fn healthy_families_stay_below_their_bars() {
    // A minute of computing, so on every core.
    let above: Vec<String> = std::thread::scope(|scope| {
        let each: Vec<_> = families().into_iter().map(|family| scope.spawn(|| above_its_bar(family))).collect();
        each.into_iter().filter_map(|family| family.join().expect("a verdict")).collect()
    });
    assert!(above.is_empty(), "{above:#?}");
}
