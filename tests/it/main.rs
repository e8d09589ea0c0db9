//! Every test that needs something outside the program, in one binary.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::single_range_in_vec_init, reason = "a topic may have a single log")]

#[path = "../support/mod.rs"]
mod support;

mod age;
mod architecture;
mod burrow;
mod cloudwatch_stand_in;
mod cluster;
mod commands;
mod connection;
mod contract;
mod endings;
mod events;
mod faults;
mod findings;
mod fuzz;
mod history;
mod html;
mod infra;
mod keystores;
mod kfake;
mod kinds;
mod markers;
mod measures;
mod msk_iam;
mod openmetrics;
mod otlp;
mod preflight;
mod questions;
mod readers;
mod readme;
mod real_kafka;
mod recorded;
mod requests;
mod rotation;
mod secrets;
mod simulator;
mod surroundings;
mod terminal;
mod ticker;
mod watch;
