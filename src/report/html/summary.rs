//! The top: the cluster, its status, how many groups have which status, and what could not be read.

use super::figures::{self, pill};
use super::markup::Html;
use crate::report::Report;

/// Draws the top of a widget or a page.
pub(crate) fn draw(report: &Report<'_>, html: &mut Html) {
    html.raw("<header class=\"mk-head\"><span class=\"mk-cluster\">").name(&report.cluster).raw("</span>");
    pill(report.status, html);
    html.raw("<span class=\"mk-counts\">");
    html.text(&format!("{} {}", report.totals.groups, if report.totals.groups == 1 { "group" } else { "groups" }));
    for (status, count) in report.by_status() {
        html.raw("<span>").text(&format!("{count} {}", status.word())).raw("</span>");
    }
    html.raw("</span><span class=\"mk-when\">snapshot of ").text(&figures::minute(&report.scheduled));
    html.text(&format!(", taken in {} ms", report.duration_ms)).raw("</span></header>");

    if !report.history.enabled && report.watch.is_none() {
        html.raw("<p class=\"mk-more\">").text(WITHOUT_HISTORY).raw("</p>");
    }
    let (cluster, comes_first) = report.cluster_lines();
    if !cluster.is_empty() {
        let class = if comes_first { "mk-trouble" } else { "mk-more" };
        html.raw("<section class=\"").raw(class).raw("\"><strong>The cluster</strong><ul>");
        for line in cluster.iter().take(TROUBLE_SHOWN) {
            html.raw("<li>").text(line).raw("</li>");
        }
        html.raw("</ul></section>");
    }
    let watched = report.watched_lines();
    if !watched.is_empty() {
        html.raw("<section class=\"mk-trouble\"><strong>Watched topics</strong><ul>");
        for (topic, what) in watched.iter().take(TROUBLE_SHOWN) {
            html.raw("<li><b>").name(topic).raw("</b> ").text(what).raw("</li>");
        }
        html.raw("</ul></section>");
    }
    let trouble = report.trouble();
    if !trouble.is_empty() || !report.complete {
        html.raw("<section class=\"mk-trouble\"><strong>Not everything could be read or written.</strong><ul>");
        for (place, what) in trouble.iter().take(TROUBLE_SHOWN) {
            html.raw("<li><b>").name(place).raw("</b> ").text(what).raw("</li>");
        }
        if trouble.len() > TROUBLE_SHOWN {
            html.raw("<li>and ").text(&(trouble.len() - TROUBLE_SHOWN).to_string()).raw(" more, see the report</li>");
        }
        html.raw("</ul></section>");
    }
}

/// What a report without history lacks.
const WITHOUT_HISTORY: &str =
    "History is off, so this report shows lag and findings; verdicts need earlier runs or an objective.";
/// Most problems that are listed, so that there is room for the groups.
const TROUBLE_SHOWN: usize = 6;
