//! The table of groups, the worst first.

use super::figures::{self, pill, tone};
use super::markup::Html;
use super::sparkline::{self, Series};
use super::{members, partitions};
use crate::base::figures::grouped;
use crate::event::widget::Context;
use crate::judge::verdict::Verdict;
use crate::report::{GroupEntry, Report};

/// Draws the table, with a column for trends if there are any; `row` draws the rows of one group.
pub(crate) fn table(report: &Report<'_>, trend: bool, row: impl Fn(&GroupEntry<'_>, &mut Html), html: &mut Html) {
    if report.groups.is_empty() {
        html.raw("<p class=\"mk-empty\">").text(report.without_groups()).raw("</p>");
        return;
    }
    html.raw(
        "<table class=\"mk-groups\"><thead><tr><th>Status</th><th class=\"mk-wide-cell\">Group</th>\
         <th class=\"mk-number\">Lag</th><th class=\"mk-number mk-c-age\">Behind</th>",
    );
    if trend {
        html.raw("<th class=\"mk-c-trend\">Trend</th>");
    }
    html.raw("<th class=\"mk-number mk-c-members\">Members</th></tr></thead><tbody>");
    for group in report.groups.iter().take(GROUPS_SHOWN) {
        row(group, html);
    }
    html.raw("</tbody></table>");
    let cut = report.cut.map_or(0, |cut| cut.groups);
    let hidden = report.groups.len().saturating_sub(GROUPS_SHOWN).saturating_add(cut);
    if hidden > 0 {
        html.raw("<p class=\"mk-more\">and ")
            .text(&grouped(hidden as u64).to_string())
            .raw(" more, none of them worse</p>");
    }
}

/// A row whose name opens the group's partitions by a click that calls this function again.
pub(crate) fn linked(group: &GroupEntry<'_>, trend: bool, lags: Option<&Series>, context: &Context, html: &mut Html) {
    start(group.status, html);
    if context.endpoint.is_empty() {
        html.raw("<span class=\"mk-name\">").name(&group.group).raw("</span>");
    } else {
        html.raw("<a class=\"mk-name mk-link\">").name(&group.group).raw("</a>");
        html.raw("<cwdb-action action=\"call\" display=\"popup\" event=\"click\" endpoint=\"").text(&context.endpoint);
        html.raw("\">").text(&serde_json::json!({ "group": group.group }).to_string()).raw("</cwdb-action>");
    }
    rest(group, trend, lags, html);
}

/// A row whose reason opens the group's partitions in place.
pub(crate) fn folded(group: &GroupEntry<'_>, html: &mut Html) {
    start(group.status, html);
    html.raw("<span class=\"mk-name\">").name(&group.group).raw("</span>");
    rest(group, false, None, html);
    if !group.partitions.is_empty() {
        html.raw("<tr class=\"mk-unfold\"><td></td><td colspan=\"4\"><details><summary>");
        listed(group, html);
        html.raw("</summary>");
        partitions::table(group, html);
        members::tables(group, html);
        html.raw("</details></td></tr>");
    }
}

/// Which partitions unfold: their topics, how many they are, and of how many where not all are listed.
fn listed(group: &GroupEntry<'_>, html: &mut Html) {
    let listed = group.partitions.len();
    let grouped = |number: usize| grouped(number as u64);
    let count = match (listed, group.partition_count.max(listed)) {
        (1, 1) => "1 partition".to_owned(),
        (listed, all) if listed == all => format!("{} partitions", grouped(all)),
        (listed, all) => format!("{} of {} partitions", grouped(listed), grouped(all)),
    };
    let mut topics: Vec<&str> = group.partitions.iter().map(|partition| &*partition.topic).collect();
    topics.sort_unstable();
    topics.dedup();
    for (number, topic) in topics.iter().take(TOPICS_NAMED).enumerate() {
        html.text(if number > 0 { ", " } else { "" }).name(topic);
    }
    if let Some(more) = topics.len().checked_sub(TOPICS_NAMED).filter(|more| *more > 0) {
        html.text(&format!(" and {} more", grouped(more)));
    }
    html.text(": ").text(&count);
}

fn start(status: Verdict, html: &mut Html) {
    html.raw("<tr class=\"").raw(tone(status)).raw("\"><td class=\"mk-c-status\">");
    pill(status, html);
    html.raw("</td><td><div class=\"mk-what\">");
}

fn rest(group: &GroupEntry<'_>, trend: bool, lags: Option<&Series>, html: &mut Html) {
    html.raw("<span class=\"mk-reason\">");
    if let Some(named) = &group.named {
        html.name(named).raw(" · ");
    }
    if let Some(owner) = &group.owner {
        html.raw("<b>").name(owner).raw("</b> · ");
    }
    html.text(&group.reason);
    for gap in &group.gaps {
        html.raw("; ").text(gap);
    }
    if let Some(cause) = group.cause() {
        html.raw("<span class=\"mk-cause\">").text(&cause).raw("</span>");
    }
    if let Some(flow) = group.flow() {
        html.raw(" <span class=\"mk-soft\">").text(&flow).raw("</span>");
    }
    // Where there is no room for the columns.
    html.raw("</span><span class=\"mk-brief\"><span class=\"mk-b-age\">behind\u{a0}");
    figures::age(group.behind().as_deref(), html);
    html.raw("</span><span class=\"mk-b-members\">members\u{a0}");
    figures::count(group.members.map(|all| all as u64), html);
    html.raw("</span></span></div></td><td class=\"mk-number\">");
    html.raw(group.bound());
    figures::count(group.total_lag, html);
    html.raw("</td><td class=\"mk-number mk-c-age\">");
    figures::age(group.behind().as_deref(), html);
    if trend {
        html.raw("</td><td class=\"mk-c-trend\">");
        if let Some(lags) = lags {
            sparkline::draw(lags, html);
        }
    }
    html.raw("</td><td class=\"mk-number mk-c-members\">");
    figures::count(group.members.map(|all| all as u64), html);
    html.raw("</td></tr>");
}

/// Topics that the line which unfolds a group names.
const TOPICS_NAMED: usize = 3;
/// Rows of a table; a widget has no room for more, and no reader either.
pub(super) const GROUPS_SHOWN: usize = 200;
