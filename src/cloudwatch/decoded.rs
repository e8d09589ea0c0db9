//! The history of one group as people read it.

use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::address::Minute;
use super::history::Store;
use super::looks::Looks;
use super::past::layout;
use super::slots::Look;
use crate::causes::told;
use crate::lag::Committed;
use crate::memory::Memory;
use crate::moment::rfc3339;
use crate::snapshot::{Group, Snapshot};

#[derive(Serialize)]
struct Decoded<'a> {
    cluster: &'a str,
    group: &'a str,
    period_minutes: i64,
    partitions: usize,
    shards: Vec<DecodedShard<'a>>,
}

/// One state metric, newest look first.
#[derive(Serialize)]
struct DecodedShard<'a> {
    dimensions: Vec<(&'a str, &'a str)>,
    problem: Option<String>,
    looks: Vec<DecodedLook<'a>>,
}

#[derive(Serialize)]
struct DecodedLook<'a> {
    minute: String,
    taken: Option<String>,
    unusable: Option<String>,
    partitions: Vec<DecodedEntry<'a>>,
}

#[derive(Serialize)]
struct DecodedEntry<'a> {
    topic: &'a str,
    partition: i32,
    committed: Option<i64>,
    log_end: i64,
    memory: Option<String>,
}

/// What is kept of one group: so many looks before `minute` and the one of `minute` itself, as JSON.
pub async fn read(
    store: &Store,
    cluster: &str,
    minute: Minute,
    looks: u32,
    snapshot: &Snapshot,
    group: &Group,
    until: Instant,
) -> String {
    let layout = layout(store, snapshot, group);
    let shards = layout.shards(cluster, &group.name);
    let read = store.window(minute, looks, &shards, until).await;
    let mut partitions = layout.partitions();
    let shards = shards.iter().zip(&read).map(|(shard, looks)| {
        let names: Vec<(&Arc<str>, i32)> = partitions.by_ref().take(shard.size).collect();
        DecodedShard {
            dimensions: shard.metric.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            problem: looks.as_ref().err().map(|error| told(&**error)),
            looks: looks
                .iter()
                .flat_map(Looks::iter)
                .map(|(minute, look)| DecodedLook {
                    minute: rfc3339(minute.seconds()),
                    taken: look.ok().map(|look| rfc3339(look.taken / 1_000)),
                    unusable: look.err().map(|why| why.to_string()),
                    partitions: look.map(|look| entries(&names, look)).unwrap_or_default(),
                })
                .collect(),
        }
    });
    let decoded = Decoded {
        cluster,
        group: &group.name,
        period_minutes: store.schedule().period(),
        partitions: layout.len(),
        shards: shards.collect(),
    };
    // Names are UTF-8 and there are no maps, so nothing here can fail.
    serde_json::to_string(&decoded).unwrap_or_default()
}

fn entries<'a>(names: &[(&'a Arc<str>, i32)], look: &Look) -> Vec<DecodedEntry<'a>> {
    let entries = names.iter().zip(&look.entries).filter_map(|((topic, partition), entry)| {
        let entry = (*entry)?;
        Some(DecodedEntry {
            topic,
            partition: *partition,
            committed: match entry.committed() {
                Committed::At(offset) => Some(offset),
                Committed::Never => None,
            },
            log_end: entry.log_end(),
            memory: Memory::unpack(entry.memory()).map(|memory| format!("{memory:?}")),
        })
    });
    entries.collect()
}
