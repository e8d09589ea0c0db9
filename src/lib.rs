//! `meerkat`: one run is one look at a Kafka cluster, and one JSON status.
//!
//! ```text
//! event ─► request ─► Kafka over TLS ─► snapshot ─► history ─► verdict ─► report ─► publish ─► JSON
//! ```
//!
//! The core has no socket, no clock and no environment: [`event`], [`config`], [`lag`], [`snapshot`], [`memory`],
//! [`window`], [`verdict`], [`judged`], [`age`], [`report`]. Two doors lead outside: [`kafka`] and [`cloudwatch`]; only this file knows both.

pub mod age;
pub mod cloudwatch;
pub mod config;
pub mod event;
pub mod judged;
pub mod kafka;
pub mod lag;
pub mod memory;
pub mod pattern;
pub mod report;
pub mod secret;
pub mod snapshot;
pub mod variables;
pub mod verdict;
pub mod window;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use config::Config;
use event::Request;
use judged::{Judged, Memories};
use lag::Unknown;
use memory::Thresholds;
use report::{Frame, Report};
use verdict::Verdict;

/// When a run began and when it must be over.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds since 1970 at `started`.
    pub unix_ms: i64,
    /// The same moment on the clock that never steps.
    pub started: Instant,
    /// When the run must have returned.
    pub deadline: Instant,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The report, as JSON.
    pub json: String,
    /// The worst group's status.
    pub status: Verdict,
}

/// One run: looks at the cluster, judges, and reports.
///
/// # Errors
/// [`kafka::LookError`] where there is nothing to report on.
pub async fn check(config: &Config, request: &Request, clock: Clock) -> Result<Outcome, kafka::LookError> {
    let traffic = Arc::new(kafka::Traffic::default());
    let selection = kafka::Selection {
        named: request.groups.clone(),
        groups: config.groups.clone(),
        topics: config.topics.clone(),
    };
    let unix_seconds = clock.unix_ms / 1_000;
    let (mut survey, mut snapshot) =
        kafka::survey(&config.kafka, None, &selection, unix_seconds, clock.deadline, Arc::clone(&traffic)).await?;
    snapshot.topics = survey.read_logs().await;
    let time_ms = clock.now_ms();

    let thresholds = |_: &snapshot::Group| Thresholds {
        allowed_lag: 0,
        period_ms: 60_000,
        unassigned_alarms: false,
        uncommitted_alarms: false,
    };
    let no_history = Unknown::because("no earlier snapshot");
    let previous = |_| Err(no_history.clone());
    let memories = Memories::fold(&snapshot, time_ms, previous, thresholds);
    let judged = Judged::new(&snapshot, time_ms, &memories, previous, |_| Err(no_history.clone()), thresholds);

    let frame = Frame {
        cluster: config.cluster.as_deref().or(snapshot.cluster_id.as_deref()).unwrap_or("unnamed"),
        scheduled: request.scheduled.unwrap_or(unix_seconds),
        duration_ms: u64::try_from(clock.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        kafka: report::Traffic {
            requests: traffic.requests.load(Ordering::Relaxed),
            bytes_written: traffic.written.load(Ordering::Relaxed),
            bytes_read: traffic.read.load(Ordering::Relaxed),
        },
        detail: request.detail.unwrap_or(config.detail),
        limit: config.report_limit,
    };
    let report = Report::new(frame, &snapshot, &judged, &[]);
    Ok(Outcome { json: report.to_json(), status: report.verdict() })
}

impl Clock {
    /// Milliseconds since 1970, now.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.unix_ms + i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
