//! What was asked, for tests to count.

use std::collections::BTreeMap;

use serde::Serialize;

/// The calls of one operation, as `GET /control/calls` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Calls {
    /// Requests that arrived, each repetition by the SDK included.
    pub(crate) received: u64,
    /// Answered with HTTP 200.
    pub(crate) succeeded: u64,
    /// Answered with an error, by the code that the SDK shows.
    pub(crate) refused: BTreeMap<&'static str, u64>,
    /// Cut or left without an answer.
    pub(crate) unanswered: u64,
    /// Datums that were stored (`PutMetricData`).
    pub(crate) datums: u64,
    /// Queries that were answered (`GetMetricData`).
    pub(crate) queries: u64,
    /// Points that the service would have counted against its quota (`GetMetricData`).
    pub(crate) estimated_points: u64,
    /// Points that were sent back (`GetMetricData`).
    pub(crate) points: u64,
    /// Body bytes as they came over the wire.
    pub(crate) wire_bytes: u64,
    /// Body bytes after inflating.
    pub(crate) bytes: u64,
}
