//! The format of `java.util.Properties` (`load`, Java SE 17): comments, continued lines, escapes. It is read here, since the library
//! for it (`java-properties`) brings an engine of regular expressions and tables of encodings along.

/// A line that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

/// Keys and values in the order of the file.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, BadLine> {
    let mut pairs = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, first)) = lines.next() {
        let mut line = first.trim_start().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while goes_on(&line) {
            line.pop();
            line.push_str(lines.next().map_or("", |(_, next)| next.trim_start()));
        }
        let (key, value) = split(&line);
        let bad_line = |what| BadLine { line: number + 1, what };
        pairs.push((unescaped(key).map_err(bad_line)?, unescaped(value).map_err(bad_line)?));
    }
    Ok(pairs)
}

/// An odd number of backslashes at the end continues a line.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The key ends at the first blank, `=` or `:` that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, c)| {
        let ends = !escaped && (c.is_whitespace() || matches!(c, '=' | ':'));
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (key, rest) = line.split_at(end.map_or(line.len(), |(at, _)| at));
    let rest = rest.trim_start();
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
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
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                plain.push(code.and_then(char::from_u32).ok_or("\\u takes four hexadecimal digits of a character")?);
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_key_and_a_value_however_they_are_parted() {
        for line in ["a.b=c d", "a.b = c d", "  a.b:c d", "a.b c d", "a.b=\\\n   c d", "a\\u002eb=c\\ d"] {
            assert_eq!(pairs(line), Ok(vec![("a.b".into(), "c d".into())]), "{line:?}");
        }
        assert_eq!(pairs("k\\=e=v\nempty"), Ok(vec![("k=e".into(), "v".into()), ("empty".into(), String::new())]));
        assert_eq!(pairs("a=C:\\\\x\\\\"), Ok(vec![("a".into(), "C:\\x\\".into())]));
    }

    #[test]
    fn an_escape_that_is_none_is_told_with_its_line() {
        let what = "\\u takes four hexadecimal digits of a character";
        assert_eq!(pairs("\n# c\na=\\u12"), Err(BadLine { line: 3, what }));
    }
}
