//! What every room may use: figures for people, moments, the chain of an error's causes, the clock of a run, its progress.

pub mod clock;
pub mod fault;
pub mod figures;
pub mod moment;
pub mod progress;
pub(crate) mod spelling;
