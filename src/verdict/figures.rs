//! Figures as a sentence has them.

use std::fmt;

/// So many records, in words.
pub(super) fn records_of(count: u64) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{} record{}", grouped(count), if count == 1 { "" } else { "s" }))
}

pub(crate) fn seconds(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
}

/// In the one or two greatest units, rounded to the nearest.
pub(super) fn duration(ms: i64) -> String {
    let minutes = (ms + 30_000) / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{} s", ms / 1_000),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A number with its thousands apart, as in 12,345.
#[must_use]
pub fn grouped(number: u64) -> impl fmt::Display {
    fmt::from_fn(move |f| write_grouped(number, f))
}

fn write_grouped(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match number / 1_000 {
        0 => write!(f, "{number}"),
        thousands => {
            write_grouped(thousands, f)?;
            write!(f, ",{:03}", number % 1_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        let text = |seconds: i64| duration(seconds * 1_000);
        assert_eq!((text(29).as_str(), text(30).as_str(), text(89).as_str()), ("29 s", "1 min", "1 min"));
        assert_eq!((text(3_600).as_str(), text(3_900).as_str()), ("1 h", "1 h 5 min"));
        assert_eq!((text(86_400).as_str(), text(97_500).as_str()), ("1 d", "1 d 3 h"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!((grouped(999).to_string(), grouped(48_210).to_string()), ("999".into(), "48,210".into()));
        assert_eq!(grouped(1_000_000).to_string(), "1,000,000");
    }
}
