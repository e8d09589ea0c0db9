//! A Go regular expression over names → the pattern that matches the same names.
//!
//! Go's syntax (RE2) and ours (regex-lite) share nearly everything, and what ours does not know it refuses. What both know and read
//! otherwise is refused here: a pattern that matches a little more or less would silently check other groups.

use crate::model::pattern::Pattern;

/// The expression between slashes.
///
/// # Errors
/// What cannot be carried over exactly, as a phrase.
pub(crate) fn pattern(expression: &str) -> Result<String, String> {
    if let Some((_, why)) = DIFFER.iter().find(|(piece, _)| contains(expression, piece)) {
        return Err((*why).to_owned());
    }
    if flags(expression).any(|flags| flags.contains('i')) {
        return Err("the flag i, which is for ASCII letters alone here".to_owned());
    }
    let mut pattern = String::from("/");
    let mut escaped = false;
    for c in expression.chars() {
        if c == '/' && !escaped {
            pattern.push('\\');
        }
        pattern.push(c);
        escaped = c == '\\' && !escaped;
    }
    pattern.push('/');
    Pattern::parse(&pattern).map(|_| pattern).map_err(|error| error.why)
}

/// Pieces that both languages know and read otherwise.
const DIFFER: [(&str, &str); 8] = [
    ("\\<", "\\<, which is the begin of a word here and a letter in Go"),
    ("\\>", "\\>, which is the end of a word here and a letter in Go"),
    ("\\b{", "\\b{, which has a meaning of its own here"),
    ("\\s", "\\s, which includes the vertical tab here"),
    ("\\S", "\\S, which excludes the vertical tab here"),
    ("{,", "{,, which is a repetition here and letters in Go"),
    ("[--", "[--, which is a range in Go and letters here"),
    ("[^--", "[^--, which is a range in Go and letters here"),
];

/// Whether a piece stands in an expression and its first character is not escaped.
fn contains(expression: &str, piece: &str) -> bool {
    expression.match_indices(piece).any(|(at, _)| {
        let before = expression[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

/// The flags of each `(?flags)` and `(?flags:…)`.
fn flags(expression: &str) -> impl Iterator<Item = &str> {
    let groups = expression.match_indices("(?").map(|(at, begin)| &expression[at + begin.len()..]);
    groups.filter(|rest| !rest.starts_with(['P', '<'])).filter_map(|rest| rest.split([')', ':']).next())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::model::pattern::Patterns;

    #[test]
    fn an_expression_is_carried_over_whole() {
        for expression in
            ["^(console-consumer-|quick-).*$", "payments", "^[a-z]{2,3}\\d+$", "^a,b!$", "(?P<x>a)|(?:b)", "\\\\s"]
        {
            assert_eq!(pattern(expression), Ok(format!("/{expression}/")));
        }
        assert_eq!(pattern("^team/[/a]\\/x$").as_deref(), Ok("/^team\\/[\\/a]\\/x$/"));
    }

    #[test]
    fn a_name_is_matched_as_burrow_matches_it() {
        let selects = |expression: &str, name| Patterns::parse(&pattern(expression).unwrap()).unwrap().select(name);
        assert!(selects("^team/a$", "team/a") && !selects("^team/a$", "team/ab"));
        assert!(selects("pay", "my-payments") && selects("^a{1,2}$|b", "xb") && !selects("^a{1,2}$", "aaa"));
    }

    #[test]
    fn what_would_match_other_names_is_refused() {
        for (expression, why) in [
            ("a{,5}", "{,, which is a repetition here and letters in Go"),
            ("\\<a", "\\<, which is the begin of a word here and a letter in Go"),
            ("a\\s", "\\s, which includes the vertical tab here"),
            ("[--a]", "[--, which is a range in Go and letters here"),
            ("(?i)a", "the flag i, which is for ASCII letters alone here"),
            ("(?si:a)", "the flag i, which is for ASCII letters alone here"),
            ("\\pL", "Unicode character classes are not supported"),
            ("\\Qa.b\\E", "unrecognized escape sequence"),
            ("(a", "found open group without closing ')'"),
            ("[a&&b]", "character class intersection is not supported"),
        ] {
            assert_eq!(pattern(expression), Err(why.to_owned()), "{expression}");
        }
    }
}
