//! The manual, as `--help` prints it and as a page for `man`.

use std::fmt::Write as _;

use super::table::wrapped;
use crate::cli::options::OPTIONS;
use crate::config::variables::VARIABLES;
use crate::kafka::protocol::releases;

/// What `--help` prints; no line has more than 80 columns.
#[must_use]
pub fn help() -> String {
    let mut text = format!(
        "meerkat {}: {NAME}\n\nUsage: meerkat [OPTIONS] [GROUP... | EVENT]\n       meerkat completions bash|zsh|fish\n\nExamples:\n",
        env!("CARGO_PKG_VERSION")
    );
    for (command, meaning) in EXAMPLES {
        let _ = writeln!(text, "  {command}");
        paragraph(&mut text, INDENT, meaning);
    }
    text.push_str("\nOptions:\n");
    for option in OPTIONS {
        row(&mut text, &option.spelled(), option.meaning);
    }
    text.push('\n');
    for sentence in ABOUT {
        paragraph(&mut text, 0, sentence);
    }
    text.push_str("\nExit codes:\n");
    for (code, meaning) in CODES {
        let _ = writeln!(text, "  {code}  {meaning}");
    }
    text.push_str("\nEvents:\n");
    for (event, meaning) in EVENTS {
        row(&mut text, event, meaning);
    }
    text.push_str("\nVariables:\n");
    for variable in &*VARIABLES {
        let default = variable.default.map(|default| format!(" [{default}]")).unwrap_or_default();
        let _ = writeln!(text, "  {}", variable.name);
        paragraph(&mut text, INDENT, &format!("{}{default}", variable.meaning));
    }
    text
}

/// What `--version` prints.
#[must_use]
pub fn version() -> String {
    format!("meerkat {}, tested with Kafka up to {}\n", env!("CARGO_PKG_VERSION"), releases::newest())
}

/// A term and its meaning beside it, or below it if there is no room.
fn row(text: &mut String, term: &str, meaning: &str) {
    let mut lines = wrapped(meaning, WIDTH - COLUMN).into_iter();
    if term.chars().count() + 4 > COLUMN {
        let _ = writeln!(text, "  {term}");
    } else {
        let width = COLUMN - 2;
        let _ = writeln!(text, "  {term:width$}{}", lines.next().unwrap_or_default());
    }
    for line in lines {
        let _ = writeln!(text, "{:COLUMN$}{line}", "");
    }
}

fn paragraph(text: &mut String, indent: usize, sentence: &str) {
    for line in wrapped(sentence, WIDTH - indent) {
        let _ = writeln!(text, "{:indent$}{line}", "");
    }
}

/// What `--man` prints: a page in the language of man(7).
#[must_use]
pub fn man() -> String {
    let mut page = format!(
        ".TH MEERKAT 1 \"\" \"meerkat {}\"\n.SH NAME\nmeerkat \\- {}\n.SH SYNOPSIS\n.B meerkat\n[OPTIONS] [GROUP... | EVENT]\n.br\n.B meerkat completions\nbash|zsh|fish\n.SH DESCRIPTION\n",
        env!("CARGO_PKG_VERSION"),
        escaped(NAME),
    );
    for sentence in ABOUT {
        let _ = writeln!(page, "{}", escaped(sentence));
    }
    page.push_str(".SH OPTIONS\n");
    for option in OPTIONS {
        terms(&mut page, option.spelled().trim(), option.meaning);
    }
    page.push_str(".SH EXAMPLES\n");
    for (command, meaning) in EXAMPLES {
        terms(&mut page, command, meaning);
    }
    page.push_str(".SH EVENTS\n");
    for (event, meaning) in EVENTS {
        terms(&mut page, event, meaning);
    }
    page.push_str(".SH EXIT STATUS\n");
    for (code, meaning) in CODES {
        terms(&mut page, &code.to_string(), meaning);
    }
    page.push_str(".SH ENVIRONMENT\n");
    for variable in &*VARIABLES {
        let default = variable.default.map(|default| format!(" [{default}]")).unwrap_or_default();
        terms(&mut page, variable.name, &format!("{}{default}", variable.meaning));
    }
    page
}

fn terms(page: &mut String, term: &str, meaning: &str) {
    let _ = writeln!(page, ".TP\n.B {}\n{}", escaped(term), escaped(meaning));
}

/// Text with the requests and escapes of roff removed; the page needs only a handful of them, and generators of whole
/// pages (`clap_mangen`) know the options of their own parser only.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq");
    let guarded = |line: &str| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() };
    text.lines().map(guarded).collect::<Vec<_>>().join("\n")
}

const NAME: &str = "which Kafka consumer groups are in trouble, and why";

const ABOUT: [&str; 5] = [
    "On a terminal the report is a table, elsewhere one line of JSON.",
    "From a terminal, and whenever groups or topics are selected, a run writes nothing unless --publish is given.",
    "EVENT is a file with an event in JSON; without options the event comes from standard input, and an empty event checks every group.",
    "An option overrides its variable, a variable overrides the file of --command-config.",
    "In AWS Lambda the same program answers invocations.",
];

const EXAMPLES: [(&str, &str); 4] = [
    (
        "meerkat -b b-1:9094 --command-config client.properties --all-groups --watch",
        "every group with its rates; a verdict for each after three snapshots",
    ),
    ("meerkat -b b-1:9094 --command-config client.properties orders-svc", "one group and its partitions"),
    ("meerkat --all-groups --only-problems -q", "for cron: print nothing when every group is OK"),
    ("meerkat --preflight", "what works, what does not, and how to fix it"),
];

const EVENTS: [(&str, &str); 7] = [
    ("{}", "check every group"),
    (r#"{"groups": ["orders-svc"]}"#, "check these groups"),
    (r#"{"detail": "all"}"#, "list every partition (groups, problems, all)"),
    (r#"{"format": "burrow", "view": "lag"}"#, "answer in the shape of Burrow's HTTP API (view: status, lag)"),
    (r#"{"mode": "preflight"}"#, r#"as --preflight; with "against": "4.4" as --against"#),
    (r#"{"scheduled": "2026-11-23T01:05:00Z"}"#, "the minute of the schedule that this run belongs to"),
    ("an EventBridge rule's or Scheduler's", "the same keys in its detail"),
];

const CODES: [(u8, &str); 5] = [
    (0, "OK; with --output openmetrics: the numbers were printed"),
    (1, "WARN"),
    (2, "ERR"),
    (3, "UNKNOWN or NOTFOUND"),
    (4, "the run itself failed; the reason is on standard error"),
];

/// Columns of a terminal of the usual width.
const WIDTH: usize = 80;
/// The column where meanings begin.
const COLUMN: usize = 36;
/// The column where they begin below a long term.
const INDENT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_help_is_wider_than_a_terminal() {
        let help = help();
        let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(wide, [""; 0]);
    }

    #[test]
    fn both_manuals_name_every_option_and_variable() {
        let (help, page) = (help(), man().replace("\\-", "-"));
        for name in OPTIONS.iter().map(|option| option.long).chain(VARIABLES.iter().map(|variable| variable.name)) {
            assert!(help.contains(name) && page.contains(name), "{name}");
        }
        assert!(!page.lines().any(|line| line.starts_with('\'')));
    }
}
