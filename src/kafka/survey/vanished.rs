//! Why partitions that a group had are gone: their topic was deleted, this user may no longer see it, or no commit is
//! left.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::cluster::Cluster;
use crate::kafka::survey::coordinator;
use crate::kafka::survey::listed::{Listed, SomePartitions};
use crate::kafka::survey::recheck;
use crate::model::pattern::Patterns;
use crate::model::snapshot::{Gone, Kind};
use crate::model::unknown::Unknown;

/// Partitions of one topic that a group had.
pub(crate) struct Missed<'a> {
    pub(crate) group: &'a str,
    pub(crate) kind: Kind,
    /// The topic's id; `None` at brokers without ids.
    pub(crate) id: Option<u128>,
    /// Whether a topic of this name and id is the one.
    pub(crate) is_it: &'a dyn Fn(&str, Option<u128>) -> bool,
    pub(crate) partitions: Vec<i32>,
}

/// What is known of a topic.
type Fate = Result<Arc<str>, Gone>;

/// What became of them: the topic's name if it is known, and why they are gone.
pub(crate) async fn explain(
    cluster: &Cluster<'_>,
    missed: &[Missed<'_>],
    until: Instant,
) -> Vec<(Option<Arc<str>>, Gone)> {
    let fates = fates(cluster, missed, until).await;
    let seen = missed.iter().zip(&fates).filter(|(_, fate)| fate.is_ok());
    let groups: Vec<&str> = seen.map(|(missed, _)| missed.group).collect();
    let mut coordinators = coordinator::find(cluster, &groups, until).await.into_iter();
    let mut explained = Vec::with_capacity(missed.len());
    // One after the other: a group may be asked about for several topics, and an answer identifies it by its name.
    for (Missed { group, kind, partitions, .. }, fate) in missed.iter().zip(fates) {
        explained.push(match fate {
            Ok(name) => {
                let topic = TopicName(StrBytes::from_string(name.to_string()));
                let only = Some([SomePartitions { topic, partitions: partitions.clone() }].into());
                let named = |coordinator| Listed { only, ..Listed::named(group, *kind, coordinator) };
                let asked = coordinators.next().map(named);
                let gone = match recheck::ask(cluster, asked.as_slice(), &Patterns::default(), until).await.pop() {
                    Some(Ok(commits)) if commits.is_empty() => Gone::NoCommit,
                    Some(Ok(_)) => Gone::Unknown(Unknown::because("its coordinator returns commits there again")),
                    Some(Err(why)) => Gone::Unknown(why.within("whether a commit is left is unknown")),
                    None => Gone::Unknown(Unknown::because("whether a commit is left is unknown")),
                };
                (Some(name), gone)
            }
            Err(gone) => (None, gone),
        });
    }
    explained
}

/// The topics' names, or why they are unknown: requested by their ids if brokers accept these, else searched among all
/// visible ones.
async fn fates(cluster: &Cluster<'_>, missed: &[Missed<'_>], until: Instant) -> Vec<Fate> {
    let mut ids: Vec<u128> = missed.iter().filter_map(|missed| missed.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let by_id = by_ids(cluster, &ids, until).await;
    let is_known = |missed: &Missed<'_>| missed.id.is_some_and(|id| by_id.contains_key(&id));
    let all = if missed.iter().all(is_known) {
        Ok(Vec::new())
    } else {
        cluster.metadata(None, until).await.map(|answer| answer.topics)
    };
    let fate = |missed: &Missed<'_>| {
        if let Some(fate) = missed.id.and_then(|id| by_id.get(&id)) {
            return fate.clone();
        }
        let topics = all.as_ref().map_err(|why| Gone::Unknown(why.clone()))?;
        let described = topics.iter().filter(|topic| topic.error_code == 0);
        let mut named = described.filter_map(|topic| Some((topic.name.as_ref()?, topic.topic_id.as_u128())));
        let found = named.find(|(name, id)| (missed.is_it)(name, Some(*id).filter(|id| *id != 0)));
        found.map(|(name, _)| Arc::from(name.as_str())).ok_or_else(|| Gone::Unknown(Unknown::because(NOT_SHOWN)))
    };
    missed.iter().map(fate).collect()
}

/// The answer of the first broker that accepts ids (KIP-516, Kafka 3.1); empty if none does.
async fn by_ids(cluster: &Cluster<'_>, ids: &[u128], until: Instant) -> BTreeMap<u128, Fate> {
    let by_id = |id: &u128| {
        let id = format!("{id:032x}").parse().unwrap_or_default();
        MetadataRequestTopic::default().with_topic_id(id).with_name(None)
    };
    let request = MetadataRequest::default()
        .with_topics(Some(ids.iter().map(by_id).collect()))
        .with_allow_auto_topic_creation(false);
    for broker in cluster.ids() {
        if ids.is_empty() || cluster.version(broker, Api::Metadata).is_none_or(|version| version < TAKES_IDS) {
            continue;
        }
        let Ok(answer) = cluster.call(broker, &request, until).await else { continue };
        return answer.topics.iter().map(|topic| (topic.topic_id.as_u128(), fate(topic))).collect();
    }
    BTreeMap::new()
}

fn fate(topic: &MetadataResponseTopic) -> Fate {
    match (topic.error_code, &topic.name) {
        (0, Some(name)) => Ok(Arc::from(name.as_str())),
        // Ids are no secret, so brokers report that one exists.
        (error_codes::TOPIC_AUTHORIZATION_FAILED, _) => Err(Gone::Hidden),
        (error_codes::UNKNOWN_TOPIC_ID | error_codes::UNKNOWN_TOPIC, _) => Err(Gone::Deleted),
        (code, _) => Err(Gone::Unknown(error_codes::unknown(code))),
    }
}

/// The first version of `Metadata` that accepts ids.
const TAKES_IDS: i16 = 12;

/// If no id gives more.
const NOT_SHOWN: &str = "it was deleted, or this user may not describe it any more";
