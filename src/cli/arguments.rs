//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::cli::options::{ALIASES, Flag, OPTIONS, instead_of};
use crate::cli::table::Shown;
use crate::cli::{completions, help};
use crate::config::Detail;
use crate::event::{Ask, DEFAULT_HISTORY_MINUTES, Request};
use crate::model::pattern::{self, Patterns};
use crate::preflight::against;

/// The task on the command line.
pub enum Arguments {
    /// One run, or several snapshots.
    Run(Box<CommandLine>),
    /// What this build can do with a release of Kafka; no broker is asked.
    Against(String, Box<CommandLine>),
    /// Translate a configuration of Burrow.
    FromBurrow(PathBuf),
    /// Print this text: the manual, the completions of a shell, the build, or the table of supported releases.
    Text(String),
}

/// A run with the options of the command line.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is given or not")]
pub struct CommandLine {
    /// The file with the event; `None` reads standard input, unless options ask for something.
    pub event: Option<PathBuf>,
    /// Where to write the report as a page.
    pub page: Option<PathBuf>,
    /// Kafka's own properties.
    pub command_config: Option<PathBuf>,
    /// The shape of the output; `None` leaves it to the output.
    pub output: Option<Output>,
    /// Options that set a variable: the option, the variable, the value.
    pub variables: Vec<(&'static str, &'static str, String)>,
    /// The content of a table.
    pub shown: Shown,
    /// Only groups that are not OK, or have a finding.
    pub only_problems: bool,
    /// Only groups in these states, in Kafka's spelling; empty for all.
    pub states: Vec<String>,
    /// Whether nothing is printed when every group is OK.
    pub quiet: bool,
    /// Whether a run that a person asked for writes anyway.
    pub publish: bool,
    /// Several snapshots in this process.
    pub watch: Option<WatchOptions>,
    groups: Vec<String>,
    topics: Vec<String>,
    every_group: bool,
    describe: bool,
    detail: Option<Detail>,
    history: Option<String>,
    preflight: bool,
}

/// The shape of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// JSON, or the text that `MEERKAT_FORMAT` names.
    Text,
    /// A table for people.
    Table,
    /// A page.
    Html,
}

/// Several snapshots in one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// How many; `None` leaves it to the output.
    pub snapshots: Option<u32>,
    /// The time between two of them; `None` means [`EVERY`].
    pub every: Option<Duration>,
}

/// The time between two snapshots, unless another one is asked for.
pub const EVERY: Duration = Duration::from_secs(20);
/// Snapshots of a watch without a terminal: three that a verdict needs, and one to confirm it.
pub const SNAPSHOTS: u32 = 4;
/// The most snapshots of a watch: a day of one a minute.
pub const MOST_SNAPSHOTS: u32 = 1_440;

impl Arguments {
    /// Parses the process's arguments; `exists` returns whether there is such a file.
    ///
    /// # Errors
    ///
    /// An option that is unknown, lacks its value, or contradicts another one.
    pub fn parse(exists: impl Fn(&Path) -> bool) -> Result<Self, lexopt::Error> {
        Self::read(Parser::from_env(), exists)
    }

    fn read(mut parser: Parser, exists: impl Fn(&Path) -> bool) -> Result<Self, lexopt::Error> {
        let mut asked = CommandLine::default();
        let mut given: Vec<&'static str> = Vec::new();
        let (mut against, mut listed, mut with_states) = (None, false, false);
        while let Some(argument) = parser.next()? {
            let option = match &argument {
                Arg::Long(name) => long(name)?,
                Arg::Short(short) => {
                    let known = OPTIONS.iter().find(|option| option.short == Some(*short));
                    known.ok_or_else(|| unknown(&format!("-{short}"), &short.to_string()))?
                }
                Arg::Value(word) if asked.event.is_none() && word == "completions" => {
                    return Ok(Self::Text(completions::script(&parser.value()?.string()?)?));
                }
                Arg::Value(word) => {
                    asked.word(PathBuf::from(word), &exists)?;
                    continue;
                }
            };
            given.push(option.long);
            let mut value = || -> Result<String, lexopt::Error> {
                let value = parser.value()?.string()?;
                if option.words.is_empty() || option.words.contains(&&*value) {
                    Ok(value)
                } else {
                    Err(wrong_word(option, &value))
                }
            };
            match option.long {
                "help" => return Ok(Self::Text(help::help())),
                "version" => return Ok(Self::Text(help::version())),
                "man" => return Ok(Self::Text(help::man())),
                "against" => match value()? {
                    all if all == "all" => return Ok(Self::Text(against::markdown())),
                    release => against = Some(release),
                },
                "from-burrow" => return Ok(Self::FromBurrow(PathBuf::from(value()?))),
                "html" => asked.page = Some(PathBuf::from(value()?)),
                "command-config" => asked.command_config = Some(PathBuf::from(value()?)),
                "bootstrap-server" => asked.set("--bootstrap-server", "KAFKA_BOOTSTRAP_SERVERS", value()?),
                "objective" => asked.set("--objective", "MEERKAT_OBJECTIVE", value()?),
                "timeout" => asked.set("--timeout", "MEERKAT_TIMEOUT", value()?),
                "use-history" => asked.set("--use-history", "MEERKAT_HISTORY", value()?),
                "format" => asked.set("--format", "MEERKAT_FORMAT", value()?),
                "output" => match &*value()? {
                    "table" => asked.shape(Output::Table, None),
                    "html" => asked.shape(Output::Html, Some("meerkat")),
                    "json" => asked.shape(Output::Text, Some("meerkat")),
                    other => asked.shape(Output::Text, Some(other)),
                },
                "table" => asked.shape(Output::Table, None),
                "json" => asked.output = Some(Output::Text),
                "group" => asked.groups.push(value()?),
                "topic" => asked.topics.push(value()?),
                "all-groups" => asked.every_group = true,
                "detail" => {
                    asked.detail = Some(match &*value()? {
                        "all" => Detail::All,
                        "problems" => Detail::Problems,
                        _ => Detail::Groups,
                    });
                }
                "history" => asked.history = Some(value()?),
                "preflight" => asked.preflight = true,
                "only-problems" => asked.only_problems = true,
                "quiet" => asked.quiet = true,
                "publish" => asked.publish = true,
                "watch" => drop(asked.watch.get_or_insert_default()),
                "looks" => asked.watch.get_or_insert_default().snapshots = Some(snapshots(&value()?)?),
                "every" => asked.watch.get_or_insert_default().every = Some(time(&value()?)?),
                "describe" => asked.describe = true,
                "list" => listed = true,
                "members" => asked.shown = Shown::Members,
                "state" => {
                    with_states = true;
                    asked.states = states(&mut parser)?;
                }
                other => return Err(unknown(&format!("--{other}"), other)),
            }
        }
        match (listed, asked.shown) {
            (true, _) => asked.shown = Shown::Names { state: with_states },
            (false, Shown::Members) => asked.detail = Some(Detail::All),
            _ if asked.describe && !with_states => asked.shown = Shown::Partitions,
            _ if with_states => asked.detail = asked.detail.or(Some(Detail::Groups)),
            _ => {}
        }
        if let Some(release) = against {
            let ignored = given.iter().find(|name| !OF_AGAINST.contains(name)).map(|name| format!("--{name}"));
            let ignored = ignored.or_else(|| asked.event.as_ref().map(|event| event.display().to_string()));
            return match ignored.or_else(|| asked.groups.first().cloned()) {
                Some(ignored) => {
                    Err(format!("--against asks no broker and has no use for {ignored}: leave it out").into())
                }
                None => Ok(Self::Against(release, Box::new(asked))),
            };
        }
        asked.checked().map(|asked| Self::Run(Box::new(asked))).map_err(Into::into)
    }
}

/// The option of this name, or of one that people type for it.
fn long(name: &str) -> Result<&'static Flag, lexopt::Error> {
    let long = ALIASES.iter().find(|(typed, _)| *typed == name).map_or(name, |(_, long)| long);
    OPTIONS.iter().find(|option| option.long == long).ok_or_else(|| unknown(&format!("--{name}"), name))
}

fn unknown(typed: &str, name: &str) -> lexopt::Error {
    format!("{typed} is not an option of meerkat; {}", instead_of(name)).into()
}

fn wrong_word(option: &Flag, found: &str) -> lexopt::Error {
    let meant = if found == "prometheus" { "; did you mean openmetrics?" } else { "" };
    format!("--{} must be one of {}, found {found:?}{meant}", option.long, option.words.join(", ")).into()
}

/// The states after `--state`, if the next argument is a list of them: Kafka's tool accepts it with and without.
fn states(parser: &mut Parser) -> Result<Vec<String>, lexopt::Error> {
    let is_state = |word: &str| STATES.iter().any(|state| state.eq_ignore_ascii_case(word.trim()));
    let listed = |text: &str| text.split(',').map(|state| state.trim().to_owned()).collect::<Vec<_>>();
    if let Some(given) = parser.optional_value() {
        let given = listed(&given.string()?);
        return match given.iter().find(|word| !is_state(word)) {
            Some(other) => Err(format!("--state must be some of {}, found {other:?}", STATES.join(", ")).into()),
            None => Ok(given),
        };
    }
    let next = parser.try_raw_args().and_then(|args| args.peek().and_then(|next| next.to_str().map(listed)));
    Ok(match next.filter(|next| next.iter().all(|word| is_state(word))) {
        Some(next) => {
            drop(parser.value()?);
            next
        }
        None => Vec::new(),
    })
}

fn snapshots(text: &str) -> Result<u32, lexopt::Error> {
    let number = text.parse().ok().filter(|number| (1..=MOST_SNAPSHOTS).contains(number));
    number.ok_or_else(|| format!("--looks must be a whole number from 1 to {MOST_SNAPSHOTS}, found {text:?}").into())
}

/// Seconds, minutes or an hour, as `20`, `20s`, `1m`.
fn time(text: &str) -> Result<Duration, lexopt::Error> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" | "sec" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3_600),
        _ => None,
    };
    let seconds = unit.and_then(|unit| digits.trim().parse::<u64>().ok()?.checked_mul(unit));
    let seconds = seconds.filter(|seconds| (1..=3_600).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("--every must be a time from 1s to 1h, found {text:?}").into())
}

impl CommandLine {
    fn set(&mut self, option: &'static str, variable: &'static str, value: String) {
        self.variables.push((option, variable, value));
    }

    fn shape(&mut self, output: Output, format: Option<&str>) {
        self.output = Some(output);
        if let Some(format) = format {
            self.set("--output", "MEERKAT_FORMAT", format.to_owned());
        }
    }

    /// A word without an option: the file of an event, or the name of a group.
    fn word(&mut self, word: PathBuf, exists: impl Fn(&Path) -> bool) -> Result<(), lexopt::Error> {
        let is_regex = word.to_str().is_some_and(pattern::is_regex);
        let is_file = word.as_os_str() == "-"
            || (word.components().count() > 1 && !is_regex)
            || word.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
            || exists(&word);
        match (is_file, word.to_str()) {
            (true, _) if self.event.is_none() => self.event = Some(word),
            (false, Some(group)) => self.groups.push(group.to_owned()),
            _ => return Err(format!("only one file with an event is accepted, found {} too", word.display()).into()),
        }
        Ok(())
    }

    /// Refuses contradictions; groups and topics become what a run understands.
    fn checked(mut self) -> Result<Self, String> {
        let list = |what: &str, names: &[String]| {
            if let Some(name) = names.iter().find(|name| pattern::items(name).count() != 1) {
                return Err(format!("--{what} needs one name, glob or /regex/, found {name:?}; give it repeatedly"));
            }
            let list = names.join(",");
            Patterns::parse(&list).map(|_| list).map_err(|error| format!("--{what} {error}"))
        };
        if let (Some(event), true) = (&self.event, self.asks()) {
            return Err(format!(
                "the event file {} and options that select groups or a kind of run contradict each other: use one of them",
                event.display()
            ));
        }
        let kinds =
            [(self.preflight, "--preflight"), (self.history.is_some(), "--history"), (self.watch.is_some(), "--watch")];
        let kinds: Vec<&str> = kinds.into_iter().filter_map(|(asked, option)| asked.then_some(option)).collect();
        if let [one, other, ..] = *kinds {
            return Err(format!("{one} and {other} are two kinds of run: use one of them"));
        }
        if self.every_group && !self.groups.is_empty() {
            return Err("--all-groups and --group contradict each other: use one of them".to_owned());
        }
        if !self.topics.is_empty() {
            let topics = list("topic", &self.topics)?;
            self.set("--topic", "MEERKAT_TOPICS", topics);
        }
        if self.every_group {
            self.set("--all-groups", "MEERKAT_GROUPS", "*".to_owned());
        }
        let few = !self.groups.is_empty();
        if self.groups.iter().any(|name| is_pattern(name)) {
            let groups = list("group", &self.groups)?;
            let expected =
                self.groups.iter().filter(|name| !name.starts_with('!')).cloned().collect::<Vec<_>>().join(",");
            self.set("--group", "MEERKAT_GROUPS", groups);
            self.set("--group", "MEERKAT_EXPECT", expected);
            self.groups.clear();
        }
        let named = few && !self.groups.is_empty();
        if self.shown == Shown::Groups
            && (self.detail == Some(Detail::All) || (named && self.detail.is_none() && self.watch.is_none()))
        {
            self.shown = Shown::Partitions;
        }
        if self.shown == Shown::Partitions && (named || self.describe) {
            self.detail.get_or_insert(Detail::All);
        } else if few {
            self.detail.get_or_insert(Detail::Problems);
        }
        self.event = self.event.filter(|path| path.as_os_str() != "-");
        Ok(self)
    }

    /// Whether options set something that an event would.
    fn asks(&self) -> bool {
        !self.groups.is_empty()
            || self.every_group
            || !self.topics.is_empty()
            || self.detail.is_some()
            || self.history.is_some()
            || self.preflight
            || self.watch.is_some()
            || self.describe
            || self.shown != Shown::Groups
    }

    /// Whether groups or topics are selected here, so that a person asks and not a schedule.
    #[must_use]
    pub fn selects(&self) -> bool {
        let selects = |variable: &str| ["MEERKAT_GROUPS", "MEERKAT_TOPICS"].contains(&variable);
        !self.groups.is_empty() || self.variables.iter().any(|(_, variable, _)| selects(variable))
    }

    /// The request from the options; `None` if they set nothing that an event would.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        let groups = self.groups.clone();
        let ask = if self.preflight {
            Ask::Preflight { groups, against: None }
        } else if let Some(group) = &self.history {
            Ask::History { group: group.clone(), minutes: DEFAULT_HISTORY_MINUTES }
        } else if self.asks() || self.selects() {
            Ask::about(groups)
        } else {
            return None;
        };
        Some(Request {
            detail: self.detail.filter(|_| matches!(ask, Ask::Check | Ask::Partial(_))),
            ask,
            ..Request::default()
        })
    }
}

/// Whether a name matches more than itself.
fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?']) || name.starts_with('!') || pattern::is_regex(name)
}

/// Options that `--against` uses.
const OF_AGAINST: [&str; 5] = ["against", "table", "json", "output", "command-config"];
/// The possible states of a group (Kafka, `GroupState`).
const STATES: [&str; 9] = [
    "Assigning",
    "CompletingRebalance",
    "Dead",
    "Empty",
    "NotReady",
    "PreparingRebalance",
    "Reconciling",
    "Stable",
    "Unknown",
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        let parser = Parser::from_args(line.split_whitespace());
        Arguments::read(parser, |path| path == Path::new("event")).map_err(|error| error.to_string())
    }

    fn asked(line: &str) -> CommandLine {
        match read(line) {
            Ok(Arguments::Run(asked)) => *asked,
            Ok(_) => panic!("{line} is no run"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    fn set(line: &str) -> Vec<String> {
        asked(line).variables.iter().map(|(_, name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn each_option_of_the_table_is_understood() {
        for option in OPTIONS {
            let word = match option.value {
                Some("N" | "TIME" | "SECONDS") => "3",
                Some("STATES") => "Stable",
                _ => option.words.first().copied().unwrap_or("x"),
            };
            let value = option.value.map(|_| format!(" {word}")).unwrap_or_default();
            assert!(read(&format!("--{}{value}", option.long)).is_ok(), "{}", option.long);
        }
    }

    #[test]
    fn names_are_asked_for_and_globs_select() {
        let one = asked("--group orders payments -b b:1");
        assert_eq!(one.request().unwrap().ask, Ask::Partial(vec!["orders".into(), "payments".into()]));
        assert_eq!((one.shown, one.request().unwrap().detail), (Shown::Partitions, Some(Detail::All)));
        assert_eq!(set("-b b:1 --group a"), ["KAFKA_BOOTSTRAP_SERVERS=b:1"]);
        let globs = asked("--group orders-* --group !orders-old");
        assert_eq!((globs.request().unwrap().ask, globs.shown), (Ask::Check, Shown::Groups));
        assert_eq!(
            set("--group orders-* --group !orders-old"),
            ["MEERKAT_GROUPS=orders-*,!orders-old", "MEERKAT_EXPECT=orders-*"]
        );
        assert!(asked("").request().is_none() && asked("-q").request().is_none());
    }

    #[test]
    fn a_word_is_a_group_unless_it_is_a_file() {
        assert_eq!(asked("orders-svc").request().unwrap().ask, Ask::Partial(vec!["orders-svc".into()]));
        for file in ["event", "nowhere.json", "./orders"] {
            assert_eq!(asked(file).event, Some(PathBuf::from(file)));
        }
        assert!(read("event other.json").err().unwrap().contains("found other.json too"));
    }

    #[test]
    fn kafkas_own_words_mean_what_they_mean_there() {
        assert_eq!(asked("--describe --all-groups").shown, Shown::Partitions);
        assert_eq!(asked("--describe --group a --state").shown, Shown::Groups);
        assert_eq!(asked("--list").shown, Shown::Names { state: false });
        let listed = asked("--list --state stable,Empty");
        assert_eq!(
            (listed.shown, &*listed.states),
            (Shown::Names { state: true }, &["stable".into(), "Empty".into()][..])
        );
        assert_eq!(asked("--state --group a").states, [""; 0]);
        assert_eq!(asked("--describe --group a --members").shown, Shown::Members);
        assert!(read("--state=Stabel").err().unwrap().contains("Stable"));
    }

    #[test]
    fn several_snapshots_have_a_number_and_a_distance() {
        let watch = asked("--looks 4 --every 20s").watch.unwrap();
        assert_eq!((watch.snapshots, watch.every), (Some(4), Some(Duration::from_secs(20))));
        assert_eq!(asked("--every 2m").watch.unwrap().every, Some(Duration::from_mins(2)));
        assert_eq!(asked("--watch").watch, Some(WatchOptions::default()));
        for wrong in ["--every 0s", "--every 2h", "--every soon", "--every s", "--looks 0", "--looks many"] {
            assert!(read(wrong).err().unwrap().contains(" must be a "), "{wrong}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_would_be_ignored_is_refused() {
        assert!(read("event.json --group a").err().unwrap().contains("use one of them"));
        assert!(read("--all-groups --group a").err().unwrap().contains("use one of them"));
        assert!(read("--preflight --watch").err().unwrap().contains("two kinds of run"));
        assert!(read("--group a,b* ").err().unwrap().contains("give it repeatedly"));
        assert!(read("--against 4.4 --group a").err().unwrap().contains("no use for --group"));
        assert!(read("--frobnicate --against 4.4").err().unwrap().contains("--frobnicate is not an option"));
        assert!(matches!(read("--against 4.4 --json"), Ok(Arguments::Against(..))));
        let detail = "--detail must be one of groups, problems, all, found \"topics\"";
        assert_eq!(read("--detail topics").err().unwrap(), detail);
        assert!(read("--format prometheus").err().unwrap().contains("did you mean openmetrics?"));
    }
}
