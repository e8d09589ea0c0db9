//! The search for ages, against logs made up here and the broker's rule for `ListOffsets`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any_log;
mod behaviour;
mod log;
mod many;
mod rounds;
mod shapes;
