//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, Parser};
use meerkat::variables;

/// What the command line asks for.
pub(crate) enum Arguments {
    /// One run.
    Run {
        /// The file with the event; `None` reads standard input.
        event: Option<PathBuf>,
    },
    /// The manual.
    Help,
    /// The build.
    Version,
    /// The table of variables as Markdown, for the README.
    VariablesTable,
}

impl Arguments {
    /// Reads the process's arguments.
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut event = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Self::Help),
                Arg::Short('V') | Arg::Long("version") => return Ok(Self::Version),
                Arg::Long("variables-table") => return Ok(Self::VariablesTable),
                Arg::Value(path) if event.is_none() => event = Some(PathBuf::from(path)),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Self::Run { event: event.filter(|path| path.as_os_str() != "-") })
    }
}

/// The manual.
pub(crate) fn help() -> String {
    format!(
        "\
meerkat {version}: one look at a Kafka cluster, every consumer group judged, one JSON status

Usage: meerkat [EVENT]

EVENT is a file with an event; without it, or with -, the event comes from standard input. An empty event is a plain check.
In AWS Lambda the same binary answers invocations.

Events:
  {{}}                                      look at every group
  {{\"groups\": [\"orders-svc\"]}}              look at these groups
  {{\"detail\": \"all\"}}                       list every partition (groups, problems, all)
  {{\"scheduled\": \"2026-11-23T01:05:00Z\"}}   the minute that this run stands for
  EventBridge rule and Scheduler events, with the same keys in their detail

Options:
  -h, --help       this text
  -V, --version    the build

Exit codes:
  0 OK   1 WARN   2 ERR   3 unknown or failed

Variables:
{variables}",
        version = env!("CARGO_PKG_VERSION"),
        variables = variables::help(),
    )
}
