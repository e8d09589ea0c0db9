//! Streams groups (KIP-1071), by hand: the codec does not know `StreamsGroupDescribe`.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ConsumerGroupDescribeRequest;
use kafka_protocol::protocol::Decodable;

use super::compact::{self, NO_TAGS};
use super::{Asked, GROUP_ID_NOT_FOUND, groups};
use crate::support::broker::group::{Group, Member};

/// Each topic of a group is a subtopology of its own, which bears its name.
pub(super) fn describe(asked: &Asked<'_>) -> Bytes {
    // The request begins with the same names.
    let request = ConsumerGroupDescribeRequest::decode(&mut asked.body.clone(), 0).expect("a request that can be read");
    let mut to = BytesMut::new();
    to.put_u8(NO_TAGS); // of the header
    to.put_i32(0); // not throttled
    compact::array(&mut to, &request.group_ids, |to, name| {
        let found = groups::find(asked, name);
        let group = found.ok().flatten().filter(|group| group.kind == "streams");
        to.put_i16(found.err().unwrap_or(if group.is_none() { GROUP_ID_NOT_FOUND } else { 0 }));
        compact::null(to); // the code in words
        compact::text(to, name);
        compact::text(to, group.map_or("", |group| &group.state));
        to.put_i32(group.map_or(0, |group| group.epoch));
        to.put_i32(0); // the epoch of its assignment
        match group {
            None => to.put_i8(ABSENT),
            Some(group) => topology(to, group),
        }
        compact::array(to, group.map_or(&[], |group| &group.members), member);
        to.put_i32(i32::MIN); // what this user may do was not asked for
        if asked.version >= 1 {
            to.put_i8(ABSENT); // the topology in full was not asked for
            to.put_i8(0);
            compact::null(to); // the assignor
        }
        to.put_u8(NO_TAGS);
    });
    to.put_u8(NO_TAGS);
    to.freeze()
}

fn topology(to: &mut BytesMut, group: &Group) {
    let committed = group.commits.iter().map(|(topic, ..)| topic);
    let mut topics: Vec<&String> =
        committed.chain(group.members.iter().flat_map(|member| &member.subscribed)).collect();
    topics.sort_unstable();
    topics.dedup();
    to.put_i8(1);
    to.put_i32(0); // its epoch
    compact::array(to, &topics, |to, topic| {
        let (repartitions, sources): (Vec<&String>, Vec<&String>) =
            std::iter::once(*topic).partition(|topic| group.internal.contains(topic));
        compact::text(to, topic);
        compact::array(to, &sources, |to, topic| compact::text(to, topic));
        compact::array::<()>(to, &[], |_, ()| {}); // sinks
        compact::array(to, &group.changelogs, |to, topic| internal(to, topic));
        compact::array(to, &repartitions, |to, topic| internal(to, topic));
        to.put_u8(NO_TAGS);
    });
    to.put_u8(NO_TAGS);
}

fn internal(to: &mut BytesMut, topic: &str) {
    compact::text(to, topic);
    to.put_i32(0); // as many partitions as are needed
    to.put_i16(1);
    compact::array(to, &[("cleanup.policy", "delete")], |to, (key, value)| {
        compact::text(to, key);
        compact::text(to, value);
        to.put_u8(NO_TAGS);
    });
    to.put_u8(NO_TAGS);
}

fn member(to: &mut BytesMut, member: &Member) {
    compact::text(to, &format!("{}-0c0ffee0", member.client));
    to.put_i32(1); // its epoch
    compact::null(to); // its instance
    compact::null(to); // its rack
    compact::text(to, &member.client);
    compact::text(to, "/127.0.0.1");
    to.put_i32(0); // the epoch of its topology
    compact::text(to, "process");
    to.put_i8(ABSENT); // an endpoint
    for _ in ["tags", "offsets", "end offsets"] {
        compact::array::<()>(to, &[], |_, ()| {});
    }
    for _ in ["is", "is to be"] {
        compact::array(to, &member.assigned, |to, (topic, partitions)| {
            compact::text(to, topic);
            compact::array(to, partitions, |to, partition| to.put_i32(*partition));
            to.put_u8(NO_TAGS);
        });
        compact::array::<()>(to, &[], |_, ()| {}); // standby tasks
        compact::array::<()>(to, &[], |_, ()| {}); // tasks that warm up
        to.put_u8(NO_TAGS);
    }
    to.put_i8(0); // it uses no classic protocol
    to.put_u8(NO_TAGS);
}

/// How a missing structure is encoded.
const ABSENT: i8 = -1;
