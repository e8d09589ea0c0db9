//! A small `CloudWatch` over HTTP: the SDK's wire, the service's rules, and trouble on demand.
//!
//! Numbers and rules are those of the API reference of `PutMetricData` and `GetMetricData`, and of the user guide's page on
//! quotas. Where these leave a choice, the stand-in takes the one that is harder on a client: data of standard resolution has no answer at
//! periods below a minute, a page cuts across all queries, sizes count after inflating.
//!
//! What it leaves out: lists of metrics, expressions, alarms, dashboards, entities, signatures (never checked).

#![expect(clippy::expect_used, reason = "test support: a stand-in that cannot start is the end of the test")]

mod answer;
mod calls;
mod clock;
mod control;
mod faults;
mod get_rules;
mod metric;
mod names;
mod put_rules;
mod quota;
mod refusal;
mod server;
mod statistic;
mod store;
mod wire;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

pub(crate) use calls::Calls;
pub(crate) use faults::{Fault, How};
pub(crate) use store::Stored;

use clock::{Clock, Moment};
use world::World;

/// A running stand-in on 127.0.0.1, on a thread of its own; it ends, with its connections, when this is dropped.
#[derive(Debug)]
pub(crate) struct Stand {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stand {
    /// On a free port, with the real clock, everything visible at once, no quotas and no trouble.
    pub(crate) fn start() -> Self {
        Self::start_on(0)
    }

    /// As [`Self::start`], on this port; 0 for a free one.
    pub(crate) fn start_on(port: u16) -> Self {
        let world = Arc::new(Mutex::new(World::new()));
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, listening) = std::sync::mpsc::channel();
        let shared = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime for the stand-in");
            runtime.block_on(async {
                let listener =
                    tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a port on 127.0.0.1");
                let address = listener.local_addr().expect("a bound socket has an address");
                ready.send(address).expect("the starter waits for the address");
                tokio::select! {
                    () = server::serve(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = listening.recv().expect("the stand-in listens");
        Self { address, world, stop: Some(stop), thread: Some(thread) }
    }

    /// The value of `AWS_ENDPOINT_URL_CLOUDWATCH`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the clock at this second since 1970.
    pub(crate) fn set_now(&self, seconds: i64) {
        self.world().clock = Clock::Fixed(Moment::from_seconds(seconds));
    }

    /// Lets the clock run in real time from this second since 1970.
    pub(crate) fn run_clock_from(&self, seconds: i64) {
        self.world().clock = Clock::ticking(Moment::from_seconds(seconds));
    }

    /// The stand-in's time, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.world().clock.now().floor_to(1)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.world().advance(by);
    }

    /// How long writes from now on stay unseen.
    pub(crate) fn set_visible_after(&self, delay: Duration) {
        self.world().visibility.after = delay;
    }

    /// How long a metric created from now on shows nothing, whatever is written to it.
    pub(crate) fn set_new_metric_visible_after(&self, delay: Duration) {
        self.world().visibility.of_new_metric_after = delay;
    }

    /// Whether the quotas a second are kept; the seconds are those of the stand-in's clock.
    pub(crate) fn keep_quotas(&self, keep: bool) {
        self.world().keep_quotas(keep);
    }

    /// Plans a fault, after those that were planned before.
    pub(crate) fn fail(&self, fault: Fault) {
        self.world().faults.order(fault);
    }

    /// Everything stored, visible or not.
    pub(crate) fn metrics(&self) -> Vec<Stored> {
        self.world().store.dump()
    }

    /// The calls of one operation so far.
    pub(crate) fn calls(&self, operation: &str) -> Calls {
        self.world().calls.get(operation).cloned().unwrap_or_default()
    }

    /// Counts from zero again.
    pub(crate) fn forget_calls(&self) {
        self.world().calls.clear();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        server::lock(&self.world)
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the stand-in has been printed; a second one while a test unwinds would hide the first.
            let _ended = thread.join();
        }
    }
}
