//! From a host name to a byte stream: addresses tried side by side, TLS unless the configuration says otherwise.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::client::TlsStream;

use crate::kafka::net::error::{DialError, Step};
use crate::kafka::net::tls::{FirstBytes, Tls};
use crate::model::endpoint::Endpoint;

/// The only connection to the outside: bytes in, bytes out.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Opens a stream to `endpoint`.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    tls: Option<&Tls>,
    until: Instant,
) -> Result<Box<dyn Stream>, DialError> {
    let (tcp, _) = reach(resolve(endpoint, until).await?, until).await?;
    Ok(match tls {
        None => Box::new(tcp),
        Some(tls) => Box::new(shake_hands(tls, endpoint, tcp, until).await?),
    })
}

/// The addresses of a host name.
pub(crate) async fn resolve(endpoint: &Endpoint, until: Instant) -> Result<Vec<SocketAddr>, DialError> {
    let began = Instant::now();
    let resolved = timeout_at(until, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
    Ok(resolved.map_err(|_| DialError::Late(Step::Resolve, began.elapsed()))?.map_err(DialError::Resolve)?.collect())
}

/// A TCP connection to one of the addresses, and how long it took, which is one round trip.
pub(crate) async fn reach(addresses: Vec<SocketAddr>, until: Instant) -> Result<(TcpStream, Duration), DialError> {
    let began = Instant::now();
    let reached = race(addresses, |address| async move {
        let began = Instant::now();
        let tcp = TcpStream::connect(address).await.map_err(|error| (address.ip(), error))?;
        Ok((tcp, began.elapsed()))
    });
    let reached = timeout_at(until, reached).await;
    let (tcp, round_trip) =
        reached.map_err(|_| DialError::Late(Step::Connect, began.elapsed()))?.map_err(DialError::Connect)?;
    tcp.set_nodelay(true).map_err(DialError::Socket)?;
    Ok((tcp, round_trip))
}

/// TLS over an open connection.
pub(crate) async fn shake_hands(
    tls: &Tls,
    endpoint: &Endpoint,
    tcp: TcpStream,
    until: Instant,
) -> Result<TlsStream<FirstBytes<TcpStream>>, DialError> {
    let began = Instant::now();
    let agreed = timeout_at(until, tls.connect(endpoint, tcp)).await;
    Ok(agreed.map_err(|_| DialError::Late(Step::Tls, began.elapsed()))??)
}

/// Tries the candidates one after the other, each getting a head start of [`HEAD_START`] before the next joins in
/// (RFC 8305, section 5); a failure lets the next one start at once. The first success wins; without one, every cause is returned.
pub(crate) async fn race<C, T, E, F>(
    candidates: impl IntoIterator<Item = C>,
    attempt: impl Fn(C) -> F,
) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    race_while(candidates, attempt, HEAD_START, || true).await
}

/// As [`race`], with another head start, and another candidate starts only if `joins` allows it when the head start
/// has passed.
pub(crate) async fn race_while<C, T, E, F>(
    candidates: impl IntoIterator<Item = C>,
    attempt: impl Fn(C) -> F,
    head_start: Duration,
    joins: impl Fn() -> bool,
) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = candidates.into_iter();
    let mut running = FuturesUnordered::new();
    let mut causes = Vec::new();
    running.extend(waiting.next().map(&attempt));
    while !running.is_empty() {
        tokio::select! {
            Some(result) = running.next() => match result {
                Ok(winner) => return Ok(winner),
                Err(cause) => {
                    causes.push(cause);
                    running.extend(waiting.next().map(&attempt));
                }
            },
            () = sleep(head_start) => running.extend(joins().then(|| waiting.next()).flatten().map(&attempt)),
        }
    }
    Err(causes)
}

/// RFC 8305's recommended Connection Attempt Delay.
pub(crate) const HEAD_START: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    async fn attempt(candidate: Result<u8, u8>) -> Result<u8, u8> {
        candidate
    }

    #[test]
    fn the_first_success_wins() {
        assert_eq!(run(race([Err(1), Ok(2), Ok(3)], attempt)), Ok(2));
    }

    #[test]
    fn every_cause_is_reported_when_none_succeeds() {
        assert_eq!(run(race([Err(1), Err(2)], attempt)), Err(vec![1, 2]));
        assert_eq!(run(race([], attempt)), Err(vec![]));
    }

    #[test]
    fn one_that_hangs_does_not_keep_the_next_from_starting() {
        let hanging = |candidate: u8| async move {
            if candidate == 1 {
                std::future::pending::<()>().await;
            }
            Ok::<u8, u8>(candidate)
        };
        assert_eq!(run(race([1, 2], hanging)), Ok(2));
    }
}
