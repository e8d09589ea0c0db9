//! Every number that a run publishes, with its name in each place where it is read.
//!
//! Alarms, dashboards and queries repeat these names, so they are spelled here and nowhere else. OpenTelemetry's names are those of the
//! Collector's `kafkametrics` receiver where it has one (receiver/kafkametricsreceiver/metadata.yaml); what only meerkat knows begins
//! with `meerkat.`. Units are of UCUM; one in braces adds nothing to a name in Prometheus, where the unit `1` would make a gauge a `_ratio`.

/// One number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The metric in `CloudWatch`; `None` where it is not published there.
    pub cloudwatch: Option<&'static str>,
    /// The metric in OTLP; `None` where it is not sent.
    pub otlp: Option<&'static str>,
    /// The family in `OpenMetrics`, without the prefix `meerkat_`; `None` where it is not printed.
    pub openmetrics: Option<&'static str>,
    /// Its unit, as UCUM spells it.
    pub unit: &'static str,
    /// What it is, as one sentence.
    pub meaning: &'static str,
}

impl Measure {
    const fn new(unit: &'static str, meaning: &'static str) -> Self {
        Self { cloudwatch: None, otlp: None, openmetrics: None, unit, meaning }
    }

    const fn cloudwatch(self, name: &'static str) -> Self {
        Self { cloudwatch: Some(name), ..self }
    }

    const fn otlp(self, name: &'static str) -> Self {
        Self { otlp: Some(name), ..self }
    }

    const fn openmetrics(self, name: &'static str) -> Self {
        Self { openmetrics: Some(name), ..self }
    }
}

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident = $measure:expr;)*) => {
        $($(#[$doc])* pub const $name: Measure = $measure;)*

        /// All of them, in the order of README's table.
        pub const MEASURES: &[Measure] = &[$($name),*];
    };
}

measures! {
    /// Of a group.
    GROUP_STATUS = Measure::new("{status}", "1 is OK, 2 WARN, 3 ERR; nothing while it is unknown.")
        .cloudwatch("Status").otlp("meerkat.group.status").openmetrics("group_status");
    /// Of a group that is not OK, with its `kind`; the status has no such label, since a series that changes its labels is another one.
    GROUP_DIAGNOSIS = Measure::new("{group}", "1 for a group that is not OK, with the kind of its diagnosis.")
        .otlp("meerkat.group.diagnosis").openmetrics("group_diagnosis");
    /// Of a group, in `OpenMetrics` also of a topic; a distribution over partitions in `CloudWatch`.
    GROUP_LAG = Measure::new("{record}", "Records that are not read yet.")
        .cloudwatch("Lag").otlp("meerkat.group.lag").openmetrics("group_lag");
    /// Of a group.
    GROUP_MAX_LAG = Measure::new("{record}", "Records that are not read yet, of the partition that has most of them.")
        .otlp("meerkat.group.lag.max").openmetrics("group_max_lag");
    /// Of a group; a distribution over partitions in `CloudWatch`.
    GROUP_LAG_SECONDS = Measure::new("s", "Age of the oldest record that is not read yet.")
        .cloudwatch("LagSeconds").otlp("meerkat.group.lag.seconds").openmetrics("group_lag_seconds");
    /// Of a group.
    GROUP_LOST = Measure::new("{record}", "Records that were deleted unread since the last run.")
        .cloudwatch("LostOffsets").otlp("meerkat.group.lost").openmetrics("group_lost_offsets");
    /// Of a group.
    GROUP_LOSS_AHEAD = Measure::new("{partition}", "Partitions that are about to lose records unread.")
        .cloudwatch("LossAhead").otlp("meerkat.group.loss_ahead").openmetrics("group_loss_ahead");
    /// Of a group; a distribution over partitions in `CloudWatch`.
    GROUP_LOSS_AHEAD_SECONDS = Measure::new("s", "Until records are deleted that the group has not read, where that is within a day, at the pace of the last run.")
        .cloudwatch("LossAheadSeconds").otlp("meerkat.group.loss_ahead.seconds").openmetrics("group_loss_ahead_seconds");
    /// Of a group.
    GROUP_MEMBERS = Measure::new("{member}", "Members of the group.").otlp("kafka.consumer_group.members");
    /// Of a group and a topic.
    TOPIC_MAX_LAG = Measure::new("{record}", "Records of the topic that the group has not read yet, of the partition that has most of them.")
        .openmetrics("topic_max_lag");
    /// Of a group and a topic.
    TOPIC_LAG_SECONDS = Measure::new("s", "Age of the oldest record of the topic that the group has not read yet.")
        .openmetrics("topic_lag_seconds");
    /// Of a group and a topic.
    TOPIC_LAG = Measure::new("{record}", "Records of the topic that the group has not read yet.")
        .otlp("kafka.consumer_group.lag_sum").openmetrics("topic_lag");
    /// Of a group and a partition.
    PARTITION_LAG = Measure::new("{record}", "Records of the partition that the group has not read yet.")
        .otlp("kafka.consumer_group.lag").openmetrics("partition_lag");
    /// Of a group and a partition.
    PARTITION_OFFSET = Measure::new("{offset}", "The committed offset: where the group reads next.")
        .otlp("kafka.consumer_group.offset");
    /// Of a group and a partition.
    PARTITION_STATUS = Measure::new("{status}", "1 is OK, 2 WARN, 3 ERR, 4 STOP, 5 STALL, 6 REWIND; nothing while it is unknown.")
        .otlp("meerkat.partition.status");
    /// Of a group and a partition.
    PARTITION_LAG_SECONDS = Measure::new("s", "Age of the oldest record of the partition that the group has not read yet.")
        .otlp("meerkat.partition.lag.seconds").openmetrics("partition_lag_seconds");
    /// Of a partition.
    LOG_END = Measure::new("{offset}", "The log end offset of the partition.").otlp("kafka.partition.current_offset");
    /// Of a partition.
    LOG_START = Measure::new("{offset}", "The first offset that the partition still has.").otlp("kafka.partition.oldest_offset");
    /// Of a topic that is watched.
    TOPIC_STATUS = Measure::new("{status}", "Of a topic of `MEERKAT_WATCH`: 1 is OK, 2 WARN; nothing while it is unknown.")
        .cloudwatch("TopicStatus").otlp("meerkat.topic.status").openmetrics("topic_status");
    /// Of a partition.
    REPLICAS = Measure::new("{replica}", "Replicas of the partition.").otlp("kafka.partition.replicas");
    /// Of a partition.
    REPLICAS_IN_SYNC = Measure::new("{replica}", "Replicas of the partition that are in sync.")
        .otlp("kafka.partition.replicas_in_sync");
    /// Of the cluster.
    BROKERS = Measure::new("{broker}", "Brokers of the cluster.").otlp("kafka.brokers");
    /// Of the cluster and a status.
    GROUPS = Measure::new("{group}", "Groups that have this status.")
        .cloudwatch("Groups").otlp("meerkat.groups").openmetrics("groups");
    /// Of the cluster.
    UNKNOWN_GROUPS = Measure::new("{group}", "Groups about which nothing is known.")
        .cloudwatch("UnknownGroups").otlp("meerkat.unknown_groups").openmetrics("unknown_groups");
    /// Of the cluster.
    CLUSTER_PROBLEMS = Measure::new("{problem}", "Troubles of the cluster itself that have lasted for five minutes; sent with `MEERKAT_CLUSTER_ALARMS=on`.")
        .cloudwatch("ClusterProblems").otlp("meerkat.cluster_problems").openmetrics("cluster_problems");
    /// Of the cluster.
    HEARTBEAT = Measure::new("{run}", "1 for each finished run.").cloudwatch("Heartbeat").otlp("meerkat.heartbeat");
    /// Of the cluster.
    BLIND_RUNS = Measure::new("{run}", "1 for each run that saw nothing of Kafka.")
        .cloudwatch("BlindRuns").otlp("meerkat.blind_runs");
    /// Of the cluster.
    CHECKED_AT = Measure::new("s", "When the logs had been read, in seconds since 1970; alert on its age.")
        .openmetrics("look_timestamp_seconds");
    /// Of the cluster; milliseconds in `CloudWatch`, seconds elsewhere.
    DURATION = Measure::new("s", "How long the run took.")
        .cloudwatch("DurationMs").otlp("meerkat.run.duration").openmetrics("duration_seconds");
}
