//! What could not be read, and the sentence that closes a table.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::colour;
use super::text::Text;
use crate::base::figures::grouped;
use crate::judge::verdict::Verdict;
use crate::report::Report;

/// Draws both.
pub(crate) fn draw(report: &Report<'_>, text: &mut Text) {
    let trouble = report.trouble();
    if !trouble.is_empty() {
        text.gap();
        text.line(0, "Not everything could be read or written:", Some(colour(Verdict::Unknown)));
        // The same of many places is said once.
        let mut told: Vec<(&str, Vec<Cow<'_, str>>)> = Vec::new();
        for (place, what) in trouble {
            match told.iter_mut().find(|(known, _)| *known == what) {
                Some((_, places)) => places.push(place),
                None => told.push((what, vec![place])),
            }
        }
        for (what, places) in told {
            let more = places.len().saturating_sub(PLACES);
            let mut place = places[..places.len() - more].join(", ");
            if more > 0 {
                let _ = write!(place, " and {} more", grouped(more as u64));
            }
            text.line(2, &format!("{place}: {what}"), None);
        }
    }
    text.gap();
    text.line(0, &closing(report), Some(super::BOLD));
}

/// How many groups need a look, and what the table does not tell.
fn closing(report: &Report<'_>) -> String {
    let cut = report.cut.map_or(0, |cut| cut.groups);
    let all = (report.groups.len() + cut) as u64;
    let bad = report.groups.iter().filter(|group| group.status != Verdict::Ok).count();
    let groups = if all == 1 { "group" } else { "groups" };
    let needs = if bad == 1 { "needs" } else { "need" };
    let mut sentence = match bad as u64 {
        0 if all == 0 && !report.complete => "no group could be read".to_owned(),
        0 if all == 0 => "there is no group".to_owned(),
        0 => format!("{} {groups}, none of them needs a look", grouped(all)),
        bad => format!("{} of {} {groups} {needs} a look", grouped(bad), grouped(all)),
    };
    if cut > 0 {
        let _ = write!(sentence, "; {} are not listed, none of them worse", grouped(cut as u64));
    }
    if !report.history.enabled {
        sentence.push_str("; history is off, so only lag is told");
        if let Some(advice) = &report.history.advice {
            let _ = write!(sentence, ": {advice}");
        }
    }
    if let Some(seconds) = report.groups.iter().filter_map(|group| group.warming_up_seconds).max() {
        let minutes = (seconds + 59) / 60;
        let _ = write!(sentence, "; too early to tell of all, for {minutes} min more");
    }
    sentence
}

/// Places that are named for one trouble.
const PLACES: usize = 4;
