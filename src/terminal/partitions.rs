//! The partitions of each group, as `kafka-consumer-groups.sh --describe` shows them: its columns in its order, ours after them.

use super::text::{Cell, Text};
use super::{FAINT, UNKNOWN, colour};
use crate::html::Report;
use crate::html::view::{Group, Partition};
use crate::span::span;
use crate::verdict::{Verdict, grouped};

/// Draws a table for each group.
pub(super) fn draw(report: &Report, text: &mut Text) {
    for group in &report.groups {
        text.gap();
        let members = group.members.map_or_else(|| UNKNOWN.to_owned(), grouped);
        let lag = super::groups::total(group);
        let state = group.state.as_deref().unwrap_or(UNKNOWN);
        let title = format!("{}: {}, {state}, members {members}, lag {lag}", group.group, group.status.word());
        text.line(0, &title, Some(colour(group.status)));
        if group.status != Verdict::Ok {
            text.line(0, &group.reason, None);
        }
        for gap in &group.gaps {
            text.line(0, gap, None);
        }
        table(group, text);
    }
}

fn table(group: &Group, text: &mut Text) {
    if group.partitions.is_empty() {
        let none = if group.partition_count == 0 {
            "no partitions"
        } else {
            "its partitions are not listed: --detail all lists them"
        };
        text.line(0, none, Some(FAINT));
        return;
    }
    let mut partitions: Vec<&Partition> = group.partitions.iter().collect();
    partitions.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
    let right = ["PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "BEHIND"];
    let head: Vec<Cell> =
        TITLES.iter().map(|title| if right.contains(title) { Cell::right(title) } else { Cell::left(title) }).collect();
    let rows: Vec<Vec<Cell>> = partitions.iter().map(|partition| row(partition)).collect();
    let below = |number: usize| {
        let partition: &Partition = partitions.get(number)?;
        (partition.status != Verdict::Ok).then(|| partition.reason.clone())
    };
    text.rows(&head, &rows, &[0, 5, 6, 7], below);
}

fn row(partition: &Partition) -> Vec<Cell> {
    // Offsets without groups of digits: people paste them into other tools.
    let offset = |offset: Option<i64>| Cell::right(&offset.map_or_else(|| UNKNOWN.to_owned(), |at| at.to_string()));
    let text = |text: Option<&str>| Cell::left(text.unwrap_or(UNKNOWN));
    vec![
        Cell::left(&partition.topic),
        Cell::right(&partition.partition.to_string()),
        offset(partition.position()),
        offset(partition.log_end),
        Cell::right(&partition.lag.map_or_else(|| UNKNOWN.to_owned(), |lag| format!("{}{lag}", partition.bound()))),
        text(partition.member_id.as_deref()),
        text(partition.member_host.as_deref()),
        text(partition.member.as_deref()),
        Cell::right(&partition.lag_seconds.map_or_else(|| UNKNOWN.to_owned(), span)),
        Cell::left(partition.status.word()).coloured(colour(partition.status)),
        Cell::left(&partition.findings.join(" ")),
    ]
}

const TITLES: [&str; 11] = [
    "TOPIC",
    "PARTITION",
    "CURRENT-OFFSET",
    "LOG-END-OFFSET",
    "LAG",
    "CONSUMER-ID",
    "HOST",
    "CLIENT-ID",
    "BEHIND",
    "STATUS",
    "FINDINGS",
];
