//! The door to what AWS and token issuers store: secrets, addresses, credentials, and the topic that changes are
//! published to.

pub(crate) mod http;
pub mod secrets;
