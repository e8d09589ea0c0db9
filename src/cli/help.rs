//! The manual, as `--help` prints it and as a page for `man`.

use std::fmt::Write as _;

use crate::config::variables::{self, VARIABLES};

use crate::cli::options::OPTIONS;

/// What `--help` prints.
#[must_use]
pub fn help() -> String {
    let mut text = format!(
        "meerkat {}: {NAME}\n\nUsage: meerkat [OPTIONS] [EVENT]\n       meerkat completions bash|zsh|fish\n\n{ABOUT}\n\nOptions:\n",
        env!("CARGO_PKG_VERSION")
    );
    let width = OPTIONS.iter().map(|option| option.spelled().len()).max().unwrap_or_default();
    for option in OPTIONS {
        let _ = writeln!(text, "  {:width$}  {}", option.spelled(), option.meaning);
    }
    text.push_str("\nEvents:\n");
    let width = EVENTS.iter().map(|(event, _)| event.len()).max().unwrap_or_default();
    for (event, meaning) in EVENTS {
        let _ = writeln!(text, "  {event:width$}  {meaning}");
    }
    text.push_str("\nExit codes:\n");
    for (code, meaning) in CODES {
        let _ = writeln!(text, "  {code}  {meaning}");
    }
    let _ = write!(text, "\nVariables:\n{}", variables::help());
    text
}

/// What `--man` prints: a page in the language of man(7).
#[must_use]
pub fn man() -> String {
    let mut page = format!(
        ".TH MEERKAT 1 \"\" \"meerkat {}\"\n.SH NAME\nmeerkat \\- {}\n.SH SYNOPSIS\n.B meerkat\n[OPTIONS] [EVENT]\n.br\n.B meerkat completions\nbash|zsh|fish\n.SH DESCRIPTION\n{}\n.SH OPTIONS\n",
        env!("CARGO_PKG_VERSION"),
        escaped(NAME),
        escaped(ABOUT)
    );
    for option in OPTIONS {
        let _ = writeln!(page, ".TP\n.B {}\n{}", escaped(option.spelled().trim()), escaped(option.meaning));
    }
    page.push_str(".SH EVENTS\n");
    for (event, meaning) in EVENTS {
        let _ = writeln!(page, ".TP\n.B {}\n{}", escaped(event), escaped(meaning));
    }
    page.push_str(".SH EXIT STATUS\n");
    for (code, meaning) in CODES {
        let _ = writeln!(page, ".TP\n.B {code}\n{}", escaped(meaning));
    }
    page.push_str(".SH ENVIRONMENT\n");
    for variable in &*VARIABLES {
        let default = variable.default.map(|default| format!(" [{default}]")).unwrap_or_default();
        let _ = writeln!(page, ".TP\n.B {}\n{}", variable.name, escaped(&format!("{}{default}", variable.meaning)));
    }
    page
}

/// Text in which nothing is a request or an escape of roff, of which the page takes a handful; what makes whole pages (`clap_mangen`)
/// knows the options of its own parser alone.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq");
    let guarded = |line: &str| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() };
    text.lines().map(guarded).collect::<Vec<_>>().join("\n")
}

const NAME: &str = "one look at a Kafka cluster, every consumer group judged";

const ABOUT: &str = "\
On a terminal the report is a table, else one line of JSON.
EVENT is a file with an event; without it, or with -, the event comes from standard input. An empty event is a plain check.
An argument counts before its variable, a variable before the file of --command-config.
In AWS Lambda the same binary answers invocations.";

const EVENTS: [(&str, &str); 7] = [
    ("{}", "look at every group"),
    (r#"{"groups": ["orders-svc"]}"#, "look at these groups"),
    (r#"{"detail": "all"}"#, "list every partition (groups, problems, all)"),
    (r#"{"format": "burrow", "view": "lag"}"#, "answer in the shape of Burrow's HTTP API (view: status, lag)"),
    (r#"{"mode": "preflight"}"#, r#"as --preflight; with "against": "4.4" as --against"#),
    (r#"{"scheduled": "2026-11-23T01:05:00Z"}"#, "the minute that this run stands for"),
    ("an EventBridge rule's or Scheduler's", "the same keys in its detail"),
];

const CODES: [(u8, &str); 4] = [
    (0, "OK, or the numbers that --format openmetrics asks for"),
    (1, "WARN"),
    (2, "ERR"),
    (3, "UNKNOWN, NOTFOUND, or the run failed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_columns_stands_under_each_other() {
        let help = help();
        let lines = help.lines().skip_while(|line| *line != "Options:").skip(1).take(OPTIONS.len());
        let starts: std::collections::BTreeSet<_> = lines
            .zip(OPTIONS)
            .map(|(line, option)| line.find(option.meaning).map(|at| line[..at].chars().count()))
            .collect();
        assert!(starts.len() == 1 && !starts.contains(&None), "{starts:?}");
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
