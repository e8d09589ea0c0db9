//! Sums over the partitions of a group or of a topic, as every receiver of metrics shows them. An unknown value is no part of a sum.

use crate::judge::numbers::{GroupResult, PartitionResult};

/// Partitions that are summed up, in the order of topic and number.
pub(crate) struct Sums<'a> {
    /// If false, the sums of its lags are only partial, and are not returned as if they were whole.
    whole: bool,
    /// The partitions.
    pub(crate) partitions: Vec<&'a PartitionResult>,
}

impl<'a> Sums<'a> {
    pub(crate) fn of(group: &'a GroupResult) -> Self {
        let mut partitions: Vec<_> = group.partitions.iter().collect();
        partitions.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
        Self { whole: group.whole, partitions }
    }

    /// By topic, each with its name.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let topics = self.partitions.chunk_by(|one, other| one.topic == other.topic);
        topics.filter_map(|partitions| {
            let sums = Self { whole: self.whole, partitions: partitions.to_vec() };
            Some((&*partitions.first()?.topic, sums))
        })
    }

    /// By partition, each with its number.
    pub(crate) fn each(&self) -> impl Iterator<Item = (i32, Self)> {
        self.partitions.iter().map(|one| (one.partition, Self { whole: true, partitions: vec![one] }))
    }

    /// Unread records of all partitions together.
    pub(crate) fn lag(&self) -> Option<u64> {
        self.lags().reduce(u64::saturating_add)
    }

    /// The largest lag of a partition.
    pub(crate) fn max_lag(&self) -> Option<u64> {
        self.lags().max()
    }

    /// The age of the oldest unread record, in seconds.
    pub(crate) fn oldest(&self) -> Option<f64> {
        let ages = self.partitions.iter().filter(|_| self.whole).filter_map(|partition| partition.lag_seconds);
        ages.filter(|age| age.is_finite()).max_by(f64::total_cmp)
    }

    /// Records that were deleted unread since the last run; `None` if there are none.
    pub(crate) fn lost(&self) -> Option<u64> {
        self.partitions.iter().map(|partition| partition.lost).filter(|lost| *lost > 0).reduce(u64::saturating_add)
    }

    /// How many partitions are about to lose records; `None` if none is.
    pub(crate) fn ahead(&self) -> Option<usize> {
        Some(self.partitions.iter().filter(|partition| partition.loss_ahead).count()).filter(|ahead| *ahead > 0)
    }

    /// In how many seconds the first of them will.
    pub(crate) fn soonest_loss(&self) -> Option<u64> {
        self.partitions.iter().filter_map(|partition| partition.loss_ahead_s).min()
    }

    fn lags(&self) -> impl Iterator<Item = u64> {
        self.partitions.iter().filter(|_| self.whole).filter_map(|partition| partition.lag)
    }
}
