//! The lines as a table for a terminal.

use std::fmt::Write as _;

use super::{Line, Preflight};

/// Section by section, with the advice below each line that needs it.
pub(super) fn table(preflight: &Preflight) -> String {
    let Preflight { cluster, build, tested_up_to, status, lines, .. } = preflight;
    let subjects = lines.iter().map(|line| line.subject.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    let cluster = cluster.as_deref().map_or(String::new(), |name| format!(", cluster {name}"));
    let _ = writeln!(text, "meerkat {build}, tested with Kafka up to {tested_up_to}{cluster}: {}", status.word());
    let mut section = "";
    let mut advised = None;
    for Line { section: of, subject, status, found, todo } in lines {
        if of != section {
            section = of;
            let _ = writeln!(text, "\n{section}");
        }
        let gap = subjects - subject.chars().count();
        let _ = writeln!(text, "  {subject}{:gap$}  {:STATUS$}  {found}", "", status.word());
        if let Some(todo) = todo {
            // The same is said once.
            let told = if advised == Some(todo) { "the same" } else { todo };
            let _ = writeln!(text, "  {:subjects$}  {:STATUS$}  → {told}", "", "");
            advised = Some(todo);
        }
    }
    text
}

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
}
