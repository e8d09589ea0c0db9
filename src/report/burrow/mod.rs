//! The report in the shape of Burrow's HTTP API, so that programs written for Burrow keep working.
//!
//! Keys, their order and their types are those of `ConsumerGroupStatus`, `PartitionStatus` and `ConsumerOffset`
//! (Burrow 1.9.5, `core/protocol/evaluator.go` and `storage.go`). Two things differ, since an unknown value is no number here:
//! a status may be `UNKNOWN`, as Burrow itself prints a status outside of its table, and `current_lag` and
//! `totallag` are then `null`, which Go's decoder reads as 0.

use serde::{Serialize, Serializer};

use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::outcome::{Judged, JudgedGroup};
use crate::judge::verdict::Verdict;
use crate::model::lag::Committed;
use crate::model::memory::{Memory, Sample};
use crate::model::snapshot::{Group, Row};
use crate::model::unknown::Known;

use crate::event::origin::{Origin, View};
use lists::{ConsumerPartition, ConsumerTopics};

pub(crate) mod http;
pub(crate) mod lists;
pub(crate) mod metrics;

/// Burrow's answer about one group.
#[derive(Debug, Serialize)]
pub(crate) struct BurrowAnswer<'a> {
    error: bool,
    message: &'static str,
    status: GroupStatus<'a>,
    request: Origin,
}

/// `ConsumerGroupStatus`.
#[derive(Debug, Serialize)]
struct GroupStatus<'a> {
    cluster: &'a str,
    group: &'a str,
    status: &'static str,
    /// The share of the partitions whose own value is 1.
    #[serde(serialize_with = "as_go_does")]
    complete: f32,
    partitions: Vec<PartitionStatus<'a>>,
    partition_count: usize,
    /// The first of those with the largest lag, OK or not.
    maxlag: Option<PartitionStatus<'a>>,
    totallag: Option<u64>,
}

/// `PartitionStatus`.
#[derive(Clone, Debug, Serialize)]
struct PartitionStatus<'a> {
    topic: &'a str,
    partition: i32,
    owner: &'a str,
    client_id: &'a str,
    status: &'static str,
    start: Option<ConsumerOffset>,
    end: Option<ConsumerOffset>,
    current_lag: Option<u64>,
    /// The share of the snapshots that a verdict needs.
    #[serde(serialize_with = "as_go_does")]
    complete: f32,
}

/// `ConsumerOffset`: a commit, at the time of the snapshot that first had it.
///
/// Kafka returns no time of a commit, so both times are that snapshot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct ConsumerOffset {
    offset: i64,
    /// Milliseconds since 1970.
    timestamp: i64,
    /// The same, cut to the second as Burrow does.
    #[serde(rename = "observedAt")]
    observed_at: i64,
    /// Lag behind the log end of that snapshot; `null` if it was not read.
    lag: Option<u64>,
}

/// A run's results, as input for Burrow's answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BurrowResults<'a> {
    pub(crate) cluster: &'a str,
    /// The snapshot and its time.
    pub(crate) sight: Sight<'a>,
    /// Its verdicts.
    pub(crate) judged: &'a Judged,
    /// Its memories.
    pub(crate) memories: &'a Memories,
}

impl<'a> BurrowResults<'a> {
    /// One answer for each group; `earlier` returns the samples of a row that were read, oldest first.
    pub(crate) fn answers(&self, view: View, earlier: impl Fn(usize) -> Vec<Sample>) -> Vec<BurrowAnswer<'a>> {
        let groups = self.sight.snapshot.groups.iter().zip(&self.judged.groups);
        groups.map(|(group, judged)| self.answer(group, judged, view, &earlier)).collect()
    }

    fn answer(
        &self,
        group: &'a Group,
        judged: &JudgedGroup,
        view: View,
        earlier: impl Fn(usize) -> Vec<Sample>,
    ) -> BurrowAnswer<'a> {
        let rows = group.range();
        let all: Vec<(Verdict, PartitionStatus<'a>)> =
            rows.map(|row| (self.judged.rows[row].verdict, self.partition(group, row, &earlier(row)))).collect();
        let partition_count = all.len();
        let full = all.iter().filter(|(_, partition)| partition.complete >= 1.0).count();
        let mut maxlag: Option<&PartitionStatus<'a>> = None;
        for (_, partition) in &all {
            if partition.current_lag > maxlag.and_then(|most| most.current_lag) {
                maxlag = Some(partition);
            }
        }
        let whole = group.incomplete().is_none();
        let unread = !whole || all.iter().any(|(_, partition)| partition.current_lag.is_none());
        let status = GroupStatus {
            cluster: self.cluster,
            group: &group.name,
            status: judged.verdict.word(),
            // It is not known how many partitions were not read, so there is no share of all of them.
            complete: if whole { share(full, partition_count) } else { 0.0 },
            partition_count,
            maxlag: maxlag.cloned(),
            totallag: judged.total_lag.or((!unread).then_some(0)),
            partitions: all
                .into_iter()
                .filter(|(verdict, _)| view == View::Lag || *verdict != Verdict::Ok)
                .map(|(_, partition)| partition)
                .collect(),
        };
        let request = Origin::of(self.cluster, &group.name, view);
        BurrowAnswer { error: false, message: RETURNED, status, request }
    }

    /// The commits of the first group by topic, partitions from 0 on, and what could not be read of it.
    pub(crate) fn detail(&self, earlier: impl Fn(usize) -> Vec<Sample>) -> Known<(ConsumerTopics<'a>, Vec<String>)> {
        let mut topics = ConsumerTopics::new();
        let Some(group) = self.sight.snapshot.groups.first() else { return Ok((topics, Vec::new())) };
        group.rows.as_ref().map_err(Clone::clone)?;
        let mut problems: Vec<String> = group.gaps.iter().map(ToString::to_string).collect();
        for at in group.range() {
            let row = &self.sight.snapshot.rows[at];
            let Some(place) = usize::try_from(row.partition).ok().filter(|place| *place < MOST_PARTITIONS) else {
                let topic = &self.sight.snapshot.topic(row).name;
                problems.push(format!("{topic} has no partition {}, and a commit to it", row.partition));
                continue;
            };
            let partitions = topics.entry(&self.sight.snapshot.topic(row).name).or_default();
            if partitions.len() <= place {
                partitions.resize(place + 1, ConsumerPartition::default());
            }
            let earlier = earlier(at);
            let status = self.partition(group, at, &earlier);
            let mut offsets: Vec<ConsumerOffset> = earlier.iter().filter_map(seen).chain(status.end).collect();
            offsets.dedup_by_key(|commit| commit.offset);
            let PartitionStatus { owner, client_id, current_lag, .. } = status;
            partitions[place] = ConsumerPartition { offsets, owner, client_id, current_lag };
        }
        Ok((topics, problems))
    }

    fn partition(&self, group: &'a Group, at: usize, earlier: &[Sample]) -> PartitionStatus<'a> {
        let row = &self.sight.snapshot.rows[at];
        let left = self.sight.lags.of(at);
        let member = group.member_of(row);
        let (start, end) = self.commits(row, left.offsets(), earlier);
        PartitionStatus {
            topic: &self.sight.snapshot.topic(row).name,
            partition: row.partition,
            owner: member.map_or("", |member| &*member.host),
            client_id: member.map_or("", |member| &*member.client_id),
            status: self.judged.rows[at].verdict.word(),
            start,
            end,
            // Burrow lists a partition that is assigned and was never committed with the zeros of its struct.
            current_lag: (!left.is_unread()).then(|| left.offsets().unwrap_or(0)),
            complete: match self.memories.of(at) {
                Some(memory) => memory.complete(),
                // Without a history every snapshot is the first one.
                None if self.sight.before.0.is_err() && !left.is_unread() => Memory::COMPLETE_AT_FIRST,
                None => 0.0,
            },
        }
    }

    /// The oldest commit in an earlier snapshot, and the newest one, each with the snapshot that first had it.
    fn commits(
        &self,
        row: &Row,
        lag: Option<u64>,
        earlier: &[Sample],
    ) -> (Option<ConsumerOffset>, Option<ConsumerOffset>) {
        let start = earlier.iter().find_map(seen);
        let Ok(Committed::At(offset)) = row.committed else { return (start, None) };
        let alike = earlier.iter().rev().take_while(|sample| sample.committed == Committed::At(offset));
        let end =
            alike.last().and_then(seen).unwrap_or_else(|| ConsumerOffset::first_seen(offset, self.sight.time_ms, lag));
        (start, Some(end))
    }
}

impl<'a> BurrowAnswer<'a> {
    /// The answer for a group that does not exist, or is in another cluster.
    pub(crate) fn not_found(cluster: &'a str, group: &'a str, request: Origin) -> Self {
        let status = GroupStatus {
            cluster,
            group,
            status: Verdict::NotFound.word(),
            complete: 1.0,
            partitions: Vec::new(),
            partition_count: 0,
            maxlag: None,
            totallag: Some(0),
        };
        Self { error: false, message: RETURNED, status, request }
    }

    /// The same for another path than [`Origin::of`] assumes.
    pub(crate) fn asked_by(self, request: Origin) -> Self {
        Self { request, ..self }
    }
}

/// The commit in an earlier snapshot.
fn seen(sample: &Sample) -> Option<ConsumerOffset> {
    let Committed::At(offset) = sample.committed else { return None };
    let lag = u64::try_from(sample.end.saturating_sub(offset)).unwrap_or(0);
    Some(ConsumerOffset::first_seen(offset, sample.time_ms, Some(lag)))
}

impl ConsumerOffset {
    fn first_seen(offset: i64, time_ms: i64, lag: Option<u64>) -> Self {
        Self { offset, timestamp: time_ms, observed_at: time_ms - time_ms.rem_euclid(1_000), lag }
    }
}

/// The share of nothing is all of it.
fn share(part: usize, whole: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "numbers of partitions, for a share")]
    let share = part as f32 / whole.max(1) as f32;
    if whole == 0 { 1.0 } else { share }
}

/// A whole number without a decimal point.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_go_does<S: Serializer>(share: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    match *share {
        0.0 => serializer.serialize_u8(0),
        1.0 => serializer.serialize_u8(1),
        part => serializer.serialize_f32(part),
    }
}

/// More partitions than any topic has: their numbers are indexes of a list.
const MOST_PARTITIONS: usize = 200_000;

/// `handleConsumerStatus` uses it for both views, and for a group that does not exist.
const RETURNED: &str = "consumer status returned";

#[cfg(test)]
mod tests;
