//! Which names are selected: globs and regular expressions, to include and to exclude.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};
use wildmatch::WildMatch;

use crate::base::shown;

/// One pattern of names.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// `*` is any sequence of characters, `?` any one; all other characters match themselves.
    Glob(WildMatch),
    /// Between slashes; it matches anywhere in a name, unless `^` and `$` bind it.
    Regex(Box<Regex>),
}

impl Pattern {
    /// Parses one item of a list: a regular expression if it stands between slashes, else a glob.
    ///
    /// # Errors
    /// [`NotAPattern`] for a regular expression that is not one, or too large.
    pub(crate) fn parse(item: &str) -> Result<Self, NotAPattern> {
        let wrong = |why: &dyn fmt::Display| {
            let item = shown::cut(&shown::plain(item), LONGEST_SHOWN);
            NotAPattern { item, why: why.to_string() }
        };
        let form = match expression(item) {
            Some(expression) if expression.len() > LONGEST_EXPRESSION => {
                return Err(wrong(&format_args!("it is longer than {LONGEST_EXPRESSION} bytes")));
            }
            Some(expression) => {
                let built = RegexBuilder::new(expression).size_limit(LARGEST_PROGRAM).build();
                Form::Regex(Box::new(built.map_err(|error| wrong(&error))?))
            }
            None => Form::Glob(WildMatch::new(item)),
        };
        Ok(Self { text: item.into(), form })
    }

    /// The pattern as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches this name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match &self.form {
            Form::Glob(glob) => glob.matches(name),
            Form::Regex(regex) => regex.is_match(name),
        }
    }

    /// The only name that it matches; `None` if there may be others.
    pub(crate) fn name(&self) -> Option<&str> {
        matches!(&self.form, Form::Glob(_)).then_some(&*self.text).filter(|text| !text.contains(['*', '?']))
    }
}

/// A regular expression that cannot be used, as a sentence behind the name of what has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has the regular expression {item}, and {why}: change it, or use a glob such as orders-*")]
pub(crate) struct NotAPattern {
    /// The item of the list, slashes included. It is shown: text between slashes is no password in the wrong variable.
    item: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// The items of a list, which commas separate; a comma between the slashes of a regular expression belongs to it.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    let split = std::iter::from_fn(move || {
        let begin = rest.trim_start();
        if begin.is_empty() {
            return None;
        }
        let sign = begin.len() - begin.strip_prefix('!').map_or(begin, str::trim_start).len();
        let regex = closing_slash(&begin[sign..]).map_or(0, |end| sign + end);
        let end = begin[regex..].find(',').map_or(begin.len(), |comma| regex + comma);
        rest = begin.get(end + 1..).unwrap_or_default();
        Some(begin[..end].trim_end())
    });
    split.filter(|item| !item.is_empty())
}

/// Whether an item is a regular expression, and not a glob or a path.
pub(crate) fn is_regex(item: &str) -> bool {
    expression(item).is_some()
}

/// The text between the slashes of a regular expression; `None` for a glob.
fn expression(item: &str) -> Option<&str> {
    closing_slash(item).filter(|end| *end == item.len()).and_then(|end| item.get(1..end - 1))
}

/// Where a regular expression at the beginning of `text` ends, behind its second slash: a slash within is written `\/`.
///
/// A path such as `/team/orders` is no regular expression: behind that slash a list ends or goes on, or the value of a rule follows.
fn closing_slash(text: &str) -> Option<usize> {
    let mut escaped = false;
    let rest = text.strip_prefix('/')?;
    let slash = rest.find(|c| {
        let closes = c == '/' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    let end = slash + 2;
    let behind = text[end..].trim_start();
    (slash > 0 && (behind.is_empty() || behind.starts_with([',', '=']))).then_some(end)
}

/// Patterns to include and to exclude.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    text: Box<str>,
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Patterns {
    /// Parses comma-separated patterns; one that begins with `!` excludes. No including pattern includes everything.
    ///
    /// # Errors
    /// The first item that is not a pattern.
    pub(crate) fn parse(list: &str) -> Result<Self, NotAPattern> {
        let mut patterns = Self { text: list.trim().into(), ..Self::default() };
        for item in items(list) {
            match item.strip_prefix('!') {
                Some(item) => patterns.exclude.push(Pattern::parse(item.trim_start())?),
                None => patterns.include.push(Pattern::parse(item)?),
            }
        }
        Ok(patterns)
    }

    /// The list as it was given; empty if everything is selected.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Every name that can be selected; `None` where a pattern selects names that are not known.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let names = self.include.iter().map(Pattern::name).collect::<Option<Vec<&str>>>()?;
        let selected = names.into_iter().filter(|name| self.select(name)).map(str::to_owned);
        (!self.include.is_empty()).then(|| selected.collect())
    }

    /// Whether `name` is included and not excluded.
    pub(crate) fn select(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|pattern| pattern.matches(name)))
            && !self.exclude.iter().any(|pattern| pattern.matches(name))
    }
}

/// A value by name: the first pattern that matches decides.
#[derive(Clone, Debug)]
pub struct Rules<T> {
    pub(crate) rules: Vec<(Pattern, T)>,
    /// The value of every other name.
    pub(crate) default: T,
}

impl<T> Rules<T> {
    /// No patterns yet.
    #[must_use]
    pub fn new(default: T) -> Self {
        Self { rules: Vec::new(), default }
    }

    /// The value for a name.
    pub(crate) fn of(&self, name: &str) -> &T {
        self.rules.iter().find(|(pattern, _)| pattern.matches(name)).map_or(&self.default, |(_, value)| value)
    }
}

/// Characters of a regular expression in an error.
const LONGEST_SHOWN: usize = 80;

/// Bytes of a regular expression: a list of some hundred names, and less than what Lambda's variables hold.
const LONGEST_EXPRESSION: usize = 4 * 1024;

/// Bytes of a regular expression's program. Each character of a name costs a step in each of its states, and there may be many names.
const LARGEST_PROGRAM: usize = 256 * 1024;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn selected(list: &str, name: &str) -> bool {
        Patterns::parse(list).unwrap().select(name)
    }

    #[test]
    fn no_pattern_selects_everything() {
        assert!(selected("", "orders"));
        assert!(selected(" , ", "orders"));
    }

    #[test]
    fn a_glob_selects_and_an_exclamation_mark_excludes() {
        assert!(selected("orders-*", "orders-eu"));
        assert!(!selected("orders-*", "payments"));
        assert!(!selected("orders-*,!*-test", "orders-test"));
        assert!(selected("!*-test", "payments"));
        assert!(selected("a?c", "abc"));
    }

    #[test]
    fn a_slash_is_a_character_like_any_other() {
        assert!(selected("team/*", "team/a/b"));
        assert!(selected("*", "gruppe/ü"));
    }

    #[test]
    fn a_regular_expression_stands_between_slashes_and_matches_anywhere() {
        assert!(selected("/order/", "my-orders"));
        assert!(!selected("/^order/", "my-orders"));
        assert!(selected("/^orders-(eu|us)$/", "orders-eu") && !selected("/^orders-(eu|us)$/", "orders-eu2"));
        assert!(!selected("/^orders/,!/-test$/", "orders-test") && selected("/^orders/, ! /-test$/", "orders-x"));
        assert!(selected("/^a{1,3}$/,b", "aaa") && selected("/^a{1,3}$/,b", "b"));
        assert!(selected(r"/^team\/a$/", "team/a"));
    }

    #[test]
    fn a_path_is_a_glob_as_ever() {
        assert!(selected("/team/orders", "/team/orders") && !selected("/team/orders", "team"));
        assert!(selected("/", "/") && selected("//", "//"));
    }

    #[test]
    fn a_list_is_split_outside_of_expressions_alone() {
        let split = |list| items(list).collect::<Vec<_>>();
        assert_eq!(split(" a , ,!b,"), ["a", "!b"]);
        assert_eq!(split(r"/a,b/,! /c,\/d/,e,/f/=1,/g"), [r"/a,b/", r"! /c,\/d/", "e", "/f/=1", "/g"]);
        assert_eq!(split("/a/b,c/"), ["/a/b", "c/"]);
        assert_eq!(split(r"/a\\/,b"), [r"/a\\/", "b"]);
    }

    #[test]
    fn what_is_no_regular_expression_is_refused_with_its_reason() {
        let why = |item: &str| Pattern::parse(item).unwrap_err().why;
        assert_eq!(why("/a(b/"), "found open group without closing ')'");
        assert_eq!(why("/(?=a)/"), "look-around is not supported");
        assert_eq!(why(&format!("/{}/", "a".repeat(4_097))), "it is longer than 4096 bytes");
        assert_eq!(why("/((a{1,99}){99}){99}/"), "compiled regex exceeded size limit");
        assert!(Pattern::parse(&format!("/{}/", "a".repeat(4_096))).is_ok());
    }

    #[test]
    fn names_are_known_where_nothing_but_names_is_included() {
        let names = |list| Patterns::parse(list).unwrap().names();
        assert_eq!(names("a,b,!/b/"), Some(vec!["a".to_owned()]));
        for list in ["", "!a", "a,b*", "a,/b/"] {
            assert_eq!(names(list), None, "{list}");
        }
    }
}
