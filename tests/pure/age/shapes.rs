//! Logs in order, of the shapes that topics have.

use crate::age::log::{DAY_ONE, Log, Random};

/// A log of this many records, each the given number of milliseconds after the one before.
#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are meant")]
fn spaced(records: usize, random: &mut Random, mut gap: impl FnMut(f64, &mut Random) -> f64) -> Log {
    let mut since = 0.0;
    let stamps = (0..records).map(|_| {
        since += gap(since, random);
        DAY_ONE + since as i64
    });
    Log::of(stamps.collect())
}

/// A gap of a Poisson process with this mean.
fn random_gap(mean: f64, random: &mut Random) -> f64 {
    -mean * random.unit().ln()
}

fn uniform(random: &mut Random) -> Log {
    spaced(200_000, random, |_, _| 1_000.0)
}

/// A few thousand records within seconds, then nothing for one to eight hours.
fn bursty(random: &mut Random) -> Log {
    let mut left = 0;
    spaced(200_000, random, move |_, random| {
        left -= 1;
        if left < 0 {
            left = 1 + random.below(4_000);
            return 3_600_000.0 * (1.0 + 7.0 * random.unit());
        }
        random_gap(5.0, random)
    })
}

/// Batches of 1 to 500 records that share a stamp.
fn log_append_time(random: &mut Random) -> Log {
    let mut left = 0;
    spaced(200_000, random, move |_, random| {
        left -= 1;
        if left < 0 {
            left = random.below(500);
            return random_gap(5_000.0, random).ceil();
        }
        0.0
    })
}

/// A busy day and a quiet night, seven times.
fn diurnal(random: &mut Random) -> Log {
    spaced(200_000, random, |since, random| {
        let busy = 1.05 + (since / 86_400_000.0 * std::f64::consts::TAU).sin();
        random_gap(3_000.0 / busy, random)
    })
}

/// A record now and then for thirty days.
fn trickle(random: &mut Random) -> Log {
    spaced(4_320, random, |_, random| random_gap(600_000.0, random))
}

/// A busy topic that nobody wrote to for sixty days in between.
fn two_month_gap(random: &mut Random) -> Log {
    let mut at = 0;
    spaced(100_000, random, move |_, random| {
        at += 1;
        if at == 50_000 { 60.0 * 86_400_000.0 } else { random_gap(200.0, random) }
    })
}

/// Gaps from 10 ms to a day, the long ones rare.
fn pareto(random: &mut Random) -> Log {
    spaced(100_000, random, |_, random| (10.0 * random.unit().powf(-1.0 / 0.8)).min(86_400_000.0))
}

/// Half an hour of work each night for two weeks.
fn nightly(random: &mut Random) -> Log {
    let mut at = 0;
    spaced(140_000, random, move |_, random| {
        at += 1;
        if at % 10_000 == 0 { 84_600_000.0 } else { random_gap(180.0, random) }
    })
}

/// Ten days at a record every ten seconds, then a thousand times as many.
fn step(random: &mut Random) -> Log {
    spaced(190_000, random, |since, random| {
        random_gap(if since < 10.0 * 86_400_000.0 { 10_000.0 } else { 10.0 }, random)
    })
}

fn poisson(random: &mut Random) -> Log {
    spaced(200_000, random, |_, random| random_gap(6_000.0, random))
}

pub(super) type Shape = (&'static str, fn(&mut Random) -> Log);

pub(super) const IN_ORDER: [Shape; 10] = [
    ("uniform", uniform),
    ("bursty", bursty),
    ("LogAppendTime", log_append_time),
    ("diurnal, 7 d", diurnal),
    ("trickle, 30 d", trickle),
    ("60-day gap", two_month_gap),
    ("Pareto gaps", pareto),
    ("nightly batches", nightly),
    ("1,000-fold step", step),
    ("Poisson, 14 d", poisson),
];
