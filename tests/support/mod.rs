//! What is outside of the program while it is tested.

#![allow(dead_code, reason = "what one test binary leaves out, another one or a person uses")]

pub(crate) mod broker;
pub(crate) mod check;
pub(crate) mod cloudwatch;
pub(crate) mod contract;
pub(crate) mod emulator;
pub(crate) mod http;
pub(crate) mod kafka;
pub(crate) mod lambda;
pub(crate) mod tape;
