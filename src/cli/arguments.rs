//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use serde_json::{Value, json};

use crate::cli::completions::Shell;
use crate::cli::options::{ALIASES, OPTIONS};

/// What the command line asks for.
pub enum Arguments {
    /// One run.
    Run(Box<CommandLine>),
    /// What this build can say to a release of Kafka; nothing is asked and nothing configured.
    Against(String),
    /// What a configuration of Burrow says.
    FromBurrow(PathBuf),
    /// The manual.
    Help,
    /// The manual as a page.
    Man,
    /// What a shell completes.
    Completions(Shell),
    /// The build.
    Version,
    /// The table of supported releases as Markdown, for infra/README.md.
    SupportTable,
}

/// One run as the command line asks for it.
#[derive(Default)]
pub struct CommandLine {
    /// The file with the event; `None` reads standard input, unless options say what to do.
    pub event: Option<PathBuf>,
    /// Where to write the report as a page.
    pub page: Option<PathBuf>,
    /// Kafka's own properties.
    pub command_config: Option<PathBuf>,
    /// Whether to print a table; `None` leaves it to the output.
    pub table: Option<bool>,
    /// Variables that options stand for.
    pub variables: Vec<(String, String)>,
    /// Whether partitions are to be shown.
    pub partitions: bool,
    groups: Vec<String>,
    topics: Vec<String>,
    every_group: bool,
    detail: Option<String>,
    history: Option<String>,
    preflight: bool,
}

impl Arguments {
    /// Reads the process's arguments.
    ///
    /// # Errors
    ///
    /// An option that is unknown, or lacks its value.
    pub fn parse() -> Result<Self, lexopt::Error> {
        Self::read(Parser::from_env())
    }

    fn read(mut parser: Parser) -> Result<Self, lexopt::Error> {
        let mut asked = CommandLine::default();
        while let Some(argument) = parser.next()? {
            let long = match &argument {
                Arg::Long(name) => {
                    ALIASES.iter().find(|(typed, _)| typed == name).map_or(*name, |(_, long)| long).to_owned()
                }
                Arg::Short(short) => {
                    let known = OPTIONS.iter().find(|option| option.short == Some(*short));
                    known.ok_or_else(|| Arg::Short(*short).unexpected())?.long.to_owned()
                }
                Arg::Value(word) if asked.event.is_none() && word == "completions" => {
                    return Shell::parse(&parser.value()?.string()?).map(Self::Completions).map_err(Into::into);
                }
                Arg::Value(path) if asked.event.is_none() => {
                    asked.event = Some(PathBuf::from(path));
                    continue;
                }
                Arg::Value(other) => return Err(Arg::Value(other.clone()).unexpected()),
            };
            match long.as_str() {
                "help" => return Ok(Self::Help),
                "version" => return Ok(Self::Version),
                "man" => return Ok(Self::Man),
                "support-table" => return Ok(Self::SupportTable),
                "against" => match parser.value()?.string()? {
                    all if all == "all" => return Ok(Self::SupportTable),
                    release => return Ok(Self::Against(release)),
                },
                "from-burrow" => return Ok(Self::FromBurrow(PathBuf::from(parser.value()?))),
                "html" => asked.page = Some(PathBuf::from(parser.value()?)),
                "command-config" => asked.command_config = Some(PathBuf::from(parser.value()?)),
                "bootstrap-server" => asked.say("KAFKA_BOOTSTRAP_SERVERS", parser.value()?.string()?),
                "format" => asked.say("MEERKAT_FORMAT", parser.value()?.string()?),
                "group" => asked.groups.push(parser.value()?.string()?),
                "topic" => asked.topics.push(parser.value()?.string()?),
                "all-groups" => asked.every_group = true,
                "detail" => asked.detail = Some(parser.value()?.string()?),
                "history" => asked.history = Some(parser.value()?.string()?),
                "preflight" => asked.preflight = true,
                "table" => asked.table = Some(true),
                "json" => asked.table = Some(false),
                _ => return Err(argument.unexpected()),
            }
        }
        asked.checked().map(|asked| Self::Run(Box::new(asked))).map_err(Into::into)
    }
}

impl CommandLine {
    fn say(&mut self, variable: &str, value: String) {
        self.variables.push((variable.to_owned(), value));
    }

    /// What contradicts itself is refused; groups and topics become what a run understands.
    fn checked(mut self) -> Result<Self, String> {
        let list = |what: &str, names: &[String]| match names.iter().find(|name| name.contains(',')) {
            Some(name) => {
                Err(format!("--{what} takes one name or glob without a comma, found {name:?}; give it repeatedly"))
            }
            None => Ok(names.join(",")),
        };
        let options = !self.groups.is_empty()
            || self.every_group
            || self.detail.is_some()
            || self.history.is_some()
            || self.preflight;
        if let (Some(event), true) = (&self.event, options) {
            return Err(format!(
                "an event and --group, --all-groups, --detail, --history or --preflight say the same: take one, found {}",
                event.display()
            ));
        }
        if self.every_group && !self.groups.is_empty() {
            return Err("--all-groups and --group say different things: take one".to_owned());
        }
        if self.preflight && self.history.is_some() {
            return Err("--preflight and --history are two runs: take one".to_owned());
        }
        if !self.topics.is_empty() {
            let topics = list("topic", &self.topics)?;
            self.say("MEERKAT_TOPICS", topics);
        }
        if self.every_group {
            self.say("MEERKAT_GROUPS", "*".to_owned());
        }
        if self.groups.iter().any(|name| is_glob(name)) {
            let groups = list("group", &self.groups)?;
            let expected =
                self.groups.iter().filter(|glob| !glob.starts_with('!')).cloned().collect::<Vec<_>>().join(",");
            self.say("MEERKAT_GROUPS", groups);
            self.say("MEERKAT_EXPECT", expected);
            self.groups.clear();
            self.partitions = self.detail.as_deref() == Some("all");
            self.detail.get_or_insert_with(|| "problems".to_owned());
        } else if !self.groups.is_empty() {
            self.partitions = self.detail.as_deref() != Some("groups");
            self.detail.get_or_insert_with(|| "all".to_owned());
        } else {
            self.partitions = self.detail.as_deref() == Some("all");
        }
        self.event = self.event.filter(|path| path.as_os_str() != "-");
        Ok(self)
    }

    /// The event that the options stand for; `None` where they say nothing that an event would.
    #[must_use]
    pub fn event(&self) -> Option<String> {
        let event: Value = if self.preflight {
            json!({ "mode": "preflight", "groups": self.groups })
        } else if let Some(group) = &self.history {
            json!({ "mode": "history", "group": group })
        } else if self.detail.is_some() || self.every_group {
            json!({ "groups": self.groups, "detail": self.detail })
        } else {
            return None;
        };
        Some(event.to_string())
    }
}

/// Whether a name stands for more than itself.
fn is_glob(name: &str) -> bool {
    name.contains(['*', '?']) || name.starts_with('!')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(Parser::from_args(line.split_whitespace())).map_err(|error| error.to_string())
    }

    fn asked(line: &str) -> CommandLine {
        match read(line) {
            Ok(Arguments::Run(asked)) => *asked,
            Ok(_) => panic!("{line} is no run"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    #[test]
    fn each_option_of_the_table_is_understood() {
        for option in OPTIONS {
            let word = option.words.first().unwrap_or(&"x");
            let value = option.value.map(|_| format!(" {word}")).unwrap_or_default();
            assert!(read(&format!("--{}{value}", option.long)).is_ok(), "{}", option.long);
        }
        assert_eq!(read("--frobnicate").err().unwrap(), "invalid option '--frobnicate'");
    }

    #[test]
    fn names_are_asked_for_and_globs_select() {
        let one = asked("--group orders --group payments --bootstrap-server b:1");
        assert_eq!(one.event().unwrap(), r#"{"detail":"all","groups":["orders","payments"]}"#);
        assert!(one.partitions);
        assert_eq!(one.variables, [("KAFKA_BOOTSTRAP_SERVERS".to_owned(), "b:1".to_owned())]);
        let globs = asked("--group orders-* --group !orders-old");
        assert_eq!(globs.event().unwrap(), r#"{"detail":"problems","groups":[]}"#);
        let said: Vec<_> = globs.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(said, ["MEERKAT_GROUPS=orders-*,!orders-old", "MEERKAT_EXPECT=orders-*"]);
        assert!(asked("").event().is_none());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert!(read("event.json --group a").err().unwrap().contains("take one, found event.json"));
        assert!(read("--all-groups --group a").err().unwrap().contains("take one"));
        assert!(read("--group a,b* ").err().unwrap().contains("give it repeatedly"));
        assert!(read("one two").is_err());
    }
}
