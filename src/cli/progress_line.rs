//! The line on a terminal that shows what a long run is doing: it appears after two seconds, and leaves no trace. One
//! line that is overwritten needs no library of progress bars.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::figures::grouped;
use crate::base::progress::TARGET;
use tokio::time::{MissedTickBehavior, interval_at};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// What is being done, as far as it was reported.
#[derive(Clone, Default)]
pub struct Ticker(Arc<Mutex<Underway>>);

#[derive(Default)]
struct Underway {
    /// The unfinished steps, the newest last.
    steps: Vec<Doing>,
    /// Whether a line is on the terminal.
    drawn: bool,
}

/// One event of a step.
#[derive(Default)]
struct Doing {
    step: String,
    unit: String,
    done: u64,
    all: u64,
    over: bool,
}

impl Ticker {
    /// One for a standard error that is a terminal on which a line can be erased; `kind` is the value of `TERM`.
    pub fn on_terminal(kind: Option<&str>) -> Option<Self> {
        let dumb = kind.is_none_or(|kind| kind.is_empty() || kind == "dumb");
        (std::io::stderr().is_terminal() && !dumb).then(Self::default)
    }

    /// Waits for a run, and draws from its third second on.
    pub async fn watch<F: Future>(&self, run: F) -> F::Output {
        let began = tokio::time::Instant::now();
        let mut ticks = interval_at(began + PATIENCE, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut run = pin!(run);
        let output = loop {
            tokio::select! {
                output = &mut run => break output,
                _ = ticks.tick() => self.draw(began.elapsed()),
            }
        };
        self.erase();
        output
    }

    /// Removes the line, if there is one: other output follows.
    pub fn erase(&self) {
        if std::mem::take(&mut self.underway().drawn) {
            write(ERASE);
        }
    }

    fn draw(&self, elapsed: Duration) {
        let mut underway = self.underway();
        let Some(doing) = underway.steps.last() else { return };
        let width =
            terminal_size::terminal_size_of(std::io::stderr()).map_or(NARROW, |(width, _)| usize::from(width.0));
        // A line that reaches the edge would continue on the next one, and could not be erased.
        let line: String = doing.line(elapsed).chars().take(width.saturating_sub(1)).collect();
        underway.drawn = true;
        write(&format!("{ERASE}{line}"));
    }

    fn underway(&self) -> MutexGuard<'_, Underway> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Ticker {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut doing = Doing::default();
        event.record(&mut doing);
        let steps = &mut self.underway().steps;
        match steps.iter().position(|known| known.step == doing.step) {
            Some(at) if doing.over => drop(steps.remove(at)),
            Some(at) => steps[at] = doing,
            None if doing.over => {}
            None => steps.push(doing),
        }
    }
}

impl Doing {
    fn line(&self, elapsed: Duration) -> String {
        let mut line = self.step.clone();
        if self.all > 0 {
            let _ = write!(line, " {} of {} {}", grouped(self.done), grouped(self.all), self.unit);
        }
        let _ = write!(line, " … {} s", elapsed.as_secs());
        line
    }
}

impl Visit for Doing {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "done" => self.done = value,
            "all" => self.all = value,
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.over |= field.name() == "over" && value;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "step" => value.clone_into(&mut self.step),
            "unit" => value.clone_into(&mut self.unit),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn write(text: &str) {
    // Standard error may be closed; there is no other place for the error.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A shorter run needs no words.
const PATIENCE: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(250);
/// To the beginning of the line, and nothing after it (ECMA-48, CR and EL).
const ERASE: &str = "\r\x1b[K";
/// Columns of a terminal of unknown width.
const NARROW: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_step_its_progress_and_its_duration() {
        let doing = Doing {
            step: "reading the offsets of".into(),
            unit: "groups".into(),
            done: 1_200,
            all: 4_000,
            over: false,
        };
        assert_eq!(doing.line(Duration::from_millis(3_900)), "reading the offsets of 1,200 of 4,000 groups … 3 s");
        let doing = Doing { step: "connecting".into(), ..Doing::default() };
        assert_eq!(doing.line(Duration::from_secs(2)), "connecting … 2 s");
    }
}
