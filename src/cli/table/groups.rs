//! One line per group, the worst first.

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text, titles};
use super::{UNKNOWN, colour, count};
use crate::base::figures::{grouped, shown};
use crate::judge::verdict::Verdict;
use crate::report::{GroupEntry, RateEntry, Report};

/// Draws the table; if the screen is too narrow for the reason it is below its group.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    if report.groups.is_empty() {
        text.line(0, report.without_groups(), None);
        return;
    }
    let reasons: Vec<String> = report.groups.iter().map(reason).collect();
    let mut head = titles(&["GROUP", "STATUS", "LAG", "BEHIND", "MEMBERS", "STATE"]);
    let mut rows: Vec<Vec<Cell>> = report.groups.iter().map(row).collect();
    if report.watch.is_some() || report.groups.iter().any(|group| group.rate.is_some()) {
        head.extend(titles(&["IN/S", "OUT/S", "TREND"]));
        for (row, group) in rows.iter_mut().zip(&report.groups) {
            let rates = group.rate.as_ref().map_or([UNKNOWN; 2].map(str::to_owned), RateEntry::rates);
            row.extend(rates.iter().map(|rate| Cell::right(rate)));
            row.push(Cell::left(group.rate.as_ref().map_or(UNKNOWN, |rate| &rate.trend)));
        }
    }
    if report.groups.iter().any(|group| group.owner.is_some()) {
        head.extend(titles(&["OWNER"]));
        for (row, group) in rows.iter_mut().zip(&report.groups) {
            row.push(Cell::left(group.owner.as_deref().unwrap_or_default()));
        }
    }
    let columns = text.width() >= WIDE;
    let why = head.len();
    if columns {
        head.extend(titles(&["WHY"]));
        for (row, reason) in rows.iter_mut().zip(&reasons) {
            row.push(Cell::left(reason));
        }
    }
    let may_shrink: &[usize] = if columns { &[0, why] } else { &[0] };
    let grid = Grid { head: vec![head], rows, may_shrink, narrowest: NARROWEST, gutter: GUTTER };
    text.rows(&grid, |number| {
        let reason = Some(reasons[number].clone()).filter(|reason| !columns && !reason.is_empty());
        reason.into_iter().chain(report.groups[number].cause())
    });
}

/// The reason of each group that is not OK, and the findings of the others.
fn reason(group: &GroupEntry<'_>) -> String {
    let fine = group.status == Verdict::Ok && group.warming_up_seconds.is_none();
    let reason = if fine { group.finding.as_deref().unwrap_or_default() } else { &group.reason };
    // Any other reason names those topics itself.
    let missing = group.missing_topics.iter().filter(|_| fine).map(|topic| format!("topic {topic} does not exist"));
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    reason.into_iter().chain(group.gaps.iter().cloned()).chain(missing).collect::<Vec<_>>().join("; ")
}

fn row(group: &GroupEntry<'_>) -> Vec<Cell> {
    vec![
        Cell::left(&shown(&group.group)),
        Cell::left(group.status.word()).coloured(colour(group.status)),
        Cell::right(&total(group)),
        Cell::right(&group.behind().unwrap_or_else(|| UNKNOWN.to_owned())),
        Cell::right(&count(group.members.map(|all| all as u64))),
        Cell::left(group.state.as_deref().unwrap_or(UNKNOWN)),
    ]
}

/// The total lag of a group, and whether it may be more or less.
pub(crate) fn total(group: &GroupEntry<'_>) -> String {
    group.total_lag.map_or_else(|| UNKNOWN.to_owned(), |lag| format!("{}{}", group.bound(), grouped(lag)))
}

/// From here on the reason has its own column.
const WIDE: usize = 130;
