//! The basic types: a snapshot and its rows, lag, age, the memory of a partition, and the values that they consist of.

pub mod age;
pub mod cluster_memory;
pub mod crew;
pub(crate) mod endpoint;
pub mod lag;
pub mod lags;
pub(crate) mod mask;
pub mod memory;
pub mod part;
pub mod pattern;
pub mod secret;
pub(crate) mod since;
pub mod snapshot;
pub(crate) mod stable_hash;
pub mod turnover;
pub mod unknown;
pub(crate) mod watched;
pub mod window;
