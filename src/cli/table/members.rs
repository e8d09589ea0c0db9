//! The members of each group, as `kafka-consumer-groups.sh --describe --members` shows them, with their sums; and names alone.

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text, titles};
use super::{UNKNOWN, count};
use crate::base::figures::{grouped, shown};
use crate::base::shown::plain;
use crate::report::{GroupEntry, MemberSum, Report, behind};

/// Draws a line for each member, whose lag is largest first, and one for each host where a group has several.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    let head = titles(&["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "LAG", "BEHIND"]);
    let mut rows = Vec::new();
    let mut hosts = Vec::new();
    for group in &report.groups {
        for member in &group.by_member {
            let names = [&*group.group, &member.member_id, &member.member_host, &member.member];
            rows.push(names.map(|name| Cell::left(&shown(name))).into_iter().chain(sums(&member.sum)).collect());
        }
        for host in group.by_host.iter().filter(|_| group.by_host.len() > 1) {
            let names = [&*group.group, &host.member_host].map(|name| Cell::left(&shown(name)));
            let members = Cell::right(&grouped(host.members as u64).to_string());
            hosts.push(names.into_iter().chain([members]).chain(sums(&host.sum)).collect());
        }
    }
    let grid = Grid { head: vec![head], rows, may_shrink: &[0, 1, 2, 3], narrowest: NARROWEST, gutter: GUTTER };
    text.rows(&grid, |_| None);
    if !hosts.is_empty() {
        text.gap();
        let head = titles(&["GROUP", "HOST", "#MEMBERS", "#PARTITIONS", "LAG", "BEHIND"]);
        let grid = Grid { head: vec![head], rows: hosts, may_shrink: &[0, 1], narrowest: NARROWEST, gutter: GUTTER };
        text.rows(&grid, |_| None);
    }
}

fn sums(sum: &MemberSum) -> [Cell; 3] {
    let bound = if sum.lag_at_least && sum.lag.is_some() { "≥ " } else { "" };
    [
        Cell::right(&count(sum.partitions.map(|all| all as u64))),
        Cell::right(&format!("{bound}{}", count(sum.lag))),
        Cell::right(&behind(sum.lag_seconds, None).unwrap_or_else(|| UNKNOWN.to_owned())),
    ]
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
