//! What may be shown of a text from outside: a value may be a secret, and a name may move the cursor of a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::base::spelling::slips;

/// A wrong value as an error message shows it. It is shown if it is a number, a common word, nearly one of the expected
/// values, or the beginning of one. Of any other value only the length is shown: it may be a password in the wrong
/// variable, or several lines of a file in one.
pub(crate) fn found(text: &str, expected: &[&str]) -> String {
    let text = text.trim();
    let near = |word: &&str| {
        let few = if word.len() < 5 { 1 } else { 2 };
        let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
        text.len() <= MOST_SHOWN && (slips(&text, &word) <= few || (text.len() > 3 && word.starts_with(&text)))
    };
    let usual = || USUAL.iter().any(|word| word.eq_ignore_ascii_case(text));
    match text {
        "" => String::from("found nothing"),
        text if is_figure(text) || usual() || expected.iter().any(near) => format!("found {text:?}"),
        text => format!("found {}, not shown here", characters(text)),
    }
}

/// The length of a text that is not shown.
pub(crate) fn characters(text: &str) -> String {
    match text.chars().count() {
        1 => String::from("1 character"),
        many => format!("{many} characters"),
    }
}

/// Digits with separators, and a unit of a few letters.
fn is_figure(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let digits = number.bytes().any(|byte| byte.is_ascii_digit());
    let between = |byte: u8| byte.is_ascii_digit() || b"+-.,/%".contains(&byte);
    digits && text.len() - number.len() <= 3 && text.len() <= MOST_SHOWN && number.bytes().all(between)
}

/// A path or a user's name. A text with characters that few paths have is probably several lines of a file in one.
#[must_use]
pub fn path(path: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '=' | '"' | '\'' | ';' | '{' | '}');
    if path.contains(odd) { format!("({}, not shown here)", characters(path)) } else { cut(path, LONGEST_PATH) }
}

/// A text that cannot move the cursor or change the direction of writing: control characters, and the marks and
/// overrides of Unicode's bidirectional algorithm (UAX #9), are escaped.
#[must_use]
pub fn plain(text: &str) -> String {
    spelled(text, |c, plain| plain.extend(c.escape_unicode()))
}

/// The same for several lines, which stay separate lines.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// The same JSON, safe for a terminal: only its strings can have characters to escape.
#[must_use]
pub fn plain_json(json: &str) -> String {
    spelled(json, |c, plain| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing into a string cannot fail.
            let _ = write!(plain, "\\u{unit:04x}");
        }
    })
}

fn spelled(text: &str, spell: impl Fn(char, &mut String)) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if disturbs(c) { spell(c, &mut plain) } else { plain.push(c) }
    }
    plain
}

fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// At most this many characters, with a mark if there were more.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The blanks that fill a column after (or before) a text of this width; none if the text is wider.
pub(crate) fn blanks(column: usize, text: &str) -> String {
    " ".repeat(column.saturating_sub(text.width()))
}

/// Words that are never a secret.
const USUAL: [&str; 24] = [
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "enabled",
    "disabled",
    "default",
    "auto",
    "all",
    "any",
    "tls",
    "mtls",
    "gssapi",
    "kerberos",
    "json",
    "text",
    "table",
    "nagios",
    "prometheus",
    "bcfks",
];

/// Characters of the longest value that is shown.
const MOST_SHOWN: usize = 24;

/// Characters that are shown of a path.
const LONGEST_PATH: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_where_it_is_a_figure_or_nearly_a_word_that_is_expected() {
        let shown = |text| found(text, &["SASL_SSL", "PLAINTEXT"]);
        for word in ["7", "-1", "300/900", "10s", "9/8", "SASL_TLS", "plaintxt", "TLS", "yes"] {
            assert_eq!(shown(word), format!("found {word:?}"));
        }
        assert_eq!(shown(""), "found nothing");
        for secret in ["hunter2", "SASL_SSL sasl.mechanism=PLAIN", "7 hunter2", "1234567890123456789012345", "s3cret"] {
            assert_eq!(shown(secret), format!("found {} characters, not shown here", secret.len()));
        }
        assert_eq!(shown("§"), "found 1 character, not shown here");
    }

    #[test]
    fn a_path_is_shown_where_it_is_nothing_but_a_path() {
        assert_eq!(path("/etc/kafka/ca bundle.pem"), "/etc/kafka/ca bundle.pem");
        assert_eq!(path("/ca.pem password=\"hunter2\""), "(26 characters, not shown here)");
        assert_eq!(path(&"a".repeat(400)).chars().count(), 301);
    }

    #[test]
    fn a_name_cannot_disturb_the_window() {
        assert_eq!(plain("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(plain("x\u{202e}y\u{200f}"), "x\\u{202e}y\\u{200f}");
        assert_eq!(plain("größe 注文"), "größe 注文");
        assert_eq!(plain_lines("a\nb\r"), "a\nb\\u{d}");
    }

    #[test]
    fn json_stays_the_same_json() {
        let name = "a\u{9b}31m\u{202e}b";
        let json = serde_json::Value::from(name).to_string();
        let plain = plain_json(&json);
        assert_eq!(plain, r#""a\u009b31m\u202eb""#);
        assert_eq!(serde_json::from_str::<String>(&plain).ok().as_deref(), Some(name));
    }

    #[test]
    fn blanks_fill_a_column_and_never_less_than_none() {
        assert_eq!(blanks(4, "ab"), "  ");
        assert_eq!(blanks(1, "\u{2764}\u{fe0f}"), "");
    }
}
