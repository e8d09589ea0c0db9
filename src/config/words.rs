//! Settings that are chosen by a word, in variables and events.

use serde::Deserialize;

use crate::model::memory::Abandoned;

/// How finely lag is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricsDetail {
    /// Distributions over the partitions of each group that is not OK, and for three runs after that.
    Problems,
    /// Distributions over the partitions of each group.
    Group,
    /// Of each topic of a group as well.
    Topic,
    /// Each partition of a group as well.
    Partition,
}

/// Which partitions a report lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// None: only groups.
    Groups,
    /// The partitions that are not OK, or have a finding.
    Problems,
    /// Every partition.
    All,
}

/// The shape of a check's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// [`crate::report`]'s.
    Meerkat,
    /// Burrow's: [`crate::report::burrow`].
    Burrow,
    /// A text for Prometheus: [`crate::report::openmetrics`].
    OpenMetrics,
}

impl MetricsDetail {
    /// The values of the variable.
    pub(crate) const WORDS: [(&str, Self); 4] =
        [("group", Self::Group), ("problems", Self::Problems), ("topic", Self::Topic), ("partition", Self::Partition)];
}

impl Detail {
    /// The values of the variable, the default first.
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("problems", Self::Problems), ("groups", Self::Groups), ("all", Self::All)];
}

impl Format {
    /// The values of the variable, the default first.
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("meerkat", Self::Meerkat), ("burrow", Self::Burrow), ("openmetrics", Self::OpenMetrics)];
}

pub(super) const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];
pub(super) const ABANDONED: [(&str, Abandoned); 3] =
    [("warn", Abandoned::Warn), ("ok", Abandoned::Ok), ("err", Abandoned::Err)];
