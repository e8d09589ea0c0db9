//! What a run's time is spent on: every share of it, in one table.
//!
//! On a healthy cluster a run takes a small part of its time. A share says when to give up on what hangs, so that the rest can still be
//! read, kept and reported. Nobody waits for a share to be used up, and what one step leaves over the next ones have.
//!
//! | share | of | for |
//! |---|---|---|
//! | [`CLIENT_SHARE`] | the run | the settings of AWS' client |
//! | [`KAFKA_SHARE`] | the run | everything that is read of Kafka, but for the ages of records |
//! | [`HISTORY_SHARE`] | the run | the history, and commits that are read once more beside it |
//! | [`DRAWING_SHARE`] | the run | the recent lags that a widget draws |
//! | [`AGES_SHARE`] | the run | the search for the ages of records |
//! | [`STAND_SHARE`] | the run | statuses that stand, of groups that could not be read |
//! | [`CHANGES_SHARE`] | the run | messages on what changed, before the snapshot is kept |
//! | [`LISTING_SHARE`] | what is left of Kafka's | the brokers and their groups; looking up groups that nobody lists, after that |
//! | [`CONNECT_SHARE`] | what is left of that step's | one connection, between [`LEAST_TO_CONNECT`] and [`MOST_TO_CONNECT`] |
//! | [`COMMITS_SHARE`] | what is left of Kafka's | members and commits, and each time that commits are asked for once more |
//! | [`AGAIN_SHARE`] | what is left of Kafka's | asking again for topics that nobody knows for a moment |
//! | [`FETCH_SHARE`] | a preflight | addresses and stores |
//! | [`PROBE_SHARE`] | a preflight | the way to each broker |
//! | [`CANARY_SHARE`] | a preflight | what is written to the store and read back |

use std::time::Duration;

/// By when AWS' client has its settings.
pub(crate) const CLIENT_SHARE: f64 = 0.2;
/// By when Kafka has answered.
pub(crate) const KAFKA_SHARE: f64 = 0.6;
/// By when the history is read.
pub(crate) const HISTORY_SHARE: f64 = 0.75;
/// By when a widget's recent lags have been read.
pub(crate) const DRAWING_SHARE: f64 = 0.75;
/// By when the ages of records are found.
pub(crate) const AGES_SHARE: f64 = 0.8;
/// By when the statuses that stand are known.
pub(crate) const STAND_SHARE: f64 = 0.88;
/// By when changes have been sent; then the snapshot is kept.
pub(crate) const CHANGES_SHARE: f64 = 0.9;

/// How much of the time that is left the listing may take, and the look-up after it.
///
/// A slow broker is waited for here; what comes after takes it a round trip each.
pub(crate) const LISTING_SHARE: f64 = 2.0 / 3.0;
/// How much of the time that is left may go into one connection.
pub(crate) const CONNECT_SHARE: f64 = 3.0 / 4.0;
/// What a healthy broker takes on a busy machine, TLS and login included: so long is waited for it, if there is as much time.
pub(crate) const LEAST_TO_CONNECT: Duration = Duration::from_secs(1);
/// A dozen round trips of 400 ms. Whoever is silent for as long is given up, however much time there is.
pub(crate) const MOST_TO_CONNECT: Duration = Duration::from_secs(5);
/// How much of the time that is left members and commits may take when a broker hangs; the logs get the rest.
pub(crate) const COMMITS_SHARE: f64 = 1.0 / 2.0;
/// How much of the time that is left goes into asking again for topics; their logs are still to be read.
pub(crate) const AGAIN_SHARE: f64 = 1.0 / 2.0;

/// By when a preflight has addresses and stores.
pub(crate) const FETCH_SHARE: f64 = 0.2;
/// By when it has tried the brokers.
pub(crate) const PROBE_SHARE: f64 = 0.3;
/// By when it has seen its canary.
pub(crate) const CANARY_SHARE: f64 = 0.9;
