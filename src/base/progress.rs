//! What a run is doing at the moment, sent as tracing events with their own target: a terminal shows them as one line,
//! elsewhere they cost nothing.

use std::cell::Cell;

/// The target of these events. Their fields are those of [`Progress`], and `over`.
pub const TARGET: &str = "meerkat::base::progress";

/// One step of a run; it is over when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Such as `reading the offsets of`.
    step: &'static str,
    /// The unit that is counted, such as `groups`.
    unit: &'static str,
    done: Cell<usize>,
    /// How many there are to do; 0 if they are not counted.
    all: usize,
}

impl Progress {
    /// A step over this many things.
    pub(crate) fn of(step: &'static str, all: usize, unit: &'static str) -> Self {
        let progress = Self { step, unit, done: Cell::new(0), all };
        progress.send(false);
        progress
    }

    /// A step that is not counted.
    pub(crate) fn with(step: &'static str) -> Self {
        Self::of(step, 0, "")
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        self.done.set(self.done.get() + 1);
        self.send(false);
    }

    fn send(&self, over: bool) {
        let (step, unit, done, all) = (self.step, self.unit, self.done.get() as u64, self.all as u64);
        tracing::trace!(target: TARGET, step, unit, done, all, over);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.send(true);
    }
}
