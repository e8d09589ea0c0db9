//! Where a value comes from when several say it: the argument before the variable, the variable before the file of properties.

use std::collections::BTreeMap;

/// What one place says.
#[derive(Debug)]
pub struct Layer {
    /// How the place is told: `the arguments`, `the variables`, `the lines of client.properties`.
    pub place: String,
    /// Variables by name.
    pub values: Vec<(String, String)>,
}

/// The variables that count, layers in order of precedence; and a sentence for each that another place says differently.
/// Values are never in the sentences: any may be a secret. What is empty counts as not said.
#[must_use]
pub fn merged(layers: &[Layer]) -> (Vec<(String, String)>, Vec<String>) {
    let mut counts: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut told = Vec::new();
    for Layer { place, values } in layers {
        for (name, value) in values {
            match counts.get(name.as_str()) {
                Some((first, said)) if said.trim() != value.trim() && !value.trim().is_empty() => {
                    told.push(format!("{name}: {first} and {place} differ; what {first} say counts"));
                }
                Some(_) => {}
                None if value.trim().is_empty() => {}
                None => {
                    counts.insert(name, (place, value));
                }
            }
        }
    }
    (counts.into_iter().map(|(name, (_, value))| (name.to_owned(), value.to_owned())).collect(), told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_counts_and_a_difference_is_told_without_the_values() {
        let layer = |place: &str, values: &[(&str, &str)]| Layer {
            place: place.to_owned(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let (values, told) = merged(&[
            layer("the arguments", &[("A", "1")]),
            layer("the variables", &[("A", "2"), ("B", " "), ("C", "3")]),
            layer("the lines of f", &[("A", "1"), ("B", "4"), ("C", "3")]),
        ]);
        let expected = [("A", "1"), ("B", "4"), ("C", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values, expected);
        assert_eq!(told, ["A: the arguments and the variables differ; what the arguments say counts"]);
    }
}
