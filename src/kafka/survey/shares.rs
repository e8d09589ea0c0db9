//! Where share groups stand (KIP-932): one `DescribeShareGroupOffsets` for many groups at once.

use tokio::time::Instant;

use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::messages::{ShareGroup, ShareOffsetsRequest};
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::commits::{Commits, as_number, position, useless};
use crate::kafka::survey::groups::{Listed, by_name};
use crate::kafka::survey::names::Names;
use crate::kafka::survey::retry::{AskOutcome, Outcomes, failed};
use crate::model::lag::Committed;

/// One request for these share groups; start offsets stand in the place of commits.
pub(crate) async fn fetch(
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
    let request = ShareOffsetsRequest { groups: indexes.iter().map(|index| groups[*index].id.clone()).collect() };
    let answer = match cluster.call(broker, &request, until).await {
        Ok(answer) => answer,
        Err(error) => return failed(&indexes, error),
    };
    let by_name = by_name(groups, &indexes);
    let known = answer.iter().filter_map(|group| Some((*by_name.get(&*group.name)?, starts(group, names))));
    known.collect()
}

fn starts(group: &ShareGroup, names: &Names<'_>) -> AskOutcome<Commits> {
    // Deleted between the listing and now: the description says so.
    if group.error_code == error_codes::GROUP_ID_NOT_FOUND {
        return AskOutcome::Done(Commits::default());
    }
    if let Some(failed) = AskOutcome::from_code(group.error_code) {
        return failed;
    }
    let mut commits = Commits::default();
    for topic in &group.topics {
        let Some(number) = names.number(&topic.name) else { continue };
        for found in &topic.partitions {
            if let Some(why) = useless(&topic.name, found.partition, found.error_code) {
                return AskOutcome::from_cause(why);
            }
            let start = position("start", found.error_code, found.start);
            if let (Ok(Committed::At(_)), Some(lag)) = (&start, found.lag.and_then(|lag| u64::try_from(lag).ok())) {
                commits.unacknowledged.insert((number, found.partition), lag);
            }
            commits.offsets.push((as_number(number), found.partition, start));
        }
    }
    AskOutcome::Done(commits)
}
