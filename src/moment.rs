//! Moments as RFC 3339, which is how events bring them and reports tell them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{unix_seconds} s after 1970"))
}

/// The seconds since 1970 that a text like `2026-11-23T01:05:00Z` means, with any offset from UTC; `None` if it is none.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}
