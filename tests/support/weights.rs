//! What a run's metrics weigh by OTLP, as the table of infra/metrics.md.

use std::fmt::Write as _;

use meerkat::config::MetricsDetail;
use meerkat::judge::numbers::{GroupResult, PartitionResult, Results};
use meerkat::model::snapshot::Replicas;
use meerkat::otlp::{self, message::requests};

/// The table, in Markdown: a run a minute, by how much detail is sent.
pub(crate) fn markdown() -> String {
    let mut table = String::from(
        "| groups | partitions of each | `group`: points, GB a month | `topic` | `partition` | bytes a partition |\n|---|---|---|---|---|---|\n",
    );
    for (groups, partitions) in SIZES {
        let results = results(groups, partitions);
        let [of_groups, of_topics, of_partitions] =
            [MetricsDetail::Group, MetricsDetail::Topic, MetricsDetail::Partition]
                .map(|detail| weighed(&results, detail));
        let each = (of_partitions.1 - of_topics.1) / (groups * partitions);
        let cells = [of_groups, of_topics, of_partitions].map(|(points, weight)| {
            let tenths = otlp::bytes_a_month(weight, 1).div_ceil(100_000_000);
            format!("{points}, {}.{}", tenths / 10, tenths % 10)
        });
        // Writing into a string cannot fail.
        let _ = writeln!(table, "| {groups} | {partitions} | {} | {each} |", cells.join(" | "));
    }
    table
}

/// Points, and bytes that are billed.
fn weighed(results: &Results, detail: MetricsDetail) -> (usize, usize) {
    let sender = [(String::from("service.name"), String::from("meerkat"))];
    let bodies = requests(results, detail, &sender, 1_795_395_900);
    (bodies.iter().map(|body| body.points).sum(), bodies.iter().map(|body| body.weight).sum())
}

/// Groups that lag, each on a topic of its own; every name has 20 letters.
fn results(groups: usize, partitions: usize) -> Results {
    let group = |number: usize| GroupResult {
        group: format!("orders-service-{number:05}"),
        status: Some(1),
        diagnosis: None,
        members: Some(partitions),
        whole: true,
        partitions: (0..).take(partitions).map(|partition| of_partition(number, partition)).collect(),
    };
    Results {
        cluster: "prod".into(),
        groups: (0..groups).map(group).collect(),
        by_status: ["OK", "WARN", "ERR", "UNKNOWN", "NOTFOUND"].map(|status| (status, 0)).into(),
        ..Results::default()
    }
}

fn of_partition(number: usize, partition: i32) -> PartitionResult {
    PartitionResult {
        topic: format!("orders-events--{number:05}").into(),
        partition,
        lag: Some(1),
        lag_seconds: Some(1.0),
        status: Some(1),
        committed: Some(1),
        log: Some((0, 2)),
        replicas: Some(Replicas { all: 3, in_sync: 3 }),
        ..PartitionResult::default()
    }
}

/// Groups, and partitions of each.
const SIZES: [(usize, usize); 5] = [(5, 12), (200, 12), (1_000, 6), (100, 100), (200, 500)];
