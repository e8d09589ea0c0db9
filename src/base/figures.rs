//! Figures as a sentence shows them: numbers with thousands separators, durations in at most two units; and texts as a
//! shell command needs them.
//!
//! Libraries that format numbers by locale bring locale tables along, and `humantime` shows every unit down to the
//! nanosecond.

use std::fmt;

/// This many records, in words.
pub(crate) fn records_of(count: u64) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{} record{}", grouped(count), if count == 1 { "" } else { "s" }))
}

/// A number with thousands separators, as in 12,345.
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

pub(crate) fn seconds(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
}

/// Milliseconds to the nearest minute; below half a minute, in seconds.
pub(crate) fn duration(ms: i64) -> String {
    let ms = ms.max(0).unsigned_abs();
    whole(if ms < 30_000 { ms / 1_000 } else { (ms + 30_000) / 60_000 * 60 })
}

/// Seconds in the one or two largest units, `12 min 20 s`; below ten with one decimal.
pub(crate) fn span(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and an age has limits"
    )]
    let seconds = seconds.round().max(0.0) as u64;
    whole(seconds)
}

/// A text quoted as one word of a POSIX shell: one rule that cannot fail needs no library.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A name as people see it: a blank name, or one that begins or ends with a blank, is quoted.
pub(crate) fn shown(name: &str) -> String {
    if name.trim().len() == name.len() && !name.is_empty() { name.to_owned() } else { format!("\"{name}\"") }
}

/// Seconds in the one or two largest units, `1 min 30 s`; without a remainder in the smaller one, the larger alone.
pub(crate) fn whole(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, 0) => format!("{minutes} min"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
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

    #[test]
    fn a_span_has_at_most_two_units() {
        let cases = [
            (0.0, "0 s"),
            (0.25, "0.2 s"),
            (9.96, "10.0 s"),
            (42.0, "42 s"),
            (59.6, "1 min"),
            (200.0, "3 min 20 s"),
            (3_600.0, "1 h"),
            (7_500.0, "2 h 5 min"),
            (86_400.0, "1 d"),
            (97_200.0, "1 d 3 h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(span(seconds), expected);
        }
    }
}
