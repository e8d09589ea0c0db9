//! One connection to one broker: requests pipelined, answers in order, a deadline on everything.
//!
//! Kafka answers the requests of a connection in the order in which they came, so a queue of waiting callers is
//! all the bookkeeping there is. One task writes and reads; it ends with the connection.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::frame::{self, FrameError, Size};
use super::messages::Question;
use super::tls;
use super::versions::{Api, NoCommonVersion, Versions};

/// An open connection; dropping it closes it.
pub(super) struct Connection {
    outbox: mpsc::UnboundedSender<Outgoing>,
    task: JoinHandle<()>,
    lost: Arc<OnceLock<Loss>>,
    correlation: AtomicI32,
    versions: Versions,
    /// One request at a time, for a broker that answers slowly to more; `None` where they may be pipelined.
    turn: Option<Semaphore>,
    traffic: Arc<Traffic>,
    /// Bytes that one answer may have.
    frame_limit: usize,
    /// Bytes read from this connection.
    heard: Arc<AtomicU64>,
    /// Milliseconds for which the broker said that it held this connection back.
    held_back: AtomicU64,
    /// Requests without an answer, those that nobody waits for any more among them.
    unanswered: AtomicU64,
}

/// What went over the wire in one run, all connections together.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Requests sent, `ApiVersions` and SASL included.
    pub requests: AtomicU64,
    /// Bytes written, sizes included, TLS not.
    pub written: AtomicU64,
    /// Bytes read, sizes included, TLS not.
    pub read: AtomicU64,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Version(#[from] NoCommonVersion),
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// An honest answer that is larger than the configured limit; the connection goes on.
    #[error("the answer has {size} bytes; raise MEERKAT_FRAME_LIMIT, which is {limit}")]
    TooLarge { size: usize, limit: usize },
    /// The same of one that would take too much memory.
    #[error(transparent)]
    TooHeavy(FrameError),
    #[error("no answer before the deadline")]
    Deadline,
    #[error("the connection was lost: {0}")]
    Lost(Loss),
}

/// How a connection ended.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Loss {
    #[error("the broker closed it")]
    Closed,
    #[error("the broker reset it")]
    Reset,
    /// TLS, the operating system or a broken frame, in words for people.
    #[error("{0}")]
    Broken(String),
    #[error("the broker sent an answer that nobody asked for")]
    Unasked,
    /// It was no longer needed.
    #[error("closed")]
    Dropped,
}

impl CallError {
    /// Whether the peer just ended the connection.
    pub(super) fn is_hang_up(&self) -> bool {
        matches!(self, Self::Lost(Loss::Closed | Loss::Reset))
    }
}

struct Outgoing {
    frame: Bytes,
    waiting: Waiting,
}

struct Waiting {
    correlation: i32,
    answer: oneshot::Sender<Result<Bytes, CallError>>,
}

impl Connection {
    /// Takes over a stream. Until [`Connection::agree`] no version is known.
    pub(super) fn new<S>(stream: S, frame_limit: usize, traffic: Arc<Traffic>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let lost = Arc::new(OnceLock::new());
        let heard = Arc::<AtomicU64>::default();
        let task = tokio::spawn({
            let (lost, traffic, heard) = (Arc::clone(&lost), Arc::clone(&traffic), Arc::clone(&heard));
            async move {
                let cause = serve(stream, inbox, frame_limit, &lost, &traffic, &heard).await;
                let _ = lost.set(cause);
            }
        });
        let correlation = AtomicI32::new(0);
        Self {
            outbox,
            task,
            lost,
            correlation,
            versions: Versions::default(),
            turn: None,
            traffic,
            frame_limit,
            heard,
            held_back: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        }
    }

    /// Remembers what the broker offered.
    ///
    /// Some releases wait 300 ms before each further request that came in one TLS packet with another (KAFKA-13559), so over TLS
    /// they are asked one thing at a time: that is a round trip each, and still far quicker.
    pub(super) fn agree(&mut self, versions: Versions, encrypted: bool) {
        let slow = versions.range(Api::ListOffsets).is_some_and(|range| SLOW_OVER_TLS.contains(&range.max));
        self.turn = (encrypted && slow).then(|| Semaphore::new(1));
        self.versions = versions;
    }

    /// What this broker offered.
    pub(super) fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Bytes read so far: an answer that is under way makes them more.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Milliseconds for which the broker said that it held this connection back (KIP-219).
    pub(super) fn held_back(&self) -> u64 {
        self.held_back.load(Ordering::Relaxed)
    }

    /// Whether nothing has ended it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        self.lost.get().is_none() && !self.task.is_finished()
    }

    /// Another look takes it over, which was not held back yet.
    pub(super) fn begin_again(&self) {
        self.held_back.store(0, Ordering::Relaxed);
    }

    /// How many requests have no answer yet: what is asked next has to wait behind them.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Asks in the highest version that both sides know.
    pub(super) async fn call<Q: Question>(
        &self,
        api: Api,
        request: &Q,
        until: Instant,
    ) -> Result<Q::Answer, CallError> {
        self.call_in(self.versions.choose(api)?, request, until).await
    }

    /// Asks in exactly this version.
    pub(super) async fn call_in<Q: Question>(
        &self,
        version: i16,
        request: &Q,
        until: Instant,
    ) -> Result<Q::Answer, CallError> {
        let answer = self.call_raw(version, request, until).await?;
        let throttled = frame::throttle_time_ms::<Q>(&answer, version);
        self.held_back.fetch_add(throttled, Ordering::Relaxed);
        self.decode::<Q>(answer, version)
    }

    /// Takes an answer apart.
    pub(super) fn decode<Q: Question>(&self, answer: Bytes, version: i16) -> Result<Q::Answer, CallError> {
        frame::decode::<Q>(answer, version, self.frame_limit).map_err(|error| match error {
            FrameError::Heavy { .. } => CallError::TooHeavy(error),
            other => CallError::Frame(other),
        })
    }

    /// Asks in exactly this version, and leaves the answer as bytes.
    pub(super) async fn call_raw<Q: Question>(
        &self,
        version: i16,
        request: &Q,
        until: Instant,
    ) -> Result<Bytes, CallError> {
        let correlation = self.correlation.fetch_add(1, Ordering::Relaxed);
        let frame = frame::encode(request, version, correlation)?;
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        self.traffic.written.fetch_add(frame.len() as u64, Ordering::Relaxed);
        let _turn = match &self.turn {
            Some(turn) => Some(timeout_at(until, turn.acquire()).await.map_err(|_| CallError::Deadline)?),
            None => None,
        };
        let (sender, receiver) = oneshot::channel();
        let outgoing = Outgoing { frame, waiting: Waiting { correlation, answer: sender } };
        if self.outbox.send(outgoing).is_err() {
            return Err(self.loss());
        }
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        match timeout_at(until, receiver).await {
            Ok(Ok(answer)) => {
                self.unanswered.fetch_sub(1, Ordering::Relaxed);
                answer
            }
            Ok(Err(_)) => Err(self.loss()),
            Err(_) => Err(CallError::Deadline),
        }
    }

    fn loss(&self) -> CallError {
        CallError::Lost(self.lost.get().cloned().unwrap_or(Loss::Dropped))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes what comes out of `inbox` and hands each answer to its caller, until one side ends; returns why.
async fn serve<S>(
    stream: S,
    mut inbox: mpsc::UnboundedReceiver<Outgoing>,
    limit: usize,
    lost: &OnceLock<Loss>,
    traffic: &Traffic,
    heard: &AtomicU64,
) -> Loss
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, mut writer) = tokio::io::split(stream);
    let waiting = Mutex::new(VecDeque::new());
    let write = async {
        let mut batch = BytesMut::new();
        while let Some(mut outgoing) = inbox.recv().await {
            loop {
                batch.extend_from_slice(&outgoing.frame);
                lock(&waiting).push_back(outgoing.waiting);
                match inbox.try_recv() {
                    Ok(next) if batch.len() < BATCH => outgoing = next,
                    Ok(next) => {
                        writer.write_all(&batch.split()).await?;
                        outgoing = next;
                    }
                    Err(_) => break,
                }
            }
            writer.write_all(&batch.split()).await?;
            writer.flush().await?;
        }
        Ok::<(), io::Error>(())
    };
    let read = async {
        let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
        loop {
            let answer = next_frame(&mut reader, limit, traffic, heard).await?;
            let Some(oldest) = lock(&waiting).pop_front() else {
                return Err(Broken::Unasked);
            };
            let answer = match answer {
                Ok(bytes) => match frame::correlation(&bytes) {
                    Some(found) if found == oldest.correlation => Ok(bytes),
                    found => {
                        let found = found.unwrap_or_default();
                        return Err(FrameError::Correlation { expected: oldest.correlation, found }.into());
                    }
                },
                Err(too_large) => Err(too_large),
            };
            // A caller that ran into the deadline no longer listens.
            let _ = oldest.answer.send(answer);
        }
        #[expect(unreachable_code, reason = "it gives the block its type")]
        Ok::<(), Broken>(())
    };
    let broken = tokio::select! {
        Err(error) = write => Broken::Io(error),
        Err(broken) = read => broken,
        else => return Loss::Dropped,
    };
    let cause = match broken {
        Broken::Io(error) => match (tls::explain_loss(&error), error.kind()) {
            (Some(words), _) => Loss::Broken(words),
            (None, io::ErrorKind::UnexpectedEof) => Loss::Closed,
            (None, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Loss::Reset,
            (None, _) => Loss::Broken(error.to_string()),
        },
        Broken::Frame(error) => Loss::Broken(error.to_string()),
        Broken::Unasked => Loss::Unasked,
    };
    // Set before the waiting callers are let go, so that they find it.
    let _ = lost.set(cause.clone());
    cause
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("unasked")]
    Unasked,
}

/// The next answer; one that is too large is read over, and told to its caller alone.
async fn next_frame<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
    limit: usize,
    traffic: &Traffic,
    heard: &AtomicU64,
) -> Result<Result<Bytes, CallError>, Broken> {
    let mut prefix = [0; frame::PREFIX];
    reader.read_exact(&mut prefix).await?;
    Ok(match frame::size(prefix, limit)? {
        Size::Fits(size) => {
            let mut bytes = BytesMut::with_capacity(size);
            while bytes.len() < size {
                let left = (size - bytes.len()) as u64;
                let read = (&mut *reader).take(left).read_buf(&mut bytes).await?;
                if read == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                heard.fetch_add(read as u64, Ordering::Relaxed);
            }
            traffic.read.fetch_add((frame::PREFIX + size) as u64, Ordering::Relaxed);
            Ok(bytes.freeze())
        }
        Size::TooLarge(size) => {
            let mut rest = reader.take(size as u64);
            let skipped = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
            if skipped < size as u64 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            Err(CallError::TooLarge { size, limit })
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The highest `ListOffsets` that the releases of KAFKA-13559 offer: Kafka 2.2 to 3.4, of which 3.3 and 3.4 are mended.
const SLOW_OVER_TLS: std::ops::RangeInclusive<i16> = 5..=7;

/// Requests up to this many bytes leave in one write.
const BATCH: usize = 64 * 1024;

/// Bytes that one read may take from the socket.
const READ_BUFFER: usize = 64 * 1024;
