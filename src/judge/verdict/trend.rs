//! Whether a group falls behind: in records and in time, from commit to commit or from trough to trough.

use super::Pace;
use crate::model::lag::Committed;
use crate::model::memory::Thresholds;
use crate::model::window::{self, Commit, Point};

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

/// A late commit: when it was seen, how far it was behind the log then in records, and in milliseconds.
#[derive(Clone, Copy)]
struct Late {
    time_ms: i64,
    offset: i64,
    lag: i64,
    age_ms: i64,
}

/// How the group falls behind, if it does.
///
/// Both the records behind and the age of the commit must grow: records alone grow with the load, age alone after a burst.
pub(crate) fn slow(points: &[Point], allowed_lag: u64, period_ms: i64) -> Option<Growth> {
    let changes = window::changes(points);
    let run = late_run(&changes, allowed_lag);
    let late = aged(points, run, period_ms);
    let last_ten = &late[late.len().saturating_sub(window::COMMITS_KEPT)..];
    let before = late[..late.len() - last_ten.len()].iter().map(|late| late.age_ms).max();
    if grows(points, last_ten, before, run, period_ms) {
        return growth(last_ten);
    }
    (troughs_rise(&late, period_ms)).then(|| growth(&late)).flatten()
}

/// Whether a warning is over: the group clearly gains ground, nearly throughout its last commits and by a tenth, or its
/// best moments of a long run got no older.
pub(crate) fn over(points: &[Point], allowed_lag: u64, period_ms: i64) -> bool {
    let changes = window::changes(points);
    let late = aged(points, late_run(&changes, allowed_lag), period_ms);
    let last_ten = &late[late.len().saturating_sub(window::COMMITS_KEPT)..];
    let (Some(first), Some(last)) = (last_ten.first(), last_ten.last()) else { return false };
    let falls = |of: fn(&Late) -> i64| trend(last_ten, of) * 2 <= -pairs(last_ten.len());
    let gains = last_ten.len() >= COMMITS_FOR_A_TREND && falls(|late| late.lag) && last.lag * 10 <= first.lag * 9;
    // Not the whole run: a group that commits seldom may have looked late long before it was slow.
    let lately =
        late.partition_point(|late| late.time_ms < last.time_ms - LONG_RUN_MS.max(COMMITS_FOR_A_LONG_RUN * period_ms));
    let lately = &late[lately.saturating_sub(1)..];
    let no_older = match (best(lately, 0, |late| late.age_ms), best(lately, 2, |late| late.age_ms)) {
        (Some(one), Some(three)) => three - one <= span_ms(lately) / 100,
        _ => false,
    };
    gains || (is_long(lately, period_ms) && no_older)
}

/// Where the lag is going, by the last commits, if it clearly goes anywhere.
pub(crate) fn pace(points: &[Point], unread: u64, thresholds: &Thresholds) -> Option<Pace> {
    let changes = window::changes(points);
    let late = aged(points, late_run(&changes, thresholds.allowed_lag), thresholds.period_ms);
    let late = &late[late.len().saturating_sub(window::COMMITS_KEPT)..];
    let (first, last) = (late.first()?, late.last()?);
    let clear = trend(late, |late| late.lag).abs() * 2 >= pairs(late.len());
    let goes = late.len() >= COMMITS_FOR_A_TREND && clear;
    let pace = Pace::of(last.lag - first.lag, last.age_ms - first.age_ms, last.time_ms - first.time_ms, unread);
    pace.filter(|_| goes)
}

/// Since when at least nothing was ever caught up, in milliseconds since 1970; `None` where that is not as long as a long run, or not known.
pub(crate) fn behind_since(points: &[Point], thresholds: &Thresholds) -> Option<i64> {
    let changes = window::changes(points);
    let always = late_run(&changes, thresholds.allowed_lag).len() == changes.len();
    let at_once = |point: &Point| matches!(point.committed, Committed::At(offset) if offset < point.end);
    let (first, last) = (points.first()?, points.last()?);
    let long = last.time_ms - first.time_ms >= BACKLOG_MS.max(COMMITS_FOR_A_LONG_RUN * thresholds.period_ms);
    (always && !changes.is_empty() && long && points.iter().all(at_once)).then_some(first.time_ms)
}

fn grows(points: &[Point], late: &[Late], before: Option<i64>, run: &[Commit], period_ms: i64) -> bool {
    let (Some(first), Some(last)) = (late.first(), late.last()) else { return false };
    let grew = last.lag - first.lag;
    let arrived = grew.saturating_add(last.offset - first.offset);
    let matters = grew > 0 && grew.saturating_mul(SHARE_THAT_COUNTS) >= arrived;
    let rises = |of: fn(&Late) -> i64| trend(late, of) * 2 >= pairs(late.len());
    let span_ms = last.time_ms - first.time_ms;
    let looks = points.iter().filter(|point| (first.time_ms..=last.time_ms).contains(&point.time_ms)).count();
    let is_rare = late.len() * 4 < looks * 3;
    let needed_ms = if is_rare { period_ms + span_ms / 20 } else { span_ms / 40 };
    // Commits that drift against the looks seem to grow older again and again, but never older than they were.
    let never_so_old = before.is_none_or(|before_ms| last.age_ms > before_ms + needed_ms / 2);
    let older = last.age_ms - first.age_ms > needed_ms && never_so_old;
    let whole_window = late.len() >= window::COMMITS_KEPT;
    let run = &run[run.len().saturating_sub(window::COMMITS_KEPT)..];
    // Burrow's question (v1.9.5, `checkIfLagNotDecreasing`).
    let lag_never_falls = run.iter().map(|commit| commit.lag).is_sorted();
    let each = whole_window && grew > 0 && lag_never_falls;
    let enough = late.len() >= COMMITS_FOR_A_TREND;
    enough && older && rises(|late| late.age_ms) && ((matters && rises(|late| late.lag)) || each)
}

/// Whether the best moments of three thirds of a long run got worse each time: a group that bursts throw back, and that
/// regains less in between.
fn troughs_rise(late: &[Late], period_ms: i64) -> bool {
    let rises = |of: fn(&Late) -> i64| {
        let (one, two, three) = (best(late, 0, of)?, best(late, 1, of)?, best(late, 2, of)?);
        (one < two && two < three).then_some(three - one)
    };
    let needed_ms = period_ms / 2 + span_ms(late) / 100;
    let older = rises(|late| late.age_ms).is_some_and(|older_ms| older_ms > needed_ms);
    is_long(late, period_ms) && older && rises(|late| late.lag).is_some()
}

/// The least of one third of a run, the first being 0.
fn best(late: &[Late], third: i64, of: fn(&Late) -> i64) -> Option<i64> {
    let third_ms = span_ms(late) / 3;
    let from_ms = late.first()?.time_ms + third * third_ms;
    let within = late.iter().filter(|late| (from_ms..=from_ms + third_ms).contains(&late.time_ms));
    within.map(of).min()
}

fn is_long(late: &[Late], period_ms: i64) -> bool {
    span_ms(late) >= LONG_RUN_MS.max(COMMITS_FOR_A_LONG_RUN * period_ms)
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

/// The commits from the last one on that was not behind.
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

/// Kendall's S: the pairs that rise less those that fall.
fn trend(late: &[Late], of: fn(&Late) -> i64) -> i64 {
    let balance = |(at, earlier): (usize, &Late)| -> i64 {
        late[at + 1..].iter().map(|later| of(later).cmp(&of(earlier)) as i64).sum()
    };
    late.iter().enumerate().map(balance).sum()
}

fn pairs(count: usize) -> i64 {
    i64::try_from(count * count.saturating_sub(1) / 2).unwrap_or(i64::MAX)
}

/// A group that reads less than all but one in so many of what arrives is slow.
const SHARE_THAT_COUNTS: i64 = 20;
/// Commits below which lags make no trend.
const COMMITS_FOR_A_TREND: usize = 5;
/// A run in whose thirds there is a best moment between two bursts.
const LONG_RUN_MS: i64 = 40 * 60_000;
/// A lag that was never caught up for so long is a backlog.
const BACKLOG_MS: i64 = 60 * 60_000;
/// Both in periods, where they are long.
const COMMITS_FOR_A_LONG_RUN: i64 = 30;
