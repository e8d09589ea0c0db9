//! The options of the command line: one table for parsing, `--help`, `--man` and the completions of shells.

use crate::base::spelling;

/// One option.
#[derive(Debug)]
pub struct Flag {
    /// Its long name, without the dashes.
    pub long: &'static str,
    /// Its one letter, if it has one.
    pub short: Option<char>,
    /// What its value is called; `None` for an option without a value.
    pub value: Option<&'static str>,
    /// The allowed values; empty for any.
    pub words: &'static [&'static str],
    /// What it does, in one sentence.
    pub meaning: &'static str,
}

const fn flag(long: &'static str, value: Option<&'static str>, meaning: &'static str) -> Flag {
    Flag { long, short: None, value, words: &[], meaning }
}

/// Every option, the common ones first, in the order in which `--help` prints them.
pub const OPTIONS: &[Flag] = &[
    Flag {
        short: Some('b'),
        ..flag(
            "bootstrap-server",
            Some("HOST:PORT"),
            "brokers to connect to first, separated by commas (KAFKA_BOOTSTRAP_SERVERS)",
        )
    },
    flag("command-config", Some("FILE"), "Kafka's client properties (KAFKA_COMMAND_CONFIG)"),
    flag("all-groups", None, "check every group, whatever MEERKAT_GROUPS selects"),
    flag("group", Some("GROUP"), "check this group, or those that a glob or a /regex/ matches; may be repeated"),
    flag("topic", Some("TOPIC"), "check this topic alone, or those that a pattern matches; may be repeated"),
    flag("watch", None, "take a snapshot every 20 s and show rates and verdicts, without AWS; Ctrl-C ends it"),
    flag("looks", Some("N"), "end --watch after N snapshots [4 where the output is no terminal]"),
    flag("every", Some("TIME"), "time between the snapshots of --watch, such as 20s or 1m [20s]"),
    flag("only-problems", None, "leave out groups that are OK and have no finding"),
    Flag { short: Some('q'), ..flag("quiet", None, "print nothing when every group is OK, for cron") },
    Flag {
        short: Some('o'),
        words: &["json", "table", "openmetrics", "burrow", "html"],
        ..flag("output", Some("SHAPE"), "shape of the output [table on a terminal, else json]")
    },
    flag("objective", Some("SECONDS"), "maximum age of the oldest unread record (MEERKAT_OBJECTIVE)"),
    flag("publish", None, "write metrics and history, though a person asked for this run"),
    Flag {
        words: &["on", "off"],
        ..flag("use-history", Some("ON|OFF"), "whether to read and keep history in CloudWatch (MEERKAT_HISTORY)")
    },
    flag("timeout", Some("SECONDS"), "maximum time of a run (MEERKAT_TIMEOUT)"),
    flag("describe", None, "list every partition of the groups, as kafka-consumer-groups.sh does"),
    flag("list", None, "print the names of the groups, one a line; with --state their states too"),
    flag("state", Some("STATES"), "only groups in these states, separated by commas; without a value a line a group"),
    flag("members", None, "list the members of the groups and how many partitions each of them reads"),
    Flag {
        words: &["groups", "problems", "all"],
        ..flag("detail", Some("WHICH"), "partitions in the report: none, those that are not OK, or all")
    },
    flag("table", None, "as --output table"),
    flag("json", None, "as --output json"),
    Flag {
        words: &["meerkat", "burrow", "openmetrics"],
        ..flag("format", Some("SHAPE"), "shape of the JSON or text (MEERKAT_FORMAT)")
    },
    flag("html", Some("FILE"), "write the report as a page too"),
    flag("history", Some("GROUP"), "print what CloudWatch keeps of this group"),
    flag("preflight", None, "test each step (DNS, TLS, login, permissions, AWS) and print how to fix what fails"),
    flag("against", Some("RELEASE"), "what this build can do with a release of Kafka, such as 4.4; no broker is asked"),
    flag("from-burrow", Some("FILE"), "translate a burrow.toml into meerkat's settings"),
    flag("man", None, "the manual page: meerkat --man | man -l -"),
    Flag { short: Some('h'), ..flag("help", None, "this text") },
    Flag {
        short: Some('V'),
        ..flag("version", None, "the build, and the newest release of Kafka that it was tested with")
    },
];

/// What people type for an option that has another name here.
pub const ALIASES: &[(&str, &str)] = &[
    ("bootstrap-servers", "bootstrap-server"),
    ("bootstrap", "bootstrap-server"),
    ("broker-list", "bootstrap-server"),
    ("groups", "group"),
    ("topics", "topic"),
];

impl Flag {
    /// `-h, --help`, or `    --group GROUP`.
    #[must_use]
    pub fn spelled(&self) -> String {
        let short = self.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let value = self.value.map(|value| format!(" {value}")).unwrap_or_default();
        format!("{short}--{}{value}", self.long)
    }
}

/// The option that was probably meant, as the end of a sentence.
pub(crate) fn instead_of(typed: &str) -> String {
    let longs = || OPTIONS.iter().map(|option| option.long);
    let begins = longs().filter(|long| typed.len() >= MEANT && long.starts_with(typed));
    let short = OPTIONS
        .iter()
        .filter(|option| option.short.is_some_and(|short| typed.eq_ignore_ascii_case(short.encode_utf8(&mut [0; 4]))));
    let meant: Vec<&str> =
        begins.chain(spelling::nearest(typed, longs())).chain(short.map(|option| option.long)).collect();
    match meant.first() {
        Some(long) => format!("did you mean --{long}? See meerkat --help"),
        None => "see meerkat --help".to_owned(),
    }
}

/// A prefix of at least this many letters means its option.
const MEANT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_is_not_there_has_a_way_out() {
        assert_eq!(instead_of("only-problem"), "did you mean --only-problems? See meerkat --help");
        assert_eq!(instead_of("v"), "did you mean --version? See meerkat --help");
        assert_eq!(instead_of("zookeeper"), "see meerkat --help");
    }
}
