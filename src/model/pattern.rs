//! Which names are selected: globs to include and to exclude.

use wildmatch::WildMatch;

/// Globs with `*` (any sequence of characters) and `?` (any one); all other characters match themselves.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    text: Box<str>,
    include: Vec<WildMatch>,
    exclude: Vec<WildMatch>,
}

impl Patterns {
    /// Parses comma-separated globs; one that begins with `!` excludes. Without an including glob everything is
    /// included.
    pub(crate) fn parse(list: &str) -> Self {
        let mut patterns = Self { text: list.trim().into(), ..Self::default() };
        for glob in list.split(',').map(str::trim).filter(|glob| !glob.is_empty()) {
            match glob.strip_prefix('!') {
                Some(glob) => patterns.exclude.push(WildMatch::new(glob)),
                None => patterns.include.push(WildMatch::new(glob)),
            }
        }
        patterns
    }

    /// The list as it was given; empty if everything is selected.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Every name that can be selected; `None` if a glob selects names that cannot be listed.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let names: Vec<String> = self.include.iter().map(WildMatch::pattern).collect();
        let all = !names.is_empty() && !names.iter().any(|name| name.contains(['*', '?']));
        all.then(|| names.into_iter().filter(|name| self.select(name)).collect())
    }

    /// Whether `name` is included and not excluded.
    pub(crate) fn select(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|glob| glob.matches(name)))
            && !self.exclude.iter().any(|glob| glob.matches(name))
    }
}

/// A value by name: the first glob that matches decides.
#[derive(Clone, Debug)]
pub struct Rules<T> {
    rules: Vec<(WildMatch, T)>,
    default: T,
}

impl<T> Rules<T> {
    /// No globs yet.
    #[must_use]
    pub fn new(default: T) -> Self {
        Self { rules: Vec::new(), default }
    }

    /// Names that match `glob`, and no earlier one, have this value.
    pub(crate) fn add(&mut self, glob: &str, value: T) {
        self.rules.push((WildMatch::new(glob), value));
    }

    /// Every other name has this value.
    pub(crate) fn set_default(&mut self, value: T) {
        self.default = value;
    }

    /// The value for a name.
    pub(crate) fn of(&self, name: &str) -> &T {
        self.rules.iter().find(|(glob, _)| glob.matches(name)).map_or(&self.default, |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(list: &str, name: &str) -> bool {
        Patterns::parse(list).select(name)
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
}
