//! Connections that stay open after a run, for the next one of the same process: TCP, TLS and login are done already.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::kafka::net::connection::{Connection, Traffic};
use crate::model::endpoint::Endpoint;

/// Open connections that are not in use, and the traffic of all of them so far.
#[derive(Default)]
pub struct Connections {
    idle: RefCell<Vec<Idle>>,
    /// Of the whole process: the traffic of one run is a difference.
    pub(crate) traffic: Arc<Traffic>,
    foreseen: RefCell<Foreseen>,
}

/// What a run will probably need, by what the run before found: it is asked for in the first flight, and saves one of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Foreseen {
    /// The partitions of the offsets topic; 0 where they are unknown.
    pub(crate) partitions: usize,
    /// The topics that groups read.
    pub(crate) topics: Vec<StrBytes>,
}

struct Idle {
    endpoint: Endpoint,
    connection: Rc<Connection>,
    since: Instant,
}

impl Connections {
    /// Closes them all.
    pub(crate) fn forget(&self) {
        self.idle.borrow_mut().clear();
    }

    /// The connection to a broker, if there is one that is probably still alive.
    pub(crate) fn take(&self, endpoint: &Endpoint) -> Option<Rc<Connection>> {
        self.take_first(|idle| idle.endpoint.is_same(endpoint)).map(|(_, connection)| connection)
    }

    /// A connection to any broker: each of them knows the cluster.
    pub(crate) fn take_any(&self) -> Option<(Endpoint, Rc<Connection>)> {
        self.take_first(|_| true)
    }

    /// Keeps a connection, unless it is lost or has unanswered requests, whose answers would arrive before those of
    /// the next run.
    pub(crate) fn keep(&self, endpoint: &Endpoint, connection: Rc<Connection>) {
        if connection.is_open() && connection.unanswered() == 0 {
            let since = Instant::now();
            self.idle.borrow_mut().push(Idle { endpoint: endpoint.clone(), connection, since });
        }
    }

    /// Leaves to the next run what this one found.
    pub(crate) fn foresee(&self, foreseen: Foreseen) {
        self.foreseen.replace(foreseen);
    }

    /// What the run before left. Its topics are given away once: an attempt that fails may have failed because of them.
    pub(crate) fn foreseen(&self) -> Foreseen {
        let mut foreseen = self.foreseen.borrow_mut();
        Foreseen { partitions: foreseen.partitions, topics: std::mem::take(&mut foreseen.topics) }
    }

    fn take_first(&self, wanted: impl Fn(&Idle) -> bool) -> Option<(Endpoint, Rc<Connection>)> {
        let mut idle = self.idle.borrow_mut();
        idle.retain(|idle| idle.connection.is_open() && idle.since.elapsed() < IDLE);
        let at = idle.iter().position(wanted)?;
        let Idle { endpoint, connection, .. } = idle.swap_remove(at);
        connection.begin_again();
        Some((endpoint, connection))
    }
}

/// NAT gateways and network load balancers of AWS silently forget a connection that is idle for 350 s; brokers close
/// it after ten minutes (`connections.max.idle.ms`).
const IDLE: Duration = Duration::from_mins(5);
