//! The names outside the program: namespaces, metrics and dimensions.
//!
//! Alarms, dashboards and policies repeat them. Names for people are in [`measures`] together with their names
//! elsewhere; all others are here.

use crate::judge::measures::{self, Measure};

/// The namespace of the results for people, unless configured otherwise.
pub const NAMESPACE: &str = "Meerkat";
/// The namespace of the snapshots, unless configured otherwise.
pub const STATE_NAMESPACE: &str = "Meerkat/State";

/// The cluster's name in the configuration; percent-encoded.
pub(crate) const CLUSTER: &str = "Cluster";
/// The consumer group; percent-encoded.
pub const GROUP: &str = "Group";
/// The topic, for the details [`crate::config::MetricsDetail::Topic`] and [`crate::config::MetricsDetail::Partition`].
pub(crate) const TOPIC: &str = "Topic";
/// The partition's number, for the detail [`crate::config::MetricsDetail::Partition`].
pub(crate) const PARTITION: &str = "Partition";
/// One of several parts of the cluster's groups, as `2/8`.
pub(crate) const PART: &str = "Part";
/// Minutes from one run to the next.
pub(crate) const PERIOD: &str = "Period";
/// One of 2^k buckets of groups, as `3/8`.
pub(crate) const BUCKET: &str = "Bucket";
/// The number of a page in its bucket, from 0.
pub(crate) const PAGE: &str = "Page";

/// {Cluster, Group}: 1 OK, 2 WARN, 3 ERR; absent in the first two runs. Of a group that could not be read, 2 or 3 is
/// published again for up to three hours, and an OK is not.
///
/// Also the dimension of [`GROUPS`].
pub const STATUS: &str = of(measures::GROUP_STATUS);
/// {Cluster, Group} and details: unread offsets, one value for each partition that has a commit and a log end.
pub const LAG: &str = of(measures::GROUP_LAG);
/// {Cluster, Group} and details: age of the oldest unread record in seconds, one value for each partition where it is known.
pub const LAG_SECONDS: &str = of(measures::GROUP_LAG_SECONDS);
/// {Cluster, Group}: records that retention deleted unread since the last run, one value for each partition that lost
/// some; absent if none did.
pub const LOST_OFFSETS: &str = of(measures::GROUP_LOST);
/// {Cluster, Group}: 1 for each partition that is about to lose records unread; absent if none is.
pub const LOSS_AHEAD: &str = of(measures::GROUP_LOSS_AHEAD);
/// {Cluster, Group}: seconds until records are deleted unread, one value for each partition where that is within a day; nothing where it is
/// not. Its statistic is Minimum.
pub const LOSS_AHEAD_SECONDS: &str = of(measures::GROUP_LOSS_AHEAD_SECONDS);
/// {Cluster}, and {Cluster, Part} where there are parts: 1 for each finished run.
pub const HEARTBEAT: &str = of(measures::HEARTBEAT);
/// {Cluster}, and {Cluster, Part} if there are parts: 1 for each run that could read nothing from Kafka; absent for
/// other runs.
pub const BLIND_RUNS: &str = of(measures::BLIND_RUNS);
/// {Cluster, Status}: groups that have this status.
pub const GROUPS: &str = of(measures::GROUPS);
/// {Cluster}: groups without a known status, and those whose status is left out because of the limit.
pub(crate) const UNKNOWN_GROUPS: &str = of(measures::UNKNOWN_GROUPS);
/// {Cluster, Topic}: 1 OK, 2 WARN, of a topic that is watched; nothing while it is unknown.
pub(crate) const TOPIC_STATUS: &str = of(measures::TOPIC_STATUS);
/// {Cluster}: troubles of the cluster itself that have lasted; nothing unless asked for.
pub(crate) const CLUSTER_PROBLEMS: &str = of(measures::CLUSTER_PROBLEMS);
/// {Cluster}: how long the run took, in milliseconds.
pub(crate) const DURATION_MS: &str = of(measures::DURATION);

/// State, {Cluster, Part, Period, Bucket, Page}: one page of partitions, see [`super::pages`].
pub(crate) const PARTITIONS: &str = "Partitions";
/// State, {Cluster, Part, Period}: the roster of a snapshot, see [`super::pages::roster::Roster`].
pub(crate) const ROSTER: &str = "Roster";
/// State, {Cluster, Part, Period, Page}: names of groups whose last published status is still valid, see
/// [`super::pages::standing`].
pub const STANDING: &str = "Standing";
/// State, {Cluster, Part, Period, Page}: what is remembered of brokers, of watched topics, and of groups' rebalances and members, see [`super::pages::notes`].
pub const NOTES: &str = "Notes";

/// {Cluster}, in both namespaces: values that a preflight writes to read them back; see [`super::canary`].
pub const CANARY: &str = "Canary";

/// Every metric in [`NAMESPACE`] with the sets of dimensions it is published under.
pub const PUBLISHED: &[(&str, &[&[&str]])] = &[
    (STATUS, &[&[CLUSTER, GROUP]]),
    (LAG, BY_GROUP_TOPIC_PARTITION),
    (LAG_SECONDS, BY_GROUP_TOPIC_PARTITION),
    (LOST_OFFSETS, &[&[CLUSTER, GROUP]]),
    (LOSS_AHEAD, &[&[CLUSTER, GROUP]]),
    (LOSS_AHEAD_SECONDS, &[&[CLUSTER, GROUP]]),
    (HEARTBEAT, &[&[CLUSTER], &[CLUSTER, PART]]),
    (BLIND_RUNS, &[&[CLUSTER], &[CLUSTER, PART]]),
    (GROUPS, &[&[CLUSTER, STATUS]]),
    (UNKNOWN_GROUPS, &[&[CLUSTER]]),
    (DURATION_MS, &[&[CLUSTER]]),
    (CLUSTER_PROBLEMS, &[&[CLUSTER]]),
    (TOPIC_STATUS, &[&[CLUSTER, TOPIC]]),
];

/// What most runs do not publish: losses, that a run saw nothing, and what has to be asked for.
pub(crate) const SELDOM: [&str; 6] =
    [LOST_OFFSETS, LOSS_AHEAD, LOSS_AHEAD_SECONDS, BLIND_RUNS, CLUSTER_PROBLEMS, TOPIC_STATUS];

const BY_GROUP_TOPIC_PARTITION: &[&[&str]] =
    &[&[CLUSTER, GROUP], &[CLUSTER, GROUP, TOPIC], &[CLUSTER, GROUP, TOPIC, PARTITION]];

/// The metric of a measure that has one here.
const fn of(measure: Measure) -> &'static str {
    match measure.cloudwatch {
        Some(name) => name,
        None => "",
    }
}
