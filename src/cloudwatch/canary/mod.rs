//! Values that a preflight writes and reads back, to check that the history can rely on them.
//!
//! They go into one metric of their own per cluster, so that no alarm and no run ever reads them, and into the seconds
//! or minutes of a page of the same schedule. The values of two preflights in the same period merge; then every count
//! is a multiple of what was written, and is accepted as that.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use super::address::{Minute, Schedule};
use super::attempts::{Attempts, Seen};
use super::bodies::{Datapoint, Puts};
use super::error::{Operation, StoreError};
use super::history::Store;
use super::metric::{Metric, encode};
use super::names;
use super::pages::SECONDS_PER_PAGE;
use super::pages::seconds::{APART, FEWEST_SAMPLES, LARGEST, MOST_SAMPLES, Merged, float};
use super::publish::RESULTS_RESOLUTION;
use crate::base::fault::{Fault, sentence};
use crate::preflight::found::Canary;

/// Where a canary is sent.
#[derive(Clone, Copy, Debug)]
pub struct Flight<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// Whether the namespace of the history is in use.
    pub state: bool,
    /// Whether that of the metrics is.
    pub results: bool,
}

/// The content of one slot.
struct Value {
    what: &'static str,
    slot: usize,
    /// The requests that write it, each with values and counts.
    writes: &'static [(&'static [i64], &'static [i64])],
    /// The expected answer: minimum, maximum, samples.
    expected: (i64, i64, i64),
}

/// Both ends of every range that the history writes ([`super::pages`]).
const VALUES: [Value; 5] = [
    Value {
        what: "0, 2^53 - 1 and the largest count in the first slot",
        slot: 0,
        writes: &[(&[0, LARGEST], &[1, MOST_SAMPLES - 1])],
        expected: (0, LARGEST, MOST_SAMPLES),
    },
    Value {
        what: "a second written twice",
        slot: 1,
        writes: &[(&[5, 7], &[1, 1]), (&[3, 9], &[1, 2])],
        expected: (3, 9, 5),
    },
    Value {
        what: "0, 1 and the smallest count",
        slot: 2,
        writes: &[(&[0, 1], &[1, FEWEST_SAMPLES - 1])],
        expected: (0, 1, FEWEST_SAMPLES),
    },
    Value {
        what: "both sides of 2^52",
        slot: 58,
        writes: &[(&[APART - 1, APART], &[1, 1])],
        expected: (APART - 1, APART, 2),
    },
    Value {
        what: "2^53 - 2 and 2^53 - 1 in the last slot",
        slot: SECONDS_PER_PAGE - 1,
        writes: &[(&[LARGEST - 1, LARGEST], &[1, 1])],
        expected: (LARGEST - 1, LARGEST, 2),
    },
];

impl Store {
    /// Writes into the used namespaces, and reads the state back until all of it is visible, or until `until`.
    ///
    /// `now_ms` returns the time in milliseconds since 1970, by this machine's clock.
    pub async fn canary(&self, flight: &Flight<'_>, now_ms: impl Fn() -> i64, until: Instant) -> Canary {
        let minute = self.schedule.align(Minute::holding(now_ms().div_euclid(1_000)));
        let dimensions = vec![(names::CLUSTER, encode(flight.cluster))];
        let metric = Arc::new(Metric { name: names::CANARY, dimensions });
        let mut seen = Vec::new();
        let region = self.client.config().region().map(ToString::to_string);
        let mut canary = Canary { region, ..Canary::default() };

        if flight.results {
            let mut puts = self.puts(&self.results);
            let one = Datapoint { time: minute.seconds(), values: &[1.0], counts: &[1.0] };
            puts.add(&metric, RESULTS_RESOLUTION, std::iter::once(one));
            let (published, wire) = self.put_seen(Operation::PublishMetrics, puts, until).await;
            canary.results = Some(published.map_err(|error| fault(&error)));
            seen.push(wire);
        }
        if flight.state {
            let writes = (0..2).map(|write| {
                let mut puts = self.puts(&self.state);
                for value in &VALUES {
                    let Some((values, counts)) = value.writes.get(write) else { continue };
                    let [values, counts] =
                        [values, counts].map(|all| all.iter().copied().map(float).collect::<Vec<_>>());
                    let time = self.schedule.time(minute, value.slot);
                    let point = Datapoint { time, values: &values, counts: &counts };
                    puts.add(&metric, self.schedule.width(), std::iter::once(point));
                }
                self.put_seen(Operation::WriteHistory, puts, until)
            });
            let (kept, wires): (Vec<Result<(), StoreError>>, Vec<Seen>) = join_all(writes).await.into_iter().unzip();
            canary.state = Some(kept.into_iter().collect::<Result<_, _>>().map_err(|error| fault(&error)));
            seen.extend(wires);
        }
        let written = Instant::now();
        canary.endpoint = seen.iter().rev().find_map(|wire| wire.endpoint.clone());
        canary.ahead_ms = seen.iter().rev().find_map(|wire| wire.date).map(|(seconds, at)| {
            let ours = now_ms() - i64::try_from(at.elapsed().as_millis()).unwrap_or_default();
            seconds * 1_000 + HALF_A_SECOND - ours
        });
        if !flight.state {
            return canary;
        }

        let wanted = [(metric, vec![self.schedule.span(minute)])];
        let mut pause = FIRST_PAUSE;
        loop {
            let read = self.points(&wanted, until).await.pop();
            let points = match read {
                Some(Ok(points)) => points,
                Some(Err(error)) => {
                    canary.read = Some(Err(fault(&error)));
                    return canary;
                }
                None => return canary,
            };
            canary.read = Some(Ok(()));
            if canary.state != Some(Ok(())) {
                return canary;
            }
            let missing = missing(self.schedule, minute, &points);
            if missing.is_empty() {
                canary.visible_ms = u64::try_from(written.elapsed().as_millis()).ok();
                return canary;
            }
            if Instant::now() + pause >= until {
                // Missing values may only be late; complete and different values are wrong.
                if points.len() >= VALUES.len() {
                    canary.wrong = missing;
                }
                return canary;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes the one request that there is; and what was seen on the wire.
    async fn put_seen(&self, tried: Operation, puts: Puts<'_>, until: Instant) -> (Result<(), StoreError>, Seen) {
        let attempts = Attempts::default();
        let Some((_, body)) = puts.finish().pop() else { return (Ok(()), Seen::default()) };
        let request = self.client.put_metric_data().customize().interceptor(body).interceptor(attempts.clone());
        let answer = match timeout_at(until, request.send()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(attempts.failed(tried, error)),
            Err(_) => Err(attempts.out_of_time(tried)),
        };
        let seen = attempts.seen().clone();
        (answer, seen)
    }
}

/// An error with its causes, separate from the advice if there is one.
fn fault(error: &StoreError) -> Fault {
    let causes = error.source().map_or(String::new(), |source| format!(": {}", sentence(source)));
    match error.words() {
        (found, Some(todo)) => Fault { found, todo: Some(todo + &causes) },
        (found, None) => Fault { found: found + &causes, todo: None },
    }
}

/// What does not match what was written, yet.
fn missing(schedule: Schedule, minute: Minute, points: &[Merged]) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for Value { what, slot, expected: (low, high, samples), .. } in &VALUES {
        let point = points.iter().find(|point| point.time == schedule.time(minute, *slot));
        let came = point.and_then(|point| Some((point.minimum?, point.maximum?, point.samples?)));
        let exact = |found: f64, written: i64| found.to_bits() == float(written).to_bits();
        let as_written = came.is_some_and(|(min, max, count)| {
            let multiple = count >= float(*samples) && count % float(*samples) == 0.0;
            exact(min, *low) && exact(max, *high) && multiple
        });
        if !as_written {
            let came = came.map_or_else(
                || String::from("nothing"),
                |(min, max, count)| format!("{min} to {max}, {count} samples"),
            );
            missing.insert(format!("{what}: {low} to {high}, {samples} samples were written, {came} came back"));
        }
    }
    missing
}

/// A `Date` has whole seconds.
const HALF_A_SECOND: i64 = 500;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
