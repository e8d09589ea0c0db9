//! Figures as people read them.

use super::markup::Html;

/// A number in groups of three digits, or a dash that says that it could not be told.
pub(super) fn count(number: Option<u64>, html: &mut Html) {
    match number {
        Some(number) => {
            html.text(&crate::verdict::grouped(number));
        }
        None => unknown(html),
    }
}

/// An offset, without groups: people paste it into other tools.
pub(super) fn offset(number: Option<i64>, html: &mut Html) {
    match number {
        Some(number) => {
            html.text(&number.to_string());
        }
        None => unknown(html),
    }
}

/// Seconds in the one or two greatest units, or a dash that says that they could not be told.
pub(super) fn seconds(seconds: Option<f64>, html: &mut Html) {
    match seconds {
        Some(seconds) if seconds.is_finite() => {
            html.text(&span(seconds));
        }
        _ => unknown(html),
    }
}

/// A moment of RFC 3339 in UTC, to the minute; any other text as it stands.
pub(super) fn minute(moment: &str) -> String {
    match (moment.get(..10), moment.get(10..11), moment.get(11..16), moment.ends_with('Z')) {
        (Some(day), Some("T"), Some(time), true) => format!("{day} {time} UTC"),
        _ => moment.to_owned(),
    }
}

fn unknown(html: &mut Html) {
    html.raw("<span class=\"mk-soft\" title=\"could not be told\">–</span>");
}

fn span(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and an age has limits"
    )]
    let whole = seconds.round().max(0.0) as u64;
    match (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60) {
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

    #[test]
    fn a_moment_is_shown_to_the_minute() {
        assert_eq!(minute("2026-11-23T01:05:00Z"), "2026-11-23 01:05 UTC");
        assert_eq!(minute("some day"), "some day");
        assert_eq!(minute("ééééééééééééé"), "ééééééééééééé");
    }
}
