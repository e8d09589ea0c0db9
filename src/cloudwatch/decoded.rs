//! The history of one group in a form for people.

use std::borrow::Cow;

use serde_json::json;
use tokio::time::Instant;

use super::history::Store;
use super::past::{Past, Wanted};
use crate::base::moment::rfc3339;
use crate::model::lag::{Assigned, Committed};
use crate::model::memory::{Sample, Thresholds};
use crate::model::snapshot::{Group, Snapshot};
use crate::report::history::{PastOfGroup, PastOfPartition, PastSnapshot};

/// The stored snapshots of one group, this many before the run's minute.
pub(crate) async fn read<'a>(
    store: &Store,
    cluster: &'a str,
    snapshots: u32,
    (snapshot, group): (&'a Snapshot, &'a Group),
    past: &mut Past,
    until: Instant,
) -> PastOfGroup<'a> {
    let wanted: Vec<Wanted> = group.range().map(|row| Wanted::all(row, snapshots)).collect();
    let windows = past.windows_of(store, &wanted, until).await;
    past.add(windows);
    let thresholds = Thresholds { period_ms: store.schedule().period() * 60_000, ..Thresholds::DEFAULT };
    let partitions = group.range().map(|at| {
        let (row, samples) = (&snapshot.rows[at], past.earlier(at));
        PastOfPartition {
            topic: Cow::Borrowed(&snapshot.topic(row).name),
            partition: row.partition,
            problem: samples.as_ref().err().map(ToString::to_string),
            looks: samples.iter().flatten().rev().map(|sample| remembered(sample, &thresholds)).collect(),
        }
    });
    let unread = group.rows.as_ref().err().into_iter().chain(&group.gaps);
    PastOfGroup {
        cluster: cluster.into(),
        group: Cow::Borrowed(&group.name),
        period_minutes: store.schedule().period(),
        partitions: partitions.collect(),
        problems: unread.chain(&past.problems(snapshot)).map(ToString::to_string).collect(),
    }
}

fn remembered(sample: &Sample, thresholds: &Thresholds) -> PastSnapshot {
    let memory = sample.memory;
    PastSnapshot {
        taken: rfc3339(sample.time_ms / 1_000),
        committed: match sample.committed {
            Committed::At(offset) => Some(offset),
            Committed::Never => None,
        },
        log_end: sample.end,
        memory: json!({
            "looks_missing": memory.snapshots_missing(),
            "silent_seconds": memory.silent_ms(thresholds) / 1_000,
            "usual_silence_seconds": memory.usual_gap_ms(thresholds).map(|ms| ms / 1_000),
            "unstable_seconds": memory.unstable_ms(thresholds) / 1_000,
            "assigned": match memory.assigned() {
                Assigned::Yes => Some(true),
                Assigned::No => Some(false),
                Assigned::Unknown => None,
            },
            "lost_its_reader": memory.has_lost_its_reader(),
            "comes_and_goes": memory.comes_and_goes(),
            "slow": memory.was_slow(),
            "stepped_back": memory.has_stepped_back(),
            "lost_records": memory.has_lost_lately(),
        }),
    }
}
