//! `meerkat`: one run is one look at a Kafka cluster, and one JSON status.
//!
//! ```text
//! event ─► request ─► Kafka over TLS ─► snapshot ─► history ─► verdict ─► report ─► publish ─► JSON
//! ```
//!
//! The map: a room knows only rooms that come after it.
//!
//! ```text
//! run                                             the story of one run, behind `answer`
//! cloudwatch openmetrics terminal                 where results go: a door, a text for Prometheus, a table
//! burrow html report results                      what is told of a look
//! preflight event                                 what is found before a look, and what asks for one
//! judged acknowledged ages sight verdict window   the judgement
//! config                                          what variables say
//! kafka secrets                                   the other two doors
//! lags snapshot age memory lag unknown            the nouns
//! part keystore mask secret endpoint pattern      what they are made of
//! from_burrow properties layers variables         where variables come from
//! hash moment figures clock progress causes bounded
//! ```
//!
//! Three doors lead outside, [`kafka`], [`cloudwatch`], and [`secrets`] for passwords, tokens and addresses. They know nothing of each other;
//! the story brings them together. Everything else has no socket, no clock and no environment.

mod acknowledged;
pub mod age;
pub mod ages;
mod bounded;
mod burrow;
pub mod causes;
mod clock;
pub mod cloudwatch;
pub mod config;
mod endpoint;
pub mod event;
pub mod figures;
pub mod from_burrow;
mod hash;
pub mod html;
pub mod judged;
pub mod kafka;
pub mod keystore;
pub mod lag;
pub mod lags;
pub mod layers;
mod mask;
pub mod memory;
pub mod moment;
pub mod openmetrics;
pub mod part;
pub mod pattern;
pub mod preflight;
pub mod progress;
pub mod properties;
pub mod report;
pub mod results;
pub mod secret;
pub mod secrets;
pub mod sight;
pub mod snapshot;
pub mod terminal;
pub mod unknown;
pub mod variables;
pub mod verdict;
pub mod window;

mod run;

pub use clock::Clock;
pub use run::{Error, Outcome, Warm, answer};
