//! From a host name to a byte stream: addresses tried side by side, TLS unless the configuration says otherwise.

use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout_at};

use super::tls::Tls;
use crate::endpoint::Endpoint;

/// The one seam to the outside: bytes in, bytes out.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Opens a stream to `endpoint`; the error is one sentence for people.
pub(super) async fn connect(
    endpoint: &Endpoint,
    tls: Option<&Tls>,
    deadline: Instant,
) -> Result<Box<dyn Stream>, String> {
    let attempt = async {
        let addresses: Vec<_> = lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|error| format!("the host name cannot be resolved: {error}"))?
            .collect();
        let tcp = race(addresses, |address| async move {
            TcpStream::connect(address).await.map_err(|error| format!("{}: {error}", address.ip()))
        })
        .await
        .map_err(|causes| format!("cannot connect: {}", causes.join(", ")))?;
        tcp.set_nodelay(true).map_err(|error| format!("cannot set TCP_NODELAY: {error}"))?;
        Ok(match tls {
            None => Box::new(tcp) as Box<dyn Stream>,
            Some(tls) => Box::new(tls.connect(endpoint, tcp).await?),
        })
    };
    timeout_at(deadline, attempt).await.unwrap_or_else(|_| {
        let mut late = String::from("no connection before the deadline: check security groups and routes");
        if tls.is_some() {
            let _ = write!(
                late,
                ", that the port speaks TLS, and that the broker takes more connections (max.connections)"
            );
        }
        Err(late)
    })
}

/// Tries the candidates one after the other, each getting a head start of [`HEAD_START`] before the next joins in
/// (RFC 8305, section 5); a failure lets the next one start at once. The first success wins; without one, every cause is told.
pub(super) async fn race<C, T, E, F>(
    candidates: impl IntoIterator<Item = C>,
    attempt: impl Fn(C) -> F,
) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    race_while(candidates, attempt, HEAD_START, || true).await
}

/// As [`race`], with another head start, and another candidate joins in only where `joins` says so when it has passed.
pub(super) async fn race_while<C, T, E, F>(
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
const HEAD_START: Duration = Duration::from_millis(250);

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
    fn every_cause_is_told_when_none_succeeds() {
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
