//! Brokers that load, move, die, hang or answer nonsense: what can be known is reported, and the rest with its cause.

mod away;
mod held;
mod hostile;
mod late;
mod loading;
mod losses;
mod moves;
mod throttled;
mod unseen;

use crate::support::check::Report;

/// Nothing is reported of a group, for this reason, and the run is not complete.
#[track_caller]
fn is_unknown(report: &Report, group: &str, because: &str) {
    let (status, reason) = (&report.group(group)["status"], report.group(group)["reason"].as_str().unwrap_or_default());
    assert_eq!(status, "UNKNOWN", "{reason}");
    assert!(reason.contains(because), "{reason}");
    assert!(!report.complete());
}
