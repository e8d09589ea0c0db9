//! One connection to one broker: requests pipelined, answers in order, a deadline on everything.
//!
//! Kafka answers the requests of a connection in the order in which they arrived, so a queue of waiting callers is
//! enough. One task writes and reads; it ends with the connection.

mod error;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub(crate) use error::{CallError, Loss, waited};

use crate::kafka::net::frame;
use crate::kafka::protocol::messages::Question;
use crate::kafka::protocol::versions::{Api, Versions};
use wire::{Live, Outgoing, Waiting, serve};

/// An open connection; dropping it closes it.
pub(crate) struct Connection {
    outbox: mpsc::UnboundedSender<Outgoing>,
    task: JoinHandle<()>,
    live: Arc<Live>,
    correlation: AtomicI32,
    versions: Versions,
    /// One request at a time, for a broker that answers slowly to more; `None` where they may be pipelined.
    turn: Option<Semaphore>,
    traffic: Arc<Traffic>,
    /// The largest answer in bytes.
    frame_limit: usize,
    /// Milliseconds for which the broker reported that it throttled this connection.
    held_back: AtomicU64,
    /// Bytes read when this run took the connection over from an earlier one.
    heard_before: AtomicU64,
}

/// The traffic of all connections together.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Requests sent, `ApiVersions` and SASL included.
    pub(crate) requests: AtomicU64,
    /// Bytes written, sizes included, TLS not.
    pub(crate) written: AtomicU64,
    /// Bytes of whole answers read, sizes included, TLS not, and not what was too large.
    pub(crate) read: AtomicU64,
}

impl Connection {
    /// Wraps a stream. Until [`Connection::agree`] no version is known.
    pub(crate) fn new<S>(stream: S, frame_limit: usize, traffic: Arc<Traffic>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let live = Arc::<Live>::default();
        let task = tokio::spawn(serve(stream, inbox, frame_limit, Arc::clone(&live), Arc::clone(&traffic)));
        let (correlation, held_back, heard_before) = Default::default();
        let (versions, turn) = (Versions::default(), None);
        Self { outbox, task, live, correlation, versions, turn, traffic, frame_limit, held_back, heard_before }
    }

    /// Remembers what the broker offered.
    ///
    /// Some releases wait 300 ms before each further request that came in one TLS packet with another (KAFKA-13559),
    /// so over TLS they get one request at a time: one round trip each, which is still much faster.
    pub(crate) fn agree(&mut self, versions: Versions, encrypted: bool) {
        let slow = versions.range(Api::ListOffsets).is_some_and(|range| SLOW_OVER_TLS.contains(&range.max));
        self.turn = (encrypted && slow).then(|| Semaphore::new(1));
        self.versions = versions;
    }

    /// The versions that this broker offered.
    pub(crate) fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Bytes read so far: they grow while an answer arrives.
    pub(crate) fn heard(&self) -> u64 {
        self.live.heard.load(Ordering::Relaxed)
    }

    /// Milliseconds for which the broker reported that it throttled this connection (KIP-219).
    pub(crate) fn held_back(&self) -> u64 {
        self.held_back.load(Ordering::Relaxed)
    }

    /// Whether nothing has ended it, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.live.lost.get().is_none() && !self.task.is_finished()
    }

    /// Another run takes it over, in which it has not been throttled yet.
    pub(crate) fn begin_again(&self) {
        self.held_back.store(0, Ordering::Relaxed);
        self.heard_before.store(self.heard(), Ordering::Relaxed);
    }

    /// Whether it comes from an earlier run, and nothing was read from it in this one: the peer may have gone
    /// silently.
    pub(crate) fn may_be_dead(&self) -> bool {
        self.heard() == self.heard_before.load(Ordering::Relaxed)
    }

    /// Adds the throttle time of an answer.
    pub(crate) fn hold_back(&self, ms: u64) {
        self.held_back.fetch_add(ms, Ordering::Relaxed);
    }

    /// How many requests are unanswered: the next request has to wait for them.
    pub(crate) fn unanswered(&self) -> u64 {
        self.live.unanswered.load(Ordering::Relaxed)
    }

    /// Asks in the highest version that both sides know.
    pub(crate) async fn call<Q: Question>(&self, request: &Q, until: Instant) -> Result<Q::Answer, CallError> {
        self.call_in(self.versions.choose(Q::API)?, request, until).await
    }

    /// Asks in exactly this version.
    pub(crate) async fn call_in<Q: Question>(
        &self,
        version: i16,
        request: &Q,
        until: Instant,
    ) -> Result<Q::Answer, CallError> {
        let answer = self.call_raw(version, request, until).await?;
        let throttled = frame::throttle_time_ms::<Q>(&answer, version);
        self.hold_back(throttled);
        self.decode::<Q>(answer, version)
    }

    /// Decodes an answer.
    pub(crate) fn decode<Q: Question>(&self, answer: Bytes, version: i16) -> Result<Q::Answer, CallError> {
        Ok(frame::decode::<Q>(answer, version, self.frame_limit)?)
    }

    /// Asks in exactly this version, and leaves the answer as bytes.
    pub(crate) async fn call_raw<Q: Question>(
        &self,
        version: i16,
        request: &Q,
        until: Instant,
    ) -> Result<Bytes, CallError> {
        let began = Instant::now();
        let late = || CallError::Deadline { after: began.elapsed(), held_back_ms: self.held_back() };
        let correlation = self.correlation.fetch_add(1, Ordering::Relaxed);
        let frame = frame::encode(request, version, correlation)?;
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        self.traffic.written.fetch_add(frame.len() as u64, Ordering::Relaxed);
        let _turn = match &self.turn {
            Some(turn) => Some(timeout_at(until, turn.acquire()).await.map_err(|_| late())?),
            None => None,
        };
        let (sender, receiver) = oneshot::channel();
        let outgoing = Outgoing { frame, waiting: Waiting { correlation, answer: sender } };
        // Counted before it is sent: the answer decrements the count, whether or not its caller still waits.
        self.live.unanswered.fetch_add(1, Ordering::Relaxed);
        if self.outbox.send(outgoing).is_err() {
            return Err(self.loss());
        }
        match timeout_at(until, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.loss()),
            Err(_) => Err(late()),
        }
    }

    fn loss(&self) -> CallError {
        CallError::Lost(self.live.lost.get().cloned().unwrap_or_else(|| Arc::new(Loss::Dropped)))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The highest `ListOffsets` that the releases with KAFKA-13559 offer: Kafka 2.2 to 3.4, of which 3.3 and 3.4 are
/// fixed.
const SLOW_OVER_TLS: std::ops::RangeInclusive<i16> = 5..=7;
