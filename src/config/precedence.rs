//! Which value counts if several places have one: the argument before the variable, the variable before the file of
//! properties.

use std::collections::BTreeMap;

/// A value of a variable, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its source in a sentence: `--timeout`, `MEERKAT_TIMEOUT`, `ssl.truststore of client.properties`.
    pub origin: String,
}

/// The variables that count, from sources in order of precedence; and a sentence for each overridden one. The
/// sentences contain no values: any of them may be a secret. An empty value counts as absent.
#[must_use]
pub fn merged(settings: &[Setting]) -> (Vec<(String, String)>, Vec<String>) {
    let mut counts: BTreeMap<&str, &Setting> = BTreeMap::new();
    let mut overridden = Vec::new();
    for setting in settings.iter().filter(|setting| !setting.value.trim().is_empty()) {
        match counts.get(&*setting.name) {
            Some(first) if first.value.trim() != setting.value.trim() => {
                overridden.push(format!("{} overrides {}", first.origin, setting.origin));
            }
            Some(_) => {}
            None => {
                counts.insert(&setting.name, setting);
            }
        }
    }
    (counts.into_iter().map(|(name, setting)| (name.to_owned(), setting.value.clone())).collect(), overridden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_counts_and_what_it_overrides_is_named_without_the_values() {
        let setting = |name: &str, value: &str, origin: &str| Setting {
            name: name.to_owned(),
            value: value.to_owned(),
            origin: origin.to_owned(),
        };
        let (values, overridden) = merged(&[
            setting("A", "1", "--a"),
            setting("A", "2", "A"),
            setting("B", " ", "B"),
            setting("C", "3", "C"),
            setting("A", "1", "a of f"),
            setting("B", "4", "b of f"),
            setting("C", "3", "c of f"),
        ]);
        let expected = [("A", "1"), ("B", "4"), ("C", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values, expected);
        assert_eq!(overridden, ["--a overrides A"]);
    }
}
