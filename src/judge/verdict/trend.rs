//! Whether a group falls behind: in records and in time, from commit to commit or from trough to trough.

use super::pace::Flow;
use super::{Pace, Tempo};
use crate::model::lag::Committed;
use crate::model::memory::Thresholds;
use crate::model::window::{self, COMMITS_FOR_A_TREND, COMMITS_KEPT, Commit, Horizon, Point};

/// How far a group got behind within some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Growth {
    /// Records behind at the first commit of it.
    pub(crate) from: u64,
    /// Records behind at the last one.
    pub(crate) to: u64,
    /// Commits from the first to the last.
    pub(crate) commits: usize,
    /// Milliseconds from the first to the last.
    pub(crate) took_ms: i64,
}

/// The direction of a lag, by the commits of a window; the default is that of a window without commits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trend {
    /// How the group falls behind, if it does.
    ///
    /// Both the records behind and the age of the commit must grow: records alone grow with the load, age alone after a burst.
    pub(crate) growth: Option<Growth>,
    /// Whether the last commit is older than any other of the window but the last ten.
    pub(crate) worse_than_before: bool,
    /// Whether the last commit was on time.
    pub(crate) on_time: bool,
    /// Whether the group clearly gains ground, by a tenth, over its last commits or over a long run; or the best
    /// moments of a long run did not become older.
    pub(crate) gains: bool,
    /// The direction of the lag, by the last commits, if it is clear.
    pub(crate) pace: Option<Pace>,
    /// Since when at least the group was never caught up, in milliseconds since 1970; `None` if that is shorter than a
    /// backlog, or unknown.
    pub(crate) behind_since: Option<i64>,
    /// How fast records came and were read before the last commit that was on time, and since; `None` where the window does not show both.
    pub(crate) tempo: Option<Tempo>,
}

/// A late commit: when it was seen, how far it was behind the log then in records, and in milliseconds.
#[derive(Clone, Copy)]
struct Late {
    time_ms: i64,
    offset: i64,
    lag: i64,
    age_ms: i64,
}

impl Trend {
    /// The trend of a window whose last point is now, with this many unread offsets.
    pub(crate) fn of(points: &[Point], unread: u64, thresholds: &Thresholds) -> Self {
        let Thresholds { allowed_lag, period_ms, .. } = *thresholds;
        let horizon = Horizon::of(thresholds);
        let changes = window::changes(points);
        let Some(newest) = changes.last() else { return Self::default() };
        let run = late_run(&changes, allowed_lag);
        let late = aged(points, run, period_ms);
        let last_ten = &late[late.len().saturating_sub(COMMITS_KEPT)..];
        let before = late[..late.len() - last_ten.len()].iter().map(|late| late.age_ms).max();
        let growth = if grows(points, last_ten, before, run, period_ms) {
            growth(last_ten)
        } else {
            troughs_rise(points, &late, horizon, period_ms).then(|| growth(&late)).flatten()
        };
        Self {
            growth,
            worse_than_before: worse_than_before(points, &changes, last_ten, period_ms),
            on_time: newest.lag <= allowed_lag,
            gains: gains(last_ten) || recovers(&late, horizon),
            pace: pace(last_ten, unread),
            behind_since: behind_since(points, horizon).filter(|_| run.len() == changes.len()),
            tempo: tempo(points, &changes, allowed_lag),
        }
    }
}

fn worse_than_before(points: &[Point], changes: &[Commit], last_ten: &[Late], period_ms: i64) -> bool {
    let (Some(first), Some(last)) = (last_ten.first(), last_ten.last()) else { return false };
    let all = aged(points, changes, period_ms);
    let before = all.iter().take_while(|late| late.time_ms < first.time_ms).map(|late| late.age_ms).max();
    before.is_none_or(|before_ms| last.age_ms > before_ms + span_ms(last_ten) / 40)
}

/// Whether lag fell nearly throughout these commits, and by a tenth.
fn gains(late: &[Late]) -> bool {
    let (Some(first), Some(last)) = (late.first(), late.last()) else { return false };
    let falls = trend(late, |late| late.lag) * 2 <= -pairs(late.len());
    late.len() >= COMMITS_FOR_A_TREND && falls && last.lag * 10 <= first.lag * 9
}

/// Whether the lag of the last long run fell by a tenth, or its best moments did not become older; if too little is
/// stored, whether it fell from commit to commit.
fn recovers(late: &[Late], horizon: Horizon) -> bool {
    let Some(last) = late.last() else { return false };
    let Some(long_ms) = horizon.long_run_ms() else {
        return late.len() >= COMMITS_FOR_A_TREND - 1 && trend(late, |late| late.lag) == -pairs(late.len());
    };
    // Not the whole run: a group that commits rarely may have seemed late long before it was slow.
    let from = late.partition_point(|late| late.time_ms < last.time_ms - long_ms);
    let lately = &late[from.saturating_sub(1)..];
    let no_older = match (best(lately, 0, |late| late.age_ms), best(lately, 2, |late| late.age_ms)) {
        (Some(one), Some(three)) => three - one <= span_ms(lately) / 100,
        _ => false,
    };
    span_ms(lately) >= long_ms && (no_older || gains(lately))
}

fn pace(late: &[Late], unread: u64) -> Option<Pace> {
    let (first, last) = (late.first()?, late.last()?);
    let clear = trend(late, |late| late.lag).abs() * 2 >= pairs(late.len());
    let goes = late.len() >= COMMITS_FOR_A_TREND && clear;
    let pace = Pace::of(last.lag - first.lag, last.age_ms - first.age_ms, last.time_ms - first.time_ms, unread);
    pace.filter(|_| goes)
}

/// The flow before and after the last commit that was on time.
fn tempo(points: &[Point], changes: &[Commit], allowed_lag: u64) -> Option<Tempo> {
    let on_time_ms = changes.iter().rfind(|commit| commit.lag <= allowed_lag)?.time_ms;
    let at = points.iter().position(|point| point.time_ms == on_time_ms)?;
    let flow = |points: &[Point]| {
        let (first, last) = (points.first()?, points.last()?);
        let (Committed::At(from), Committed::At(to)) = (first.committed, last.committed) else { return None };
        let flow = Flow { arrived: last.end - first.end, read: to - from, took_ms: last.time_ms - first.time_ms };
        (points.len() > POINTS_FOR_A_FLOW).then_some(flow)
    };
    // The period in which it began to fall behind belongs to neither.
    Some(Tempo { before: flow(&points[..at])?, since: flow(&points[at..])? })
}

/// The first point of a window that is as long as a backlog, where something was unread at each point of it.
fn behind_since(points: &[Point], horizon: Horizon) -> Option<i64> {
    let at_once = |point: &Point| matches!(point.committed, Committed::At(offset) if offset < point.end);
    let (first, last) = (points.first()?, points.last()?);
    let long = last.time_ms - first.time_ms >= horizon.backlog_ms()?;
    (long && points.iter().all(at_once)).then_some(first.time_ms)
}

fn grows(points: &[Point], late: &[Late], before: Option<i64>, run: &[Commit], period_ms: i64) -> bool {
    let (Some(first), Some(last)) = (late.first(), late.last()) else { return false };
    let grew = last.lag - first.lag;
    let arrived = grew.saturating_add(last.offset - first.offset);
    let matters = grew > 0 && grew.saturating_mul(SHARE_THAT_COUNTS) >= arrived;
    let rises = |of: fn(&Late) -> i64| trend(late, of) * 2 >= pairs(late.len());
    let span_ms = last.time_ms - first.time_ms;
    let snapshots = points.iter().filter(|point| (first.time_ms..=last.time_ms).contains(&point.time_ms)).count();
    let is_rare = late.len() * 4 < snapshots * 3;
    let needed_ms = if is_rare { period_ms + span_ms / 20 } else { span_ms / 40 };
    // Commits that drift against the snapshots seem to grow older again and again, but never older than they were.
    let never_so_old = before.is_none_or(|before_ms| last.age_ms > before_ms + needed_ms / 2);
    let older = last.age_ms - first.age_ms > needed_ms && never_so_old;
    let whole_window = late.len() >= COMMITS_KEPT;
    let run = &run[run.len().saturating_sub(COMMITS_KEPT)..];
    // Burrow's question (v1.9.5, `checkIfLagNotDecreasing`).
    let lag_never_falls = run.iter().map(|commit| commit.lag).is_sorted();
    let each = whole_window && grew > 0 && lag_never_falls;
    let enough = late.len() >= COMMITS_FOR_A_TREND;
    enough && older && rises(|late| late.age_ms) && ((matters && rises(|late| late.lag)) || each)
}

/// Whether the best moments of three thirds of a long run got worse each time: a group that bursts throw back, and that
/// regains less in between.
fn troughs_rise(points: &[Point], late: &[Late], horizon: Horizon, period_ms: i64) -> bool {
    let Some(long_ms) = horizon.long_run_ms() else { return false };
    let rises = |of: fn(&Late) -> i64| {
        let (one, two, three) = (best(late, 0, of)?, best(late, 1, of)?, best(late, 2, of)?);
        (one < two && two < three).then_some(three - one)
    };
    // A trough is known only to the distance of commits, and one batch may need longer than another.
    let at = |late: &Late| points.partition_point(|point| point.time_ms < late.time_ms);
    let apart = late.windows(2).map(|pair| at(&pair[1]) - at(&pair[0])).max().unwrap_or(0);
    let apart_ms = i64::try_from(apart).unwrap_or(i64::MAX).saturating_mul(period_ms);
    let coarse_ms = (apart_ms - period_ms * 3 / 2).max(0) / 2;
    let needed_ms = period_ms / 2 + span_ms(late) / 100 + coarse_ms;
    let older = rises(|late| late.age_ms).is_some_and(|older_ms| older_ms > needed_ms);
    span_ms(late) >= long_ms && older && rises(|late| late.lag).is_some()
}

/// The smallest of one third of a run, the first being 0.
fn best(late: &[Late], third: i64, of: fn(&Late) -> i64) -> Option<i64> {
    let third_ms = span_ms(late) / 3;
    let from_ms = late.first()?.time_ms + third * third_ms;
    let within = late.iter().filter(|late| (from_ms..=from_ms + third_ms).contains(&late.time_ms));
    within.map(of).min()
}

fn span_ms(late: &[Late]) -> i64 {
    late.last().map_or(0, |last| last.time_ms) - late.first().map_or(0, |first| first.time_ms)
}

/// The commits with their ages, those left out that may have been made long before they were seen.
fn aged(points: &[Point], commits: &[Commit], period_ms: i64) -> Vec<Late> {
    let after_a_hole = |time_ms: i64| {
        let at = points.partition_point(|point| point.time_ms < time_ms);
        at.checked_sub(1).is_none_or(|before| time_ms - points[before].time_ms > period_ms * 3 / 2)
    };
    let aged = commits.iter().filter(|commit| !after_a_hole(commit.time_ms)).filter_map(|commit| {
        let lag = i64::try_from(commit.lag).ok()?;
        let age_ms = commit.time_ms - window::reached_ms(points, commit.offset)?;
        Some(Late { time_ms: commit.time_ms, offset: commit.offset, lag, age_ms })
    });
    aged.collect()
}

/// The commits after the last one that was not behind.
fn late_run(commits: &[Commit], allowed_lag: u64) -> &[Commit] {
    let on_time = commits.iter().rposition(|commit| commit.lag <= allowed_lag);
    &commits[on_time.map_or(0, |at| at + 1)..]
}

fn growth(late: &[Late]) -> Option<Growth> {
    let (first, last) = (late.first()?, late.last()?);
    let lag = |late: &Late| u64::try_from(late.lag).unwrap_or(0);
    let took_ms = last.time_ms - first.time_ms;
    Some(Growth { from: lag(first), to: lag(last), commits: late.len() - 1, took_ms })
}

/// Kendall's S: the pairs that rise minus those that fall.
fn trend(late: &[Late], of: fn(&Late) -> i64) -> i64 {
    let balance = |(at, earlier): (usize, &Late)| -> i64 {
        late[at + 1..].iter().map(|later| of(later).cmp(&of(earlier)) as i64).sum()
    };
    late.iter().enumerate().map(balance).sum()
}

fn pairs(count: usize) -> i64 {
    i64::try_from(count * count.saturating_sub(1) / 2).unwrap_or(i64::MAX)
}

/// Periods that a flow is measured over at least.
const POINTS_FOR_A_FLOW: usize = 3;
/// A group that reads less than all but one in so many of what arrives is slow.
const SHARE_THAT_COUNTS: i64 = 20;
