//! The format of `java.util.Properties` (`load`, Java SE 17): comments, continued lines, escapes. It is parsed here
//! because the library for it (`java-properties`) brings a regular expression engine and encoding tables.

use std::iter::Peekable;
use std::str::Chars;

/// A line that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

/// Keys and values in the order of the file; for a repeated key the last value counts.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, BadLine> {
    let mut pairs = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut lines = LogicalLines { rest: text.chars().peekable(), number: 1 };
    while let Some((number, line)) = lines.next() {
        let (key, value) = split(&line);
        let bad_line = |what| BadLine { line: number, what };
        let (key, value) = (unescaped(key).map_err(bad_line)?, unescaped(value).map_err(bad_line)?);
        if let Some(place) = places.get(&key) {
            pairs[*place] = (key, value);
        } else {
            places.insert(key.clone(), pairs.len());
            pairs.push((key, value));
        }
    }
    Ok(pairs)
}

/// Logical lines: continuations are joined; comments, empty lines and leading blanks are removed.
struct LogicalLines<'a> {
    rest: Peekable<Chars<'a>>,
    /// The number of the next line, from 1.
    number: usize,
}

impl LogicalLines<'_> {
    /// `Properties.LineReader.readLine`, and the number of its first line.
    fn next(&mut self) -> Option<(usize, String)> {
        let mut line = String::new();
        let mut began = self.number;
        let (mut skips_blanks, mut continues, mut escaped) = (true, false, false);
        while let Some(c) = self.rest.next() {
            let pair = c == '\r' && self.rest.peek() == Some(&'\n');
            let ends = self.ends_line(c);
            if skips_blanks {
                if is_blank(c) || (ends && !continues) {
                    continue;
                }
                (skips_blanks, continues) = (false, false);
            }
            if line.is_empty() && matches!(c, '#' | '!') {
                while let Some(c) = self.rest.next() {
                    if self.ends_line(c) {
                        break;
                    }
                }
                skips_blanks = true;
                continue;
            }
            if !ends {
                if line.is_empty() {
                    began = self.number;
                }
                line.push(c);
                escaped = c == '\\' && !escaped;
            } else if escaped {
                line.pop();
                // At the last character Java ends here; otherwise it continues.
                if self.rest.peek().is_none() && !pair {
                    return Some((began, line));
                }
                (skips_blanks, continues, escaped) = (true, true, false);
            } else if line.is_empty() {
                skips_blanks = true;
            } else {
                return Some((began, line));
            }
        }
        let some = !line.is_empty();
        if escaped {
            line.pop();
        }
        some.then_some((began, line))
    }

    /// Whether a character ends a line: `\n`, `\r` or both together.
    fn ends_line(&mut self, c: char) -> bool {
        if c == '\r' {
            self.rest.next_if_eq(&'\n');
        }
        let ends = matches!(c, '\n' | '\r');
        self.number += usize::from(ends);
        ends
    }
}

/// Other blanks do not count.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

/// The key ends at the first blank, `=` or `:` that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, c)| {
        let ends = !escaped && (is_blank(*c) || matches!(c, '=' | ':'));
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (key, rest) = line.split_at(end.map_or(line.len(), |(at, _)| at));
    let rest = rest.trim_start_matches(is_blank);
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_blank))
}

fn unescaped(text: &str) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match characters.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => plain.push(unit_pair(&mut characters)?),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}

/// The character of `\uXXXX`, or of two of them that form a surrogate pair.
fn unit_pair(characters: &mut Chars<'_>) -> Result<char, &'static str> {
    let first = unit(characters)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first.into()).ok_or(HALF);
    }
    if characters.next() != Some('\\') || characters.next() != Some('u') {
        return Err(HALF);
    }
    let second = unit(characters)?;
    char::decode_utf16([first, second]).next().and_then(Result::ok).ok_or(HALF)
}

/// Four hexadecimal digits.
fn unit(characters: &mut Chars<'_>) -> Result<u16, &'static str> {
    (0..4).try_fold(0, |unit, _| {
        let digit = characters.next().and_then(|c| c.to_digit(16)).ok_or("\\u needs four hexadecimal digits")?;
        // A digit is below 16, and four of them fit.
        Ok(unit << 4 | u16::try_from(digit).unwrap_or_default())
    })
}

const HALF: &str = "\\u names half of a character: one beyond \\uffff needs two of them, \\ud83d\\ude00";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).unwrap_or_else(|bad| vec![("bad".into(), bad.what.into())])
    }

    /// The expected values are what Java 17 prints for the same text.
    #[test]
    fn a_line_is_a_key_and_a_value_however_they_are_parted() {
        let cd = vec![("a.b".into(), "c d".into())];
        for line in
            ["a.b=c d", "a.b = c d", "  a.b:c d", "a.b c d", "a.b=\\\n   c d", "a\\u002eb=c\\ d", "\u{c}a.b\tc d"]
        {
            assert_eq!(read(line), cd, "{line:?}");
        }
        assert_eq!(read("k\\=e=v\nempty"), [("k=e".into(), "v".into()), ("empty".into(), String::new())]);
        assert_eq!(read("a=C:\\\\x\\\\"), [("a".into(), "C:\\x\\".into())]);
        assert_eq!(read("a==b"), [("a".into(), "=b".into())]);
        // A Unicode blank counts as a letter.
        assert_eq!(read("a\u{a0}b=c"), [("a\u{a0}b".into(), "c".into())]);
    }

    #[test]
    fn lines_end_as_in_java() {
        let two = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
        for text in ["a=1\rb=2", "a=1\r\nb=2", "a=1\n\rb=2", "#c\ra=1\r!x\\\nb=2", "a=1\n \t\n\\\n b=2"] {
            assert_eq!(read(text), two, "{text:?}");
        }
        assert_eq!(read("a=1\\\r\n  2\\\r  3"), [("a".into(), "123".into())]);
        assert_eq!(read("a=1\\\n#2"), [("a".into(), "1#2".into())]);
        assert_eq!(read("a=1\\\n\nb=2"), [("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(read("a=1\\"), [("a".into(), "1".into())]);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        assert_eq!(read("a=1\nb=2\na=3"), [("a".into(), "3".into()), ("b".into(), "2".into())]);
    }

    #[test]
    fn an_escape_may_be_a_surrogate_pair() {
        assert_eq!(read("a=p\\ud83d\\uDE00q"), [("a".into(), "p😀q".into())]);
        for half in ["a=\\ud83d", "a=\\ud83dx", "a=\\ude00", "a=\\ud83d\\u0041"] {
            assert_eq!(pairs(half), Err(BadLine { line: 1, what: HALF }), "{half}");
        }
    }

    #[test]
    fn an_escape_that_is_none_is_reported_with_its_line() {
        let what = "\\u needs four hexadecimal digits";
        for odd in ["\\u12", "\\u+123", "\\u12g4"] {
            assert_eq!(pairs(&format!("\n# c\na={odd}")), Err(BadLine { line: 3, what }));
        }
    }

    #[test]
    fn a_line_that_goes_on_for_long_costs_no_more_than_its_length() {
        let text = format!("a={}b", "x\\\n".repeat(500_000));
        assert_eq!(read(&text).len(), 1);
    }
}
