//! How often a group rebalances, as the answers of its coordinator show from snapshot to snapshot.
//!
//! A group of KIP-848, KIP-932 or KIP-1071 has an epoch, which grows by one with each rebalance. The answer for a classic group has no generation, so
//! there the set of its member ids is compared: several changes between two snapshots count once. So with more than a minute from run to run its
//! rebalances cannot be counted, and what counts is in how many runs in a row the members had changed.

use crate::model::snapshot::{Group, Kind};
use crate::model::stable_hash::Hash;

/// What is remembered of a group's rebalances: its mark, and how many rebalances there were in each of the last slices of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turnover {
    /// The epoch, or a hash of the member ids, below 2²⁴.
    pub(crate) mark: u32,
    /// Rebalances by slice, this one first, up to [`MOST_COUNTED`] each.
    pub(crate) counts: [u8; SLICES],
}

/// A group that rebalances again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storm {
    /// How many rebalances there were; at least as many where [`Self::at_least`].
    pub(crate) rebalances: u32,
    /// Within so many minutes.
    pub(crate) minutes: i64,
    /// Whether there may have been more: changes of members between two snapshots count once.
    pub(crate) at_least: bool,
    /// In how many runs in a row the members had changed, where that is the evidence; `None` where it is the number of rebalances.
    pub(crate) runs: Option<u32>,
}

/// Slices of time that rebalances are counted in: one for each snapshot, and none shorter than a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slices {
    slice_s: i64,
}

impl Slices {
    /// Those of a schedule.
    pub(crate) fn of(period_ms: i64) -> Self {
        Self { slice_s: (period_ms / 1_000).max(MINUTE_S) }
    }

    /// How many of them make the time in which rebalances are counted.
    fn counted(self) -> usize {
        let slices = (WINDOW_S + self.slice_s - 1) / self.slice_s;
        usize::try_from(slices).unwrap_or(SLICES).clamp(1, SLICES)
    }

    /// How many slices later one moment is than another, both in seconds since 1970.
    fn between(self, then_s: i64, now_s: i64) -> usize {
        usize::try_from(now_s.div_euclid(self.slice_s) - then_s.div_euclid(self.slice_s)).unwrap_or_default()
    }
}

impl Turnover {
    /// What is to be remembered of a group after a snapshot; `None` where its members are not known, or it has none and did not
    /// rebalance lately.
    pub(crate) fn fold(
        previous: Option<Self>,
        group: &Group,
        slices: Slices,
        (then_s, now_s): (i64, i64),
    ) -> Option<Self> {
        let later = previous.map(|turnover| turnover.shifted(slices.between(then_s, now_s)));
        let Some(mark) = mark(group) else { return later };
        let mut next = later.unwrap_or(Self { mark, counts: [0; SLICES] });
        let more = if group.epoch.is_some() { epochs(next.mark, mark) } else { u8::from(next.mark != mark) };
        next.counts[0] = next.counts[0].saturating_add(more).min(MOST_COUNTED);
        next.mark = mark;
        let has_members = group.members.as_ref().is_ok_and(|members| !members.is_empty());
        (has_members || next.is_restless()).then_some(next)
    }

    /// Whether any rebalance is remembered.
    pub(crate) fn is_restless(&self) -> bool {
        self.counts.iter().any(|count| *count > 0)
    }

    /// Whether it rebalances again and again.
    ///
    /// | the coordinator shows | it does, where there were |
    /// |---|---|
    /// | the group's epoch, or another set of members than in the run before | [`STORM`] rebalances in ten minutes, and not all at once, as where many members start |
    /// | only the members, since the group is classic | changes in each of the last [`STORM`] runs or more, within an hour: what happens between two runs counts once |
    pub(crate) fn storm(&self, group: &Group, slices: Slices) -> Option<Storm> {
        let counted = &self.counts[..slices.counted()];
        let rebalances: u32 = counted.iter().map(|count| u32::from(*count)).sum();
        let spread = counted.iter().filter(|count| **count > 0).count();
        let seconds = i64::try_from(counted.len()).unwrap_or(1) * slices.slice_s;
        let is_storm = i64::from(rebalances) * WINDOW_S >= STORM * seconds && spread >= SPREAD.min(counted.len());
        let at_least = group.epoch.is_none() || counted.contains(&MOST_COUNTED);
        let by_rate = is_storm.then_some(Storm { rebalances, minutes: seconds / MINUTE_S, at_least, runs: None });
        by_rate.or_else(|| self.in_each_run(slices).filter(|_| group.epoch.is_none()))
    }

    /// That the members had changed in each of the last runs. A run that is missing ends the row: nobody knows what it would have shown.
    fn in_each_run(&self, slices: Slices) -> Option<Storm> {
        let within = usize::try_from(HOUR_S / slices.slice_s).unwrap_or_default();
        let row = self.counts.iter().take(within).take_while(|count| **count > 0);
        let (runs, rebalances) = row.fold((0, 0), |(runs, all), count| (runs + 1, all + u32::from(*count)));
        let minutes = i64::from(runs) * slices.slice_s / MINUTE_S;
        let is_storm = i64::from(runs) >= STORM;
        is_storm.then_some(Storm { rebalances, minutes, at_least: true, runs: Some(runs) })
    }

    fn shifted(self, slices: usize) -> Self {
        let mut counts = [0; SLICES];
        if let Some(kept) = SLICES.checked_sub(slices) {
            counts[slices.min(SLICES)..].copy_from_slice(&self.counts[..kept]);
        }
        Self { counts, ..self }
    }
}

/// What changes with each rebalance; `None` where it is not known.
fn mark(group: &Group) -> Option<u32> {
    let below = |number: u64| u32::try_from(number % MARK_END).unwrap_or_default();
    if let Some(epoch) = group.epoch {
        return Some(below(u64::from(epoch.unsigned_abs())));
    }
    // Another kind without an epoch was not described.
    let members = group.members.as_ref().ok().filter(|_| group.kind == Kind::Classic)?;
    let set = members.iter().fold(0_u64, |set, member| set.wrapping_add(Hash::new().text(&member.id).finish()));
    Some(if members.is_empty() { 0 } else { below(Hash::new().number(set).finish()) })
}

/// How many epochs lie between two marks; one where they are not of one count, as when a group was made anew.
fn epochs(before: u32, now: u32) -> u8 {
    match now.checked_sub(before) {
        Some(0) => 0,
        Some(more @ ..MANY) => u8::try_from(more).unwrap_or(MOST_COUNTED),
        _ => 1,
    }
}

/// Rebalances within ten minutes that are a storm.
const STORM: i64 = 6;
/// In how many slices there are some, or it was one rollout.
const SPREAD: usize = 3;
const WINDOW_S: i64 = 600;
const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
/// Slices that are remembered.
pub(crate) const SLICES: usize = 10;
/// Rebalances of a slice are counted up to here.
pub(crate) const MOST_COUNTED: u8 = 15;
/// Marks are below this.
pub(crate) const MARK_END: u64 = 1 << 24;
/// No group rebalances so often between two snapshots.
const MANY: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snapshot::Member;

    const NOON: i64 = 1_800_014_400;
    const MINUTELY: i64 = 60_000;

    fn group(kind: Kind, epoch: Option<i32>, members: &[&str]) -> Group {
        let member = |id: &&str| Member { id: (*id).into(), client_id: "c".into(), host: "/h".into() };
        let mut group = Group::missing("g");
        (group.kind, group.epoch, group.members) = (kind, epoch, Ok(members.iter().map(member).collect()));
        group
    }

    /// What is found at the last of these, one each period.
    fn found(groups: &[Group], period_ms: i64) -> Option<Storm> {
        let slices = Slices::of(period_ms);
        let (mut turnover, mut now_s) = (None, NOON);
        for group in groups {
            turnover = Turnover::fold(turnover, group, slices, (now_s - period_ms / 1_000, now_s));
            now_s += period_ms / 1_000;
        }
        turnover?.storm(groups.last()?, slices)
    }

    fn with_epochs(epochs: &[i32]) -> Vec<Group> {
        epochs.iter().map(|epoch| group(Kind::Consumer, Some(*epoch), &["a"])).collect()
    }

    #[test]
    fn six_rebalances_in_ten_minutes_are_a_storm() {
        let storm = |rebalances| Some(Storm { rebalances, minutes: 10, at_least: false, runs: None });
        assert_eq!(found(&with_epochs(&[5, 7, 9, 11]), MINUTELY), storm(6));
        assert_eq!(found(&with_epochs(&[5, 6, 8, 10]), MINUTELY), None, "five are none");
    }

    #[test]
    fn many_members_that_start_at_once_are_no_storm() {
        assert_eq!(found(&with_epochs(&[5, 25, 25, 25]), MINUTELY), None);
        assert_eq!(found(&with_epochs(&[5, 15, 25, 25]), MINUTELY), None);
    }

    #[test]
    fn a_storm_is_over_ten_minutes_after_it_ended() {
        let mut epochs = vec![0, 2, 4, 6];
        epochs.resize(11, 6);
        assert!(found(&with_epochs(&epochs), MINUTELY).is_some());
        epochs.push(6);
        assert_eq!(found(&with_epochs(&epochs), MINUTELY), None);
    }

    #[test]
    fn a_classic_group_is_known_by_its_member_ids_in_whatever_order() {
        let classic = |ids: &[&str]| group(Kind::Classic, None, ids);
        let quiet: Vec<Group> = (0..8).map(|at| classic(if at % 2 == 0 { &["a", "b"] } else { &["b", "a"] })).collect();
        assert_eq!(found(&quiet, MINUTELY), None);
        let restless: Vec<Group> = (0..7).map(|at| classic(&["a", &format!("b-{at}")])).collect();
        assert_eq!(found(&restless, MINUTELY), Some(Storm { rebalances: 6, minutes: 10, at_least: true, runs: None }));
        assert_eq!(found(&restless[..6], MINUTELY), None);
    }

    #[test]
    fn a_group_whose_members_come_and_go_is_restless_though_it_is_empty_in_between() {
        let comes_and_goes: Vec<Group> =
            (0..8).map(|at| group(Kind::Classic, None, if at % 2 == 0 { &["a"] } else { &[] })).collect();
        assert!(found(&comes_and_goes, MINUTELY).is_some());
    }

    #[test]
    fn with_longer_periods_it_takes_as_many_in_the_same_time() {
        assert_eq!(
            found(&with_epochs(&[0, 3, 6]), 5 * MINUTELY),
            Some(Storm { rebalances: 6, minutes: 10, at_least: false, runs: None })
        );
        assert_eq!(found(&with_epochs(&[0, 3, 5]), 5 * MINUTELY), None);
        assert_eq!(found(&with_epochs(&[0, 15, 30]), 60 * MINUTELY), None, "fifteen in an hour are few");
    }

    #[test]
    fn with_longer_periods_a_classic_group_is_restless_once_its_members_changed_in_six_runs_within_an_hour() {
        let of = |count: usize| (0..count).map(|at| group(Kind::Classic, None, &["a", &format!("b-{at}")])).collect();
        let found = |count, minutes| {
            let groups: Vec<Group> = of(count);
            found(&groups, minutes * MINUTELY).map(|storm| (storm.runs, storm.minutes))
        };
        for (minutes, changes) in [(2, 6), (5, 6), (10, 6)] {
            assert_eq!(found(changes + 1, minutes), Some((Some(6), 6 * minutes)), "{minutes}");
            assert_eq!(found(changes, minutes), None, "{minutes}");
        }
        assert_eq!(found(30, 5), Some((Some(10), 50)), "no more is remembered");
        assert_eq!(found(30, 10), Some((Some(6), 60)), "no more than an hour counts");
        assert_eq!(found(30, 15), None, "a change each quarter of an hour is a rollout, or a group that scales");
        // One run in which they had not changed ends it.
        let mut groups: Vec<Group> = of(9);
        groups[5] = group(Kind::Classic, None, &["a", "b-4"]);
        assert_eq!(super::tests::found(&groups, 5 * MINUTELY), None);
        // A group that counts is judged by its count alone.
        assert_eq!(super::tests::found(&with_epochs(&[1, 2, 3, 4, 5, 6, 7, 8]), 5 * MINUTELY), None);
    }

    #[test]
    fn what_is_not_known_changes_nothing() {
        let mut unread = group(Kind::Consumer, None, &[]);
        unread.members = Err(crate::model::unknown::Unknown::because("not read"));
        let mut groups = with_epochs(&[5, 7, 9, 11]);
        groups.insert(2, unread);
        assert!(found(&groups, MINUTELY).is_some());
        // A group that was made anew begins to count from the start.
        assert_eq!(found(&with_epochs(&[500, 1, 1, 1]), MINUTELY), None);
    }
}
