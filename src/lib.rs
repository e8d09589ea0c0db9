//! `meerkat`: one run is one look at a Kafka cluster, and one JSON status.
//!
//! ```text
//! event ─► request ─► Kafka over TLS ─► snapshot ─► history ─► verdict ─► report ─► publish ─► JSON
//! ```
//!
//! The core has no socket, no clock and no environment: [`event`], [`config`], [`lag`], [`snapshot`], [`memory`],
//! [`window`], [`verdict`], [`judged`], [`age`], [`report`]. Two doors lead outside: [`kafka`] and [`cloudwatch`]; only this file knows both.

pub mod age;
pub mod ages;
pub mod burrow;
pub mod causes;
pub mod cloudwatch;
pub mod config;
pub mod event;
pub mod html;
pub mod judged;
pub mod kafka;
pub mod lag;
pub mod memory;
pub mod moment;
pub mod pattern;
pub mod preflight;
pub mod report;
pub mod secret;
pub mod secrets;
pub mod snapshot;
pub mod variables;
pub mod verdict;
pub mod window;

mod run;

pub use run::{Clock, Error, Outcome, Warm, answer};
