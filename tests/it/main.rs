//! The tests over the wire, in one binary: a broker, a service, a process, or the sources of the program.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::single_range_in_vec_init, reason = "a topic may have a single log")]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod burrow;
mod cloudwatch_stand_in;
mod cluster;
mod commands;
mod connection;
mod contract;
mod endings;
mod faults;
mod findings;
mod history;
mod kfake;
mod kinds;
mod markers;
mod measures;
mod msk_iam;
mod openmetrics;
mod otlp;
mod preflight;
mod questions;
mod readme;
mod real_kafka;
mod recorded;
mod requests;
mod rotation;
mod secrets;
mod surroundings;
mod ticker;
mod watch;
