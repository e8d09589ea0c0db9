//! From bootstrap addresses to brokers: versions, TLS, and what a user reads if there is no broker.

mod addresses;
mod crowded;
mod encryption;
mod kept;
mod versions;
