//! Longer windows of the past, for the rows whose memory asks for one, as far as the quota of estimated points and the
//! time allow.
//!
//! A page with one suspicious partition costs as much as a page full of them. If everything fits, every window is read
//! whole. Else the windows without which there is no verdict come first, those of partitions that stepped back; then
//! short ones for all, in which growth shows, the worst first; and the rest is spent on whole ones page by page, other
//! pages in each run. A partition that is left out keeps its verdict and reports that.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Past;
use super::of_part::{PartPast, sample};
use super::reads::Reads;
use crate::base::figures::grouped;
use crate::cloudwatch::address::{Minute, Schedule};
use crate::cloudwatch::history::Store;
use crate::cloudwatch::pages::binding::PageAddress;
use crate::cloudwatch::pages::entry::Entry;
use crate::cloudwatch::pages::key::OfGroup;
use crate::cloudwatch::pages::pages_read::{Became, Missing, PagesRead};
use crate::cloudwatch::pages::rosters::Rosters;
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::verdict::Verdict;
use crate::model::lag::Committed;
use crate::model::memory::Sample;
use crate::model::stable_hash::Hash;
use crate::model::unknown::{Cause, Known, Unknown};
use crate::model::window::{self, Horizon};

/// The samples of some rows, oldest first.
#[derive(Default)]
pub(crate) struct Windows {
    samples: HashMap<usize, Known<Vec<Sample>>>,
    pub(super) reads: Reads,
    /// Estimated points that were allowed; 0 if no window was wanted.
    pub(super) budget: i64,
    /// Partitions of whose windows only the newest snapshots were read.
    pub(super) short: usize,
}

/// A row whose window is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    row: usize,
    /// Snapshots before this one that answer every question.
    whole: u32,
    /// Snapshots that show whether it loses ground.
    short: u32,
    /// If it stepped back lately: then only a whole window shows whether it recovered.
    back: Option<Back>,
    /// Whether a warning is active.
    warned: bool,
    lag: u64,
}

/// A step back.
#[derive(Clone, Copy, Debug)]
struct Back {
    /// The present commit.
    at: i64,
    /// The group.
    of: OfGroup,
}

impl Wanted {
    /// All of this many snapshots, for the row itself.
    pub(crate) fn all(row: usize, snapshots: u32) -> Self {
        Self { row, whole: snapshots, short: snapshots, back: None, warned: false, lag: 0 }
    }
}

impl Past {
    /// Reads the windows of partitions that their memory makes suspicious, each as far back as its memory demands.
    pub(crate) async fn open_windows(
        &self,
        store: Option<&Store>,
        sight: Sight<'_>,
        memories: &Memories,
        until: Instant,
    ) -> Vec<Windows> {
        let Some(store) = store else { return Vec::new() };
        let period_ms = store.schedule().period() * 60_000;
        let snapshots = |ms: i64| u32::try_from(ms / period_ms).unwrap_or(u32::MAX);
        let Sight { snapshot, lags, .. } = sight;
        let mut wanted = Vec::new();
        let mut suspicious = memories.suspicious().peekable();
        let groups = snapshot.groups.iter().zip(sight.thresholds);
        for (group, thresholds) in groups.filter(|(group, _)| group.rows.is_ok()) {
            while let Some(row) = suspicious.next_if(|row| group.range().contains(row)) {
                let Some(memory) = memories.of(row) else { continue };
                let horizon = Horizon::of(thresholds);
                let back = match snapshot.rows[row].committed {
                    Ok(Committed::At(at)) if memory.has_stepped_back() => {
                        Some(Back { at, of: OfGroup::new(&group.name) })
                    }
                    _ => None,
                };
                wanted.push(Wanted {
                    row,
                    whole: snapshots(horizon.reach_ms(memory, thresholds)),
                    short: snapshots(horizon.growth_reach_ms(memory, thresholds)),
                    back,
                    warned: memory.was_slow(),
                    lag: lags.of(row).offsets().unwrap_or(0),
                });
            }
        }
        wanted.sort_by_key(|row| Reverse((row.warned, row.lag)));
        self.windows_of(store, &wanted, until).await
    }

    /// Reads the windows of these rows, the most important first; by part.
    pub(crate) async fn windows_of(&self, store: &Store, wanted: &[Wanted], until: Instant) -> Vec<Windows> {
        join_all(self.0.iter().flatten().map(|found| found.windows(store, wanted, until))).await
    }
}

/// A row whose window is wanted, with its snapshots: indexes, 0 being the newest.
struct Reach<'a> {
    wanted: &'a Wanted,
    place: usize,
    whole: Range<usize>,
    short: Range<usize>,
    /// How many of them were requested.
    asked: usize,
}

impl PartPast {
    async fn windows(&self, store: &Store, wanted: &[Wanted], until: Instant) -> Windows {
        let mut windows = Windows::default();
        let (schedule, asker) = (store.schedule(), &self.asker);
        let kept = schedule.snapshots_kept(asker.minute, asker.now).min(MOST_SNAPSHOTS);
        let wanted: Vec<(&Wanted, usize)> =
            wanted.iter().filter_map(|wanted| Some((wanted, self.places[wanted.row]?))).collect();
        let Some(most) = wanted.iter().map(|(wanted, _)| wanted.whole.min(kept)).max() else { return windows };
        let budget = store.pace.points_until(until) / 5 * 4;
        windows.budget = budget;
        let range = schedule.from(schedule.back(asker.minute, most), asker.minute);
        let is_near = most <= self.listed || schedule.estimated_points(&[range]) * LEAST_WINDOWS > budget;
        let rosters =
            if is_near { self.rosters.clone() } else { windows.reads.rosters(store, asker, (0, most), until).await };
        let (snapshots, listed) = match rosters {
            Ok(rosters) => (rosters.snapshots, if is_near { self.listed } else { most }),
            Err(why) => {
                let unread = wanted.iter().map(|(wanted, _)| (wanted.row, Err(self.unread(wanted, why.clone()))));
                windows.samples.extend(unread);
                return windows;
            }
        };
        let mut pages_read = self.pages_read.of(snapshots);
        let since = |snapshots: u32| {
            let oldest = schedule.back(asker.minute, snapshots.min(kept));
            0..pages_read.snapshots().partition_point(|stored| stored.minute >= oldest)
        };
        let reaches = wanted.into_iter().map(|(wanted, place)| {
            let (whole, short) = (since(wanted.whole), since(wanted.short));
            Reach { wanted, place, whole, short, asked: 0 }
        });
        let mut reaches: Vec<Reach<'_>> = reaches.collect();
        let left = budget - windows.reads.points;
        let scarce = !Budget::new(schedule, &pages_read, left, false).has_room_for_all(&reaches);
        // The pages of now, then their neighbours if a partition was on another page then.
        for round in 0..=NEIGHBOURS {
            let mut budget = Budget::new(schedule, &pages_read, budget - windows.reads.points, scarce);
            if round > 0 {
                for reach in &mut reaches {
                    budget.allows(reach.place, 0..reach.asked);
                }
            } else if scarce {
                budget.divide(&mut reaches, asker.minute);
            } else {
                for reach in &mut reaches {
                    budget.ask(reach, reach.whole.end);
                }
            }
            let questions = budget.questions();
            if questions.is_empty() {
                break;
            }
            windows.reads.pages(store, &asker.addresses, &mut pages_read, (&questions, scarce), until).await;
        }
        let left_out = format!(
            "its earlier snapshots were not read: this run had time for {} estimated points, and other partitions came first",
            grouped(budget.unsigned_abs())
        );
        for reach in &reaches {
            let (samples, known) = reach.samples(&pages_read);
            let wanted = reach.wanted;
            let is_whole = known >= reach.whole.end && wanted.whole.min(kept) <= listed;
            // A step back is certain at once; the recovery is certain only if the whole window shows it.
            let back = wanted.back.is_some_and(|back| samples.iter().all(|sample| !is_above(sample, back.at)));
            let window = if is_whole || (known >= reach.short.end && !back) {
                windows.short += usize::from(!is_whole);
                Ok(samples)
            } else if let Some(why) = windows.reads.failures.first().filter(|_| reach.is_unread(&pages_read, known)) {
                Err(self.unread(wanted, why.clone()))
            } else {
                Err(self.unread(wanted, Unknown::of(Cause::LeftOut, left_out.as_str())))
            };
            windows.samples.insert(wanted.row, window);
        }
        windows
    }

    /// Why a window is not known, and whether an error of the group stays because of it.
    fn unread(&self, wanted: &Wanted, why: Unknown) -> Unknown {
        let announced = self.rosters.as_ref().ok().and_then(Rosters::announced);
        let status = wanted.back.and_then(|back| announced?.of(back.of));
        if status == Some(Verdict::Err.code()) { Unknown::of(Cause::Stands, why.to_string()) } else { why }
    }
}

fn is_above(sample: &Sample, offset: i64) -> bool {
    matches!(sample.committed, Committed::At(earlier) if earlier > offset)
}

/// What is requested, within this many estimated points.
struct Budget<'a> {
    schedule: Schedule,
    pages_read: &'a PagesRead,
    left: i64,
    scarce: bool,
    asked: BTreeMap<PageAddress, BTreeSet<usize>>,
    /// What was decided of a page within this many snapshots, so that its other rows need no second decision.
    decided: HashMap<(PageAddress, usize), bool>,
}

impl<'a> Budget<'a> {
    fn new(schedule: Schedule, pages_read: &'a PagesRead, left: i64, scarce: bool) -> Self {
        Self { schedule, pages_read, left, scarce, asked: BTreeMap::new(), decided: HashMap::new() }
    }

    fn has_room_for_all(&mut self, reaches: &[Reach<'_>]) -> bool {
        reaches.iter().all(|reach| self.allows(reach.place, reach.whole.clone()))
    }

    /// Whole windows if nothing else gives a verdict, short ones for all, and more of them whole, on other pages in
    /// each run.
    fn divide(&mut self, reaches: &mut [Reach<'_>], minute: Minute) {
        for reach in reaches.iter_mut().filter(|reach| reach.wanted.back.is_some()) {
            self.ask(reach, reach.whole.end);
        }
        for reach in reaches.iter_mut() {
            self.ask(reach, reach.short.end);
        }
        let turn = |place: &PageAddress| {
            let page = Hash::new().number(u64::from(place.bucket)).number(u64::from(place.page));
            page.number(minute.seconds().unsigned_abs()).finish()
        };
        let mut rest: Vec<(bool, u64, usize)> = reaches
            .iter()
            .enumerate()
            .filter(|(_, reach)| reach.asked < reach.whole.end)
            .filter_map(|(at, reach)| {
                let (place, _) = self.first(reach.place, reach.whole.clone())?;
                Some((!reach.wanted.warned, turn(&place), at))
            })
            .collect();
        rest.sort_unstable();
        for (.., at) in rest {
            let reach = &mut reaches[at];
            self.ask(reach, reach.whole.end);
        }
    }

    /// Requests the newest snapshots of a row, if there is room.
    fn ask(&mut self, reach: &mut Reach<'_>, snapshots: usize) {
        if reach.asked < snapshots && self.allows(reach.place, 0..snapshots) {
            reach.asked = snapshots;
        }
    }

    /// The first page of a row that has not been read, and its snapshot.
    fn first(&self, key: usize, mut snapshots: Range<usize>) -> Option<(PageAddress, usize)> {
        snapshots.find_map(|stored| match self.pages_read.became(stored, key) {
            Became::Ask(place) => Some((place, stored)),
            _ => None,
        })
    }

    /// Whether what a row lacks within these snapshots is requested now, or already; its neighbours lack the same.
    fn allows(&mut self, key: usize, snapshots: Range<usize>) -> bool {
        let Some((page, first)) = self.first(key, snapshots.clone()) else { return true };
        if let Some(decided) = self.decided.get(&(page, snapshots.end)) {
            return *decided;
        }
        let mut more: BTreeMap<PageAddress, BTreeSet<usize>> = BTreeMap::new();
        for stored in first..snapshots.end {
            if let Became::Ask(place) = self.pages_read.became(stored, key) {
                more.entry(place).or_default().insert(stored);
            }
        }
        let nothing = BTreeSet::new();
        let costs = more.iter().map(|(place, snapshots)| {
            let asked = self.asked.get(place).unwrap_or(&nothing);
            self.points(asked | snapshots) - self.points(asked.clone())
        });
        let cost: i64 = costs.sum();
        let fits = cost <= self.left;
        if fits {
            self.left -= cost;
            for (place, mut snapshots) in more {
                self.asked.entry(place).or_default().append(&mut snapshots);
            }
        }
        self.decided.insert((page, snapshots.end), fits);
        fits
    }

    /// Estimated points of a page in these snapshots.
    fn points(&self, snapshots: BTreeSet<usize>) -> i64 {
        let minutes: Vec<Minute> =
            snapshots.into_iter().map(|stored| self.pages_read.snapshots()[stored].minute).collect();
        self.schedule.estimated_points(&self.schedule.ranges(&minutes, self.scarce))
    }

    fn questions(self) -> BTreeSet<(usize, PageAddress)> {
        self.asked
            .into_iter()
            .flat_map(|(place, snapshots)| snapshots.into_iter().map(move |stored| (stored, place)))
            .collect()
    }
}

impl Reach<'_> {
    /// The known snapshots from the newest on without a gap in what was read, oldest first, and how many they are.
    fn samples(&self, pages_read: &PagesRead) -> (Vec<Sample>, usize) {
        let mut sure = false;
        let mut samples = Vec::new();
        let mut known = 0;
        for stored in self.whole.clone() {
            let seen = match pages_read.became(stored, self.place) {
                Became::Ask(_) | Became::Missing(Missing::Unread) => break,
                Became::Kept(taken, Entry::Seen(seen)) => {
                    sure = true;
                    sample(taken, seen)
                }
                Became::Perhaps(taken, Entry::Seen(seen)) => sample(taken, seen),
                _ => None,
            };
            samples.extend(seen);
            known = stored + 1;
        }
        samples.reverse();
        // Two snapshots that may have the partition confirm each other.
        (if sure || samples.len() > 1 { samples } else { Vec::new() }, known)
    }

    /// Whether the store did not answer for this snapshot of it.
    fn is_unread(&self, pages_read: &PagesRead, stored: usize) -> bool {
        self.whole.contains(&stored) && pages_read.became(stored, self.place) == Became::Missing(Missing::Unread)
    }
}

impl Windows {
    pub(super) fn of(&self, row: usize) -> Known<Vec<Sample>> {
        let unasked = || Err(Unknown::because("its window was not asked for"));
        self.samples.get(&row).cloned().unwrap_or_else(unasked)
    }

    /// How many partitions' windows were wanted, and not read.
    pub(super) fn unread(&self) -> usize {
        self.samples.values().filter(|window| window.is_err()).count()
    }
}

/// Estimated points of short windows on this many pages, whose newest snapshot every run reads.
pub(crate) fn points_of_short_windows(schedule: Schedule, pages: usize) -> u64 {
    let minutes: Vec<Minute> =
        (2..=window::COMMITS_FOR_GROWTH).map(|stored| schedule.back(Minute::holding(0), stored)).collect();
    let of_page = schedule.estimated_points(&schedule.ranges(&minutes, true)).unsigned_abs();
    of_page.saturating_mul(pages as u64)
}

/// Pages that partitions may have moved across in the course of a window, one round of reads each.
const NEIGHBOURS: usize = 2;
/// If the rosters of a whole window would need more than one in this many points of the budget, the known ones must be
/// enough.
const LEAST_WINDOWS: i64 = 4;
/// On slow schedules each snapshot is a range of its own, and costs money.
const MOST_SNAPSHOTS: u32 = 175;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::pages::binding::{self, bind};
    use crate::cloudwatch::pages::key::{Key, Mark, OfTopic};
    use crate::cloudwatch::pages::pages_read::StoredSnapshot;
    use crate::cloudwatch::pages::roster::{Announced, Restless, Roster};

    const NOON: i64 = 1_800_014_400;
    /// Snapshots of a whole window, and those of a short one.
    const SNAPSHOTS: (u32, u32) = (80, 12);

    fn noon() -> Minute {
        Minute::holding(NOON)
    }

    /// One group of this many partitions, of which nothing has been read in eighty snapshots.
    fn pages_read(period: u32, partitions: i32) -> (Schedule, PagesRead) {
        let schedule = Schedule::every(period).unwrap_or(Schedule::MINUTELY);
        let (group, topic) = (OfGroup::new("slow"), OfTopic::new(Mark(7)));
        let mut keys: Vec<Key> = (0..partitions).map(|partition| Key::new(group, topic, partition)).collect();
        keys.sort_unstable();
        let bits = binding::bits(keys.len(), None);
        let ranges = bind(&keys, bits);
        let mut filled = vec![false; 1 << bits];
        for page in &ranges {
            filled[page.place.bucket as usize] = true;
        }
        let deepest = ranges.len().try_into().unwrap_or_default();
        let (restless, announced) = (Restless::Groups(Vec::new()), Announced::default());
        let roster = Roster {
            groups: 1,
            writer: 1,
            bits,
            whole: true,
            filled,
            deepest,
            restless,
            announced,
            topics: Vec::new(),
        };
        let stored = |snapshots| StoredSnapshot { minute: schedule.back(noon(), snapshots), roster: roster.clone() };
        (schedule, PagesRead::new(keys, false, (1..=SNAPSHOTS.0).map(stored).collect()))
    }

    /// How many snapshots are requested for each partition, within this many estimated points.
    fn asked(
        period: u32,
        partitions: i32,
        points: i64,
        wanted: impl Fn(usize) -> Wanted,
        minute: Minute,
    ) -> Vec<usize> {
        let (schedule, pages_read) = pages_read(period, partitions);
        let wanted: Vec<Wanted> = (0..pages_read.keys().len()).map(wanted).collect();
        let mut reaches: Vec<Reach<'_>> = wanted
            .iter()
            .enumerate()
            .map(|(place, wanted)| Reach {
                wanted,
                place,
                whole: 0..wanted.whole as usize,
                short: 0..wanted.short as usize,
                asked: 0,
            })
            .collect();
        let mut budget = Budget::new(schedule, &pages_read, points, true);
        budget.divide(&mut reaches, minute);
        assert!(budget.left >= 0);
        let spent: i64 = {
            let left = budget.left;
            let mut snapshots_of: BTreeMap<PageAddress, BTreeSet<usize>> = BTreeMap::new();
            for (stored, place) in budget.questions() {
                snapshots_of.entry(place).or_default().insert(stored);
            }
            let count = Budget::new(schedule, &pages_read, 0, true);
            assert_eq!(snapshots_of.into_values().map(|snapshots| count.points(snapshots)).sum::<i64>(), points - left);
            points - left
        };
        assert!(spent <= points);
        reaches.iter().map(|reach| reach.asked).collect()
    }

    fn slow(row: usize) -> Wanted {
        Wanted { whole: SNAPSHOTS.0, short: SNAPSHOTS.1, warned: true, ..Wanted::all(row, SNAPSHOTS.0) }
    }

    /// Estimated points of a page: in a whole window of one snapshot a minute, and in a short one.
    const WHOLE: i64 = 80 * 180;
    const SHORT: i64 = 12 * 180;

    #[test]
    fn short_windows_for_all_come_before_whole_ones() {
        // 580 partitions on ten pages.
        let of = |points| {
            let asked = asked(1, 580, points, slow, noon());
            [80, 12, 0].map(|snapshots| asked.iter().filter(|asked| **asked == snapshots).count() / 58)
        };
        assert_eq!(of(10 * WHOLE), [10, 0, 0]);
        assert_eq!(of(10 * SHORT), [0, 10, 0]);
        assert_eq!(of(10 * SHORT + 3 * (WHOLE - SHORT)), [3, 7, 0]);
        assert_eq!(of(4 * SHORT), [0, 4, 6]);
        assert_eq!(of(0), [0, 0, 10]);
    }

    #[test]
    fn the_first_of_those_that_are_wanted_come_first_and_a_step_back_before_them() {
        let (last, back) = (580 - 1, Some(Back { at: 7, of: OfGroup::new("slow") }));
        let wanted = |row: usize| Wanted { back: back.filter(|_| row == last), ..slow(row) };
        let asked = asked(1, 580, WHOLE + 2 * SHORT, wanted, noon());
        assert_eq!((asked[last], asked[0], asked[58], asked[2 * 58], asked[last - 58]), (80, 12, 12, 0, 0));
    }

    #[test]
    fn whole_windows_go_round_from_run_to_run() {
        let points = 10 * SHORT + (WHOLE - SHORT);
        let mut turns = [0; 10];
        for minute in 0..100 {
            let asked = asked(1, 580, points, slow, Minute::holding(NOON + minute * 60));
            let whole = asked.iter().position(|asked| *asked == 80).map(|row| row / 58);
            if let Some(page) = whole {
                turns[page] += 1;
            }
        }
        assert_eq!(turns.iter().sum::<usize>(), 100);
        assert!(turns.iter().all(|turns| (3..=25).contains(turns)), "{turns:?}");
    }

    #[test]
    fn pauses_between_snapshots_cost_nothing_if_the_quota_is_scarce() {
        let of = |period| asked(period, 58, SHORT, slow, noon())[0];
        assert_eq!([1, 2, 5, 15].map(of), [12; 4]);
    }

    /// 10,000 partitions that are all slow, in the three quarters of 20 seconds that a run has for the history, minus
    /// its other reads.
    #[test]
    fn ten_thousand_slow_partitions_are_all_judged_by_a_short_window_within_twenty_seconds() {
        let points = 12 * i64::try_from(crate::cloudwatch::POINTS_PER_SECOND).unwrap_or_default() / 5 * 4;
        let asked = asked(1, 10_000, points, slow, noon());
        assert!(asked.iter().all(|asked| *asked >= 12));
        assert!(asked.iter().filter(|asked| **asked == 80).count() >= 580);
    }
}
