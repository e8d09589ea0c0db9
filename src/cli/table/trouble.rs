//! What could not be read, and the sentence at the end of a table.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::colour;
use super::text::Text;
use crate::base::figures::{grouped, seconds, shown, whole};
use crate::judge::verdict::Verdict;
use crate::model::snapshot::OTHER_TOPICS;
use crate::report::{Report, Totals};

/// What is wrong with the cluster itself.
pub(crate) fn cluster(lines: &[&str], text: &mut Text) {
    listed("The cluster:", Verdict::Warn, lines.iter().map(ToString::to_string), text);
}

/// The watched topics that are not OK.
pub(crate) fn watched(report: &Report<'_>, text: &mut Text) {
    let lines = report.watched_lines().into_iter().map(|(topic, what)| format!("{} {what}", shown(topic)));
    listed("Watched topics:", Verdict::Warn, lines, text);
}

/// Lines below a title in the colour of a verdict; nothing where there is no line.
fn listed(title: &str, as_verdict: Verdict, lines: impl Iterator<Item = String>, text: &mut Text) {
    for (at, line) in lines.enumerate() {
        if at == 0 {
            text.gap();
            text.line(0, title, Some(colour(as_verdict)));
        }
        text.line(2, &line, None);
    }
}

/// What could not be read or written, and the sentence at the end.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    // The same problem of many places is printed once.
    let mut problems: Vec<(&str, Vec<Cow<'_, str>>)> = Vec::new();
    for (place, what) in report.trouble() {
        match problems.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) => places.push(place),
            None => problems.push((what, vec![place])),
        }
    }
    let lines = problems.into_iter().map(|(what, places)| {
        let more = places.len().saturating_sub(PLACES);
        let mut place = places[..places.len() - more].join(", ");
        if more > 0 {
            let _ = write!(place, " and {} more", grouped(more as u64));
        }
        format!("{place}: {what}")
    });
    listed("Not everything could be read or written:", Verdict::Unknown, lines, text);
    text.gap();
    text.line(0, &closing(report), Some(super::BOLD));
}

/// How many groups need attention, and what the table does not show.
fn closing(report: &Report<'_>) -> String {
    let Totals { groups: all, by_status, .. } = &report.totals;
    let bad = all - by_status.get(Verdict::Ok.word()).copied().unwrap_or_default();
    let number = |number: usize| grouped(number as u64);
    let groups = if *all == 1 { "group" } else { "groups" };
    let mut text = match bad {
        0 if *all == 0 && !report.complete => "No group could be checked.".to_owned(),
        0 if *all == 0 => "There is no group.".to_owned(),
        0 => format!("{} {groups}, none of them needs attention.", number(*all)),
        1 => format!("1 of {} {groups} needs attention.", number(*all)),
        bad => format!("{} of {} {groups} need attention.", number(bad), number(*all)),
    };
    let hidden = all.saturating_sub(report.groups.len());
    if hidden > 0 {
        let _ = match report.cut {
            Some(_) => write!(text, " {} are not listed, none of them is worse.", number(hidden)),
            None => write!(text, " {} are not listed.", number(hidden)),
        };
    }
    for (what, groups) in report.left_out.iter().filter(|(what, _)| *what == OTHER_TOPICS) {
        let _ = write!(text, " {} read {what} only and are left out.", number(*groups));
    }
    if let Some(watch) = &report.watch {
        let _ = write!(text, " Snapshot {}, one every {}.", watch.snapshots, whole(watch.every_s));
    } else if !report.history.enabled {
        text.push_str(" Without history meerkat reports lag only");
        let _ = match &report.history.advice {
            Some(advice) => write!(text, ": {advice}."),
            None => write!(text, "."),
        };
    }
    if let Some(left) = report.groups.iter().filter_map(|group| group.warming_up_seconds).max() {
        let _ = write!(text, " Verdicts of all groups need {} more.", seconds(left.unsigned_abs()));
    }
    text
}

/// How many places are named for one problem.
const PLACES: usize = 4;
