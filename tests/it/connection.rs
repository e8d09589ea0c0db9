//! From bootstrap addresses to brokers: versions, TLS, and what a user is told where there is no broker.

mod addresses;
mod encryption;
mod versions;
