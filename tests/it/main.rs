//! Every test that needs something outside the program, in one binary.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod age;
mod architecture;
mod cloudwatch_stand_in;
mod connection;
mod events;
mod history;
mod simulator;
