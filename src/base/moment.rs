//! Moments as RFC 3339: the form in events and in reports.

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

/// Milliseconds since 1970 as RFC 3339 in UTC, with three digits after the second.
pub(crate) fn rfc3339_ms(unix_ms: i64) -> String {
    let second = rfc3339(unix_ms.div_euclid(1_000));
    match second.strip_suffix('Z') {
        Some(second) => format!("{second}.{:03}Z", unix_ms.rem_euclid(1_000)),
        None => second,
    }
}

/// Hour and minute of a moment, in UTC.
pub(crate) fn time_of_day(unix_seconds: i64) -> String {
    let minutes = unix_seconds.div_euclid(60).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The seconds since 1970 of a text like `2026-11-23T01:05:00Z`, with any offset from UTC; `None` if the text is not
/// RFC 3339.
pub(crate) fn parse(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}
