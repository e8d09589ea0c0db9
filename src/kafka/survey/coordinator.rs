//! Which broker coordinates which group, and whether there are any groups at all.

use std::collections::HashMap;

use futures_util::future::join_all;
use kafka_protocol::messages::{DescribeGroupsRequest, FindCoordinatorRequest, GroupId};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::base::progress::Progress;
use crate::kafka::net::dial::CREATES_NOTHING;
use crate::kafka::net::transport;
use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::internal_topics::OFFSETS_TOPIC;
use crate::kafka::protocol::messages::{LATEST, NO_EPOCH, Question, READ_UNCOMMITTED, list_offsets};
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::listed::{Listed, by_name};
use crate::kafka::survey::offsets_topic::Internal;
use crate::kafka::survey::retry::{Outcomes, Questions, failed, settle};
use crate::model::snapshot::Kind;
use crate::model::unknown::{Known, Unknown};

/// Groups that one coordinator is asked about.
pub(crate) struct Batch<'a, 'c> {
    pub(crate) cluster: &'a Cluster<'c>,
    pub(crate) groups: &'a [Listed],
    pub(crate) until: Instant,
    /// Who is asked.
    pub(crate) broker: i32,
    /// The places in `groups` of those that this is about.
    pub(crate) indexes: Vec<usize>,
}

impl<'a> Batch<'a, '_> {
    /// Those of them that are of such a kind.
    pub(crate) fn of(&self, is_wanted: impl Fn(Kind) -> bool) -> Self {
        let wanted = self.indexes.iter().copied().filter(|index| is_wanted(self.groups[*index].kind));
        Self { indexes: wanted.collect(), ..*self }
    }

    /// Asks one question about all of them, and none where there are none. `decode` reads the answer, and gets the places of groups by
    /// their names.
    pub(crate) async fn ask<Q: Question, T>(
        &self,
        question: impl FnOnce(Vec<&'a Listed>) -> Q,
        decode: impl FnOnce(Q::Answer, &HashMap<&str, usize>) -> Outcomes<T>,
    ) -> Outcomes<T> {
        if self.indexes.is_empty() {
            return Vec::new();
        }
        let groups = self.indexes.iter().map(|index| &self.groups[*index]);
        match self.cluster.call(self.broker, &question(groups.collect()), self.until).await {
            Ok(answer) => decode(answer, &by_name(self.groups, &self.indexes)),
            Err(error) => failed(&self.indexes, error),
        }
    }
}

/// Puts a question to the coordinators of all `groups`, `piece` groups at once, and finds them anew where they have moved; `step` says
/// what it is for.
pub(crate) async fn ask<'a, 'c, T>(
    cluster: &'a Cluster<'c>,
    groups: &'a [Listed],
    step: &'static str,
    piece: usize,
    until: Instant,
    ask: impl AsyncFn(Batch<'a, 'c>) -> Outcomes<T>,
) -> Vec<Known<T>> {
    let places = groups.iter().map(|group| group.coordinator.clone()).collect();
    let progress = Progress::of(step, groups.len(), "groups");
    let questions =
        Questions { places, piece, progress, left_out: "the coordinator's answer leaves the group out", until };
    let ask = async |broker, indexes| ask(Batch { cluster, groups, until, broker, indexes }).await;
    settle(questions, ask, async |again| {
        let names: Vec<&str> = again.iter().map(|index| &*groups[*index].name).collect();
        find(cluster, &names, until).await
    })
    .await
}

/// The coordinator of each named group, from the first broker that answers: in one request from version 4 on
/// (KIP-699), below that in one request each, pipelined.
pub(crate) async fn find(cluster: &Cluster<'_>, names: &[&str], until: Instant) -> Vec<Known<i32>> {
    let able = cluster.readiest().into_iter().filter_map(|id| Some((id, cluster.version(id, Api::FindCoordinator)?)));
    let able: Vec<_> = able.collect();
    let found = transport::race(able, |(id, version)| async move {
        if version >= BATCHED {
            find_together(cluster, id, names, until).await
        } else {
            let each = names.iter().map(|name| find_one(cluster, id, name, until));
            Ok(join_all(each).await)
        }
    });
    found.await.unwrap_or_else(|mut causes| {
        let none = "no broker answers for the group's coordinator";
        let down = || {
            let (id, why) = cluster.describe().into_iter().find_map(|(id, _, tried)| Some((id, tried.err()?)))?;
            Some(why.within(format_args!("{none}: {}", cluster.place(id))))
        };
        let why = causes.pop().or_else(down).unwrap_or_else(|| Unknown::because(none));
        vec![Err(why); names.len()]
    })
}

async fn find_together(cluster: &Cluster<'_>, id: i32, names: &[&str], until: Instant) -> Known<Vec<Known<i32>>> {
    let keys = names.iter().map(|name| StrBytes::from_string((*name).into())).collect();
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys);
    let answer = cluster.call(id, &request, until).await?;
    let mut found: HashMap<&str, Known<i32>> = HashMap::new();
    for coordinator in &answer.coordinators {
        let (node, port) = (coordinator.node_id.0, coordinator.port);
        found.insert(&coordinator.key, resolved(cluster, coordinator.error_code, node, &coordinator.host, port));
    }
    let left_out = || Err(Unknown::because("the answer to FindCoordinator leaves the group out"));
    Ok(names.iter().map(|name| found.remove(name).unwrap_or_else(left_out)).collect())
}

async fn find_one(cluster: &Cluster<'_>, id: i32, name: &str, until: Instant) -> Known<i32> {
    let request = FindCoordinatorRequest::default().with_key(StrBytes::from_string(name.into()));
    let answer = cluster.call(id, &request, until).await?;
    resolved(cluster, answer.error_code, answer.node_id.0, &answer.host, answer.port)
}

/// Which broker answers for each named group if there is no offsets topic; `None` if every broker denies it.
///
/// A service may store groups elsewhere. `FindCoordinator` would create the topic at a broker that does not, so each
/// broker is asked for the groups themselves, which creates nothing.
pub(crate) async fn search(cluster: &Cluster<'_>, names: &[&str], until: Instant) -> Vec<Known<Option<i32>>> {
    let groups = names.iter().map(|name| GroupId(StrBytes::from_string((*name).into())));
    let request = &DescribeGroupsRequest::default().with_groups(groups.collect());
    let ids = cluster.ids();
    let answers = join_all(ids.iter().map(|id| cluster.call(*id, request, until))).await;
    let mut found = vec![Ok(None); names.len()];
    for (id, answer) in ids.into_iter().zip(answers) {
        let answer = answer.map_err(Unknown::from);
        for (found, name) in found.iter_mut().zip(names) {
            let group =
                answer.as_ref().map(|answer| answer.groups.iter().find(|group| group.group_id.as_str() == *name));
            match group {
                Ok(Some(group)) if error_codes::coordinator_moved(group.error_code) => {}
                Ok(Some(_)) => *found = Ok(Some(id)),
                // A broker that answers for the group counts, even if others are silent.
                Ok(None) if *found == Ok(None) => {
                    *found = Err(Unknown::because("the answer to DescribeGroups leaves the group out"));
                }
                Err(why) if *found == Ok(None) => *found = Err(why.clone()),
                Ok(None) | Err(_) => {}
            }
        }
    }
    found
}

/// Registers a coordinator that the metadata did not have, so that it can be asked from now on.
fn resolved(cluster: &Cluster<'_>, error_code: i16, node: i32, host: &str, port: i32) -> Known<i32> {
    match error_code {
        0 => {
            cluster.learn_of(node, host, u16::try_from(port).unwrap_or_default());
            Ok(node)
        }
        code => Err(error_codes::unknown(code)),
    }
}

/// The offsets topic from the metadata. Old brokers are asked for it only if it is known to exist, because they list
/// groups or know its log: before 2.8 they create an internal topic when they are asked for its metadata, whatever the
/// request allows.
pub(crate) async fn offsets_topic(cluster: &Cluster<'_>, groups_are_shown: bool, until: Instant) -> Internal {
    let offsets = cluster.offsets();
    if !matches!(offsets, Internal::Unseen(_)) || !creates(cluster) {
        return offsets;
    }
    let is_there = if groups_are_shown { Ok(true) } else { has_log(cluster, until).await };
    match is_there {
        Ok(true) => match cluster.metadata(Some(&[StrBytes::from_static_str(OFFSETS_TOPIC)]), until).await {
            Ok(answer) => Internal::read(&answer, OFFSETS_TOPIC),
            Err(why) => Internal::Unseen(why),
        },
        Ok(false) => Internal::Absent,
        Err(why) => Internal::Unseen(why),
    }
}

fn creates(cluster: &Cluster<'_>) -> bool {
    let old = |id| cluster.version(id, Api::Metadata).is_some_and(|version| version < CREATES_NOTHING);
    cluster.ids().into_iter().any(old)
}

/// Whether the offsets topic exists, as far as this user may know; a hidden one counts as existing.
pub(crate) async fn exists(
    cluster: &Cluster<'_>,
    offsets: &Internal,
    groups_are_shown: bool,
    until: Instant,
) -> Known<bool> {
    match offsets {
        Internal::Known(_) => Ok(true),
        _ if groups_are_shown => Ok(true),
        Internal::Absent => Ok(false),
        Internal::Unseen(_) if !creates(cluster) => Ok(true),
        Internal::Unseen(_) => {
            let there = has_log(cluster, until).await;
            there.map_err(|why| why.within("whether anything was ever committed is unknown"))
        }
    }
}

/// Whether a broker knows the first log of the offsets topic; asking for its end creates nothing.
async fn has_log(cluster: &Cluster<'_>, until: Instant) -> Known<bool> {
    let request = &list_offsets(READ_UNCOMMITTED, [(OFFSETS_TOPIC, [(0, NO_EPOCH, LATEST)])]);
    let brokers = cluster.ids().into_iter();
    let answers = join_all(brokers.map(|id| cluster.call(id, request, until))).await;
    let mut silent = None;
    for answer in answers {
        match answer {
            Ok(answer) => {
                let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
                if partitions.any(|partition| partition.error_code != error_codes::UNKNOWN_TOPIC) {
                    return Ok(true);
                }
            }
            Err(error) => silent = Some(Unknown::from(error)),
        }
    }
    silent.map_or(Ok(false), Err)
}

/// `FindCoordinator` accepts several groups from here on.
const BATCHED: i16 = 4;
