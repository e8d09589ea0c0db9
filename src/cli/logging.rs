//! The log on standard error, one line for each event: JSON for machines, text for people.

use crate::base::progress::TARGET;
use crate::base::shown;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt};

use crate::cli::progress_line::Ticker;

/// The format of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalForm {
    /// One JSON object per line, for Lambda's log viewer.
    Json,
    /// Text.
    Text,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The level is not a known word.
    #[error("MEERKAT_LOG must be one of off, error, warn, info, debug, trace, {0}")]
    Level(String),
    /// A log was started before.
    #[error(transparent)]
    Twice(#[from] TryInitError),
}

/// Starts the log; `level` is that of our own lines. Libraries report errors, and warnings at `debug`. A `ticker`
/// receives the steps of a run, and makes room for lines. `colour`: whether the lines may have escape codes.
///
/// # Errors
///
/// A level that is no known word, or a log that was started before.
pub fn start(level: Option<&str>, form: JournalForm, ticker: Option<Ticker>, colour: bool) -> Result<(), JournalError> {
    let level = match level.map(str::trim) {
        None | Some("") => LevelFilter::INFO,
        Some(word) => word.parse().map_err(|_| JournalError::Level(shown::found(word, &["error", "debug"])))?,
    };
    let libraries = if level >= LevelFilter::DEBUG { LevelFilter::WARN } else { level.min(LevelFilter::ERROR) };
    let filter = Targets::new().with_target("meerkat", level).with_target(TARGET, LevelFilter::OFF);
    let filter = filter.with_default(libraries);
    let erasing = ticker.clone();
    let writer = move || {
        erasing.iter().for_each(Ticker::erase);
        std::io::stderr()
    };
    let lines = fmt::layer().with_writer(writer).with_target(false).with_ansi(colour);
    let lines = match form {
        JournalForm::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
        JournalForm::Text => lines.compact().without_time().with_filter(filter).boxed(),
    };
    Ok(tracing_subscriber::registry().with(lines).with(ticker).try_init()?)
}
