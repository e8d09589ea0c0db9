//! Kafka's error codes as sentences, and which of them are worth asking again.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::BrokerId;

use crate::model::unknown::{Cause, Known, Unknown};

/// The broker does not know this version of the request (KIP-35).
pub(crate) const UNSUPPORTED_VERSION: i16 = ResponseError::UnsupportedVersion.code();

const LEADER_NOT_AVAILABLE: i16 = ResponseError::LeaderNotAvailable.code();

const REPLICA_NOT_AVAILABLE: i16 = ResponseError::ReplicaNotAvailable.code();

/// There is nothing to log in to: the listener has no SASL, or the login is over.
pub(crate) const ILLEGAL_SASL_STATE: i16 = ResponseError::IllegalSaslState.code();

/// The group does not exist, or is of another kind than requested (KIP-848).
pub(crate) const GROUP_ID_NOT_FOUND: i16 = ResponseError::GroupIdNotFound.code();

/// The topic or partition does not exist.
pub(crate) const UNKNOWN_TOPIC: i16 = ResponseError::UnknownTopicOrPartition.code();
pub(crate) const UNKNOWN_TOPIC_ID: i16 = ResponseError::UnknownTopicId.code();

/// The partition's leader has no listener of the name that is used here.
pub(crate) const LISTENER_NOT_FOUND: i16 = ResponseError::ListenerNotFound.code();

/// No broker: the leader in the metadata of a partition without one.
const NO_LEADER: BrokerId = BrokerId(-1);

/// This user may not describe the topic, the group, or the cluster.
pub(crate) const TOPIC_AUTHORIZATION_FAILED: i16 = ResponseError::TopicAuthorizationFailed.code();
pub(crate) const GROUP_AUTHORIZATION_FAILED: i16 = ResponseError::GroupAuthorizationFailed.code();
pub(crate) const CLUSTER_AUTHORIZATION_FAILED: i16 = ResponseError::ClusterAuthorizationFailed.code();

/// The code as a reason.
pub(crate) fn unknown(code: i16) -> Unknown {
    let cause = match code {
        TOPIC_AUTHORIZATION_FAILED | GROUP_AUTHORIZATION_FAILED | CLUSTER_AUTHORIZATION_FAILED => Cause::Denied(code),
        LEADER_NOT_AVAILABLE | LISTENER_NOT_FOUND => Cause::NoLeader,
        UNKNOWN_TOPIC | UNKNOWN_TOPIC_ID => Cause::NoTopic,
        code => Cause::Code(code),
    };
    Unknown::of(cause, sentence(code))
}

/// The leader of a partition by this code in the metadata, or why it cannot be asked.
pub(crate) fn leader(code: i16, id: BrokerId) -> Known<BrokerId> {
    match (code, id) {
        (LISTENER_NOT_FOUND, NO_LEADER) => Err(unknown(code)),
        (_, NO_LEADER) => Err(Unknown::of(Cause::NoLeader, "the partition has no leader")),
        // A follower that is away does not keep its leader from answering; old brokers return this code for it.
        (0 | REPLICA_NOT_AVAILABLE, id) => Ok(id),
        (code, _) => Err(unknown(code)),
    }
}

/// Why the leader of a partition does not return its log's offsets, by the code that it returns instead.
///
/// The partition is in the metadata: a leader that does not know it has just started and does not know its role yet.
pub(crate) fn leader_refused(code: i16) -> Unknown {
    match code {
        UNKNOWN_TOPIC => {
            Unknown::of(Cause::NoLeader, format!("the partition's leader does not know it: {}", sentence(code)))
        }
        code => unknown(code),
    }
}

/// What a code means, with advice if there is some, and Kafka's own name for it.
pub(crate) fn sentence(code: i16) -> String {
    let Some(error) = ResponseError::try_from_code(code) else { return format!("the broker refused (error {code})") };
    let plain = match error {
        ResponseError::TopicAuthorizationFailed => "this user may not describe the topic: grant it DESCRIBE",
        ResponseError::GroupAuthorizationFailed => "this user may not describe the group: grant it DESCRIBE",
        ResponseError::ClusterAuthorizationFailed => "this user may not describe the cluster: grant it DESCRIBE",
        ResponseError::UnknownTopicOrPartition | ResponseError::UnknownTopicId => {
            "the topic or partition does not exist, or no longer does"
        }
        ResponseError::LeaderNotAvailable => "the partition has no leader",
        ResponseError::ListenerNotFound => {
            "the partition's leader has no listener of the name that is used here, or is down (old releases report both the same way): start that broker, give it such a listener, or use a listener that every broker has"
        }
        ResponseError::NotLeaderOrFollower | ResponseError::FencedLeaderEpoch => "the partition's leader has moved",
        ResponseError::UnknownLeaderEpoch => "the partition's leader does not know yet that it leads",
        ResponseError::RequestTimedOut => "the partition's leader, or the broker that was asked, took too long",
        ResponseError::KafkaStorageError => "the partition's leader cannot read its disk",
        ResponseError::CoordinatorNotAvailable => "the group's coordinator is not available",
        ResponseError::CoordinatorLoadInProgress => "the group's coordinator is still loading its groups",
        ResponseError::NotCoordinator => "the group's coordinator has moved",
        ResponseError::ReplicaNotAvailable => "the partition's leader has no replica of it",
        ResponseError::OffsetNotAvailable => "the partition's leader does not know its high watermark yet",
        ResponseError::UnsupportedForMessageFormat => "the topic's message format has no timestamps",
        ResponseError::UnstableOffsetCommit => "an open transaction holds the group's first commit",
        ResponseError::GroupIdNotFound => "there is no such group of this kind",
        _ => "the broker refused",
    };
    match error {
        ResponseError::Unknown(code) => format!("{plain} (error {code}, which this build does not know)"),
        known => format!("{plain} ({known:?})"),
    }
}

/// Whether another broker coordinates the group by now, or this one will in a moment.
pub(crate) fn coordinator_moved(code: i16) -> bool {
    matches!(
        ResponseError::try_from_code(code),
        Some(
            ResponseError::CoordinatorLoadInProgress
                | ResponseError::CoordinatorNotAvailable
                | ResponseError::NotCoordinator
        )
    )
}

/// Whether another broker leads the partition by now, or this one will in a moment.
pub(crate) fn leader_moved(code: i16) -> bool {
    matches!(
        ResponseError::try_from_code(code),
        Some(
            ResponseError::NotLeaderOrFollower
                | ResponseError::LeaderNotAvailable
                | ResponseError::RequestTimedOut
                | ResponseError::FencedLeaderEpoch
                | ResponseError::UnknownLeaderEpoch
                | ResponseError::OffsetNotAvailable
                | ResponseError::ReplicaNotAvailable
                | ResponseError::KafkaStorageError
        )
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_code_a_broker_can_send_has_a_sentence() {
        for code in -1..=140 {
            assert!(!sentence(code).is_empty());
        }
        assert_eq!(sentence(30), "this user may not describe the group: grant it DESCRIBE (GroupAuthorizationFailed)");
        assert_eq!(sentence(29), "this user may not describe the topic: grant it DESCRIBE (TopicAuthorizationFailed)");
        for code in (-1..=140).filter(|code| leader_moved(*code)) {
            assert!(sentence(code).starts_with("the partition"), "{}", sentence(code));
        }
        assert_eq!(sentence(1_000), "the broker refused (error 1000, which this build does not know)");
    }

    #[test]
    fn a_leader_counts_only_where_its_code_lets_it() {
        let leader_of = |code, id| leader(code, BrokerId(id)).map_err(|why| why.to_string());
        assert_eq!([leader_of(0, 3), leader_of(9, 3)], [Ok(BrokerId(3)), Ok(BrokerId(3))]);
        assert_eq!(leader_of(56, 3), Err("the partition's leader cannot read its disk (KafkaStorageError)".into()));
        assert_eq!(leader_of(5, -1), Err("the partition has no leader".into()));
        assert!(leader_of(72, -1).unwrap_err().contains("has no listener of the name that is used here"));
    }

    #[test]
    fn only_what_can_mend_itself_is_asked_again() {
        assert_eq!([14, 15, 16].map(coordinator_moved), [true; 3]);
        assert_eq!([0, 30, 69].map(coordinator_moved), [false; 3]);
        assert_eq!([5, 6, 7, 74, 78].map(leader_moved), [true; 5]);
        assert_eq!([0, 3, 29].map(leader_moved), [false; 3]);
    }
}
