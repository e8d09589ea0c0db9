//! What a memory answers to the rules.

use super::habit::FIRST_GAP;
use super::{ABSENT_LIMIT, BAD_LIMIT, LOSS_REMEMBERED, Memory, ONE_PERIOD, SILENCE_MAX, SNAPSHOTS_LIMIT, Thresholds};
use crate::model::lag::Assigned;

impl Memory {
    /// Whether the commit went backwards within about an hour.
    pub(crate) fn has_stepped_back(self) -> bool {
        self.rewound > 0
    }

    /// Whether enough commits in a row were late to check the trend.
    pub(crate) fn may_be_slow(self) -> bool {
        self.bad >= BAD_LIMIT
    }

    /// Whether it was found slow, and that has not ended since.
    pub(crate) fn was_slow(self) -> bool {
        self.warning.stands()
    }

    /// Whether the oldest unread record was older than its objective.
    pub(crate) fn was_late(self) -> bool {
        self.late
    }

    /// Whether a commit, or the group being caught up, was seen since the memory began.
    pub(crate) fn supports_ok(self) -> bool {
        self.supported
    }

    /// Whether a commit was seen to move since the memory began.
    pub(crate) fn has_committed(self) -> bool {
        self.gap.value() > 0
    }

    /// Whether records were lost so recently that it is a warning.
    pub(crate) fn has_lost_lately(self) -> bool {
        (1..=LOSS_REMEMBERED).contains(&self.loss)
    }

    /// Whether this snapshot is the first one with this loss.
    pub(crate) fn loss_is_new(self) -> bool {
        self.loss == LOSS_REMEMBERED
    }

    /// Milliseconds since the last inferred commit, or since it was last caught up; within an eighth.
    pub(crate) fn silent_ms(self, thresholds: &Thresholds) -> i64 {
        i64::from(self.silent.value()) * thresholds.period_ms
    }

    /// Whether the silence has the largest length that can be counted, and may be longer.
    pub(crate) fn silence_is_at_its_limit(self) -> bool {
        self.silent >= SILENCE_MAX
    }

    /// Milliseconds that such a silence usually lasts; `None` if too few commits were seen.
    pub(crate) fn usual_gap_ms(self, thresholds: &Thresholds) -> Option<i64> {
        let quarters = self.gap.value();
        (quarters >= ONE_PERIOD).then(|| i64::from(quarters) * thresholds.period_ms / i64::from(ONE_PERIOD))
    }

    /// Whether the usual gap was observed; the minimum that the first one gets does not count.
    pub(crate) fn usual_gap_is_seen(self) -> bool {
        self.gap.value() != FIRST_GAP
    }

    /// Whether the group ever had a member.
    pub(crate) fn had_members(self) -> bool {
        self.members_seen
    }

    /// Whether readers come and go, and are expected to come back.
    pub(crate) fn comes_and_goes(self) -> bool {
        self.habit > 0
    }

    /// Whether a reader that existed before has been missing for three periods or more.
    pub(crate) fn has_lost_its_reader(self) -> bool {
        self.members_seen && self.absent >= ABSENT_LIMIT
    }

    /// Whether the group was an error before a time in which no run could read it, and has neither committed nor
    /// caught up since.
    pub(crate) fn is_held(self) -> bool {
        self.held
    }

    /// Whether the partition has a reader, by the last known answer while that counts.
    pub(crate) fn assigned(self) -> Assigned {
        self.assigned
    }

    /// Milliseconds for which the reader was not known, up to ten periods.
    pub(crate) fn unstable_ms(self, thresholds: &Thresholds) -> i64 {
        i64::from(self.unstable) * thresholds.period_ms
    }

    /// Snapshots that are still missing before there is a verdict; 0 when there can be one.
    pub(crate) fn snapshots_missing(self) -> u8 {
        SNAPSHOTS_LIMIT - self.snapshots
    }

    /// What [`Memory::complete`] is at a first snapshot.
    pub(crate) const COMPLETE_AT_FIRST: f32 = 1.0 / SNAPSHOTS_LIMIT as f32;

    /// The share of the snapshots that a verdict needs which are there, up to 1.
    pub(crate) fn complete(self) -> f32 {
        f32::from(self.snapshots) / f32::from(SNAPSHOTS_LIMIT)
    }
}
