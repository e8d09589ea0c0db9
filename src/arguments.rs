//! The command line.

use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use meerkat::variables;

/// What the command line asks for.
pub(crate) enum Arguments {
    /// One run.
    Run {
        /// The file with the event; `None` reads standard input.
        event: Option<PathBuf>,
        /// Where to write the report as a page.
        page: Option<PathBuf>,
    },
    /// What works, and what to do where something does not.
    Preflight {
        /// A release of Kafka to hold this build against.
        against: Option<String>,
    },
    /// The manual.
    Help,
    /// The build.
    Version,
    /// The table of supported releases as Markdown, for infra/README.md.
    SupportTable,
}

impl Arguments {
    /// Reads the process's arguments.
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut event = None;
        let mut page = None;
        let mut preflight = false;
        let mut against = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Self::Help),
                Arg::Short('V') | Arg::Long("version") => return Ok(Self::Version),
                Arg::Long("support-table") => return Ok(Self::SupportTable),
                Arg::Long("html") => page = Some(PathBuf::from(parser.value()?)),
                Arg::Long("preflight") => preflight = true,
                Arg::Long("against") => (preflight, against) = (true, Some(parser.value()?.string()?)),
                Arg::Value(path) if event.is_none() => event = Some(PathBuf::from(path)),
                other => return Err(other.unexpected()),
            }
        }
        if preflight {
            return match event {
                None => Ok(Self::Preflight { against }),
                Some(event) => Err(format!("--preflight takes no event, found {}", event.display()).into()),
            };
        }
        Ok(Self::Run { event: event.filter(|path| path.as_os_str() != "-"), page })
    }

    /// Where to write the report as a page, if anywhere.
    pub(crate) fn page(&self) -> Option<&Path> {
        match self {
            Self::Run { page, .. } => page.as_deref(),
            _ => None,
        }
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
  {{\"format\": \"burrow\", \"view\": \"lag\"}}    answer in the shape of Burrow's HTTP API (view: status, lag)
  {{\"mode\": \"preflight\"}}                 as --preflight; with \"against\": \"4.4\" as --against
  {{\"scheduled\": \"2026-11-23T01:05:00Z\"}}   the minute that this run stands for
  EventBridge rule and Scheduler events, with the same keys in their detail

Options:
      --preflight          what works, what works with less, what does not, and what to do: a table on a terminal, else JSON
      --against RELEASE    the same held against a release of Kafka, such as 4.4, without asking any broker
  --html FILE      write the report as a page, besides printing it
  -h, --help               this text
  -V, --version            the build, and the newest release of Kafka that it was tested with

Exit codes:
  0 OK   1 WARN   2 ERR   3 unknown or failed

Variables:
{variables}",
        version = env!("CARGO_PKG_VERSION"),
        variables = variables::help(),
    )
}
