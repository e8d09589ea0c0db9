//! What `ListOffsets` is asked with.

use kafka_protocol::messages::BrokerId;

/// The timestamp that asks for the end of the log.
pub(super) const LATEST: i64 = -1;
/// The timestamp that asks for its start.
pub(super) const EARLIEST: i64 = -2;
/// The isolation level whose latest offset is the high watermark.
pub(super) const READ_UNCOMMITTED: i8 = 0;
/// The isolation level whose latest offset is the last stable offset.
pub(super) const READ_COMMITTED: i8 = 1;
/// The replica id of consumers.
pub(super) const CONSUMER: BrokerId = BrokerId(-1);
