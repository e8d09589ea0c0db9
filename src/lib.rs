//! `meerkat`: one run takes one snapshot of a Kafka cluster, and returns one JSON status.
//!
//! ```text
//! event ─► request ─► Kafka over TLS ─► snapshot ─► history ─► verdict ─► report ─► publish ─► JSON
//! ```
//!
//! The map: a folder knows only folders on lines below its own.
//!
//! ```text
//! cli                            the shell: arguments, table, log
//! run                            the story of one run, behind `answer`
//! cloudwatch otlp                the history and the metrics, and other receivers of metrics
//! preflight                      tests each step before a run, and reports how to fix what fails
//! report                         the output: JSON, HTML, Burrow's shape, text for Prometheus
//! event                          the event that starts a run, and its task
//! judge                          verdicts from a snapshot and its past
//! config                         settings from variables and files
//! kafka aws                      Kafka's protocol; passwords, tokens and addresses from AWS
//! keystore                       key files and trust stores
//! model                          the basic types: snapshot, lag, age, memory
//! base                           figures, moments, errors with causes, clock, progress
//! ```
//!
//! Four folders reach outside: [`kafka`], [`cloudwatch`], [`otlp`], and [`aws`] for passwords, tokens and addresses.
//! Kafka's folder and the other three do not know each other: `run` uses them all. Nothing below `run` except these
//! four has a socket, a clock or the environment.

pub mod aws;
pub mod base;
pub mod cli;
pub mod cloudwatch;
pub mod config;
pub mod event;
pub mod judge;
pub mod kafka;
pub mod keystore;
pub mod model;
pub mod otlp;
pub mod preflight;
pub mod report;
mod run;

pub use base::clock::Clock;
pub use run::{Answer, Draw, Error, Outcome, Warm, Watch, answer, answer_as, watch_once};
