//! A line a group, the worst first.

use std::collections::HashMap;

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text};
use super::{UNKNOWN, colour, count};
use crate::base::figures::{grouped, span};
use crate::judge::verdict::Verdict;
use crate::report::{GroupEntry, Report};

/// Draws the table; where the screen is too narrow for the reason it stands below its group.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    if report.groups.is_empty() {
        text.line(0, "No consumer group was found. A group appears when it has committed once.", None);
        return;
    }
    let groups = sorted(report);
    let reasons = reasons(&groups);
    let titles = ["GROUP", "STATUS", "LAG", "BEHIND", "MEMBERS", "STATE"];
    let mut head: Vec<Cell> = titles.iter().map(|title| titled(title)).collect();
    let mut rows: Vec<Vec<Cell>> = groups.iter().map(|group| row(group)).collect();
    if groups.iter().any(|group| group.owner.is_some()) {
        head.push(titled("OWNER"));
        for (row, group) in rows.iter_mut().zip(&groups) {
            row.push(Cell::left(group.owner.as_deref().unwrap_or_default()));
        }
    }
    let columns = text.width() >= WIDE;
    let reason = head.len();
    if columns {
        head.push(Cell::left("WHY"));
        for (row, reason) in rows.iter_mut().zip(&reasons) {
            row.push(Cell::left(reason));
        }
    }
    let may_shrink: &[usize] = if columns { &[0, reason] } else { &[0] };
    let grid = Grid { head: vec![head], rows, may_shrink, narrowest: NARROWEST, gutter: GUTTER };
    text.rows(&grid, |number| Some(reasons[number].clone()).filter(|reason| !columns && !reason.is_empty()));
}

/// The worst first, and within a status those with the same reason beside each other.
fn sorted<'r>(report: &'r Report<'_>) -> Vec<&'r GroupEntry<'r>> {
    let mut groups: Vec<&GroupEntry<'r>> = report.groups.iter().collect();
    let mut first = HashMap::new();
    for (at, group) in report.groups.iter().enumerate() {
        first.entry((group.status, &group.reason)).or_insert(at);
    }
    groups.sort_by_key(|group| first.get(&(group.status, &group.reason)));
    groups
}

/// Why, of each group that is not well; the same is said once.
fn reasons(groups: &[&GroupEntry<'_>]) -> Vec<String> {
    let mut last = None;
    let mut all = Vec::new();
    for group in groups {
        // Of what is fine nothing needs to be said, save that it is too early to say it.
        let fine = group.status == Verdict::Ok && group.warming_up_seconds.is_none();
        let mut reason = if fine { String::new() } else { group.reason.clone().into_owned() };
        // Any other reason names those topics itself.
        let missing = group.missing_topics.iter().filter(|_| fine).map(|topic| format!("topic {topic} does not exist"));
        for gap in group.gaps.iter().cloned().chain(missing) {
            let join = if reason.is_empty() { "" } else { "; " };
            reason = format!("{reason}{join}{gap}");
        }
        let same = !reason.is_empty() && last.as_ref() == Some(&reason);
        last = Some(reason.clone());
        all.push(if same { "the same".to_owned() } else { reason });
    }
    all
}

fn titled(title: &str) -> Cell {
    if NUMBERS.contains(&title) { Cell::right(title) } else { Cell::left(title) }
}

fn row(group: &GroupEntry<'_>) -> Vec<Cell> {
    vec![
        Cell::left(&group.group),
        Cell::left(group.status.word()).coloured(colour(group.status)),
        Cell::right(&total(group)),
        Cell::right(&group.lag_seconds.map_or_else(|| UNKNOWN.to_owned(), span)),
        Cell::right(&count(group.members.map(|all| all as u64))),
        Cell::left(group.state.as_deref().unwrap_or(UNKNOWN)),
    ]
}

/// The lag of a group in all, and whether it may be more or less.
pub(crate) fn total(group: &GroupEntry<'_>) -> String {
    group.total_lag.map_or_else(|| UNKNOWN.to_owned(), |lag| format!("{}{}", group.bound(), grouped(lag)))
}

/// Columns of figures.
const NUMBERS: [&str; 3] = ["LAG", "BEHIND", "MEMBERS"];
/// From here on the reason has a column of its own.
const WIDE: usize = 130;
