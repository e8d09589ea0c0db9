//! Rust source → the words of its code: no comments, no text in quotes, no inline tests.

/// The source without comments, without what stands in quotes, and without the inline tests at its end.
pub(crate) fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            quoted(rest)
        } else if rest.starts_with("r\"")
            || rest.starts_with("r#")
            || rest.starts_with("br\"")
            || rest.starts_with("br#")
        {
            raw(rest, code.chars().next_back())
        } else if next == '\'' {
            character(rest)
        } else {
            0
        };
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    code
}

/// The words of code, in order. A path that begins with `std`, `crate` or `super` is one word of its first two parts, and so is
/// each member of a list in braces after them; a name that other names hang from ends with `::`.
pub(crate) fn words(code: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut scopes: Vec<Option<String>> = Vec::new();
    let mut rest = code;
    let mut root: Option<String> = None;
    while let Some(next) = rest.chars().next() {
        if next.is_alphabetic() || next == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let path = after.starts_with("::");
            rest = after;
            if path && matches!(name, "std" | "crate" | "super") {
                root = Some(name.to_owned());
                rest = &after[2..];
                continue;
            }
            match root.take().or_else(|| scopes.last().cloned().flatten()) {
                Some(root) => {
                    words.push(format!("{root}::{name}"));
                    words.push(name.to_owned());
                }
                None if path => {
                    words.push(format!("{name}::"));
                    words.push(name.to_owned());
                }
                None => words.push(name.to_owned()),
            }
            continue;
        }
        match next {
            '{' => scopes.push(root.take()),
            '}' => drop(scopes.pop()),
            _ => root = None,
        }
        rest = &rest[next.len_utf8()..];
    }
    words
}

/// Bytes of a quoted text, quotes included.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Bytes of a raw text; 0 where the `r` is the end of a word, or the text is a raw identifier.
fn raw(rest: &str, before: Option<char>) -> usize {
    let hashes = rest.trim_start_matches(['b', 'r']).bytes().take_while(|byte| *byte == b'#').count();
    let open = rest.len() - rest.trim_start_matches(['b', 'r']).len() + hashes;
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') || rest.as_bytes().get(open) != Some(&b'"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[open + 1..].find(&close).map_or(rest.len(), |end| open + 1 + end + close.len())
}

/// Bytes of a character in quotes; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(0, |(end, _)| end + 3),
        Some(_) => characters.next().filter(|(_, c)| *c == '\'').map_or(0, |(end, _)| end + 1),
        None => 0,
    }
}

#[test]
fn comments_quotes_and_tests_are_no_code() {
    let source = "//! tokio\nlet a = \"std::env \\\" x\"; /* b */ let c = r#\"aws_x\"\"#; 'x: loop { '\"'; '\\''; d }\n#[cfg(test)]\nmod tests { async }";
    let expected = ["let", "a", "let", "c", "x", "loop", "d"];
    assert_eq!(words(&code(source)).iter().filter(|word| !word.contains("cfg")).collect::<Vec<_>>(), expected);
}

#[test]
fn paths_and_lists_show_where_they_lead() {
    let found = words("use std::{env, io}; use crate::kafka::Traffic; kafka::survey(); crate::{cloudwatch, lag};");
    for expected in ["std::env", "std::io", "crate::kafka", "kafka::", "crate::cloudwatch"] {
        assert!(found.iter().any(|word| word == expected), "{expected} in {found:?}");
    }
    assert!(!words("config.kafka.bootstrap; Config { kafka: 1 }").iter().any(|word| word.contains("::")));
}
