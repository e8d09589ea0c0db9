//! A status, as a word and as a colour.

use super::markup::Html;
use crate::verdict::Verdict;

/// The status as a word on its colour.
pub(super) fn pill(status: Verdict, html: &mut Html) {
    html.raw("<span class=\"mk-pill ").raw(tone(status)).raw("\">").text(status.word()).raw("</span>");
}

/// The class that brings the colours of a status.
pub(super) fn tone(status: Verdict) -> &'static str {
    match status {
        Verdict::Ok => "mk-ok",
        Verdict::Warn => "mk-warn",
        Verdict::Err | Verdict::Stop | Verdict::Stall | Verdict::Rewind => "mk-err",
        Verdict::Unknown | Verdict::NotFound => "mk-none",
    }
}
