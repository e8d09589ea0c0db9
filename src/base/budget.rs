//! How a run's time is spent: every share of it, in one table.
//!
//! On a healthy cluster a run needs a small part of its time. A share is the deadline after which a step gives up, so
//! that the rest can still be read, stored and reported. No step waits for its share to end, and later steps get the
//! time that earlier ones leave.
//!
//! | share | of | for |
//! |---|---|---|
//! | [`CLIENT_SHARE`] | the run | the settings of AWS' client |
//! | [`KAFKA_SHARE`] | the run | everything that is read from Kafka, except the ages of records |
//! | [`HISTORY_SHARE`] | the run | the history, and commits that are read again in parallel |
//! | [`DRAWING_SHARE`] | the run | the recent lags of a widget |
//! | [`AGES_SHARE`] | the run | the search for the ages of records |
//! | [`STAND_SHARE`] | the run | last known statuses of groups that could not be read |
//! | [`CHANGES_SHARE`] | the run | messages about changes, before the snapshot is stored |
//! | [`LISTING_SHARE`] | what is left of Kafka's | the brokers and their groups; after that, asking for groups that no broker lists |
//! | [`CONNECT_SHARE`] | what is left of that step's | one connection, between [`LEAST_TO_CONNECT`] and [`MOST_TO_CONNECT`] |
//! | [`COMMITS_SHARE`] | what is left of Kafka's | members and commits, and each time that commits are asked for again |
//! | [`AGAIN_SHARE`] | what is left of Kafka's | asking again for topics that no broker knows for a moment |
//! | [`FETCH_SHARE`] | a preflight | addresses and stores |
//! | [`PROBE_SHARE`] | a preflight | connecting to each broker |
//! | [`CANARY_SHARE`] | a preflight | the canary that is written to the store and read back |

use std::time::Duration;

/// Deadline for the settings of AWS' client.
pub(crate) const CLIENT_SHARE: f64 = 0.2;
/// Deadline for Kafka's answers.
pub(crate) const KAFKA_SHARE: f64 = 0.6;
/// Deadline for reading the history.
pub(crate) const HISTORY_SHARE: f64 = 0.75;
/// Deadline for reading a widget's recent lags.
pub(crate) const DRAWING_SHARE: f64 = 0.75;
/// Deadline for the ages of records.
pub(crate) const AGES_SHARE: f64 = 0.8;
/// Deadline for the last known statuses.
pub(crate) const STAND_SHARE: f64 = 0.88;
/// Deadline for sending changes; then the snapshot is stored.
pub(crate) const CHANGES_SHARE: f64 = 0.9;

/// Share of the remaining time for the listing, and again for asking for unlisted groups.
///
/// A slow broker is waited for here; the later steps need one round trip each.
pub(crate) const LISTING_SHARE: f64 = 2.0 / 3.0;
/// Share of the remaining time for one connection.
pub(crate) const CONNECT_SHARE: f64 = 3.0 / 4.0;
/// What a healthy broker needs on a busy machine, TLS and login included: a connection gets this much time if the run
/// has it.
pub(crate) const LEAST_TO_CONNECT: Duration = Duration::from_secs(1);
/// A dozen round trips of 400 ms. A broker that is silent for this long is given up, however much time is left.
pub(crate) const MOST_TO_CONNECT: Duration = Duration::from_secs(5);
/// Share of the remaining time for members and commits if a broker hangs; the logs get the rest.
pub(crate) const COMMITS_SHARE: f64 = 1.0 / 2.0;
/// Share of the remaining time for asking again for topics; their logs must still be read afterwards.
pub(crate) const AGAIN_SHARE: f64 = 1.0 / 2.0;

/// Deadline of a preflight for addresses and stores.
pub(crate) const FETCH_SHARE: f64 = 0.2;
/// Deadline of a preflight for the brokers.
pub(crate) const PROBE_SHARE: f64 = 0.3;
/// Deadline of a preflight for the canary.
pub(crate) const CANARY_SHARE: f64 = 0.9;
