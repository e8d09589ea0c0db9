//! What the metrics of one cluster cost a month, as a table for README.md.
//!
//!     cargo run --example cost

#![expect(clippy::expect_used, reason = "the table's own figures are in range")]

use std::io::Write as _;

use meerkat::cloudwatch::address::Schedule;
use meerkat::cloudwatch::cost::{PRICES_OF, Use};
use meerkat::cloudwatch::names;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| groups | partitions of each | meerkat, every minute | every 5 min | a metric for each partition's lag | MSK's per-partition level |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for (groups, partitions) in SIZES {
        let every = |minutes| dollars(meerkat(groups, partitions, minutes), minutes);
        // One datum for each partition, a thousand of them in a request.
        let naive = Use { metrics: groups * partitions, writes: (groups * partitions).div_ceil(DATUMS), reads: 0 };
        let msk = Use { metrics: groups * partitions * MSK_METRICS, writes: 0, reads: 0 };
        let (one, five) = (every(1), every(5));
        writeln!(out, "| {groups} | {partitions} | {one} | {five} | {} | {} |", dollars(naive, 1), dollars(msk, 1))?;
    }
    writeln!(out, "\nUS dollars a month, prices of {PRICES_OF} in us-east-1.")
}

/// What one look uses, when every partition has a commit.
fn meerkat(groups: usize, partitions: usize, minutes: u32) -> Use {
    let schedule = schedule(minutes);
    let shards = groups * partitions.div_ceil(schedule.partitions_per_shard());
    let by_group = names::PUBLISHED.iter().filter(|(_, sets)| sets.contains(&BY_GROUP)).count();
    let by_cluster = names::PUBLISHED.iter().filter(|(_, sets)| sets.contains(&BY_CLUSTER)).count();
    let state = shards + names::STATE.len() - 1;
    let published = groups * by_group + by_cluster + STATUSES;
    let slots = groups * partitions + shards + ROSTER_SLOTS;
    let writes = slots.div_ceil(DATUMS) + published.div_ceil(DATUMS);
    Use { metrics: state + published, writes, reads: state }
}

fn dollars(used: Use, minutes: u32) -> String {
    format!("{:.0}", used.dollars_a_month(schedule(minutes)))
}

fn schedule(minutes: u32) -> Schedule {
    Schedule::every(minutes).expect("a period that there is")
}

/// Groups, and partitions of each.
const SIZES: [(usize, usize); 5] = [(5, 12), (20, 50), (50, 60), (100, 100), (20, 1_000)];
const BY_GROUP: &[&str] = &[names::CLUSTER, names::GROUP];
const BY_CLUSTER: &[&str] = &[names::CLUSTER];
/// Statuses that groups are counted by.
const STATUSES: usize = 5;
/// Datums of the roster, about.
const ROSTER_SLOTS: usize = 2;
/// `PutMetricData`, API reference.
const DATUMS: usize = 1_000;
/// `OffsetLag` and `EstimatedTimeLag`, for each group, topic and partition (Amazon MSK, monitoring levels); its metrics about
/// topics and brokers come on top.
const MSK_METRICS: usize = 2;
