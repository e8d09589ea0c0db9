//! What a snapshot shows of permissions: what was requested, and refused because one is missing.

use super::found::{Grants, Permissions};
use crate::kafka::protocol::error_codes::{GROUP_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED};
use crate::model::snapshot::{Group, Snapshot};
use crate::model::unknown::{Cause, Unknown};

/// Sorts the groups and topics of a snapshot; `cluster` is whether this user may describe the cluster.
#[must_use]
pub fn asked(snapshot: &Snapshot, cluster: Option<bool>) -> Permissions {
    let groups = snapshot.groups.iter().filter(|group| !group.is_missing());
    let refused = |group: &Group| group.rows.as_ref().err().or(group.members.as_ref().err()).cloned();
    let topics = snapshot.topics.iter();
    // If no group is listed because a permission is missing, no broker failed to list its own.
    let all_listed = snapshot.listed.as_ref().err().is_none_or(|why| why.cause() == Cause::Hidden);
    Permissions {
        cluster,
        listed: Some(snapshot.shown).filter(|shown| *shown > 0 || all_listed),
        groups: sorted(groups.clone().map(|group| (&*group.name, refused(group))), GROUP_AUTHORIZATION_FAILED),
        topics: sorted(
            topics.map(|topic| (&*topic.name, topic.partitions.as_ref().err().cloned())),
            TOPIC_AUTHORIZATION_FAILED,
        ),
        hiding: groups
            .clone()
            .filter(|group| group.gaps.iter().any(|gap| gap.cause() == Cause::Hidden))
            .map(|group| group.name.to_string())
            .collect(),
    }
}

fn sorted<'a>(asked: impl Iterator<Item = (&'a str, Option<Unknown>)>, code: i16) -> Grants {
    let mut sorted = Grants::default();
    for (name, why) in asked {
        match why {
            None => sorted.allowed.push(name.to_owned()),
            Some(why) if why.cause() == Cause::Denied(code) => sorted.denied.push(name.to_owned()),
            Some(why) => sorted.unread.push((name.to_owned(), why.to_string())),
        }
    }
    sorted
}
