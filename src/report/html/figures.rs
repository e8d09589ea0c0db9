//! Figures in the form for people.

use super::markup::Html;
use crate::base::figures::grouped;
use crate::judge::verdict::Verdict;

/// A number in groups of three digits, or a dash that means that it is not known.
pub(crate) fn count(number: Option<u64>, html: &mut Html) {
    known(number.map(|number| grouped(number).to_string()), html);
}

/// An offset, in groups of three digits like the lag beside it.
pub(crate) fn offset(number: Option<i64>, html: &mut Html) {
    count(number.and_then(|number| u64::try_from(number).ok()), html);
}

/// An age in the one or two largest units, or a dash that means that it is not known; on one line.
pub(crate) fn age(age: Option<&str>, html: &mut Html) {
    known(age.map(|age| age.replace(' ', "\u{a0}")), html);
}

/// A moment of RFC 3339 in UTC, to the minute; any other text unchanged.
pub(crate) fn minute(moment: &str) -> String {
    match (moment.get(..10), moment.get(10..11), moment.get(11..16), moment.ends_with('Z')) {
        (Some(day), Some("T"), Some(time), true) => format!("{day} {time} UTC"),
        _ => moment.to_owned(),
    }
}

fn known(text: Option<String>, html: &mut Html) {
    match text {
        Some(text) => html.text(&text),
        None => html.raw("<span class=\"mk-soft\" title=\"not known\">–</span>"),
    };
}

/// The status as a word on its colour.
pub(crate) fn pill(status: Verdict, html: &mut Html) {
    html.raw("<span class=\"mk-pill ").raw(tone(status)).raw("\">").text(status.word()).raw("</span>");
}

/// The class with the colours of a status.
pub(crate) fn tone(status: Verdict) -> &'static str {
    match status {
        Verdict::Ok => "mk-ok",
        Verdict::Warn => "mk-warn",
        Verdict::Err | Verdict::Stop | Verdict::Stall | Verdict::Rewind => "mk-err",
        Verdict::Unknown | Verdict::NotFound => "mk-none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_to_the_minute() {
        assert_eq!(minute("2026-11-23T01:05:00Z"), "2026-11-23 01:05 UTC");
        assert_eq!(minute("some day"), "some day");
        assert_eq!(minute("ééééééééééééé"), "ééééééééééééé");
    }
}
