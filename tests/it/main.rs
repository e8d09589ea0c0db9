//! Every test that needs something outside the program, in one binary.

#[path = "../support/mod.rs"]
mod support;

mod age;
mod architecture;
mod cloudwatch_stand_in;
mod connection;
mod events;
mod history;
mod simulator;
