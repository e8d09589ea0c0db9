//! What may outlive a run in a warm process: connections and passwords, nothing that a result depends on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::login;
use crate::cloudwatch::{self, Patience};
use crate::config::Keystore;
use crate::config::sasl::Sasl;
use crate::kafka::sasl::Login;
use crate::lag::Known;
use crate::secrets::Door;

/// Made once a process, and lent to every run.
pub struct Warm {
    pub(super) door: Door,
    client: OnceCell<cloudwatch::Client>,
    login: Mutex<Option<Login>>,
}

impl Warm {
    /// Nothing is connected or fetched yet.
    #[must_use]
    pub fn new() -> Self {
        Self { door: Door::new(SECRETS_WAIT), client: OnceCell::new(), login: Mutex::new(None) }
    }

    /// The client of `CloudWatch`, whose connections stay open between runs.
    pub(super) async fn client(&self) -> cloudwatch::Client {
        self.client.get_or_init(|| cloudwatch::connect(PATIENCE)).await.clone()
    }

    /// The login that an earlier run fetched, or a fresh one.
    pub(super) async fn login(&self, sasl: &Sasl, ca: Option<&Keystore>) -> Known<Login> {
        if let Some(kept) = self.kept() {
            return Ok(kept);
        }
        let login = Box::pin(login::fetch(&self.door, sasl, ca)).await?;
        if login::lasts(&login) {
            *self.login.lock().unwrap_or_else(PoisonError::into_inner) = Some(login.clone());
        }
        Ok(login)
    }

    /// The login of an earlier run.
    pub(super) fn kept(&self) -> Option<Login> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the login: it may have been rotated.
    pub(super) fn forget(&self) {
        *self.login.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Default for Warm {
    fn default() -> Self {
        Self::new()
    }
}

/// How long a secret or a token is waited for, retries included.
const SECRETS_WAIT: Duration = Duration::from_secs(10);

/// How long a run waits for `CloudWatch`; its deadline may be earlier.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(5),
    call: Duration::from_secs(15),
    attempts: 4,
};
