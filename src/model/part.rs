//! A part of a cluster's groups: how a cluster outgrows one function.

use crate::model::stable_hash::Hash;

/// One of several parts, by a stable hash of the groups' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    number: u32,
    of: u32,
}

impl Part {
    /// All groups.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Parses `2/8`: the second of eight; `None` for anything else, and beyond [`MOST_PARTS`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let (number, of) = (number.trim().parse().ok()?, of.trim().parse().ok()?);
        ((1..=of).contains(&number) && of <= MOST_PARTS).then_some(Self { number, of })
    }

    /// All parts of this number of parts, at least one.
    pub(crate) fn all(of: u32) -> impl Iterator<Item = Self> {
        let of = of.max(1);
        (1..=of).map(move |number| Self { number, of })
    }

    /// How many parts there are.
    pub(crate) const fn of(self) -> u32 {
        self.of
    }

    /// The part, of as many, that a group of this name belongs to.
    pub(crate) fn with(self, name: &str) -> Self {
        let number = Hash::new().text(name).finish() % u64::from(self.of);
        Self { number: u32::try_from(number).unwrap_or_default() + 1, of: self.of }
    }

    /// Whether it is the only part.
    pub(crate) const fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether a group of this name belongs to it: to exactly one of the parts.
    pub(crate) fn contains(self, name: &str) -> bool {
        self.is_whole() || self == self.with(name)
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// The expected form of a part.
pub(crate) const PART_EXPECTED: &str = "must be one of at most 100 parts, such as 2/8";
/// More functions than any cluster needs.
pub(crate) const MOST_PARTS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_several() {
        let parsed = |text| Part::parse(text).map(|part| part.to_string());
        assert_eq!(parsed("2/8").as_deref(), Some("2/8"));
        assert_eq!(parsed(" 1 / 1 ").as_deref(), Some("1/1"));
        for wrong in ["", "2", "0/8", "9/8", "1/101", "-1/8", "a/b", "1/0"] {
            assert_eq!(Part::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_group_is_in_exactly_one_part_and_parts_are_about_alike() {
        let parts: Vec<_> = (1..=8).filter_map(|number| Part::parse(&format!("{number}/8"))).collect();
        let mut sizes = [0; 8];
        for group in 0..8_000 {
            let owners: Vec<_> =
                (0..8).filter(|part: &usize| parts[*part].contains(&format!("group-{group}"))).collect();
            assert_eq!(owners.len(), 1, "group-{group}");
            sizes[owners[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
    }
}
