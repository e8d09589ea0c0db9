//! What every room may use: figures for people, moments, shares of time, the chain of an error's causes, the clock of a run, its progress, what may be
//! shown of a text, and files with an end.

pub(crate) mod budget;
pub mod clock;
pub mod fault;
pub mod figures;
pub mod files;
pub mod moment;
pub mod progress;
pub mod shown;
pub(crate) mod spelling;
