//! The members of each group, as `kafka-consumer-groups.sh --describe --members` shows them, and names alone.

use std::collections::BTreeMap;

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text};
use super::{FAINT, UNKNOWN};
use crate::base::figures::shown;
use crate::base::shown::plain;
use crate::report::{GroupEntry, Report};

/// Draws a line for each member that reads a partition, and how many members read none.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    let titles = ["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"];
    let mut head: Vec<Cell> = titles.iter().map(|title| Cell::left(title)).collect();
    head[4] = Cell::right(titles[4]);
    let mut rows = Vec::new();
    let mut idle = Vec::new();
    for group in &report.groups {
        let members = members(group);
        if let Some(others @ 1..) = group.members.map(|all| all.saturating_sub(members.len())) {
            idle.push(format!("{}: {others} of its members read no partition", shown(&group.group)));
        }
        rows.extend(members.into_iter().map(|((id, host, client), partitions)| {
            let name = |name: Option<&str>| Cell::left(name.unwrap_or(UNKNOWN));
            vec![
                Cell::left(&shown(&group.group)),
                name(Some(id)),
                name(host),
                name(client),
                Cell::right(&partitions.to_string()),
            ]
        }));
    }
    let grid = Grid { head: vec![head], rows, may_shrink: &[0, 1, 2, 3], narrowest: NARROWEST, gutter: GUTTER };
    text.rows(&grid, |_| None);
    for line in idle {
        text.line(0, &line, Some(FAINT));
    }
}

/// A member's id, host and client id.
type Member<'r> = (&'r str, Option<&'r str>, Option<&'r str>);

fn members<'r>(group: &'r GroupEntry<'_>) -> BTreeMap<Member<'r>, usize> {
    let mut members = BTreeMap::new();
    for partition in &group.partitions {
        if let Some(id) = partition.member_id.as_deref() {
            let member = (id, partition.member_host.as_deref(), partition.member.as_deref());
            *members.entry(member).or_default() += 1;
        }
    }
    members
}

/// The names of the groups, one a line, with their states where they are asked for.
#[must_use]
pub fn names(report: &Report<'_>, state: bool) -> String {
    let mut names: Vec<&GroupEntry<'_>> = report.groups.iter().collect();
    names.sort_by(|one, other| one.group.cmp(&other.group));
    let line = |group: &&GroupEntry<'_>| {
        let name = plain(&shown(&group.group));
        if state { format!("{name}\t{}\n", group.state.as_deref().unwrap_or(UNKNOWN)) } else { format!("{name}\n") }
    };
    names.iter().map(line).collect()
}
