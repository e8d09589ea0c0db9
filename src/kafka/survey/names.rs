//! Topic names, each stored once: within a run a topic is a number.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::model::pattern::Patterns;

/// Gives every selected topic name a number, in the order in which the names appear.
pub(crate) struct Names<'a> {
    selected: &'a Patterns,
    known: RefCell<KnownName>,
}

#[derive(Default)]
struct KnownName {
    /// `None` for a topic that the patterns leave out.
    numbers: HashMap<Box<str>, Option<usize>>,
    names: Vec<Box<str>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(selected: &'a Patterns) -> Self {
        Self { selected, known: RefCell::default() }
    }

    /// The patterns that they have to match.
    pub(crate) fn selected(&self) -> &'a Patterns {
        self.selected
    }

    /// The topic's number; `None` if the patterns leave it out.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        let mut known = self.known.borrow_mut();
        if let Some(number) = known.numbers.get(name) {
            return *number;
        }
        let number = self.selected.select(name).then(|| {
            known.names.push(name.into());
            known.names.len() - 1
        });
        known.numbers.insert(name.into(), number);
        number
    }

    /// The number of a topic that is wanted whatever the patterns say. It comes after all others, and each topic once.
    pub(crate) fn number_of_watched(&self, name: &str) -> usize {
        let mut known = self.known.borrow_mut();
        if let Some(Some(number)) = known.numbers.get(name) {
            return *number;
        }
        known.names.push(name.into());
        known.names.len() - 1
    }

    /// All selected names in order, and the new number of each.
    pub(crate) fn sorted(self) -> Sorted {
        let mut numbered: Vec<(Box<str>, usize)> = self.known.into_inner().names.into_iter().zip(0..).collect();
        numbered.sort_unstable();
        let mut rank = vec![0; numbered.len()];
        for (place, (_, number)) in numbered.iter().enumerate() {
            rank[*number] = place;
        }
        Sorted { names: numbered.into_iter().map(|(name, _)| name).collect(), rank }
    }
}

/// Topic names in order.
pub(crate) struct Sorted {
    pub(crate) names: Vec<Box<str>>,
    /// The index in `names` of each number.
    pub(crate) rank: Vec<usize>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_an_excluded_one_has_none() {
        let patterns = Patterns::parse("!internal-*").unwrap();
        let names = Names::new(&patterns);
        assert_eq!(["b", "internal-a", "a", "b"].map(|name| names.number(name)), [Some(0), None, Some(1), Some(0)]);
        let sorted = names.sorted();
        assert_eq!((sorted.names, sorted.rank), (vec!["a".into(), "b".into()], vec![1, 0]));
    }
}
