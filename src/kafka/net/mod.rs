//! Connections: addresses, TLS, logins, frames, and requests that are answered on one connection to one broker.

pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod error;
pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod pool;
pub(crate) mod sasl;
pub(crate) mod tls;
pub(crate) mod transport;
