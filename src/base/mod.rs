//! What every folder may use: figures for people, moments, shares of time, an error with its causes, the clock of a
//! run, its progress, what may be shown of a text, and bounded reads of files.

pub(crate) mod budget;
pub mod clock;
pub mod fault;
pub mod figures;
pub mod files;
pub mod moment;
pub mod progress;
pub mod shown;
pub(crate) mod spelling;
