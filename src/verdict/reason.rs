//! The sentences behind a verdict, with their figures.

use super::Thresholds;
use super::questions::step_back;
use crate::lag::Assigned;
use crate::memory::{Look, Memory};
use crate::window::Commit;

pub(super) fn silence(look: &Look, memory: Memory, thresholds: &Thresholds) -> String {
    let usually = memory.usual_gap_ms(thresholds).map_or_else(
        || "usual interval not known yet".to_owned(),
        |gap_ms| format!("usually within {}", duration(gap_ms)),
    );
    let reader = match memory.assigned() {
        Assigned::Yes => "a member is assigned",
        Assigned::No => "no member assigned",
        Assigned::Unknown => "not known whether a member is assigned",
    };
    let silent = duration(memory.silent_ms(thresholds));
    let over = if memory.silence_is_at_its_limit() { "over " } else { "" };
    format!("no commit for {over}{silent} ({usually}), {} records behind, {reader}", grouped(look.unread()))
}

pub(super) fn stepped_back(commits: &[Commit]) -> String {
    let at = step_back(commits).unwrap_or(0);
    let (before, after) = (commits[at.saturating_sub(1)].offset, commits[at].offset);
    let back = grouped(before.abs_diff(after));
    format!("the commit went {back} records back, from {before} to {after}, and has not come up again")
}

pub(super) fn grew(commits: &[Commit]) -> String {
    let lag = |commit: Option<&Commit>| grouped(commit.and_then(|commit| commit.lag).unwrap_or(0));
    let (first, last) = (commits.first(), commits.last());
    let count = commits.len().saturating_sub(1);
    let took = last.map_or(0, |last| last.time_ms) - first.map_or(0, |first| first.time_ms);
    let (from, to) = (lag(first), lag(last));
    format!("falls behind, from {from} to {to} records within {count} commits and {}", duration(took))
}

/// In the one or two greatest units, rounded to the nearest.
fn duration(ms: i64) -> String {
    let minutes = (ms + 30_000) / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{} s", ms / 1_000),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        let text = |seconds: i64| duration(seconds * 1_000);
        assert_eq!((text(29).as_str(), text(30).as_str(), text(89).as_str()), ("29 s", "1 min", "1 min"));
        assert_eq!((text(3_600).as_str(), text(3_900).as_str()), ("1 h", "1 h 5 min"));
        assert_eq!((text(86_400).as_str(), text(97_500).as_str()), ("1 d", "1 d 3 h"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!((grouped(999).as_str(), grouped(48_210).as_str()), ("999", "48,210"));
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
