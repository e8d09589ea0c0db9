//! Where share groups stand (KIP-932): one `DescribeShareGroupOffsets` for many groups at once.

use std::collections::HashMap;

use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::cluster::Cluster;
use super::commits::{Commits, as_number};
use super::failure;
use super::groups::Listed;
use super::messages::{ShareGroup, ShareOffsetsRequest};
use super::names::Names;
use super::settle::{Outcome, Outcomes, failed};
use super::versions::Api;
use crate::lag::{Committed, Unknown};

/// One request for these share groups; start offsets stand in the place of commits.
pub(super) async fn fetch(
    cluster: &Cluster<'_>,
    broker: i32,
    groups: &[Listed],
    indexes: Vec<usize>,
    names: &Names<'_>,
    until: Instant,
) -> Outcomes<Commits> {
    if indexes.is_empty() {
        return Vec::new();
    }
    let name = |index: &usize| StrBytes::from_string(groups[*index].name.to_string());
    let request = ShareOffsetsRequest { groups: indexes.iter().map(name).collect() };
    let answer = match cluster.call(broker, Api::DescribeShareGroupOffsets, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    let by_name: HashMap<&str, usize> = indexes.iter().map(|index| (&*groups[*index].name, *index)).collect();
    let known = answer.iter().filter_map(|group| Some((*by_name.get(&*group.name)?, starts(group, names))));
    known.collect()
}

fn starts(group: &ShareGroup, names: &Names<'_>) -> Outcome<Commits> {
    // Deleted between the listing and now: the description says so.
    if group.error_code == failure::GROUP_ID_NOT_FOUND {
        return Outcome::Done(Commits::default());
    }
    if let Some(failed) = Outcome::from_code(group.error_code) {
        return failed;
    }
    let mut commits = Commits::default();
    for topic in &group.topics {
        let Some(number) = names.number(&topic.name) else { continue };
        for found in &topic.partitions {
            if failure::coordinator_moved(found.error_code) {
                return Outcome::from_cause(failure::unknown(found.error_code));
            }
            let start = match (found.error_code, found.start) {
                (0, start @ 0..) => Ok(Committed::At(start)),
                (0, NEVER) => Ok(Committed::Never),
                (0, start) => Err(Unknown::because(format!("the coordinator answers the start offset {start}"))),
                (code, _) => Err(failure::unknown(code)),
            };
            if let (Ok(Committed::At(_)), Some(lag)) = (&start, found.lag.and_then(|lag| u64::try_from(lag).ok())) {
                commits.unacknowledged.insert((number, found.partition), lag);
            }
            commits.offsets.push((as_number(number), found.partition, start));
        }
    }
    Outcome::Done(commits)
}

/// What stands for the start offset of a partition that the group has not begun to read (`share.auto.offset.reset`).
const NEVER: i64 = -1;
