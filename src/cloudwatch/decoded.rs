//! The history of one group as people read it.

use serde::Serialize;
use tokio::time::Instant;

use super::history::Store;
use super::past::Past;
use crate::lag::Committed;
use crate::memory::Sample;
use crate::moment::rfc3339;
use crate::snapshot::{Group, Snapshot};

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
    memory: String,
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
    let wanted: Vec<(usize, u32)> = group.range().map(|row| (row, looks.min(store.schedule().looks_kept()))).collect();
    let windows = past.windows_of(store, &wanted, until).await;
    past.add(windows);
    let partitions = group.range().map(|at| {
        let (row, samples) = (&snapshot.rows[at], past.earlier(at));
        DecodedPartition {
            topic: &snapshot.topic(row).name,
            partition: row.partition,
            problem: samples.as_ref().err().map(ToString::to_string),
            looks: samples.iter().flatten().rev().map(DecodedLook::of).collect(),
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
    fn of(sample: &Sample) -> Self {
        Self {
            taken: rfc3339(sample.time_ms / 1_000),
            committed: match sample.committed {
                Committed::At(offset) => Some(offset),
                Committed::Never => None,
            },
            log_end: sample.end,
            memory: format!("{:?}", sample.memory),
        }
    }
}
