//! Faults: when each is found, and for how much of the next hour it is reported.

use super::world::{Consumer, Fault, Load, Presence};
use super::{BUSY, HEALTHY_PERIODS, WORLDS, reads, watch};
use meerkat::judge::verdict::Verdict;

/// A fault of one consumer, and its expected verdict.
struct Case {
    name: &'static str,
    consumer: Consumer,
    fault: Fault,
    period_s: u64,
    healthy_periods: u64,
    expected: Verdict,
    /// Seconds within which half of the worlds have the expected verdict.
    median: u64,
    /// Parts in a thousand of the next sixty runs with this verdict.
    stays: usize,
}

fn case(name: &'static str, consumer: Consumer, fault: Fault, expected: Verdict, median: u64, stays: usize) -> Case {
    Case { name, consumer, fault, period_s: 60, healthy_periods: HEALTHY_PERIODS, expected, median, stays }
}

fn cases() -> Vec<Case> {
    use Verdict::{Err, Rewind, Stall, Stop, Warn};
    let poisson = |reads_a_second| reads(Load::Poisson(1_000.0), reads_a_second, 5);
    let slow = Fault::SlowsTo;
    let hourly = Consumer { presence: Presence::Runs(300, 3_600), ..reads(BUSY, 50_000.0, 5) };
    let bursts = Load::Bursts(3_000.0, 200, 600);
    vec![
        case("950 of 1,000", poisson(5_000.0), slow(950.0), Warn, 1_300, 900),
        case("970 of 1,000", poisson(5_000.0), slow(970.0), Warn, 2_700, 900),
        case("900 of 1,000", reads(BUSY, 5_000.0, 5), slow(900.0), Warn, 669, 900),
        case("900 of 1,000, commits each 120 s", reads(BUSY, 5_000.0, 120), slow(900.0), Warn, 1_500, 900),
        case("800 of 1,000 in bursts", reads(bursts, 5_000.0, 5), slow(800.0), Warn, 3_600, 900),
        case(
            "dead, retention of an hour",
            Consumer { retention: Some(3_600), ..reads(BUSY, 5_000.0, 5) },
            Fault::Crashes,
            Stop,
            292,
            1_000,
        ),
        Case {
            healthy_periods: 0,
            ..case(
                "stuck from before the first run",
                Consumer { backlog: 3_600_000.0, ..reads(BUSY, 5_000.0, 5) },
                Fault::Sticks,
                Stall,
                900,
                1_000,
            )
        },
        case(
            "reset after a pause",
            reads(Load::Bursts(100.0, 2_400, 14_400), 5_000.0, 5),
            Fault::SeeksBack(100_000.0, 20.0),
            Rewind,
            63,
            900,
        ),
        case(
            "reset, reads on at arrival rate",
            reads(Load::Steady(100.0), 5_000.0, 5),
            Fault::SeeksBack(400_000.0, 100.0),
            Rewind,
            63,
            1_000,
        ),
        case("past the end", reads(BUSY, 5_000.0, 5), Fault::StandsPastEnd(1e6), Stall, 200, 950),
        case("hourly job that dies", hourly, Fault::Crashes, Stop, 7_200, 1_000),
        Case {
            period_s: 300,
            ..case("crash, runs each 5 min", reads(BUSY, 5_000.0, 5), Fault::Crashes, Stop, 420, 1_000)
        },
        Case {
            period_s: 900,
            ..case("crash, runs each 15 min", reads(BUSY, 5_000.0, 5), Fault::Crashes, Stop, 900, 1_000)
        },
        case("rebalances without end", reads(BUSY, 5_000.0, 5), Fault::Rebalances, Err, 700, 1_000),
    ]
}

/// Consumers that read in another way, with the same faults.
fn brothers() -> Vec<Case> {
    use Verdict::{Stall, Stop, Warn};
    let slow = Fault::SlowsTo;
    let bursts = Load::Bursts(3_000.0, 200, 600);
    vec![
        case(
            "loses half to retention",
            Consumer { retention: Some(1_800), ..reads(BUSY, 5_000.0, 5) },
            slow(500.0),
            Warn,
            400,
            900,
        ),
        case(
            "memberless, crashes",
            Consumer { presence: Presence::Never, ..reads(BUSY, 5_000.0, 60) },
            Fault::Crashes,
            Stop,
            700,
            1_000,
        ),
        case("sticks, commits each minute", reads(BUSY, 5_000.0, 60), Fault::Sticks, Stall, 700, 1_000),
        case(
            "batches of four minutes, sticks",
            Consumer { batches: 240, ..reads(BUSY, 5_000.0, 5) },
            Fault::Sticks,
            Stall,
            1_500,
            1_000,
        ),
        case(
            "batches of four minutes, crashes",
            Consumer { batches: 240, ..reads(BUSY, 5_000.0, 5) },
            Fault::Crashes,
            Stop,
            700,
            1_000,
        ),
        case(
            "two minutes late, crashes",
            Consumer { works: 120, ..reads(BUSY, 5_000.0, 5) },
            Fault::Crashes,
            Stop,
            400,
            1_000,
        ),
        case("900 of 1,000, by the day", reads(Load::ByDay(1_000.0), 5_000.0, 5), slow(100.0), Warn, 1_500, 900),
        Case {
            healthy_periods: 5,
            ..case("crash after five runs", reads(BUSY, 5_000.0, 5), Fault::Crashes, Stop, 235, 1_000)
        },
        Case {
            healthy_periods: 5,
            ..case(
                "crash after five runs, commits each minute",
                reads(BUSY, 5_000.0, 60),
                Fault::Crashes,
                Stop,
                204,
                1_000,
            )
        },
        Case {
            healthy_periods: 10,
            ..case(
                "crash after ten runs, commits each two minutes",
                reads(BUSY, 5_000.0, 120),
                Fault::Crashes,
                Stop,
                178,
                1_000,
            )
        },
        Case {
            healthy_periods: 20,
            ..case(
                "crash after twenty runs, commits each two minutes",
                reads(BUSY, 5_000.0, 120),
                Fault::Crashes,
                Stop,
                200,
                1_000,
            )
        },
        case("500 of 1,000", reads(BUSY, 5_000.0, 30), slow(500.0), Warn, 700, 900),
        case("falls behind by bursts, commits each minute", reads(bursts, 5_000.0, 60), slow(800.0), Warn, 3_600, 900),
    ]
}

#[test]
fn faults_are_found_in_time_and_stay_found() {
    let mut missed = Vec::new();
    for Case { name, consumer, fault, period_s, healthy_periods, expected, median, stays } in
        cases().into_iter().chain(brothers())
    {
        let mut seconds = Vec::new();
        let (mut said, mut of, mut episodes) = (0, 0, 0);
        for seed in 0..WORLDS {
            let at = healthy_periods * period_s + seed * 7 % period_s;
            let faulty = Consumer { fault: Some((at, fault)), ..consumer };
            let verdicts = watch(faulty, period_s, at + 140 * period_s, seed);
            let Some((first, _)) = verdicts.iter().find(|(second, verdict)| *second >= at && *verdict == expected)
            else {
                seconds.push(u64::MAX);
                continue;
            };
            seconds.push(first - at);
            let next: Vec<_> =
                verdicts.iter().filter(|(second, _)| (*first..first + 60 * period_s).contains(second)).collect();
            said += next.iter().filter(|(_, verdict)| *verdict == expected).count();
            of += next.len();
            episodes += next.windows(2).filter(|pair| pair[0].1 != expected && pair[1].1 == expected).count();
        }
        seconds.sort_unstable();
        let middle = seconds[seconds.len() / 2];
        let share = said * 1_000 / of.max(1);
        if middle > median || share < stays {
            missed
                .push(format!("{name}: {middle} s in the median (bar {median}), {share} of 1,000 runs (bar {stays}), {episodes} times again"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
