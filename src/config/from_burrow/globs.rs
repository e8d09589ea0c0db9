//! A Go regular expression over group names → the globs that match the same names, if there are any.
//!
//! Lists of groups in `burrow.toml` are nearly always words, `.*` and alternatives; those become globs exactly.
//! Anything else is refused with the reason, since a glob that matches a little more or less would silently select
//! other groups. A full parser would not help: nearly everything else that it reads would be refused.

use std::iter::Peekable;
use std::str::Chars;

/// The globs, or the piece of the expression that no glob can express.
///
/// An expression that is not anchored matches anywhere in a name, as Go's `MatchString` does.
///
/// # Errors
/// The piece that no glob can express, as a phrase.
pub(crate) fn globs(expression: &str) -> Result<Vec<String>, String> {
    let mut rest = expression.chars().peekable();
    let branches = alternatives(&mut rest, 0)?;
    if let Some(left) = rest.next() {
        return Err(format!("{left:?} without its beginning"));
    }
    let mut found: Vec<String> = Vec::new();
    for branch in branches {
        let glob = anchored(&branch)?;
        if !found.contains(&glob) {
            found.push(glob);
        }
    }
    Ok(found)
}

/// One alternative of the expression: the characters of globs, and `^` and `$` if the expression has them.
type Branch = Vec<Piece>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Begin,
    End,
    Any,
    Run,
    Letter(char),
}

fn anchored(branch: &[Piece]) -> Result<String, String> {
    let (begins, branch) = match branch.split_first() {
        Some((Piece::Begin, rest)) => (true, rest),
        _ => (false, branch),
    };
    let (ends, branch) = match branch.split_last() {
        Some((Piece::End, rest)) => (true, rest),
        _ => (false, branch),
    };
    let mut glob = String::new();
    let mut add = |sign: char| {
        if sign != '*' || !glob.ends_with('*') {
            glob.push(sign);
        }
    };
    if !begins {
        add('*');
    }
    for piece in branch {
        match piece {
            Piece::Begin | Piece::End => return Err("an anchor in the middle".into()),
            Piece::Any => add('?'),
            Piece::Run => add('*'),
            Piece::Letter(letter) => add(*letter),
        }
    }
    if !ends {
        add('*');
    }
    Ok(glob)
}

/// Everything up to a closing bracket or the end, as branches without alternatives.
fn alternatives(rest: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Vec<Branch>, String> {
    if depth > MOST_BRACKETS {
        return Err(format!("brackets nested more than {MOST_BRACKETS} deep"));
    }
    let mut all = Vec::new();
    let mut open: Vec<Branch> = vec![Branch::new()];
    while let Some(&sign) = rest.peek() {
        if sign == ')' {
            break;
        }
        rest.next();
        if sign == '|' {
            all.append(&mut std::mem::replace(&mut open, vec![Branch::new()]));
            continue;
        }
        let atom = atom(sign, rest, depth)?;
        open =
            repeated(&atom, rest)?.iter().flat_map(|end| open.iter().map(|begin| [&begin[..], end].concat())).collect();
        if open.len() + all.len() > MOST_GLOBS {
            return Err(format!("more than {MOST_GLOBS} alternatives"));
        }
    }
    all.append(&mut open);
    Ok(all)
}

fn atom(sign: char, rest: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Vec<Branch>, String> {
    let piece = match sign {
        '^' => Piece::Begin,
        '$' => Piece::End,
        '.' => Piece::Any,
        '(' => {
            if rest.next_if_eq(&'?').is_some() {
                rest.next_if_eq(&':').ok_or("a flag or a named group ((?…))")?;
            }
            let inner = alternatives(rest, depth + 1)?;
            rest.next_if_eq(&')').ok_or("a bracket without its end")?;
            return Ok(inner);
        }
        '[' => return Err("a class of characters ([…])".into()),
        '*' | '+' | '?' | '{' => return Err(format!("{sign:?} with nothing to repeat")),
        '\\' => match rest.next() {
            Some(escaped) if !escaped.is_alphanumeric() => Piece::Letter(escaped),
            Some(class) => return Err(format!("\\{class}")),
            None => return Err("a backslash at the end".into()),
        },
        letter => Piece::Letter(letter),
    };
    if matches!(piece, Piece::Letter('*' | '?' | ',' | '!')) {
        return Err(format!("{sign:?}, which means something else in a list of globs"));
    }
    Ok(vec![vec![piece]])
}

/// The atom with its repetition: `*` and `+` only after a dot, `?` after anything.
fn repeated(atom: &[Branch], rest: &mut Peekable<Chars<'_>>) -> Result<Vec<Branch>, String> {
    let dot = atom == [[Piece::Any]];
    let branches = match rest.peek() {
        Some('*') if dot => vec![vec![Piece::Run]],
        Some('+') if dot => vec![vec![Piece::Any, Piece::Run]],
        Some('?') => [&[Branch::new()], atom].concat(),
        Some(sign @ ('*' | '+' | '{')) => return Err(format!("{sign:?} behind something else than a dot")),
        _ => return Ok(atom.to_vec()),
    };
    rest.next();
    // A lazy repetition matches the same names.
    rest.next_if_eq(&'?');
    Ok(branches)
}

/// More alternatives are no list that anybody would maintain.
const MOST_GLOBS: usize = 64;

/// Deeper nesting is no list that anybody would maintain.
const MOST_BRACKETS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: &[&str]) {
        assert_eq!(
            globs(expression).as_deref(),
            Ok(&expected.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>()[..])
        );
    }

    #[test]
    fn words_runs_and_alternatives_become_globs() {
        check("^(console-consumer-|python-kafka-consumer-).*$", &["console-consumer-*", "python-kafka-consumer-*"]);
        check("^(console-consumer-|quick-)", &["console-consumer-*", "quick-*"]);
        check("payments", &["*payments*"]);
        check("^orders$", &["orders"]);
        check("^a$|^b$", &["a", "b"]);
        check("^a|b$", &["a*", "*b"]);
        check("^team-.+-v.$", &["team-?*-v?"]);
        check("^a(b|c(d|e))?f$", &["af", "abf", "acdf", "acef"]);
        check("^x\\.y\\-z$", &["x.y-z"]);
        check("^(?:a|b).*?$", &["a*", "b*"]);
        check(".*", &["*"]);
    }

    #[test]
    fn what_no_glob_expresses_is_named() {
        for (expression, why) in [
            ("^[a-z]+$", "a class of characters ([…])"),
            ("^a\\d$", "\\d"),
            ("^ab*$", "'*' behind something else than a dot"),
            ("^a{2}$", "'{' behind something else than a dot"),
            ("(a", "a bracket without its end"),
            ("a)", "')' without its beginning"),
            ("a^b", "an anchor in the middle"),
            ("a,b", "',', which means something else in a list of globs"),
            ("^*", "'*' behind something else than a dot"),
            ("(?i)a", "a flag or a named group ((?…))"),
            ("a\\", "a backslash at the end"),
        ] {
            assert_eq!(globs(expression), Err(why.to_owned()), "{expression}");
        }
        let deep = format!("{}a{}", "(".repeat(50_000), ")".repeat(50_000));
        assert_eq!(globs(&deep), Err("brackets nested more than 32 deep".into()));
        let wide = "(a|b|c|d|e|f|g|h)".repeat(3);
        assert_eq!(globs(&wide), Err("more than 64 alternatives".into()));
    }
}
