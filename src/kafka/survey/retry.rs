//! Putting questions about many things to those who answer for them, and again where that changes meanwhile.
//!
//! Each broker's answer is dealt with when it comes: what has moved is asked elsewhere while a slow or silent broker is still
//! waited for. An answer that is larger than a frame may be is asked for in halves.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use crate::base::progress::Progress;
use crate::kafka::protocol::error_codes;
use crate::kafka::survey::ask::AskError;
use crate::model::unknown::{Cause, Known, Unknown};

/// What one question about one thing came to.
pub(crate) enum AskOutcome<T> {
    Done(T),
    /// There is no answer, and there may be one in a moment, here or elsewhere.
    Again(Unknown),
    /// The answer would be larger than a frame may be.
    TooLarge(Unknown),
    Failed(Unknown),
}

impl<T> AskOutcome<T> {
    /// Sorts an error code of Kafka's: `None` where there is none.
    pub(crate) fn from_code(code: i16) -> Option<Self> {
        (code != 0).then(|| Self::from_cause(error_codes::unknown(code)))
    }

    /// Sorts a cause.
    pub(crate) fn from_cause(why: Unknown) -> Self {
        if patience(why.cause()).is_some() { Self::Again(why) } else { Self::Failed(why) }
    }

    /// What it means for a thing that the question about it had no answer at all.
    pub(crate) fn from_error(error: AskError) -> Self {
        match error.cause() {
            Cause::Down if error.was_open => Self::Again(error.into()),
            Cause::TooLarge => Self::TooLarge(error.into()),
            _ => Self::Failed(error.into()),
        }
    }

    /// The same, made of another answer.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> AskOutcome<U> {
        match self {
            Self::Done(answer) => AskOutcome::Done(make(answer)),
            Self::Again(why) => AskOutcome::Again(why),
            Self::TooLarge(why) => AskOutcome::TooLarge(why),
            Self::Failed(why) => AskOutcome::Failed(why),
        }
    }
}

/// The outcomes of one question: of each thing by its number.
pub(crate) type Outcomes<T> = Vec<(usize, AskOutcome<T>)>;

/// What it means for these things that a question about them had no answer at all.
pub(crate) fn failed<T>(items: &[usize], error: AskError) -> Outcomes<T> {
    let (make, why): (fn(Unknown) -> AskOutcome<T>, Unknown) =
        match AskOutcome::<std::convert::Infallible>::from_error(error) {
            AskOutcome::Again(why) => (AskOutcome::Again, why),
            AskOutcome::TooLarge(why) => (AskOutcome::TooLarge, why),
            AskOutcome::Failed(why) => (AskOutcome::Failed, why),
            AskOutcome::Done(never) => match never {},
        };
    items.iter().map(|item| (*item, make(why.clone()))).collect()
}

/// What the things are asked about with, and how many at once.
pub(crate) struct Questions<'s> {
    /// Who answers for each thing, as far as that is known.
    pub(crate) places: Vec<Known<i32>>,
    /// How many things one question is about, at the most.
    pub(crate) piece: usize,
    /// What is said of a thing that an answer leaves out.
    pub(crate) left_out: &'s str,
    /// Advances by one for each thing that has its first answer.
    pub(crate) progress: Progress,
    /// When nothing is asked or waited for any more.
    pub(crate) until: Instant,
}

/// Asks until each thing has an answer, or a cause that does not pass, or the time is up.
///
/// `ask` gets a broker and the numbers of things, and tells an outcome for each; `refresh` tells who answers for things by now, an
/// error where that is not known, in which case the one of before is asked again.
pub(crate) async fn settle<T>(
    questions: Questions<'_>,
    ask: impl AsyncFn(i32, Vec<usize>) -> Outcomes<T>,
    refresh: impl AsyncFn(&[usize]) -> Vec<Known<i32>>,
) -> Vec<Known<T>> {
    let Questions { mut places, piece, left_out, progress, until } = questions;
    let (ask, refresh) = (&ask, &refresh);
    let mut answers: Vec<Option<Known<T>>> = places.iter().map(|_| None).collect();
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
                            AskOutcome::Failed(why) => Err(why),
                            AskOutcome::TooLarge(why) => {
                                too_large.push(item);
                                Err(why)
                            }
                            AskOutcome::Again(why) => {
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
                        // Where nobody knows, the one of before is asked once more.
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

/// Waiting before the next try of something that mends itself, longer each time.
pub(crate) struct Pauses {
    began: Instant,
    pause: Duration,
    until: Instant,
}

impl Pauses {
    pub(crate) fn new(until: Instant) -> Self {
        Self { began: Instant::now(), pause: FIRST_PAUSE, until }
    }

    /// When to try again; `None` where the time that is left is too short.
    pub(crate) fn next(&mut self) -> Option<Instant> {
        let next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        (next < self.until).then_some(next)
    }

    /// Whether what this cause stands for may still pass.
    pub(crate) fn allow(&self, cause: Cause) -> bool {
        patience(cause).is_some_and(|patience| self.began.elapsed() < patience)
    }
}

/// For how long it is worth asking again; `None` for what does not pass.
///
/// Elections take well below a second. A partition that has no replica left, or a commit on a topic that was deleted, must not
/// use up the time of every look.
fn patience(cause: Cause) -> Option<Duration> {
    match cause {
        // A lost connection has been opened anew once by then.
        Cause::NoTopic | Cause::Down => Some(Duration::from_millis(500)),
        Cause::NoLeader => Some(ELECTION),
        Cause::Code(code) if error_codes::leader_moved(code) => Some(Duration::from_secs(5)),
        // Loading a large partition of the offsets topic takes as long as it takes.
        Cause::Code(code) if error_codes::coordinator_moved(code) => Some(Duration::MAX),
        _ => None,
    }
}

/// How long an election is waited for.
pub(crate) const ELECTION: Duration = Duration::from_millis(1_500);

/// A loading coordinator needs a moment; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
