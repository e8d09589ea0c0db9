//! Sends requests about many items to the brokers that answer for them, and again if those change meanwhile.
//!
//! Each broker's answer is processed when it arrives: what has moved is requested elsewhere while a slow or silent
//! broker may still answer. An answer that is larger than the frame limit is requested in halves.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use crate::base::progress::Progress;
use crate::kafka::protocol::error_codes;
use crate::kafka::survey::ask::AskError;
use crate::model::unknown::{Cause, Known, Unknown};

/// The result of one request about one item.
pub(crate) enum AskOutcome<T> {
    Done(T),
    /// There is no answer, and there may be one in a moment, here or elsewhere.
    Again(Unknown),
    /// The answer would be larger than the frame limit.
    TooLarge(Unknown),
    Failed(Unknown),
}

impl<T> AskOutcome<T> {
    /// Sorts an error code of Kafka's: `None` if there is none.
    pub(crate) fn from_code(code: i16) -> Option<Self> {
        (code != 0).then(|| Self::from_cause(error_codes::unknown(code)))
    }

    /// Sorts a cause.
    pub(crate) fn from_cause(why: Unknown) -> Self {
        if patience(why.cause()).is_some() { Self::Again(why) } else { Self::Failed(why) }
    }

    /// The outcome for an item if the request about it had no answer at all.
    pub(crate) fn from_error(error: AskError) -> Self {
        let (outcome, why) = Self::sorted(error);
        outcome(why)
    }

    /// What an error makes of each item that was requested.
    fn sorted(error: AskError) -> (fn(Unknown) -> Self, Unknown) {
        let outcome = match error.cause() {
            Cause::Down if error.was_open => Self::Again,
            Cause::TooLarge => Self::TooLarge,
            _ => Self::Failed,
        };
        (outcome, error.into())
    }

    /// The same, with another answer inside.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> AskOutcome<U> {
        match self {
            Self::Done(answer) => AskOutcome::Done(make(answer)),
            Self::Again(why) => AskOutcome::Again(why),
            Self::TooLarge(why) => AskOutcome::TooLarge(why),
            Self::Failed(why) => AskOutcome::Failed(why),
        }
    }
}

/// The outcomes of one request: of each item by its number.
pub(crate) type Outcomes<T> = Vec<(usize, AskOutcome<T>)>;

/// The outcome for these items if the request about them had no answer at all.
pub(crate) fn failed<T>(items: &[usize], error: AskError) -> Outcomes<T> {
    let (outcome, why) = AskOutcome::sorted(error);
    items.iter().map(|item| (*item, outcome(why.clone()))).collect()
}

/// How the items are requested, and how many at once.
pub(crate) struct Questions<'s> {
    /// The broker that answers for each item, as far as that is known.
    pub(crate) places: Vec<Known<i32>>,
    /// The most items of one request.
    pub(crate) piece: usize,
    /// The reason for an item that an answer leaves out.
    pub(crate) left_out: &'s str,
    /// Advances by one for each item that has its first answer.
    pub(crate) progress: Progress,
    /// The deadline for requests and answers.
    pub(crate) until: Instant,
}

/// Sends requests until each item has an answer, or a lasting cause, or the time is up.
///
/// `ask` gets a broker and the numbers of items, and returns an outcome for each; `refresh` returns which brokers
/// answer for items by now, or an error if that is unknown, in which case the previous broker is asked again.
pub(crate) async fn settle<T>(
    questions: Questions<'_>,
    ask: impl AsyncFn(i32, Vec<usize>) -> Outcomes<T>,
    refresh: impl AsyncFn(&[usize]) -> Vec<Known<i32>>,
) -> Vec<Known<T>> {
    let Questions { mut places, piece, left_out, progress, until } = questions;
    let (ask, refresh) = (&ask, &refresh);
    let mut answers: Vec<Option<Known<T>>> = places.iter().map(|_| None).collect();
    // The broker that refused an item with an error code, and is asked again.
    let mut refused_by: Vec<Option<i32>> = vec![None; places.len()];
    let mut running: FuturesUnordered<LocalBoxFuture<'_, Event<T>>> = FuturesUnordered::new();
    let mut again: Vec<usize> = Vec::new();
    let mut alarm: Option<Instant> = None;
    let mut pauses = Pauses::new(until);
    let asked = |broker, items: Vec<usize>| {
        async move { Event::Answered(broker, items.clone(), ask(broker, items).await) }.boxed_local()
    };
    let mut begin: Vec<usize> = (0..places.len()).collect();
    loop {
        let mut by_broker: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for item in begin.drain(..) {
            match &places[item] {
                Ok(broker) => by_broker.entry(*broker).or_default().push(item),
                Err(why) => {
                    if pauses.allow(why.cause()) {
                        again.push(item);
                    }
                    answers[item] = Some(Err(why.clone()));
                }
            }
        }
        for (broker, items) in by_broker {
            running.extend(items.chunks(piece).map(|items| asked(broker, items.to_vec())));
        }
        if alarm.is_none() && !again.is_empty() {
            alarm = pauses.next();
        }
        if running.is_empty() && alarm.is_none() {
            break;
        }
        tokio::select! {
            Some(event) = running.next(), if !running.is_empty() => match event {
                Event::Answered(broker, items, outcomes) => {
                    let mut too_large = Vec::new();
                    for (item, outcome) in outcomes {
                        if answers[item].is_none() {
                            progress.advance();
                        }
                        answers[item] = Some(match outcome {
                            AskOutcome::Done(answer) => Ok(answer),
                            AskOutcome::Failed(why) => match answers[item].take() {
                                // The deadline may cut the last of many attempts short: the refusal is still the cause.
                                Some(Err(refusal))
                                    if why.cause() == Cause::Deadline && refused_by[item] == Some(broker) =>
                                {
                                    Err(Unknown::of(refusal.cause(), format!("{refusal}; asked again: {why}")))
                                }
                                _ => Err(why),
                            },
                            AskOutcome::TooLarge(why) => {
                                too_large.push(item);
                                Err(why)
                            }
                            AskOutcome::Again(why) => {
                                refused_by[item] = matches!(why.cause(), Cause::Code(_)).then_some(broker);
                                if pauses.allow(why.cause()) {
                                    again.push(item);
                                }
                                Err(why)
                            }
                        });
                    }
                    if items.len() > 1 && !too_large.is_empty() {
                        let half = too_large.len().div_ceil(2);
                        running.extend(too_large.chunks(half).map(|items| asked(broker, items.to_vec())));
                    }
                }
                Event::Refreshed(items, found) => {
                    for (item, found) in items.iter().zip(found) {
                        // If no broker is known, the previous one is asked once more.
                        if found.is_ok() || places[*item].is_err() {
                            places[*item] = found;
                        }
                    }
                    begin = items;
                }
            },
            () = sleep_until(alarm.unwrap_or(until)), if alarm.is_some() => {
                alarm = None;
                let items = std::mem::take(&mut again);
                running.push(async move { let found = refresh(&items).await; Event::Refreshed(items, found) }.boxed_local());
            }
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(Unknown::because(left_out)))).collect()
}

enum Event<T> {
    Answered(i32, Vec<usize>, Outcomes<T>),
    Refreshed(Vec<usize>, Vec<Known<i32>>),
}

/// Pauses before the next attempt at something that ends by itself, longer each time.
pub(crate) struct Pauses {
    began: Instant,
    pause: Duration,
    until: Instant,
}

impl Pauses {
    pub(crate) fn new(until: Instant) -> Self {
        Self { began: Instant::now(), pause: FIRST_PAUSE, until }
    }

    /// When to try again; `None` if the remaining time is too short.
    pub(crate) fn next(&mut self) -> Option<Instant> {
        let next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        (next < self.until).then_some(next)
    }

    /// Whether the trouble behind this cause may still end.
    pub(crate) fn allow(&self, cause: Cause) -> bool {
        patience(cause).is_some_and(|patience| self.began.elapsed() < patience)
    }
}

/// For how long it is worth asking again; `None` for a lasting cause.
///
/// Elections need well below a second. A partition without a replica, or a commit to a deleted topic, must not use up
/// the time of every run.
fn patience(cause: Cause) -> Option<Duration> {
    match cause {
        // By then a lost connection has been opened again once.
        Cause::NoTopic | Cause::Down => Some(Duration::from_millis(500)),
        Cause::NoLeader => Some(ELECTION),
        Cause::Code(code) if error_codes::leader_moved(code) => Some(Duration::from_secs(5)),
        // Loading a large partition of the offsets topic may need any time.
        Cause::Code(code) if error_codes::coordinator_moved(code) => Some(Duration::MAX),
        _ => None,
    }
}

/// How long to wait for an election.
pub(crate) const ELECTION: Duration = Duration::from_millis(1_500);

/// A loading coordinator needs a moment; the pause doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
