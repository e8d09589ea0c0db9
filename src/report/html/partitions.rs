//! The table of one group's partitions, the worst first.

use super::figures::{self, pill, tone};
use super::markup::Html;
use super::members;
use super::sparkline::{self, Series};
use crate::report::{GroupEntry, PartitionEntry};

/// Draws one group: its own line, then its partitions.
pub(crate) fn alone(group: &GroupEntry<'_>, lags: Option<&Series>, html: &mut Html) {
    html.raw("<header class=\"mk-head\"><span class=\"mk-cluster\">").name(&group.group).raw("</span>");
    pill(group.status, html);
    html.raw("<span class=\"mk-counts\">");
    if !group.kind.is_empty() {
        html.raw("<span>").text(&group.kind).raw("</span>");
    }
    if let Some(state) = &group.state {
        html.raw("<span>").text(state).raw("</span>");
    }
    let noun = if group.partition_count == 1 {
        " partition</span></span></header>"
    } else {
        " partitions</span></span></header>"
    };
    html.raw("<span>").text(&crate::base::figures::grouped(group.partition_count as u64).to_string()).raw(noun);
    html.raw("<p class=\"mk-reason\">").text(&group.reason).raw("</p>");
    if let Some(cause) = group.cause() {
        html.raw("<p class=\"mk-reason\">").text(&cause).raw("</p>");
    }
    if let Some(flow) = group.flow() {
        html.raw("<p class=\"mk-more\">").text(&flow).raw("</p>");
    }
    if let Some(lags) = lags {
        html.raw("<div class=\"").raw(tone(group.status)).raw(" mk-large\">");
        sparkline::draw(lags, html);
        html.raw("</div>");
    }
    if group.partitions.is_empty() {
        html.raw("<p class=\"mk-empty\">The report lists none of its partitions.</p>");
    } else {
        table(group, html);
        members::tables(group, html);
    }
}

/// Draws the table alone.
pub(crate) fn table(group: &GroupEntry<'_>, html: &mut Html) {
    html.raw(
        "<table class=\"mk-partitions\"><thead><tr><th>Status</th><th class=\"mk-wide-cell\">Partition</th>\
         <th class=\"mk-number mk-c-offset\">Committed</th><th class=\"mk-number mk-c-offset\">Log end</th>\
         <th class=\"mk-number\">Lag</th><th class=\"mk-number mk-c-age\">Behind</th>\
         <th class=\"mk-c-members\">Member</th></tr></thead><tbody>",
    );
    for partition in group.worst_partitions().into_iter().take(PARTITIONS_SHOWN) {
        row(partition, html);
    }
    html.raw("</tbody></table>");
    let shown = group.partitions.len().min(PARTITIONS_SHOWN);
    let hidden = group.partition_count.saturating_sub(shown);
    if hidden > 0 {
        html.raw("<p class=\"mk-more\">and ")
            .text(&crate::base::figures::grouped(hidden as u64).to_string())
            .raw(" more, none of them worse</p>");
    }
}

fn row(partition: &PartitionEntry<'_>, html: &mut Html) {
    html.raw("<tr class=\"").raw(tone(partition.status)).raw("\"><td class=\"mk-c-status\">");
    pill(partition.status, html);
    html.raw("</td><td><div class=\"mk-what\"><span class=\"mk-name\">").name(&partition.topic);
    html.raw("/").text(&partition.partition.to_string()).raw("</span><span class=\"mk-reason\">");
    html.text(&partition.reason);
    for finding in &partition.findings {
        html.raw(" <code>").text(finding).raw("</code>");
    }
    // For screens without room for the columns.
    html.raw("</span><span class=\"mk-brief\"><span class=\"mk-b-age\">behind\u{a0}");
    figures::age(partition.behind().as_deref(), html);
    html.raw("</span>");
    if let Some(member) = &partition.member {
        html.raw("<span class=\"mk-b-members\">member\u{a0}").name(member).raw("</span>");
    }
    html.raw("</span></div></td><td class=\"mk-number mk-c-offset\">");
    figures::offset(partition.position(), html);
    html.raw("</td><td class=\"mk-number mk-c-offset\">");
    figures::offset(partition.log_end, html);
    html.raw("</td><td class=\"mk-number\">").raw(partition.bound());
    figures::count(partition.lag, html);
    html.raw("</td><td class=\"mk-number mk-c-age\">");
    figures::age(partition.behind().as_deref(), html);
    html.raw("</td><td class=\"mk-c-members\">");
    match &partition.member {
        Some(member) => html.name(member),
        None => html.raw("<span class=\"mk-soft\" title=\"no member is known\">–</span>"),
    };
    html.raw("</td></tr>");
}

/// Most rows of a table; a popup has no room for more.
const PARTITIONS_SHOWN: usize = 300;
