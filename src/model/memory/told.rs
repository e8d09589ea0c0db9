//! What a memory tells those who judge.

use super::habit::FIRST_GAP;
use super::{ABSENT_LIMIT, BAD_LIMIT, LOSS_REMEMBERED, Memory, ONE_PERIOD, SILENCE_MAX, SNAPSHOTS_LIMIT, Thresholds};
use crate::model::lag::Assigned;

impl Memory {
    /// Whether the commit went backwards within about an hour.
    pub(crate) fn has_stepped_back(self) -> bool {
        self.rewound > 0
    }

    /// Whether enough commits in a row were late to ask for a trend.
    pub(crate) fn may_be_slow(self) -> bool {
        self.bad >= BAD_LIMIT
    }

    /// Whether it was found slow, and nothing has ended that since.
    pub(crate) fn was_slow(self) -> bool {
        self.warning.stands()
    }

    /// Whether the oldest unread record was older than its objective.
    pub(crate) fn was_late(self) -> bool {
        self.late
    }

    /// Whether the commit, or the group caught up, was ever seen to move since the memory began.
    pub(crate) fn supports_ok(self) -> bool {
        self.supported
    }

    /// Whether a commit was seen to move since the memory began.
    pub(crate) fn has_committed(self) -> bool {
        self.gap.value() > 0
    }

    /// Whether records were lost so lately that it is a warning.
    pub(crate) fn has_lost_lately(self) -> bool {
        (1..=LOSS_REMEMBERED).contains(&self.loss)
    }

    /// Whether this snapshot is the first to see the loss that it sees.
    pub(crate) fn loss_is_new(self) -> bool {
        self.loss == LOSS_REMEMBERED
    }

    /// Milliseconds since the last inferred commit, or since it was last caught up; within an eighth.
    pub(crate) fn silent_ms(self, thresholds: &Thresholds) -> i64 {
        i64::from(self.silent.value()) * thresholds.period_ms
    }

    /// Whether the silence is as long as can be counted, and may be longer.
    pub(crate) fn silence_is_at_its_limit(self) -> bool {
        self.silent >= SILENCE_MAX
    }

    /// Milliseconds that such a silence usually lasts; `None` where too few commits were seen.
    pub(crate) fn usual_gap_ms(self, thresholds: &Thresholds) -> Option<i64> {
        let quarters = self.gap.value();
        (quarters >= ONE_PERIOD).then(|| i64::from(quarters) * thresholds.period_ms / i64::from(ONE_PERIOD))
    }

    /// Whether the usual gap comes of silences that were seen: what the first one is taken for at least does not.
    pub(crate) fn usual_gap_is_seen(self) -> bool {
        self.gap.value() != FIRST_GAP
    }

    /// Whether the group ever had a member.
    pub(crate) fn had_members(self) -> bool {
        self.members_seen
    }

    /// Whether readers come and go, and are expected back.
    pub(crate) fn comes_and_goes(self) -> bool {
        self.habit > 0
    }

    /// Whether the reader that was once there has been missing for three periods or more.
    pub(crate) fn has_lost_its_reader(self) -> bool {
        self.members_seen && self.absent >= ABSENT_LIMIT
    }

    /// Whether the group was an error before a time in which nobody could read it, and neither committed nor caught up since.
    pub(crate) fn is_held(self) -> bool {
        self.held
    }

    /// Whether the partition has a reader, by the last known answer while that stands.
    pub(crate) fn assigned(self) -> Assigned {
        self.assigned
    }

    /// Milliseconds for which it was not known who reads, up to ten periods.
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
