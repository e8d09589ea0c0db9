//! A report for people: the dashboard's widget, and a page of its own.
//!
//! Pure: the input is a report's JSON, so any saved report can become a page. There is no script, and all text from
//! outside is escaped ([`markup::Html`]).

use std::collections::BTreeMap;

mod figures;
mod groups;
pub(crate) mod markup;
mod members;
mod partitions;
pub(crate) mod sparkline;
mod summary;

use crate::event::widget::{Asked, Theme, Widget};
use crate::report::{GroupEntry, Report};
use markup::Html;
pub use sparkline::Series;

/// What a dashboard's custom widget shows: every group, or one group's partitions.
///
/// `lags` has the recent past of a group's largest lag, by the group's name; a group without one has no sparkline.
#[must_use]
pub fn widget(report: &Report<'_>, lags: &BTreeMap<String, Series>, widget: &Widget) -> String {
    let context = &widget.context;
    let mut html = Html::default();
    // Without this element, CloudWatch's own style sheet applies (AWS, custom widgets, default CSS styling).
    html.raw("<div class=\"cwdb-no-default-styles\"></div>");
    html.raw("<style>").raw(STYLE).raw("</style><div class=\"mk ");
    html.raw(match context.theme {
        Theme::Light => "mk-light",
        Theme::Dark => "mk-dark",
    });
    html.raw(match context.width {
        ..NARROW => " mk-narrow\">",
        NARROW..WIDE => " mk-medium\">",
        WIDE.. => "\">",
    });
    match &widget.asked {
        Asked::Partitions(name) => match report.groups.iter().find(|group| group.group == *name) {
            Some(group) => partitions::alone(group, lags.get(name), &mut html),
            None => {
                html.raw("<p class=\"mk-empty\">The report has no group ").name(name).raw(".</p>");
            }
        },
        Asked::Describe | Asked::Groups(_) => {
            summary::draw(report, &mut html);
            let trend = !lags.is_empty();
            let row = |row: &GroupEntry<'_>, html: &mut Html| {
                groups::linked(row, trend, lags.get(&*row.group), context, html);
            };
            groups::table(report, trend, row, &mut html);
        }
    }
    html.raw("</div>");
    html.finish()
}

/// The groups that [`widget`] draws with a line each.
pub(crate) fn drawn<'a>(report: &'a Report<'_>, asked: &Asked) -> Vec<&'a str> {
    let names = report.groups.iter().map(|group| &*group.group);
    match asked {
        Asked::Partitions(name) => names.filter(|group| group == name).collect(),
        Asked::Describe | Asked::Groups(_) => names.take(groups::GROUPS_SHOWN).collect(),
    }
}

/// A page of its own, which follows the reader's light or dark theme; a group opens to show its partitions.
#[must_use]
pub fn page(report: &Report<'_>) -> String {
    let mut html = Html::default();
    html.raw(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>",
    );
    html.text(report.status.word()).raw(" · ").text(&report.cluster);
    html.raw("</title><style>").raw(STYLE).raw("</style></head><body class=\"mk mk-page\"><main>");
    summary::draw(report, &mut html);
    groups::table(report, false, groups::folded, &mut html);
    html.raw("</main></body></html>\n");
    html.finish()
}

/// The widget's documentation, as Markdown (AWS, custom widgets, `describe`).
pub const DESCRIPTION: &str = include_str!("describe.md");

/// Pixels below which only a group's status, name and lag are shown.
const NARROW: u32 = 480;
/// Pixels from which every column is shown.
const WIDE: u32 = 860;

const STYLE: &str = include_str!("style.css");
