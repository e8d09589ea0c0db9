//! Which value counts where several places have one: the argument before the variable, the variable before the file of properties.

use std::collections::BTreeMap;

/// A value of a variable, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What a sentence calls it: `--timeout`, `MEERKAT_TIMEOUT`, `ssl.truststore of client.properties`.
    pub origin: String,
}

/// The variables that count, places in order of precedence; and a sentence for each that is overridden. Values are never in the
/// sentences: any may be a secret. An empty value is no value.
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
