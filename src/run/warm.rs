//! What stays in a warm process between runs: connections and passwords, nothing that a result depends on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::Error;
use super::login::{self, Good};
use crate::aws::secrets::{Door, Source};
use crate::cloudwatch;
use crate::config::sasl::Sasl;
use crate::config::{BURROW_LOGIN, Bootstrap, Kafka, Keystore};
use crate::kafka::net::sasl::Login;
use crate::kafka::{Connections, Tls};
use crate::model::endpoint::Endpoint;
use crate::model::secret::Secret;
use crate::model::unknown::Known;

/// Created once per process, and lent to every run.
pub struct Warm {
    pub(super) door: Door,
    client: OnceCell<cloudwatch::Client>,
    pub(super) connections: Connections,
    login: Mutex<Option<Kept<Login>>>,
    /// Session tickets live in it, so that later handshakes are short.
    tls: Mutex<Option<Tls>>,
    addresses: Mutex<Option<Kept<Vec<Endpoint>>>>,
    /// The login of Burrow's clients.
    burrow_login: Mutex<Option<Kept<Secret>>>,
}

/// A value that is valid for a while.
struct Kept<T> {
    value: T,
    /// `None` if only a refusal shows that it is no longer valid.
    until: Option<Instant>,
}

impl Warm {
    /// Nothing is connected or fetched yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            door: Door::new(SECRETS_WAIT),
            client: OnceCell::new(),
            connections: Connections::default(),
            login: Mutex::default(),
            tls: Mutex::default(),
            addresses: Mutex::default(),
            burrow_login: Mutex::default(),
        }
    }

    /// The same, with a `CloudWatch` that these settings lead to.
    pub async fn with_cloudwatch(settings: cloudwatch::Settings) -> Self {
        Self { client: OnceCell::new_with(Some(cloudwatch::connect(Some(settings)).await)), ..Self::new() }
    }

    /// The client of `CloudWatch`, whose connections stay open between runs; one that says what it lacks where nobody tells
    /// the Region in time.
    pub(super) async fn client(&self, until: Instant) -> cloudwatch::Client {
        let connected = timeout_at(until, self.client.get_or_init(|| cloudwatch::connect(None))).await;
        connected.map_or_else(|_| cloudwatch::without_settings(), Clone::clone)
    }

    /// The login that an earlier run fetched, or a fresh one. `unix_seconds` is now.
    pub(super) async fn login(&self, sasl: &Sasl, ca: Option<&Keystore>, unix_seconds: i64) -> Known<Login> {
        if let Some(kept) = still_good(&self.login) {
            return Ok(kept);
        }
        let now = Duration::from_secs(u64::try_from(unix_seconds).unwrap_or_default());
        let (login, good) = Box::pin(login::fetch(&self.door, sasl, ca, now)).await?;
        let until = match good {
            Good::UntilRotated => None,
            Good::For(lifetime) => until(lifetime),
            Good::Once => return Ok(login),
        };
        *lock(&self.login) = Some(Kept { value: login.clone(), until });
        Ok(login)
    }

    /// TLS as an earlier run set it up, or new; `None` if the configuration asks for plaintext.
    pub(super) async fn tls(&self, config: &Kafka) -> Result<Option<Tls>, Error> {
        let kept = lock(&self.tls).clone();
        if kept.is_some() {
            return Ok(kept);
        }
        let tls = Box::pin(login::tls(&self.door, config)).await?;
        lock(&self.tls).clone_from(&tls);
        Ok(tls)
    }

    /// The addresses to connect to first; if Amazon MSK returns them, they are requested once an hour.
    pub(super) async fn addresses(&self, config: &Kafka) -> Result<Vec<Endpoint>, Error> {
        if let Some(kept) = still_good(&self.addresses) {
            return Ok(kept);
        }
        let addresses = Box::pin(login::bootstrap(&self.door, config)).await?;
        if matches!(config.bootstrap, Bootstrap::Cluster { .. }) {
            let until = Some(Instant::now() + ADDRESSES_STAND);
            *lock(&self.addresses) = Some(Kept { value: addresses.clone(), until });
        }
        Ok(addresses)
    }

    /// The login of Burrow's clients; it is fetched again after a while, and never because a caller was refused.
    pub(super) async fn burrow_login(&self, source: &Source) -> Result<Secret, Error> {
        if let Some(kept) = still_good(&self.burrow_login) {
            return Ok(kept);
        }
        let login = Box::pin(self.door.read_login(BURROW_LOGIN, source)).await?;
        *lock(&self.burrow_login) = Some(Kept { value: login.clone(), until: Some(Instant::now() + LOGIN_STANDS) });
        Ok(login)
    }

    /// Whether this run would use something of an earlier run that may have changed since.
    pub(super) fn keeps(&self) -> bool {
        still_good(&self.login).is_some() || lock(&self.tls).is_some() || still_good(&self.addresses).is_some()
    }

    /// Forgets what may have changed since: password, certificates, addresses, and the connections that used them.
    pub(super) fn forget(&self) {
        self.connections.forget();
        *lock(&self.login) = None;
        *lock(&self.tls) = None;
        *lock(&self.addresses) = None;
    }
}

/// When a value with this lifetime is given up; never if no clock reaches that far.
fn until(lifetime: Duration) -> Option<Instant> {
    Instant::now().checked_add(lifetime.saturating_sub(RESERVE))
}

fn still_good<T: Clone>(kept: &Mutex<Option<Kept<T>>>) -> Option<T> {
    let kept = lock(kept);
    let good = kept.as_ref().filter(|kept| kept.until.is_none_or(|until| Instant::now() < until));
    good.map(|kept| kept.value.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Warm {
    fn default() -> Self {
        Self::new()
    }
}

/// How long a secret or a token is waited for, retries included.
const SECRETS_WAIT: Duration = Duration::from_secs(10);

/// Tokens and keys are given up this long before they end, so that they last for the whole run.
const RESERVE: Duration = Duration::from_mins(5);

/// How long the addresses of a cluster are valid; a broker that moved is found through any of the others.
const ADDRESSES_STAND: Duration = Duration::from_hours(1);

/// How long a login of Burrow's clients is valid; after a rotation the old one is accepted for as long.
const LOGIN_STANDS: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_beyond_every_clock_is_no_end() {
        for seconds in [1.0e19, 1.8e19] {
            assert_eq!(until(Duration::from_secs_f64(seconds)), None, "{seconds}");
        }
        assert!(until(Duration::from_hours(1)).is_some());
    }
}
