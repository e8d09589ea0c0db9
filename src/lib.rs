//! `meerkat`: one run is one look at a Kafka cluster, and one JSON status.
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
//! cloudwatch otlp                the doors to the history and the metrics, and to other receivers of metrics
//! preflight                      what works before a run, and what to do where it does not
//! report                         what is returned: JSON, HTML, Burrow's shape, text for Prometheus
//! event                          who asks for a run, and what for
//! judge                          what a snapshot and its past mean
//! config                         what variables and files mean
//! kafka aws                      the other two doors
//! keystore                       key files and trust stores
//! model                          the nouns: snapshot, lag, age, memory
//! base                           figures, moments, causes, clock, progress
//! ```
//!
//! Four doors lead outside, [`kafka`], [`cloudwatch`], [`otlp`], and [`aws`] for passwords, tokens and addresses. None of the other three knows
//! Kafka's, nor the other way round: the story brings them together. Below the story, everything else has no socket, no clock and no environment.

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
