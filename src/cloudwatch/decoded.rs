//! The history of one group as people read it.

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::history::Store;
use super::past::{Past, Wanted};
use crate::base::moment::rfc3339;
use crate::model::lag::{Assigned, Committed};
use crate::model::memory::{Sample, Thresholds};
use crate::model::snapshot::{Group, Snapshot};

#[derive(Serialize)]
struct Decoded<'a> {
    cluster: &'a str,
    group: &'a str,
    period_minutes: i64,
    problems: Vec<String>,
    partitions: Vec<DecodedPartition<'a>>,
}

/// One partition, newest look first.
#[derive(Serialize)]
struct DecodedPartition<'a> {
    topic: &'a str,
    partition: i32,
    problem: Option<String>,
    looks: Vec<DecodedLook>,
}

#[derive(Serialize)]
struct DecodedLook {
    taken: String,
    committed: Option<i64>,
    log_end: i64,
    memory: Value,
}

/// What is kept of one group in so many looks before the run's minute, as JSON.
pub(crate) async fn read(
    store: &Store,
    cluster: &str,
    looks: u32,
    (snapshot, group): (&Snapshot, &Group),
    past: &mut Past,
    until: Instant,
) -> String {
    let wanted: Vec<Wanted> = group.range().map(|row| Wanted::all(row, looks)).collect();
    let windows = past.windows_of(store, &wanted, until).await;
    past.add(windows);
    let thresholds = Thresholds { period_ms: store.schedule().period() * 60_000, ..Thresholds::DEFAULT };
    let partitions = group.range().map(|at| {
        let (row, samples) = (&snapshot.rows[at], past.earlier(at));
        DecodedPartition {
            topic: &snapshot.topic(row).name,
            partition: row.partition,
            problem: samples.as_ref().err().map(ToString::to_string),
            looks: samples.iter().flatten().rev().map(|sample| DecodedLook::of(sample, &thresholds)).collect(),
        }
    });
    let untold = group.rows.as_ref().err().into_iter().chain(&group.gaps);
    let decoded = Decoded {
        cluster,
        group: &group.name,
        period_minutes: store.schedule().period(),
        partitions: partitions.collect(),
        problems: untold.chain(&past.problems(snapshot)).map(ToString::to_string).collect(),
    };
    // Names are UTF-8 and there are no maps, so nothing here can fail.
    serde_json::to_string(&decoded).unwrap_or_default()
}

impl DecodedLook {
    fn of(sample: &Sample, thresholds: &Thresholds) -> Self {
        let memory = sample.memory;
        Self {
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
}
