//! Share groups (KIP-932): their members, and their start offsets.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::share_group_describe_response as share;
use kafka_protocol::messages::{
    DescribeShareGroupOffsetsRequest, GroupId, ShareGroupDescribeRequest, ShareGroupDescribeResponse, TopicName,
};
use kafka_protocol::protocol::Decodable;

use super::compact::{self, NO_TAGS};
use super::{Asked, GROUP_ID_NOT_FOUND, groups, offsets, text};
use crate::support::broker::group::{Group, Member};

pub(super) fn describe(asked: &Asked<'_>, request: ShareGroupDescribeRequest) -> ShareGroupDescribeResponse {
    let describe = |name: GroupId| {
        let described = share::DescribedGroup::default().with_group_id(name.clone());
        match groups::find(asked, &name) {
            Err(code) => described.with_error_code(code),
            Ok(Some(group)) if group.kind == "share" => {
                let described = described.with_group_epoch(group.epoch);
                described.with_group_state(text(&group.state)).with_members(group.members.iter().map(member).collect())
            }
            Ok(_) => described.with_error_code(GROUP_ID_NOT_FOUND),
        }
    };
    ShareGroupDescribeResponse::default().with_groups(request.group_ids.into_iter().map(describe).collect())
}

fn member(member: &Member) -> share::Member {
    let assigned = member.assigned.iter().map(|(topic, partitions)| {
        share::TopicPartitions::default().with_topic_name(TopicName(text(topic))).with_partitions(partitions.clone())
    });
    share::Member::default()
        .with_member_id(text(&format!("{}-0c0ffee0", member.client)))
        .with_client_id(text(&member.client))
        .with_client_host(text("/127.0.0.1"))
        .with_subscribed_topic_names(member.subscribed.iter().map(|topic| TopicName(text(topic))).collect())
        .with_assignment(share::Assignment::default().with_topic_partitions(assigned.collect()))
}

/// The start offsets of the groups. The codec knows version 0 only; the answer of version 1 also has the lag
/// (KIP-1226).
pub(super) fn offsets(asked: &Asked<'_>) -> Bytes {
    let request =
        DescribeShareGroupOffsetsRequest::decode(&mut asked.body.clone(), 0).expect("a request that can be read");
    let mut to = BytesMut::new();
    to.put_u8(NO_TAGS); // of the header
    to.put_i32(0); // not throttled
    compact::array(&mut to, &request.groups, |to, asked_for| {
        let found = groups::find(asked, &asked_for.group_id);
        let group = found.ok().flatten().filter(|group| group.kind == "share");
        compact::text(to, &asked_for.group_id);
        let topics: Vec<_> = offsets::by_topic(asked, group).collect();
        compact::array(to, &topics, |to, (topic, partitions)| {
            compact::text(to, topic);
            to.put_u128(0); // its id, which is not read
            compact::array(to, partitions, |to, (partition, start, code)| {
                to.put_i32(*partition);
                to.put_i64(*start);
                to.put_i32(0); // the leader's epoch
                if asked.version >= 1 {
                    to.put_i64(group.map_or(-1, |group| lag(asked, group, topic, *partition, *start)));
                }
                to.put_i16(*code);
                compact::null(to); // the code in words
                to.put_u8(NO_TAGS);
            });
            to.put_u8(NO_TAGS);
        });
        to.put_i16(found.err().unwrap_or(if group.is_none() { GROUP_ID_NOT_FOUND } else { 0 }));
        compact::null(to);
        to.put_u8(NO_TAGS);
    });
    to.put_u8(NO_TAGS);
    to.freeze()
}

/// The records between the start and the log's end, minus those acknowledged out of order.
fn lag(asked: &Asked<'_>, group: &Group, topic: &str, partition: i32, start: i64) -> i64 {
    let known = asked.scene.topics.iter().find(|known| known.name == topic);
    let log = known.and_then(|known| known.logs.get(usize::try_from(partition).ok()?));
    let ahead = group.acknowledged.iter().filter(|(of, number, _)| of == topic && *number == partition);
    match log {
        Some(log) if start >= 0 => log.end - start - ahead.map(|(.., records)| records).sum::<i64>(),
        _ => -1,
    }
}
