//! The partitions of each group, as `kafka-consumer-groups.sh --describe` shows them: its columns in its order, ours after them.

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text, titles};
use super::{FAINT, UNKNOWN, colour, count, offset};
use crate::base::figures::shown;
use crate::judge::verdict::Verdict;
use crate::report::{GroupEntry, PartitionEntry, Report};

/// Draws a table for each group.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    for group in &report.groups {
        text.gap();
        let members = count(group.members.map(|all| all as u64));
        let lag = super::groups::total(group);
        let state = group.state.as_deref().unwrap_or(UNKNOWN);
        let named = group.named.as_ref().map_or(String::new(), |named| format!(" ({named})"));
        let title =
            format!("{}{named}: {}, {state}, members {members}, lag {lag}", shown(&group.group), group.status.word());
        text.line(0, &title, Some(colour(group.status)));
        let reason = (group.status != Verdict::Ok).then(|| group.reason.to_string());
        for line in reason.into_iter().chain(group.cause()).chain(group.flow()).chain(group.gaps.iter().cloned()) {
            text.line(0, &line, None);
        }
        table(group, text);
    }
}

fn table(group: &GroupEntry<'_>, text: &mut Text) {
    if group.partitions.is_empty() {
        let none = if group.partition_count == 0 {
            "no partitions"
        } else {
            "its partitions are not listed: --detail all lists them"
        };
        text.line(0, none, Some(FAINT));
        return;
    }
    let mut partitions: Vec<&PartitionEntry<'_>> = group.partitions.iter().collect();
    partitions.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
    let rows: Vec<Vec<Cell>> = partitions.iter().map(|partition| row(partition)).collect();
    let wide = Grid {
        head: vec![titles(&TITLES)],
        rows: rows.clone(),
        may_shrink: &[0, 5, 6, 7],
        narrowest: NARROWEST,
        gutter: GUTTER,
    };
    if wide.narrowed(text.width()) <= text.width() {
        let below = |number: usize| {
            let partition: &PartitionEntry<'_> = partitions.get(number)?;
            (partition.status != Verdict::Ok).then(|| partition.reason.clone())
        };
        return text.rows(&wide, below);
    }
    let narrow = Grid {
        head: vec![titles(&ABOVE), titles(&BELOW)],
        rows: rows.into_iter().map(|row| row.into_iter().take(THEIRS).collect()).collect(),
        narrowest: NARROWER,
        gutter: 1,
        ..wide
    };
    text.rows(&narrow, |number| ours(partitions.get(number)?));
}

/// The columns without room, below the row; nothing for a partition that is caught up and OK.
fn ours(partition: &PartitionEntry<'_>) -> Option<String> {
    let mut said = vec![partition.status.word().to_owned()];
    said.extend(partition.behind().filter(|_| partition.lag_seconds > Some(0.0)).map(|age| format!("{age} behind")));
    said.extend(partition.findings.iter().map(ToString::to_string));
    if partition.status != Verdict::Ok {
        return Some(format!("{}: {}", said.join(", "), partition.reason));
    }
    (said.len() > 1).then(|| said.join(", "))
}

fn row(partition: &PartitionEntry<'_>) -> Vec<Cell> {
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
        Cell::right(&partition.behind().unwrap_or_else(|| UNKNOWN.to_owned())),
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
/// The same below each other, for the columns of Kafka's tool.
const ABOVE: [&str; THEIRS] = ["", "", "CURRENT-", "LOG-END-", "", "CONSUMER-", "", "CLIENT-"];
const BELOW: [&str; THEIRS] = ["TOPIC", "PARTITION", "OFFSET", "OFFSET", "LAG", "ID", "HOST", "ID"];
/// Columns of `kafka-consumer-groups.sh --describe`.
const THEIRS: usize = 8;
/// If there is no room, a name of eight characters is better than a line that breaks.
const NARROWER: usize = 8;
