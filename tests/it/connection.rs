//! From bootstrap addresses to brokers: versions, TLS, and what a user is told where there is no broker.

mod addresses;
mod crowded;
mod encryption;
mod kept;
mod versions;
