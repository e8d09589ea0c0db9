//! The lines as a table for a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{Line, Preflight};
use crate::base::shown::{blanks, cut, plain};

/// Section by section, with the advice below each line that needs it.
pub(super) fn table(preflight: &Preflight) -> String {
    let Preflight { cluster, build, tested_up_to, status, lines, .. } = preflight;
    let shown = |text: &str| cut(&plain(text), LONGEST);
    let subjects = lines.iter().map(|line| shown(&line.subject).width()).max().unwrap_or_default().min(WIDEST);
    let mut text = String::new();
    let cluster = cluster.as_deref().map_or(String::new(), |name| format!(", cluster {}", shown(name)));
    let _ = writeln!(text, "meerkat {build}, tested with Kafka up to {tested_up_to}{cluster}: {}", status.word());
    let mut section = "";
    let mut advised = None;
    for Line { section: of, subject, status, found, todo } in lines {
        if of != section {
            section = of;
            let _ = writeln!(text, "\n{}", shown(section));
        }
        let (subject, found) = (shown(subject), shown(found));
        let gap = blanks(subjects, &subject);
        let _ = writeln!(text, "  {subject}{gap}  {:STATUS$}  {found}", status.word());
        if let Some(todo) = todo {
            // Repeated advice is printed once.
            let advice = match plain(todo) {
                _ if advised == Some(todo) => String::from("the same"),
                // Half a command would do something else.
                long if long.chars().count() > LONGEST_ADVICE => {
                    String::from("--json has the advice, which is too long for here")
                }
                advice => advice,
            };
            let _ = writeln!(text, "  {}  {:STATUS$}  → {advice}", blanks(subjects, ""), "");
            advised = Some(todo);
        }
    }
    text
}

/// Columns of the widest subject.
const WIDEST: usize = 60;
/// Characters of a text that are shown.
const LONGEST: usize = 1_000;
/// Characters of a command that are shown.
const LONGEST_ADVICE: usize = 4_000;

/// Characters of the longest status.
const STATUS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_below_their_section_with_their_advice() {
        let lines = vec![
            Line::works("broker 1", "TLS", "fine"),
            Line::fails("broker 1", "certificate", "expired", "renew it"),
            Line::fails("broker 2", "certificate", "expired", "renew it"),
            Line::unknown("CloudWatch", "clock", "not compared"),
        ];
        let text = table(&Preflight::new(Some("prod".into()), Vec::new(), lines));
        let expected = "
broker 1
  TLS          works            fine
  certificate  does not work    expired
                                → renew it

broker 2
  certificate  does not work    expired
                                → the same

CloudWatch
  clock        unknown          not compared
";
        let (head, rest) = text.split_once('\n').unwrap_or_default();
        assert!(head.ends_with(", cluster prod: does not work"), "{head}");
        assert_eq!(rest, expected);
    }

    #[test]
    fn no_name_moves_the_cursor_or_fills_the_screen() {
        let hostile = format!("\x1b]0;owned\x07\u{202e}\r{}", "x".repeat(70_000));
        let lines =
            vec![Line::fails(&hostile, &hostile, &*hostile, &*hostile), Line::works("s", "\u{2764}\u{fe0f}", "short")];
        let text = table(&Preflight::new(Some(hostile.clone()), Vec::new(), lines));
        assert!(text.lines().count() < 10 && text.len() < 10_000, "{} bytes", text.len());
        assert!(!text.contains(['\x1b', '\x07', '\r', '\u{202e}']), "{text:?}");
        assert!(text.contains("--json has the advice"), "{text}");
    }

    mod fuzz {
        include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fuzz.rs"));
    }

    #[test]
    fn any_names_make_a_table() {
        fuzz::each(2_000, |choice| {
            let mut name = || choice.text(fuzz::HOSTILE, 10);
            let lines = vec![Line::fails(&name(), &name(), name(), name()), Line::works(&name(), &name(), name())];
            let text = table(&Preflight::new(Some(name()), Vec::new(), lines));
            assert!(!text.contains(['\x1b', '\r', '\u{202e}', '\0', '\u{9b}']), "{text:?}");
        });
    }
}
