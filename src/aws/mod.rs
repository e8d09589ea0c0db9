//! The door to what AWS and token issuers keep: secrets, addresses, credentials, and the topic that changes are published to.

pub(crate) mod http;
pub mod secrets;
