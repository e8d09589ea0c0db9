//! What the metrics of one cluster cost a month, as a table for the README.

use std::fmt::Write as _;

use super::{PRICES_OF, Schedule, Use, Volume};
use crate::cloudwatch::bodies::DATUMS_PER_REQUEST;
use crate::cloudwatch::names;
use crate::cloudwatch::pages::binding::{bind, bits};
use crate::cloudwatch::pages::key::{Key, Mark, OfGroup, OfTopic};
use crate::cloudwatch::pages::notes;

/// The table, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from(
        "| groups | partitions of each | `problems` | every minute | every 5 min | every hour | one for each partition | MSK | state metrics |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for (groups, partitions) in SIZES {
        let all = volume(groups, partitions, groups);
        let few = volume(groups, partitions, groups.div_ceil(10));
        let every = |volume: Volume, minutes| dollars(volume.used(), minutes);
        let single = groups * partitions;
        // One datum for each partition, a thousand of them per request.
        let naive = Use { metrics: single, writes: single.div_ceil(DATUMS_PER_REQUEST), reads: 0 };
        let msk = Use { metrics: single * MSK_METRICS, writes: 0, reads: 0 };
        // Writing into a string cannot fail.
        let _ = writeln!(
            table,
            "| {groups} | {partitions} | {} | {} | {} | {} | {} | {} | {} |",
            every(few, 1),
            every(all, 1),
            every(all, 5),
            every(all, 60),
            dollars(naive, 1),
            dollars(msk, 1),
            all.state()
        );
    }
    let _ = writeln!(
        table,
        "\nUS dollars a month, prices of {PRICES_OF} in us-east-1: a run every minute with `MEERKAT_METRICS_DETAIL=problems` and a tenth of the groups\nrestless; runs that publish every group; a metric of your own for each partition's lag; MSK's level `PER_TOPIC_PER_PARTITION`."
    );
    table
}

/// What one run stores and publishes if every partition has a commit, and this many groups are published.
pub(crate) fn volume(groups: usize, partitions: usize, published: usize) -> Volume {
    let mut keys: Vec<Key> = Vec::with_capacity(groups * partitions);
    for group in 0..groups {
        let group = OfGroup::new(&format!("group-{group}"));
        keys.extend((0..).take(partitions).map(|partition| Key::new(group, OfTopic::new(Mark(1)), partition)));
    }
    keys.sort_unstable();
    let usual = || names::PUBLISHED.iter().filter(|(name, _)| !names::SELDOM.contains(name));
    let by_group = usual().filter(|(_, sets)| sets.contains(&BY_GROUP)).count();
    let by_cluster = usual().filter(|(_, sets)| sets.contains(&BY_CLUSTER)).count();
    Volume {
        partitions: keys.len(),
        pages: bind(&keys, bits(keys.len(), None)).len() + notes_of(groups),
        published: published * by_group + by_cluster + STATUSES,
        windows: 0,
    }
}

/// Pages for what is remembered besides partitions.
fn notes_of(groups: usize) -> usize {
    notes::expected(BROKERS, 0, std::iter::repeat_n(MEMBERS, groups))
}

fn dollars(used: Use, minutes: u32) -> String {
    let schedule = Schedule::every(minutes).unwrap_or(Schedule::MINUTELY);
    format!("{:.0}", used.dollars_a_month(schedule))
}

/// Brokers of a usual cluster.
const BROKERS: usize = 3;
/// Members of a usual group.
const MEMBERS: usize = 3;
/// Groups, and partitions of each.
const SIZES: [(usize, usize); 7] = [(5, 12), (200, 12), (100, 10), (20, 50), (1_000, 6), (100, 100), (20, 1_000)];
const BY_GROUP: &[&str] = &[names::CLUSTER, names::GROUP];
const BY_CLUSTER: &[&str] = &[names::CLUSTER];
/// Statuses by which groups are counted.
const STATUSES: usize = 5;
/// `OffsetLag` and `EstimatedTimeLag`, for each group, topic and partition (Amazon MSK, monitoring levels); its metrics about
/// topics and brokers come on top.
const MSK_METRICS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_metrics_go_with_partitions() {
        for (groups, partitions) in SIZES {
            let volume = volume(groups, partitions, groups);
            let most = (volume.partitions * 125).div_ceil(100 * 58) + 2 + notes_of(groups);
            assert!(volume.state() <= most, "{groups} x {partitions}: {} of {most}", volume.state());
        }
    }

    #[test]
    fn two_hundred_groups_are_cheap_and_cheaper_where_quiet_ones_are_quiet() {
        let every_minute = |published| volume(200, 12, published).used().dollars_a_month(Schedule::MINUTELY);
        assert!(every_minute(200) < 230.0, "{}", every_minute(200));
        assert!(every_minute(20) < 60.0, "{}", every_minute(20));
    }
}
