//! The judgement: what a snapshot and the memory of earlier ones mean. No socket, no clock, no environment.

mod acknowledged;
pub mod ages;
pub mod cluster;
pub mod diagnosis;
pub mod flow;
pub mod input;
pub mod measures;
pub mod memories;
pub mod numbers;
pub mod outcome;
pub mod verdict;
pub mod watched;
