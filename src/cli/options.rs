//! The options of the command line: one table for parsing, `--help`, `--man` and the completions of shells.

/// One option.
#[derive(Debug)]
pub struct Flag {
    /// Its long name, without the dashes.
    pub long: &'static str,
    /// Its one letter, if it has one.
    pub short: Option<char>,
    /// What its value is called; `None` for an option without a value.
    pub value: Option<&'static str>,
    /// The words that a value may be; empty for any.
    pub words: &'static [&'static str],
    /// What it does, in one sentence.
    pub meaning: &'static str,
}

const fn flag(long: &'static str, value: Option<&'static str>, meaning: &'static str) -> Flag {
    Flag { long, short: None, value, words: &[], meaning }
}

/// Every option, in the order in which `--help` tells them.
pub const OPTIONS: &[Flag] = &[
    flag("bootstrap-server", Some("HOST:PORT"), "brokers to begin with, separated by commas: KAFKA_BOOTSTRAP_SERVERS"),
    flag("command-config", Some("FILE"), "Kafka's own client properties: KAFKA_COMMAND_CONFIG"),
    flag("group", Some("GROUP"), "look at this group, or at those that a glob matches; may be repeated"),
    flag("topic", Some("TOPIC"), "look at this topic alone, or a glob; may be repeated"),
    flag("all-groups", None, "look at every group, whatever MEERKAT_GROUPS says"),
    Flag {
        words: &["groups", "problems", "all"],
        ..flag("detail", Some("WHICH"), "partitions to list: groups (none), problems (what is not OK), all")
    },
    flag("table", None, "a table, though the output is no terminal"),
    flag("json", None, "JSON, though the output is a terminal"),
    Flag {
        words: &["meerkat", "burrow", "openmetrics"],
        ..flag("format", Some("SHAPE"), "shape of the report: MEERKAT_FORMAT; openmetrics is for Prometheus")
    },
    flag("html", Some("FILE"), "write the report as a page too"),
    flag("history", Some("GROUP"), "print what is kept of this group"),
    flag("preflight", None, "what works, what works with less, what does not, and what to do"),
    flag(
        "against",
        Some("RELEASE"),
        "the same held against a release of Kafka, such as 4.4, without asking any broker; all for the table",
    ),
    flag("from-burrow", Some("FILE"), "say what a burrow.toml says, in variables and parameters"),
    flag("man", None, "the manual page: meerkat --man | man -l -"),
    Flag { short: Some('h'), ..flag("help", None, "this text") },
    Flag {
        short: Some('V'),
        ..flag("version", None, "the build, and the newest release of Kafka that it was tested with")
    },
];

/// What people type for an option that is called otherwise here.
pub const ALIASES: &[(&str, &str)] = &[("bootstrap-servers", "bootstrap-server")];

impl Flag {
    /// `-h, --help`, or `    --group GROUP`.
    #[must_use]
    pub fn spelled(&self) -> String {
        let short = self.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let value = self.value.map(|value| format!(" {value}")).unwrap_or_default();
        format!("{short}--{}{value}", self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_option_once() {
        for (index, option) in OPTIONS.iter().enumerate() {
            assert!(OPTIONS[index + 1..].iter().all(|other| other.long != option.long), "{}", option.long);
        }
    }
}
