//! The two halves of a stream: requests out in batches, answers in to the caller that has waited longest.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};

use super::{CallError, Loss, Traffic};
use crate::kafka::net::frame::{self, FrameError, Size};

pub(crate) struct Outgoing {
    pub(crate) frame: Bytes,
    pub(crate) waiting: Waiting,
}

pub(crate) struct Waiting {
    pub(crate) correlation: i32,
    pub(crate) answer: oneshot::Sender<Result<Bytes, CallError>>,
}

/// What the task of a connection shares with its callers.
#[derive(Default)]
pub(crate) struct Live {
    /// How the connection ended.
    pub(crate) lost: OnceLock<Arc<Loss>>,
    /// Bytes of answers, as they come; without those that are too large, which are skipped.
    pub(crate) heard: AtomicU64,
    /// Unanswered requests, including those whose caller no longer waits.
    pub(crate) unanswered: AtomicU64,
}

/// Writes what arrives in `inbox` and returns each answer to its caller, until one side ends; `live` gets the reason.
pub(crate) async fn serve<S>(
    stream: S,
    mut inbox: mpsc::UnboundedReceiver<Outgoing>,
    limit: usize,
    live: Arc<Live>,
    traffic: Arc<Traffic>,
) where
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
        Ok::<(), Loss>(())
    };
    let read = async {
        let mut reader = BufReader::with_capacity(READ_BUFFER, reader);
        loop {
            let answer = next_frame(&mut reader, limit, &traffic, &live.heard).await?;
            let Some(oldest) = lock(&waiting).pop_front() else {
                return Err(Loss::Unasked);
            };
            live.unanswered.fetch_sub(1, Ordering::Relaxed);
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
            // A caller whose deadline has passed no longer listens.
            let _ = oldest.answer.send(answer);
        }
        #[expect(unreachable_code, reason = "it gives the block its type")]
        Ok::<(), Loss>(())
    };
    let ended = tokio::select! {
        Err(how) = write => how,
        Err(how) = read => how,
        else => Loss::Dropped,
    };
    // Set before the waiting callers are released, so that they find it.
    let _ = live.lost.set(Arc::new(ended));
}

/// The next answer; one that is too large is skipped, and only its caller learns of it.
async fn next_frame<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
    limit: usize,
    traffic: &Traffic,
    heard: &AtomicU64,
) -> Result<Result<Bytes, CallError>, Loss> {
    let mut prefix = [0; frame::PREFIX];
    reader.read_exact(&mut prefix).await?;
    Ok(match frame::size(prefix, limit)? {
        Size::Fits(size) => {
            let mut bytes = BytesMut::with_capacity(size);
            while bytes.len() < size {
                let left = (size - bytes.len()) as u64;
                let read = (&mut *reader).take(left).read_buf(&mut bytes).await?;
                if read == 0 {
                    return Err(Loss::Closed);
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
                return Err(Loss::Closed);
            }
            Err(CallError::TooLarge { size, limit })
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests up to this many bytes leave in one write.
const BATCH: usize = 64 * 1024;

/// Most bytes of one read from the socket.
const READ_BUFFER: usize = 64 * 1024;
