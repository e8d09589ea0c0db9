//! `meerkat`: one run is one look at a Kafka cluster, and one JSON status.
//!
//! ```text
//! event ─► request ─► Kafka over TLS ─► snapshot ─► history ─► verdict ─► report ─► publish ─► JSON
//! ```
//!
//! The core has no socket, no clock and no environment. What comes in: [`event`], [`config`] with [`variables`], [`properties`] and [`layers`]. The nouns:
//! [`lag`], [`lags`], [`snapshot`], [`unknown`], [`endpoint`]. The judgement: [`memory`], [`window`], [`verdict`], [`judged`], [`acknowledged`] for share groups, and [`age`] with [`ages`] for lag in seconds.
//! What goes out: [`report`], the same in Burrow's shape ([`burrow`]) and for the eye ([`html`], [`terminal`]), and [`preflight`].
//!
//! Three doors lead outside: [`kafka`], [`cloudwatch`], and [`secrets`] for passwords, tokens and addresses. They know nothing of each other;
//! the story of one run, behind [`answer`], brings them together.

pub mod acknowledged;
pub mod age;
pub mod ages;
mod bounded;
pub mod burrow;
pub mod causes;
pub mod cloudwatch;
pub mod config;
pub mod endpoint;
pub mod event;
pub mod from_burrow;
mod hash;
pub mod html;
pub mod judged;
pub mod kafka;
pub mod keystore;
pub mod lag;
pub mod lags;
mod laps;
pub mod layers;
pub mod mask;
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
pub mod snapshot;
pub mod span;
pub mod terminal;
pub mod unknown;
pub mod variables;
pub mod verdict;
pub mod window;

mod run;

pub use run::{Clock, Error, Outcome, Warm, answer};
