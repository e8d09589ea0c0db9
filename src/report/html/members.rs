//! The table of a group's members, whose lag is largest first, and of their hosts.

use super::figures;
use super::markup::Html;
use crate::base::figures::grouped;
use crate::report::{GroupEntry, MemberSum};

/// Draws both; nothing where the report has no sums.
pub(crate) fn tables(group: &GroupEntry<'_>, html: &mut Html) {
    if group.by_member.is_empty() {
        return;
    }
    head("Member", "Host", html);
    for member in group.by_member.iter().take(MEMBERS_SHOWN) {
        html.raw("<tr><td>").name(&member.member).raw("</td><td>").name(&member.member_host).raw("</td>");
        sums(&member.sum, html);
    }
    html.raw("</tbody></table>");
    let hidden = group.by_member.len().saturating_sub(MEMBERS_SHOWN);
    if hidden > 0 {
        html.raw("<p class=\"mk-more\">and ").text(&grouped(hidden as u64).to_string()).raw(" more members</p>");
    }
    if group.by_host.len() < 2 {
        return;
    }
    head("Host", "Members", html);
    for host in group.by_host.iter().take(MEMBERS_SHOWN) {
        html.raw("<tr><td>").name(&host.member_host).raw("</td><td>");
        html.text(&grouped(host.members as u64).to_string()).raw("</td>");
        sums(&host.sum, html);
    }
    html.raw("</tbody></table>");
}

fn head(first: &str, second: &str, html: &mut Html) {
    html.raw("<table class=\"mk-members\"><thead><tr><th class=\"mk-wide-cell\">")
        .text(first)
        .raw("</th><th>")
        .text(second);
    html.raw(
        "</th><th class=\"mk-number\">Partitions</th><th class=\"mk-number\">Lag</th>\
         <th class=\"mk-number mk-c-age\">Behind</th></tr></thead><tbody>",
    );
}

fn sums(sum: &MemberSum, html: &mut Html) {
    html.raw("<td class=\"mk-number\">");
    figures::count(sum.partitions.map(|all| all as u64), html);
    html.raw("</td><td class=\"mk-number\">").raw(if sum.lag_at_least && sum.lag.is_some() { "≥ " } else { "" });
    figures::count(sum.lag, html);
    html.raw("</td><td class=\"mk-number mk-c-age\">");
    figures::age(crate::report::behind(sum.lag_seconds, None).as_deref(), html);
    html.raw("</td></tr>");
}

/// Rows of each table; a page has no reader for more.
const MEMBERS_SHOWN: usize = 100;
