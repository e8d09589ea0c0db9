//! The tests without a wire, in a binary of their own: whoever works on rules and pages links no stand-in.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/fuzz.rs"]
mod fuzzing;

mod age;
mod events;
mod fuzz;
mod html;
mod infra;
mod keystores;
mod readers;
mod simulator;
mod terminal;
