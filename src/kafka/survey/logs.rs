//! Where logs start and end: `Metadata` for the leaders, then three pipelined `ListOffsets` to each of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep_until};

use crate::base::budget::AGAIN_SHARE;
use crate::base::progress::Progress;
use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::messages::{EARLIEST, LATEST, NO_EPOCH, READ_COMMITTED, READ_UNCOMMITTED, list_offsets};
use crate::kafka::survey::cluster::{Cluster, share_of};
use crate::kafka::survey::retry::{AskOutcome, Outcomes, Pauses, Questions, failed, settle};
use crate::kafka::survey::topic::DescribedTopic;
use crate::model::lag::LogRange;
use crate::model::pattern::Patterns;
use crate::model::snapshot::Topic;
use crate::model::unknown::{Cause, Known, Unknown};

/// The three questions to each leader.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    HighWatermark,
    LastStable,
}

/// One partition while its three answers arrive.
#[derive(Default)]
struct Reading {
    edges: [Option<i64>; 3],
    failed: Option<Unknown>,
}

/// Reads the logs of `wanted[topic]`'s partitions, topics as numbers into `names`.
///
/// It must begin after the commits were read: then a log end can only be later than the commit, and lag is never
/// negative.
pub(crate) async fn read(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    topics: &mut [DescribedTopic],
    wanted: &[Vec<i32>],
    until: Instant,
) -> Vec<Topic> {
    let items: Vec<(usize, i32)> = (0..)
        .zip(wanted)
        .flat_map(|(topic, partitions)| partitions.iter().map(move |partition| (topic, *partition)))
        .collect();
    let places = items.iter().map(|(topic, partition)| topics[*topic].place(*partition)).collect();
    let questions = Questions {
        places,
        piece: usize::MAX,
        progress: Progress::of("reading the logs of", items.len(), "partitions"),
        left_out: "the leader's answer leaves the partition out",
        until,
    };
    let described = RefCell::new(topics);
    let ask = async |leader, indexes: Vec<usize>| {
        let asked: Vec<(usize, i32, i32)> = {
            let topics = described.borrow();
            let partition = |index: &usize| {
                let (topic, partition) = items[*index];
                (topic, partition, topics[topic].leader(partition).map_or(NO_EPOCH, |(_, epoch)| epoch))
            };
            indexes.iter().map(partition).collect()
        };
        ask(cluster, leader, names, &asked, indexes, until).await
    };
    // A leader that moved between the metadata and now, or that is being elected.
    let refresh = async |again: &[usize]| {
        let mut stale: Vec<usize> = again.iter().map(|index| items[*index].0).collect();
        stale.dedup();
        let of: Vec<Box<str>> = stale.iter().map(|topic| names[*topic].clone()).collect();
        let fresh = describe(cluster, &of, until).await;
        let mut topics = described.borrow_mut();
        // What was read of a topic still counts if no broker returns it any more.
        for (topic, fresh) in stale.into_iter().zip(fresh).filter(|(_, fresh)| fresh.leaders.is_ok()) {
            topics[topic] = fresh;
        }
        again.iter().map(|index| topics[items[*index].0].place(items[*index].1)).collect()
    };
    let mut logs = settle(questions, ask, refresh).await.into_iter();
    let topics = described.into_inner();
    let described = names.iter().zip(topics.iter_mut()).zip(wanted).map(|((name, topic), wanted)| {
        let read: Vec<(i32, Known<LogRange>)> = wanted.iter().copied().zip(logs.by_ref()).collect();
        topic.take_topic(name, read)
    });
    described.collect()
}

/// Ids and leaders of topics, in the order of `names`. The second value says why selected topics may be hidden from
/// this user; `None`: nothing is hidden.
///
/// A broker reports a missing topic to a user who may describe every topic, and returns nothing of it to others. If
/// every selected topic is named in full, those are requested instead.
///
/// `highest` has for each name the highest partition of any group, or -1: a topic whose metadata is known is requested
/// again if it has grown since.
pub(crate) async fn describe_all(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    highest: &[i32],
    selected: &Patterns,
    doubtful: bool,
    until: Instant,
) -> (Vec<DescribedTopic>, Option<Unknown>) {
    let described = |name: &String| names.binary_search_by(|known| (**known).cmp(name)).is_ok();
    let more: Vec<String> = match selected.names() {
        _ if !doubtful => Vec::new(),
        Some(all) => all.into_iter().filter(|name| !described(name)).collect(),
        None => vec![ANY_TOPIC.into()],
    };
    let all: Vec<Box<str>> = names.iter().cloned().chain(more.into_iter().map(Into::into)).collect();
    let mut described = describe_once(cluster, &all, highest, until).await;
    cluster.foresee(&all, &described);
    let more = described.split_off(names.len());
    // A topic that does not exist is reported explicitly.
    let mut hidden = more.into_iter().filter_map(|topic| topic.leaders.err());
    let hidden = hidden.find(|why| why.cause() != Cause::NoTopic);
    let until = share_of(until, AGAIN_SHARE);
    describe_again(cluster, names, &mut described, until).await;
    ask_all_for_missing(cluster, names, &mut described, until).await;
    (described, hidden)
}

/// Requests those topics whose metadata did not come together with the brokers, or that have grown since.
async fn describe_once(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    highest: &[i32],
    until: Instant,
) -> Vec<DescribedTopic> {
    let described = names.iter().enumerate().map(|(at, name)| {
        let described = cluster.first_described(name)?;
        highest.get(at).is_none_or(|highest| described.reaches(*highest)).then_some(described)
    });
    let described: Vec<Option<DescribedTopic>> = described.collect();
    let unknown: Vec<_> = names
        .iter()
        .zip(&described)
        .filter(|(_, described)| described.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let mut fresh = describe(cluster, &unknown, until).await.into_iter();
    described.into_iter().filter_map(|described| described.or_else(|| fresh.next())).collect()
}

/// Asks again for topics that no broker knows for a moment, such as one whose leaders are being elected.
async fn describe_again(cluster: &Cluster<'_>, names: &[Box<str>], described: &mut [DescribedTopic], until: Instant) {
    let mut pauses = Pauses::new(until);
    loop {
        let may_pass = |at: &usize| described[*at].leaders.as_ref().is_err_and(|why| pauses.allow(why.cause()));
        let again: Vec<usize> = (0..names.len()).filter(may_pass).collect();
        if again.is_empty() {
            return;
        }
        let Some(next) = pauses.next() else { return };
        sleep_until(next).await;
        let of: Vec<Box<str>> = again.iter().map(|at| names[*at].clone()).collect();
        for (at, fresh) in again.into_iter().zip(describe(cluster, &of, until).await) {
            described[at] = fresh;
        }
    }
}

/// A topic is missing only if no broker knows it: one that has just started may not know it yet.
async fn ask_all_for_missing(
    cluster: &Cluster<'_>,
    names: &[Box<str>],
    described: &mut [DescribedTopic],
    until: Instant,
) {
    let is_missing = |topic: &DescribedTopic| topic.leaders.as_ref().is_err_and(|why| why.cause() == Cause::NoTopic);
    let missing: Vec<usize> = (0..names.len()).filter(|at| is_missing(&described[*at])).collect();
    if missing.is_empty() || cluster.ids().len() < 2 {
        return;
    }
    let asked: Vec<StrBytes> = missing.iter().map(|at| StrBytes::from_string(names[*at].to_string())).collect();
    for answer in cluster.metadata_of_each(&asked, until).await {
        let mut by_name = DescribedTopic::all(&answer);
        for at in &missing {
            if let Some(found) = by_name.remove(names[*at].as_bytes()).filter(|topic| !is_missing(topic)) {
                described[*at] = found;
            }
        }
    }
}

/// Ids and leaders of topics, in the order of `names`.
pub(crate) async fn describe(cluster: &Cluster<'_>, names: &[Box<str>], until: Instant) -> Vec<DescribedTopic> {
    if names.is_empty() {
        return Vec::new();
    }
    let asked: Vec<StrBytes> = names.iter().map(|name| StrBytes::from_string(name.to_string())).collect();
    let (mut by_name, why) = match cluster.metadata(Some(&asked), until).await {
        Ok(answer) => (DescribedTopic::all(&answer), Unknown::because("the metadata leaves the topic out")),
        Err(why) => (BTreeMap::new(), why),
    };
    let unknown = || DescribedTopic::unknown(why.clone());
    names.iter().map(|name| by_name.remove(name.as_bytes()).unwrap_or_else(unknown)).collect()
}

/// Asks one leader for these (topic, partition, epoch), whose numbers are `indexes`.
async fn ask(
    cluster: &Cluster<'_>,
    leader: i32,
    names: &[Box<str>],
    asked: &[(usize, i32, i32)],
    indexes: Vec<usize>,
    until: Instant,
) -> Outcomes<LogRange> {
    let mut by_topic: BTreeMap<usize, Vec<(i32, i32)>> = BTreeMap::new();
    for (topic, partition, epoch) in asked {
        by_topic.entry(*topic).or_default().push((*partition, *epoch));
    }
    let by_topic = &by_topic;
    let questions = [Edge::Start, Edge::HighWatermark, Edge::LastStable].map(|edge| async move {
        let request = edge.request(names, by_topic);
        (edge, cluster.call(leader, &request, until).await)
    });
    let numbers: BTreeMap<&str, usize> = by_topic.keys().map(|topic| (&*names[*topic], *topic)).collect();
    let places: HashMap<(usize, i32), usize> =
        (0..).zip(asked).map(|(place, (topic, partition, _))| ((*topic, *partition), place)).collect();
    let mut readings: Vec<Reading> = asked.iter().map(|_| Reading::default()).collect();
    for (edge, answer) in join_all(questions).await {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return failed(&indexes, error),
        };
        for topic in &answer.topics {
            let Some(number) = numbers.get(topic.name.as_str()) else { continue };
            for partition in &topic.partitions {
                if let Some(place) = places.get(&(*number, partition.partition_index)) {
                    readings[*place].take(edge, partition.error_code, partition.offset);
                }
            }
        }
    }
    indexes.into_iter().zip(readings).filter_map(|(index, reading)| Some((index, reading.outcome()?))).collect()
}

impl Edge {
    /// The request for all partitions of one leader.
    fn request(self, names: &[Box<str>], partitions: &BTreeMap<usize, Vec<(i32, i32)>>) -> ListOffsetsRequest {
        let (timestamp, isolation) = match self {
            Self::Start => (EARLIEST, READ_UNCOMMITTED),
            Self::HighWatermark => (LATEST, READ_UNCOMMITTED),
            Self::LastStable => (LATEST, READ_COMMITTED),
        };
        let topics = partitions.iter().map(|(number, partitions)| {
            (&*names[*number], partitions.iter().map(move |(partition, epoch)| (*partition, *epoch, timestamp)))
        });
        list_offsets(isolation, topics)
    }
}

impl Reading {
    fn take(&mut self, edge: Edge, error_code: i16, offset: i64) {
        match (error_code, offset) {
            (0, 0..) => self.edges[edge as usize] = Some(offset),
            (0, _) => self.fail(Unknown::because(format!("the leader answers the offset {offset}"))),
            (code, _) => self.fail(error_codes::leader_refused(code)),
        }
    }

    fn fail(&mut self, why: Unknown) {
        self.failed.get_or_insert(why);
    }

    /// `None` if an answer leaves the partition out.
    fn outcome(self) -> Option<AskOutcome<LogRange>> {
        Some(match (self.failed, self.edges) {
            (Some(why), _) => AskOutcome::from_cause(why),
            (None, [Some(start), Some(end), Some(last_stable)]) => {
                // The high watermark is requested first, so the last stable offset may be past it; the start is
                // requested before both.
                let end = end.max(last_stable);
                if start > end {
                    let what = format!("the leader answers a log that starts at {start} and ends at {end}");
                    return Some(AskOutcome::Failed(Unknown::because(what)));
                }
                AskOutcome::Done(LogRange { start, end, last_stable: Some(last_stable) })
            }
            (None, _) => return None,
        })
    }
}

/// A topic that does not exist, requested to learn whether this user may describe every topic.
const ANY_TOPIC: &str = "meerkat.any-topic-that-does-not-exist";
